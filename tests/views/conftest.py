"""What tests of screens stand on: one theme, two lines of work, settings in a file of the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from branch_desk.background import Background
from branch_desk.views.kit.theme import Theme
from tests.builders import World, a_world


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "look.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def themed(qapp: QApplication, settings: QSettings) -> Theme:
    return Theme(qapp, settings)


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    lines = Background()
    yield lines
    lines.close()


@pytest.fixture
def plain_desk() -> Callable[..., Any]:
    """A desk for tests of the kit alone: the operation runs with no `Work`."""

    def desk(operation: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return operation(None, *args, **kwargs)

    return desk


@pytest.fixture
def desk_world(sqlite_url: str) -> Iterator[World]:
    """An installed house on SQLite, with a clock the test sets and hashes that cost nothing."""
    world = a_world(sqlite_url)
    yield world
    world.house.database.close()


@pytest.fixture
def window(
    desk_world: World, background: Background, settings: QSettings, themed: Theme, qtbot: Any
) -> Iterator[Any]:
    """The whole window, its house opened, waiting for somebody to sign in."""
    from tests.views.window import a_window  # loads every screen

    with a_window(desk_world, background, settings, themed, qtbot) as made:
        yield made
