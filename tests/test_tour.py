"""The tour plays the whole job on each database, proves it, and keeps its secrets off the terminal."""

import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from branch_desk import tour
from branch_desk.models.credentials import new_initial_credential
from branch_desk.settings import Settings, Smtp
from branch_desk.tour import plot, story
from branch_desk.tour.clock import TourClock
from branch_desk.tour.eyes import read_letters
from branch_desk.views.kit.secret_panel import SecretPanel
from tests.smtp import Postbox, mail_server

CHEAP = 8  # KiB for a hash


@pytest.fixture
def mail() -> Iterator[tuple[Postbox, Smtp]]:
    with mail_server() as server:
        yield server


def practice(folder: Path, url: str, smtp: Smtp | None = None) -> Settings:
    return Settings(
        data_dir=folder / "practice",
        database_url=url,
        training=True,
        smtp=smtp,
        mail_from=tour.MAIL_FROM,
        portal_url=tour.PORTAL,
    )


class Heard:
    """One tour, and everything that was told or kept while it was played."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, spoil: bool = False) -> None:
        self.told: list[str] = []
        self.made: list[plot.Made] = []
        self.secrets: list[str] = []
        self._play, self._spoil = plot.play, spoil
        monkeypatch.setattr(plot, "play", self._played)
        for name in ("read_letters", "read_code"):
            monkeypatch.setattr(story, name, self._noting(getattr(story, name)))

    def _noting(self, read: Callable[[Any], str]) -> Callable[[Any], str]:
        def reading(shown: Any) -> str:
            found = read(shown)
            self.secrets.append(re.sub(r".*secret=(\w+).*", r"\1", found))
            return found

        return reading

    def _played(self, made: plot.Made) -> None:
        self.made.append(made)
        self._play(made)
        assert made.post is not None
        link = re.search(r"primer-ingreso#(\S+)", made.post.last("set_password"))
        assert link is not None
        self.secrets.append(link[1])
        for user in made.people.values():
            self.secrets += [user.password, *re.findall(r"secret=(\w+)", user.totp_uri)]
        if self._spoil:
            assert made.story is not None
            made.story.three_wrong()


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
@pytest.mark.timeout(120)
def test_the_whole_job_is_played_and_no_secret_is_told(
    sqlite_url: str,
    tmp_path: Path,
    qapp: QApplication,
    mail: tuple[Postbox, Smtp],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    postbox, smtp = mail
    caplog.set_level("INFO")
    heard, folder = Heard(monkeypatch), tmp_path / "tour"
    settings = practice(tmp_path, sqlite_url, smtp)
    status = tour.play(settings, folder, heard.told.append, memory_kib=CHEAP, pictures=False)
    assert status == tour.OK, "\n".join(heard.told)
    papers = sorted((folder / "papers").glob("*.pdf"))
    assert len(papers) == 3  # form, signed sheet, receipt
    for paper in papers:
        subprocess.run(["qpdf", "--check", paper], check=True, capture_output=True)
    written = sorted((folder / "mails").glob("*.eml"))
    subjects = [
        "Registro realizado con éxito",
        "Establecer contraseña",
        "Su usuario ha sido desbloqueado",
        "Se registró una cuenta de tercero",
    ]
    kept = [message_from_bytes(each.read_bytes(), policy=policy.default) for each in written]
    assert [str(each["Subject"]) for each in kept] == subjects
    assert [str(each["Subject"]) for each in postbox.arrived] == subjects
    out = capfd.readouterr()
    said = "\n".join([*heard.told, out.out, out.err, caplog.text])
    assert len(heard.secrets) >= 3 + len(heard.made[0].people)
    assert [secret for secret in heard.secrets if secret in said] == []


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
@pytest.mark.timeout(120)
def test_what_is_not_so_at_the_end_is_found(
    postgres_url: str, tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(monkeypatch, spoil=True)
    settings = practice(tmp_path, postgres_url)
    status = tour.play(settings, None, heard.told.append, memory_kib=CHEAP)
    assert status == tour.FAILED
    wrong = [line for line in heard.told if line.startswith("✗")]
    assert wrong == ["✗ El usuario está activo y sin bloqueo"], "\n".join(heard.told)


def test_the_members_eyes_read_what_is_painted(qapp: QApplication, qtbot: Any) -> None:
    ground = QWidget()
    panel = SecretPanel("Clave")
    QVBoxLayout(ground).addWidget(panel)
    qtbot.addWidget(ground)
    ground.resize(1300, 400)
    ground.show()
    for _ in range(5):
        secret = new_initial_credential().reveal()
        panel.show_secret(bytearray(secret.encode()), 60)
        QTest.qWait(1)
        assert read_letters(panel) == secret


def test_the_clock_of_the_tour_runs_and_skips() -> None:
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    clock = TourClock(start)
    clock.pass_by(seconds=31)
    assert 31 <= (clock() - start).total_seconds() < 32
    assert abs(clock.wall() - clock().timestamp()) < 1
