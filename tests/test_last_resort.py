"""The unforeseen, wherever it happens: the window lives, a number is shown, nothing is told (R75)."""

import os
import re
import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from branch_desk import app
from branch_desk.background import Background
from branch_desk.models.staff import Role
from branch_desk.views.kit import incident
from branch_desk.views.kit.dialogs import IncidentDialog
from branch_desk.views.kit.theme import Theme
from branch_desk.views.kit.view import AsksOperations, View
from branch_desk.views.window.main_window import MainWindow
from tests.builders import World, a_world
from tests.views import traces
from tests.views.window import a_window, enter, settle

ROOT = Path(__file__).resolve().parents[1]
CANARY = "Kn7Rcanario9182"
NUMBER = re.compile(f"[{incident.ALPHABET}]{{3}}-[{incident.ALPHABET}]{{3}}")


class Clumsy(Exception):
    """Says too much, as foreign libraries do."""

    def __init__(self, **about: str) -> None:
        super().__init__(f"bad value {about}")
        self.about = about


def break_down(*_: Any) -> None:
    password = CANARY
    pin = {"pin": password}
    try:
        int(password)
    except ValueError as cause:
        raise Clumsy(**pin) from cause


class Screens(QWidget):
    """Breaks each time it is painted."""

    broken = 0

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        if not self.broken:
            self.broken = 1
            break_down()


@contextmanager
def unguarded(view: View) -> Iterator[None]:
    """Let a function that is no operation be asked for as one."""
    desk = view.desk
    view.desk = cast("AsksOperations", lambda operation, *about: operation(None, *about))
    yield
    view.desk = desk


def by_ask(view: View) -> None:
    with unguarded(view):
        view.ask(lambda _: None, break_down)


def by_search(view: View) -> None:
    with unguarded(view):
        view.search(lambda _: None, break_down)


def by_run(view: View) -> None:
    view.run(lambda _: None, break_down)


def by_perform(view: View) -> None:
    view.perform(lambda _: None, break_down)


def _nothing(*_: Any) -> str:
    return CANARY


def by_answer_of_ask(view: View) -> None:
    with unguarded(view):
        view.ask(break_down, _nothing)


def by_answer_of_search(view: View) -> None:
    with unguarded(view):
        view.search(break_down, _nothing)


def by_answer_of_run(view: View) -> None:
    view.run(break_down, _nothing)


def by_answer_of_perform(view: View) -> None:
    view.perform(break_down, _nothing)


def by_click(view: View) -> None:
    button = QPushButton(view)
    button.clicked.connect(break_down)
    button.click()


def by_timer(view: View) -> None:
    QTimer.singleShot(0, view, break_down)


def by_paint(view: View) -> None:
    painted = Screens(view)
    painted.resize(20, 20)
    painted.show()


WAYS = (
    by_ask,
    by_search,
    by_run,
    by_perform,
    by_answer_of_ask,
    by_answer_of_search,
    by_answer_of_run,
    by_answer_of_perform,
    by_click,
    by_timer,
    by_paint,
)


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    lines = Background()
    yield lines
    lines.close()


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    made = a_world(sqlite_url)
    yield made
    made.house.database.close()


@pytest.fixture
def as_the_program(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The program's own last resort, and a person who reads its dialog and goes on."""
    told: list[str] = []

    def read() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, IncidentDialog):
            assert CANARY not in traces.held([dialog, *dialog.findChildren(QWidget)])
            number = dialog.findChild(QLabel, "incident_number")
            assert number is not None
            told.append(number.text())
            dialog.accept()

    reader = QTimer()
    reader.timeout.connect(read)
    reader.start(1)
    monkeypatch.setattr(sys, "excepthook", app._tell_incident)
    yield told
    reader.stop()


