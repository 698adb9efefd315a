"""Unlocking at any branch."""

from uuid import UUID

import pytest
from sqlalchemy import select

from branch_desk.models.access import AccessStatus, LockReason, Unlock
from branch_desk.models.errors import (
    CheckListIncomplete,
    FreshSignInNeeded,
    NotAllowed,
    NotFound,
    NotLocked,
    ReasonMissing,
    SelfDealing,
    SignInFailed,
    SupervisorNeeded,
    WrongState,
)
from branch_desk.models.identity import CheckPoint
from branch_desk.models.staff import Role, StaffRelative
from branch_desk.operations.users import member_sign_in, unlock
from branch_desk.operations.users.unlock import POINTS_NEEDED, Advice, Remedy
from branch_desk.operations.work import Desk
from tests.access_builders import (
    HOME,
    MEMBER_PASSWORD,
    an_access,
    an_active,
    change,
    events,
    mails,
    row,
)
from tests.builders import World

WHY = "Olvidó la contraseña y probó tres veces"


def _lock(world: World, access_id: UUID) -> None:
    for _ in range(3):
        with pytest.raises(SignInFailed):
            member_sign_in.password(world.house, "amendez", "Equivocada1", HOME)
    assert row(world, access_id).locked_at is not None


def _unlock(desk: Desk, access_id: UUID) -> None:
    desk(unlock.unlock, access_id, reason=WHY, points=POINTS_NEEDED)


def test_three_wrong_passwords_then_unlocked_at_another_branch(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    _lock(world, access_id)
    world.clock.forward(hours=2)
    locked = row(world, access_id)
    desk = world.desk("montero", branch_id=world.other_branch())
    card = desk(unlock.triage, access_id)
    assert card.lock_reason is LockReason.PASSWORD
    assert card.locked_at == locked.locked_at
    assert card.locked_from == "WEB 200.87.1.2"
    assert card.option(Remedy.UNLOCK).advice is Advice.FITS
    assert card.option(Remedy.NEW_CREDENTIAL).advice is Advice.AFTER_UNLOCK
    assert card.option(Remedy.NEW_TOKEN).advice is Advice.AFTER_UNLOCK
    _unlock(desk, access_id)
    after = row(world, access_id)
    assert (after.locked_at, after.lock_reason, after.locked_from, after.failed_passwords) == (
        None,
        None,
        None,
        0,
    )
    assert after.status is AccessStatus.ACTIVE
    assert (after.password_hash, after.pin_hash) == (locked.password_hash, locked.pin_hash)
    assert mails(world, access_id).count("unlocked") == 1
    kept = world.house.work(lambda work: work.session.scalars(select(Unlock)).one())
    assert kept.staff_id == world.people["montero"].staff_id
    assert kept.evidence == "ORIGINAL_SEEN PHOTO_MATCHES SIGNATURE_MATCHES"
    assert kept.reason == WHY
    assert events(world, access_id)[-1] == "access:unlocked"
    member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)


def test_an_unlock_needs_a_reason_and_every_point_of_the_check(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    _lock(world, access_id)
    desk = world.desk()
    for reason in ("", "olvidó", "1234567890123", "  a b c d e f g h i "):
        with pytest.raises(ReasonMissing):
            desk(unlock.unlock, access_id, reason=reason, points=POINTS_NEEDED)
    for missing in POINTS_NEEDED:
        with pytest.raises(CheckListIncomplete) as refused:
            desk(unlock.unlock, access_id, reason=WHY, points=frozenset(CheckPoint) - {missing})
        assert refused.value.missing == [missing]
    assert row(world, access_id).locked_at is not None
    assert "unlocked" not in mails(world, access_id)


def test_nobody_unlocks_oneself_or_a_relative(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    _lock(world, access_id)
    with pytest.raises(SelfDealing):
        _unlock(world.desk("ana", document="4567891-1B"), access_id)
    with pytest.raises(SelfDealing):
        _unlock(world.desk("anajefa", Role.SUPERVISOR, document="4567891-1B"), access_id)
    desk = world.desk("primo")
    staff_id = world.people["primo"].staff_id
    world.house.work(
        lambda work: work.session.add(
            StaffRelative(staff_id=staff_id, person="CI:4567891-1B", relation="prima")
        )
    )
    with pytest.raises(SelfDealing):
        _unlock(desk, access_id)


def test_the_third_unlock_in_thirty_days_is_the_supervisors(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    for _ in range(2):
        _lock(world, access_id)
        _unlock(world.desk(), access_id)
        world.clock.forward(days=5)
    _lock(world, access_id)
    desk = world.desk()
    card = desk(unlock.triage, access_id)
    assert len(card.unlocks) == 2
    assert card.option(Remedy.UNLOCK).supervisor == "third_unlock"
    with pytest.raises(SupervisorNeeded) as refused:
        _unlock(desk, access_id)
    assert refused.value.reason == "third_unlock"
    _unlock(world.desk("jefa", Role.SUPERVISOR), access_id)
    world.clock.forward(days=31)
    _lock(world, access_id)
    _unlock(world.desk(), access_id)


def test_soon_after_a_change_of_mail_or_phone_an_unlock_is_the_supervisors(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    change(world, access_id, contact_changed_at=world.clock.now)
    _lock(world, access_id)
    world.clock.forward(hours=71, minutes=59)
    with pytest.raises(SupervisorNeeded) as refused:
        _unlock(world.desk(), access_id)
    assert refused.value.reason == "contact_changed"
    world.clock.forward(minutes=1)
    _unlock(world.desk(), access_id)


def test_an_unlock_wants_the_password_afresh_and_a_role_that_serves(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    _lock(world, access_id)
    desk = world.desk()
    world.clock.forward(minutes=6)
    with pytest.raises(FreshSignInNeeded):
        _unlock(desk, access_id)
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            _unlock(world.desk(role.lower(), role), access_id)


def test_what_is_not_locked_is_not_unlocked(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    with pytest.raises(NotLocked):
        _unlock(world.desk(), access_id)
    change(world, access_id, status=AccessStatus.SUSPENDED)
    with pytest.raises(WrongState):
        _unlock(world.desk(), access_id)
    with pytest.raises(NotFound):
        _unlock(world.desk(), world.branch_id)


def test_the_card_says_which_of_three_deeds_fits(world: World) -> None:
    desk = world.desk()
    invited = an_access(world)
    card = desk(unlock.triage, invited)
    assert not card.locked
    assert card.option(Remedy.UNLOCK).advice is Advice.NOT_NEEDED
    assert card.option(Remedy.NEW_CREDENTIAL).advice is Advice.FITS
    active, _ = an_active(
        world, desk, number="000124", user_name="jlazarte", document_number="555777", complement=""
    )
    card = world.desk()(unlock.triage, active)
    assert [option.advice for option in card.options] == [
        Advice.NOT_NEEDED,
        Advice.IF_LOST,
        Advice.IF_LOST,
    ]
    assert card.option(Remedy.NEW_TOKEN).supervisor == "new_token"
    change(world, active, status=AccessStatus.CLOSED)
    card = world.desk()(unlock.triage, active)
    assert {option.advice for option in card.options} == {Advice.IMPOSSIBLE}
    assert events(world, active)[-1] == "access:viewed"
