"""Several desks at once on PostgreSQL, each with its own connections: exactly one wins, none is lost."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import func, select

from branch_desk.models.access import Delivery, InitialCredential, LockReason, TotpDevice, Unlock
from branch_desk.models.database import Database
from branch_desk.models.errors import DomainError
from branch_desk.models.passwords import Hasher
from branch_desk.models.staff import Role
from branch_desk.operations.users import credential, first_access, member_sign_in, totp, unlock
from branch_desk.operations.users.unlock import POINTS_NEEDED
from branch_desk.operations.work import House
from tests.access_builders import (
    HOME,
    MEMBER_PASSWORD,
    a_phone,
    an_access,
    an_active,
    change,
    events,
    link_of,
    mails,
    row,
)
from tests.builders import CHEAP, World, a_world

T = TypeVar("T")


class CountingHasher(Hasher):
    """Counts the guesses that were judged against a real hash."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.judged: list[str] = []

    def verify(self, kept: str, secret: str) -> bool:
        self.judged.append(secret)
        return super().verify(kept, secret)

    def dummy_verify(self, secret: str) -> None:
        super().verify(self._nobodys, secret)


@pytest.fixture
def world(postgres_url: str) -> Iterator[World]:
    made = a_world(postgres_url)
    yield made
    made.house.database.close()


@contextmanager
def _houses(world: World, count: int) -> Iterator[list[House]]:
    url = world.house.database.url.render_as_string(hide_password=False)
    houses = [
        House(Database(url, clock=world.clock), world.house.keys, CountingHasher())
        for _ in range(count)
    ]
    yield houses
    for house in houses:
        house.database.close()


def _at_once(deeds: list[Callable[[], T]]) -> list[T | DomainError]:
    """Start all deeds in the same moment; give what each answered or was refused with."""
    gate = Barrier(len(deeds))

    def run(deed: Callable[[], T]) -> T | DomainError:
        gate.wait()
        try:
            return deed()
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def _won(answers: list[T | DomainError]) -> int:
    return sum(not isinstance(answer, DomainError) for answer in answers)


def _verify(house: House, access_id: UUID, code: str) -> int:
    return house.work(lambda work: totp.verify(work, access_id, code))


def _live_credentials(world: World, access_id: UUID) -> int:
    live = (
        select(func.count())
        .select_from(InitialCredential)
        .where(InitialCredential.access_id == access_id, InitialCredential.revoked_at.is_(None))
    )
    return world.house.work(lambda work: work.session.scalar(live) or 0)


def test_six_desks_issue_credentials_and_one_lives(world: World) -> None:
    desks = [world.countersigned(world.desk(f"oficial{each}")) for each in range(6)]
    for number in range(2):
        access_id = an_access(
            world,
            number=f"00040{number}",
            user_name=f"socio{number}",
            document_number=f"90000{number}",
            complement="",
        )
        answers = _at_once(
            [partial(credential.issue, desk, access_id, Delivery.SCREEN) for desk in desks]
        )
        live = _live_credentials(world, access_id)
        assert _won(answers) == 6
        assert live == 1


def test_two_officers_issue_at_once_and_only_one_may(world: World) -> None:
    desks = [world.desk(f"oficial{each}") for each in range(4)]
    access_id = an_access(world)
    answers = _at_once(
        [partial(credential.issue, desk, access_id, Delivery.SLIP) for desk in desks]
    )
    assert _won(answers) == 1


def test_of_six_who_redeem_the_same_credential_one_gets_in(world: World) -> None:
    boss = world.desk("jefa", Role.SUPERVISOR)
    for number in range(3):
        access_id = an_access(
            world,
            number=f"00050{number}",
            user_name=f"socio{number}",
            document_number=f"91000{number}",
            complement="",
        )
        clave = credential.issue(boss, access_id, Delivery.SCREEN).reveal()
        link = link_of(world, access_id)
        with _houses(world, 6) as houses:
            answers = _at_once(
                [partial(first_access.redeem, house, link, clave) for house in houses]
            )
        assert _won(answers) == 1
        assert events(world, access_id).count("credential:used") == 1


