"""How the program starts: what stands in the way, the first start, and no window nobody sees."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from PySide6.QtCore import QSettings
from sqlalchemy import create_engine, text

from branch_desk import app
from branch_desk.app import Machine, NobodyWouldSee, make_window, require_display
from branch_desk.background import Background
from branch_desk.models import credentials
from branch_desk.models.database import Database, _alembic, plain_url, revisions
from branch_desk.models.install import Installation
from branch_desk.models.keys import Keys
from branch_desk.models.passwords import Hasher, HashParameters
from branch_desk.settings import Settings
from branch_desk.views.kit import incident
from branch_desk.views.kit.dialogs import IncidentDialog
from branch_desk.views.kit.theme import Theme
from branch_desk.views.window.main_window import MainWindow
from tests.builders import NOON
from tests.views.kit.accessibility import nameless
from tests.views.window import settle

SLOW = (
    "sqlalchemy",
    "alembic",
    "argon2",
    "reportlab",
    "qrcode",
    "keyring",
    "cryptography",
    "pyipp",
    "secrets",
    "platform",
)


@pytest.fixture
def told(tmp_path: Path) -> Settings:
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    return Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'branch_desk.sqlite'}")


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost of a hash is shown elsewhere."""
    from branch_desk import start

    monkeypatch.setattr(start, "Hasher", lambda: Hasher(HashParameters(8, 1, 1)))


@pytest.fixture
def first_window(
    told: Settings,
    background: Background,
    settings: QSettings,
    themed: Theme,
    qtbot: Any,
    cheap_hashes: None,
) -> Iterator[MainWindow]:
    machine = Machine(told)
    window = make_window(machine, settings, background, theme=themed)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    window.start()
    settle(qtbot, window)
    yield window
    window.close()
    settle(qtbot, window)
    machine.close()


def test_the_first_start_makes_the_database_and_shows_the_secret_once(
    first_window: MainWindow, told: Settings, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, page = first_window, first_window.start_page
    drawn: list[str] = []
    take = credentials.Secret.take

    def overheard(secret: credentials.Secret) -> bytearray:
        drawn.append(secret.reveal())
        return take(secret)

    monkeypatch.setattr(credentials.Secret, "take", overheard)
    assert window.pages.currentWidget() is page
    assert nameless(page) == []
    page.create_button.click()
    settle(qtbot, window)
    assert page.secret.isVisible()
    assert not page.secret.is_empty
    page.written.click()
    settle(qtbot, window)
    assert page.secret.is_empty
    assert window.pages.currentWidget() is window.sign_in
    view = window.sign_in
    view.user.setText("admin")
    view.password.setText(drawn[0])
    view.enter.click()
    settle(qtbot, window)
    assert view.new_password.hasFocus()
    assert (told.data_dir / "branch_desk.sqlite").exists()


def test_an_older_database_is_copied_before_it_is_brought_up(
    told: Settings,
    background: Background,
    settings: QSettings,
    themed: Theme,
    qtbot: Any,
    cheap_hashes: None,
) -> None:
    make_older(told)
    older = Machine(told)
    window = make_window(older, settings, background, theme=themed)
    qtbot.addWidget(window)
    window.show()
    window.start()
    settle(qtbot, window)
    page = window.start_page
    assert window.pages.currentWidget() is page
    assert "anterior" in page.title.text()
    assert not page.create_button.isVisible()
    page.upgrade.click()
    settle(qtbot, window)
    assert window.pages.currentWidget() is window.sign_in
    assert window.house is not None
    copies = list((told.data_dir / "backups").glob("*.sqlite"))
    assert len(copies) == 1
    assert revision_of(f"sqlite:///{copies[0]}") == "0001"
    assert revision_of(told.database_url) == revisions()[-1]
    window.close()
    settle(qtbot, window)
    older.close()


def test_a_newer_database_is_refused_with_what_to_do(
    told: Settings,
    background: Background,
    settings: QSettings,
    themed: Theme,
    qtbot: Any,
    cheap_hashes: None,
) -> None:
    machine = Machine(told)
    machine.create().forget()
    machine.close()
    set_revision(told, "9999")
    newer = Machine(told)
    window = make_window(newer, settings, background, theme=themed)
    qtbot.addWidget(window)
    window.show()
    window.start()
    settle(qtbot, window)
    page = window.start_page
    assert "más antiguo" in page.title.text()
    assert "versión nueva" in page.sentence.text()
    offered = (page.create_button, page.upgrade, page.again)
    assert not any(each.isVisible() for each in offered)
    window.close()
    settle(qtbot, window)


def test_a_database_without_its_key_says_what_to_restore(
    told: Settings,
    background: Background,
    settings: QSettings,
    themed: Theme,
    qtbot: Any,
    cheap_hashes: None,
) -> None:
    machine = Machine(told)
    machine.create().forget()
    machine.close()
    (told.data_dir / "branch_desk.key").unlink()
    window = make_window(Machine(told), settings, background, theme=themed)
    qtbot.addWidget(window)
    window.show()
    window.start()
    settle(qtbot, window)
    assert "llave" in window.start_page.title.text()
    assert "branch_desk.key" in window.start_page.sentence.text()
    window.close()
    settle(qtbot, window)


@pytest.mark.parametrize(
    ("environ", "platform"),
    [
        ({}, "linux"),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, "linux"),
        ({"QT_QPA_PLATFORM": "minimal:enable_fonts"}, "win32"),
    ],
)
def test_a_window_nobody_would_see_is_not_opened(environ: dict[str, str], platform: str) -> None:
    with pytest.raises(NobodyWouldSee):
        require_display(environ, platform)


def test_a_window_somebody_sees_is_opened() -> None:
    require_display({"DISPLAY": ":0"}, "linux")
    require_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    require_display({}, "win32")


def test_the_sign_in_stands_there_before_the_tables_are_loaded() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, branch_desk.app; print([m for m in {SLOW} if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.logs("incident")
def test_an_unforeseen_problem_gets_a_number_and_the_work_goes_on(
    monkeypatch: pytest.MonkeyPatch, themed: Theme
) -> None:
    told: list[str] = []
    monkeypatch.setattr(IncidentDialog, "tell", classmethod(lambda _, number: told.append(number)))
    error = RuntimeError("Canario-9182")
    app._tell_incident(type(error), error, error.__traceback__)
    assert len(told) == 1
    assert set(told[0]) <= {*incident.ALPHABET, "-"}


def make_older(told: Settings) -> None:
    """A database as the first version of the program left it, with its keys."""
    from branch_desk import start

    command.upgrade(_alembic(plain_url(told.database_url)), "0001")
    keys = Keys.create(start.key_store(told))
    database = Database(told.database_url)
    database.write(
        lambda session: session.add(
            Installation(id=1, canary=keys.canary(), training=False, created_at=NOON)
        )
    )
    database.close()


def revision_of(url: str) -> str:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    engine.dispose()
    return str(found)


def set_revision(told: Settings, revision: str) -> None:
    engine = create_engine(told.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    engine.dispose()
