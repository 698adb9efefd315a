"""A paper or picture inside the window: its pages, larger and smaller, turned.

Pages are drawn in the background, as many points as the screen has; nothing goes to a file.
"""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from branch_desk.reports.images import PagePicture, preview
from branch_desk.views.kit import theme
from branch_desk.views.kit.icons import icon
from branch_desk.views.kit.pieces import label
from branch_desk.views.kit.view import View

STEPS: Final = (1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
"""How many times the size that fits the width."""
POINTS_PER_INCH: Final = 72
_DRAWN_AT: Final = 150 / POINTS_PER_INCH
"""Sharp up to twice the usual size without drawing anew."""


class PageSheet(QWidget):
    """One page, scaled to the width it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.none = ""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the page with a hairline around it: paper is white in either look."""
        painter = QPainter(self)
        if self.image.isNull():
            painter.setPen(QPen(theme.colour("frame"), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
            painter.setPen(theme.colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), flags, self.none)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(QPointF((self.width() - size.width()) / 2, 0), size.toSizeF())
        painter.fillRect(place, QColor("white"))
        painter.drawImage(place, self.image)
        painter.setPen(theme.colour("frame"))
        painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))


class PageArea(QScrollArea):
    """The place of a page; `resized` when there is more or less of it."""

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that the page is to be fitted anew."""
        super().resizeEvent(event)
        self.resized.emit()


class PaperPreview(QWidget):
    """Pages with a bar to turn, enlarge and rotate them; PageUp and PageDown turn, + and − size."""

    shown = Signal()

    def __init__(self, name: str, none: str, view: View) -> None:
        super().__init__()
        self.setObjectName(name)
        self._view = view
        self._pages: list[QImage] = []
        self._page = 0
        self._size = 0
        self._turned = 0
        self.sheet = PageSheet()
        self.sheet.none = none
        self.area = PageArea()
        self.area.resized.connect(self._lay_out)
        self.area.setAccessibleName(self.tr("Vista del documento"))
        self.area.setWidget(self.sheet)
        self.area.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.back = self._tool("chevron-left", self.tr("Página anterior"), self.page_back)
        self.on = self._tool("chevron-right", self.tr("Página siguiente"), self.page_on)
        self.out = self._tool("minus", self.tr("Más pequeño"), self.smaller)
        self.into = self._tool("plus", self.tr("Más grande"), self.larger)
        self.rotate = self._tool("rotate-cw", self.tr("Girar a la derecha"), self.turn)
        self.where = label("", "muted", f"{name}_where")
        bar = QHBoxLayout()
        bar.setSpacing(4)
        bar.addWidget(self.back)
        bar.addWidget(self.where)
        bar.addWidget(self.on)
        bar.addStretch(1)
        bar.addWidget(self.rotate)
        bar.addWidget(self.out)
        bar.addWidget(self.into)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(bar)
        column.addWidget(self.area, 1)
        self._show()

    @property
    def pages(self) -> int:
        """How many pages there are; 0 while nothing is shown."""
        return len(self._pages)

    @property
    def page(self) -> int:
        """The page shown, counted from 1."""
        return self._page + 1

    def show_pdf(self, pdf: bytes) -> None:
        """Show one of the program's papers, or a filed PDF that was checked before."""
        scale = _DRAWN_AT * max(1.0, self.devicePixelRatioF())
        self._view.run(self._drawn, preview, pdf, scale)

    def show_picture(self, data: bytes, media_type: str) -> None:
        """Show a filed picture or PDF."""
        if media_type == "application/pdf":
            self.show_pdf(data)
        else:
            self._take([QImage.fromData(data)])

    def clear(self, none: str = "") -> None:
        """Show nothing: the paper belongs to a member."""
        if none:
            self.sheet.none = none
        self._take([])

    def page_on(self) -> None:
        """Turn to the next page."""
        self._turn_to(self._page + 1)

    def page_back(self) -> None:
        """Turn to the page before."""
        self._turn_to(self._page - 1)

    def larger(self) -> None:
        """Show the page one step larger."""
        self._size = min(self._size + 1, len(STEPS) - 1)
        self._show()

    def smaller(self) -> None:
        """Show the page one step smaller; the least fits the width."""
        self._size = max(self._size - 1, 0)
        self._show()

    def turn(self) -> None:
        """Turn the page by a quarter to the right."""
        self._turned = (self._turned + 90) % 360
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn with PageUp and PageDown, size with + and −."""
        deed = {
            Qt.Key.Key_PageDown: self.page_on,
            Qt.Key.Key_PageUp: self.page_back,
            Qt.Key.Key_Plus: self.larger,
            Qt.Key.Key_Minus: self.smaller,
        }.get(Qt.Key(event.key()))
        if deed is None:
            super().keyPressEvent(event)
        else:
            deed()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Size with Ctrl and the wheel."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            (self.larger if event.angleDelta().y() > 0 else self.smaller)()
        else:
            super().wheelEvent(event)

    def sizeHint(self) -> QSize:
        """Prefer the shape of a sheet."""
        return QSize(420, 520)

    def _drawn(self, pages: list[PagePicture]) -> None:
        form = QImage.Format.Format_RGBA8888
        # Copied: an image made on foreign bytes does not own them.
        self._take([QImage(p.data, p.width, p.height, 4 * p.width, form).copy() for p in pages])

    def _take(self, pages: list[QImage]) -> None:
        self._pages = pages
        self._page = self._size = self._turned = 0
        self._show()
        if pages:
            self.shown.emit()

    def _turn_to(self, page: int) -> None:
        if 0 <= page < len(self._pages):
            self._page = page
            self._show()
            self.area.verticalScrollBar().setValue(0)

    def _show(self) -> None:
        count = len(self._pages)
        image = self._pages[self._page] if count else QImage()
        if self._turned and count:
            image = image.transformed(QTransform().rotate(self._turned))
        self.sheet.image = image
        self.where.setText(
            self.tr("{page} de {count}").format(page=self.page, count=count) if count else ""
        )
        self.back.setEnabled(self._page > 0)
        self.on.setEnabled(self._page < count - 1)
        for paging in (self.back, self.on, self.where):
            paging.setVisible(count > 1)
        for tool in (self.rotate, self.out, self.into):
            tool.setVisible(count > 0)
        self.out.setEnabled(self._size > 0)
        self.into.setEnabled(self._size < len(STEPS) - 1)
        # Always there beside a page: a bar that comes and goes would change the width to fit.
        policy = Qt.ScrollBarPolicy
        self.area.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOn if count else policy.ScrollBarAlwaysOff
        )
        self._lay_out()
        self.sheet.update()

    def _lay_out(self) -> None:
        room = self.area.viewport().size()
        image = self.sheet.image
        if image.isNull():
            self.sheet.resize(room)
            return
        width = min(room.width() - 1, image.width()) * STEPS[self._size]
        self.sheet.resize(round(width), round(width * image.height() / image.width()) + 1)

    def _tool(self, sign: str, name: str, deed: object) -> QToolButton:
        tool = QToolButton()
        tool.setIcon(icon(sign))
        tool.setAccessibleName(name)
        tool.setToolTip(name)
        tool.clicked.connect(deed)
        return tool
