"""«Reimprimir comprobante»: the receipt of an operation, to look at, print again or save."""

from functools import partial
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.models.errors import NotSaved
from branch_desk.operations.enquiries import receipts
from branch_desk.printing import PrintOutcome, PrintQueue
from branch_desk.reports import receipt
from branch_desk.reports.receipt import ReceiptPaper
from branch_desk.views.kit.incoming import FileChoice
from branch_desk.views.kit.paper_preview import PaperPreview
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.kit.printing_panel import MEANINGS, state_words, write_closed
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import View


class ReceiptPanel(QWidget):
    """One receipt; the copy is recorded when it is asked for. `left` goes back to the list."""

    left = Signal()

    def __init__(self, view: View, station: Station) -> None:
        super().__init__()
        self._view = view
        self._station = station
        self._wanted: UUID | None = None
        self._pdf = b""
        self._number = ""
        self.title = label("", "section", "receipt_title")
        self.preview = PaperPreview("receipt_preview", self.tr("Preparando el comprobante…"), view)
        self.back = button(self.tr("Vol&ver a las operaciones"), "link", "receipt_back")
        self.save = button(self.tr("Guardar como P&DF…"), name="receipt_save", sign="download")
        self.print = button(self.tr("&Imprimir"), "primary", "receipt_print", "printer")
        self._build()

    def open(self, operation_id: UUID) -> None:
        """Ask for the receipt of an operation; that a copy was taken is recorded."""
        self.forget()
        self._wanted = operation_id
        self._view.ask(partial(self._draw, operation_id), receipts.reprint, operation_id)

    def forget(self) -> None:
        """Drop the paper: it belongs to a member."""
        self._wanted = None
        self._pdf, self._number = b"", ""
        self.title.setText("")
        self.preview.clear()
        self._enable()

    # -- inside

    def _draw(self, wanted: UUID, values: ReceiptPaper) -> None:
        if wanted == self._wanted:
            self._view.run(partial(self._drawn, wanted, values.number), receipt.render, values)

    def _drawn(self, wanted: UUID, number: str, pdf: bytes) -> None:
        if wanted != self._wanted:
            return
        self._pdf, self._number = pdf, number
        self.title.setText(self.tr("Comprobante {number}").format(number=number))
        self.preview.show_pdf(pdf)
        self._enable()

    def _enable(self) -> None:
        uri = self._station.settings.printer_uri
        self.save.setEnabled(bool(self._pdf))
        self.print.setEnabled(bool(self._pdf and uri))
        self.print.setToolTip("" if uri else self.tr("Este puesto no tiene impresora."))

    def _print(self) -> None:
        uri = self._station.settings.printer_uri
        if uri is None or not self._pdf:
            return
        self.print.setEnabled(False)
        self._view.say(Meaning.INFORMATION, self.tr("Imprimiendo el comprobante."))
        self._view.run(
            self._printed, PrintQueue(uri).print, self._pdf, job_name=self.tr("Comprobante")
        )

    def _printed(self, outcome: PrintOutcome) -> None:
        self._enable()
        word, advice = state_words()[outcome.state]
        if outcome.printed:
            self._view.succeed(self.tr("El comprobante salió de la impresora."))
        else:
            self._view.say(MEANINGS[outcome.state], f"{word}. {advice}".strip())

    def _save(self) -> None:
        title = self.tr("Guardar el comprobante")
        path = FileChoice.ask_where(self, title, f"{self.tr('Comprobante')} {self._number}.pdf")
        if path is not None:
            self._view.run(partial(self._saved, path.name), _write, path, self._pdf)

    def _saved(self, name: str, _: None) -> None:
        self._view.succeed(self.tr("Guardado como {name}").format(name=name))

    def _build(self) -> None:
        self.back.clicked.connect(self.left)
        self.save.clicked.connect(self._save)
        self.print.clicked.connect(self._print)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self.title, 1)
        for each in (self.back, self.save, self.print):
            head.addWidget(each)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(self.preview, 1)


def _write(path: Path, data: bytes) -> None:
    try:
        write_closed(path, data)
    except OSError:
        raise NotSaved from None
