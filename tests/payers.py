"""Members who order payments: an active user with accounts, limits, a phone and an open session."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.access import (
    Access,
    AccessStatus,
    GrantedAccount,
    GrantedBiller,
    GrantedLimit,
    TotpDevice,
)
from branch_desk.models.account import Account, AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Beneficiary, BeneficiaryKind
from branch_desk.models.keys import token_digest
from branch_desk.models.ledger import Posting
from branch_desk.models.member_session import MEMBER_SESSION_MINUTES, MemberSession
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation
from branch_desk.models.parameter import Biller, LimitKind
from branch_desk.models.passwords import plain_answer
from branch_desk.models.totp import TotpSecret, step_at
from branch_desk.operations.money import place
from branch_desk.operations.money.orders import Order, other_bank, own, third_party
from branch_desk.operations.money.place import Placed
from branch_desk.operations.portal import Portal
from branch_desk.operations.users.totp import PURPOSE
from branch_desk.operations.work import Desk, Work
from tests.access_builders import HOME, MEMBER_PASSWORD, MEMBER_PIN, Phone, an_access
from tests.builders import World

TEXTS = {
    "concept": "compra de paleras",
    "origin": "sueldo del mes de noviembre",
    "destination": "gastos de la familia Lazarte",
}
PLENTY = 100_000_000
"""Centavos."""


@dataclass
class Payer:
    """A member with all that an order needs."""

    world: World
    member_id: UUID
    access_id: UUID
    phone: Phone
    account_id: UUID
    user_name: str
    others: dict[str, UUID] = field(default_factory=dict)
    _portal: Portal | None = None

    @property
    def portal(self) -> Portal:
        """An open session, opened when first asked for."""
        if self._portal is None:
            self._portal = self.signs_in()
        return self._portal

    def signs_in(self) -> Portal:
        """A session newly opened, as a right password and PIN leave it; an older one ends."""
        token = f"token {new_id()}"

        def open_session(work: Work) -> None:
            work.session.execute(
                update(MemberSession)
                .where(MemberSession.access_id == self.access_id, MemberSession.ended_at.is_(None))
                .values(ended_at=work.now, end_reason="newer")
            )
            work.session.add(
                MemberSession(
                    access_id=self.access_id,
                    token_digest=token_digest(token),
                    channel=HOME.channel,
                    address=HOME.address,
                    started_at=work.now,
                    expires_at=work.now + timedelta(minutes=MEMBER_SESSION_MINUTES),
                )
            )

        self.world.house.work(open_session)
        self._portal = Portal(self.world.house, token)
        return self._portal

    def code(self) -> str:
        """A fresh code: the phone's next one, half a minute later."""
        self.world.clock.forward(seconds=30)
        return self.phone.code()

    def orders(self, order: Order, code: str = "", **changes: Any) -> Placed:
        """Preview and confirm; a session that grew old is opened anew."""
        code = code or self.code()
        if self._portal is not None and self.world.clock.now > self._opened + timedelta(minutes=15):
            self.signs_in()
        shown = self.portal(place.preview, order)
        return self.portal(place.place, shown.order, shown_sha256=shown.sha256, code=code)

    @property
    def _opened(self) -> Any:
        return self.world.house.work(
            lambda work: work.session.scalar(
                select(MemberSession.started_at).where(
                    MemberSession.access_id == self.access_id, MemberSession.ended_at.is_(None)
                )
            )
        )

    def own(self, to: UUID, centavos: int, key: UUID | None = None, **texts: Any) -> Order:
        return own(key or new_id(), self.account_id, to, bob(centavos), **{**TEXTS, **texts})

    def third(self, to: UUID, centavos: int, key: UUID | None = None, **texts: Any) -> Order:
        return third_party(
            key or new_id(), self.account_id, to, bob(centavos), **{**TEXTS, **texts}
        )

    def bank(self, to: UUID, centavos: int, key: UUID | None = None, **about: Any) -> Order:
        about = {"promised_on": self.world.clock.now.date(), **TEXTS, **about}
        return other_bank(key or new_id(), self.account_id, to, bob(centavos), **about)


def bob(centavos: int) -> Money:
    return Money(centavos, Currency.BOB)