def test_three_of_twelve_guesses_from_twelve_desks_are_judged(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    for _ in range(4):
        change(
            world, access_id, failed_passwords=0, locked_at=None, lock_reason=None, locked_from=None
        )
        with _houses(world, 12) as houses:
            answers = _at_once(
                [
                    partial(member_sign_in.password, house, "amendez", "Equivocada1", HOME)
                    for house in houses
                ]
            )
            judged = sum(
                len(house.hasher.judged)
                for house in houses
                if isinstance(house.hasher, CountingHasher)
            )
        locked = row(world, access_id)
        assert _won(answers) == 0
        assert judged == 3
        assert (locked.failed_passwords, locked.lock_reason) == (3, LockReason.PASSWORD)
    assert events(world, access_id).count("access:locked") == 4


def test_the_right_password_among_twelve_wrong_ones_never_helps_after_the_lock(
    world: World,
) -> None:
    access_id, _ = an_active(world, world.desk())
    with _houses(world, 12) as houses:
        guesses = [MEMBER_PASSWORD] + ["Equivocada1"] * 11
        answers = _at_once(
            [
                partial(member_sign_in.password, house, "amendez", guess, HOME)
                for house, guess in zip(houses, guesses, strict=True)
            ]
        )
        judged = [
            guess
            for house in houses
            if isinstance(house.hasher, CountingHasher)
            for guess in house.hasher.judged
        ]
    # The right one resets the count once, so at most three wrong guesses stand on each side of it.
    assert judged.count("Equivocada1") <= 5
    assert _won(answers) <= 1
    assert (row(world, access_id).locked_at is not None) == (
        row(world, access_id).failed_passwords >= 3
    )


def test_twelve_desks_with_one_code_are_accepted_once(world: World) -> None:
    access_id, phone = an_active(world, world.desk())
    for _ in range(6):
        change(world, access_id, failed_codes=0, locked_at=None, lock_reason=None, locked_from=None)
        code = phone.code()
        with _houses(world, 12) as houses:
            answers = _at_once([partial(_verify, house, access_id, code) for house in houses])
        assert _won(answers) == 1
        world.clock.forward(seconds=30)


def test_twelve_wrong_codes_at_once_lock_after_five(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    with _houses(world, 12) as houses:
        _at_once([partial(_verify, house, access_id, "12345") for house in houses])
    assert row(world, access_id).failed_codes == 5
    said = events(world, access_id)
    assert said.count("totp:refused") == 5
    assert said.count("access:locked") == 1


def test_a_first_code_given_twice_at_once_confirms_once(world: World) -> None:
    access_id = an_access(world)
    desks = [world.desk(f"oficial{each}") for each in range(4)]
    token = desks[0](totp.provision, access_id)
    code = a_phone(world, token).code()
    answers = _at_once([partial(desk, totp.confirm, access_id, code) for desk in desks])
    assert _won(answers) == 1
    assert events(world, access_id).count("totp:confirmed") == 1


def test_four_desks_show_a_qr_at_once_and_one_secret_lives(world: World) -> None:
    access_id = an_access(world)
    desks = [world.desk(f"oficial{each}") for each in range(4)]
    answers = _at_once([partial(desk, totp.provision, access_id) for desk in desks])
    assert _won(answers) == 4
    live = world.house.work(
        lambda work: work.session.scalar(
            select(func.count()).select_from(TotpDevice).where(TotpDevice.revoked_at.is_(None))
        )
    )
    assert live == 1


def test_two_desks_unlock_at_once_and_one_unlock_stands(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    desks = [world.desk(f"oficial{each}") for each in range(4)]
    change(world, access_id, locked_at=world.clock.now, lock_reason=LockReason.PASSWORD)
    answers = _at_once(
        [
            partial(
                desk, unlock.unlock, access_id, reason="Olvidó su contraseña", points=POINTS_NEEDED
            )
            for desk in desks
        ]
    )
    assert _won(answers) == 1
    assert len(world.house.work(lambda work: work.session.scalars(select(Unlock)).all())) == 1
    assert mails(world, access_id).count("unlocked") == 1


_GUESS_AND_DIE = """
import os, signal, sys
from branch_desk.models.database import Database
from branch_desk.models.enrolment import Channel
from branch_desk.models.keys import Keys
from branch_desk.models.passwords import Hasher
from branch_desk.operations.users import member_sign_in
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import House

class Dying(Hasher):
    def verify(self, kept, secret):
        super().verify(kept, secret)
        os.kill(os.getpid(), signal.SIGKILL)

house = House(Database(sys.argv[1]), Keys.ephemeral(), Dying())
member_sign_in.password(house, "amendez", "Equivocada1", Origin(Channel.WEB))
"""


def test_a_killed_program_leaves_its_guess_counted(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    url = world.house.database.url.render_as_string(hide_password=False)
    for count in (1, 2, 3):
        done = subprocess.run(
            [sys.executable, "-c", _GUESS_AND_DIE, url], check=False, capture_output=True
        )
        assert done.returncode == -9, done.stderr.decode()
        assert row(world, access_id).failed_passwords == count
    assert row(world, access_id).locked_at is not None
