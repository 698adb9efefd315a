"""A house of accounts, orders and debts for tests that write to its tables directly."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Executable, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from branch_desk.models.account import AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Beneficiary, BeneficiaryKind
from branch_desk.models.bill import Bill, BillStatus
from branch_desk.models.enrolment import Channel
from branch_desk.models.interbank import InterbankBatch
from branch_desk.models.ledger import Posting, PostingKind
from branch_desk.models.money import Currency
from branch_desk.models.operation import (
    BEGINS_AS,
    Operation,
    OperationKind,
    OperationStatus,
)
from branch_desk.models.schedule import (
    HolidayRule,
    Repeat,
    Schedule,
    ScheduleStatus,
)
from tests.access_builders import an_access
from tests.builders import NOON, World

TODAY = date(2026, 11, 23)
LATER = NOON + timedelta(hours=1)
S = OperationStatus
Deed = Executable | Callable[[Session], object]


@dataclass
class Case:
    """A user with an account, another member's account, one in dollars, a beneficiary, a bill."""

    world: World
    access: UUID
    member: UUID
    mine: UUID
    other: UUID
    dollars: UUID
    beneficiary: UUID
    bill: UUID
    batch: UUID
    schedule: UUID

    def run(self, deed: Deed) -> None:
        done = deed if not isinstance(deed, Executable) else lambda session: session.execute(deed)
        self.world.house.database.write(done)

    def refused(self, deed: Deed, words: str) -> None:
        with pytest.raises(IntegrityError, match=words):
            self.run(deed)

    def operation(
        self, kind: OperationKind = OperationKind.OWN, status: S | None = None, **changes: Any
    ) -> UUID:
        values = self.order(kind, status) | changes
        self.run(insert(Operation).values(values))
        made: UUID = values["id"]
        return made

    def order(self, kind: OperationKind, status: S | None = None) -> dict[str, Any]:
        k = OperationKind
        return {
            "id": new_id(),
            "kind": kind,
            "status": BEGINS_AS[kind] if status is None else status,
            "access_id": self.access,
            "member_id": self.member,
            "channel": Channel.WEB,
            "debit_account_id": self.mine,
            "credit_account_id": self.other if kind in (k.OWN, k.THIRD_PARTY, k.LOAN) else None,
            "beneficiary_id": self.beneficiary if kind in (k.THIRD_PARTY, k.OTHER_BANK) else None,
            "currency": Currency.BOB,
            "amount": 10_000,
            "payload": "{}",
            "payload_sha256": "p" * 64,
            "totp_step": 7,
            "created_at": NOON,
            "expires_at": NOON + timedelta(hours=24),
            "value_date": TODAY if kind is k.OTHER_BANK else None,
            "biller_code": "CRE" if kind in (k.BILL, k.TOP_UP) else None,
            "bill_id": self.bill if kind is k.BILL else None,
        }

    def walk(self, kind: OperationKind, status: S) -> UUID:
        """An operation that came to `status` by moves of its kind."""
        made = self.operation(kind, S.WAITING)
        for step in WAYS[status]:
            self.run(update(Operation).where(Operation.id == made).values(status=step))
        return made

    def posting(self, **changes: Any) -> dict[str, Any]:
        return {
            "entry_id": new_id(),
            "position": 1,
            "kind": PostingKind.TRANSFER,
            "at": NOON,
            "debit_account_id": self.mine,
            "debit_house": None,
            "credit_account_id": self.other,
            "credit_house": None,
            "currency": Currency.BOB,
            "amount": 10_000,
        } | changes

    def post(self, **changes: Any) -> UUID:
        values = self.posting(**changes)
        self.run(insert(Posting).values(values))
        made: UUID = values["entry_id"]
        return made


WAYS: dict[S, tuple[S, ...]] = {
    S.WAITING: (),
    S.CANCELLED: (S.CANCELLED,),
    S.LAPSED: (S.LAPSED,),
    S.DONE: (S.DONE,),
    S.RECEIVED: (S.RECEIVED,),
    S.BATCHED: (S.RECEIVED, S.BATCHED),
    S.SENT: (S.RECEIVED, S.BATCHED, S.SENT),
    S.CREDITED: (S.RECEIVED, S.BATCHED, S.SENT, S.CREDITED),
    S.REJECTED: (S.RECEIVED, S.BATCHED, S.SENT, S.REJECTED),
    S.ACCEPTED: (S.ACCEPTED,),
    S.CONFIRMED: (S.ACCEPTED, S.CONFIRMED),
    S.FAILED: (S.ACCEPTED, S.FAILED),
}
KIND_OF: dict[S, OperationKind] = {
    **dict.fromkeys(S, OperationKind.OWN),
    **dict.fromkeys((S.RECEIVED, S.BATCHED, S.SENT), OperationKind.OTHER_BANK),
    **dict.fromkeys((S.CREDITED, S.REJECTED), OperationKind.OTHER_BANK),
    **dict.fromkeys((S.ACCEPTED, S.CONFIRMED, S.FAILED), OperationKind.TOP_UP),
}


def a_case(world: World) -> Case:
    """Two members with accounts, one of them a user with a beneficiary, a bill and a schedule."""
    access = an_access(world)
    member = world.member("000777", document_number="777777")
    about: dict[str, Any] = {"number": "2000200030", "balance": 300_000}
    made = Case(
        world,
        access,
        member,
        mine=world.account(member),
        other=world.account(world.member("000778", document_number="778778"), **about),
        dollars=world.account(member, number="3000200030", currency=Currency.USD),
        beneficiary=new_id(),
        bill=new_id(),
        batch=new_id(),
        schedule=new_id(),
    )

    def store(session: Session) -> None:
        session.execute(
            insert(Beneficiary).values(
                id=made.beneficiary,
                member_id=member,
                access_id=access,
                kind=BeneficiaryKind.COOPERATIVE,
                account_id=made.other,
                account_kind=AccountKind.SAVINGS,
                currency=Currency.BOB,
                number="2000200030",
                name="R*** S***",
                payload_sha256="b" * 64,
                created_at=NOON,
            )
        )
        session.execute(
            insert(Bill).values(
                id=made.bill,
                biller_code="CRE",
                client_code="123456",
                number="F-1",
                period="2026-10",
                due_on=TODAY,
                currency=Currency.BOB,
                amount=10_000,
                status=BillStatus.PENDING,
            )
        )
        session.execute(
            insert(InterbankBatch).values(
                id=made.batch,
                day=TODAY,
                currency=Currency.BOB,
                count=1,
                total=10_000,
                closed_at=NOON,
            )
        )
        session.execute(
            insert(Schedule).values(
                id=made.schedule,
                access_id=access,
                member_id=member,
                kind=OperationKind.OWN,
                payload="{}",
                payload_sha256="p" * 64,
                starts_on=TODAY,
                repeat=Repeat.MONTHLY,
                holiday_rule=HolidayRule.AFTER,
                status=ScheduleStatus.ACTIVE,
                next_on=TODAY,
                run_on=TODAY,
                created_at=NOON,
            )
        )

    made.run(store)
    return made
