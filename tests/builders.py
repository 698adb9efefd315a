"""Valid things with sensible defaults, made the way the program makes them."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.account import (
    Account,
    AccountKind,
    AccountStatus,
    Handling,
    Holder,
    HolderRole,
)
from branch_desk.models.base import new_id
from branch_desk.models.database import Database
from branch_desk.models.keys import Keys
from branch_desk.models.ledger import CORE, Posting, PostingKind
from branch_desk.models.member import (
    Department,
    DocumentType,
    Member,
    MemberKind,
    MemberName,
    person_key,
    rotations,
)
from branch_desk.models.money import Currency
from branch_desk.models.passwords import Hasher, HashParameters
from branch_desk.models.staff import Branch, Role, Staff, StaffSession
from branch_desk.models.totp import TotpSecret, step_at
from branch_desk.operations.house import install, sign_in
from branch_desk.operations.work import Countersign, Desk, House, Work

NOON = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
"""Monday 23 November 2026, twelve o'clock in La Paz."""

PASSWORD = "caballo correcto bateria 7"
CHEAP = HashParameters(memory_kib=8, passes=1, lanes=1)


class SetClock:
    """A clock that stands until the test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass
class Someone:
    """A member of staff with what signs them in."""

    staff_id: UUID
    user_name: str
    totp: TotpSecret
    role: Role


@dataclass
class World:
    """A house and who works in it."""

    house: House
    clock: SetClock
    branch_id: UUID
    people: dict[str, Someone] = field(default_factory=dict)

    def staff(
        self,
        user_name: str = "oficial",
        role: Role = Role.OFFICER,
        *,
        document: str = "",
        branch_id: UUID | None = None,
    ) -> Someone:
        """A member of staff who has finished the first sign-in."""
        if user_name in self.people:
            return self.people[user_name]
        number = document or str(7_000_000 + len(self.people))
        totp = TotpSecret.new()
        hashed = self.house.hasher.hash(PASSWORD)
        staff_id = new_id()

        def store(work: Work) -> None:
            work.session.add(
                Staff(
                    id=staff_id,
                    user_name=user_name,
                    full_name=user_name.title(),
                    document_type=DocumentType.CI,
                    document_number=number,
                    person=person_key(DocumentType.CI, number, ""),
                    role=role,
                    branch_id=branch_id or self.branch_id,
                    password_hash=hashed,
                    password_changed_at=work.now,
                    must_change_password=False,
                    totp_secret=work.keys.seal(totp.raw, purpose="staff-totp", row=staff_id),
                    totp_confirmed_at=work.now,
                    created_at=work.now,
                )
            )

        self.house.work(store)
        self.people[user_name] = Someone(staff_id, user_name, totp, role)
        return self.people[user_name]

    def code(self, someone: Someone) -> str:
        """The code someone's authenticator shows now; used ones are forgotten, so that a test may sign in twice."""

        def forget(work: Work) -> None:
            work.session.execute(
                update(Staff).where(Staff.id == someone.staff_id).values(totp_last_step=None)
            )

        self.house.work(forget)
        return someone.totp.code(step_at(self.clock.now))

    def desk(self, user_name: str = "oficial", role: Role = Role.OFFICER, **about: Any) -> Desk:
        """A freshly signed-in desk."""
        someone = self.staff(user_name, role, **about)
        return sign_in.sign_in(self.house, user_name, PASSWORD, self.code(someone))

    def again(self, desk: Desk, user_name: str) -> None:
        """Sign in afresh for what needs it."""
        sign_in.reauthenticate(desk, PASSWORD, self.code(self.people[user_name]))

    def word(self, desk: Desk, user_name: str = "testiga") -> Countersign:
        """What a supervisor gives at somebody's desk."""
        someone = self.staff(user_name, Role.SUPERVISOR)
        return sign_in.countersign(desk, user_name, PASSWORD, self.code(someone))

    def countersigned(self, desk: Desk, user_name: str = "testiga") -> Desk:
        """The desk with a supervisor beside it who has just given her word."""
        return desk.countersigned(self.word(desk, user_name))

    def member(self, number: str = "000123", **changes: Any) -> UUID:
        """A member of the cooperative's books: Ana María Méndez Ríos unless told otherwise."""
        values: dict[str, Any] = {
            "id": new_id(),
            "number": number,
            "kind": MemberKind.PERSON,
            "document_type": DocumentType.CI,
            "document_number": "4567891",
            "complement": "1B",
            "issued_in": Department.SC,
            "document_expiry": date(2030, 5, 1),
            "first_names": "Ana María",
            "first_surname": "Méndez",
            "second_surname": "Ríos",
            "birth_date": date(1985, 3, 14),
            "email": "ana@example.com",
            "mobile": "70012345",
            "address": "Calle Sucre 45",
            "branch_id": self.branch_id,
        } | changes
        member = Member(**values)

        def store(work: Work) -> None:
            work.session.add(member)
            work.session.flush()
            for text in rotations(member.name):
                work.session.add(MemberName(text=text, member_id=member.id))

        self.house.work(store)
        return member.id

    def company(self, number: str = "000900", **changes: Any) -> UUID:
        """A member that is a company."""
        return self.member(
            number,
            **{
                "kind": MemberKind.COMPANY,
                "document_type": DocumentType.NIT,
                "document_number": "1023456021",
                "complement": "",
                "issued_in": None,
                "document_expiry": None,
                "first_names": "",
                "first_surname": "",
                "second_surname": "",
                "birth_date": None,
                "company_name": "Aserradero El Tajibo S.R.L.",
                "trade_registry": "00123456",
                "email": "tajibo@example.com",
                "mobile": "70099999",
            }
            | changes,
        )

    def account(self, *members: UUID, number: str = "1000200030", **changes: Any) -> UUID:
        """An account of the members: a savings account in bolivianos with Bs 5.000,00.

        What it begins with stands in the ledger, too: balance and postings are always equal.
        """
        values: dict[str, Any] = {
            "id": new_id(),
            "number": number,
            "kind": AccountKind.SAVINGS,
            "currency": Currency.BOB,
            "handling": Handling.INDIVIDUAL,
            "status": AccountStatus.ACTIVE,
            "opened_on": date(2020, 1, 2),
            "balance": 500_000,
        } | changes
        account = Account(**values)

        def store(work: Work) -> None:
            work.session.add(account)
            work.session.flush()
            for place, member in enumerate(members):
                role = HolderRole.CO_HOLDER if place else HolderRole.HOLDER
                work.session.add(Holder(account_id=account.id, member_id=member, role=role))
            if account.balance:
                work.session.add(_opening(account, work.now))

        self.house.work(store)
        return account.id

    def other_branch(self, code: str = "MON") -> UUID:
        """Another office."""
        branch = Branch(id=new_id(), code=code, name=f"Agencia {code}", city="Montero")
        self.house.work(lambda work: work.session.add(branch))
        return branch.id

    def sessions(self) -> list[StaffSession]:
        """Every staff session there ever was."""
        return self.house.work(lambda work: list(work.session.scalars(select(StaffSession))))


def _opening(account: Account, at: datetime) -> Posting:
    # A loan's balance is what is owed: it came by a debit, like a current account's overdraft.
    debited = (account.balance > 0) == (account.kind is AccountKind.LOAN)
    return Posting(
        entry_id=new_id(),
        position=1,
        kind=PostingKind.OPENING,
        at=at,
        debit_account_id=account.id if debited else None,
        debit_house=None if debited else CORE,
        credit_account_id=None if debited else account.id,
        credit_house=CORE if debited else None,
        currency=account.currency,
        amount=abs(account.balance),
        debit_after=account.balance if debited else None,
        credit_after=None if debited else account.balance,
    )


def a_world(url: str, clock: SetClock | None = None, keys: Keys | None = None) -> World:
    """An installed house on the database at `url`."""
    clock = clock or SetClock()
    house = House(Database(url, clock=clock), keys or Keys.ephemeral(), Hasher(CHEAP))
    try:
        install.install(house)
    except BaseException:
        house.database.close()  # else its connections are a later test's warning
        raise
    branch = house.work(lambda work: work.session.scalars(select(Branch.id)).one())
    return World(house, clock, branch)
