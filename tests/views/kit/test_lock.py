"""The desk locks itself, shows nobody's data, and lets nothing through."""

from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.idle import Clocks, IdleWatch
from branch_desk.views.window.lock_overlay import LockOverlay
from tests.views.kit.accessibility import nameless

NAME = "Ñahui Quispe"


class Clock:
    def __init__(self) -> None:
        self.monotonic = 1000.0
        self.wall = 1_790_000_000.0

    def pass_(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(qapp: QApplication, clock: Clock) -> Any:
    made = IdleWatch(qapp, Clocks(lambda: clock.monotonic, lambda: clock.wall), 180)
    made.begin_session()
    yield made
    made.stop()
    qapp.removeEventFilter(made)


@pytest.fixture
def locks(watch: IdleWatch) -> list[str]:
    said: list[str] = []
    watch.left_alone.connect(lambda: said.append("idle"))
    watch.too_long.connect(lambda: said.append("long"))
    return said


@pytest.mark.parametrize("run", range(100))
def test_it_is_open_a_second_before_the_limit_and_locked_a_second_after(
    watch: IdleWatch, clock: Clock, locks: list[str], run: int
) -> None:
    clock.pass_(179)
    watch.look()
    assert locks == []
    clock.pass_(2)
    watch.look()
    watch.look()
    assert locks == ["idle"]


@pytest.mark.parametrize("back", [3600, 86_400])
def test_setting_the_wall_clock_back_does_not_keep_it_open(
    watch: IdleWatch, clock: Clock, locks: list[str], back: int
) -> None:
    clock.wall -= back
    clock.pass_(181)
    watch.look()
    assert locks == ["idle"]


def test_a_machine_that_slept_is_locked_by_the_wall_clock_before_the_first_key_counts(
    watch: IdleWatch, clock: Clock, locks: list[str], qtbot: Any
) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    clock.wall += 600
    qtbot.keyClick(field, "a")
    watch.look()
    assert locks == ["idle"]


def test_eight_hours_end_the_session_however_busy(
    watch: IdleWatch, clock: Clock, locks: list[str]
) -> None:
    for _ in range(8 * 60):
        clock.pass_(60)
        watch.resume()
        watch.look()
    assert locks == ["long"]


def test_what_the_program_does_itself_does_not_count_as_somebody_there(
    watch: IdleWatch, clock: Clock, locks: list[str], qtbot: Any
) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    clock.pass_(170)
    field.setText("aviso")
    fired: list[int] = []
    QTimer.singleShot(0, lambda: fired.append(1))
    qtbot.waitUntil(lambda: fired == [1])
    clock.pass_(11)
    watch.look()
    assert locks == ["idle"]


@pytest.mark.parametrize("seconds", [0, 59, 901])
def test_a_limit_beyond_the_house_rule_is_refused(
    qapp: QApplication, clock: Clock, seconds: int
) -> None:
    with pytest.raises(ValueError, match="minutes"):
        IdleWatch(qapp, Clocks(lambda: clock.monotonic, lambda: clock.wall), seconds)


class Desk(QMainWindow):
    def __init__(self) -> None:
        super().__init__()
        body = QWidget()
        self.setCentralWidget(body)
        column = QVBoxLayout(body)
        self.field = QLineEdit(NAME)
        self.field.setAccessibleName("Nombre")
        self.go = QPushButton("&Aprobar")
        self.approved = 0
        column.addWidget(self.field)
        column.addWidget(self.go)
        self.go.clicked.connect(self._approve)
        self.key = QShortcut(QKeySequence("F2"), self)
        self.key.activated.connect(self._approve)
        self.overlay = LockOverlay(self)

    def _approve(self) -> None:
        self.approved += 1


@pytest.fixture
def desk(themed: Any, qtbot: Any) -> Desk:
    made = Desk()
    made.resize(1366, 768)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def picture(desk: Desk) -> QImage:
    return desk.grab().toImage()


def test_the_lock_shows_nothing_of_what_stands_behind(desk: Desk) -> None:
    desk.field.setFocus()
    desk.overlay.lock("Rosa Vaca")
    desk.overlay._password.clearFocus()
    with_data = picture(desk)
    shown = [w for w in desk.findChildren(QWidget) if w.isVisible()]
    assert not any(
        NAME in getattr(w, "text", str)() for w in shown if not isinstance(w, QMainWindow)
    )
    desk.overlay.unlock()
    desk.field.setText("")
    desk.overlay.lock("Rosa Vaca")
    desk.overlay._password.clearFocus()
    assert picture(desk) == with_data


def test_no_shortcut_reaches_what_stands_behind(desk: Desk, qtbot: Any) -> None:
    qtbot.keyClick(desk, Qt.Key.Key_F2)
    assert desk.approved == 1
    desk.overlay.lock("Rosa Vaca")
    qtbot.keyClick(desk.windowHandle(), Qt.Key.Key_F2)
    qtbot.keyClick(desk.windowHandle(), Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    for _ in range(12):
        qtbot.keyClick(desk.windowHandle(), Qt.Key.Key_Tab)
        assert desk.overlay.isAncestorOf(desk.focusWidget())
    assert desk.approved == 1


def test_an_open_dialog_is_answered_with_no(desk: Desk, qtbot: Any) -> None:
    dialog = Confirmation("Emitir", NAME, "&Emitir clave", parent=desk)
    answers: list[int] = []
    dialog.finished.connect(answers.append)
    dialog.open()
    desk.overlay.lock("Rosa Vaca")
    assert answers == [0]
    assert not dialog.isVisible()


def test_a_half_filled_form_is_there_again_for_the_same_person(desk: Desk) -> None:
    desk.field.setFocus()
    desk.overlay.lock("Rosa Vaca")
    desk.overlay.unlock()
    assert desk.field.text() == NAME
    assert desk.field.isVisible()
    assert desk.field.hasFocus()


def test_the_password_is_handed_over_once_and_a_refusal_is_said(desk: Desk, qtbot: Any) -> None:
    asked: list[tuple[str, str]] = []
    desk.overlay.unlock_asked.connect(lambda password, code: asked.append((password, code)))
    desk.overlay.lock("Rosa Vaca", needs_code=True)
    qtbot.keyClicks(desk.overlay._password, "Secreta-12")
    qtbot.keyClick(desk.overlay._password, Qt.Key.Key_Return)
    assert asked == [("Secreta-12", "")]
    assert desk.overlay._password.text() == ""
    desk.overlay.refuse("No se pudo ingresar.")
    assert desk.overlay.is_locked
    assert desk.overlay._wrong.text() == "No se pudo ingresar."


def test_the_lock_covers_a_window_that_grows(desk: Desk, qtbot: Any) -> None:
    desk.overlay.lock("Rosa Vaca")
    desk.resize(1500, 900)
    qtbot.waitUntil(lambda: desk.overlay.size() == desk.size())


def test_everything_on_the_lock_has_a_name(desk: Desk) -> None:
    desk.overlay.lock("Rosa Vaca", needs_code=True)
    assert nameless(desk.overlay) == []


def test_a_confirmation_does_nothing_by_a_stray_enter(desk: Desk, qtbot: Any) -> None:
    dialog = Confirmation("Emitir", "¿Seguro?", "&Emitir clave", parent=desk)
    qtbot.addWidget(dialog)
    answers: list[int] = []
    dialog.finished.connect(answers.append)
    with qtbot.waitActive(dialog):
        dialog.open()
        dialog.activateWindow()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert answers == [0]
