"""A bank whose members move money, and what must be true of it at every instant."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from branch_desk.models.access import Access, GrantedAccount, GrantedLimit
from branch_desk.models.account import Account, AccountKind
from branch_desk.models.audit import AuditEvent
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Beneficiary, BeneficiaryKind
from branch_desk.models.credentials import new_link_token
from branch_desk.models.database import Database
from branch_desk.models.enrolment import Channel
from branch_desk.models.event import Event
from branch_desk.models.ledger import Posting, PostingKind
from branch_desk.models.member_session import MemberSession
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation
from branch_desk.models.parameter import LimitKind
from branch_desk.models.totp import TotpSecret, step_at
from branch_desk.operations.house import verification
from branch_desk.operations.money import orders
from branch_desk.operations.money.orders import Order
from branch_desk.operations.work import Work
from tests.access_builders import an_active, row
from tests.builders import World

_TEXTS = {
    "concept": "Pasanaku",
    "origin": "Sueldo de la empresa del mes",
    "destination": "Cuota del pasanaku familiar",
}
STEP: Final = timedelta(seconds=30)
"""From one code to the next."""
_UNLIMITED: Final = 10**15


@dataclass(frozen=True)
class Client:
    """A member's user with all that is needed to order."""

    access_id: UUID
    token: str = field(repr=False)
    secret: bytes = field(repr=False)
    accounts: tuple[UUID, ...]
    payees: tuple[tuple[UUID, UUID], ...]
    """Beneficiary and the account it stands for."""
    begins: datetime
    """From here on its codes are unused."""

    def own(self, key: UUID, debit: UUID, credit: UUID, centavos: int) -> Order:
        """A transfer between accounts of its own."""
        return orders.own(key, debit, credit, Money(centavos, Currency.BOB), **_TEXTS)

    def pay(self, key: UUID, debit: UUID, beneficiary: UUID, centavos: int) -> Order:
        """A transfer to somebody else."""
        return orders.third_party(key, debit, beneficiary, Money(centavos, Currency.BOB), **_TEXTS)

    def code(self, now: datetime) -> str:
        """What its phone shows then."""
        return TotpSecret(self.secret).code(step_at(now))

    def after(self, now: datetime) -> datetime:
        """Give the instant of the next code.

        One that is the following one as well is left out: it is taken for that, and uses up both.
        Among ten thousand codes there is such a pair once in a hundred times.
        """
        now += STEP
        return self.after(now) if self.code(now) == self.code(now + STEP) else now


@dataclass(frozen=True)
class Bank:
    """Who banks, and how much money there is."""

    world: World
    clients: tuple[Client, ...]
    accounts: frozenset[UUID]
    total: int


def a_bank(
    world: World,
    members: int,
    *,
    balance: int = 500_000,
    overdraft: int = 0,
    **limits: int,
) -> Bank:
    """Members with a savings and a current account each, who may pay everybody else."""
    desk = world.desk()
    users = []
    for number in range(members):
        world.again(desk, "oficial")
        access_id, phone = an_active(
            world,
            desk,
            number=f"{number:06}",
            user_name=f"socio{number}",
            document_number=f"{6_000_000 + number}",
            complement="",
        )
        member_id = row(world, access_id).member_id
        accounts = tuple(
            world.account(
                member_id,
                number=f"{10 + place}{number:08}",
                kind=kind,
                balance=balance,
                overdraft=overdraft if kind is AccountKind.CURRENT else 0,
            )
            for place, kind in enumerate((AccountKind.SAVINGS, AccountKind.CURRENT))
        )
        users.append((access_id, member_id, phone.secret.raw, accounts))
    clients = []
    for access_id, member_id, secret, accounts in users:
        others = [each for other in users if other[0] != access_id for each in other[3]]
        payees = _grant(world, access_id, member_id, accounts, others, limits)
        token = _session(world, access_id)
        clients.append(
            Client(access_id, token, secret, accounts, payees, world.clock.now + 4 * STEP)
        )
    every = frozenset(account for client in clients for account in client.accounts)
    return Bank(world, tuple(clients), every, 2 * members * balance)


