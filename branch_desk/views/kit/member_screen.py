"""The screen turned to the member: white, enormous, nothing but what the member must do now.

It is a second window, full screen on the second monitor; with one monitor it covers the desk's
window («gire el monitor»). It never follows dark mode: a tinted QR code does not read. The
officer's own window never gets what is shown here.
"""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from branch_desk.views.kit import theme
from branch_desk.views.kit.fields import CodeField
from branch_desk.views.kit.icons import draw_plain
from branch_desk.views.kit.picture import QrView
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.kit.secret_panel import (
    SECONDS_SHOWN,
    SecretPanel,
    ShortLife,
    keep_off_captures,
    overwrite,
)
from branch_desk.views.kit.theme import GRID, Scheme

QR_SIDE: Final = 400
QR_SECONDS: Final = 180
"""Long enough to install nothing but open, scan and read: the code dies with the page (R44)."""


_SECRET_PAGES: Final = ("credential", "qr", "key")
_MIDDLE: Final = Qt.AlignmentFlag.AlignHCenter


class StepPicture(QWidget):
    """A line icon in the accent of the light look, whatever the look of the desk."""

    def __init__(self, sign: str, side: int = 56, ink: str = "accent") -> None:
        super().__init__()
        self._sign = sign
        self._ink = theme.colours(Scheme.LIGHT)[ink]
        self.setFixedSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the icon."""
        draw_plain(QPainter(self), self._sign, self._ink, QRectF(self.rect()))


class MemberScreen(QWidget):
    """Pages for the member.

    `code_typed` carries the six digits. `key_asked` means that the phone has no camera,
    `code_seen` that it shows its first code and the member wants to type it. `ended`
    means that what was shown is gone (time over, locked, closed). `left` means that the officer
    pressed Esc.
    """

    code_typed = Signal(str)
    key_asked = Signal()
    code_seen = Signal()
    ended = Signal()
    left = Signal()

    def __init__(self, cooperative: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("member_screen")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(cooperative)
        self._cooperative = cooperative
        self._seconds = 0
        self.presented_by: QObject | None = None
        self._pages = QStackedLayout()
        self.countdown = QProgressBar()
        self.countdown.setTextVisible(False)
        self.countdown.setAccessibleName(self.tr("Tiempo que queda"))
        self.time_left = label("", "small", "member_time_left")
        self.time_left.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.credential = SecretPanel(self.tr("Clave inicial"))
        self.credential.setObjectName("member_credential")
        self.key = SecretPanel(self.tr("Clave para el autenticador"))
        self.key.setObjectName("member_key")
        self.qr = QrView(self.tr("Código QR"), QR_SIDE)
        self.qr.setObjectName("member_qr")
        self._qr_life = ShortLife(self)
        self.code = CodeField("member_code")
        self.code.setProperty("kind", "enormous")
        self.code.setAccessibleName(self.tr("Código de seis dígitos"))
        self.code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.wrong = label("", "wrong", "member_wrong", wrap=True)
        self.wrong.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._places: dict[str, QWidget] = {}
        self._build()
        self.rest()

    # -- where

    def present(self, window: QWidget, by: QObject | None = None) -> bool:
        """Show full screen on a second monitor if there is one, else over `window`.

        `by` is who answers to the member from here on; whoever did before no longer does. Return
        whether there is a second monitor.
        """
        self.presented_by = by
        own = window.screen()
        other = [screen for screen in QGuiApplication.screens() if screen is not own]
        if other:
            self.setParent(None)
            self.setWindowFlag(Qt.WindowType.Window, True)  # noqa: FBT003 Qt's own signature
            self.setGeometry(other[0].geometry())
            self.showFullScreen()
            keep_off_captures(self)
            return True
        self.setParent(window)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.setFocus()
        return False

    # -- pages

    def rest(self) -> None:
        """Greet, and show nothing of anybody."""
        self._forget()
        self._turn("welcome")

    def show_credential(self, secret: bytearray, seconds: int = SECONDS_SHOWN) -> None:
        """Show the clave inicial once; its bytes are overwritten when the page ends."""
        self._forget()
        self._turn("credential")
        self._start(seconds)
        self.credential.show_secret(secret, seconds)

    def show_qr(self, uri: bytearray, seconds: int = QR_SECONDS) -> None:
        """Show the QR code for the authenticator; the URI's bytes are overwritten at once."""
        self._forget()
        self._turn("qr")
        self.qr.show_content(uri)
        self._start(seconds)
        self._qr_life.start(seconds)
        overwrite(uri)

    def show_key(self, key: bytearray, seconds: int = QR_SECONDS) -> None:
        """Show the key to type by hand, for a phone without camera."""
        self._forget()
        self._turn("key")
        self._start(seconds)
        self.key.show_secret(key, seconds)

    def ask_code(self, sentence: str = "") -> None:
        """Ask for the six digits; `sentence` says why the last ones were not accepted."""
        if self.shown() != "code":
            self._forget()
        self._turn("code")
        self.code.set_value("")
        self.wrong.setText(sentence)
        self.code.setFocus()

    def show_ready(self) -> None:
        """Say that the token was tried and works."""
        self._forget()
        self._turn("ready")

    def shown(self) -> str:
        """Return the page shown: welcome, credential, qr, key, code or ready."""
        current = self._pages.currentWidget()
        return next(name for name, page in self._places.items() if page is current)

    def dismiss(self) -> None:
        """Close for the lock or the end: everything secret is gone, the window hidden."""
        had = self.shown() in _SECRET_PAGES
        self.rest()
        self.hide()
        if had:
            self.ended.emit()

    # -- inside

    def _start(self, seconds: int) -> None:
        self._seconds = seconds
        self.countdown.setRange(0, seconds)
        self._show_left(seconds)
        self.countdown.show()
        self.time_left.show()

    def _show_left(self, left: int) -> None:
        self.countdown.setValue(left)
        self.time_left.setText(
            self.tr("Esta pantalla se borra en {seconds} s").format(seconds=left)
        )

    def _end(self) -> None:
        had = self.shown() in _SECRET_PAGES
        self._forget()
        if had:
            self._turn("welcome")
        self.ended.emit()

    def _forget(self) -> None:
        for panel in (self.credential, self.key):
            panel.blockSignals(True)  # noqa: FBT003 Qt's own signature
            panel.wipe()
            panel.blockSignals(False)  # noqa: FBT003 Qt's own signature
        self._qr_life.stop()
        self.qr.wipe()
        self.code.set_value("")
        self.wrong.setText("")
        self.countdown.hide()
        self.time_left.hide()

    def _turn(self, name: str) -> None:
        self._pages.setCurrentWidget(self._places[name])

    def _build(self) -> None:
        for panel in (self.credential, self.key):
            panel.life.ticked.connect(self._show_left)
            panel.ended.connect(self._end)
        self._qr_life.ticked.connect(self._show_left)
        self._qr_life.over.connect(self._end)
        self.code.complete.connect(self.code_typed)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(6 * GRID, 4 * GRID, 6 * GRID, 3 * GRID)
        # First of all: without a place, a stack shows its first page as a window of its own.
        whole.addLayout(self._pages, 1)
        self._add("welcome", self._welcome())
        self._add(
            "credential",
            self._page(
                self.tr("Su clave inicial"),
                self.tr("Anótela ahora. Se muestra una sola vez y nadie más debe verla."),
                self.credential,
            ),
        )
        self._add("qr", self._qr_page())
        self._add(
            "key",
            self._key_page(),
        )
        self._add("code", self._code_page())
        self._add("ready", self._ready())
        foot = QVBoxLayout()
        foot.addWidget(self.time_left)
        foot.addWidget(self.countdown)
        whole.addLayout(foot)

    def _add(self, name: str, page: QWidget) -> None:
        self._places[name] = page
        page.setObjectName(f"member_page_{name}")
        self._pages.addWidget(page)

    def _welcome(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(2)
        column.addWidget(StepPicture("landmark", 88), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(_big(self._cooperative, "huge"))
        column.addWidget(_big(self.tr("Bienvenida, bienvenido. Enseguida continuamos con usted.")))
        column.addStretch(3)
        return page

    def _page(self, title: str, sentence: str, middle: QWidget) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(2 * GRID)
        column.addStretch(1)
        column.addWidget(_big(title, "huge"))
        column.addWidget(_big(sentence))
        column.addSpacing(2 * GRID)
        column.addWidget(middle)
        column.addStretch(2)
        return page

    def _qr_page(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setSpacing(6 * GRID)
        left = QVBoxLayout()
        left.setSpacing(3 * GRID)
        left.addStretch(1)
        left.addWidget(_big(self.tr("Active su token"), "huge", centred=False))
        steps = (
            ("smartphone", self.tr("Abra Google Authenticator en su teléfono.")),
            ("scan-line", self.tr("Toque + y «Escanear un código QR».")),
            ("shield-check", self.tr("Apunte a este código y espere los seis dígitos.")),
        )
        for number, (sign, words) in enumerate(steps, start=1):
            step = QHBoxLayout()
            step.setSpacing(2 * GRID)
            step.addWidget(StepPicture(sign))
            step.addWidget(_big(f"{number}. {words}", centred=False), 1)
            left.addLayout(step)
        other = button(self.tr("Mi teléfono no puede leer el &código"), "link", "member_no_camera")
        other.clicked.connect(self.key_asked)
        left.addWidget(self._seen("member_qr_seen"), 0, Qt.AlignmentFlag.AlignLeft)
        left.addWidget(other, 0, Qt.AlignmentFlag.AlignLeft)
        left.addStretch(2)
        row.addLayout(left, 1)
        row.addWidget(self.qr, 1)
        return page

    def _key_page(self) -> QWidget:
        page = self._page(
            self.tr("Escriba esta clave en su teléfono"),
            self.tr("En Google Authenticator: + · Ingresar clave de configuración."),
            self.key,
        )
        column = page.layout()
        if isinstance(column, QVBoxLayout):
            seen = self._seen("member_key_seen")
            column.insertWidget(column.indexOf(self.key) + 1, seen, 0, _MIDDLE)
        return page

    def _seen(self, name: str) -> QPushButton:
        result = button(self.tr("Ya veo los seis dígitos"), "primary", name)
        result.clicked.connect(self.code_seen)
        return result

    def _code_page(self) -> QWidget:
        page = self._page(
            self.tr("Escriba los seis dígitos"),
            self.tr("Los que su teléfono muestra ahora para CosmartNet."),
            self.code,
        )
        column = page.layout()
        if isinstance(column, QVBoxLayout):
            column.setAlignment(self.code, Qt.AlignmentFlag.AlignHCenter)
            column.insertWidget(column.indexOf(self.code) + 1, self.wrong)
        self.code.setFixedWidth(520)
        return page

    def _ready(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(2 * GRID)
        column.addStretch(2)
        column.addWidget(StepPicture("circle-check", 120, "good"), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(_big(self.tr("Listo, su token está probado"), "huge"))
        column.addWidget(_big(self.tr("Desde ahora su teléfono confirma sus operaciones.")))
        column.addStretch(3)
        return page

    def event(self, event: QEvent) -> bool:
        """Keep Escape from the desk behind, where it would turn to the screen before."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.setAccepted(event.key() == Qt.Key.Key_Escape)
            return event.isAccepted()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give the window back to the officer on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
            self.left.emit()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Wipe when the window is closed."""
        self._end()
        super().closeEvent(event)

    def sizeHint(self) -> QSize:
        """Prefer the size of the smallest screen that is supported."""
        return QSize(1366, 768)


def _big(text: str, kind: str = "large", *, centred: bool = True) -> QLabel:
    result = label(text, kind, wrap=True)
    if centred:
        result.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return result
