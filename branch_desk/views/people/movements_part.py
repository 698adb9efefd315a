"""«Movimientos»: one of the member's accounts, newest first, page by page."""

from typing import Final
from uuid import UUID

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout

from branch_desk.models.account import AccountKind
from branch_desk.models.ledger import PostingKind
from branch_desk.operations.books.members import HeldAccount, MemberRecord
from branch_desk.operations.enquiries import desk_enquiries
from branch_desk.operations.enquiries.movement_rows import Movement
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.pieces import label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID
from branch_desk.views.people.member_part import MemberPart

CHOICE_LETTERS: Final = 34
_AS_ORDERED: Final = frozenset({PostingKind.TRANSFER, PostingKind.INTERBANK, PostingKind.PAYMENT})
"""Kinds of which the order says more than the ledger: between whose accounts, bill or top-up."""


class MovementsPart(MemberPart):
    """A member's accounts to choose from, and the movements of the one that is chosen."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        self.accounts = QComboBox()
        self.accounts.setObjectName("movements_account")
        self.accounts.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.accounts.setMinimumContentsLength(CHOICE_LETTERS)
        self.accounts.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.balance = label("", name="movements_balance")
        self.table: PagedTable[Movement] = PagedTable(
            "member_movements",
            self.tr("Movimientos de la cuenta"),
            [
                Column("at", self.tr("Fecha"), lambda m: formats.instant(m.at), width=140),
                Column("what", self.tr("Movimiento"), _what, width=190),
                Column("concept", self.tr("Concepto"), lambda m: m.concept or "—", width=230),
                Column("other", self.tr("Con quién"), _other, width=290, hint=_other),
                Column(
                    "amount",
                    self.tr("Importe"),
                    lambda m: formats.signed(m.amount),
                    width=120,
                    right=True,
                ),
                Column("balance", self.tr("Saldo"), _balance, width=120, right=True),
            ],
            key=lambda movement: (movement.entry_id, movement.position),
            empty="",
            settings=station.look,
        )
        self._build()

    def be_about(self, record: MemberRecord) -> None:
        """Offer this member's accounts; the only one there is is chosen at once."""
        super().be_about(record)
        chosen: UUID | None = self.accounts.currentData()
        self.accounts.blockSignals(True)  # noqa: FBT003  Qt's own signature
        self.accounts.clear()
        for account in record.accounts:
            self.accounts.addItem(_account(account), account.id)
        only = record.accounts[0].id if len(record.accounts) == 1 else chosen
        self.accounts.setCurrentIndex(self._place_of(only))
        self.accounts.blockSignals(False)  # noqa: FBT003  Qt's own signature
        self.accounts.setEnabled(bool(record.accounts))
        self._say_balance()

    def choose(self, account_id: UUID) -> None:
        """Choose this account; its movements come once somebody looks at them."""
        self.accounts.blockSignals(not self._looked)
        self.accounts.setCurrentIndex(self._place_of(account_id))
        self.accounts.blockSignals(False)  # noqa: FBT003  Qt's own signature

    def refresh(self) -> None:
        """Ask for the movements of the account that is chosen."""
        account_id: UUID | None = self.accounts.currentData()
        self._say_balance()
        self.table.empty_state.say(self._empty(chosen=account_id is not None))
        if account_id is None:
            self.table.show_rows(())
            return
        self.table.read(
            lambda done, wanted: self.search(
                done, desk_enquiries.movements, account_id, wanted.after
            )
        )

    def forget(self) -> None:
        """Drop the member's data."""
        super().forget()
        self.accounts.blockSignals(True)  # noqa: FBT003  Qt's own signature
        self.accounts.clear()
        self.accounts.blockSignals(False)  # noqa: FBT003  Qt's own signature
        self.balance.setText("")
        self.table.show_rows(())

    # -- inside

    def _place_of(self, account_id: UUID | None) -> int:
        # Qt's own search tells two equal UUIDs apart.
        accounts = self.record.accounts if self.record is not None else ()
        ids = [each.id for each in accounts]
        return ids.index(account_id) if account_id in ids else -1

    def _chosen(self) -> HeldAccount | None:
        chosen: UUID | None = self.accounts.currentData()
        accounts = self.record.accounts if self.record is not None else ()
        return next((each for each in accounts if each.id == chosen), None)

    def _say_balance(self) -> None:
        account = self._chosen()
        if account is None:
            self.balance.setText("")
            return
        words = (
            self.tr("Debe {amount}")
            if account.kind is AccountKind.LOAN
            else self.tr("Saldo {amount}")
        )
        self.balance.setText(words.format(amount=formats.money(account.balance)))

    def _empty(self, *, chosen: bool) -> str:
        if chosen:
            return self.tr("Esta cuenta no tiene movimientos desde que se llevan aquí.")
        if self.accounts.count():
            return self.tr(
                "Elija arriba una cuenta para ver sus movimientos. La consulta queda registrada."
            )
        return self.tr("No tiene cuentas en la cooperativa.")

    def _build(self) -> None:
        self.accounts.currentIndexChanged.connect(self.refresh)
        self.failed.connect(self.table.give_up)
        self.accounts.setPlaceholderText(self.tr("Elija una cuenta"))
        name = QLabel(self.tr("C&uenta"))
        name.setBuddy(self.accounts)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(name)
        head.addWidget(self.accounts)
        head.addStretch(1)
        head.addWidget(self.balance)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(self.table, 1)


def _account(account: HeldAccount) -> str:
    number, kind = formats.groups(account.number), wording.word(account.kind)
    return f"{number} · {kind} · {account.balance.currency.symbol}"


def _what(movement: Movement) -> str:
    ordered = movement.operation if movement.kind in _AS_ORDERED else None
    return wording.word(ordered or movement.kind)


def _other(movement: Movement) -> str:
    return " ".join(part for part in (movement.other_number, movement.other_name) if part) or "—"


def _balance(movement: Movement) -> str:
    return formats.figures(movement.balance.centavos) if movement.balance is not None else "—"
