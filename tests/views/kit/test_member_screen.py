"""What the member sees: once, for a minute, readable, and gone."""

from typing import Any

import pytest
import zxingcpp
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QImage
from PySide6.QtWidgets import QLabel, QLineEdit, QMainWindow, QWidget

from branch_desk.views.kit.member_screen import MemberScreen
from branch_desk.views.kit.picture import Picture, qr_image
from branch_desk.views.kit.secret_panel import SecretPanel
from branch_desk.views.kit.theme import Scheme, Theme
from tests.views.kit.accessibility import nameless

SECRET = b"kR7mWq3ZtB9x"
URI = b"otpauth://totp/CosmartNet:lmendez?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=CosmartNet&algorithm=SHA1&digits=6&period=30"


@pytest.fixture
def screen(themed: Theme, qtbot: Any) -> MemberScreen:
    made = MemberScreen("Cooperativa Cosmart")
    made.resize(1366, 768)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def read_codes(widget: QWidget) -> list[str]:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    from PIL import Image

    plain = Image.frombytes(
        "L",
        (image.width(), image.height()),
        bytes(image.constBits()),
        "raw",
        "L",
        image.bytesPerLine(),
        1,
    )
    return [found.text for found in zxingcpp.read_barcodes(plain)]


def texts(widget: QWidget) -> str:
    said = []
    for each in [widget, *widget.findChildren(QWidget)]:
        interface = QAccessible.queryAccessibleInterface(each)
        if interface is not None:
            said += [
                interface.text(kind)
                for kind in (
                    QAccessible.Text.Name,
                    QAccessible.Text.Value,
                    QAccessible.Text.Description,
                )
            ]
        if isinstance(each, QLabel | QLineEdit):
            said.append(each.text())
        said += [each.objectName(), each.windowTitle(), each.toolTip()]
    return " ".join(said)


@pytest.mark.parametrize("look", [Scheme.LIGHT, Scheme.DARK])
def test_the_qr_is_read_back_from_the_screen_in_either_look(
    screen: MemberScreen, themed: Theme, look: Scheme
) -> None:
    themed.choose(look)
    uri = bytearray(URI)
    screen.show_qr(uri)
    assert read_codes(screen) == [URI.decode()]
    assert uri == bytearray()
    assert screen.qr.width() >= 320
    screen.rest()
    assert read_codes(screen) == []


def test_the_qr_has_its_quiet_zone() -> None:
    image = qr_image(URI)
    for place in range(image.width()):
        for edge in (*range(4), *range(image.width() - 4, image.width())):
            assert image.pixelColor(place, edge) == Qt.GlobalColor.white
            assert image.pixelColor(edge, place) == Qt.GlobalColor.white


def test_the_clave_inicial_can_be_seen_but_not_read_by_any_other_way(screen: MemberScreen) -> None:
    QGuiApplication.clipboard().setText("before")
    empty = screen.grab().toImage()
    screen.show_credential(bytearray(SECRET))
    assert screen.grab().toImage() != empty
    said = texts(screen)
    for start in range(0, len(SECRET), 4):
        assert SECRET[start : start + 4].decode() not in said
    assert screen.credential.accessibleName() == "Clave inicial"
    assert QGuiApplication.clipboard().text() == "before"


def test_its_bytes_are_overwritten_when_the_page_is_turned(screen: MemberScreen) -> None:
    secret = bytearray(SECRET)
    screen.show_credential(secret)
    screen.ask_code()
    assert secret == bytearray()
    assert screen.credential.is_empty


def test_it_goes_by_itself_when_the_time_is_over(screen: MemberScreen, qtbot: Any) -> None:
    secret = bytearray(SECRET)
    screen.show_credential(secret, 2)
    assert "2 s" in screen.time_left.text()
    screen.credential.life._timer.setInterval(10)
    with qtbot.waitSignal(screen.ended):
        pass
    assert secret == bytearray()
    assert screen.shown() == "welcome"
    assert screen.countdown.isHidden()


def test_the_qr_goes_by_itself_too(screen: MemberScreen, qtbot: Any) -> None:
    screen.show_qr(bytearray(URI), 2)
    screen._qr_life._timer.setInterval(10)
    with qtbot.waitSignal(screen.ended):
        pass
    assert screen.qr.is_empty


def test_leaving_the_program_ends_it(screen: MemberScreen) -> None:
    secret = bytearray(SECRET)
    screen.show_credential(secret)
    app = QGuiApplication.instance()
    assert isinstance(app, QGuiApplication)
    app.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert secret == bytearray()


@pytest.mark.parametrize("way", ["dismiss", "close", "escape"])
def test_closing_wipes(screen: MemberScreen, qtbot: Any, way: str) -> None:
    secret = bytearray(SECRET)
    screen.show_credential(secret)
    if way == "escape":
        with qtbot.waitSignal(screen.left):
            qtbot.keyClick(screen, Qt.Key.Key_Escape)
    else:
        getattr(screen, way)()
    assert secret == bytearray()
    assert not screen.isVisible()


def test_the_member_types_the_code_and_a_wrong_one_is_explained(
    screen: MemberScreen, qtbot: Any
) -> None:
    screen.ask_code()
    assert screen.code.hasFocus()
    with qtbot.waitSignal(screen.code_typed) as typed:
        qtbot.keyClicks(screen.code, "123456")
    assert typed.args == ["123456"]
    screen.ask_code("El código ya se usó.")
    assert screen.code.text() == ""
    assert screen.wrong.text() == "El código ya se usó."
    screen.show_ready()
    assert screen.wrong.text() == ""


def test_with_one_monitor_it_covers_the_window_of_the_desk(
    screen: MemberScreen, qtbot: Any
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    assert not screen.present(window)
    assert screen.size() == window.size()
    screen.setParent(None)


def test_everything_on_it_has_a_name(screen: MemberScreen) -> None:
    assert nameless(screen) == []


def test_long_keys_break_into_lines_that_fit(screen: MemberScreen) -> None:
    screen.show_key(bytearray(b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
    screen.grab()
    assert screen.key.height() >= screen.key._height(screen.key.width())


def test_a_second_secret_overwrites_the_first(qtbot: Any) -> None:
    panel = SecretPanel("Clave inicial")
    qtbot.addWidget(panel)
    first, second = bytearray(b"AAAABBBB"), bytearray(b"CCCCDDDD")
    panel.show_secret(first)
    panel.show_secret(second)
    assert first == bytearray()
    panel.wipe()
    assert second == bytearray()


def test_a_picture_that_cannot_be_read_says_so(qtbot: Any) -> None:
    picture = Picture("Cédula", "Sin imagen")
    qtbot.addWidget(picture)
    assert not picture.show_image(b"not an image")
    assert picture.is_empty
