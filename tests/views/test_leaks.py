"""What was shown once is afterwards nowhere: no widget, undo, clipboard, log, file, spool (R11, R24, R28, R44, R88)."""

import base64
import hashlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from branch_desk.background import Background
from branch_desk.models.credentials import Secret, new_initial_credential
from branch_desk.models.staff import Role
from branch_desk.models.totp import TotpSecret
from branch_desk.operations.users import credential
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.window.main_window import MainWindow
from tests.access_builders import an_access
from tests.builders import PASSWORD, World
from tests.cups import Cups, cups, cups_server
from tests.journey import carry
from tests.views import traces
from tests.views.screen import press
from tests.views.window import a_window, enter, found, settle

__all__ = ["cups", "cups_server"]

ROOT = Path(__file__).resolve().parents[2]
NAME = "Ana María Méndez Ríos"


@pytest.fixture
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home and folder for temporary files of this test alone."""
    for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The secrets that are drawn while the test runs; they are drawn as ever."""
    heard: dict[str, str] = {}
    new_key = TotpSecret.new

    def clave(*about: Any, **more: Any) -> Secret:
        secret = new_initial_credential(*about, **more)
        heard["clave"] = secret.reveal()
        return secret

    def key(_: type[TotpSecret]) -> TotpSecret:
        secret = new_key()
        heard["key"] = secret.base32()
        return secret

    monkeypatch.setattr(credential, "new_initial_credential", clave)
    monkeypatch.setattr(TotpSecret, "new", classmethod(key))
    return heard


def show_user(qtbot: Any, window: MainWindow, access_id: UUID, tab: str) -> Any:
    assert window.shell is not None
    window.shell.go("access", access_id)
    settle(qtbot, window)
    screen: Any = window.shell.current
    step = getattr(screen, tab)
    screen.tabs.setCurrentWidget(step)
    settle(qtbot, window)
    return step


def swept() -> None:
    """What was thrown away is gone."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()


def nowhere(secrets: set[str], folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No text of the program holds one of these."""
    swept()
    places = {"widgets": traces.held(), "clipboards": traces.clipboards(), "log": caplog.text}
    assert "Puesto bloqueado" in places["widgets"]  # the search reads what is hidden, too
    left = {(where, text) for where, held in places.items() for text in secrets if text in held}
    assert left == set()
    assert traces.in_files(secrets, folder) == []


def qr_codes(widget: QWidget) -> list[str]:
    import zxingcpp
    from PIL import Image
    from PySide6.QtGui import QImage

    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    size = (image.width(), image.height())
    bits = bytes(image.constBits())
    plain = Image.frombytes("L", size, bits, "raw", "L", image.bytesPerLine(), 1)
    return [each.text for each in zxingcpp.read_barcodes(plain)]


def test_the_search_finds_what_a_careless_screen_would_leave(
    qtbot: Any, themed: Theme, tmp_path: Path
) -> None:
    field, box = QLineEdit(), QLineEdit()
    for each in (field, box):
        qtbot.addWidget(each)
    field.show()
    QTest.keyClicks(field, "KnRT5hvQ2mXw")
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert field.text() == ""
    assert "KnRT5hvQ2mXw" in traces.held()  # undo still gives it back
    for tell in (
        box.setPlaceholderText,
        box.setToolTip,
        box.setAccessibleName,
        box.setAccessibleDescription,
        box.setObjectName,
        box.setWindowTitle,
    ):
        tell("Zq8WcanarioT")
        assert "Zq8WcanarioT" in traces.held()
        tell("")
        assert "Zq8WcanarioT" not in traces.held()
    (tmp_path / "look.ini").write_text(base64.b64encode(b"Zq8WcanarioT").decode())
    assert len(traces.in_files(traces.forms("Zq8WcanarioT"), tmp_path)) == 1


