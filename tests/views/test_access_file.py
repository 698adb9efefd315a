"""A user's file: what it may do, its mails, and the deeds that stop it."""

from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLabel

from branch_desk import resources
from branch_desk.background import Background
from branch_desk.models.access import AccessStatus
from branch_desk.models.staff import Role
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.users.access_file import AccessFileView, template_words
from tests.access_builders import an_active, an_enrolment, approved, choose, events, mails, row
from tests.builders import World
from tests.views.agree import agrees
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, idle, press, shown

REASON = "Perdió el celular en el micro, lo pidió por teléfono"


@pytest.fixture
def user(desk_world: World) -> UUID:
    return an_active(desk_world, desk_world.desk("otra"))[0]


def a_view(
    qtbot: Any,
    world: World,
    background: Background,
    settings: QSettings,
    access_id: UUID,
    who: str = "oficial",
    role: Role = Role.OFFICER,
) -> AccessFileView:
    made = AccessFileView(a_station(world, background, settings, who, role))
    shown(qtbot, made)
    made.open(access_id)
    idle(qtbot, made)
    return made


def test_what_a_user_may_do_is_read_in_one_look(
    qtbot: Any, desk_world: World, background: Background, settings: QSettings, themed: Theme
) -> None:
    ana = desk_world.member()
    account = desk_world.account(ana)
    enrolment = an_enrolment(desk_world, ana)
    choose(desk_world, enrolment, account)
    access_id = approved(desk_world, enrolment)[0]
    screen = a_view(qtbot, desk_world, background, settings, access_id)
    said = "\n".join(each.text() for each in screen.facts.findChildren(QLabel))
    assert "1000 2000 30 · Caja de ahorro Bs · consulta y débito" in said
    assert "A terceros de la cooperativa\nBs\u00a01.000,00\nBs\u00a00,00 de 2.000,00" in said
    assert "\n0 de 5" in said
    assert screen.header.name.text() == "Ana María Méndez Ríos"
    assert events(desk_world, access_id).count("access:viewed") == 1
    assert [each.template for each in screen.mails.rows.rows] == ["set_password"]


def test_an_officer_suspends_at_once_and_a_supervisor_resumes(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    user: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verbs: list[str] = []
    monkeypatch.setattr(Confirmation, "ask", agrees(verbs))
    screen = a_view(qtbot, desk_world, background, settings, user)
    assert not screen.resume.isEnabled()
    assert not screen.close_user.isEnabled()
    press(screen, "suspend")
    idle(qtbot, screen)
    assert "Falta el motivo" in screen.problem_bar.sentence
    screen.reason.setText(REASON)
    press(screen, "suspend")
    idle(qtbot, screen)
    assert screen.problem_bar.meaning is Meaning.GOOD
    assert row(desk_world, user).status is AccessStatus.SUSPENDED
    assert mails(desk_world, user)[-1] == "suspended"
    boss = a_view(qtbot, desk_world, background, settings, user, "jefa", Role.SUPERVISOR)
    boss.reason.setText("Recuperó su celular, mostró la cédula")
    press(boss, "resume")
    idle(qtbot, boss)
    assert row(desk_world, user).status is AccessStatus.ACTIVE
    assert verbs == ["&Suspender", "&Suspender", "&Reanudar"]


def test_an_auditor_reads_and_has_no_deed(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    user: UUID,
) -> None:
    screen = a_view(qtbot, desk_world, background, settings, user, "auditora", Role.AUDITOR)
    assert not screen.deeds.isVisible()
    assert [screen.tabs.tabText(place) for place in range(screen.tabs.count())] == [
        "Lo que puede hacer",
        "Correos",
    ]


def test_names_and_mnemonics_of_every_part(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    user: UUID,
) -> None:
    screen = a_view(qtbot, desk_world, background, settings, user)
    for place in range(screen.tabs.count()):
        screen.tabs.setCurrentIndex(place)
        idle(qtbot, screen)
        assert nameless(screen) == []
        assert doubled_mnemonics(screen) == []


def test_every_mail_has_its_subject(qapp: Any) -> None:
    names = {path.name.removesuffix(".txt.j2") for path in resources.path("mail").glob("*.txt.j2")}
    assert set(template_words()) == names
