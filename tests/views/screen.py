"""What tests of screens share: a real house on SQLite, a station, and waiting as a person does."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from branch_desk.background import Background
from branch_desk.models.staff import Role
from branch_desk.operations.house.sign_in import whoami
from branch_desk.settings import Settings
from branch_desk.views.kit.member_screen import MemberScreen
from branch_desk.views.kit.password_panel import SecondPersonPanel
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.view import View
from tests.builders import PASSWORD, World

BODY_WIDTH = 1166
BODY_HEIGHT = 682
"""What a 1366×768 window leaves to a screen beside rail, bar and status line."""


def a_station(
    world: World,
    background: Background,
    look: QSettings,
    user: str = "oficial",
    role: Role = Role.OFFICER,
    **about: object,
) -> Station:
    """Someone freshly signed in, at a machine with no printer and no second monitor."""
    desk = world.desk(user, role, **about)
    settings = Settings(data_dir=Path(look.fileName()).parent, database_url="sqlite://")
    return Station(desk, background, look, settings, desk(whoami), MemberScreen("Cosmart"))


def shown(qtbot: Any, view: QWidget, width: int = BODY_WIDTH, height: int = BODY_HEIGHT) -> None:
    """Show a screen as large as the window gives it, in front."""
    qtbot.addWidget(view)
    view.resize(width, height)
    with qtbot.waitActive(view):
        view.show()
        view.activateWindow()
    if isinstance(view, View):
        view.refresh()
        idle(qtbot, view)


def idle(qtbot: Any, view: View) -> None:
    """Wait until every answer this screen has asked for has arrived."""
    qtbot.waitUntil(lambda: view.background.is_idle and not view.is_busy)


def give_password(qtbot: Any, view: View, world: World, user: str) -> None:
    """Give password and code again in the panel of the screen."""
    qtbot.waitUntil(lambda: view.password_panel is not None)
    panel = view.password_panel
    assert panel is not None
    idle(qtbot, view)
    panel.password.setText(PASSWORD)
    if not panel.code.isHidden():
        panel.code.setText(world.code(world.people[user]))
    panel.go.click()
    qtbot.waitUntil(lambda: view.password_panel is not panel)
    idle(qtbot, view)


def countersign(qtbot: Any, view: View, world: World, user: str, password: str = PASSWORD) -> None:
    """Give another person's user, password and code in the panel of the screen, by keyboard."""
    qtbot.waitUntil(lambda: isinstance(view.password_panel, SecondPersonPanel))
    panel = view.password_panel
    assert panel is not None
    idle(qtbot, view)
    panel.user.setText(user)
    panel.password.setText(password)
    panel.code.setText(world.code(world.people[user]))
    qtbot.keyClick(panel.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.password_panel is not panel or panel.isEnabled())
    idle(qtbot, view)


def press(view: QWidget, name: str) -> None:
    """Press the button with this object name; it must be there and usable."""
    found = view.findChild(QPushButton, name)
    assert found is not None, name
    assert found.isVisibleTo(view), name
    assert found.isEnabled(), name
    found.click()


def type_in(view: QWidget, **texts: str) -> None:
    """Type into fields by their object names, as a person does."""
    for name, text in texts.items():
        found = view.findChild(QLineEdit, name)
        assert found is not None, name
        found.setText(text)
        found.textEdited.emit(text)


def shot(widget: QWidget, path: Path | str) -> None:
    """Save a picture of a screen for the eye."""
    assert widget.grab().save(str(path)), path
