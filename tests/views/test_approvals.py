"""A supervisor's F6: the queue, what changed, red flags, the sheet, and a decision by an own hand."""

import dataclasses
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from branch_desk.background import Background
from branch_desk.models.audit import AuditEvent
from branch_desk.models.enrolment import Status
from branch_desk.models.event import Event
from branch_desk.models.identity import AttachmentKind
from branch_desk.models.passwords import PasswordProblem
from branch_desk.models.staff import Role
from branch_desk.models.totp import Cause
from branch_desk.operations.request import configuration, identity
from branch_desk.operations.request.approval import Change, Flag, RedFlag, _leaves
from branch_desk.operations.work import Desk
from branch_desk.views.approval import change_words, flag_words
from branch_desk.views.approval.approvals import ApprovalsView
from branch_desk.views.kit import wording
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.theme import Meaning, Theme
from tests.access_builders import mails
from tests.builders import PASSWORD, World
from tests.journey import (
    a_company_application,
    a_configuration,
    advance,
    carry,
    view,
)
from tests.reports.forms import a_form
from tests.views.agree import agrees
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, idle, press, shown


@pytest.fixture
def officer(desk_world: World) -> Desk:
    ana = desk_world.member()
    desk_world.account(ana)
    return desk_world.desk("oficial")


def a_view(
    qtbot: Any, world: World, background: Background, settings: QSettings, user: str = "jefa"
) -> ApprovalsView:
    made = ApprovalsView(a_station(world, background, settings, user, Role.SUPERVISOR))
    shown(qtbot, made)
    return made


def text(screen: ApprovalsView) -> str:
    return "\n".join(
        each.text() for each in screen.findChildren(QLabel) if each.isVisibleTo(screen)
    )


def identify_oneself(
    screen: ApprovalsView, world: World, user: str = "jefa", password: str = PASSWORD
) -> None:
    screen.bar.password.setText(password)
    screen.bar.code.setText(world.code(world.people[user]))


def status(world: World, desk: Desk, enrolment_id: UUID) -> Status:
    return view(desk, enrolment_id).status


def looks(world: World, event: Event) -> int:
    from sqlalchemy import func, select

    return world.house.work(
        lambda work: (
            work.session.scalar(
                select(func.count()).select_from(AuditEvent).where(AuditEvent.event == event)
            )
            or 0
        )
    )


