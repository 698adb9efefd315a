"""«Operaciones»: what the member ordered, what is still under way first, and its receipts."""

from functools import cache
from typing import Final

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.operation import OperationStatus
from branch_desk.operations.enquiries import desk_enquiries
from branch_desk.operations.enquiries.operation_rows import OperationRow
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.pieces import StateChip, button, card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.people.cut_off_clock import CutOffClock
from branch_desk.views.people.member_part import MemberPart
from branch_desk.views.people.receipt_panel import ReceiptPanel

translate = QCoreApplication.translate

DETAIL_WIDTH: Final = 320
S = OperationStatus
STATE_MEANING: Final = {
    S.WAITING: Meaning.ATTENTION,
    S.CANCELLED: Meaning.NEUTRAL,
    S.LAPSED: Meaning.NEUTRAL,
    S.DONE: Meaning.GOOD,
    S.RECEIVED: Meaning.INFORMATION,
    S.BATCHED: Meaning.INFORMATION,
    S.SENT: Meaning.INFORMATION,
    S.CREDITED: Meaning.GOOD,
    S.REJECTED: Meaning.STOP,
    S.ACCEPTED: Meaning.INFORMATION,
    S.CONFIRMED: Meaning.GOOD,
    S.FAILED: Meaning.STOP,
}


