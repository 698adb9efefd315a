"""What one person alone may not do, and the word of a second one (R20, F23)."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from branch_desk.models.access import Delivery, LockReason
from branch_desk.models.audit import AuditEvent
from branch_desk.models.errors import (
    FourEyes,
    FreshSignInNeeded,
    SelfDealing,
    SignInFailed,
    SupervisorNeeded,
)
from branch_desk.models.event import Event
from branch_desk.models.staff import Role, Staff, StaffRelative
from branch_desk.operations.house import audit, sign_in, verification
from branch_desk.operations.users import credential, totp, unlock
from branch_desk.operations.users.unlock import POINTS_NEEDED
from branch_desk.operations.work import Desk
from tests.access_builders import an_active, change, events
from tests.builders import PASSWORD, World

TWIN = "5550001"
"""A document that two user names share: one person."""


def _issue(desk: Desk, access_id: UUID) -> None:
    credential.issue(desk, access_id, Delivery.SCREEN)


def _provision(desk: Desk, access_id: UUID) -> None:
    desk(totp.provision, access_id)


def _unlock(desk: Desk, access_id: UUID) -> None:
    desk(unlock.unlock, access_id, reason="Olvidó su contraseña hoy", points=POINTS_NEEDED)


DEEDS: dict[str, tuple[Callable[[Desk, UUID], None], Event]] = {
    "second credential": (_issue, Event.CREDENTIAL_ISSUED),
    "new token": (_provision, Event.TOTP_PROVISIONED),
    "unlock": (_unlock, Event.ACCESS_UNLOCKED),
}
both = pytest.mark.parametrize("deed", ["second credential", "new token"])
each = pytest.mark.parametrize("deed", DEEDS)


def _ripe(world: World, deed: str) -> UUID:
    """A user for whom the deed needs two: a clave of today, a proven token, a new telephone."""
    access_id, _ = an_active(world, world.desk("otra"))
    if deed == "unlock":
        now = world.clock.now
        change(
            world, access_id, contact_changed_at=now, locked_at=now, lock_reason=LockReason.PASSWORD
        )
    return access_id


def _done(world: World, access_id: UUID, deed: str) -> int:
    return events(world, access_id).count(DEEDS[deed][1])


def _set(world: World, user_name: str, **values: Any) -> None:
    changed = update(Staff).where(Staff.user_name == user_name).values(**values)
    world.house.work(lambda work: work.session.execute(changed))


def _texts(world: World, event: Event) -> list[dict[str, Any]]:
    query = select(AuditEvent.text).where(AuditEvent.event == event).order_by(AuditEvent.number)
    return [json.loads(text) for text in world.house.work(lambda w: list(w.session.scalars(query)))]


@both
def test_nobody_does_it_alone_whatever_the_role_or_the_user_name(world: World, deed: str) -> None:
    access_id = _ripe(world, deed)
    before, act = _done(world, access_id, deed), DEEDS[deed][0]
    boss = world.desk("jefa", Role.SUPERVISOR, document=TWIN)
    world.staff("jefa2", Role.SUPERVISOR, document=TWIN)
    for desk in (world.desk(), boss):
        with pytest.raises(SupervisorNeeded):
            act(desk, access_id)
    for user in ("jefa", "jefa2"):
        with pytest.raises(FourEyes):
            world.countersigned(boss, user)
    # Not even with the word given at another's desk.
    word = world.word(world.desk(), "jefa2")
    with pytest.raises(SupervisorNeeded):
        act(boss.countersigned(word), access_id)
    assert _done(world, access_id, deed) == before


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SUPERVISOR])
@each
def test_two_persons_do_it_and_the_trail_names_both(world: World, deed: str, role: Role) -> None:
    access_id = _ripe(world, deed)
    desk = world.desk("hace", role)
    DEEDS[deed][0](world.countersigned(desk), access_id)
    said = _texts(world, DEEDS[deed][1])[-1]
    second = world.people["testiga"]
    assert said["actor"] == "hace"
    assert said["second"] == {"user": "testiga", "staff": str(second.staff_id)}
    [given] = _texts(world, Event.STAFF_COUNTERSIGNED)
    assert (given["actor"], given["facts"]) == ("testiga", {"user": "hace"})
    assert "second" not in given
    told = world.desk("auditor", Role.AUDITOR)(audit.timeline, access_id)
    assert [entry.who for entry in told if entry.event == DEEDS[deed][1]][-1] == "hace + testiga"
    assert verification.verify(world.house.database, keys=world.house.keys).intact


def test_an_officer_alone_does_not_unlock_soon_after_a_change_but_a_supervisor_does(
    world: World,
) -> None:
    access_id = _ripe(world, "unlock")
    with pytest.raises(SupervisorNeeded):
        _unlock(world.desk(), access_id)
    _unlock(world.desk("jefa", Role.SUPERVISOR), access_id)
    assert "second" not in _texts(world, Event.ACCESS_UNLOCKED)[-1]


@pytest.mark.parametrize(
    "lost",
    [
        {"active": False},
        {"role": Role.OFFICER},
        {"role": Role.ADMINISTRATOR},
        {"totp_confirmed_at": None},
        {"must_change_password": True},
        {"locked_at": "now"},
    ],
    ids=str,
)
@each
def test_whoever_may_no_more_is_no_second_person(
    world: World, deed: str, lost: dict[str, Any]
) -> None:
    access_id = _ripe(world, deed)
    before = _done(world, access_id, deed)
    beside = world.countersigned(world.desk())
    _set(world, "testiga", **(lost if "locked_at" not in lost else {"locked_at": world.clock.now}))
    with pytest.raises(SupervisorNeeded):
        DEEDS[deed][0](beside, access_id)
    with pytest.raises(SignInFailed):
        world.word(world.desk())
    assert _done(world, access_id, deed) == before


@each
def test_a_word_older_than_five_minutes_is_none(world: World, deed: str) -> None:
    access_id = _ripe(world, deed)
    desk = world.desk()
    word = world.word(desk)
    world.clock.forward(minutes=5, seconds=1)
    world.again(desk, "oficial")
    with pytest.raises(SupervisorNeeded):
        DEEDS[deed][0](desk.countersigned(word), access_id)
    world.clock.forward(seconds=-1)
    DEEDS[deed][0](desk.countersigned(word), access_id)


@each
def test_the_first_persons_own_password_is_still_asked(world: World, deed: str) -> None:
    access_id = _ripe(world, deed)
    desk = world.desk()
    world.clock.forward(minutes=6)
    with pytest.raises(FreshSignInNeeded):
        DEEDS[deed][0](world.countersigned(desk), access_id)


@each
def test_the_second_person_serves_neither_self_nor_relatives(world: World, deed: str) -> None:
    access_id = _ripe(world, deed)
    before, act = _done(world, access_id, deed), DEEDS[deed][0]
    world.staff("ana", Role.SUPERVISOR, document="4567891-1B")
    with pytest.raises(SelfDealing):
        act(world.countersigned(world.desk(), "ana"), access_id)
    aunt = world.staff("testiga", Role.SUPERVISOR).staff_id
    relative = StaffRelative(staff_id=aunt, person="CI:4567891-1B", relation="sobrina")
    world.house.work(lambda work: work.session.add(relative))
    with pytest.raises(SelfDealing):
        act(world.countersigned(world.desk()), access_id)
    assert _done(world, access_id, deed) == before


def test_wrong_tries_count_and_lock_like_those_of_a_sign_in(world: World) -> None:
    desk = world.desk()
    someone = world.staff("testiga", Role.SUPERVISOR)
    give = partial(sign_in.countersign, desk)
    for password, code in [("mal", world.code(someone)), (PASSWORD, ""), (PASSWORD, "12345")]:
        with pytest.raises(SignInFailed):
            give("testiga", password, code)
    word = world.word(desk)
    assert word.staff_id == someone.staff_id
    assert PASSWORD not in repr(word)
    for _ in range(5):
        with pytest.raises(SignInFailed):
            give("testiga", "mal", world.code(someone))
    with pytest.raises(SignInFailed):
        world.word(desk)
    assert _texts(world, Event.STAFF_LOCKED)[-1]["actor"] == "testiga"
    with pytest.raises(SignInFailed):
        give("nadie", PASSWORD, "000000")


def test_a_code_is_good_for_one_word(world: World) -> None:
    desk = world.desk()
    code = world.code(world.staff("testiga", Role.SUPERVISOR))
    sign_in.countersign(desk, "TESTIGA ", PASSWORD, code)
    with pytest.raises(SignInFailed):
        sign_in.countersign(desk, "testiga", PASSWORD, code)


def test_a_word_opens_no_session_and_ends_none(world: World) -> None:
    own = world.desk("testiga", Role.SUPERVISOR)
    world.clock.forward(minutes=6)
    before = len(world.sessions())
    world.word(world.desk())
    assert len(world.sessions()) == before + 1  # the officer's
    assert own(sign_in.whoami).user_name == "testiga"
    access_id, _ = an_active(world, world.desk("otra"))
    with pytest.raises(FreshSignInNeeded):  # nor does it make her own desk fresh
        _provision(own, access_id)


def test_four_eyes_at_the_counter_leave_the_tries_as_they_were(world: World) -> None:
    boss = world.desk("jefa", Role.SUPERVISOR)
    for _ in range(6):
        with pytest.raises(FourEyes):
            world.word(boss, "jefa")
    assert world.desk("jefa", Role.SUPERVISOR)(sign_in.whoami).user_name == "jefa"
    assert "sign_in.countersign" in {
        said["facts"]["operation"] for said in _texts(world, Event.REFUSED)
    }
