"""Prints a form on a real queue and shows what becomes of it, or saves it as a PDF (F11).

«Impreso» is said when the queue itself says so; everything else comes with what to do about it.
"""

import os
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.models.errors import NotSaved
from branch_desk.models.form import Destination
from branch_desk.operations.request import forms
from branch_desk.operations.work import Desk
from branch_desk.printing import PrintOutcome, PrintQueue, PrintState, QueueInfo
from branch_desk.views.kit.incoming import FileChoice
from branch_desk.views.kit.pieces import StateChip, button, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import View

translate = QCoreApplication.translate

PRINTED: Final = "printed"
SAVED: Final = "saved"
MEANINGS: Final = {
    PrintState.SENT: Meaning.INFORMATION,
    PrintState.WAITING: Meaning.INFORMATION,
    PrintState.PRINTING: Meaning.INFORMATION,
    PrintState.PRINTED: Meaning.GOOD,
    PrintState.FAILED: Meaning.STOP,
    PrintState.CANCELLED: Meaning.ATTENTION,
    PrintState.UNREACHABLE: Meaning.STOP,
    PrintState.UNKNOWN: Meaning.ATTENTION,
}


class PrintingPanel(QWidget):
    """Printer, state of the job, and the two ways out: paper and PDF file.

    `ended` carries whether a copy came out, after the record of it is written.
    """

    ended = Signal(bool)
    moved = Signal()
    """The panel became busy or free, or learned of printers."""
    _told = Signal(object)

    def __init__(self, view: View, station: Station) -> None:
        super().__init__()
        self.setObjectName("printing_panel")
        self._view = view
        self._station = station
        self._form: UUID | None = None
        self._folio = ""
        self._queue: PrintQueue | None = None
        self._asking = False
        view.failed.connect(self._failed)
        self.printers = QComboBox()
        self.printers.setObjectName("printer")
        self.printers.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.printers.setMinimumContentsLength(14)
        self.printers.activated.connect(self._choose)
        self.state = StateChip()
        self.state.hide()
        self.advice = label("", "muted", "print_advice", wrap=True)
        self.advice.hide()
        self.cancel = button(self.tr("&Cancelar la impresión"), name="cancel_print", sign="x")
        self.cancel.clicked.connect(self._cancel)
        self.cancel.hide()
        self.save = button(self.tr("Guardar como P&DF…"), name="save_pdf", sign="download")
        self.save.clicked.connect(self._save)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(self.tr("&Impresora"), self.printers)
        line = QHBoxLayout()
        line.addWidget(self.state)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(form)
        column.addLayout(line)
        column.addWidget(self.advice)
        column.addWidget(self.cancel)
        column.addWidget(self.save)
        self._told.connect(self._show)
        self._list([])

    @property
    def is_printing(self) -> bool:
        """Whether a job is on its way."""
        return self._queue is not None

    @property
    def can_print(self) -> bool:
        """Whether there is a printer to print on."""
        return bool(self.printers.currentData()) and not self.is_printing

    def show_form(self, form_id: UUID | None, folio: str) -> None:
        """Work with this form from now on."""
        if form_id != self._form and not self.is_printing:
            self.state.hide()
            self.advice.setVisible(not self.printers.currentData())
        self._form = form_id
        self._folio = folio
        self.save.setEnabled(form_id is not None and not self.is_printing)

    def look_for_printers(self) -> None:
        """Ask the print server which queues it has."""
        uri = self._station.settings.printer_uri
        if uri is not None and self.printers.count() <= 1:
            self._view.run(self._list, PrintQueue(uri).printers)

    def print_form(self) -> None:
        """Print the next copy; the first is the original."""
        uri = self.printers.currentData()
        if self._form is None or not uri or self.is_printing:
            return
        self._queue = PrintQueue(uri)
        self._asking = True
        self._busy()
        self._view.perform(
            self._ticket_given,
            forms.send,
            self._station.desk,
            self._form,
            Destination.PRINTER,
            self.printers.currentText(),
        )

    # -- printing

    def _ticket_given(self, ticket: forms.Ticket) -> None:
        self._asking = False
        if self._queue is None:
            return
        self._show(PrintState.SENT)
        self._view.run(
            partial(self._printed, ticket.printing_id),
            self._queue.print,
            ticket.pdf,
            job_name=ticket.job_name,
            on_state=self._told.emit,
        )

    def _failed(self) -> None:
        if self._asking:
            self._asking = False
            self._queue = None
            self._busy()

    def _printed(self, printing_id: UUID, outcome: PrintOutcome) -> None:
        self._queue = None
        self._show(outcome.state, outcome.reason)
        self._busy()
        said = PRINTED if outcome.printed else f"{outcome.state.value}: {outcome.reason}"[:200]
        self._view.ask(
            partial(self._noted, outcome.printed),
            forms.end_printing,
            printing_id,
            said,
            str(outcome.job_id),
        )

    def _noted(self, out: bool, nothing: object) -> None:  # noqa: FBT001  first of a partial
        self.ended.emit(out)

    def _cancel(self) -> None:
        if self._queue is not None:
            self._queue.cancel()

    def _show(self, state: PrintState, reason: str = "") -> None:
        word, advice = state_words()[state]
        self.state.show_state(word, MEANINGS[state])
        self.state.show()
        if reason and state is PrintState.FAILED:  # the other states say it all themselves
            advice = f"{advice} ({reason})"
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))

    def _busy(self) -> None:
        busy = self.is_printing
        self.printers.setEnabled(not busy and bool(self.printers.currentData()))
        self.save.setEnabled(not busy and self._form is not None)
        self.cancel.setVisible(busy)
        self.moved.emit()

    # -- choosing a printer

    def _list(self, queues: list[QueueInfo]) -> None:
        configured = self._station.settings.printer_uri
        usable = [(each.note or each.name, each.uri) for each in queues if each.accepting]
        if configured and configured not in {uri for _, uri in usable}:
            usable.append((configured.rsplit("/", 1)[-1], configured))
        wanted = self._station.look.value("printing/printer") or configured
        self.printers.clear()
        for name, uri in usable:
            self.printers.addItem(name, uri)
        if not usable:
            self.printers.addItem(self.tr("Sin impresora"), None)
            self.advice.setText(
                self.tr("Esta máquina no tiene impresora: guarde el PDF e imprímalo en otra.")
            )
            self.advice.show()
        self.printers.setEnabled(bool(usable))
        self.printers.setCurrentIndex(max(0, self.printers.findData(wanted)))
        self.moved.emit()

    def _choose(self) -> None:
        self._station.look.setValue("printing/printer", self.printers.currentData())

    # -- saving

    def _save(self) -> None:
        if self._form is None:
            return
        path = FileChoice.ask_where(self, self.tr("Guardar el formulario"), f"{self._folio}.pdf")
        if path is None:
            return
        self._view.perform(
            partial(self._saved, path.name), _save, self._station.desk, self._form, path
        )

    def _saved(self, name: str, nothing: object) -> None:
        self._view.succeed(self.tr("Guardado como {name}").format(name=name))
        self.ended.emit(True)  # noqa: FBT003  a signal's only argument


