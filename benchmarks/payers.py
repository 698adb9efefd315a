"""Members who can pay, made by the thousand: user, account, limits, authenticator, open session."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, insert, select, text
from sqlalchemy.orm import Session

from branch_desk.models.access import Access, AccessStatus, GrantedAccount, GrantedLimit, TotpDevice
from branch_desk.models.account import (
    Account,
    AccountKind,
    AccountStatus,
    Handling,
    Holder,
    HolderRole,
)
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Beneficiary, BeneficiaryKind
from branch_desk.models.database import Database, unhurried, upgrade
from branch_desk.models.enrolment import Channel, Enrolment, Status
from branch_desk.models.keys import Keys, token_digest
from branch_desk.models.ledger import CORE, Posting, PostingKind
from branch_desk.models.member import DocumentType, Member, MemberKind
from branch_desk.models.member_session import MemberSession
from branch_desk.models.money import Currency, Money
from branch_desk.models.parameter import ContractTerms, LimitKind
from branch_desk.models.passwords import Hasher, HashParameters
from branch_desk.models.staff import Branch
from branch_desk.models.totp import TotpSecret, step_at
from branch_desk.operations.house.install import install
from branch_desk.operations.money.orders import Order, digest, third_party
from branch_desk.operations.money.place import place
from branch_desk.operations.portal import Portal
from branch_desk.operations.users.totp import PURPOSE
from branch_desk.operations.work import House, Work

START = datetime(2026, 11, 23, 16, tzinfo=UTC)
BALANCE = 10**11
_PLENTY = 10**13
_HISTORY = 500
FIRST_TURN = _HISTORY + 1
"""The first half minute that `a_town` leaves to others."""
_DAYS = timedelta(days=3650)
_STEP = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Payer:
    """What a client needs to order for one member."""

    access_id: UUID
    member_id: UUID
    account_id: UUID
    token: str
    secret: TotpSecret
    beneficiaries: tuple[UUID, ...] = ()


def a_town(url: str, count: int, beneficiaries: int = 3) -> tuple[House, list[Payer]]:
    """Install a house whose members have paid each other before, as the planner sees it, too."""
    house, clock = a_house(url)
    upgrade(url)
    install(house)
    payers = plain = make(house, count)
    for draw in range(beneficiaries):
        payers = befriend(house, payers, strangers(plain, draw))
    send = placing(house, clock, confirmed(payers, to_beneficiary, _HISTORY, 1))
    for _ in range(_HISTORY):
        send()
    analyze(house)
    return house, payers


def analyze(house: House) -> None:
    """Tell the planner what lies in the tables; nobody is connected afterwards."""
    with Session(house.database.engine) as session:
        unhurried(session)
        session.execute(text("ANALYZE"))
        session.commit()
    house.database.close()


def make(house: House, count: int, first: int = 0) -> list[Payer]:
    """Make members with everything a transfer looks at; the database's guards stand aside."""
    made: list[Payer] = []
    rows: dict[type[Any], list[dict[str, Any]]] = {}

    def add(mapped: type[Any], **values: Any) -> None:  # noqa: ANN401  columns
        rows.setdefault(mapped, []).append(values)

    branch, terms = house.work(_ground)
    for n in range(first, first + count):
        payer = Payer(new_id(), new_id(), new_id(), f"token-{n}", TotpSecret.new())
        made.append(payer)
        _member(add, house.keys, payer, n, branch, terms)
    with house.database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            _without_triggers(connection)
        for mapped in (
            Member, Enrolment, Access, Account, Holder, GrantedAccount, GrantedLimit, TotpDevice,
            MemberSession, Posting,
        ):  # fmt: skip
            connection.execute(insert(cast(Table, mapped.__table__)), rows[mapped])
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = origin"))
    return made