def _grant(
    world: World,
    access_id: UUID,
    member_id: UUID,
    own: Sequence[UUID],
    others: Sequence[UUID],
    limits: dict[str, int],
) -> tuple[tuple[UUID, UUID], ...]:
    amounts = {
        "per_operation": _UNLIMITED,
        "per_day": _UNLIMITED,
        "per_month": _UNLIMITED,
        "count_per_day": _UNLIMITED,
    } | limits

    def store(work: Work) -> tuple[tuple[UUID, UUID], ...]:
        for account in own:
            work.session.add(
                GrantedAccount(
                    access_id=access_id,
                    account_id=account,
                    consult=True,
                    debit=True,
                    web=True,
                    mobile=True,
                )
            )
        for kind in (LimitKind.OWN, LimitKind.THIRD_PARTY):
            work.session.add(
                GrantedLimit(access_id=access_id, kind=kind, currency=Currency.BOB, **amounts)
            )
        payees = []
        for account in others:
            found = work.session.get_one(Account, account)
            payee = Beneficiary(
                id=new_id(),
                member_id=member_id,
                access_id=access_id,
                kind=BeneficiaryKind.COOPERATIVE,
                account_id=account,
                account_kind=found.kind,
                currency=found.currency,
                number=found.number,
                name="S…",
                payload_sha256="b" * 64,
                created_at=work.now - timedelta(days=90),
            )
            work.session.add(payee)
            payees.append((payee.id, account))
        return tuple(payees)

    return world.house.work(store)


def _session(world: World, access_id: UUID) -> str:
    """A session that does not end, of somebody who has long been a member."""
    token, digest = new_link_token()

    def store(work: Work) -> None:
        work.session.add(
            MemberSession(
                access_id=access_id,
                token_digest=digest,
                channel=Channel.WEB,
                address="",
                started_at=work.now,
                expires_at=work.now + timedelta(days=9_000),
            )
        )
        work.session.execute(
            update(Access)
            .where(Access.id == access_id)
            .values(active_since=work.now - timedelta(days=90))
        )

    world.house.work(store)
    return token.reveal()


def in_one_snapshot(database: Database, bank_accounts: frozenset[UUID], total: int) -> list[str]:
    """Read everything at one instant; gives what is wrong (R60).

    The four checks of Jepsen's bank (total, below zero, missing, unexpected), and the ledger.
    """
    engine = database.engine.execution_options(branch_desk_reads=True)
    if database.is_postgresql:
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(engine) as session:
        found = {
            account.id: account
            for account in session.execute(select(Account.id, Account.balance, Account.overdraft))
        }
        debited = _sums(session, Posting.debit_account_id)
        credited = _sums(session, Posting.credit_account_id)
    wrong = [f"missing {each}" for each in bank_accounts - found.keys()]
    wrong += [f"unexpected {each}" for each in found.keys() - bank_accounts]
    if (there := sum(account.balance for account in found.values())) != total:
        wrong.append(f"total {there} instead of {total}")
    for account in found.values():
        if account.balance < -account.overdraft:
            wrong.append(f"{account.id} below zero: {account.balance}")
        if account.balance != credited.get(account.id, 0) - debited.get(account.id, 0):
            wrong.append(f"{account.id} is not what its postings say")
    return wrong


def _sums(session: Session, side: InstrumentedAttribute[UUID | None]) -> dict[UUID, int]:
    query = select(side, func.sum(Posting.amount)).where(side.is_not(None)).group_by(side)
    return {account: int(amount) for account, amount in session.execute(query) if account}


