"""Accounts, maximum amounts, services and channels of a request (F8-F10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.account import (
    DEBITABLE,
    Account,
    AccountKind,
    AccountStatus,
    Handling,
    Holder,
    HolderRole,
)
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import (
    ChosenAccount,
    ChosenBiller,
    ChosenLimit,
    Enrolment,
    Status,
)
from branch_desk.models.errors import (
    AboveCeiling,
    AccountUnfit,
    LimitsInconsistent,
    NotFound,
    NothingChosen,
    NotTheHolder,
)
from branch_desk.models.event import Event
from branch_desk.models.money import Currency, Money
from branch_desk.models.parameter import Biller, Ceiling, LimitKind
from branch_desk.models.staff import Role
from branch_desk.operations.request.holding import editable, found, touch, void_paper
from branch_desk.operations.work import Work, allowed

_DESK = (Role.OFFICER, Role.SUPERVISOR)
_READERS = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
_KINDS = list(LimitKind)
_PARTS = ("per_operation", "per_day", "per_month", "count_per_day")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChoice:
    """What the member wants an account for."""

    account_id: UUID
    consult: bool = True
    debit: bool = False
    web: bool = True
    mobile: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChoice:
    """Maximum amounts the member wants, in centavos; four zeros close the kind."""

    kind: LimitKind
    currency: Currency
    per_operation: int
    per_day: int
    per_month: int
    count_per_day: int
    representative_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The whole set: `configure` replaces what was there."""

    accounts: tuple[AccountChoice, ...]
    limits: tuple[LimitChoice, ...]
    billers: tuple[str, ...]
    by_web: bool = True
    by_mobile: bool = True


@dataclass(frozen=True, slots=True)
class AccountOption:
    """An account of the member and what it may be used for."""

    account_id: UUID
    number: str
    kind: AccountKind
    currency: Currency
    handling: Handling
    status: AccountStatus
    role: HolderRole
    may_debit: bool
    why_not: str
    """Why debiting is refused, a word the views know: `kind`, `joint`, `status`."""


@dataclass(frozen=True, slots=True)
class CeilingRow:
    """The cooperative's ceiling for a kind and currency, centavos."""

    kind: LimitKind
    currency: Currency
    per_operation: int
    per_day: int
    per_month: int
    count_per_day: int


@dataclass(frozen=True, slots=True)
class BillerOption:
    """A service that can be ticked."""

    code: str
    name: str
    category: str
    prepaid: bool


@dataclass(frozen=True, slots=True)
class Options:
    """What may be chosen for a request, and what is chosen now."""

    accounts: tuple[AccountOption, ...]
    ceilings: tuple[CeilingRow, ...]
    billers: tuple[BillerOption, ...]
    chosen: Configuration
    people: tuple[tuple[UUID | None, str], ...] = field(default=())
    """Whose limits: one (None, name) for a person, each representative for a company."""


class _Daily(Protocol):
    @property
    def kind(self) -> LimitKind: ...
    @property
    def currency(self) -> Currency: ...
    @property
    def per_day(self) -> int: ...


def worst_day(limits: Iterable[_Daily], *, debits: bool, billers: bool) -> dict[Currency, int]:
    """Say how many centavos could leave the member's accounts in one day, per currency (F9).

    Between own accounts nothing leaves; without an account to debit or a ticked service the
    kinds that need them do not count. Representatives add up.
    """
    total: dict[Currency, int] = {}
    for limit in limits:
        leaves = limit.kind is not LimitKind.OWN and debits
        if leaves and (billers or limit.kind is not LimitKind.SERVICE) and limit.per_day:
            total[limit.currency] = total.get(limit.currency, 0) + limit.per_day
    return dict(sorted(total.items()))