@pytest.mark.qt_no_exception_capture
@pytest.mark.logs("incident")
@pytest.mark.parametrize("role", [Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR])
def test_whatever_breaks_wherever_gets_a_number_and_the_window_lives(
    role: Role,
    world: World,
    background: Background,
    qapp: QApplication,
    qtbot: Any,
    tmp_path: Path,
    as_the_program: list[str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    look = QSettings(str(tmp_path / "look.ini"), QSettings.Format.IniFormat)
    broken = 0
    with a_window(world, background, look, Theme(qapp, look), qtbot) as window:
        enter(qtbot, window, world, "alguien", role)
        shell = window.shell
        assert shell is not None
        for name in shell._may:
            for way in WAYS:
                shell.go(name)
                settle(qtbot, window)
                numbers = said_after(qtbot, window, shell.current, way, as_the_program, caplog)
                broken += 1
                assert numbers, (name, way.__name__)
                assert window.isVisible()
                assert shell.current.body.isEnabled(), (name, way.__name__)
        shell.top.search.setText("alguien")  # the lines of work go on
        settle(qtbot, window)
        assert CANARY not in traces.held()
    said = capfd.readouterr()
    assert CANARY not in caplog.text
    assert "break_down" in caplog.text
    assert CANARY not in said.err + said.out
    assert "Traceback" not in said.err
    assert broken >= 11


def said_after(
    qtbot: Any,
    window: MainWindow,
    view: View,
    way: Callable[[View], None],
    told: list[str],
    caplog: pytest.LogCaptureFixture,
) -> list[str]:
    """The numbers a person read, in the bar or in the dialog; each stands in the log."""
    view.problem_bar.clear()
    told.clear()
    way(view)
    settle(qtbot, window)
    qtbot.waitUntil(
        lambda: bool(told) or NUMBER.search(view.problem_bar.sentence) is not None, timeout=5000
    )
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert CANARY not in view.problem_bar.sentence
    numbers = [*told, *NUMBER.findall(view.problem_bar.sentence)]
    assert all(number in caplog.text for number in numbers)
    return numbers


@pytest.mark.qt_no_exception_capture
@pytest.mark.logs("incident")
def test_what_breaks_again_and_again_opens_one_dialog_at_a_time(
    qapp: QApplication, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", app._tell_incident)
    most = 0

    def look() -> None:
        nonlocal most
        opened = [
            each
            for each in QApplication.topLevelWidgets()
            if isinstance(each, IncidentDialog) and each.isVisible()
        ]
        most = max(most, len(opened))

    breaks, looks = [QTimer() for _ in range(4)], QTimer()  # one timer alone waits for itself
    for each in breaks:
        each.timeout.connect(break_down)
        each.start(5)
    looks.timeout.connect(look)
    looks.start(3)

    def end() -> None:
        for each in breaks:
            each.stop()
        look()
        for dialog in reversed(QApplication.topLevelWidgets()):
            if isinstance(dialog, IncidentDialog):
                dialog.accept()

    QTimer.singleShot(150, end)
    qtbot.wait(250)
    looks.stop()
    assert most == 1


# -- the program as a process of its own


def the_program(
    folder: Path, crash: str, *arguments: str, **environ: str
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m branch_desk`; `crash` is run first in that process and injects the problem."""
    inside = folder / "inside"
    inside.mkdir()
    (inside / "sitecustomize.py").write_text(textwrap.dedent(crash), encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "branch_desk", *arguments],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home),
            "PYTHONPATH": str(inside),
            "BRANCH_DESK_DATA": str(home / "data"),
            "BRANCH_DESK_CONFIG": str(home / "none.toml"),
            "LANG": "C.UTF-8",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


CRASH = f"""
    from branch_desk import cli
    def run(argv):
        import os, resource, sys, threading
        os.close(os.open(os.environ["HOME"] + "/made", os.O_CREAT | os.O_WRONLY, 0o666))
        os.mkdir(os.environ["HOME"] + "/folder")
        print("limit", *resource.getrlimit(resource.RLIMIT_CORE))
        password = "{CANARY}"
        def in_a_thread():
            secret = password
            raise RuntimeError(f"in a thread {{secret}}")
        thread = threading.Thread(target=in_a_thread)
        thread.start()
        thread.join()
        class Dying:
            def __del__(self):
                raise RuntimeError(f"in the end {{password}}")
        Dying()
        try:
            int(password)
        except ValueError as cause:
            raise LookupError(f"no user with {{password}}") from cause
    cli.run = run
"""


def test_a_program_that_breaks_tells_the_place_and_nothing_of_the_values(tmp_path: Path) -> None:
    resource.getrlimit(resource.RLIMIT_CORE)
    done = the_program(tmp_path, CRASH, "db", "status")
    assert done.returncode == 1
    assert "limit 0 0" in done.stdout
    assert "LookupError" in done.stderr
    assert "sitecustomize.py" in done.stderr
    assert CANARY not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Ocurrió algo") == 3
    home = tmp_path / "home"
    assert oct((home / "made").stat().st_mode)[-3:] == "600"
    assert oct((home / "folder").stat().st_mode)[-3:] == "700"
    assert not list(home.rglob("core*"))
    assert not [n for n, content in traces.files(home).items() if CANARY.encode() in content]


def test_a_program_that_is_killed_by_a_fault_leaves_no_core(tmp_path: Path) -> None:
    crash = f"""
        from branch_desk import cli
        def run(argv):
            import os, signal
            secret = "{CANARY}"
            os.chdir(os.environ["HOME"])
            os.kill(os.getpid(), signal.SIGSEGV)
        cli.run = run
    """
    done = the_program(tmp_path, crash)
    assert done.returncode < 0
    assert not list((tmp_path / "home").rglob("core*"))
    assert CANARY not in done.stderr + done.stdout
