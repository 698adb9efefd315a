"""Members' money in random order, against a model of fifty lines: limits, balances, calendars (F9, F25, F35)."""

import calendar
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from branch_desk.models.access import GrantedLimit
from branch_desk.models.account import Account, AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.calendar import Holiday
from branch_desk.models.errors import DomainError, InvalidValue, LimitExceeded, NotEnoughFunds
from branch_desk.models.schedule import HolidayRule, Repeat, Schedule, ScheduleRun
from branch_desk.operations.money import ledger, place
from branch_desk.operations.money.orders import Order, digest
from branch_desk.operations.payments import beneficiaries, schedules
from branch_desk.operations.work import Work
from tests.access_builders import change
from tests.builders import NOON, World, a_world
from tests.payers import a_beneficiary, a_payer, another_account

BOLIVIA = timedelta(hours=-4)
PER_OPERATION, PER_DAY, PER_MONTH, COUNT, STARTER = 80_000, 150_000, 180_000, 4, 100_000
OVERDRAFT = 40_000
ROADS = ("own", "back", "friend", "new friend")
"""Savings to current account, back, and from the savings to an old and a new beneficiary."""
AMOUNTS = st.sampled_from((1, 30_000, 60_000, 60_000, 80_000, 80_001))
HOURS = ("00:00:00", "05:59:59", "06:00:00", "17:59:59", "18:00:00", "20:30:00", "23:58:00")
SIDES = {
    "own": ("savings", "current"),
    "back": ("current", "savings"),
    "friend": ("savings", "theirs"),
    "new friend": ("savings", "others"),
}
"""What each road debits and credits."""
OUTCOMES = {
    "done": ("DONE", ""),
    "skipped": ("SKIPPED", ""),
    "funds": ("FAILED", "NotEnoughFunds"),
    "gone": ("FAILED", "NotFound"),
}


@dataclass
class Plan:
    """A calendar, as the member chose it."""

    key: UUID
    road: str
    amount: int
    starts: date
    every: str
    until: date | None
    before: bool
    gone: bool = False
    """Whom it pays is no beneficiary any more."""
    passed: list[str] = field(default_factory=list)
    over: bool = False

    def day(self, n: int) -> date:
        month = self.starts.month - 1 + (n if self.every == "MONTHLY" else 0)
        year, month = self.starts.year + month // 12, month % 12 + 1
        day = min(self.starts.day, calendar.monthrange(year, month)[1])
        return date(year, month, day) + timedelta(days=7 * n if self.every == "WEEKLY" else 0)

    def last(self, n: int) -> bool:
        return self.every == "ONCE" or bool(self.until and self.day(n + 1) > self.until)

    def runs(self, n: int, closed: set[date]) -> date:
        found = self.day(n)
        while found.weekday() > 4 or found in closed:
            found += timedelta(days=-1 if self.before else 1)
        return found


