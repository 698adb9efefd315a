"""The pictures of the card, front and back, and a company's powers: filed, seen, enlarged (F4).

Each look at a filed picture is on record, so it is read when the step comes to the front and once.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from branch_desk.models.errors import FormUnreadable
from branch_desk.models.identity import AttachmentKind
from branch_desk.operations.request import identity
from branch_desk.operations.request.enrolment_file import AttachmentView
from branch_desk.views.kit import incoming, wording
from branch_desk.views.kit.picture import Picture
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.request.step import RequestScreen

SIDES = (AttachmentKind.CARD_FRONT, AttachmentKind.CARD_BACK)


class CardPicture(Picture):
    """A side of the card; a click or Enter enlarges it."""

    opened = Signal()

    def __init__(self, name: str, none: str) -> None:
        super().__init__(name, none)
        self.setMinimumSize(120, 78)
        self.setFixedHeight(80)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(self.tr("Clic o Enter para ampliar"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Enlarge."""
        if not self.is_empty:
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enlarge with Enter or the space bar."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if event.key() in keys and not self.is_empty:
            self.opened.emit()
        else:
            super().keyPressEvent(event)


class CardImages(QWidget):
    """Both sides of the card, and how to bring them in.

    `enlarged` carries (title, media type, content); `code_read` the QR found on a picture.
    """

    enlarged = Signal(str, str, bytes)
    code_read = Signal(str)

    def __init__(self, screen: RequestScreen, read_on: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("card_images")
        self._screen = screen
        self._read_on = read_on
        self._filed: dict[AttachmentKind, AttachmentView] = {}
        self._seen: dict[AttachmentKind, tuple[UUID, str, bytes]] = {}
        self._next = AttachmentKind.CARD_FRONT
        self._folder = screen.station.settings.scanner_folder
        self.pictures: dict[AttachmentKind, CardPicture] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        words = {
            AttachmentKind.CARD_FRONT: (self.tr("Anverso"), self.tr("A&nverso…")),
            AttachmentKind.CARD_BACK: (self.tr("Reverso"), self.tr("Reve&rso…")),
        }
        self.choosers = {}
        for place, side in enumerate(SIDES):
            title, verb = words[side]
            picture = CardPicture(
                wording.word(side), self.tr("{side}\nSuelte la foto").format(side=title)
            )
            picture.opened.connect(partial(self._enlarge, side))
            self.pictures[side] = picture
            choose = button(verb, name=f"choose_{side.value.lower()}", sign="folder-open")
            choose.clicked.connect(partial(self._choose, side))
            self.choosers[side] = choose
            grid.addWidget(picture, 0, place)
            grid.addWidget(choose, 1, place)
        self.scanner = button(
            self.tr("Tomar del &escáner"), name="card_from_scanner", sign="scan-line"
        )
        self.scanner.clicked.connect(self._from_scanner)
        self.scanner.setVisible(self._folder is not None)
        grid.addWidget(self.scanner, 2, 0, 1, 2)

    def show_attachments(self, attachments: Sequence[AttachmentView], *, may_edit: bool) -> None:
        """Show what is filed; the pictures themselves come with `load`."""
        self._filed = {each.kind: each for each in attachments if each.kind in SIDES}
        for side, picture in self.pictures.items():
            seen = self._seen.get(side)
            filed = self._filed.get(side)
            if seen is not None and (filed is None or filed.id != seen[0]):
                del self._seen[side]
                picture.clear()
        self._next = next((side for side in SIDES if side not in self._filed), SIDES[0])
        for control in (*self.choosers.values(), self.scanner):
            control.setEnabled(may_edit)

    def load(self) -> None:
        """Read the filed pictures that are not shown yet; each look is recorded."""
        for side, filed in self._filed.items():
            if side not in self._seen and self.pictures[side].is_empty:
                self._screen.ask(
                    partial(self._loaded, side, filed.id), identity.attachment, filed.id
                )

    def file_picture(self, data: bytes, side: AttachmentKind | None = None) -> None:
        """File a picture as the side that is still missing, or as the one named."""
        self._screen.perform(
            self._done,
            identity.file_card,
            self._screen.station.desk,
            self._screen_file_id(),
            side or self._next,
            data,
        )

    def forget(self) -> None:
        """Drop the pictures: they are a member's."""
        self._filed, self._seen = {}, {}
        for picture in self.pictures.values():
            picture.clear()

    def _screen_file_id(self) -> UUID:
        file = self._screen.file
        if file is None:
            raise LookupError("no request is open")
        return file.id

    def _loaded(self, side: AttachmentKind, number: UUID, content: tuple[str, bytes]) -> None:
        self._seen[side] = (number, *content)
        self.pictures[side].show_image(content[1])
        self._screen.run(self._code_found, code_on, content[1])

    def _code_found(self, text: str) -> None:
        if text:
            self.code_read.emit(text)

    def _enlarge(self, side: AttachmentKind) -> None:
        _, media_type, data = self._seen[side]
        self.enlarged.emit(wording.word(side), media_type, data)

    def _choose(self, side: AttachmentKind) -> None:
        path = incoming.FileChoice.ask(self, wording.word(side), incoming.PICTURES)
        if path is not None:
            self._screen.run(partial(self._take, side), incoming.read_file, path)

    def _from_scanner(self) -> None:
        if self._folder is not None:
            self._screen.run(partial(self._take, None), newest_picture, self._folder)

    def _take(self, side: AttachmentKind | None, data: bytes) -> None:
        self.file_picture(data, side)

    def _done(self, attachment_id: UUID) -> None:
        self._read_on()


class Powers(QWidget):
    """The notarised powers filed with a company's request (F6)."""

    enlarged = Signal(str, str, bytes)

    def __init__(self, screen: RequestScreen, read_on: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("powers")
        self._screen = screen
        self._read_on = read_on
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.add = button(self.tr("Adjuntar &poder…"), name="add_power", sign="paperclip")
        self.add.clicked.connect(self._choose)
        self.list = QWidget()
        self._rows = QVBoxLayout(self.list)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._column.addWidget(label(self.tr("Poderes notariados"), "section"))
        self._column.addWidget(self.list)
        self._column.addWidget(self.add)

    def show_attachments(self, attachments: Sequence[AttachmentView], *, may_edit: bool) -> None:
        """List the filed powers; each opens enlarged."""
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        powers = [each for each in attachments if each.kind is AttachmentKind.POWER]
        for place, each in enumerate(powers, 1):
            title = self.tr("Poder {number}").format(number=place)
            see = button(title, "link", f"power_{place}", "file-text")
            see.clicked.connect(partial(self._open, title, each.id))
            self._rows.addWidget(see, 0, Qt.AlignmentFlag.AlignLeft)
        if not powers:
            self._rows.addWidget(label(self.tr("Ninguno archivado."), "muted"))
        self.add.setEnabled(may_edit)

    def file_power(self, data: bytes) -> None:
        """File a power as it was brought."""
        file = self._screen.file
        if file is not None:
            self._screen.perform(
                self._done,
                identity.file_card,
                self._screen.station.desk,
                file.id,
                AttachmentKind.POWER,
                data,
            )

    def _open(self, title: str, number: UUID) -> None:
        self._screen.ask(partial(self._loaded, title), identity.attachment, number)

    def _loaded(self, title: str, content: tuple[str, bytes]) -> None:
        self.enlarged.emit(title, *content)

    def _choose(self) -> None:
        path = incoming.FileChoice.ask(self, self.tr("Elegir el poder"))
        if path is not None:
            self._screen.run(self.file_power, incoming.read_file, path)

    def _done(self, attachment_id: UUID) -> None:
        self._read_on()


def code_on(data: bytes) -> str:
    """Give the text of the QR on a picture of a card; empty when there is none."""
    from branch_desk.reports.scan import read_card_code

    try:
        return read_card_code(data)
    except FormUnreadable:
        return ""


def newest_picture(folder: Path) -> bytes:
    """Read the picture the scanner left last. Raises UnreadableFile."""
    return incoming.read_file(incoming.newest_scan(folder, incoming.PICTURES))
