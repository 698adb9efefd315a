"""Neither word nor time tells why a sign-in was refused, or an unlock (R1, R2, R48)."""

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Update, insert, update

from branch_desk.models.access import Access
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import DomainError, SignInFailed
from branch_desk.models.member_session import TRIES_PER_DAY, UnlockTry
from branch_desk.models.passwords import Hasher, plain_answer
from branch_desk.models.staff import Role, Staff
from branch_desk.operations.house import sign_in
from branch_desk.operations.users import member_sign_in, self_unlock
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import House
from tests.access_builders import HOME, MEMBER_PASSWORD, an_access, an_active, mails
from tests.builders import PASSWORD, World
from tests.short_ways import everybody_fresh

TRIES = 30
NEAR = 0.10
OR_SECONDS = 0.005
WRONG = "no es esta clave"


@dataclass(frozen=True)
class Case:
    """A reason to refuse, and how the next try meets it again."""

    user_name: str
    password: str
    mail: str = ""


STAFF = {
    "unknown": Case("nadie", PASSWORD),
    "wrong": Case("oficial", WRONG),
    "inactive": Case("retirada", PASSWORD),
    "locked": Case("bloqueada", PASSWORD),
}
MEMBERS = {
    "unknown": Case("nadie", MEMBER_PASSWORD),
    "wrong": Case("errada", "Equivocada9"),
    "suspended": Case("suspendida", MEMBER_PASSWORD),
    "locked": Case("bloqueada", MEMBER_PASSWORD),
}


def set_columns(world: World, change: Update) -> None:
    """Change rows behind the program's back."""
    world.house.work(lambda work: work.session.execute(change))


def real(world: World) -> House:
    """The house with hashes as they cost in a branch, in the rows too."""
    hasher = Hasher()
    staff, member = hasher.hash(PASSWORD), hasher.hash(MEMBER_PASSWORD)
    set_columns(world, update(Staff).values(password_hash=staff))
    set_columns(world, update(Access).values(password_hash=member))
    hasher.dummy_verify("the first one also makes the hash of nobody")
    return House(world.house.database, world.house.keys, hasher)


