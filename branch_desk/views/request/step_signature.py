"""The signed sheet comes back: dropped, chosen or scanned; its code finds the request (F13)."""

from uuid import UUID

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from branch_desk.models.enrolment import Status
from branch_desk.models.identity import AttachmentKind
from branch_desk.operations.request import forms, identity
from branch_desk.operations.request.enrolment_file import AttachmentView, EnrolmentFile
from branch_desk.views.kit import formats, incoming
from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.paper_preview import PaperPreview
from branch_desk.views.kit.pieces import ActionRow, button, card, label
from branch_desk.views.kit.theme import GRID
from branch_desk.views.request.step import RequestScreen, StepPage

PANEL_WIDTH = 270


class SignatureStep(StepPage):
    """The filed sheet at the left; at the right how to bring it in."""

    name = "signature"

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self._shown: UUID | None = None
        self._folder = screen.station.settings.scanner_folder
        self.preview = PaperPreview(
            "sheet_preview",
            self.tr("Suelte aquí la hoja firmada: PDF, JPEG o PNG."),
            screen,
        )
        self.facts = label("", name="sheet_facts", wrap=True)
        how = label(
            self.tr(
                "El socio firma las dos copias. Escanee la de la cooperativa completa, con el "
                "código de arriba a la derecha: el programa lo lee y comprueba que sea esta "
                "solicitud y esta revisión."
            ),
            "muted",
            wrap=True,
        )
        self.choose = button(self.tr("Elegir a&rchivo…"), name="choose_sheet", sign="folder-open")
        self.choose.clicked.connect(self._choose)
        self.scanner = button(
            self.tr("Tomar del &escáner"), name="sheet_from_scanner", sign="scan-line"
        )
        self.scanner.clicked.connect(self._from_scanner)
        self.scanner.setVisible(self._folder is not None)
        self.call_primary(self.tr("&Pasar a autorización"))
        self.primary.setObjectName("to_approval")
        self.primary.clicked.connect(self._go)
        frame, inside = card("sheet_panel")
        frame.setFixedWidth(PANEL_WIDTH)
        title = QHBoxLayout()
        title.addWidget(Sign("file-signature", "accent", 20))
        title.addWidget(label(self.tr("Formulario firmado"), "section"), 1)
        inside.addLayout(title)
        inside.addWidget(self.facts)
        inside.addWidget(how)
        inside.addWidget(self.choose)
        inside.addWidget(self.scanner)
        inside.addStretch(1)
        across = QHBoxLayout()
        across.setSpacing(2 * GRID)
        across.addWidget(self.preview, 1)
        across.addWidget(frame)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(across, 1)
        column.addWidget(ActionRow(self.primary))

    def show_file(self, file: EnrolmentFile) -> None:
        """Say whether the sheet is back."""
        sheet = _sheet(file)
        if sheet is None:
            self._shown = None
            self.preview.clear()
            self.facts.setText(
                self.tr("Falta la hoja firmada de la revisión {revision}.").format(
                    revision=file.valid_form.revision
                )
                if file.valid_form
                else self.tr("Primero imprima el formulario de esta revisión.")
            )
        else:
            self.facts.setText(
                self.tr("Archivada el {when}. Si salió mal, suelte otra: la reemplaza.").format(
                    when=formats.instant(sheet.filed_at)
                )
                if file.status is Status.SIGNED
                else self.tr("Archivada el {when}.").format(when=formats.instant(sheet.filed_at))
            )
        may = self.may_edit and file.valid_form is not None
        self.choose.setEnabled(may)
        self.scanner.setEnabled(may)
        self.primary.setEnabled(sheet is not None)

    def enter(self) -> None:
        """Show the filed sheet; the look is recorded."""
        sheet = _sheet(self.file)
        if sheet is not None and sheet.id != self._shown:
            self._shown = sheet.id
            self.screen_.search(self._loaded, identity.attachment, sheet.id)

    def take_file(self, data: bytes) -> bool:
        """File a sheet; its code says of which request and revision it is."""
        if not (self.may_edit and self.file.valid_form is not None):
            return False
        self.screen_.perform(
            self._filed, forms.file_sheet, self.screen_.station.desk, data, self.file.id
        )
        return True

    def forget(self) -> None:
        """Drop the sheet: it is a member's."""
        self._shown = None
        self.preview.clear()

    def _loaded(self, content: tuple[str, bytes]) -> None:
        media_type, data = content
        self.preview.show_picture(data, media_type)

    def _choose(self) -> None:
        path = incoming.FileChoice.ask(self, self.tr("Elegir la hoja firmada"))
        if path is not None:
            self.screen_.run(self._read, incoming.read_file, path)

    def _from_scanner(self) -> None:
        folder = self._folder
        if folder is not None:
            self.screen_.run(self._read, lambda: incoming.read_file(incoming.newest_scan(folder)))

    def _read(self, data: bytes) -> None:
        self.take_file(data)

    def _filed(self, enrolment_id: UUID) -> None:
        self._shown = None
        self.screen_.changed_here(
            "signature", self.tr("Hoja archivada: la solicitud espera autorización.")
        )

    def _go(self) -> None:
        self.screen_.show_step("approval")


def _sheet(file: EnrolmentFile) -> AttachmentView | None:
    return next(
        (each for each in file.attachments if each.kind is AttachmentKind.SIGNED_FORM), None
    )
