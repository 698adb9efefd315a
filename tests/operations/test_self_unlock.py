"""A member unlocks oneself by the secret answer and the mail address; nobody learns more (F22)."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from branch_desk.models.access import AccessStatus, LockReason, TotpDevice, Unlock
from branch_desk.models.audit import AuditEvent
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import SessionEnded, SignInFailed, SupervisorNeeded
from branch_desk.models.member_session import (
    SELF_UNLOCKS,
    TRIES_PER_ADDRESS,
    TRIES_PER_DAY,
    UnlockTry,
)
from branch_desk.models.passwords import Hasher
from branch_desk.operations.users import member_sign_in, own_settings, self_unlock, unlock
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.users.unlock import POINTS_NEEDED
from branch_desk.operations.work import House
from tests import racing
from tests.access_builders import (
    HOME,
    a_portal,
    an_active,
    change,
    events,
    mails,
    row,
)
from tests.builders import World
from tests.short_ways import everybody_fresh

ANSWER = "Doña Petrona"
MAIL = "ana@example.com"
WRONG = "Doña Filomena"


def _lock(world: World, user_name: str = "amendez") -> None:
    for _ in range(3):
        with pytest.raises(SignInFailed):
            member_sign_in.password(world.house, user_name, "Equivocada1", HOME)


def _locked(world: World) -> UUID:
    access_id, _ = an_active(world, world.desk())
    _lock(world)
    return access_id


def _try(
    world: World,
    answer: str = ANSWER,
    email: str = MAIL,
    *,
    user: str = "amendez",
    address: str = HOME.address,
) -> None:
    origin = Origin(Channel.WEB, address)
    self_unlock.unlock(world.house, user, answer, email, origin)


def _is_locked(world: World, access_id: UUID) -> bool:
    return row(world, access_id).locked_at is not None


def _tries(world: World) -> list[UnlockTry]:
    return world.house.work(
        lambda work: list(work.session.scalars(select(UnlockTry).order_by(UnlockTry.id))),
        reads=True,
    )


def test_the_right_answer_and_address_unlock_and_a_mail_says_so(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    portal = a_portal(world, access_id)
    before = row(world, access_id)
    device = _device(world, access_id)
    _lock(world)
    _try(world)
    after = row(world, access_id)
    assert (after.locked_at, after.lock_reason, after.locked_from) == (None, None, None)
    assert after.failed_passwords == 0
    assert (after.password_hash, after.pin_hash, after.answer_hash) == (
        before.password_hash,
        before.pin_hash,
        before.answer_hash,
    )
    assert _device(world, access_id) == device
    assert mails(world, access_id)[-1] == "unlocked"
    assert mails(world, access_id).count("unlocked") == 1
    assert events(world, access_id)[-1] == "access:unlocked"
    with pytest.raises(SessionEnded):
        portal(own_settings.settings)
    assert a_portal(world, access_id)(own_settings.settings).user_name == "amendez"


def _device(world: World, access_id: UUID) -> tuple[bytes, int | None]:
    device = world.house.work(
        lambda work: work.session.scalars(
            select(TotpDevice).where(TotpDevice.access_id == access_id)
        ).one(),
        reads=True,
    )
    return device.secret, device.last_step


@pytest.mark.parametrize(
    ("answer", "email"),
    [
        ("  DOÑA   petrona ", MAIL),
        ("Don\u0303a Petrona", " ANA@Example.com "),  # written apart, as some phones do
        ("ＤＯÑＡ Petrona", MAIL),
    ],
)
def test_answer_and_address_are_taken_in_any_harmless_form(
    world: World, answer: str, email: str
) -> None:
    access_id = _locked(world)
    _try(world, answer, email, user=" AMENDEZ")
    assert not _is_locked(world, access_id)


@pytest.mark.parametrize(
    ("user", "answer", "email"),
    [
        ("nadie", ANSWER, MAIL),
        ("amendez", WRONG, MAIL),
        ("amendez", ANSWER, "otra@example.com"),
        ("amendez", ANSWER, ""),
        ("amendez", "", MAIL),
        ("a\0", "\0", "\0"),
        ("\udcff", "\udcff", "\udcff"),
        ("amendez", "x" * 100_000, MAIL),
        ("amendez", ANSWER, "x" * 100_000),
    ],
)
def test_whatever_is_wrong_nothing_is_said_and_nothing_changes(
    world: World, user: str, answer: str, email: str
) -> None:
    access_id = _locked(world)
    before = row(world, access_id)
    _try(world, answer, email, user=user)
    after = row(world, access_id)
    assert (after.locked_at, after.lock_reason) == (before.locked_at, LockReason.PASSWORD)
    assert after.failed_passwords == 3
    assert "unlocked" not in mails(world, access_id)
    failed = select(AuditEvent).where(AuditEvent.event == "access:unlock_failed")
    assert len(world.house.work(lambda work: work.session.scalars(failed).all(), reads=True)) == 1


def test_what_was_typed_stands_nowhere(world: World) -> None:
    access_id = _locked(world)
    _try(world, "Doña Filomena Quispe", user="nadie-conocido")
    _try(world, "Doña Filomena Quispe")
    said = world.house.work(
        lambda work: " ".join(work.session.scalars(select(AuditEvent.text))), reads=True
    )
    assert "Filomena" not in said
    assert "nadie-conocido" not in said
    assert str(row(world, access_id).answer_hash) not in said


@pytest.mark.parametrize("reason", [each for each in LockReason if each is not LockReason.PASSWORD])
def test_only_a_lock_by_passwords_is_taken_away(world: World, reason: LockReason) -> None:
    access_id, _ = an_active(world, world.desk())
    change(world, access_id, locked_at=world.clock.now, lock_reason=reason)
    _try(world)
    assert row(world, access_id).lock_reason is reason
    assert [each.access_id for each in _tries(world)] == [None]


@pytest.mark.parametrize("status", [AccessStatus.SUSPENDED, AccessStatus.CLOSED])
def test_a_suspended_or_closed_user_stays_as_it_is(world: World, status: AccessStatus) -> None:
    access_id = _locked(world)
    change(world, access_id, status=status)
    _try(world)
    assert _is_locked(world, access_id)
    assert row(world, access_id).status is status


def test_who_is_not_locked_is_not_unlocked(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    _try(world)
    assert "unlocked" not in mails(world, access_id)
    assert world.house.work(lambda work: work.session.scalars(select(Unlock)).all()) == []


def test_after_five_wrong_answers_the_right_one_no_longer_helps_for_a_day(world: World) -> None:
    access_id = _locked(world)
    for count in range(TRIES_PER_DAY):
        _try(world, WRONG, address=f"10.0.0.{count}")
    _try(world, address="10.0.1.1")
    assert _is_locked(world, access_id)
    world.clock.forward(hours=23, minutes=59)
    for _ in range(TRIES_PER_DAY + 1):
        _try(world, address="10.0.1.1")
    assert _is_locked(world, access_id)
    world.clock.forward(minutes=1)  # those that were not judged make nobody wait longer
    _try(world, address="10.0.1.1")
    assert not _is_locked(world, access_id)


def test_the_right_answer_after_twenty_wrong_ones_leaves_it_locked(world: World) -> None:
    """R48: silence begins after the fifth."""
    access_id = _locked(world)
    for count in range(TRIES_PER_ADDRESS):
        _try(world, WRONG, address=f"10.0.0.{count}")
    for _ in range(5):
        _try(world, address="10.0.1.1")
    assert _is_locked(world, access_id)
    judged = [each for each in _tries(world) if each.access_id is not None]
    assert len(judged) == TRIES_PER_DAY
    assert len(_tries(world)) == TRIES_PER_ADDRESS + 5


def test_whoever_does_not_know_the_address_uses_up_nobodys_answers(world: World) -> None:
    access_id = _locked(world)
    for count in range(12):
        _try(world, WRONG, "otra@example.com", address=f"10.0.0.{count}")
    _try(world)
    assert not _is_locked(world, access_id)


def test_after_twenty_tries_in_an_hour_one_network_address_is_not_heard(world: World) -> None:
    access_id = _locked(world)
    for count in range(TRIES_PER_ADDRESS):
        _try(world, user=f"nadie{count}")
    _try(world)
    assert _is_locked(world, access_id)
    world.clock.forward(minutes=59)
    _try(world)
    assert _is_locked(world, access_id)
    world.clock.forward(minutes=1)  # of the twenty-two, two are younger than an hour
    _try(world)
    assert not _is_locked(world, access_id)


def test_another_network_address_is_heard_meanwhile(world: World) -> None:
    access_id = _locked(world)
    for count in range(TRIES_PER_ADDRESS + 3):
        _try(world, user=f"nadie{count}")
    _try(world, address="190.1.2.3")
    assert not _is_locked(world, access_id)


def test_the_third_in_thirty_days_is_the_desks(world: World) -> None:
    access_id = _locked(world)
    for _ in range(SELF_UNLOCKS):
        _try(world)
        assert not _is_locked(world, access_id)
        world.clock.forward(days=14)
        _lock(world)
    _try(world)
    assert _is_locked(world, access_id)
    why = "Olvidó su contraseña otra vez"
    with pytest.raises(SupervisorNeeded):
        world.desk()(unlock.unlock, access_id, reason=why, points=POINTS_NEEDED)
    boss = world.countersigned(world.desk())
    seen = boss(unlock.triage, access_id)
    assert [each.by_member for each in seen.unlocks] == [True, True]
    boss(unlock.unlock, access_id, reason=why, points=POINTS_NEEDED)
    assert not _is_locked(world, access_id)
    _lock(world)
    world.clock.forward(days=2, hours=1)  # the first of the two is now thirty days old
    _try(world)
    assert not _is_locked(world, access_id)


def test_who_took_over_the_mail_does_not_unlock_by_it(world: World) -> None:
    access_id = _locked(world)
    change(world, access_id, contact_changed_at=world.clock.now)
    world.clock.forward(hours=71)
    _try(world)
    assert _is_locked(world, access_id)
    world.clock.forward(hours=1)
    _try(world)
    assert not _is_locked(world, access_id)


def test_a_program_that_dies_while_it_hashes_has_spent_the_try(world: World) -> None:
    class Dies(Exception):
        pass

    class Dying(Hasher):
        def verify(self, kept: str, secret: str) -> bool:
            raise Dies

    access_id = _locked(world)
    dying = House(world.house.database, world.house.keys, Dying())
    for count in range(TRIES_PER_DAY):
        with pytest.raises(Dies):
            self_unlock.unlock(
                dying, "amendez", WRONG, MAIL, Origin(Channel.WEB, f"10.0.0.{count}")
            )
    _try(world)
    assert _is_locked(world, access_id)


def test_an_answer_changed_while_it_was_hashed_no_longer_counts(world: World) -> None:
    access_id = _locked(world)

    class Meanwhile(Hasher):
        def verify(self, kept: str, secret: str) -> bool:
            change(world, access_id, answer_hash=world.house.hasher.hash("otra"))
            return world.house.hasher.verify(kept, secret)

    house = House(world.house.database, world.house.keys, Meanwhile())
    self_unlock.unlock(house, "amendez", ANSWER, MAIL, HOME)
    assert _is_locked(world, access_id)


@pytest.fixture(scope="module")
def racers() -> Iterator[racing.Racers]:
    with racing.Racers() as made:
        yield made


def test_twelve_wrong_answers_at_once_are_judged_five_times_at_most(
    world: World, racers: racing.Racers
) -> None:
    desk = world.desk()
    for number in range(3):
        document = {"number": f"00{number}", "document_number": f"430000{number}"}
        name = f"socia{number}"
        everybody_fresh(world.house)
        access_id, _ = an_active(world, desk, user_name=name, **document)
        _lock(world, name)
        orders = [
            racing.Order("unlock_alone", (name, WRONG, MAIL, f"10.{number}.0.{each}"))
            for each in range(racing.DESKS)
        ]
        assert sum(racers.race(world, orders)) <= TRIES_PER_DAY
        _try(world, user=name, address="10.9.9.9")
        assert _is_locked(world, access_id)


def test_from_one_network_address_at_most_twenty_are_judged_whoever_asks_at_once(
    world: World, racers: racing.Racers
) -> None:
    desk = world.desk()
    judged = 0
    for number in range(5):
        document = {"number": f"00{number}", "document_number": f"430000{number}"}
        everybody_fresh(world.house)
        an_active(world, desk, user_name=f"socia{number}", **document)
        _lock(world, f"socia{number}")
    for number in range(5):
        orders = [
            racing.Order("unlock_alone", (f"socia{number}", WRONG, MAIL, HOME.address))
            for _ in range(6)
        ]
        judged += sum(racers.race(world, orders))
    assert judged <= TRIES_PER_ADDRESS
    assert len(_tries(world)) == 30


def test_twelve_right_answers_at_once_unlock_once(world: World, racers: racing.Racers) -> None:
    access_id = _locked(world)
    orders = [
        racing.Order("unlock_alone", ("amendez", ANSWER, MAIL, f"10.0.0.{each}"))
        for each in range(racing.DESKS)
    ]
    judged = racers.race(world, orders)
    assert sum(judged) <= TRIES_PER_DAY
    assert mails(world, access_id).count("unlocked") == len(_alone(world)) <= 1
    assert _is_locked(world, access_id) == (_alone(world) == [])


def _alone(world: World) -> list[Unlock]:
    return world.house.work(lambda work: list(work.session.scalars(select(Unlock))), reads=True)