@allowed(*_READERS, reads=True)
def options(work: Work, enrolment_id: UUID) -> Options:
    """Give what may be chosen for a request: only what the member may use."""
    enrolment = found(work, enrolment_id)
    rows = work.session.execute(
        select(Account, Holder.role)
        .join(Holder, Holder.account_id == Account.id)
        .where(Holder.member_id == enrolment.member_id, Account.status != AccountStatus.CLOSED)
        .order_by(Account.kind, Account.number)
    ).all()
    billers = work.session.scalars(select(Biller).where(Biller.active).order_by(Biller.position))
    people: tuple[tuple[UUID | None, str], ...] = tuple(
        (each.id, each.person_name) for each in enrolment.representatives
    ) or ((None, enrolment.name),)
    return Options(
        accounts=tuple(_option(account, role) for account, role in rows),
        ceilings=tuple(
            CeilingRow(row.kind, row.currency, *(getattr(row, part) for part in _PARTS))
            for row in _ceilings(work).values()
        ),
        billers=tuple(BillerOption(b.code, b.name, b.category, b.prepaid) for b in billers),
        chosen=configuration_of(enrolment),
        people=people,
    )


@allowed(*_DESK)
def configure(work: Work, enrolment_id: UUID, version: int, chosen: Configuration) -> None:
    """Replace accounts, limits, services and channels of a request as one set.

    Raises NothingChosen, NotTheHolder, AccountUnfit, AboveCeiling, LimitsInconsistent, NotFound.
    """
    enrolment = editable(work, enrolment_id, version)
    _check_accounts(work, enrolment, chosen)
    _check_limits(work, enrolment, chosen)
    _check_billers(work, chosen)
    before = configuration_of(enrolment)
    enrolment.edited(Status.CONFIGURED, work.now)
    # The old rows go before the new ones come: both have the same keys.
    enrolment.accounts, enrolment.limits, enrolment.billers = [], [], []
    work.session.flush()
    enrolment.by_web = chosen.by_web
    enrolment.by_mobile = chosen.by_mobile
    enrolment.accounts = [
        ChosenAccount(
            account_id=each.account_id,
            consult=each.consult,
            debit=each.debit,
            web=each.web and chosen.by_web,
            mobile=each.mobile and chosen.by_mobile,
        )
        for each in chosen.accounts
        if each.consult
    ]
    enrolment.limits = [
        ChosenLimit(
            id=new_id(),
            representative_id=each.representative_id,
            kind=each.kind,
            currency=each.currency,
            per_operation=each.per_operation,
            per_day=each.per_day,
            per_month=each.per_month,
            count_per_day=each.count_per_day,
        )
        for each in chosen.limits
    ]
    enrolment.billers = [ChosenBiller(biller_code=code) for code in sorted(set(chosen.billers))]
    touch(work, enrolment)
    void_paper(work, enrolment)
    after = configuration_of(enrolment)
    parts = ("accounts", "limits", "billers", "by_web", "by_mobile")
    work.record(
        Event.ENROLMENT_CONFIGURED,
        enrolment_id,
        member_id=enrolment.member_id,
        revision=enrolment.revision,
        fields=[part for part in parts if getattr(after, part) != getattr(before, part)],
    )


@allowed()
def require_choice(work: Work, enrolment: Enrolment) -> None:
    """Refuse what was chosen once the books no longer allow it: part of the approval (R16).

    Raises NotTheHolder, AccountUnfit, AboveCeiling.
    """
    chosen = configuration_of(enrolment)
    _check_accounts(work, enrolment, chosen)
    _check_limits(work, enrolment, chosen)


def configuration_of(enrolment: Enrolment) -> Configuration:
    """Give what is chosen in a request, in a fixed order."""
    return Configuration(
        accounts=tuple(
            AccountChoice(
                account_id=row.account_id,
                consult=row.consult,
                debit=row.debit,
                web=row.web,
                mobile=row.mobile,
            )
            for row in sorted(enrolment.accounts, key=lambda row: row.account_id)
        ),
        limits=tuple(
            LimitChoice(
                kind=row.kind,
                currency=row.currency,
                per_operation=row.per_operation,
                per_day=row.per_day,
                per_month=row.per_month,
                count_per_day=row.count_per_day,
                representative_id=row.representative_id,
            )
            for row in sorted(
                enrolment.limits,
                key=lambda row: (
                    str(row.representative_id or ""),
                    _KINDS.index(row.kind),
                    row.currency,
                ),
            )
        ),
        billers=tuple(sorted(row.biller_code for row in enrolment.billers)),
        by_web=enrolment.by_web,
        by_mobile=enrolment.by_mobile,
    )