@pytest.mark.parametrize("end", ["time over", "escape", "lock"])
def test_a_clave_that_was_shown_is_afterwards_nowhere(
    end: str,
    own_places: Path,
    drawn: dict[str, str],
    window: MainWindow,
    desk_world: World,
    settings: QSettings,
    qtbot: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    access_id = an_access(desk_world)
    enter(qtbot, window, desk_world)
    step = show_user(qtbot, window, access_id, "credential")
    press(step, "issue_screen")
    screen = window.member_screen
    qtbot.waitUntil(lambda: screen.shown() == "credential")
    secrets = traces.forms(drawn["clave"])
    nowhere(secrets, own_places, caplog)  # not even while the member reads it
    QTest.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    if end == "time over":
        screen.credential.life.end()
    elif end == "escape":
        QTest.keyClick(screen, Qt.Key.Key_Escape)
    else:
        window.lock()
    settle(qtbot, window)
    assert screen.credential.is_empty
    settings.sync()
    nowhere(secrets, own_places, caplog)


def test_a_qr_and_its_key_are_afterwards_nowhere(
    own_places: Path,
    drawn: dict[str, str],
    window: MainWindow,
    desk_world: World,
    settings: QSettings,
    qtbot: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    access_id = an_access(desk_world)
    enter(qtbot, window, desk_world)
    step = show_user(qtbot, window, access_id, "token")
    press(step, "show_qr")
    screen = window.member_screen
    qtbot.waitUntil(lambda: screen.shown() == "qr")
    [uri] = qr_codes(screen)
    secrets = traces.forms_of_key(drawn["key"]) | {uri, quote(uri, safe=""), "otpauth:"}
    assert drawn["key"] in uri
    nowhere(secrets, own_places, caplog)
    press(screen, "member_no_camera")
    assert screen.shown() == "key"
    nowhere(secrets, own_places, caplog)
    screen.key.life.end()
    settle(qtbot, window)
    settings.sync()
    nowhere(secrets, own_places, caplog)
    assert [qr_codes(each) for each in QApplication.topLevelWidgets() if each.isVisible()] == [[]]


def test_after_a_slip_neither_desk_nor_spool_keeps_it(
    own_places: Path,
    drawn: dict[str, str],
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    cups: Cups,
    qtbot: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    access_id = an_access(desk_world)
    with a_window(desk_world, background, settings, themed, qtbot, printer_uri=cups.uri) as window:
        enter(qtbot, window, desk_world)
        step = show_user(qtbot, window, access_id, "credential")
        press(step, "issue_slip")
        qtbot.waitUntil(lambda: step.problem_bar.meaning is Meaning.GOOD, timeout=20_000)
        settle(qtbot, window)
        settings.sync()
        secrets = traces.forms(drawn["clave"])
        nowhere(secrets, own_places, caplog)
    [paper] = cups.captured
    spool = traces.files(cups.root / "spool", cups.root / "tmp", cups.root / "cache")
    assert [name for name, content in spool.items() if paper[:200] in content] == []
    assert traces.in_files(secrets, cups.root / "spool", *cups.root.glob("*_log")) == []
    assert [n for n, content in traces.files(own_places).items() if b"%PDF" in content] == []


ZYGOTE = """
import os, sys, time, tempfile
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from branch_desk.__main__ import _close
_close()
from branch_desk.models.access import Delivery
from branch_desk.operations.users import access, credential
from branch_desk.printing import PrintQueue, PrintState
from branch_desk.reports import credential_slip
from branch_desk.views.users import step_credential
from tests.access_builders import an_access
from tests.builders import a_world

def tell(word):
    os.write(1, (word + "\\n").encode())

class Stops:
    def __init__(self, where, uri):
        self.where, self.queue = where, PrintQueue(uri, patience=60)
    def stop(self, here):
        if here == self.where:
            tell(f"at {os.getpid()}")
            time.sleep(60)
    def print(self, pdf, *, job_name="Documento", on_state=None):
        self.stop("rendered")
        return self.queue.print(pdf, on_state=lambda state: self.stop(str(state)))

def one(where, url, uri):
    world = a_world(url)
    desk = world.desk()
    access_id = an_access(world)
    secret = credential.issue(desk, access_id, Delivery.SLIP)
    tell("clave " + secret.reveal())
    stops = Stops(where, uri)
    stops.stop("issued")
    file = desk(access.file, access_id)
    step_credential.print_slip(desk, stops, file, secret, "CEN", "https://x.example")

for line in sys.stdin:
    where, url, uri = line.split()
    child = os.fork()
    if child == 0:
        one(where, url, uri)
        os._exit(0)
    os.waitpid(child, 0)
    tell("gone")
"""


def test_a_program_killed_while_it_prints_a_slip_leaves_no_file_with_the_key(
    own_places: Path, sqlite_template: Path, cups: Cups
) -> None:
    cups.behave("hang")
    desk = own_places / "desk"
    desk.mkdir()
    environ = dict(os.environ) | {"BRANCH_DESK_DATA": str(desk), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", ZYGOTE, str(ROOT)],
        cwd=desk,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        killed = []
        for number, where in enumerate(["issued", "rendered", "PRINTING", "SENT", "WAITING"]):
            database = desk / f"{number}.sqlite"
            database.write_bytes(sqlite_template.read_bytes())
            child.stdin.write(f"{where} sqlite:///{database} {cups.uri}\n")
            clave = child.stdout.readline().split()[1]
            at, pid = child.stdout.readline().split()
            assert at == "at"
            os.kill(int(pid), signal.SIGKILL)
            assert child.stdout.readline() == "gone\n"
            killed.append(clave)
            assert traces.in_files(traces.forms(clave), own_places) == []
        papers = [n for n, content in traces.files(own_places).items() if b"%PDF" in content]
        assert papers == []
        assert len(set(killed)) == 5
        child.stdin.close()


# -- the locked desk


def fill_every_screen(
    qtbot: Any, window: MainWindow, world: World, enrolment_id: UUID, access_id: UUID
) -> None:
    shell = window.shell
    assert shell is not None
    subjects = {"enrolment": enrolment_id, "access": access_id, "approvals": enrolment_id}
    for name in shell._may:
        shell.go(name, subjects.get(name))
        settle(qtbot, window)
    shell.top.search.setText("mén")
    settle(qtbot, window)


def locked_picture(window: MainWindow) -> bytes:
    window.overlay._password.clearFocus()
    swept()
    image = window.grab().toImage()
    return hashlib.sha256(bytes(image.constBits())).digest()


def test_the_lock_over_full_screens_is_pixel_for_pixel_the_lock_over_empty_ones(
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    qtbot: Any,
) -> None:
    ana = desk_world.member()
    desk_world.account(ana)
    enrolment_id = carry(desk_world, desk_world.desk("otra"))
    access_id = an_access(
        desk_world, number="000124", document_number="7654321", user_name="amendez2"
    )
    with a_window(desk_world, background, settings, themed, qtbot) as window:
        enter(qtbot, window, desk_world, "jefa", Role.SUPERVISOR)
        window.lock()
        settle(qtbot, window)
        empty = locked_picture(window)
        window.leave()
        settle(qtbot, window)
        enter(qtbot, window, desk_world, "jefa", Role.SUPERVISOR)
        fill_every_screen(qtbot, window, desk_world, enrolment_id, access_id)
        shell = window.shell
        assert shell is not None
        shell.go("enrolment", enrolment_id)
        settle(qtbot, window)
        assert NAME in traces.visible()
        dialog = Confirmation("Rechazar", f"¿Rechazar a {NAME}?", "&Rechazar", parent=window)
        dialog.open()
        secret = bytearray(b"KnRT5hvQ2mXw")
        window.member_screen.present(window)
        window.member_screen.show_credential(secret)
        window.lock()
        settle(qtbot, window)
        assert not dialog.isVisible()
        assert not window.member_screen.isVisible()
        assert secret == b""
        seen = traces.visible()
        for words in ("Méndez", "Ana", "4567891", "amendez", "SC01-"):
            assert words not in seen, words
        assert locked_picture(window) == empty
        shown, counted = shell.shown, len(desk_world.sessions())
        for key in ("F2", "F3", "F4", "F5", "F6", "F8", "F9", "Escape", "Tab", "Return"):
            QTest.keyClick(window.windowHandle(), getattr(Qt.Key, f"Key_{key}"))
        for key in ("K", "R", "L", "Return"):
            code = getattr(Qt.Key, f"Key_{key}")
            QTest.keyClick(window.windowHandle(), code, Qt.KeyboardModifier.ControlModifier)
        for key in "ABDEFGIJKMNPRSTUVZ":
            code = getattr(Qt.Key, f"Key_{key}")
            QTest.keyClick(window.windowHandle(), code, Qt.KeyboardModifier.AltModifier)
            focus = window.focusWidget()
            assert focus is None or window.overlay.isAncestorOf(focus), key
        settle(qtbot, window)
        assert window.overlay.is_locked
        assert (shell.shown, len(desk_world.sessions())) == (shown, counted)
        assert not any(w.isVisible() and w is not window for w in QApplication.topLevelWidgets())


def test_half_a_request_waits_for_the_same_person_and_no_widget_keeps_it_for_another(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    half = {"first_names": "Perpetua", "first_surname": "Yapacani", "address": "Calle Guapuru 7"}
    enter(qtbot, window, desk_world)
    assert window.shell is not None
    window.shell.go("new_request")
    settle(qtbot, window)
    for name, text in half.items():
        field = found(window, QLineEdit, name)
        field.setFocus()
        QTest.keyClicks(field, text)
    window.lock()
    settle(qtbot, window)
    assert not any(text in traces.visible() for text in half.values())
    desk_world.clock.forward(seconds=31)
    found(window, QLineEdit, "lock_password").setText(PASSWORD)
    if found(window, QLineEdit, "lock_code").isVisible():
        found(window, QLineEdit, "lock_code").setText(desk_world.code(desk_world.people["oficial"]))
    found(window, QPushButton, "lock_go").click()
    settle(qtbot, window)
    assert not window.overlay.is_locked
    assert {name: found(window, QLineEdit, name).text() for name in half} == half
    window.lock()
    found(window, QPushButton, "lock_leave").click()
    settle(qtbot, window)
    enter(qtbot, window, desk_world, "jefa", Role.SUPERVISOR)
    assert window.shell is not None
    window.shell.go("new_request")
    settle(qtbot, window)
    swept()
    held = traces.held()
    assert [text for text in half.values() if text in held] == []


def test_a_password_that_was_typed_is_held_by_no_widget(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    desk_world.staff("oficial")
    window.sign_in.user.setText("oficial")
    QTest.keyClicks(window.sign_in.password, PASSWORD)
    QTest.keyClick(window.sign_in.password, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window.sign_in.password, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert PASSWORD not in traces.clipboards()
    QTest.keyClick(window.sign_in.password, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert PASSWORD not in traces.clipboards()
    enter(qtbot, window, desk_world)
    window.lock()
    settle(qtbot, window)
    QTest.keyClicks(found(window, QLineEdit, "lock_password"), "Zorzal88yerra")
    found(window, QPushButton, "lock_go").click()
    settle(qtbot, window)
    held = traces.held() + traces.clipboards()
    assert PASSWORD not in held
    assert "Zorzal88yerra" not in held
    assert QGuiApplication.clipboard().text() != PASSWORD
