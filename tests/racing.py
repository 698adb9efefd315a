"""Several desks at once, each a process of its own, let go at the same instant.

The processes are started once and run every race.
"""

import importlib
import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from sqlalchemy import update

from branch_desk.models.access import Delivery
from branch_desk.models.database import Database
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import DomainError
from branch_desk.models.keys import Keys, _Ring
from branch_desk.models.passwords import Hasher
from branch_desk.models.staff import StaffSession
from branch_desk.operations.house import sign_in
from branch_desk.operations.request import approval, enrolment
from branch_desk.operations.request.application import Application
from branch_desk.operations.users import credential, member_sign_in, self_unlock
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import Countersign, Desk, House
from tests.builders import CHEAP, SetClock, World

DESKS = 12
_SECONDS = 40


@dataclass(frozen=True)
class Order:
    """What one process is to do: a function of this module, or another, and its values."""

    deed: str
    values: tuple[Any, ...] = field(default=())
    module: str = __name__


@dataclass(frozen=True)
class Address:
    """What makes the same house in another process."""

    url: str
    keys: str


class CountingHasher(Hasher):
    """Counts how many secrets were really compared."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.compared = 0

    def verify(self, kept: str, secret: str) -> bool:
        self.compared += kept != self._nobodys
        return super().verify(kept, secret)


# Forked from a process that has loaded everything: a racer is there in some 20 ms.
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([__name__, "tests.clients"])


class Racers:
    """Twelve processes that wait for orders."""

    def __init__(self) -> None:
        self._barriers = {n: FORKING.Barrier(n) for n in (4, 6, 8, DESKS)}
        self._lines: list[Connection] = []
        self._processes = []
        for _ in range(DESKS):
            ours, theirs = FORKING.Pipe()
            process = FORKING.Process(target=_work, args=(theirs, self._barriers), daemon=True)
            process.start()
            theirs.close()
            self._lines.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        for line in self._lines:
            line.send(None)
            line.close()
        for process in self._processes:
            process.join(_SECONDS)

    def race(self, world: World, orders: Sequence[Order]) -> list[Any]:
        """Carry out the orders at once; gives what each did, or the name of its refusal."""
        url = world.house.database.url.render_as_string(hide_password=False)
        house = Address(url, world.house.keys._ring.to_text())
        for line, order in zip(self._lines, orders, strict=False):
            line.send((house, order, len(orders)))
        answers = []
        for line in self._lines[: len(orders)]:
            if not line.poll(_SECONDS):
                raise TimeoutError("a racer does not answer")
            answers.append(line.recv())
        broken = [answer for answer in answers if isinstance(answer, Broken)]
        assert not broken, broken
        return answers


@dataclass(frozen=True)
class Broken:
    """Something that is no refusal."""

    what: str


def _work(line: Connection, barriers: dict[int, Barrier]) -> None:
    houses: dict[Address, House] = {}
    while (order := line.recv()) is not None:
        about, deed, many = order
        for old in [known for known in houses if known != about]:
            houses.pop(old).database.close()
        if about not in houses:
            database = Database(about.url, clock=SetClock())
            keys = Keys(_Ring.from_text(about.keys), None)
            houses[about] = House(database, keys, CountingHasher())
            houses[about].database.now()  # connected before the start
        function = getattr(importlib.import_module(deed.module), deed.deed)
        barriers[many].wait(_SECONDS)
        line.send(_answer(function, houses[about], deed.values))


def _answer(function: Any, house: House, values: tuple[Any, ...]) -> Any:
    try:
        return function(house, *values)
    except DomainError as refusal:
        return type(refusal).__name__
    except Exception as error:  # noqa: BLE001  the race fails with it, in the other process
        return Broken(f"{type(error).__name__}: {str(error)[:400]}")


def desk_of(house: House, digest: bytes) -> Desk:
    """The same signed-in desk in another process."""
    desk = Desk(house, "")
    desk._digest = digest
    return desk


def approve(house: House, digest: bytes, enrolment_id: UUID, terms: str, pause: float = 0) -> str:
    time.sleep(random.uniform(0, pause))
    desk_of(house, digest)(approval.approve, enrolment_id, terms_sha256=terms)
    return "approved"


def amend(
    house: House, digest: bytes, enrolment_id: UUID, version: int, said: Application, pause: float
) -> str:
    time.sleep(random.uniform(0, pause))
    desk_of(house, digest)(enrolment.amend, enrolment_id, version, said)
    return "amended"


def issue(
    house: House, digest: bytes, access_id: UUID, word: Countersign | None = None
) -> tuple[str, str]:
    desk = desk_of(house, digest)
    if word is not None:
        desk = desk.countersigned(word)
    return "issued", credential.issue(desk, access_id, Delivery.SCREEN).reveal()


def guess(house: House, user_name: str, password: str) -> tuple[str, int]:
    """Sign in as a member; gives the outcome and how many passwords were really compared."""
    hasher = house.hasher
    assert isinstance(hasher, CountingHasher)
    hasher.compared = 0
    try:
        member_sign_in.password(house, user_name, password, Origin(Channel.WEB, "200.87.1.2"))
    except DomainError as refusal:
        return type(refusal).__name__, hasher.compared
    return "in", hasher.compared


def unlock_alone(house: House, user_name: str, answer: str, email: str, address: str) -> int:
    """Unlock as a member; gives how many answers were really compared."""
    hasher = house.hasher
    assert isinstance(hasher, CountingHasher)
    hasher.compared = 0
    self_unlock.unlock(house, user_name, answer, email, Origin(Channel.WEB, address))
    return hasher.compared


def staff_guess(house: House, user_name: str, password: str) -> tuple[str, int]:
    hasher = house.hasher
    assert isinstance(hasher, CountingHasher)
    hasher.compared = 0
    try:
        sign_in.sign_in(house, user_name, password)
    except DomainError as refusal:
        return type(refusal).__name__, hasher.compared
    return "in", hasher.compared


def submit(house: House, digest: bytes, applications: tuple[Application, ...]) -> list[str]:
    """Submit several requests; gives the outcome of each."""
    desk = desk_of(house, digest)
    outcomes = []
    for application in applications:
        try:
            desk(enrolment.submit, application)
            outcomes.append("submitted")
        except DomainError as refusal:
            outcomes.append(type(refusal).__name__)
    return outcomes


def hold(house: House, digest: bytes, enrolment_id: UUID) -> str:
    desk_of(house, digest)(enrolment.hold, enrolment_id)
    return "held"


def refresh(world: World) -> None:
    """As if everybody had just given the password again."""
    live = update(StaffSession).where(StaffSession.ended_at.is_(None))
    world.house.work(lambda work: work.session.execute(live.values(fresh_at=work.now)))