def _option(account: Account, role: HolderRole) -> AccountOption:
    why_not = _why_not_debit(account)
    return AccountOption(
        account_id=account.id,
        number=account.number,
        kind=account.kind,
        currency=account.currency,
        handling=account.handling,
        status=account.status,
        role=role,
        may_debit=not why_not,
        why_not=why_not,
    )


def _why_not_debit(account: Account) -> str:
    if account.kind not in DEBITABLE:
        return "kind"
    if account.handling is Handling.JOINT:
        return "joint"
    return "" if account.status is AccountStatus.ACTIVE else "status"


def _check_accounts(work: Work, enrolment: Enrolment, chosen: Configuration) -> None:
    if not (chosen.by_web or chosen.by_mobile):
        raise NothingChosen(kind="channels", field="by_web")
    if not any(each.consult for each in chosen.accounts):
        raise NothingChosen(kind="accounts", field="accounts")
    held: Mapping[UUID, Account] = {
        account.id: account
        for account in work.session.scalars(
            select(Account)
            .join(Holder, Holder.account_id == Account.id)
            .where(Holder.member_id == enrolment.member_id)
        )
    }
    for each in chosen.accounts:
        account = held.get(each.account_id)
        if account is None:
            raise NotTheHolder(account=str(each.account_id), field="accounts")
        if account.status is AccountStatus.CLOSED:
            raise AccountUnfit(account=account.number, reason="closed", field="accounts")
        if each.debit and (why := _why_not_debit(account)):
            raise AccountUnfit(account=account.number, reason=why, field="accounts")
        if each.debit and not each.consult:
            raise AccountUnfit(account=account.number, reason="consult", field="accounts")


def _check_limits(work: Work, enrolment: Enrolment, chosen: Configuration) -> None:
    people: set[UUID | None] = {each.id for each in enrolment.representatives}
    people = people or {None}
    ceilings = _ceilings(work)
    seen = set()
    for each in chosen.limits:
        about = {"kind": each.kind, "currency": each.currency, "field": "limits"}
        key = (each.representative_id, each.kind, each.currency)
        if each.representative_id not in people or key in seen:
            raise NotFound(kind="representative", field="limits")
        seen.add(key)
        if not _consistent(each):
            raise LimitsInconsistent(**about)
        ceiling = ceilings.get((each.kind, each.currency))
        for part in _PARTS:
            most = getattr(ceiling, part) if ceiling else 0
            if getattr(each, part) > most:
                shown = most if part == "count_per_day" else Money(most, each.currency)
                raise AboveCeiling(**about, ceiling=shown, part=part)
    if {person for person, _, _ in seen} != people:
        raise NothingChosen(kind="limits", field="limits")


def _consistent(limit: LimitChoice) -> bool:
    amounts = (limit.per_operation, limit.per_day, limit.per_month, limit.count_per_day)
    if min(amounts) < 0:
        return False
    if 0 in amounts[:2] or limit.count_per_day == 0:
        return amounts == (0, 0, 0, 0)
    return limit.per_operation <= limit.per_day <= limit.per_month


def _check_billers(work: Work, chosen: Configuration) -> None:
    known = set(work.session.scalars(select(Biller.code).where(Biller.active)))
    for code in chosen.billers:
        if code not in known:
            raise NotFound(kind="biller", field="billers")


def _ceilings(work: Work) -> dict[tuple[LimitKind, Currency], Ceiling]:
    rows = work.session.scalars(
        select(Ceiling)
        .where(Ceiling.effective_from <= work.now)
        .order_by(Ceiling.kind, Ceiling.currency, Ceiling.effective_from)
    )
    return {(row.kind, row.currency): row for row in rows}