def a_payer(
    world: World,
    desk: Desk,
    number: int = 1,
    *,
    balance: int = 500_000,
    per_operation: int = PLENTY,
    per_day: int = PLENTY,
    per_month: int = 10 * PLENTY,
    count: int = 1000,
    settled: bool = True,
    **account: Any,
) -> Payer:
    """An active user whose first days are long over, with one savings account in bolivianos."""
    del desk
    user_name = f"pagador{number}"
    access_id = an_access(
        world, number=f"8{number:05}", user_name=user_name, document_number=str(8_000_000 + number)
    )
    phone = _through_first_access(world, access_id)
    member_id = world.house.work(
        lambda work: work.session.get_one(Access, access_id).member_id, reads=True
    )
    account_id = world.account(
        member_id, number=f"30{number:06}1", **{"balance": balance, **account}
    )
    payer = Payer(world, member_id, access_id, phone, account_id, user_name)

    def grant(work: Any) -> None:
        for kind in LimitKind:
            for currency in Currency:
                work.session.add(
                    GrantedLimit(
                        access_id=access_id,
                        kind=kind,
                        currency=currency,
                        per_operation=per_operation,
                        per_day=per_day,
                        per_month=per_month,
                        count_per_day=count,
                    )
                )
        for code in work.session.scalars(select(Biller.code)):
            work.session.add(GrantedBiller(access_id=access_id, biller_code=code))
        if settled:
            work.session.execute(
                update(Access)
                .where(Access.id == access_id)
                .values(active_since=work.now - timedelta(days=90))
            )

    world.house.work(grant)
    granted(world, access_id, account_id)
    return payer


def _through_first_access(world: World, access_id: UUID) -> Phone:
    """All five steps at once, as the ceremonies leave them."""
    secret, device = TotpSecret.new(), new_id()
    hasher = world.house.hasher
    password, pin = hasher.hash(MEMBER_PASSWORD), hasher.hash(MEMBER_PIN)
    answer = hasher.hash(plain_answer("Doña Petrona"))

    def steps(work: Work) -> None:
        access = work.session.get_one(Access, access_id)
        access.password_hash, access.password_changed_at = password, work.now
        access.pin_hash, access.pin_changed_at = pin, work.now
        access.security_image, access.image_chosen_at = "condor", work.now
        access.secret_question, access.question_set_at = "¿Su primera maestra?", work.now
        access.answer_hash = answer
        access.move(AccessStatus.ENROLLING)
        work.session.add(
            TotpDevice(
                id=device,
                access_id=access_id,
                secret=work.keys.seal_to_verifier(secret.raw, purpose=PURPOSE, row=device),
                period=30,
                last_step=step_at(work.now) - 10,
                provisioned_at=work.now,
                confirmed_at=work.now,
            )
        )
        work.session.flush()
        access.move(AccessStatus.ACTIVE)
        access.active_since = work.now

    world.house.work(steps)
    return Phone(world, secret)


def granted(
    world: World, access_id: UUID, account_id: UUID, *, debit: bool = True, **rights: bool
) -> None:
    """Let a user see and debit an account."""
    values = {"consult": True, "debit": debit, "web": True, "mobile": True} | rights
    world.house.work(
        lambda work: work.session.add(
            GrantedAccount(access_id=access_id, account_id=account_id, **values)
        )
    )


def another_account(world: World, payer: Payer, suffix: int = 2, **about: Any) -> UUID:
    """A further account of the payer, seen and debited through the portal."""
    number = f"30{payer.user_name.removeprefix('pagador').zfill(6)}{suffix}"
    account_id = world.account(payer.member_id, number=number, **about)
    granted(world, payer.access_id, account_id, debit=True)
    return account_id


def a_beneficiary(
    world: World, payer: Payer, account_id: UUID | None = None, *, days_old: int = 30, **about: Any
) -> UUID:
    """Somebody the payer registered a while ago; without an account, at another bank."""
    inside = account_id is not None

    def store(work: Any) -> UUID:
        row = Beneficiary(
            **{
                "id": new_id(),
                "member_id": payer.member_id,
                "access_id": payer.access_id,
                "kind": BeneficiaryKind.COOPERATIVE if inside else BeneficiaryKind.OTHER_BANK,
                "account_id": account_id,
                "account_kind": AccountKind.SAVINGS,
                "currency": Currency.BOB,
                "number": "30000001" if inside else "4010203040",
                "name": "J*** L******" if inside else "Jaime Lazarte Rojas",
                "document_number": None if inside else "5566778",
                "bank_code": None if inside else "BNB",
                "payload_sha256": "0" * 64,
                "created_at": work.now - timedelta(days=days_old),
            }
            | about
        )
        work.session.add(row)
        work.session.flush()
        return row.id

    return world.house.work(store)


def balance(world: World, account_id: UUID) -> int:
    """An account's balance, centavos."""
    return world.house.work(
        lambda work: work.session.get_one(Account, account_id).balance, reads=True
    )


def operations(world: World) -> list[Operation]:
    """Every operation, oldest first."""
    return world.house.work(
        lambda work: list(
            work.session.scalars(select(Operation).order_by(Operation.created_at, Operation.id))
        ),
        reads=True,
    )


def postings(world: World, entry_id: UUID | None = None) -> list[Posting]:
    """Postings of an entry, or all of them."""
    query = select(Posting).order_by(Posting.at, Posting.entry_id, Posting.position)
    if entry_id is not None:
        query = query.where(Posting.entry_id == entry_id)
    return world.house.work(lambda work: list(work.session.scalars(query)), reads=True)
