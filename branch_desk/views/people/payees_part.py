"""«Beneficiarios»: whom the member may send money to."""

from functools import partial
from uuid import UUID

from PySide6.QtWidgets import QVBoxLayout

from branch_desk.operations.enquiries import desk_enquiries
from branch_desk.operations.enquiries.desk_enquiries import BeneficiaryRow
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.people.member_part import MemberPart


class PayeesPart(MemberPart):
    """The registered beneficiaries, their accounts by the last four digits."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        self.table: PagedTable[BeneficiaryRow] = PagedTable(
            "member_beneficiaries",
            self.tr("Beneficiarios"),
            [
                Column("name", self.tr("Titular"), lambda b: b.name, width=200),
                Column(
                    "bank",
                    self.tr("Entidad"),
                    lambda b: b.bank or wording.word(b.kind),
                    width=150,
                ),
                Column("number", self.tr("Cuenta"), lambda b: b.number, width=84, code=True),
                Column("kind", self.tr("Tipo"), _account, width=150),
                Column(
                    "since", self.tr("Registrado"), lambda b: formats.day(b.created_at), width=100
                ),
                Column("by", self.tr("Por"), lambda b: b.registered_by, width=170),
                Column(
                    "limit",
                    self.tr("Límite inicial"),
                    self._lowered,
                    width=240,
                    meaning=lambda b: Meaning.ATTENTION if b.lowered else None,
                    hint=self._lowered,
                ),
            ],
            key=lambda beneficiary: beneficiary.id,
            empty=self.tr(
                "No tiene beneficiarios. Los registra el socio en su banca electrónica, "
                "con su token."
            ),
            settings=station.look,
        )
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)

    def refresh(self) -> None:
        """Ask for them."""
        if self.record is not None:
            whose = self.record.id
            self.ask(partial(self._show, whose), desk_enquiries.beneficiaries, whose)

    def forget(self) -> None:
        """Drop the member's data."""
        super().forget()
        self.table.show_rows(())

    def _show(self, whose: UUID, rows: tuple[BeneficiaryRow, ...]) -> None:
        if self.record is not None and self.record.id == whose:
            self.table.show_rows(rows)

    def _lowered(self, row: BeneficiaryRow) -> str:
        if row.lowered is None or row.lowered_until is None:
            return "—"
        return self.tr("{amount} por día hasta {day} {hour}").format(
            amount=formats.money(row.lowered),
            day=formats.short_day(row.lowered_until),
            hour=formats.hour(row.lowered_until),
        )


def _account(row: BeneficiaryRow) -> str:
    return f"{wording.word(row.account_kind)} · {row.currency.symbol}"