def befriend(house: House, payers: Sequence[Payer], others: Sequence[Payer]) -> list[Payer]:
    """Register each of `others` with the payer at the same place; gives the payers with them."""
    rows = []
    out = []
    for payer, other in zip(payers, others, strict=True):
        key = new_id()
        rows.append(
            {
                "id": key, "member_id": payer.member_id, "access_id": payer.access_id,
                "kind": BeneficiaryKind.COOPERATIVE, "account_id": other.account_id,
                "account_kind": AccountKind.SAVINGS, "currency": Currency.BOB, "number": "1234",
                "name": "J*** L***", "complement": "", "payload_sha256": "0" * 64,
                "created_at": START - timedelta(days=60),
            }
        )  # fmt: skip
        out.append(
            Payer(
                payer.access_id, payer.member_id, payer.account_id, payer.token, payer.secret,
                (*payer.beneficiaries, key),
            )
        )  # fmt: skip
    with house.database.engine.begin() as connection:
        connection.execute(insert(cast(Table, Beneficiary.__table__)), rows)
    return out


def strangers(payers: Sequence[Payer], draw: int) -> list[Payer]:
    """Give somebody else for each, by chance; another draw gives others."""
    ring = list(payers)
    random.Random(0).shuffle(ring)
    at = {payer.account_id: place for place, payer in enumerate(ring)}
    return [ring[(at[payer.account_id] + draw + 1) % len(ring)] for payer in payers]


def _ground(work: Work) -> tuple[UUID, ContractTerms]:
    branch = work.session.scalars(select(Branch.id)).first()
    terms = work.session.scalars(select(ContractTerms)).first()
    assert branch is not None
    assert terms is not None
    return branch, terms


def _member(
    add: Callable[..., None], keys: Keys, payer: Payer, n: int, branch: UUID, terms: ContractTerms
) -> None:
    enrolment, document = new_id(), str(20_000_000 + n)
    person = {
        "kind": MemberKind.PERSON, "document_type": DocumentType.CI, "document_number": document,
        "complement": "", "first_names": "Ana", "first_surname": "Rojas", "second_surname": "",
        "married_surname": "", "company_name": "", "trade_registry": "", "address": "",
        "email": f"p{n}@example.com", "mobile": "70000000",
    }  # fmt: skip
    add(Member, id=payer.member_id, number=f"9{n:08}", branch_id=branch, **person)
    add(
        Enrolment, id=enrolment, number=f"B-{n:09}", status=Status.APPROVED, revision=1, version=1,
        channel=Channel.BRANCH, branch_id=branch, member_id=payer.member_id,
        user_name=f"payer{n}", submitted_at=START - _DAYS, changed_at=START - _DAYS,
        terms_version=terms.version, terms_sha256=terms.sha256, terms_accepted_at=START - _DAYS,
        terms_channel=Channel.BRANCH, by_web=True, by_mobile=True, **person,
    )  # fmt: skip
    add(
        Access, id=payer.access_id, user_name=f"payer{n}", member_id=payer.member_id,
        enrolment_id=enrolment, person=f"CI:{document}", person_name="Ana Rojas",
        email=f"p{n}@example.com", mobile="70000000", status=AccessStatus.ACTIVE, by_web=True,
        by_mobile=True, created_at=START - _DAYS, active_since=START - _DAYS, password_hash="-",
        failed_passwords=0, failed_pins=0, failed_codes=0, failed_answers=0,
    )  # fmt: skip
    add(
        Account, id=payer.account_id, number=f"7{n:09}", kind=AccountKind.SAVINGS,
        currency=Currency.BOB, handling=Handling.INDIVIDUAL, status=AccountStatus.ACTIVE,
        opened_on=date(2020, 1, 2), balance=BALANCE, overdraft=0,
    )  # fmt: skip
    add(Holder, account_id=payer.account_id, member_id=payer.member_id, role=HolderRole.HOLDER)
    add(
        GrantedAccount, access_id=payer.access_id, account_id=payer.account_id, consult=True,
        debit=True, web=True, mobile=True,
    )  # fmt: skip
    for kind in LimitKind:
        add(
            GrantedLimit, id=new_id(), access_id=payer.access_id, kind=kind, currency=Currency.BOB,
            per_operation=_PLENTY, per_day=_PLENTY, per_month=_PLENTY, count_per_day=10**9,
            day=START.date(), used_in_day=0, count_in_day=0, used_in_month=0,
        )  # fmt: skip
    device = new_id()
    add(
        TotpDevice, id=device, access_id=payer.access_id,
        secret=keys.seal_to_verifier(payer.secret.raw, purpose=PURPOSE, row=device), period=30,
        drift_steps=0, last_step=1, provisioned_at=START - _DAYS, confirmed_at=START - _DAYS,
    )  # fmt: skip
    add(
        MemberSession, id=new_id(), access_id=payer.access_id,
        token_digest=token_digest(payer.token), channel=Channel.WEB, address="",
        started_at=START, expires_at=START + _DAYS, end_reason="",
    )  # fmt: skip
    add(
        Posting, entry_id=new_id(), position=1, kind=PostingKind.OPENING, at=START - _DAYS,
        debit_house=CORE, credit_account_id=payer.account_id, currency=Currency.BOB,
        amount=BALANCE, credit_after=BALANCE,
    )  # fmt: skip