class OperationsPart(MemberPart):
    """Transfers and payments: a list, the one the cursor stands on beside it, its receipt."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        self.clock = CutOffClock(self)
        self.receipt = ReceiptPanel(self, station)
        self.table: PagedTable[OperationRow] = PagedTable(
            "member_operations",
            self.tr("Operaciones"),
            [
                Column(
                    "state",
                    self.tr("Estado"),
                    lambda o: wording.word(o.status),
                    width=126,
                    meaning=lambda o: STATE_MEANING[o.status],
                ),
                Column("at", self.tr("Fecha"), lambda o: formats.instant(o.created_at), width=138),
                Column("kind", self.tr("Operación"), lambda o: wording.word(o.kind), width=156),
                Column("other", self.tr("A quién"), other_side, width=184, hint=other_side),
                Column("promise", self.tr("Abono"), _promised, width=70),
                Column(
                    "amount",
                    self.tr("Importe"),
                    lambda o: formats.money(o.money),
                    width=110,
                    right=True,
                ),
            ],
            key=lambda operation: operation.id,
            empty=self.tr(
                "No hizo transferencias ni pagos por banca electrónica. "
                "Aparecen aquí apenas los ordena."
            ),
            settings=station.look,
        )
        self.chip = StateChip()
        self.reprint = button(
            self.tr("&Reimprimir comprobante"), name="reprint_receipt", sign="receipt"
        )
        self._facts: dict[str, QLabel] = {}
        self.pages = QStackedLayout(self.body)
        self.pages.addWidget(self._build_list())
        self.pages.addWidget(self.receipt)
        self.table.chosen.connect(self._show)
        self.table.opened.connect(self._show)
        self.failed.connect(self.table.give_up)
        self.failed.connect(self._failed)
        self.reprint.clicked.connect(self._reprint)
        self.receipt.left.connect(self._back)
        self._show(None)

    def refresh(self) -> None:
        """Ask for the operations and the next cut-off."""
        if self.record is None:
            return
        member_id = self.record.id
        self.clock.ask()
        self.table.read(
            lambda done, wanted: self.search(
                done, desk_enquiries.operations, member_id, wanted.after
            )
        )

    def forget(self) -> None:
        """Drop the member's data."""
        super().forget()
        self._back()
        self.clock.words.stop()
        self.table.show_rows(())

    # -- inside

    def _show(self, row: OperationRow | None) -> None:
        self.detail.setVisible(row is not None)
        if row is None:
            return
        self.chip.show_state(wording.word(row.status), STATE_MEANING[row.status])
        self.amount.setText(formats.money(row.money))
        self.meaning.setText(state_sentences()[row.status])
        for name, value in _told(row).items():
            self._facts[name].setText(value)
            self._form.setRowVisible(self._facts[name], bool(value))
        self.reprint.setEnabled(row.moved_at is not None)
        self.no_receipt.setVisible(row.moved_at is None)

    def _reprint(self) -> None:
        row = self.table.current()
        if row is not None:
            self.pages.setCurrentWidget(self.receipt)
            self.receipt.open(row.id)

    def _failed(self) -> None:
        # A refused receipt leaves nothing to look at; the bar above says why.
        if self.pages.currentWidget() is self.receipt and not self.receipt.preview.pages:
            self._back()

    def _back(self) -> None:
        self.receipt.forget()
        self.pages.setCurrentIndex(0)

    def _build_list(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.clock)
        line = QHBoxLayout()
        line.setSpacing(2 * GRID)
        line.addWidget(self.table, 1)
        line.addWidget(self._build_detail())
        column.addLayout(line, 1)
        return page

    def _build_detail(self) -> QFrame:
        self.detail, column = card("operation_detail")
        self.detail.setFixedWidth(DETAIL_WIDTH)
        self.amount = label("", "title", "operation_amount")
        top = QHBoxLayout()
        top.addWidget(self.amount, 1)
        top.addWidget(self.chip)
        column.addLayout(top)
        self.meaning = label("", "muted", "operation_meaning", wrap=True)
        column.addWidget(self.meaning)
        self._form = QFormLayout()
        self._form.setVerticalSpacing(6)
        for name, words in (
            ("kind", self.tr("Operación")),
            ("debit", self.tr("De la cuenta")),
            ("other", self.tr("A quién")),
            ("promise", self.tr("Abono prometido")),
            ("until", self.tr("Firmas hasta")),
            ("answer", self.tr("Respuesta")),
            ("concept", self.tr("Concepto")),
            ("by", self.tr("Ordenó")),
            ("at", self.tr("Ordenada")),
            ("ended", self.tr("Terminó")),
        ):
            value = label("", name=f"operation_{name}", wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts[name] = value
            self._form.addRow(label(words, "muted"), value)
        column.addLayout(self._form)
        column.addStretch(1)
        self.no_receipt = label(
            self.tr("No movió dinero: no tiene comprobante."), "small", wrap=True
        )
        column.addWidget(self.no_receipt)
        column.addWidget(self.reprint)
        return self.detail


def other_side(row: OperationRow) -> str:
    """Write whom it goes to: last digits, name, bank or biller."""
    return " ".join(part for part in (row.other_number, row.other_name) if part) or "—"


@cache
def state_sentences() -> dict[OperationStatus, str]:
    """Return what each state means for the member who asks."""
    return {
        S.WAITING: translate("Operation", "Falta la firma de otra persona. No se debitó nada."),
        S.CANCELLED: translate("Operation", "Se anuló antes de firmarse. No se debitó nada."),
        S.LAPSED: translate("Operation", "No se firmó a tiempo. No se debitó nada."),
        S.DONE: translate("Operation", "El dinero llegó en el momento."),
        S.RECEIVED: translate("Operation", "Se debitó. Sale al otro banco en el lote de su día."),
        S.BATCHED: translate("Operation", "Se debitó. Está en el lote, que todavía no salió."),
        S.SENT: translate("Operation", "El lote salió. Falta la respuesta del otro banco."),
        S.CREDITED: translate("Operation", "El otro banco la abonó."),
        S.REJECTED: translate("Operation", "El otro banco no la aceptó; el dinero volvió."),
        S.ACCEPTED: translate("Operation", "Se debitó. Falta la confirmación de la empresa."),
        S.CONFIRMED: translate("Operation", "La empresa confirmó el pago."),
        S.FAILED: translate("Operation", "La empresa no lo aceptó; el dinero volvió."),
    }


def _promised(row: OperationRow) -> str:
    return formats.short_day(row.value_date) if row.value_date is not None else "—"


def _told(row: OperationRow) -> dict[str, str]:
    waits = row.status is OperationStatus.WAITING
    by = wording.word(row.channel)
    if row.scheduled:
        by = translate("Operation", "agenda")
    return {
        "kind": wording.word(row.kind),
        "debit": formats.groups(row.debit_number),
        "other": other_side(row),
        "promise": formats.day(row.value_date) if row.value_date else "",
        "until": formats.instant(row.expires_at) if waits and row.expires_at else "",
        "answer": row.answer,
        "concept": row.concept,
        "by": f"{row.ordered_by} · {by}",
        "at": formats.instant(row.created_at),
        "ended": formats.instant(row.ended_at) if row.ended_at else "",
    }
