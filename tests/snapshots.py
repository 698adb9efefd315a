"""The whole database as plain values, to see that a refusal changed none of it."""

from collections import Counter
from functools import partial
from typing import Any

from sqlalchemy import Select, select

from branch_desk.models.audit import AuditEvent, AuditHead
from branch_desk.models.base import Base
from branch_desk.operations.work import Work
from tests.builders import World

_AUDIT = {AuditEvent.__tablename__, AuditHead.__tablename__}


def everything(world: World) -> dict[str, Counter[tuple[Any, ...]]]:
    """Every row of every table, the audit trail apart."""
    with world.house.database.engine.connect() as connection:
        return {
            table.name: Counter(tuple(row) for row in connection.execute(select(table)))
            for table in Base.metadata.sorted_tables
            if table.name not in _AUDIT
        }


def changed(
    before: dict[str, Counter[tuple[Any, ...]]], after: dict[str, Counter[tuple[Any, ...]]]
) -> dict[str, tuple[list[Any], list[Any]]]:
    """What is gone and what came, by table; nothing where nothing changed."""
    return {
        name: (list((rows - after[name]).elements()), list((after[name] - rows).elements()))
        for name, rows in before.items()
        if rows != after[name]
    }


def ends(world: World) -> dict[int, int]:
    """How far each of the audit chains goes."""
    query = select(AuditHead.chain, AuditHead.number)
    with world.house.database.engine.connect() as connection:
        return {chain: number for chain, number in connection.execute(query)}  # noqa: C416


def newer(world: World, marks: dict[int, int]) -> list[AuditEvent]:
    """The audit records written since."""
    found = []
    for chain, number in ends(world).items():
        if number > (mark := marks.get(chain, 0)):
            query = select(AuditEvent).where(AuditEvent.chain == chain, AuditEvent.number > mark)
            found += world.house.work(partial(_all, query), reads=True)
    return found


def _all(query: Select[AuditEvent], work: Work) -> list[AuditEvent]:
    return list(work.session.scalars(query))
