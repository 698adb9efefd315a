"""Accounts, limits, services and channels while they are being chosen: one set, three pages.

What the officer has not saved yet lives here and in the draft; `configuration` is what is saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from branch_desk.models.money import Currency
from branch_desk.models.parameter import LimitKind
from branch_desk.operations.request.configuration import (
    AccountChoice,
    CeilingRow,
    Configuration,
    LimitChoice,
    Options,
    worst_day,
)

PARTS: Final = ("per_operation", "per_day", "per_month", "count_per_day")
START_SHARE: Final = 20
"""Percent of the ceiling that is proposed to begin with."""
_ROUND: Final = 1000
"""Proposals are in whole tens of the currency (centavos)."""

LimitKey = tuple[UUID | None, LimitKind, Currency]


@dataclass
class Choices:
    """The set as it stands on the three pages."""

    options: Options
    accounts: dict[UUID, AccountChoice] = field(default_factory=dict)
    limits: dict[LimitKey, LimitChoice] = field(default_factory=dict)
    billers: set[str] = field(default_factory=set)
    by_web: bool = True
    by_mobile: bool = True
    touched: bool = False
    """Something differs from what is saved."""

    @classmethod
    def of(cls, options: Options, draft: Mapping[str, Any] | None = None) -> "Choices":
        """Begin with the draft, else with what is saved, else with a sensible proposal."""
        chosen = options.chosen
        made = cls(options, by_web=chosen.by_web, by_mobile=chosen.by_mobile)
        for each in chosen.accounts:
            made.accounts[each.account_id] = each
        for limit in chosen.limits:
            made.limits[limit.representative_id, limit.kind, limit.currency] = limit
        made.billers = set(chosen.billers)
        if not chosen.accounts:
            for option in options.accounts:
                made.accounts[option.account_id] = AccountChoice(
                    account_id=option.account_id, debit=option.may_debit
                )
            made.touched = True
        if draft is not None:
            made.restore(draft)
        made.propose_missing()
        return made

    # -- limits

    def currencies(self) -> tuple[Currency, ...]:
        """Give the currencies money may leave in: those of the accounts to be debited."""
        currency = {each.account_id: each.currency for each in self.options.accounts}
        wanted = {currency[a.account_id] for a in self.accounts.values() if a.debit}
        return tuple(each for each in Currency if each in wanted)

    def ceiling(self, kind: LimitKind, currency: Currency) -> CeilingRow:
        """Give the cooperative's ceiling; without one nothing may be chosen."""
        for row in self.options.ceilings:
            if row.kind is kind and row.currency is currency:
                return row
        return CeilingRow(kind, currency, 0, 0, 0, 0)

    def limit(self, person: UUID | None, kind: LimitKind, currency: Currency) -> LimitChoice:
        """Give what is chosen, or the closed kind."""
        key = (person, kind, currency)
        return self.limits.get(key) or _limit(person, kind, currency, {})

    def set_limit(
        self, person: UUID | None, kind: LimitKind, currency: Currency, **parts: int
    ) -> None:
        """Choose amounts (centavos) and the number of times a day."""
        now = self.limit(person, kind, currency)
        amounts = {part: getattr(now, part) for part in PARTS} | parts
        self.limits[person, kind, currency] = _limit(person, kind, currency, amounts)
        self.touched = True

    def propose(self, person: UUID | None, kind: LimitKind, currency: Currency, share: int) -> None:
        """Set a kind to a share of its ceiling, in percent, down to whole tens."""
        most = self.ceiling(kind, currency)
        amounts = [_part(getattr(most, part), share) for part in PARTS[:3]]
        count = max(1, most.count_per_day * share // 100) if amounts[0] else 0
        if not amounts[0]:
            amounts = [0, 0, 0]
        self.set_limit(person, kind, currency, **dict(zip(PARTS, (*amounts, count), strict=True)))

    def propose_missing(self) -> None:
        """Propose amounts where a person has none yet in a currency that is in use."""
        touched = self.touched
        for person, _ in self.options.people:
            for currency in self.currencies():
                for kind in LimitKind:
                    if (person, kind, currency) not in self.limits:
                        self.propose(person, kind, currency, START_SHARE)
                        touched = True
        self.touched = touched

    def copy_to_all(self, person: UUID | None) -> None:
        """Give every representative the amounts of one (F6)."""
        for other, _ in self.options.people:
            for currency in self.currencies():
                for kind in LimitKind:
                    limit = self.limit(person, kind, currency)
                    parts = {part: getattr(limit, part) for part in PARTS}
                    self.set_limit(other, kind, currency, **parts)

    def wrong_part(self, limit: LimitChoice) -> tuple[str, str]:
        """Say which part breaks a rule and which: `ceiling`, `order` or `zero`; or two blanks."""
        most = self.ceiling(limit.kind, limit.currency)
        for part in PARTS:
            if getattr(limit, part) > getattr(most, part):
                return part, "ceiling"
        values = [getattr(limit, part) for part in PARTS]
        if any(values) and not all(values):
            return PARTS[values.index(0)], "zero"
        if limit.per_operation > limit.per_day:
            return "per_operation", "order"
        if limit.per_day > limit.per_month:
            return "per_day", "order"
        return "", ""

    # -- the whole set

    def configuration(self) -> Configuration:
        """Give the set to be saved."""
        currencies = self.currencies() or (Currency.BOB,)
        # An account that is only looked at needs no amounts: each kind is then closed.
        closed = not self.currencies()
        limits = []
        for person, _ in self.options.people:
            for currency in currencies:
                for kind in LimitKind:
                    limit = self.limit(person, kind, currency)
                    if closed:
                        limit = _limit(person, kind, currency, {})
                    limits.append(limit)
        return Configuration(
            accounts=tuple(each for each in self.accounts.values() if each.consult),
            limits=tuple(limits),
            billers=tuple(sorted(self.billers)),
            by_web=self.by_web,
            by_mobile=self.by_mobile,
        )

    def worst_day(self) -> dict[Currency, int]:
        """Say how many centavos could leave the accounts in one day (F9)."""
        return worst_day(
            self.configuration().limits,
            debits=any(each.debit for each in self.accounts.values()),
            billers=bool(self.billers),
        )

    def worst_ceiling(self) -> dict[Currency, int]:
        """Say the same for the highest amounts the cooperative allows."""
        highest = [
            _limit(person, row.kind, row.currency, {part: getattr(row, part) for part in PARTS})
            for person, _ in self.options.people
            for row in self.options.ceilings
        ]
        return worst_day(highest, debits=True, billers=True)

    # -- the draft

    def content(self) -> dict[str, object]:
        """Write the set as plain values, for the draft."""
        return {
            "accounts": [
                [str(a.account_id), a.consult, a.debit, a.web, a.mobile]
                for a in self.accounts.values()
            ],
            "limits": [
                [str(person or ""), kind.name, currency.name, *(getattr(v, p) for p in PARTS)]
                for (person, kind, currency), v in self.limits.items()
            ],
            "billers": sorted(self.billers),
            "channels": [self.by_web, self.by_mobile],
        }

    def restore(self, content: Mapping[str, Any]) -> None:
        """Take a draft up again; what is not to be had any more is left out."""
        debitable = {each.account_id: each.may_debit for each in self.options.accounts}
        self.accounts = {}
        for text, consult, debit, web, mobile in content["accounts"]:
            account = UUID(text)
            if account in debitable:
                self.accounts[account] = AccountChoice(
                    account_id=account,
                    consult=consult,
                    debit=debit and debitable[account],
                    web=web,
                    mobile=mobile,
                )
        people = {person for person, _ in self.options.people}
        for text, kind, currency, *amounts in content["limits"]:
            person = UUID(text) if text else None
            if person in people:
                parts = dict(zip(PARTS, amounts, strict=True))
                self.set_limit(person, LimitKind[kind], Currency[currency], **parts)
        known = {each.code for each in self.options.billers}
        self.billers = set(content["billers"]) & known
        self.by_web, self.by_mobile = content["channels"]
        self.touched = True


def _limit(
    person: UUID | None, kind: LimitKind, currency: Currency, amounts: Mapping[str, int]
) -> LimitChoice:
    return LimitChoice(
        kind=kind,
        currency=currency,
        per_operation=amounts.get("per_operation", 0),
        per_day=amounts.get("per_day", 0),
        per_month=amounts.get("per_month", 0),
        count_per_day=amounts.get("count_per_day", 0),
        representative_id=person,
    )


def _part(most: int, share: int) -> int:
    return most * share // 100 // _ROUND * _ROUND
