"""What the window offers beside the tasks: its look, its keys, a list as a file, the printer."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel

from branch_desk.background import Background
from branch_desk.models.audit import AuditEvent
from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.operations.request import enrolment
from branch_desk.views.kit import shortcuts, theme
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.incoming import FileChoice
from branch_desk.views.kit.theme import Meaning, Scheme, Theme
from branch_desk.views.window.main_window import MainWindow
from branch_desk.views.window.printer_watch import PrinterWatch
from branch_desk.views.window.shortcut_list import ShortcutList
from tests.builders import World
from tests.cups import Cups, cups, cups_server
from tests.journey import an_application
from tests.views.window import a_window, enter, events, settle

__all__ = ["cups", "cups_server"]

CTRL = Qt.KeyboardModifier.ControlModifier


def shell_of(window: MainWindow) -> Any:
    assert window.shell is not None
    return window.shell


def keys_page(window: MainWindow) -> ShortcutList:
    found = window.findChild(ShortcutList)
    assert found is not None
    return found


# -- look


def test_light_and_dark_are_chosen_under_ones_name_and_stay_for_this_machine(
    window: MainWindow, desk_world: World, qtbot: Any, settings: QSettings, qapp: QApplication
) -> None:
    enter(qtbot, window, desk_world)
    menu = shell_of(window).menu
    menu.aboutToShow.emit()
    assert menu.schemes[Scheme.SYSTEM].isChecked()
    menu.schemes[Scheme.DARK].trigger()
    assert qapp.palette().window().color().lightness() < 128
    assert shell_of(window).current.palette().window().color().lightness() < 128
    assert settings.value("look/scheme") == "dark"
    assert Theme(qapp, settings).scheme is Scheme.DARK
    menu.schemes[Scheme.LIGHT].trigger()
    assert qapp.palette().window().color().lightness() > 128


def test_letters_grow_by_menu_and_by_key_and_come_back(
    window: MainWindow, desk_world: World, qtbot: Any, settings: QSettings
) -> None:
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Plus, CTRL)  # before anybody signs in
    enter(qtbot, window, desk_world)
    table = shell_of(window).current.table
    menu = shell_of(window).menu
    menu.larger.trigger()
    look = theme.current()
    assert look is not None
    assert look.points == theme.BASE_POINTS + 2
    assert table.font().pointSize() == look.points
    assert table.verticalHeader().defaultSectionSize() > theme.ROW_HEIGHT
    menu.smaller.trigger()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Minus, CTRL)
    assert look.points == theme.BASE_POINTS
    menu.larger.trigger()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_0, CTRL)
    assert look.points == theme.BASE_POINTS
    assert int(str(settings.value("look/points"))) == theme.BASE_POINTS


# -- keys


def test_the_list_of_keys_names_what_this_person_has_and_closes_by_key(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_F1, CTRL)
    words = {each.text() for each in keys_page(window).findChildren(QLabel)}
    assert shortcuts.SEARCH not in words  # nobody is there to search
    assert shortcuts.NORMAL in words
    keys_page(window).reject()
    qtbot.waitUntil(lambda: window.findChild(ShortcutList) is None)
    with qtbot.waitActive(window):
        window.activateWindow()
    enter(qtbot, window, desk_world)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_F1, CTRL)
    page = keys_page(window)
    words = {each.text() for each in page.findChildren(QLabel)}
    assert {"F2", "Solicitudes", shortcuts.EXPORT, shortcuts.LOCK} <= words
    assert "F6" not in words  # an officer authorizes nothing
    QTest.keyClick(page, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(ShortcutList) is None)


def test_every_key_on_the_list_does_something(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    from PySide6.QtGui import QShortcut

    enter(qtbot, window, desk_world, "jefa", Role.SUPERVISOR)
    bound = {each.key().toString() for each in window.findChildren(QShortcut)}
    listed = [key for key, _ in shortcuts.described(shell_of(window).place_titles)]
    single = {part for key in listed for part in key.split("  ")} - {"Ctrl+Enter"}
    assert single - bound == set()


def test_locking_answers_no_to_a_question_left_open(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    question = Confirmation("¿Emitir?", "Se emite.", "&Emitir", parent=shell_of(window).current)
    answers: list[int] = []
    question.finished.connect(answers.append)
    question.open()
    window.lock()
    settle(qtbot, window)
    assert answers == [QDialog.DialogCode.Rejected]
    assert window.overlay.is_locked


# -- a list as a file


def test_what_is_seen_goes_to_a_file_for_its_owner_alone_and_is_recorded(
    window: MainWindow,
    desk_world: World,
    qtbot: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk_world.desk("otra")(enrolment.submit, an_application())
    enter(qtbot, window, desk_world)
    asked: list[str] = []

    def where(_: type, __: object, ___: str, proposal: str, ____: str) -> Path:
        asked.append(proposal)
        return tmp_path / "lista"

    monkeypatch.setattr(FileChoice, "ask_where", classmethod(where))
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_E, CTRL)
    settle(qtbot, window)
    file = tmp_path / "lista.csv"
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "Méndez" in lines[1]
    assert asked[0].endswith(".csv")
    assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Una fila guardada" in shell_of(window).current.problem_bar.sentence
    text = desk_world.house.work(
        lambda work: (
            work.session.query(AuditEvent.text).filter(AuditEvent.event == Event.EXPORTED).scalar()
        )
    )
    assert '"count":1' in text
    assert '"kind":"requests"' in text


def test_a_list_that_could_not_be_written_is_said_to_be_so(
    window: MainWindow,
    desk_world: World,
    qtbot: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk_world.desk("otra")(enrolment.submit, an_application())
    enter(qtbot, window, desk_world)
    nowhere = tmp_path / "no existe" / "lista.csv"
    monkeypatch.setattr(FileChoice, "ask_where", classmethod(lambda *_: nowhere))
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_E, CTRL)
    settle(qtbot, window)
    assert shell_of(window).current.problem_bar.meaning is Meaning.STOP


def test_where_there_is_no_list_nothing_is_asked_or_recorded(
    window: MainWindow, desk_world: World, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(qtbot, window, desk_world)
    monkeypatch.setattr(FileChoice, "ask_where", classmethod(lambda *_: pytest.fail("asked")))
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_E, CTRL)
    settle(qtbot, window)
    assert "lista" in shell_of(window).current.problem_bar.sentence
    assert Event.EXPORTED not in events(desk_world)


# -- the printer


def test_the_line_at_the_foot_says_that_there_is_no_printer(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    assert shell_of(window).status.parts["printer"].text() == "Sin impresora configurada"


def test_the_line_at_the_foot_says_that_the_printer_does_not_answer_and_why_on_a_click(
    desk_world: World, background: Background, settings: QSettings, themed: Theme, qtbot: Any
) -> None:
    uri = "ipp://127.0.0.1:1/printers/caja"
    with a_window(desk_world, background, settings, themed, qtbot, printer_uri=uri) as window:
        enter(qtbot, window, desk_world)
        part = shell_of(window).status.parts["printer"]
        qtbot.waitUntil(lambda: part.text() == "caja: sin respuesta")
        part.click()
        assert "encendida" in shell_of(window).current.problem_bar.sentence
        settle(qtbot, window)


def test_a_printer_that_stops_is_told_at_the_next_look(
    cups: Cups, themed: Theme, background: Background, qtbot: Any, halted: Callable[[], None]
) -> None:
    watch = PrinterWatch(cups.uri, background, background)
    told: list[tuple[str, Meaning, str]] = []
    watch.told.connect(lambda *heard: told.append(heard))
    watch.begin()
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[1][:2] == ("caja", Meaning.GOOD)
    halted()
    watch.look()
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told[2][:2] == ("caja: detenida", Meaning.STOP)
    watch.stop()


@pytest.fixture
def halted(cups: Cups) -> Callable[[], None]:
    """The queue is stopped, as CUPS does when a printer gives up."""
    import asyncio

    from pyipp import IPP
    from pyipp.enums import IppOperation

    async def stop() -> None:
        async with IPP(cups.uri, ipp_version=(2, 0)) as queue:
            await queue.execute(IppOperation.PAUSE_PRINTER, {})

    return lambda: asyncio.run(stop())
