"""Payments on the calendar: once a day named, by the rules of that day (F35)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from branch_desk.models.account import AccountStatus
from branch_desk.models.base import new_id
from branch_desk.models.calendar import Holiday
from branch_desk.models.errors import (
    CodeRefused,
    InvalidValue,
    KeyUsed,
    NotFound,
    NotGranted,
    NotWhatWasShown,
    WrongState,
)
from branch_desk.models.schedule import HolidayRule, Repeat, RunStatus, ScheduleStatus
from branch_desk.operations.money import parameters
from branch_desk.operations.money.orders import digest
from branch_desk.operations.payments import schedules
from branch_desk.operations.payments.schedules import Proposal
from branch_desk.operations.users import access
from tests.access_builders import mails
from tests.builders import World
from tests.payers import Payer, a_payer, another_account, balance, operations


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


@pytest.fixture
def savings(world: World, payer: Payer) -> Any:
    return another_account(world, payer, balance=0)


def proposal(
    payer: Payer, to: Any, starts_on: date, centavos: int = 10_000, **about: Any
) -> Proposal:
    return Proposal(key=new_id(), order=payer.own(to, centavos), starts_on=starts_on, **about)


def make(payer: Payer, wanted: Proposal, code: str = "") -> Any:
    shown = payer.portal(schedules.preview, wanted)
    return payer.portal(
        schedules.make, shown.proposal, shown_sha256=shown.sha256, code=code or payer.code()
    )


def at(world: World, day: str, hour: str = "08:00") -> tuple[int, int]:
    """Run the jobs at an hour of La Paz."""
    world.clock.now = datetime.fromisoformat(f"{day}T{hour}:00-04:00").astimezone(UTC)
    return schedules.run_due(world.house)


def row(payer: Payer) -> schedules.ScheduleRow:
    payer.signs_in()
    return payer.portal(schedules.mine)[0]


def test_a_payment_of_one_day_is_made_on_that_day_once(
    world: World, payer: Payer, savings: Any
) -> None:
    make(payer, proposal(payer, savings, date(2026, 11, 26)))
    assert at(world, "2026-11-25") == (0, 0)
    assert at(world, "2026-11-26", "05:59") == (0, 0)
    assert at(world, "2026-11-26", "06:00") == (1, 0)
    assert at(world, "2026-11-26", "06:01") == (0, 0)
    assert at(world, "2026-12-26") == (0, 0)
    assert balance(world, savings) == 10_000
    assert row(payer).status is ScheduleStatus.ENDED
    (made,) = operations(world)
    assert made.schedule_id == row(payer).id
    assert made.totp_step is None


def test_a_month_without_the_day_is_paid_on_its_last(
    world: World, payer: Payer, savings: Any
) -> None:
    make(payer, proposal(payer, savings, date(2026, 12, 31), repeat=Repeat.MONTHLY))
    days = []
    day = date(2026, 12, 1)
    while day < date(2027, 4, 30):
        if at(world, day.isoformat())[0]:
            days.append(day.isoformat())
        day += timedelta(days=1)
    # 31 January and 28 February 2027 are Sundays: the day after.
    assert days == ["2026-12-31", "2027-02-01", "2027-03-01", "2027-03-31"]
    assert balance(world, savings) == 10_000 * len(days)


@pytest.mark.parametrize(
    ("rule", "runs_on"), [(HolidayRule.BEFORE, "2026-12-24"), (HolidayRule.AFTER, "2026-12-28")]
)
def test_a_holiday_is_paid_before_or_after_as_chosen(
    world: World, payer: Payer, savings: Any, rule: HolidayRule, runs_on: str
) -> None:
    shown = payer.portal(
        schedules.preview, proposal(payer, savings, date(2026, 12, 25), holiday_rule=rule)
    )
    assert shown.days == (date.fromisoformat(runs_on),)
    make(payer, shown.proposal)
    before = (date.fromisoformat(runs_on) - timedelta(days=1)).isoformat()
    assert at(world, before) == (0, 0)
    assert at(world, runs_on) == (1, 0)


def test_a_holiday_of_the_houses_own_table_counts(world: World, payer: Payer, savings: Any) -> None:
    world.house.work(lambda work: work.session.add(Holiday(day=date(2026, 11, 26), name="Duelo")))
    parameters.forget()
    shown = payer.portal(schedules.preview, proposal(payer, savings, date(2026, 11, 26)))
    assert shown.days == (date(2026, 11, 27),)


def test_every_week_until_the_last_day(world: World, payer: Payer, savings: Any) -> None:
    make(
        payer,
        proposal(payer, savings, date(2026, 11, 24), repeat=Repeat.WEEKLY, until=date(2026, 12, 8)),
    )
    for day in ("2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15"):
        at(world, day)
    assert balance(world, savings) == 30_000
    assert row(payer).status is ScheduleStatus.ENDED


def test_a_machine_that_was_off_catches_up_each_day_once(
    world: World, payer: Payer, savings: Any
) -> None:
    make(payer, proposal(payer, savings, date(2026, 11, 24), repeat=Repeat.WEEKLY))
    assert at(world, "2026-12-15") == (4, 0)
    assert at(world, "2026-12-15", "09:00") == (0, 0)
    assert balance(world, savings) == 40_000


def test_without_money_it_is_tried_all_day_and_then_told(
    world: World, payer: Payer, savings: Any
) -> None:
    make(payer, proposal(payer, savings, date(2026, 11, 26), 500_001, repeat=Repeat.WEEKLY))
    assert at(world, "2026-11-26", "08:00") == (0, 0)
    assert at(world, "2026-11-26", "17:59") == (0, 0)
    assert mails(world, payer.access_id)[-1] != "schedule_failed"
    assert at(world, "2026-11-26", "18:00") == (0, 1)
    assert mails(world, payer.access_id)[-1] == "schedule_failed"
    found = row(payer)
    assert found.last == (date(2026, 11, 26), RunStatus.FAILED, "NotEnoughFunds")
    assert found.next_on == date(2026, 12, 3)
    assert operations(world) == []


def test_money_that_comes_during_the_day_is_enough(
    world: World, payer: Payer, savings: Any
) -> None:
    make(payer, proposal(payer, savings, date(2026, 11, 26), 500_001))
    at(world, "2026-11-26", "08:00")
    payer.signs_in()
    back = replace(payer.own(payer.account_id, 1), debit_account_id=savings)
    world.house.work(lambda work: _put(work, savings, 1))
    payer.orders(back)
    assert at(world, "2026-11-26", "12:00") == (1, 0)
    assert balance(world, payer.account_id) == 0


def test_the_limits_are_those_of_the_day(world: World) -> None:
    payer = a_payer(world, world.desk(), per_day=15_000, per_operation=15_000)
    savings = another_account(world, payer, balance=0)
    make(payer, proposal(payer, savings, date(2026, 11, 26)))
    make(payer, proposal(payer, savings, date(2026, 11, 26)))
    assert at(world, "2026-11-26") == (1, 1)
    assert balance(world, savings) == 10_000


def test_what_the_account_no_longer_allows_fails_and_is_told(
    world: World, payer: Payer, savings: Any
) -> None:
    from branch_desk.models.account import Account

    make(payer, proposal(payer, savings, date(2026, 11, 26)))

    def block(work: Any) -> None:
        work.session.get_one(Account, payer.account_id).status = AccountStatus.BLOCKED

    world.house.work(block)
    assert at(world, "2026-11-26") == (0, 1)
    assert row(payer).last == (date(2026, 11, 26), RunStatus.FAILED, "AccountUnfit")


def test_a_suspended_users_calendar_moves_nothing(world: World, payer: Payer, savings: Any) -> None:
    make(payer, proposal(payer, savings, date(2026, 11, 26)))
    desk = world.desk()
    desk(access.suspend, payer.access_id, "perdió el teléfono ayer")
    assert at(world, "2026-11-26") == (0, 1)
    assert balance(world, savings) == 0


@pytest.mark.parametrize("rule", ["account", "company"])
def test_what_one_agreed_to_is_not_paid_once_a_second_must_sign(
    world: World, payer: Payer, savings: Any, rule: str
) -> None:
    from branch_desk.models.access import Access
    from branch_desk.models.account import Account, Handling
    from branch_desk.models.enrolment import SigningRule

    make(payer, proposal(payer, savings, date(2026, 11, 26), repeat=Repeat.WEEKLY))

    def joint(work: Any) -> None:
        if rule == "account":
            work.session.get_one(Account, payer.account_id).handling = Handling.JOINT
        else:
            access = work.session.get_one(Access, payer.access_id)
            access.signing_rule = SigningRule.JOINT_TWO

    world.house.work(joint)
    assert at(world, "2026-11-26") == (0, 1)
    assert (balance(world, savings), operations(world)) == (0, [])
    assert row(payer).last == (date(2026, 11, 26), RunStatus.FAILED, "NotGranted")


def test_a_day_is_left_out_once(world: World, payer: Payer, savings: Any) -> None:
    key = make(payer, proposal(payer, savings, date(2026, 11, 24), repeat=Repeat.WEEKLY))
    with pytest.raises(WrongState):
        payer.portal(schedules.skip, key, date(2026, 12, 1))
    payer.portal(schedules.skip, key, date(2026, 11, 24))
    assert at(world, "2026-11-24") == (0, 0)
    assert at(world, "2026-12-01") == (1, 0)
    assert balance(world, savings) == 10_000


def test_a_cancelled_calendar_moves_nothing_more(world: World, payer: Payer, savings: Any) -> None:
    key = make(payer, proposal(payer, savings, date(2026, 11, 24), repeat=Repeat.WEEKLY))
    at(world, "2026-11-24")
    payer.signs_in()
    payer.portal(schedules.cancel, key)
    assert at(world, "2026-12-01") == (0, 0)
    payer.signs_in()
    with pytest.raises(WrongState):
        payer.portal(schedules.cancel, key)
    assert balance(world, savings) == 10_000


def test_it_is_made_once_with_a_code_and_as_shown(world: World, payer: Payer, savings: Any) -> None:
    wanted = proposal(payer, savings, date(2026, 11, 26))
    with pytest.raises(CodeRefused):
        make(payer, wanted, "000000")
    key = make(payer, wanted)
    assert make(payer, wanted, "000000") == key
    shown = payer.portal(schedules.preview, wanted)
    other = replace(shown.proposal, starts_on=date(2026, 11, 27))
    with pytest.raises(KeyUsed):
        payer.portal(schedules.make, other, shown_sha256="0" * 64, code=payer.code())
    fresh = replace(other, key=new_id())
    with pytest.raises(NotWhatWasShown):
        payer.portal(schedules.make, fresh, shown_sha256=shown.sha256, code=payer.code())
    assert len(payer.portal(schedules.mine)) == 1


def test_days_that_cannot_be_are_refused_at_their_field(
    world: World, payer: Payer, savings: Any
) -> None:
    for about, field in (
        ({"starts_on": date(2026, 11, 22)}, "starts_on"),
        ({"starts_on": date(2029, 11, 22)}, "starts_on"),
        (
            {
                "starts_on": date(2026, 11, 26),
                "repeat": Repeat.WEEKLY,
                "until": date(2026, 11, 25),
            },
            "until",
        ),
    ):
        with pytest.raises(InvalidValue) as refused:
            payer.portal(schedules.preview, proposal(payer, savings, **about))
        assert refused.value.field == field


def on(world: World, payer: Payer, day: str) -> None:
    """It is ten in the morning of that day, and the member is signed in."""
    world.clock.now = datetime.fromisoformat(f"{day}T10:00:00-04:00").astimezone(UTC)
    payer.signs_in()


SATURDAY, SUNDAY, CHRISTMAS = date(2026, 11, 28), date(2026, 11, 29), date(2026, 12, 25)


@pytest.mark.parametrize(
    ("today", "first"),
    [(SATURDAY, SATURDAY), (SATURDAY, SUNDAY), (SUNDAY, SUNDAY), (CHRISTMAS, CHRISTMAS)],
)
@pytest.mark.parametrize("repeat", [Repeat.ONCE, Repeat.MONTHLY])
def test_what_was_to_be_paid_on_a_day_that_has_passed_is_refused_and_not_paid_late(
    world: World, payer: Payer, savings: Any, today: date, first: date, repeat: Repeat
) -> None:
    on(world, payer, today.isoformat())
    wanted = proposal(payer, savings, first, holiday_rule=HolidayRule.BEFORE, repeat=repeat)
    with pytest.raises(InvalidValue) as refused:
        payer.portal(schedules.preview, wanted)
    assert (refused.value.field, refused.value.reason) == ("starts_on", "day_before_passed")
    with pytest.raises(InvalidValue):
        payer.portal(
            schedules.make, wanted, shown_sha256=digest(wanted.payload()), code=payer.code()
        )
    assert schedules.run_due(world.house) == (0, 0)
    shown = payer.portal(schedules.preview, replace(wanted, holiday_rule=HolidayRule.AFTER))
    assert shown.days[0] > today


def test_what_was_shown_on_friday_and_is_confirmed_on_saturday_is_refused(
    world: World, payer: Payer, savings: Any
) -> None:
    on(world, payer, "2026-11-27")
    wanted = proposal(payer, savings, SATURDAY, holiday_rule=HolidayRule.BEFORE)
    shown = payer.portal(schedules.preview, wanted)
    assert shown.days == (date(2026, 11, 27),)
    on(world, payer, "2026-11-28")
    with pytest.raises(InvalidValue):
        payer.portal(schedules.make, shown.proposal, shown_sha256=shown.sha256, code=payer.code())
    assert at(world, "2026-11-28", "12:00") == (0, 0)
    assert balance(world, savings) == 0


def test_on_the_business_day_before_it_is_still_paid_that_day(
    world: World, payer: Payer, savings: Any
) -> None:
    on(world, payer, "2026-11-27")
    make(payer, proposal(payer, savings, SUNDAY, holiday_rule=HolidayRule.BEFORE))
    assert at(world, "2026-11-27", "11:00") == (1, 0)
    assert balance(world, savings) == 10_000


def test_nobody_else_touches_it_and_joint_accounts_have_none(
    world: World, payer: Payer, savings: Any
) -> None:
    from branch_desk.models.account import Handling
    from tests.payers import granted

    key = make(payer, proposal(payer, savings, date(2026, 11, 26)))
    other = a_payer(world, world.desk(), 2)
    for deed in (lambda: other.portal(schedules.cancel, key),):
        with pytest.raises(NotFound):
            deed()
    joint = world.account(
        payer.member_id, other.member_id, number="445566", handling=Handling.JOINT
    )
    granted(world, payer.access_id, joint, debit=False)
    wanted = proposal(payer, savings, date(2026, 11, 26))
    wanted = replace(wanted, order=replace(wanted.order, debit_account_id=joint))
    with pytest.raises(NotGranted):
        payer.portal(schedules.preview, wanted)


def _put(work: Any, account_id: Any, centavos: int) -> None:
    """Money from the core system, with its posting."""
    from branch_desk.models.account import Account
    from branch_desk.models.ledger import CORE, Posting, PostingKind

    account = work.session.get_one(Account, account_id)
    account.balance += centavos
    work.session.add(
        Posting(
            entry_id=new_id(),
            position=1,
            kind=PostingKind.ADJUSTMENT,
            at=work.now,
            debit_house=CORE,
            credit_account_id=account_id,
            currency=account.currency,
            amount=centavos,
            credit_after=account.balance,
        )
    )
