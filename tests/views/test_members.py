"""Members: found by what they say of themselves, opened whole, each look recorded."""

from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from sqlalchemy import func, select

from branch_desk.background import Background
from branch_desk.models.account import AccountKind, Handling
from branch_desk.models.audit import AuditEvent
from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.operations.request import enrolment
from branch_desk.views.people.member_file import MemberFileView
from branch_desk.views.people.members import MembersView
from tests.builders import World
from tests.journey import an_application
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, idle, shown

NAME = "Ana María Méndez Ríos"


@pytest.fixture
def ana(desk_world: World) -> UUID:
    return desk_world.member()


@pytest.fixture
def members(
    desk_world: World, ana: UUID, background: Background, settings: Any, themed: Any, qtbot: Any
) -> MembersView:
    desk_world.company()
    view = MembersView(a_station(desk_world, background, settings))
    shown(qtbot, view)
    return view


@pytest.fixture
def file(
    desk_world: World, ana: UUID, background: Background, settings: Any, themed: Any, qtbot: Any
) -> MemberFileView:
    view = MemberFileView(a_station(desk_world, background, settings))
    shown(qtbot, view)
    return view


def looks(world: World) -> int:
    counted = select(func.count()).where(AuditEvent.event == Event.MEMBER_VIEWED)
    return world.house.work(lambda work: work.session.scalar(counted) or 0)


@pytest.mark.parametrize("typed", ["ana", "méndez", "mendez r", "4567891", "4567891-1b", "000123"])
def test_a_member_is_found_by_name_document_or_number(
    members: MembersView, qtbot: Any, typed: str
) -> None:
    members.text.setText(typed)  # QTest types ASCII alone
    idle(qtbot, members)
    assert [row.name for row in members.table.rows.rows] == [NAME]


def test_nobody_found_says_what_to_try(members: MembersView, qtbot: Any) -> None:
    members.text.setText("zzz")
    idle(qtbot, members)
    assert "«zzz»" in members.table.empty_state._sentence.text()
    assert not members.open_button.isEnabled()


def test_the_list_alone_is_no_look_at_a_record(members: MembersView, desk_world: World) -> None:
    assert len(members.table.rows.rows) == 2
    assert looks(desk_world) == 0


def test_enter_opens_the_member_and_the_other_button_begins_a_request(
    members: MembersView, ana: UUID
) -> None:
    went: list[tuple[str, object]] = []
    members.go.connect(lambda name, subject: went.append((name, subject)))
    members.table.choose_row(0)
    QTest.keyClick(members.table, Qt.Key.Key_Return)
    members.new_button.click()
    assert went == [("member", ana), ("new_request", ana)]


def test_the_file_shows_data_accounts_and_requests_and_the_look_is_recorded(
    file: MemberFileView, desk_world: World, ana: UUID, qtbot: Any
) -> None:
    beto = desk_world.member("000124", document_number="5555555", complement="")
    desk_world.account(ana)
    desk_world.account(
        ana, beto, number="1000200031", kind=AccountKind.TERM_DEPOSIT, handling=Handling.JOINT
    )
    desk_world.desk("otra")(enrolment.submit, an_application())
    file.open(ana)
    idle(qtbot, file)
    assert file.header.name.text() == NAME
    accounts = file.data.accounts.rows.rows
    assert [(each.number, each.holders) for each in accounts] == [
        ("1000200030", 1),
        ("1000200031", 2),
    ]
    balance = file.data.accounts.model().index(0, 5).data()
    assert balance == "Bs\u00a05.000,00"
    assert len(file.data.requests.rows.rows) == 1
    address = file.findChild(QLabel, "member_address")
    assert address is not None
    assert address.text() == "Calle Sucre 45"
    assert looks(desk_world) == 1


def test_another_member_leaves_nothing_of_the_one_before(
    file: MemberFileView, desk_world: World, ana: UUID, qtbot: Any
) -> None:
    desk_world.account(ana)
    company = desk_world.company()
    file.open(ana)
    idle(qtbot, file)
    file.open(company)
    idle(qtbot, file)
    assert file.header.name.text() == "Aserradero El Tajibo S.R.L."
    assert file.data.accounts.rows.rows == []
    registry = file.findChild(QLabel, "member_registry")
    birth = file.findChild(QLabel, "member_birth")
    assert registry is not None
    assert birth is not None
    assert registry.isVisible()
    assert not birth.isVisible()
    file.forget()
    assert file.header.name.text() == ""


def test_from_the_file_a_request_begins_for_this_member(
    file: MemberFileView, ana: UUID, qtbot: Any
) -> None:
    went: list[tuple[str, object]] = []
    file.go.connect(lambda name, subject: went.append((name, subject)))
    file.open(ana)
    idle(qtbot, file)
    file.start.click()
    assert went == [("new_request", ana)]


def test_an_auditor_begins_nothing(
    desk_world: World, background: Background, settings: Any, themed: Any, qtbot: Any
) -> None:
    station = a_station(desk_world, background, settings, "auditora", Role.AUDITOR)
    view = MembersView(station)
    shown(qtbot, view)
    assert not view.new_button.isVisible()
    whole = MemberFileView(station)
    shown(qtbot, whole)
    assert not whole.start.isVisible()


def test_everything_has_a_name_and_no_letter_jumps_to_two_places(
    members: MembersView, file: MemberFileView
) -> None:
    for view in (members, file):
        assert nameless(view) == []
        assert doubled_mnemonics(view) == []