def test_what_another_person_prepared_is_read_and_approved(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    officer: Desk,
) -> None:
    request = carry(desk_world, officer)
    screen = a_view(qtbot, desk_world, background, settings)
    assert [row.id for row in screen.table.rows.rows] == [request]
    qtbot.keyClick(screen.table, Qt.Key.Key_Return)
    idle(qtbot, screen)
    shown_text = text(screen)
    assert "Ana María Méndez Ríos" in shown_text
    assert "Como máximo podrían salir de sus cuentas Bs" in shown_text
    assert "Oficial" in shown_text
    qtbot.waitUntil(lambda: screen.papers.pages > 0)
    assert looks(desk_world, Event.ATTACHMENT_VIEWED) == 1
    identify_oneself(screen, desk_world)
    QTest.keyClick(screen.windowHandle(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: screen.case is None)
    idle(qtbot, screen)
    assert screen.problem_bar.meaning is Meaning.GOOD, screen.problem_bar.sentence
    file = view(officer, request)
    assert file.status is Status.APPROVED
    assert mails(desk_world, file.access_ids[0]) == ["set_password"]
    assert screen.pages.currentWidget() is screen._queue_page
    assert screen.table.rows.rows == []


def test_every_decision_asks_for_password_and_code_even_just_after_the_sign_in(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    officer: Desk,
) -> None:
    request = carry(desk_world, officer)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(request)
    idle(qtbot, screen)
    press(screen, "approve")
    idle(qtbot, screen)
    assert status(desk_world, officer, request) is Status.SIGNED
    identify_oneself(screen, desk_world, password="otra contraseña larga 9")
    press(screen, "approve")
    idle(qtbot, screen)
    assert "no son correctos" in screen.problem_bar.sentence
    assert screen.bar.password.text() == screen.bar.code.text() == ""
    assert status(desk_world, officer, request) is Status.SIGNED


def test_who_had_a_hand_in_it_reads_why_it_is_not_theirs_to_decide(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    officer: Desk,
) -> None:
    boss = desk_world.desk("jefa", Role.SUPERVISOR)
    request = carry(desk_world, boss)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(request)
    idle(qtbot, screen)
    assert "Usted intervino en esta solicitud" in text(screen)
    assert not screen.bar.approve.isVisible()
    assert not screen.bar.password.isVisible()
    other = a_view(qtbot, desk_world, background, settings, "otro")
    other.open(request)
    idle(qtbot, other)
    assert other.bar.approve.isVisible()


def test_what_was_raised_since_the_return_stands_first(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    officer: Desk,
) -> None:
    request = carry(desk_world, officer, per_day=200_000)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(request)
    idle(qtbot, screen)
    screen.bar.reason.setText("Falta la firma en la segunda hoja")
    identify_oneself(screen, desk_world)
    press(screen, "send_back")
    idle(qtbot, screen)
    assert status(desk_world, officer, request) is Status.CONFIGURED
    chosen = a_configuration(officer, request, per_day=400_000)
    officer(configuration.configure, request, view(officer, request).version, chosen)
    for step in (Status.PRINTED, Status.SIGNED):
        advance(officer, request, step)
    screen.open(request)
    idle(qtbot, screen)
    said = text(screen)
    assert "Sube el límite diario a terceros de Bs\u00a02.000,00 a Bs\u00a04.000,00." in said
    assert "la devolvió para corregir" in said
    assert "Falta la firma en la segunda hoja" in said
    assert "A terceros de la cooperativa, por día" in said
    screen_texts = [each.text() for each in screen.words.findChildren(QLabel)]
    assert (
        screen_texts.index("Lo que cambió")
        < screen_texts.index("Advertencias")
        < screen_texts.index("Montos máximos")
    )


def test_returning_without_a_reason_is_refused_at_the_field(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    officer: Desk,
) -> None:
    request = carry(desk_world, officer)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(request)
    idle(qtbot, screen)
    identify_oneself(screen, desk_world)
    press(screen, "send_back")
    idle(qtbot, screen)
    assert "Falta el motivo" in screen.problem_bar.sentence
    assert screen.bar.reason.hasFocus()
    assert status(desk_world, officer, request) is Status.SIGNED


def test_a_rejection_is_confirmed_by_its_verb_and_the_next_case_comes(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    officer: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = carry(desk_world, officer)
    desk_world.account(desk_world.company(), number="1000200031")
    second = carry(desk_world, officer, application=a_company_application())
    verbs: list[str] = []
    monkeypatch.setattr(Confirmation, "ask", agrees(verbs))
    desk_world.clock.forward(minutes=16)  # the officer has let go of it
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(request)
    idle(qtbot, screen)
    screen.bar.reason.setText("El firmante no es el titular")
    identify_oneself(screen, desk_world)
    press(screen, "reject")
    idle(qtbot, screen)
    idle(qtbot, screen)
    assert verbs == ["&Rechazar"]
    assert screen.problem_bar.meaning is Meaning.GOOD, screen.problem_bar.sentence
    assert status(desk_world, officer, request) is Status.REJECTED
    assert screen.case is not None
    assert screen.case.enrolment_id == second
    assert "Aserradero El Tajibo" in text(screen)
    assert screen.bar.reason.text() == ""


def test_each_look_at_a_card_is_recorded(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    officer: Desk,
) -> None:
    import io

    from PIL import Image

    request = carry(desk_world, officer, Status.PRINTED)
    out = io.BytesIO()
    Image.new("RGB", (640, 400), "#88aabb").save(out, "JPEG")
    identity.file_card(officer, request, AttachmentKind.CARD_FRONT, out.getvalue())
    advance(officer, request, Status.SIGNED)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(request)
    idle(qtbot, screen)
    before = looks(desk_world, Event.ATTACHMENT_VIEWED)
    press(screen, "see_front")
    idle(qtbot, screen)
    assert looks(desk_world, Event.ATTACHMENT_VIEWED) == before + 1
    assert not screen.back_side.isEnabled()


def test_names_and_mnemonics_of_queue_and_case(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    officer: Desk,
) -> None:
    request = carry(desk_world, officer)
    screen = a_view(qtbot, desk_world, background, settings)
    assert nameless(screen) == []
    assert doubled_mnemonics(screen) == []
    screen.open(request)
    idle(qtbot, screen)
    qtbot.waitUntil(lambda: screen.papers.pages > 0)
    assert nameless(screen) == []
    assert doubled_mnemonics(screen) == []


FACTS: dict[Flag, dict[str, str | int]] = {
    Flag.CONTACT_DIFFERS: {"field": "mobile", "record": "71111111", "typed": "70012345"},
    Flag.DATA_DIFFER: {"field": "address", "reason": "se mudó en marzo"},
    Flag.CARD_EXCEPTED: {"reason": "trae la colilla de renovación", "by": "Jefa"},
    Flag.RAISED: {
        "kind": "THIRD_PARTY",
        "currency": "BOB",
        "before": 200_000,
        "after": 2_000_000,
        "holder": "Jaime Lazarte",
    },
    Flag.RETURNED_BEFORE: {
        "reason": "falta la firma",
        "by": "Jefa",
        "at": "2026-11-23T12:00-04:00",
    },
    Flag.POWER_ENDS: {"name": "Jaime Lazarte", "on": "2026-12-01"},
    Flag.SHARED_CONTACT: {"field": "email", "name": "Luis Arce"},
}


@pytest.mark.parametrize("flag", Flag)
def test_every_flag_is_a_whole_sentence(qapp: Any, flag: Flag) -> None:
    words = flag_words.sentence(RedFlag(flag, tuple(FACTS[flag].items())))
    assert words[0].isupper()
    assert words.endswith(".")
    assert "{" not in words
    for name, fact in FACTS[flag].items():
        if name in ("reason", "by", "name", "record", "typed", "holder"):
            assert str(fact) in words


def test_every_path_of_a_change_has_a_name_and_its_values_are_written_out(qapp: Any) -> None:
    form = a_form()
    with_holder = dataclasses.replace(form.limits[0], holder="Lazarte/Vaca, Jaime")
    leaves = dict(_leaves(dataclasses.replace(form, limits=(*form.limits, with_holder))))
    rows = [change_words.change_row(Change(path, "", value)) for path, value in leaves.items()]
    assert len(rows) == len(leaves) > 30
    for row in rows:
        assert (
            "/" not in row.what.replace("Lazarte/Vaca", "").replace("SAGUAPAC/", "")
            or "Servicio" in row.what
        )
        assert row.before == "—"
        assert row.after not in ("True", "False")
    assert any(row.what.endswith("· Lazarte/Vaca, Jaime") for row in rows)
    assert {path.split("/")[0] for path in leaves} >= {
        "member",
        "accounts",
        "limits",
        "billers",
        "channels",
    }


def test_a_raised_limit_is_written_as_money(qapp: Any) -> None:
    row = change_words.change_row(Change("limits/THIRD_PARTY/BOB/per_day", "200000", "2000000"))
    assert row == change_words.ChangeRow(
        "A terceros de la cooperativa, por día", "Bs\u00a02.000,00", "Bs\u00a020.000,00"
    )


def test_a_representatives_path_and_a_company_are_written_too(qapp: Any) -> None:
    row = change_words.change_row(
        Change("representatives/3344556 SC", "", "Jaime Lazarte · 123/2024")
    )
    assert (row.what, row.after) == ("Representante 3344556 SC", "Jaime Lazarte · 123/2024")


def test_no_state_of_this_screen_lacks_a_word(qapp: Any) -> None:
    assert wording.missing_words([Cause, PasswordProblem]) == []
    assert set(flag_words.flag_words()) == set(Flag)
