"""The statements of a transfer alone, their values made beforehand: as if thinking cost nothing.

«core» sends them through SQLAlchemy Core as `place` does, «wire» through the bare driver. Nobody
who judges an order in Python between two statements can be faster than these.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy import event
from sqlalchemy.sql import Executable

from benchmarks.payers import Confirmed, Steps
from branch_desk.models.database import Unit
from branch_desk.operations.money.place import place
from branch_desk.operations.portal import Portal
from branch_desk.operations.work import Caller, House, Work, allowed

Sent = list[tuple[Executable, dict[str, Any], str, Any]]
"""Of one transfer: statement and values; the same as the driver is given them."""


class _TakenBack(Exception):
    """The transfer is not to be kept."""


@allowed(Caller.MEMBER, opens=True)
def rehearse(work: Work, each: Confirmed) -> None:
    """Carry an order out and take it back."""
    work.session.flush()  # who has objects has nothing wait for the COMMIT
    place(work, each.order, shown_sha256=each.sha256, code=each.code)
    raise _TakenBack


def _rehearsed(house: House, clock: Steps, orders: Iterator[Confirmed]) -> Iterator[Sent]:
    ready = list(orders)
    _rehearse(house, clock, ready[0])  # what is kept from order to order is read by now
    asked: list[tuple[Executable, dict[str, Any]]] = []
    given: list[tuple[str, Any]] = []

    def ask(_line: object, statement: Executable, _many: object, values: Any, _how: object) -> None:  # noqa: ANN401  SQLAlchemy's
        asked.append((statement, values))

    def give(_line: object, _cursor: object, text: str, values: object, *_: object) -> None:
        given.append((text, values))

    engine = house.database.engine
    event.listen(engine, "before_execute", ask)
    event.listen(engine, "before_cursor_execute", give)
    made = []
    for each in ready:
        asked.clear()
        given.clear()
        _rehearse(house, clock, each)
        made.append([(*one, *other) for one, other in zip(asked, given, strict=True)])
    event.remove(engine, "before_execute", ask)
    event.remove(engine, "before_cursor_execute", give)
    return iter(made)


def _rehearse(house: House, clock: Steps, each: Confirmed) -> None:
    clock.stand_at(each.turn)
    with suppress(_TakenBack):
        Portal(house, each.payer.token)(rehearse, each)


def through_core(house: House, clock: Steps, orders: Iterator[Confirmed]) -> Callable[[], None]:
    """Give the deed that sends the next transfer's statements through SQLAlchemy Core."""
    made = _rehearsed(house, clock, orders)

    def deed(unit: Unit) -> None:
        (look, who, _, _), (write, what, _, _) = next(made)
        unit.connection.execute(look, who).all()
        unit.last(lambda connection: connection.execute(write, what))

    def send() -> None:
        house.database.run(deed, reads=False)

    return send


def through_driver(house: House, clock: Steps, orders: Iterator[Confirmed]) -> Callable[[], None]:
    """Give the deed that sends the next transfer's statements through the driver alone."""
    made = _rehearsed(house, clock, orders)
    line: Any = house.database.engine.raw_connection().driver_connection

    def send() -> None:
        (_, _, look, who), (_, _, write, what) = next(made)
        with line.cursor() as cursor:
            with line.together():
                cursor.execute(look, who)
            cursor.fetchall()
            with line.together():
                cursor.execute(write, what)
                line.commit()

    return send
