"""The member's authenticator, at the desk."""

import subprocess
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select

from branch_desk.models.access import AccessStatus, LockReason, TotpDevice
from branch_desk.models.errors import (
    AlreadyDone,
    CodeRefused,
    FreshSignInNeeded,
    LockedOut,
    NotAllowed,
    NotFound,
    SelfDealing,
    SupervisorNeeded,
    UnlockFirst,
)
from branch_desk.models.keys import Keys, NotAVerifier
from branch_desk.models.staff import Role
from branch_desk.models.totp import Cause, step_at
from branch_desk.operations.users import access, totp
from branch_desk.operations.users.first_steps import StepKind
from branch_desk.operations.users.totp import ProvisionedToken
from branch_desk.operations.work import Desk, House
from tests.access_builders import (
    a_phone,
    an_access,
    an_active,
    change,
    events,
    mails,
    redeemed,
    row,
    with_secrets,
)
from tests.builders import World


def oathtool(key: str, at: datetime, period: int = 30) -> str:
    """A code from an independent authenticator."""
    said = subprocess.run(
        ["oathtool", "--totp", "--base32", f"--time-step-size={period}s", f"--now={at:%Y-%m-%d %H:%M:%S} UTC", key],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return said.stdout.strip()


def _live(world: World, access_id: UUID) -> TotpDevice:
    return world.house.work(
        lambda work: work.session.scalars(
            select(TotpDevice).where(
                TotpDevice.access_id == access_id, TotpDevice.revoked_at.is_(None)
            )
        ).one()
    )


def _verify(world: World, access_id: UUID, code: str) -> int:
    return world.house.work(lambda work: totp.verify(work, access_id, code))


def _provisioned(world: World) -> tuple[UUID, Desk, ProvisionedToken]:
    access_id = an_access(world)
    desk = world.desk()
    return access_id, desk, desk(totp.provision, access_id)


def test_an_independent_authenticator_proves_the_token(world: World) -> None:
    access_id, desk, token = _provisioned(world)
    parts = urlsplit(token.uri.reveal())
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert unquote(parts.path) == "/CosmartNet:amendez"
    assert query["issuer"] == "CosmartNet"
    assert token.key.grouped().replace(" ", "") == query["secret"]
    desk(totp.confirm, access_id, oathtool(query["secret"], world.clock.now))
    assert _live(world, access_id).confirmed_at == world.clock.now
    world.clock.forward(seconds=30)
    assert _verify(world, access_id, oathtool(query["secret"], world.clock.now)) == step_at(
        world.clock.now
    )


def test_a_token_stays_pending_until_a_code_was_accepted(world: World) -> None:
    access_id, desk, token = _provisioned(world)
    phone = a_phone(world, token)
    with pytest.raises(NotFound):
        _verify(world, access_id, phone.code())
    assert desk(access.steps, access_id).at(StepKind.TOKEN_PROVED) is None
    done = desk(totp.confirm, access_id, phone.code())
    assert (done.period, done.active) == (30, False)
    assert desk(access.steps, access_id).at(StepKind.TOKEN_PROVED) == world.clock.now
    assert row(world, access_id).status is AccessStatus.INVITED
    with pytest.raises(AlreadyDone):
        desk(totp.confirm, access_id, phone.code(1))


def test_the_desks_token_completes_a_first_access_whose_other_steps_are_done(world: World) -> None:
    access_id = an_access(world)
    desk = world.desk()
    with_secrets(world, redeemed(world, desk, access_id))
    phone = a_phone(world, desk(totp.provision, access_id))
    assert desk(totp.confirm, access_id, phone.code()).active
    assert row(world, access_id).status is AccessStatus.ACTIVE
    assert row(world, access_id).active_since == world.clock.now
    assert "access:activated" in events(world, access_id)


@pytest.mark.parametrize("period", [30, 60])
def test_the_period_of_the_phone_is_found_out(world: World, period: int) -> None:
    access_id, desk, token = _provisioned(world)
    phone = a_phone(world, token, period)
    world.clock.forward(seconds=47)
    assert (
        desk(totp.confirm, access_id, oathtool(token.key.reveal(), world.clock.now, period)).period
        == period
    )
    for _ in range(5):
        world.clock.forward(seconds=period)
        _verify(world, access_id, phone.code())


def test_a_code_is_accepted_once_and_never_an_older_one(world: World) -> None:
    access_id, phone = an_active(world, world.desk())
    a, b = phone.code(), phone.code(1)
    _verify(world, access_id, a)
    _verify(world, access_id, b)
    for code in (a, b):
        with pytest.raises(CodeRefused) as refused:
            _verify(world, access_id, code)
        assert refused.value.diagnosis is Cause.ALREADY_USED


def test_only_now_and_one_step_beside_it_is_accepted(world: World) -> None:
    access_id, phone = an_active(world, world.desk())
    world.clock.forward(hours=1)
    accepted = set()
    for ahead in range(-12, 13):
        try:
            _verify(world, access_id, phone.code(ahead))
            accepted.add(ahead)
        except CodeRefused:
            pass
        change(world, access_id, failed_codes=0, locked_at=None, lock_reason=None)
    assert accepted == {-1, 0, 1}


def test_five_wrong_codes_lock_and_the_right_one_no_longer_helps(world: World) -> None:
    access_id, phone = an_active(world, world.desk())
    for count in range(1, 6):
        with pytest.raises(CodeRefused):
            _verify(world, access_id, "12345")
        assert row(world, access_id).failed_codes == count
    locked = row(world, access_id)
    assert locked.lock_reason is LockReason.CODE
    assert locked.locked_at == world.clock.now
    assert locked.failed_passwords == 0
    with pytest.raises(LockedOut):
        _verify(world, access_id, phone.code())
    assert events(world, access_id).count("access:locked") == 1


def test_a_right_code_takes_the_count_back(world: World) -> None:
    access_id, phone = an_active(world, world.desk())
    for _ in range(4):
        with pytest.raises(CodeRefused):
            _verify(world, access_id, "000")
    _verify(world, access_id, phone.code())
    assert row(world, access_id).failed_codes == 0
    assert row(world, access_id).locked_at is None


def test_away_from_the_desk_a_refusal_tells_no_guess_anything(world: World) -> None:
    access_id, phone = an_active(world, world.desk())
    with pytest.raises(CodeRefused) as refused:
        _verify(world, access_id, phone.code(200))
    assert (refused.value.diagnosis, refused.value.minutes) == (Cause.UNKNOWN, None)


@pytest.mark.parametrize(
    ("ahead", "cause", "minutes"),
    [(20, Cause.CLOCK_OFF, 10), (-20, Cause.CLOCK_OFF, -10), (-3, Cause.TYPED_LATE, None)],
)
def test_the_doctor_names_the_cause_at_the_desk(
    world: World, ahead: int, cause: Cause, minutes: int | None
) -> None:
    desk = world.desk()
    access_id, phone = an_active(world, desk)
    world.clock.forward(minutes=1)
    found = world.desk()(totp.diagnose, access_id, phone.code(ahead))
    assert found is not None
    assert (found.cause, found.minutes) == (cause, minutes)
    assert row(world, access_id).failed_codes == 1
    assert world.desk()(totp.diagnose, access_id, phone.code()) is None
    assert row(world, access_id).failed_codes == 0


def test_the_doctor_recognises_an_entry_that_was_replaced(world: World) -> None:
    access_id, desk, token = _provisioned(world)
    old = a_phone(world, token)
    desk(totp.confirm, access_id, old.code())
    new = a_phone(world, world.countersigned(desk)(totp.provision, access_id))
    with pytest.raises(CodeRefused) as refused:
        desk(totp.confirm, access_id, old.code())
    assert refused.value.diagnosis is Cause.OLD_ENTRY
    assert row(world, access_id).failed_codes == 1
    desk(totp.confirm, access_id, new.code())


def test_provisioning_again_kills_the_old_secret_at_once(world: World) -> None:
    desk = world.desk()
    access_id, old = an_active(world, desk)
    world.countersigned(desk)(totp.provision, access_id)
    for ahead in (-1, 0, 1):
        with pytest.raises(NotFound):
            _verify(world, access_id, old.code(ahead))
    assert mails(world, access_id)[-1] == "new_token"
    assert "totp:revoked" in events(world, access_id)


def test_a_second_token_after_a_proven_one_takes_two_persons(world: World) -> None:
    access_id, desk, token = _provisioned(world)
    again = desk(totp.provision, access_id)  # the first was never proven: the QR was not scanned
    desk(totp.confirm, access_id, a_phone(world, again).code())
    for alone in (desk, world.desk("jefa", Role.SUPERVISOR)):
        with pytest.raises(SupervisorNeeded):
            alone(totp.provision, access_id)
    world.countersigned(desk)(totp.provision, access_id)
    assert token.key.reveal() != again.key.reveal()


def test_ten_wrong_codes_at_the_proof_give_the_secret_up_but_lock_nobody(world: World) -> None:
    access_id, desk, token = _provisioned(world)
    phone = a_phone(world, token)
    for _ in range(10):
        with pytest.raises(CodeRefused):
            desk(totp.confirm, access_id, "12345")
    with pytest.raises(NotFound):
        desk(totp.confirm, access_id, phone.code())
    assert row(world, access_id).locked_at is None
    new = a_phone(world, desk(totp.provision, access_id))
    assert row(world, access_id).failed_codes == 0
    desk(totp.confirm, access_id, new.code())


def test_a_drifted_phone_is_taken_by_two_codes_in_a_row_before_a_supervisor(world: World) -> None:
    desk = world.desk()
    access_id, phone = an_active(world, desk)
    world.clock.forward(hours=1)
    with pytest.raises(NotAllowed):
        world.desk()(totp.resync, access_id, phone.code(8), phone.code(9))
    boss = world.desk("jefa", Role.SUPERVISOR)
    for first, second in [(8, 10), (9, 8), (30, 31), (8, 8)]:
        with pytest.raises(CodeRefused):
            boss(totp.resync, access_id, phone.code(first), phone.code(second))
        change(world, access_id, failed_codes=0)
    boss(totp.resync, access_id, phone.code(8), phone.code(9))
    assert _live(world, access_id).drift_steps == 9
    world.clock.forward(seconds=30)
    with pytest.raises(CodeRefused):
        _verify(world, access_id, phone.code())
    _verify(world, access_id, phone.code(9))


def test_a_desk_without_the_verifiers_key_can_hand_out_and_not_check(world: World) -> None:
    full = world.house.keys
    small = Keys.ephemeral()
    small._ring = type(full._ring).from_text(full.export_for_desk())
    desk_house = House(world.house.database, small, world.house.hasher)
    branch = World(desk_house, world.clock, world.branch_id, world.people)
    access_id = an_access(world)
    desk = branch.desk()
    token = desk(totp.provision, access_id)
    with pytest.raises(NotAVerifier):
        desk(totp.confirm, access_id, a_phone(world, token).code())
    world.desk()(totp.confirm, access_id, a_phone(world, token).code())


def test_who_may_show_a_qr(world: World) -> None:
    access_id = an_access(world)
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            world.desk(role.lower(), role)(totp.provision, access_id)
    with pytest.raises(SelfDealing):
        world.desk("ana", document="4567891-1B")(totp.provision, access_id)
    desk = world.desk()
    world.clock.forward(minutes=6)
    with pytest.raises(FreshSignInNeeded):
        desk(totp.provision, access_id)


def test_a_locked_user_gets_no_new_token_and_proves_none(world: World) -> None:
    access_id, desk, token = _provisioned(world)
    change(
        world,
        access_id,
        locked_at=datetime(2026, 11, 23, tzinfo=UTC),
        lock_reason=LockReason.PASSWORD,
    )
    with pytest.raises(UnlockFirst):
        desk(totp.provision, access_id)
    with pytest.raises(LockedOut):
        desk(totp.confirm, access_id, a_phone(world, token).code())
    boss = world.desk("jefa", Role.SUPERVISOR)
    with pytest.raises(UnlockFirst):
        boss(totp.resync, access_id, "111111", "222222")


def test_the_secret_of_one_user_does_not_open_in_anothers_row(world: World) -> None:
    first, desk, token = _provisioned(world)
    second = an_access(
        world, number="000124", user_name="jlazarte", document_number="555777", complement=""
    )
    desk(totp.provision, second)
    stolen = _live(world, first).secret

    from sqlalchemy import update

    world.house.work(
        lambda work: work.session.execute(
            update(TotpDevice).where(TotpDevice.access_id == second).values(secret=stolen)
        )
    )
    from branch_desk.models.keys import SealBroken

    with pytest.raises(SealBroken):
        desk(totp.confirm, second, a_phone(world, token).code())


def test_a_provisioned_token_shows_nothing_by_accident(world: World) -> None:
    _, _, token = _provisioned(world)
    assert token.key.reveal() not in repr(token)
    assert "otpauth" not in repr(token)
