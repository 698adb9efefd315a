"""A member's picture, and how a session of theirs begins and ends."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from branch_desk.models.access import SECURITY_IMAGES, AccessStatus, Delivery, LockReason
from branch_desk.models.audit import AuditEvent
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import NotAllowed, SessionEnded, SignInFailed
from branch_desk.models.member_session import MEMBER_SESSION_MINUTES, MemberSession
from branch_desk.models.staff import Role
from branch_desk.operations.house import staff
from branch_desk.operations.portal import Portal
from branch_desk.operations.users import (
    access,
    credential,
    first_access,
    member_sign_in,
    own_settings,
    unlock,
)
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.users.first_steps import FirstStep
from branch_desk.operations.users.unlock import POINTS_NEEDED
from branch_desk.operations.work import Work
from tests.access_builders import (
    HOME,
    MEMBER_PASSWORD,
    MEMBER_PIN,
    a_portal,
    an_access,
    an_active,
    change,
    events,
    link_of,
    redeemed,
)
from tests.builders import World

REASON = "porque así lo pidió el socio"
NEW_PASSWORD = "Quebracho52x"


def _image(world: World, user_name: str) -> str:
    return member_sign_in.begin(world.house, user_name, HOME).name


def _sessions(world: World, access_id: UUID) -> list[MemberSession]:
    def look(work: Work) -> list[MemberSession]:
        theirs = select(MemberSession).where(MemberSession.access_id == access_id)
        return list(work.session.scalars(theirs.order_by(MemberSession.started_at)))

    return world.house.work(look, reads=True)


def _other(world: World, user_name: str) -> UUID:
    number = str(8_000_000 + sum(map(ord, user_name)))
    made, _ = an_active(
        world,
        world.desk(),
        number=number,
        document_number=number,
        complement="",
        user_name=user_name,
    )
    return made


def test_an_active_user_sees_the_picture_that_was_chosen_however_the_name_is_typed(
    world: World,
) -> None:
    an_active(world, world.desk())
    assert {_image(world, typed) for typed in ("amendez", " AMendez ", "AMENDEZ")} == {"condor"}


def test_nobodys_picture_is_one_of_the_pictures_and_never_moves(world: World) -> None:
    names = [f"nadie{number}" for number in range(100)]
    first = {name: _image(world, name) for name in names}
    world.clock.forward(days=40)
    an_active(world, world.desk())
    assert {name: _image(world, name) for name in names} == first
    assert {name: _image(world, f" {name.upper()} ") for name in names} == first
    seen = set(first.values())
    assert seen <= set(SECURITY_IMAGES)
    assert len(seen) > len(SECURITY_IMAGES) // 2


def test_another_houses_keys_give_other_decoys(world: World) -> None:
    from branch_desk.models.keys import Keys
    from branch_desk.operations.work import House

    names = [f"nadie{number}" for number in range(40)]
    other = House(world.house.database, Keys.ephemeral(), world.house.hasher)
    there = [member_sign_in.begin(other, name, HOME).name for name in names]
    assert there != [_image(world, name) for name in names]


@pytest.mark.parametrize("status", [AccessStatus.SUSPENDED, AccessStatus.CLOSED])
def test_who_may_not_enter_sees_the_decoy_of_the_name(world: World, status: AccessStatus) -> None:
    decoy = _image(world, "amendez")
    access_id, _ = an_active(world, world.desk())
    other = next(image for image in SECURITY_IMAGES if image != decoy)
    change(world, access_id, security_image=other)
    assert _image(world, "amendez") == other
    change(world, access_id, locked_at=world.clock.now, lock_reason=LockReason.PIN)
    assert _image(world, "amendez") == other
    change(world, access_id, status=status)
    assert _image(world, "amendez") == decoy


def test_an_unfinished_user_has_the_decoy_there_was_before_the_user(world: World) -> None:
    decoy = _image(world, "amendez")
    access_id = an_access(world)
    assert _image(world, "amendez") == decoy
    ticket = redeemed(world, world.desk(), access_id)
    first_access.set_password(world.house, ticket, MEMBER_PASSWORD)
    first_access.set_pin(world.house, ticket, MEMBER_PIN)
    first_access.choose_image(world.house, ticket, next(i for i in SECURITY_IMAGES if i != decoy))
    assert _image(world, "amendez") == decoy


@pytest.mark.parametrize("typed", ["", "x" * 5000, "a\0b", "\udcff", "amendez'--", "ß" * 200])
def test_any_name_gets_a_picture(world: World, typed: str) -> None:
    assert _image(world, typed) in SECURITY_IMAGES


def test_a_session_ends_after_its_minutes_however_busy(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    portal = a_portal(world, access_id)
    world.clock.forward(minutes=MEMBER_SESSION_MINUTES - 1)
    assert portal(own_settings.settings).user_name == "amendez"
    world.clock.forward(seconds=59)
    assert portal(own_settings.settings).user_name == "amendez"
    world.clock.forward(seconds=1)
    with pytest.raises(SessionEnded) as ended:
        portal(own_settings.settings)
    assert ended.value.reason == "expired", "eight hours are the desk's"


def test_signing_out_ends_the_session(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    portal = a_portal(world, access_id)
    portal(member_sign_in.sign_out)
    for operation in (own_settings.settings, member_sign_in.sign_out):
        with pytest.raises(SessionEnded):
            portal(operation)
    assert [each.end_reason for each in _sessions(world, access_id)] == ["signed_out"]
    assert "member:signed_out" in events(world, access_id)


def test_a_newer_session_ends_the_older_one(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    other = _other(world, "lflores")
    theirs = a_portal(world, other)
    older = a_portal(world, access_id)
    newer = a_portal(world, access_id)
    with pytest.raises(SessionEnded) as ended:
        older(own_settings.settings)
    assert ended.value.reason == "newer"
    assert newer(own_settings.settings).user_name == "amendez"
    assert theirs(own_settings.settings).user_name == "lflores"
    live = [each for each in _sessions(world, access_id) if each.ended_at is None]
    assert len(live) == 1


def _locks(world: World, access_id: UUID) -> None:
    for _ in range(3):
        with pytest.raises(SignInFailed):
            member_sign_in.password(world.house, "amendez", "Equivocada1", HOME)


def _suspends(world: World, access_id: UUID) -> None:
    world.desk("jefa", Role.SUPERVISOR)(access.suspend, access_id, REASON)


def _closes(world: World, access_id: UUID) -> None:
    world.desk("jefa", Role.SUPERVISOR)(access.close, access_id, REASON)


def _sets_a_new_password(world: World, access_id: UUID) -> None:
    boss = world.countersigned(world.desk("jefa", Role.SUPERVISOR))
    clave = credential.issue(boss, access_id, Delivery.SCREEN).reveal()
    link = link_of(world, access_id)
    ticket = first_access.redeem(world.house, link, clave).ticket.reveal()
    world.clock.forward(seconds=1)
    first_access.set_password(world.house, ticket, NEW_PASSWORD)


ENDS: dict[str, Callable[[World, UUID], None]] = {
    "locked": _locks,
    "suspended": _suspends,
    "closed": _closes,
    "password_changed": _sets_a_new_password,
}


@pytest.mark.parametrize("how", ENDS)
def test_a_session_ends_at_once_when_its_user_is(world: World, how: str) -> None:
    access_id, _ = an_active(world, world.desk())
    portal = a_portal(world, access_id)
    assert portal(own_settings.settings).user_name == "amendez"
    ENDS[how](world, access_id)
    before = len(_refusals(world))
    with pytest.raises(SessionEnded):
        portal(own_settings.settings)
    with pytest.raises(SessionEnded):
        portal(member_sign_in.sign_out)
    assert len(_refusals(world)) == before + 1  # a look that was refused is not worth a record


def test_what_ended_by_a_lock_or_a_suspension_does_not_come_back(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    boss = world.desk("jefa", Role.SUPERVISOR)
    portal = a_portal(world, access_id)
    _locks(world, access_id)
    boss(unlock.unlock, access_id, reason=REASON, points=POINTS_NEEDED)
    with pytest.raises(SessionEnded):
        portal(own_settings.settings)
    portal = a_portal(world, access_id)
    boss(access.suspend, access_id, REASON)
    boss(access.resume, access_id, REASON)
    with pytest.raises(SessionEnded):
        portal(own_settings.settings)
    assert a_portal(world, access_id)(own_settings.settings).user_name == "amendez"
    reasons = [each.end_reason for each in _sessions(world, access_id)]
    assert sorted(reasons) == ["", "locked", "suspended"]


def test_a_right_password_at_the_last_try_ends_no_session(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    portal = a_portal(world, access_id)
    for given in ("Equivocada1", "Equivocada1"):
        with pytest.raises(SignInFailed):
            member_sign_in.password(world.house, "amendez", given, HOME)
    member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    assert portal(own_settings.settings).user_name == "amendez"


def test_a_session_begins_with_the_pin_and_only_soon_after_the_password(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    given = member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    assert _sessions(world, access_id) == []
    world.clock.forward(minutes=member_sign_in.PIN_MINUTES, seconds=1)
    with pytest.raises(SignInFailed):
        member_sign_in.pin(world.house, given, MEMBER_PIN, HOME)
    given = member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    with pytest.raises(SignInFailed):
        member_sign_in.pin(world.house, given, "0000", HOME)
    assert _sessions(world, access_id) == []
    member_sign_in.pin(world.house, given, MEMBER_PIN, Origin(Channel.MOBILE, "190.1.2.3"))
    (session,) = _sessions(world, access_id)
    assert (session.channel, session.address) == (Channel.MOBILE, "190.1.2.3")


def test_a_sign_in_that_is_half_way_ends_with_the_password(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    given = member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    world.clock.forward(seconds=1)
    _sets_a_new_password(world, access_id)
    with pytest.raises(SignInFailed):
        member_sign_in.pin(world.house, given, MEMBER_PIN, HOME)


def test_an_unfinished_user_goes_on_by_the_password_and_gets_no_session(world: World) -> None:
    access_id = an_access(world)
    ticket = redeemed(world, world.desk(), access_id)
    first_access.set_password(world.house, ticket, MEMBER_PASSWORD)
    first_access.set_pin(world.house, ticket, MEMBER_PIN)
    given = member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    assert given.status is AccessStatus.ENROLLING
    with pytest.raises(SignInFailed):
        member_sign_in.pin(world.house, given, MEMBER_PIN, HOME)
    back = first_access.resume(world.house, "amendez", MEMBER_PASSWORD, HOME)
    assert back.next is FirstStep.IMAGE
    assert _sessions(world, access_id) == []


def test_tokens_are_never_the_same_and_only_their_hash_is_kept(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    tokens = []
    for _ in range(40):
        given = member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
        tokens.append(member_sign_in.pin(world.house, given, MEMBER_PIN, HOME).reveal())
    assert len(set(tokens)) == 40
    assert all(len(token) >= 43 for token in tokens)
    kept = {bytes(each.token_digest) for each in _sessions(world, access_id)}
    assert len(kept) == 40
    assert not kept & {token.encode() for token in tokens}
    for wrong in ("", tokens[-1][:-1], tokens[-1] + "a", tokens[-1].swapcase(), "x" * 5000):
        with pytest.raises(SessionEnded):
            Portal(world.house, wrong)(own_settings.settings)


def _refusals(world: World) -> list[str]:
    said = select(AuditEvent.text).where(AuditEvent.event == "operation:refused")
    return world.house.work(lambda work: list(work.session.scalars(said)), reads=True)


def test_what_a_portal_refuses_stands_in_the_trail_with_who_asked(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    portal = a_portal(world, access_id)
    with pytest.raises(NotAllowed):
        portal(staff.everybody)
    (said,) = _refusals(world)
    assert '"NotAllowed"' in said
    assert "staff.everybody" in said
    assert events(world, access_id)[-1] == "operation:refused"
