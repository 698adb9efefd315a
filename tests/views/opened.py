"""A request opened in its screen, as an officer has it before them."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from branch_desk.views.kit.station import Station
from branch_desk.views.request.enrolment import EnrolmentView
from tests.views.screen import idle, shown


def opened(qtbot: Any, station: Station, enrolment_id: UUID) -> EnrolmentView:
    """Open a request in a screen that is shown."""
    view = EnrolmentView(station)
    shown(qtbot, view)
    view.open(enrolment_id)
    idle(qtbot, view)
    return view


def with_settings(station: Station, **changes: Any) -> Station:
    """The same station at a machine that is set otherwise."""
    return replace(station, settings=replace(station.settings, **changes))


def drop(view: QWidget, path: Path) -> bool:
    """Drag a file over the middle of the screen and let it fall; say whether it was welcome."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    where = view.rect().center()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(where, copy, data, left, none)
    QApplication.sendEvent(view, enter)
    if enter.isAccepted():
        QApplication.sendEvent(view, QDropEvent(QPointF(where), copy, data, left, none))
    return enter.isAccepted()


def a_card_picture(text: str = "CÉDULA DE IDENTIDAD", code: str = "") -> bytes:
    """A photo of a card as a phone gives it, with a QR when one is wanted."""
    picture = Image.new("RGB", (860, 540), "#dfe8e6")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((40, 120, 280, 440), fill="#b5a999")
    pen.text((320, 60), text, fill="black")
    if code:
        import qrcode

        square: Any = qrcode.make(code, box_size=6)
        picture.paste(square.convert("RGB"), (540, 200))
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()
