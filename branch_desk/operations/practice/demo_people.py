"""Invented members, accounts and holders, as the core system would hand them over (F44)."""

import csv
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

from branch_desk.models.member import Department, folded
from branch_desk.operations.books.import_rows import COLUMNS, BookKind
from branch_desk.resources import resource

Cells = dict[str, str]

_ELDERLY: Final = 58


@cache
def words() -> Mapping[str, Any]:
    """Read what people, branches and staff are made of."""
    return tomllib.loads(resource("demo/people.toml").read_text(encoding="utf-8"))


@dataclass(slots=True)
class Books:
    """The files' lines."""

    members: list[Cells] = field(default_factory=list)
    accounts: list[Cells] = field(default_factory=list)
    holders: list[Cells] = field(default_factory=list)
    loans: list[Cells] = field(default_factory=list)
    instalments: list[Cells] = field(default_factory=list)
    bills: list[Cells] = field(default_factory=list)

    def write(self, folder: Path) -> dict[BookKind, Path]:
        """Write the files, in the order in which they are to be imported."""
        files = {}
        lines = {
            BookKind.MEMBERS: self.members,
            BookKind.ACCOUNTS: self.accounts,
            BookKind.HOLDERS: self.holders,
            BookKind.LOANS: self.loans,
            BookKind.INSTALMENTS: self.instalments,
            BookKind.BILLS: self.bills,
        }
        for kind, rows in lines.items():
            files[kind] = folder / f"{kind}.csv"
            with files[kind].open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS[kind], delimiter=";")
                writer.writeheader()
                writer.writerows(rows)
        return files

    def holders_of(self, member_number: str) -> int:
        """Count the accounts a member has a part in."""
        return sum(row["member_number"] == member_number for row in self.holders)


def invent(random: Random, members: int, branches: Sequence[str], today: date) -> Books:
    """Invent a cooperative's books: every thirteenth member a company, every seventh account joint.

    The same `random` gives the same people.
    """
    books = Books()
    for number in range(1, members + 1):
        company = number % 13 == 0
        branch = branches[0] if random.random() < 0.6 else random.choice(branches)  # noqa: PLR2004
        cells = _company(random, number) if company else _person(random, number, today)
        books.members.append(
            dict.fromkeys(COLUMNS[BookKind.MEMBERS], "")
            | cells
            | {"member_number": f"{10_000 + number:06}", "branch": branch}
        )
    for place, member in enumerate(books.members):
        for _ in range(random.choices((1, 2, 3), (5, 4, 1))[0]):
            _open_account(random, books, place, member, today)
    return books


def _person(random: Random, number: int, today: date) -> Cells:
    people = words()
    woman = random.random() < 0.52  # noqa: PLR2004  as in the city's streets
    age = random.randint(18, 82)
    born = today - timedelta(days=age * 365 + random.randint(5, 360))
    first, second = random.sample(people["surnames"], 2)
    married = woman and random.random() < 0.15  # noqa: PLR2004
    cells = {
        "kind": "PERSONA",
        "document_type": "CI",
        "document_number": str(random.randint(600_000, 9_999_999) // 1000 * 1000 + number % 1000),
        "issued_in": random.choices(list(Department), (4, 5, 2, 6, 2, 1, 2, 60, 3))[0].value,
        "document_expiry": "" if age > _ELDERLY else _expiry(random, today),
        "first_names": random.choice(people["women" if woman else "men"]),
        "first_surname": first,
        "second_surname": "" if random.random() < 0.06 else second,  # noqa: PLR2004
        "married_surname": random.choice(people["surnames"]) if married else "",
        "birth_date": born.isoformat(),
        "mobile": f"{random.choice('67')}{random.randint(1_000_000, 9_999_999)}",
        "address": f"{random.choice(people['streets'])} N° {random.randint(10, 4800)},"
        f" {random.choice(people['districts'])}",
    }
    mail = folded(f"{cells['first_names'].split()[0]} {first}").replace(" ", ".")
    cells["email"] = "" if random.random() < 0.12 else f"{mail}{number}@example.com"  # noqa: PLR2004
    if number % 11 == 0:
        cells["complement"] = f"{random.randint(1, 9)}{random.choice('ABCDEFGH')}"
    if number % 37 == 0:
        foreign = {"document_type": "CIE", "document_number": f"E{1_000_000 + number}"}
        cells |= foreign | {"complement": "", "issued_in": ""}
    if number % 71 == 0:
        cells |= {"document_type": "PAS", "document_number": f"AA{100_000 + number}"}
        cells |= {"complement": "", "issued_in": ""}
    return cells


def _expiry(random: Random, today: date) -> str:
    # A few cards are past their date or soon will be: the desk has rules for both (F5).
    days = random.choices(
        (random.randint(-400, -1), random.randint(1, 25), random.randint(40, 2900)), (4, 3, 93)
    )[0]
    return (today + timedelta(days=days)).isoformat()


def _company(random: Random, number: int) -> Cells:
    people = words()
    parts = [random.choice(people[f"company_{part}"]) for part in ("firsts", "seconds", "forms")]
    return {
        "kind": "EMPRESA",
        "document_type": "NIT",
        "document_number": str(1_020_000_000 + number * 7919),
        "company_name": " ".join(parts),
        "trade_registry": f"{300_000 + number:08}",
        "mobile": f"7{random.randint(1_000_000, 9_999_999)}",
        "email": f"{folded(parts[1]).replace(' ', '')}{number}@example.com",
        "address": f"{random.choice(people['streets'])} N° {random.randint(10, 900)}",
    }


def _open_account(random: Random, books: Books, place: int, member: Cells, today: date) -> None:
    kind = random.choices(("CA", "CC", "DPF", "PR"), (60, 10, 15, 15))[0]
    number = f"{random.randint(1, 3):02}{len(books.accounts) + 1:08}"
    joint = len(books.accounts) % 7 == 3 and kind in ("CA", "DPF")  # noqa: PLR2004
    handling = random.choice(("ALTERNA", "CONJUNTA", "INDIVIDUAL")) if joint else "INDIVIDUAL"
    amount = random.randint(2_000, 9_000_000) if kind != "CA" else random.randint(500, 3_000_000)
    books.accounts.append(
        {
            "account_number": number,
            "kind": kind,
            "currency": random.choices(("BOB", "USD"), (4, 1))[0],
            "handling": handling,
            "status": random.choices(("ACTIVE", "BLOCKED", "CLOSED"), (94, 3, 3))[0],
            "opened_on": (today - timedelta(days=random.randint(30, 6000))).isoformat(),
            "balance": f"{amount // 100}.{amount % 100:02}",
        }
    )
    books.holders.append(_holder(number, member, "TITULAR"))
    if joint:
        others = random.sample(range(len(books.members)), 2 if handling == "CONJUNTA" else 1)
        for other in others:
            if other != place:
                books.holders.append(_holder(number, books.members[other], "COTITULAR"))


def _holder(account: str, member: Cells, role: str) -> Cells:
    return {
        "account_number": account,
        "member_number": member["member_number"],
        "role": role,
    }
