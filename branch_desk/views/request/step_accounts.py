"""The accounts the member wants to use, and what each may be used for (F8)."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.account import AccountKind, HolderRole
from branch_desk.operations.request.configuration import AccountChoice, AccountOption
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.pieces import ActionRow, label, line
from branch_desk.views.kit.theme import GRID
from branch_desk.views.request.choices import Choices
from branch_desk.views.request.step import RequestScreen
from branch_desk.views.request.step_choice import ChoiceStep

USES = ("consult", "debit", "web", "mobile")


class AccountsStep(ChoiceStep):
    """One row an account, one box a use; why a use is not to be had stands in words."""

    name = "accounts"
    next = "limits"

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self.boxes: dict[tuple[UUID, str], QCheckBox] = {}
        self._shown: tuple[UUID, ...] | None = None
        self.ground = QWidget()
        self.ground.setObjectName("accounts")
        self.grid = QGridLayout(self.ground)
        self.grid.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        self.grid.setHorizontalSpacing(2 * GRID)
        self.grid.setVerticalSpacing(4)
        self.none = label(
            self.tr(
                "El socio no tiene cuentas abiertas. Primero debe abrir una en plataforma; "
                "aparecerá aquí con la próxima carga del sistema central."
            ),
            "muted",
            wrap=True,
        )
        scroll = QScrollArea()
        scroll.setWidget(self.ground)
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName(self.tr("Cuentas del socio"))
        frame = QFrame()
        frame.setProperty("kind", "card")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(scroll)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(
            label(self.tr("¿Qué cuentas quiere usar el socio, y para qué?"), "section")
        )
        column.addWidget(self.none)
        column.addWidget(frame, 1)
        column.addWidget(ActionRow(self.primary, *self.others()))
        self._head()

    def show_choices(self, choices: Choices) -> None:
        """Show the accounts and what is ticked."""
        shown = tuple(each.account_id for each in choices.options.accounts)
        if shown != self._shown:
            self._shown = shown
            self._build(choices.options.accounts)
        self.none.setVisible(not shown)
        for (account, use), box in self.boxes.items():
            choice = choices.accounts.get(account)
            box.setChecked(choice is not None and getattr(choice, use))
        self._enable(choices)

    def forget(self) -> None:
        """Drop the accounts: they are a member's."""
        self._shown = None
        self._build(())

    def _head(self) -> None:
        heads = (
            self.tr("Cuenta"),
            self.tr("Producto"),
            self.tr("Manejo"),
            self.tr("Consultar"),
            self.tr("Debitar"),
            self.tr("Web"),
            self.tr("Móvil"),
            "",
        )
        for place, words in enumerate(heads):
            flag = Qt.AlignmentFlag.AlignCenter if 3 <= place <= 6 else Qt.AlignmentFlag.AlignLeft  # noqa: PLR2004  the four uses
            self.grid.addWidget(label(words, "muted"), 0, place, flag)
        self.grid.setColumnStretch(7, 1)

    def _build(self, accounts: tuple[AccountOption, ...]) -> None:
        self.boxes = {}
        while (item := self.grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        self._head()
        for place, each in enumerate(accounts):
            self._row(each, 2 * place + 1)
        self.grid.setRowStretch(2 * len(accounts) + 1, 1)
        for box in self.boxes.values():
            self.ground.setFocusProxy(box)
            break

    def _row(self, each: AccountOption, row: int) -> None:
        number = formats.groups(each.number)
        self.grid.addWidget(line(), row, 0, 1, 8)
        self.grid.addWidget(label(number, "code"), row + 1, 0)
        kind = f"{wording.word(each.kind)} · {each.currency.symbol}"
        self.grid.addWidget(label(kind), row + 1, 1)
        handling = wording.word(each.handling)
        if each.role is not HolderRole.HOLDER:
            handling = f"{handling} · {wording.word(each.role).lower()}"
        self.grid.addWidget(label(handling, "muted"), row + 1, 2)
        names = {
            "consult": self.tr("Consultar la cuenta {number}"),
            "debit": self.tr("Debitar la cuenta {number}"),
            "web": self.tr("Usar la cuenta {number} por la web"),
            "mobile": self.tr("Usar la cuenta {number} por el móvil"),
        }
        for place, use in enumerate(USES, 3):
            box = QCheckBox()
            box.setObjectName(f"{use}_{each.number}")
            box.setAccessibleName(names[use].format(number=each.number))
            box.clicked.connect(partial(self._ticked, each.account_id, use))
            self.boxes[each.account_id, use] = box
            self.grid.addWidget(box, row + 1, place, Qt.AlignmentFlag.AlignCenter)
        if not each.may_debit:
            self.grid.addWidget(label(why_not(each), "small", wrap=True), row + 1, 7)

    def _enable(self, choices: Choices) -> None:
        edit = self.may_edit
        options = {each.account_id: each for each in choices.options.accounts}
        for (account, use), box in self.boxes.items():
            choice = choices.accounts.get(account)
            consulted = choice is not None and choice.consult
            allowed = {
                "consult": True,
                "debit": options[account].may_debit and consulted,
                "web": consulted and choices.by_web,
                "mobile": consulted and choices.by_mobile,
            }[use]
            box.setEnabled(edit and allowed)

    def _ticked(self, account: UUID, use: str) -> None:
        ticked = self.boxes[account, use].isChecked()
        choices = self.chosen
        choice = choices.accounts.get(account) or AccountChoice(
            account_id=account, consult=False, web=True, mobile=True
        )
        match use:
            case "consult":
                # Money cannot leave an account one may not even look at.
                choice = replace(choice, consult=ticked, debit=choice.debit and ticked)
            case "debit":
                choice = replace(choice, debit=ticked)
            case "web":
                choice = replace(choice, web=ticked)
            case _:
                choice = replace(choice, mobile=ticked)
        choices.accounts[account] = choice
        choices.propose_missing()
        self.show_choices(choices)
        self.touched()


def why_not(account: AccountOption) -> str:
    """Say why money may not leave an account."""
    from PySide6.QtCore import QCoreApplication

    translate = QCoreApplication.translate
    if account.why_not == "joint":
        return translate("Accounts", "Conjunta: debitar pide la firma de todos; solo consulta.")
    if account.why_not == "status":
        return translate("Accounts", "Bloqueada en el sistema central; solo consulta.")
    if account.kind is AccountKind.LOAN:
        return translate("Accounts", "Préstamo: se consulta y se paga desde otra cuenta.")
    return translate("Accounts", "Depósito a plazo: solo consulta.")