@dataclass
class Model:
    """What should be: balances, what moved, and why an order is refused."""

    new: dict[str, datetime]
    """What is new and since when: user, mail, beneficiary."""
    balances: dict[str, int]
    closed: set[date]
    moved: list[tuple[str, date, int]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    def refusal(self, road: str, amount: int, now: datetime) -> str:
        today = (now + BOLIVIA).date()
        mine = [(day, much) for kind, day, much in self.moved if kind == kind_of(road)]
        of_day = [much for day, much in mine if day == today]
        of_month = [much for day, much in mine if f"{day:%Y%m}" == f"{today:%Y%m}"]
        low = road.endswith("friend") and any(
            now < since + timedelta(hours=72 if what == "user" else 24)
            for what, since in self.new.items()
            if road == "new friend" or what != "beneficiary"
        )
        left = self.balances["current"] + OVERDRAFT if road == "back" else self.balances["savings"]
        reasons = {
            "per_operation": amount > PER_OPERATION,
            "count_per_day": len(of_day) >= COUNT,
            "per_day": sum(of_day) + amount > PER_DAY,
            "per_month": sum(of_month) + amount > PER_MONTH,
            "starter": low and sum(of_day) + amount > STARTER,
            "funds": amount > left,
        }
        return next((why for why, no in reasons.items() if no), "")

    def attempt(self, road: str, amount: int, now: datetime) -> str:
        why = self.refusal(road, amount, now)
        if not why:
            debit, credit = SIDES[road]
            self.balances[debit] -= amount
            self.balances[credit] += amount
            self.moved.append((kind_of(road), (now + BOLIVIA).date(), amount))
        return why

    def run(self, now: datetime) -> None:
        here = now + BOLIVIA
        live = [(p.runs(len(p.passed), self.closed), p.key, p) for p in self.plans if not p.over]
        for day, _, plan in sorted(live, key=lambda each: each[:2]):
            while not plan.over and day <= here.date() and here.time() >= time(6):
                why = "gone" if plan.gone else self.attempt(plan.road, plan.amount, now)
                if why == "funds" and day == here.date() and here.time() < time(18):
                    break
                self.passes(plan, why or "done")
                day = plan.runs(len(plan.passed), self.closed)  # noqa: PLW2901  the next one

    def passes(self, plan: Plan, what: str) -> None:
        plan.over = plan.last(len(plan.passed))
        plan.passed.append(what)


def kind_of(road: str) -> str:
    return "THIRD_PARTY" if road.endswith("friend") else "OWN"


class Life(RuleBasedStateMachine):
    """One member after another: orders, calendars, and days that pass."""

    world: ClassVar[World]
    friend: ClassVar[UUID]
    closed: ClassVar[set[date]]
    members: ClassVar[int] = 0
    answers: ClassVar[Counter[str]] = Counter()
    """How often which refusal, or none, was the answer."""
    days: ClassVar[Counter[str]] = Counter()
    """How often a day of a calendar came to what."""

    @initialize()
    def begin(self) -> None:
        Life.members += 1
        world = self.world
        world.clock.now = NOON
        self.payer = a_payer(
            world, world.house,  # type: ignore[arg-type]  # nobody asks the desk
            Life.members, balance=160_000, per_operation=PER_OPERATION, per_day=PER_DAY,
            per_month=PER_MONTH, count=COUNT, settled=False,
        )  # fmt: skip
        payer = self.payer
        current = another_account(
            world, payer, kind=AccountKind.CURRENT, balance=10_000, overdraft=OVERDRAFT
        )
        theirs, others = (
            world.account(self.friend, number=f"7{n}{Life.members:06}", balance=0) for n in (7, 8)
        )
        self.accounts = {
            "savings": payer.account_id, "current": current, "theirs": theirs, "others": others,
        }  # fmt: skip
        self.old = a_beneficiary(world, payer, theirs)
        self.new = a_beneficiary(world, payer, others, days_old=0, number="30000002")
        self.last: Order | None = None
        self.opened = NOON - timedelta(hours=1)
        self.model = Model(
            {"user": NOON, "beneficiary": NOON},
            {"savings": 160_000, "current": 10_000, "theirs": 0, "others": 0},
            self.closed,
        )

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def _code(self) -> str:
        if self.now > self.opened + timedelta(minutes=15):
            self.payer.signs_in()
            self.opened = self.now
        return self.payer.code()

    def _order(self, road: str, amount: int) -> Order:
        debit, credit = SIDES[road]
        if kind_of(road) == "OWN":
            order = self.payer.own(self.accounts[credit], amount)
        else:
            order = self.payer.third(self.old if road == "friend" else self.new, amount)
        return replace(order, debit_account_id=self.accounts[debit])

    def _send(self, order: Order, code: str) -> str:
        try:
            sha256 = digest(order.payload())
            self.payer.portal(place.place, order, shown_sha256=sha256, code=code)
        except DomainError as refusal:
            return reason_of(refusal)
        return ""

    @rule(road=st.sampled_from(ROADS), amount=AMOUNTS)
    def order(self, road: str, amount: int) -> None:
        order, code = self._order(road, amount), self._code()
        answer = self._send(order, code)
        assert answer == self.model.attempt(road, amount, self.now)
        self.answers[answer or "done"] += 1
        self.last = self.last if answer else order

    @rule(road=st.sampled_from(ROADS), amount=AMOUNTS)
    def several_in_a_row(self, road: str, amount: int) -> None:
        for _ in range(3):
            self.order(road, amount)

    @precondition(lambda self: self.last is not None)
    @rule()
    def send_again(self) -> None:
        """The same key once more moves nothing, whatever the code."""
        self._code()
        assert self.last is not None
        assert self._send(self.last, "000000") == ""

    @rule()
    def make_the_friend_anew(self) -> None:
        """Removed and registered again: what was planned for the old row finds nobody."""
        self._code()
        self.payer.portal(beneficiaries.remove, self.new)
        self.new = a_beneficiary(
            self.world, self.payer, self.accounts["others"], days_old=0, number="30000002"
        )
        self.model.new["beneficiary"] = self.now
        for plan in self.model.plans:
            plan.gone |= plan.road == "new friend"

    @rule()
    def change_the_mail(self) -> None:
        change(self.world, self.payer.access_id, contact_changed_at=self.now)
        self.model.new["mail"] = self.now

    @rule(
        road=st.sampled_from(ROADS),
        amount=AMOUNTS,
        ahead=st.sampled_from((0, 0, 1, 2, 3, 5, 20)),
        every=st.sampled_from(Repeat),
        lasts=st.sampled_from((None, None, 0, 10, 70)),
        before=st.booleans(),
    )
    def plan(
        self, road: str, amount: int, ahead: int, every: Repeat, lasts: int | None, before: bool
    ) -> None:
        starts = (self.now + BOLIVIA).date() + timedelta(days=ahead)
        until = None if lasts is None or every == "ONCE" else starts + timedelta(days=lasts)
        plan = Plan(new_id(), road, amount, starts, every, until, before)
        wanted = schedules.Proposal(
            key=plan.key, order=self._order(road, amount), starts_on=starts, repeat=every,
            until=until, holiday_rule=HolidayRule.BEFORE if before else HolidayRule.AFTER,
        )  # fmt: skip
        code = self._code()
        if plan.runs(0, self.closed) < (self.now + BOLIVIA).date():
            # The business day before has passed: refused, and then planned for the one after.
            with pytest.raises(InvalidValue):
                self.payer.portal(schedules.preview, wanted)
            plan.before = False
            wanted = replace(wanted, holiday_rule=HolidayRule.AFTER)
        shown = self.payer.portal(schedules.preview, wanted)
        ends = next((n for n in range(3) if plan.last(n)), 2)
        assert shown.days == tuple(plan.runs(n, self.closed) for n in range(ends + 1))
        self.payer.portal(schedules.make, shown.proposal, shown_sha256=shown.sha256, code=code)
        self.model.plans.append(plan)

    def _some(self, data: st.DataObject) -> Plan:
        return data.draw(st.sampled_from([plan for plan in self.model.plans if not plan.over]))

    @precondition(lambda self: any(not plan.over for plan in self.model.plans))
    @rule(data=st.data())
    def skip(self, data: st.DataObject) -> None:
        plan = self._some(data)
        self._code()
        self.payer.portal(schedules.skip, plan.key, plan.day(len(plan.passed)))
        self.model.passes(plan, "skipped")
        self.days["skipped"] += 1

    @precondition(lambda self: any(not plan.over for plan in self.model.plans))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        plan = self._some(data)
        self._code()
        self.payer.portal(schedules.cancel, plan.key)
        plan.over = True
        self.days["cancelled"] += 1

    @rule(days=st.sampled_from((0, 0, 1, 1, 2, 3, 8, 31)), hour=st.sampled_from(HOURS))
    def time_passes(self, days: int, hour: str) -> None:
        """To an hour of La Paz that is still to come; then the due jobs run."""
        there = datetime.combine((self.now + BOLIVIA).date(), time.fromisoformat(hour), UTC)
        there += timedelta(days=days) - BOLIVIA
        self.world.clock.now = there if there > self.now else there + timedelta(days=1)
        self.run_jobs()

    @rule()
    def run_jobs(self) -> None:
        before = Counter(what for plan in self.model.plans for what in plan.passed)
        self.model.run(self.now)
        news = Counter(what for plan in self.model.plans for what in plan.passed) - before
        done, failed = schedules.run_due(self.world.house)
        assert (done, failed) == (news["done"], news.total() - news["done"])
        Life.days += news

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        self.world.house.work(self._compare, reads=True)

    def _compare(self, work: Work) -> None:
        session, model = work.session, self.model
        rows = session.execute(
            select(Account.id, Account.balance).where(Account.id.in_(self.accounts.values()))
        )
        assert {account_id: centavos for account_id, centavos in rows} == {  # noqa: C416
            self.accounts[name]: centavos for name, centavos in model.balances.items()
        }
        for kind in ("OWN", "THIRD_PARTY"):
            limit = session.scalars(
                select(GrantedLimit).where(
                    GrantedLimit.access_id == self.payer.access_id,
                    GrantedLimit.kind == kind,
                    GrantedLimit.currency == "BOB",
                )
            ).one()
            mine = [(day, much) for named, day, much in model.moved if named == kind]
            last = mine[-1][0] if mine else None
            of_day = [much for day, much in mine if day == last]
            of_month = [much for day, much in mine if last and f"{day:%Y%m}" == f"{last:%Y%m}"]
            assert (limit.day, limit.used_in_day, limit.count_in_day, limit.used_in_month) == (
                last, sum(of_day), len(of_day), sum(of_month),
            )  # fmt: skip
        for plan in model.plans:
            runs = session.scalars(
                select(ScheduleRun)
                .where(ScheduleRun.schedule_id == plan.key)
                .order_by(ScheduleRun.due_on)
            ).all()
            assert [(run.due_on, run.status, run.refusal) for run in runs] == [
                (plan.day(n), *OUTCOMES.get(what, ("FAILED", "LimitExceeded")))
                for n, what in enumerate(plan.passed)
            ]
            row = session.get_one(Schedule, plan.key)
            expected = None if plan.over else plan.runs(len(plan.passed), self.closed)
            assert row.run_on == expected
        assert ledger.check(work).sound

    def teardown(self) -> None:
        """Leave no calendar for the next member's jobs."""
        if hasattr(self, "payer"):
            self._code()
            for plan in self.model.plans:
                if not plan.over:
                    self.payer.portal(schedules.cancel, plan.key)


def reason_of(refusal: DomainError) -> str:
    if isinstance(refusal, LimitExceeded):
        return str(refusal.part)
    return "funds" if isinstance(refusal, NotEnoughFunds) else type(refusal).__name__


def live(url: str, *, examples: int, steps: int) -> None:
    world = Life.world = a_world(url)
    Life.friend = world.member("000777", document_number="7007007", complement="")
    query = select(Holiday.day)
    Life.closed = world.house.work(lambda work: set(work.session.scalars(query)), reads=True)
    Life.answers.clear()
    Life.days.clear()
    try:
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                derandomize=True,  # the same lives each time: what is asserted below holds or not
                phases=(Phase.generate,),  # a failure is told at once, at its full length
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        world.house.database.close()


def test_no_order_of_deeds_leads_elsewhere_than_the_model(sqlite_url: str) -> None:
    live(sqlite_url, examples=40, steps=40)
    # Nothing is shown by what never happened.
    limits = {"per_operation", "count_per_day", "per_day", "per_month", "starter", "funds"}
    assert limits | {"done"} <= Life.answers.keys(), Life.answers
    assert {"done", "funds", "skipped", "cancelled"} <= Life.days.keys(), Life.days
    assert len(limits & Life.days.keys()) >= 3, Life.days


def test_no_order_of_deeds_leads_elsewhere_on_postgresql(postgres_url: str) -> None:
    live(postgres_url, examples=8, steps=30)
