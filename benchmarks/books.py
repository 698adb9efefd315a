"""A cooperative of any size, line by line, and the databases it is put into."""

import csv
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from branch_desk.models.database import Database, upgrade
from branch_desk.models.keys import Keys
from branch_desk.models.passwords import Hasher, HashParameters
from branch_desk.operations.books.import_rows import COLUMNS, BookKind
from branch_desk.operations.house import install
from branch_desk.operations.practice.demo_people import words
from branch_desk.operations.work import House


def write_members(path: Path, count: int, seed: int = 7) -> Path:
    """Write `count` persons as members.csv; surnames as unevenly spread as real ones."""
    people, chance = words(), random.Random(seed)
    firsts = people["women"] + people["men"]
    # Some hundreds of surnames more than the list has, the first ones far commoner.
    surnames = [
        f"{a}{b}" for b in ("", "ez", "ano", "eri", "aga", "uri") for a in people["surnames"]
    ]
    weights = [1 / (rank + 3) for rank in range(len(surnames))]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(COLUMNS[BookKind.MEMBERS])
        for number in range(1, count + 1):
            one, other = chance.choices(surnames, weights, k=2)
            writer.writerow(
                [
                    f"{number:07}", "PERSONA", "CI", 1_000_000 + (number * 7_368_787) % 8_999_993,
                    f"{number % 9}A" if number % 11 == 0 else "", "SC", "2031-05-01",
                    chance.choice(firsts), one, other, "",
                    f"{1945 + number % 60}-0{1 + number % 9}-1{number % 10}", "", "",
                    f"socio{number}@example.com", 60_000_000 + (number * 7_919) % 19_999_999,
                    f"Av. Banzer N° {number % 4000}", "CEN",
                ]
            )  # fmt: skip
    return path


@contextmanager
def houses(kind: str, folder: Path) -> Iterator[Iterator[House]]:
    """Give installed, empty houses, one after another, on SQLite or a PostgreSQL of our own."""
    if kind == "sqlite":
        yield (_installed(f"sqlite:///{folder}/{n}.sqlite") for n in range(1000))
        return
    from tests.postgres import postgres_server

    with postgres_server() as server:
        yield (_installed(server.url(server.create())) for _ in range(1000))


def _installed(url: str) -> House:
    upgrade(url)
    cheap = Hasher(HashParameters(memory_kib=8, passes=1, lanes=1))
    at = datetime(2026, 11, 23, 16, tzinfo=UTC)
    house = House(Database(url, clock=lambda: at), Keys.ephemeral(), cheap)
    install.install(house)
    return house