def judged(bank: Bank, lines: Iterable[dict[str, Any]]) -> list[str]:
    """Compare what the clients wrote down with what the bank has; gives what is wrong.

    Lost, done twice, refused and yet done, half done (R60, R61, R65-R67), records without deeds
    and deeds without records (R51).
    """
    database = bank.world.house.database
    sent, said = _written_down(lines)
    payees = {payee: account for client in bank.clients for payee, account in client.payees}
    wrong = in_one_snapshot(database, bank.accounts, bank.total)
    with Session(database.engine.execution_options(branch_desk_reads=True)) as session:
        there = {row.id: row for row in session.scalars(select(Operation))}
        postings: dict[UUID, list[Posting]] = {}
        for posting in session.scalars(select(Posting)):
            postings.setdefault(posting.entry_id, []).append(posting)
        records = Counter(
            session.scalars(
                select(AuditEvent.subject_id).where(AuditEvent.event == Event.OPERATION_PLACED)
            )
        )
    for key, answers in said.items():
        if len(answers) > 1:
            wrong.append(f"{key} was answered both ways")
        if ("done" in answers) != (key in there):
            wrong.append(f"{key} lost" if "done" in answers else f"{key} refused and yet done")
    wrong += [f"{key} was never sent" for key in there.keys() - sent.keys()]
    wrong += [f"{key} deed without its one record" for key in there if records[key] != 1]
    wrong += [f"{key} record without a deed" for key in records.keys() - there.keys()]
    wrong += _moved_otherwise(postings, there.keys(), sent, payees)
    wrong += [f"{key} without postings" for key in there.keys() - postings.keys()]
    steps = Counter((row.access_id, row.totp_step) for row in there.values())
    wrong += [f"code {step} used twice" for step, times in steps.items() if times > 1]
    verdict = verification.verify(database, keys=bank.world.house.keys)
    wrong += [str(finding) for finding in verdict.findings]
    return wrong


def _written_down(
    lines: Iterable[dict[str, Any]],
) -> tuple[dict[UUID, Order], dict[UUID, set[str]]]:
    """Give what was sent, and what was answered, by key."""
    sent: dict[UUID, Order] = {}
    said: dict[UUID, set[str]] = {}
    for line in lines:
        if line["what"] == "sends":
            key = UUID(line["key"])
            sent[key] = orders.from_payload(key, line["payload"])
        elif line["what"] in ("done", "refused"):
            said.setdefault(UUID(line["key"]), set()).add(line["what"])
    return sent, said


def _moved_otherwise(
    postings: Mapping[UUID, Sequence[Posting]],
    there: Container[UUID],
    sent: Mapping[UUID, Order],
    payees: Mapping[UUID, UUID],
) -> Iterator[str]:
    for entry, lines in postings.items():
        if entry not in there:
            if any(posting.kind is not PostingKind.OPENING for posting in lines):
                yield f"{entry} postings of no operation"
            continue
        order = sent[entry]
        to = order.credit_account_id or payees.get(order.beneficiary_id or entry)
        meant = [(order.debit_account_id, to, order.money.centavos, PostingKind.TRANSFER)]
        if [(p.debit_account_id, p.credit_account_id, p.amount, p.kind) for p in lines] != meant:
            yield f"{entry} moved otherwise than ordered"


def sound(bank: Bank) -> None:
    """Let PostgreSQL check its own tables and indexes (amcheck)."""
    with bank.world.house.database.engine.connect() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS amcheck"))
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(
            text(
                "SELECT bt_index_parent_check(index.oid, true) FROM pg_class index"
                " JOIN pg_am ON pg_am.oid = index.relam AND amname = 'btree'"
                " WHERE index.relkind = 'i' AND index.relpersistence = 'p'"
            )
        ).all()
        broken = connection.execute(
            text(
                "SELECT * FROM pg_class t, LATERAL verify_heapam(t.oid)"
                " WHERE t.relkind = 'r' AND t.relpersistence = 'p'"
            )
        ).all()
        assert broken == []
