"""Pictures on the screen: QR codes made in memory alone, and images of cards and papers."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from branch_desk.views.kit import theme

QUIET_ZONE: Final = 4
"""Modules of white around a QR code, as ISO/IEC 18004 asks."""
MASK: Final = 3
"""Any fixed mask reads as well; trying all eight costs four times the drawing."""


def qr_image(content: bytes | bytearray | str) -> QImage:
    """Return a QR code, one pixel a module, quiet zone included, black on white.

    Nothing is written to disk. Scale it by whole numbers, without smoothing.
    """
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    code.add_data(bytes(content) if isinstance(content, bytearray) else content)
    code.make(fit=True)
    rows = code.modules
    side = len(rows) + 2 * QUIET_ZONE
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    for y, cells in enumerate(rows):
        for x, dark in enumerate(cells):
            if dark:
                image.setPixel(x + QUIET_ZONE, y + QUIET_ZONE, 0xFF000000)
    return image


class QrView(QWidget):
    """A QR code at the largest whole scale that fits: black on white whatever the theme."""

    def __init__(self, name: str, side: int = 320, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._side = side
        self.setAccessibleName(name)
        self.setMinimumSize(side, side)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is shown."""
        return self._image.isNull()

    def show_content(self, content: bytes | bytearray | str) -> None:
        """Show a code for this content; the content itself is not kept."""
        self._image = qr_image(content)
        self.update()

    def wipe(self) -> None:
        """Paint the picture's memory white and let it go."""
        if not self._image.isNull():
            self._image.fill(QColor("white"))
        self._image = QImage()
        self.update()

    def sizeHint(self) -> QSize:
        """Prefer a little more than the least."""
        return QSize(self._side + 40, self._side + 40)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint whole pixels: a smoothed code reads worse."""
        if self._image.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)  # noqa: FBT003 Qt's own signature
        modules = self._image.width()
        side = max(1, min(self.width(), self.height()) // modules) * modules
        place = QRectF((self.width() - side) // 2, (self.height() - side) // 2, side, side)
        painter.fillRect(place, QColor("white"))
        painter.drawImage(place, self._image)


class Picture(QWidget):
    """An image of a card or paper, as large as its place allows, never distorted."""

    def __init__(self, name: str, none: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumSize(160, 100)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._none = none
        self._image = QImage()
        self._drawn = QImage()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is shown."""
        return self._image.isNull()

    def show_image(self, content: bytes) -> bool:
        """Show a PNG or JPEG that was checked before; return whether it could be read."""
        self._image = QImage.fromData(content)
        self._drawn = QImage()
        self.update()
        return not self._image.isNull()

    def clear(self) -> None:
        """Show nothing: the image belongs to a member."""
        self._image = self._drawn = QImage()
        self.update()

    def sizeHint(self) -> QSize:
        """Prefer the shape of a card."""
        return QSize(320, 202)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the image in the middle, or say that there is none."""
        painter = QPainter(self)
        if self._image.isNull():
            painter.setPen(theme.colour("frame"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setPen(theme.colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, self._none)
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(0, 0, size.width(), size.height())
        place.moveCenter(QRectF(self.rect()).center())
        painter.drawImage(place, self._at(size * self.devicePixelRatioF()))

    def _at(self, size: QSize) -> QImage:
        """Give the image in this size: a painter alone looks at too few points of a large one."""
        if self._drawn.size() != size:
            smooth = Qt.TransformationMode.SmoothTransformation
            self._drawn = self._image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        return self._drawn
