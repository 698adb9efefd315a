"""Finding members as an officer types, against the look-up of a primary key.

    python -m benchmarks.search [--members 100000] [--searches 2000] [--database sqlite|postgresql]

The whole operation is measured: session, rights, one statement, plain rows. Both sides take turns.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import select, text

from benchmarks.books import houses, write_members
from branch_desk.models.base import new_id
from branch_desk.models.member import DocumentType, Member, folded
from branch_desk.models.staff import Branch, Role, Staff
from branch_desk.operations.books.import_rows import BookKind
from branch_desk.operations.books.imports import import_file
from branch_desk.operations.books.members import members
from branch_desk.operations.books.search import find
from branch_desk.operations.house import sign_in
from branch_desk.operations.work import Desk, House, Work

_PASSWORD = "cuatro palabras bien largas"
_TARGET_MS = {"sqlite": 5.0, "postgresql": 25.0}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--members", type=int, default=100_000)
    options.add_argument("--searches", type=int, default=2000)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name, houses(asked.database, Path(name)) as made:
        house = next(made)
        path = write_members(Path(name) / "members.csv", asked.members)
        start = time.perf_counter()
        done = import_file(house, BookKind.MEMBERS, path)
        print(f"{done.accepted:,} members in {time.perf_counter() - start:.0f} s", file=sys.stderr)
        _settle(house)
        measured = _measure(house, _officer(house), asked.searches)
        house.database.close()
    _report(asked, measured)


def _settle(house: House) -> None:
    with house.database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _officer(house: House) -> Desk:
    hashed = house.hasher.hash(_PASSWORD)

    def store(work: Work) -> None:
        work.session.add(
            Staff(
                id=new_id(), user_name="oficial", full_name="Oficial", role=Role.OFFICER,
                document_type=DocumentType.CI, document_number="1", person="CI:1",
                branch_id=work.session.scalars(select(Branch.id)).one(), password_hash=hashed,
                password_changed_at=work.now, must_change_password=False, created_at=work.now,
            )
        )  # fmt: skip

    house.work(store)
    return sign_in.sign_in(house, "oficial", _PASSWORD)


def _measure(house: House, desk: Desk, searches: int) -> dict[str, list[float]]:
    chance = random.Random(3)
    ids = house.work(lambda work: work.session.scalars(select(Member.id).limit(5000)).all())
    people = house.work(
        lambda work: [
            (m.first_names, m.first_surname, m.second_surname, m.document_number)
            for m in work.session.scalars(select(Member).order_by(Member.email).limit(5000))
        ]
    )
    sides: dict[str, Callable[[tuple[str, str, str, str]], Callable[[], object]]] = {
        "primary key": lambda _: partial(_by_key, house, chance.choice(ids)),
        "CI prefix": lambda p: partial(desk, find, p[3][:5]),
        "CI whole": lambda p: partial(desk, find, p[3]),
        "surname": lambda p: partial(desk, find, p[1]),
        "two letters": lambda p: partial(desk, find, folded(p[1])[:2]),
        "surname + 3 letters": lambda p: partial(desk, find, f"{p[1]} {p[2][:3]}"),
        "surname and first name": lambda p: partial(desk, find, f"{p[1]} {p[0].split()[0]}"),
        "nothing found": lambda p: partial(desk, find, f"{p[1]} xq"),
        "list by name": lambda p: partial(desk, members, p[1]),
    }
    measured: dict[str, list[float]] = {side: [] for side in sides}
    for turn in range(searches):
        person = chance.choice(people)
        for side, make in sides.items():
            deed = make(person)
            start = time.perf_counter()
            deed()
            if turn >= 20:  # noqa: PLR2004  warm
                measured[side].append((time.perf_counter() - start) * 1000)
    return measured


def _by_key(house: House, key: object) -> object:
    return house.database.read(lambda session: session.get(Member, key))


def _report(asked: argparse.Namespace, measured: dict[str, list[float]]) -> None:
    rows = {}
    print(f"{'side':26}{'median ms':>10}{'p99 ms':>10}{'× key':>8}")
    floor = _quantile(measured["primary key"], 0.5)
    for side, times in measured.items():
        rows[side] = {"median": _quantile(times, 0.5), "p99": _quantile(times, 0.99)}
        print(
            f"{side:26}{rows[side]['median']:10.2f}{rows[side]['p99']:10.2f}"
            f"{rows[side]['median'] / floor:8.1f}"
        )
    found = [time_ for side, times in measured.items() if side != "primary key" for time_ in times]
    overall = _quantile(found, 0.99)
    target = _TARGET_MS[asked.database]
    print(f"p99 of all searches {overall:.2f} ms (target ≤ {target} ms)", file=sys.stderr)
    print(json.dumps(vars(asked) | {"sides": rows, "p99": overall, "target_p99": target}))


def _quantile(times: list[float], part: float) -> float:
    return sorted(times)[min(int(len(times) * part), len(times) - 1)]


if __name__ == "__main__":
    main()
