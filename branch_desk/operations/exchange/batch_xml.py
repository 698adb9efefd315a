"""A batch as ISO 20022 pain.001.001.09, by the library of the extra `iso20022`.

The cooperative orders; the member on whose behalf it does stands in each transfer. The library is
loaded late: it is large, and a machine without it writes the neutral file alone.
"""

import importlib.util
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from io import TextIOBase
from typing import TYPE_CHECKING, Any, Final

from branch_desk.models.calendar import LA_PAZ
from branch_desk.operations.exchange.batch_rows import TransferRow
from branch_desk.operations.exchange.batches import Batch
from branch_desk.operations.exchange.outgoing import OutgoingFile
from branch_desk.operations.request.form_terms import COOPERATIVE

if TYPE_CHECKING:
    from pyiso20022.pain import pain_001_001_09 as pain

SUSPENSE: Final = "INTERBANK"
"""The house's account from which it pays, as the ledger calls it."""
_LONGEST_NAME: Final = 140
_BLOCK: Final = 1 << 16
_KINDS: Final = {"CA": "SVGS", "CC": "CACC"}
"""Kinds of account as ISO 20022's external code list calls them."""


def available() -> bool:
    """Say whether the extra is installed."""
    return all(importlib.util.find_spec(name) for name in ("pyiso20022", "xsdata"))


def write(
    batch: Batch, closed_at: datetime, rows: Iterable[TransferRow], out: OutgoingFile
) -> None:
    """Write the whole message, one transfer after the other: memory does not grow."""
    from pyiso20022.pain import pain_001_001_09 as pain
    from xsdata.formats.dataclass.serializers import XmlSerializer
    from xsdata.formats.dataclass.serializers.writers import XmlEventWriter

    document = _document(batch, closed_at, _Stream(_transfer(row) for row in rows))
    text = _Text(out)
    # This writer keeps nothing; the library's default one builds the whole tree first.
    XmlSerializer(writer=XmlEventWriter).write(text, document, {None: pain.Document.Meta.namespace})
    text.finish()


def _document(
    batch: Batch, closed_at: datetime, transfers: "list[pain.CreditTransferTransaction34]"
) -> Any:  # noqa: ANN401  of a module loaded late
    from pyiso20022.pain import pain_001_001_09 as pain
    from xsdata.models.datatype import XmlDate, XmlDateTime

    count, total = str(batch.count), _decimal(batch.total.centavos)
    closed = closed_at.astimezone(LA_PAZ).replace(microsecond=0)
    house = pain.PartyIdentification135(nm=COOPERATIVE)
    return pain.Document(
        cstmr_cdt_trf_initn=pain.CustomerCreditTransferInitiationV09(
            grp_hdr=pain.GroupHeader85(
                msg_id=batch.id.hex,
                cre_dt_tm=XmlDateTime.from_datetime(closed),
                nb_of_txs=count,
                ctrl_sum=total,
                initg_pty=house,
            ),
            pmt_inf=[
                pain.PaymentInstruction30(
                    pmt_inf_id=batch.id.hex,
                    pmt_mtd=pain.PaymentMethod3Code.TRF,
                    btch_bookg=True,
                    nb_of_txs=count,
                    ctrl_sum=total,
                    reqd_exctn_dt=pain.DateAndDateTime2Choice(dt=XmlDate.from_date(batch.day)),
                    dbtr=house,
                    dbtr_acct=_account(SUSPENSE, currency=batch.total.currency),
                    dbtr_agt=pain.BranchAndFinancialInstitutionIdentification6(
                        fin_instn_id=pain.FinancialInstitutionIdentification18(nm=COOPERATIVE)
                    ),
                    cdt_trf_tx_inf=transfers,
                )
            ],
        )
    )


def _transfer(row: TransferRow) -> "pain.CreditTransferTransaction34":
    from pyiso20022.pain import pain_001_001_09 as pain

    return pain.CreditTransferTransaction34(
        # 35 characters at most: the id without its hyphens.
        pmt_id=pain.PaymentIdentification6(end_to_end_id=row.operation_id.hex),
        amt=pain.AmountType4Choice(
            instd_amt=pain.ActiveOrHistoricCurrencyAndAmount(
                value=Decimal(row.amount), ccy=row.currency
            )
        ),
        ultmt_dbtr=_party(row.ordering_name, row.ordering_document, row.ordering_document_type),
        cdtr_agt=pain.BranchAndFinancialInstitutionIdentification6(
            fin_instn_id=pain.FinancialInstitutionIdentification18(
                othr=pain.GenericFinancialIdentification1(id=row.bank_code)
            )
        ),
        cdtr=_party(row.beneficiary_name, row.beneficiary_document, ""),
        cdtr_acct=_account(row.account_number, _KINDS[row.account_kind]),
        rmt_inf=pain.RemittanceInformation16(ustrd=[row.concept[:_LONGEST_NAME]]),
    )


def _party(name: str, document: str, kind: str) -> "pain.PartyIdentification135":
    from pyiso20022.pain import pain_001_001_09 as pain

    if kind == "NIT":
        company = pain.OrganisationIdentification29(
            othr=[pain.GenericOrganisationIdentification1(id=document)]
        )
        identified = pain.Party38Choice(org_id=company)
    else:
        person = pain.PersonIdentification13(othr=[pain.GenericPersonIdentification1(id=document)])
        identified = pain.Party38Choice(prvt_id=person)
    return pain.PartyIdentification135(nm=name[:_LONGEST_NAME], id=identified)


def _account(
    number: str, kind: str | None = None, *, currency: str | None = None
) -> "pain.CashAccount38":
    from pyiso20022.pain import pain_001_001_09 as pain

    return pain.CashAccount38(
        id=pain.AccountIdentification4Choice(othr=pain.GenericAccountIdentification1(id=number)),
        tp=pain.CashAccountType2Choice(cd=kind) if kind else None,
        ccy=currency,
    )


def _decimal(centavos: int) -> Decimal:
    return Decimal(centavos).scaleb(-2)


class _Stream(list[Any]):
    """A list to the library, which goes through it once: what it holds is made on the way."""

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__((None,))  # not empty, or it would be passed over
        self._values = values

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)


class _Text(TextIOBase):
    """Takes the library's many small texts and hands them on in blocks, as UTF-8."""

    def __init__(self, out: OutgoingFile) -> None:
        self._out = out
        self._waiting: list[str] = []
        self._length = 0

    def write(self, text: str) -> int:
        self._waiting.append(text)
        self._length += len(text)
        if self._length > _BLOCK:
            self.finish()
        return len(text)

    def finish(self) -> None:
        """Hand on what waits."""
        self._out.write("".join(self._waiting).encode())
        self._waiting.clear()
        self._length = 0