def measured(
    house: House,
    cases: dict[str, Case],
    attempt: Callable[[House, Case], object],
    again: Callable[[], object],
) -> tuple[dict[str, float], set[str]]:
    """The median seconds of each case, and all that was said."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    said: set[str] = set()
    # In turn, not one case after the other: a busy minute of the machine then falls on all alike.
    for _ in range(TRIES):
        for name, case in cases.items():
            again()
            # The processor's time of this thread, hash and statements: others at work do not count.
            begin = time.thread_time()
            try:
                heard = repr(attempt(house, case))
            except DomainError as refusal:
                heard = f"{refusal!r} {refusal} {refusal.field} {refusal.facts}"
            seconds[name].append(time.thread_time() - begin)
            said.add(heard)
    assert [len(each) for each in seconds.values()] == [TRIES] * len(cases)
    return {name: statistics.median(each) for name, each in seconds.items()}, said


def tells(medians: dict[str, float]) -> bool:
    """Whether a case stands out from the wrong password by more than a tenth and 5 ms."""
    usual = medians["wrong"]
    return any(abs(each - usual) > max(NEAR * usual, OR_SECONDS) for each in medians.values())


def even_if_busy(measure: Callable[[], tuple[dict[str, float], set[str]]]) -> None:
    """Measure; once more before it counts, for other work may have hit the tries of one case."""
    medians, said = measure()
    if tells(medians):
        medians, more = measure()
        said |= more
    shown = {name: f"{1000 * each:.1f} ms" for name, each in medians.items()}
    print("medians of all that must look alike:", shown)  # noqa: T201  the figure is the result
    assert len(said) == 1, said
    assert not tells(medians), shown


def test_the_time_of_a_refused_sign_in_of_staff_tells_nothing(world: World) -> None:
    world.staff("oficial")
    gone, shut = world.staff("retirada"), world.staff("bloqueada", Role.SUPERVISOR)

    off = update(Staff).where(Staff.id == gone.staff_id).values(active=False)
    lock = update(Staff).where(Staff.id == shut.staff_id)
    set_columns(world, off)
    set_columns(world, lock.values(locked_at=world.clock.now, failed_attempts=5))
    house = real(world)
    again = (
        update(Staff).where(Staff.user_name == "oficial").values(failed_attempts=0, locked_at=None)
    )
    even_if_busy(
        lambda: measured(
            house,
            STAFF,
            lambda house, case: sign_in.sign_in(house, case.user_name, case.password),
            lambda: set_columns(world, again),
        )
    )


def test_the_time_of_a_refused_sign_in_of_a_member_tells_nothing(world: World) -> None:
    desk = world.desk()
    for number, name in enumerate(("errada", "suspendida", "bloqueada")):
        document = {"number": f"00{number}", "document_number": f"430000{number}"}
        an_active(world, desk, user_name=name, **document)
    set_columns(
        world, update(Access).where(Access.user_name == "suspendida").values(status="SUSPENDED")
    )
    locked = {"locked_at": world.clock.now, "lock_reason": "PASSWORD", "failed_passwords": 3}
    set_columns(world, update(Access).where(Access.user_name == "bloqueada").values(**locked))
    house = real(world)
    again = (
        update(Access)
        .where(Access.user_name == "errada")
        .values(failed_passwords=0, locked_at=None, lock_reason=None, locked_from=None)
    )
    even_if_busy(
        lambda: measured(
            house,
            MEMBERS,
            lambda house, case: member_sign_in.password(house, case.user_name, case.password, HOME),
            lambda: set_columns(world, again),
        )
    )


def test_the_time_in_which_a_picture_is_shown_tells_nothing(world: World) -> None:
    an_active(world, world.desk())
    an_access(world, number="000777", user_name="invitada", document_number="4300009")
    house = real(world)
    cases = {name: Case(user, "") for name, user in PICTURES.items()}

    def look(house: House, case: Case) -> None:
        member_sign_in.begin(house, case.user_name, HOME)

    even_if_busy(lambda: measured(house, cases, look, lambda: None))


PICTURES = {"wrong": "amendez", "unknown": "nadie", "unfinished": "invitada"}
"""Whose picture is asked for; the first is compared with."""


def test_the_time_of_an_unlock_tells_nothing(world: World) -> None:
    desk = world.desk()
    users = {}
    for number, name in enumerate(UNLOCKED_ALONE):
        document = {"number": f"00{number}", "document_number": f"430000{number}"}
        everybody_fresh(world.house)
        users[name], _ = an_active(world, desk, user_name=f"socia.{name}", **document)
    house = real(world)
    answer = house.hasher.hash(plain_answer("Doña Petrona"))
    set_columns(world, update(Access).values(answer_hash=answer))
    tries = itertools.count()

    def again() -> None:
        world.clock.forward(days=16)  # of two unlocks in thirty days, none is the third
        lock = {"locked_at": world.clock.now, "failed_passwords": 3}
        set_columns(world, update(Access).values(**lock, lock_reason="PASSWORD"))
        pin = update(Access).where(Access.id == users["pin"])
        set_columns(world, pin.values(lock_reason="PIN"))
        spent = [
            {"id": new_id(), "access_id": users["spent"], "address": "", "at": world.clock.now}
            for _ in range(TRIES_PER_DAY)
        ]
        world.house.work(
            lambda work: work.session.execute(
                insert(UnlockTry), [each | {"was_right": False} for each in spent]
            )
        )

    def attempt(house: House, case: Case) -> None:
        origin = Origin(Channel.WEB, f"10.0.{next(tries)}")
        self_unlock.unlock(house, case.user_name, case.password, case.mail, origin)

    even_if_busy(lambda: measured(house, UNLOCKED_ALONE, attempt, again))
    told = {name: mails(world, access_id).count("unlocked") for name, access_id in users.items()}
    assert told.pop("right") in (TRIES, 2 * TRIES)
    assert set(told.values()) == {0}


UNLOCKED_ALONE = {
    "wrong": Case("socia.wrong", "Doña Filomena", "ana@example.com"),
    "right": Case("socia.right", "Doña Petrona", "ana@example.com"),
    "address": Case("socia.address", "Doña Petrona", "otra@example.com"),
    "pin": Case("socia.pin", "Doña Petrona", "ana@example.com"),
    "spent": Case("socia.spent", "Doña Petrona", "ana@example.com"),
    "unknown": Case("nadie", "Doña Petrona", "ana@example.com"),
}


def test_a_real_hash_costs_what_it_must_and_an_officer_waits_no_quarter_of_a_second() -> None:
    hasher = Hasher()
    kept = hasher.hash(PASSWORD)
    seconds = []
    for _ in range(9):
        # The processor's time of this thread: others at work do not count.
        begin = time.thread_time()
        assert hasher.verify(kept, PASSWORD)
        seconds.append(time.thread_time() - begin)
    print(f"one real hash: {1000 * statistics.median(seconds):.0f} ms")  # noqa: T201
    memory, passes = (int(part.split("=")[1]) for part in kept.split("$")[3].split(",")[:2])
    assert kept.startswith("$argon2id$")
    assert memory * passes >= 38_000
    assert statistics.median(seconds) < 0.25


def test_every_refusal_is_the_same_class_without_facts(world: World) -> None:
    world.staff("oficial")
    for case in STAFF.values():
        with pytest.raises(SignInFailed) as refusal:
            sign_in.sign_in(world.house, case.user_name, WRONG)
        assert (refusal.value.field, refusal.value.facts) == (None, {})
