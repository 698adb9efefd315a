"""A whole window on a real house, and a person before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from sqlalchemy import select

from branch_desk.app import Machine, make_window
from branch_desk.background import Background
from branch_desk.models.audit import AuditEvent
from branch_desk.models.staff import Role
from branch_desk.settings import Settings
from branch_desk.views.kit.idle import Clocks
from branch_desk.views.kit.theme import Theme
from branch_desk.views.window.main_window import MainWindow
from tests.builders import PASSWORD, World


class HandClocks:
    """Both clocks of the machine, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.seconds, lambda: 1_790_000_000 + self.seconds)


@contextmanager
def a_window(
    world: World,
    background: Background,
    look: QSettings,
    theme: Theme,
    qtbot: Any,
    clocks: HandClocks | None = None,
    **told: Any,
) -> Iterator[MainWindow]:
    """A window of the usual size, in front, its house opened."""
    folder = Path(look.fileName()).parent
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'x.sqlite'}", **told)
    window = make_window(
        Machine(settings, world.house),
        look,
        background,
        theme=theme,
        clocks=(clocks or HandClocks()).clocks(),
    )
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    window.start()
    settle(qtbot, window)
    yield window
    window.close()
    settle(qtbot, window)


def settle(qtbot: Any, window: MainWindow) -> None:
    """Wait until every answer has arrived."""
    qtbot.waitUntil(lambda: window._background.is_idle)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: window._background.is_idle)


def enter(
    qtbot: Any, window: MainWindow, world: World, user: str = "oficial", role: Role = Role.OFFICER
) -> None:
    """Sign in by the fields."""
    someone = world.staff(user, role)
    window.sign_in.user.setText(user)
    window.sign_in.password.setText(PASSWORD)
    window.sign_in.code.setText(world.code(someone))
    with qtbot.waitSignal(window.signed_in):
        window.sign_in.enter.click()
    settle(qtbot, window)


def found(window: MainWindow, kind: type[Any], name: str) -> Any:
    """A widget of the window by its object name."""
    widget = window.findChild(kind, name)
    assert widget is not None, name
    return widget


def events(world: World) -> set[str]:
    """The kinds of audit records there are."""
    return world.house.work(lambda work: set(work.session.scalars(select(AuditEvent.event))))