def _without_triggers(connection: Connection) -> None:
    """Drop SQLite's guards of the tables filled here: a benchmark's database is thrown away."""
    names = connection.execute(
        text(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            " AND tbl_name IN ('access', 'enrolment')"
        )
    ).scalars()
    for name in list(names):
        connection.exec_driver_sql(f"DROP TRIGGER {name}")


class Steps:
    """A clock that stands half a minute later at each order, so that every code is a new one."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """Say where it stands."""
        return self.now

    def stand_at(self, turn: int) -> None:
        """Go to the half minute of an order."""
        self.now = START + _STEP * turn


def a_house(url: str, keys: Keys | None = None) -> tuple[House, Steps]:
    """Open a house whose clock the caller moves, also in a process that was forked."""
    clock = Steps()
    cheap = Hasher(HashParameters(memory_kib=8, passes=1, lanes=1))
    return House(Database(url, clock=clock), keys or Keys.ephemeral(), cheap), clock


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An order ready to be sent: what the member was shown, and the code the phone shows then."""

    payer: Payer
    order: Order
    sha256: str
    code: str
    turn: int
    """Half minutes since `START` at which it is sent."""


MakeOrder = Callable[[Payer, int], Order]


def confirmed(
    payers: Sequence[Payer], make_order: MakeOrder, count: int, first: int
) -> Iterator[Confirmed]:
    """Prepare `count` orders of payers in turn, from half minute `first` on; made beforehand."""
    ready = []
    for turn in range(first, first + count):
        payer = payers[turn % len(payers)]
        order = make_order(payer, turn)
        code = payer.secret.code(step_at(START + _STEP * turn))
        ready.append(Confirmed(payer, order, digest(order.payload()), code, turn))
    return iter(ready)


def to_beneficiary(payer: Payer, turn: int) -> Order:
    """Order a transfer to one of the payer's beneficiaries."""
    return transfer_to(payer, payer.beneficiaries[turn % len(payer.beneficiaries)])


def transfer_to(payer: Payer, beneficiary: UUID) -> Order:
    """Order a transfer of one boliviano."""
    return third_party(
        new_id(),
        payer.account_id,
        beneficiary,
        Money(100, Currency.BOB),
        concept="compra de paleras",
        origin="sueldo del mes de noviembre",
        destination="gastos de la familia Lazarte",
    )


def placing(house: House, clock: Steps, orders: Iterator[Confirmed]) -> Callable[[], None]:
    """Give the deed that sends the next order, through the member's own session."""

    def send() -> None:
        each = next(orders)
        clock.stand_at(each.turn)
        Portal(house, each.payer.token)(place, each.order, shown_sha256=each.sha256, code=each.code)

    return send