def write_closed(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _save(desk: Desk, form_id: UUID, path: Path) -> None:
    ticket = forms.send(desk, form_id, Destination.FILE, path.name)
    try:
        write_closed(path, ticket.pdf)
    except OSError:
        desk(forms.end_printing, ticket.printing_id, "not_saved")
        raise NotSaved from None
    desk(forms.end_printing, ticket.printing_id, SAVED)


def state_words() -> dict[PrintState, tuple[str, str]]:
    """Return word and advice of every state of a job."""
    return {
        PrintState.SENT: (translate("Printing", "Enviado a la cola"), ""),
        PrintState.WAITING: (translate("Printing", "En cola"), ""),
        PrintState.PRINTING: (translate("Printing", "Imprimiendo"), ""),
        PrintState.PRINTED: (translate("Printing", "Impreso"), ""),
        PrintState.FAILED: (
            translate("Printing", "No se imprimió"),
            translate("Printing", "Revise papel y tóner e imprima otra vez."),
        ),
        PrintState.CANCELLED: (
            translate("Printing", "Impresión cancelada"),
            translate("Printing", "Imprima otra vez cuando esté listo."),
        ),
        PrintState.UNREACHABLE: (
            translate("Printing", "La impresora no responde"),
            translate("Printing", "Revise que esté encendida, elija otra o guarde el PDF."),
        ),
        PrintState.UNKNOWN: (
            translate("Printing", "Sin respuesta de la cola"),
            translate("Printing", "Mire la bandeja antes de imprimir otra vez."),
        ),
    }
