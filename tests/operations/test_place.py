"""Transfers between accounts: the rules, the code, the key, and what a refusal leaves behind (F28, F29)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from branch_desk.models.account import AccountKind, AccountStatus, Handling
from branch_desk.models.base import new_id
from branch_desk.models.errors import (
    AccountUnfit,
    CodeRefused,
    CurrencyDiffers,
    DomainError,
    InvalidValue,
    KeyUsed,
    LimitExceeded,
    NotEnoughFunds,
    NotFound,
    NotGranted,
    NotWhatWasShown,
    SessionEnded,
)
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import OperationStatus
from branch_desk.operations.money import place
from branch_desk.operations.money.orders import digest
from branch_desk.operations.portal import Portal
from tests.builders import World
from tests.payers import (
    PLENTY,
    Payer,
    a_beneficiary,
    a_payer,
    another_account,
    balance,
    bob,
    operations,
    postings,
)


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


@pytest.fixture
def other(world: World) -> Payer:
    return a_payer(world, world.desk(), 2)


def test_money_moves_from_one_own_account_to_another(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    placed = payer.orders(payer.own(to, 100_000))
    assert placed.status is OperationStatus.DONE
    assert (balance(world, payer.account_id), balance(world, to)) == (400_000, 100_000)
    (posting,) = postings(world, placed.id)
    assert (posting.debit_account_id, posting.credit_account_id) == (payer.account_id, to)
    assert (posting.debit_after, posting.credit_after) == (400_000, 100_000)


def test_money_reaches_a_registered_beneficiary(world: World, payer: Payer, other: Payer) -> None:
    to = a_beneficiary(world, payer, other.account_id)
    payer.orders(payer.third(to, 12_345))
    assert balance(world, payer.account_id) == 500_000 - 12_345
    assert balance(world, other.account_id) == 500_000 + 12_345


def test_the_same_key_and_data_give_the_same_answer_and_move_nothing_again(
    world: World, payer: Payer
) -> None:
    to = another_account(world, payer, balance=0)
    order = payer.own(to, 5_000)
    first = payer.orders(order)
    shown = payer.portal(place.preview, order).sha256
    again = payer.portal(place.place, order, shown_sha256=shown, code="000000")
    assert again == first
    assert balance(world, to) == 5_000
    assert len(operations(world)) == 1


def test_the_same_key_with_other_data_is_refused(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    order = payer.own(to, 5_000)
    payer.orders(order)
    with pytest.raises(KeyUsed):
        payer.orders(replace(order, money=bob(5_001)))
    assert balance(world, to) == 5_000


def test_a_key_of_somebody_else_tells_nothing(world: World, payer: Payer, other: Payer) -> None:
    order = payer.own(another_account(world, payer, balance=0), 5_000)
    payer.orders(order)
    theirs = other.own(another_account(world, other, balance=0), 5_000, key=order.key)
    with pytest.raises(KeyUsed):
        other.orders(theirs)


def test_what_was_not_shown_is_not_carried_out(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    shown = payer.portal(place.preview, payer.own(to, 1_000))
    more = replace(shown.order, money=bob(100_000))
    with pytest.raises(NotWhatWasShown):
        payer.portal(place.place, more, shown_sha256=shown.sha256, code=payer.code())
    assert shown.sha256 == digest(shown.order.payload())
    assert operations(world) == []


def test_a_code_confirms_one_order_and_no_other(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    code = payer.code()
    payer.orders(payer.own(to, 1_000), code)
    with pytest.raises(CodeRefused):
        payer.orders(payer.own(to, 2_000), code)
    assert balance(world, to) == 1_000


def test_codes_a_b_a_b_are_yes_yes_no_no(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    a, b = payer.phone.code(), payer.phone.code(1)
    answers = []
    for code in (a, b, a, b):
        try:
            payer.orders(payer.own(to, 100), code)
            answers.append("yes")
        except CodeRefused:
            answers.append("no")
    assert answers == ["yes", "yes", "no", "no"]
    assert balance(world, to) == 200


def test_five_wrong_codes_lock_the_user_and_move_nothing(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    order = payer.own(to, 100)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            payer.orders(order, "000000")
    with pytest.raises(SessionEnded):
        payer.orders(order)
    assert (balance(world, to), operations(world)) == (0, [])


def test_a_right_code_takes_the_count_of_wrong_ones_back(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(CodeRefused):
                payer.orders(payer.own(to, 100), "000000")
        payer.orders(payer.own(to, 100))
    assert balance(world, to) == 300


REFUSED: dict[str, tuple[type[DomainError], Any]] = {
    "more than there is": (NotEnoughFunds, lambda p, to: p.own(to, 500_001)),
    "nothing": (InvalidValue, lambda p, to: p.own(to, 0)),
    "less than nothing": (InvalidValue, lambda p, to: p.own(to, -5)),
    "to itself": (NotFound, lambda p, to: p.own(p.account_id, 100)),
    "other currency": (
        CurrencyDiffers,
        lambda p, to: replace(p.own(to, 100), money=Money(100, Currency.USD)),
    ),
    "origin of fourteen letters": (
        InvalidValue,
        lambda p, to: p.own(to, 100, origin="catorce letras 1234567890"),
    ),
    "destination of signs": (
        InvalidValue,
        lambda p, to: p.own(to, 100, destination="--- ... /// 123 456 789"),
    ),
    "no concept": (InvalidValue, lambda p, to: p.own(to, 100, concept=" ")),
    "unknown account": (NotGranted, lambda p, to: replace(p.own(to, 1), debit_account_id=new_id())),
    "unknown payee": (NotFound, lambda p, to: p.own(new_id(), 100)),
    "unregistered beneficiary": (NotFound, lambda p, to: p.third(new_id(), 100)),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_refusal_leaves_nothing_but_its_record(world: World, payer: Payer, why: str) -> None:
    to = another_account(world, payer, balance=0)
    refusal, order = REFUSED[why]
    before = _state(world)
    made = order(payer, to)
    with pytest.raises(refusal):
        payer.portal(place.place, made, shown_sha256=digest(made.payload()), code=payer.code())
    assert _state(world) == before
    assert world.house.work(_last_events)[-1] == "operation:refused"


def test_fifteen_letters_are_enough_and_are_letters(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    for text in ("quince letras aqu", "ñandú y ¡ópera! caña"):
        payer.orders(payer.own(to, 100, origin=text, destination=text))
    with pytest.raises(InvalidValue) as refused:
        payer.orders(payer.own(to, 100, origin="catorce letras"))
    assert (refused.value.field, refused.value.reason) == ("origin", "funds")


@pytest.mark.parametrize(
    ("rights", "about", "refusal"),
    [
        ({"debit": False}, {}, NotGranted),
        ({"web": False}, {}, NotGranted),
        ({}, {"kind": AccountKind.TERM_DEPOSIT}, AccountUnfit),
        ({}, {"status": AccountStatus.BLOCKED}, AccountUnfit),
        ({}, {"status": AccountStatus.CLOSED}, AccountUnfit),
    ],
)
def test_an_account_is_debited_only_as_it_was_granted(
    world: World, payer: Payer, rights: dict[str, bool], about: dict[str, Any], refusal: Any
) -> None:
    from tests.payers import granted

    account = world.account(payer.member_id, number="99887766", **about)
    granted(world, payer.access_id, account, **rights)
    order = replace(payer.own(payer.account_id, 100), debit_account_id=account)
    with pytest.raises(refusal):
        payer.orders(order)


def test_an_account_of_others_is_not_debited_even_if_granted(
    world: World, payer: Payer, other: Payer
) -> None:
    from tests.payers import granted

    granted(world, payer.access_id, other.account_id)
    with pytest.raises(NotGranted):
        payer.orders(replace(payer.own(payer.account_id, 100), debit_account_id=other.account_id))


def test_an_account_held_with_others_by_turns_is_credited_and_debited_alone(
    world: World, payer: Payer, other: Payer
) -> None:
    from tests.payers import granted

    shared = world.account(
        payer.member_id, other.member_id, number="77665544", handling=Handling.EITHER, balance=0
    )
    granted(world, payer.access_id, shared)
    payer.orders(payer.own(shared, 100_000))
    back = replace(payer.own(payer.account_id, 40_000), debit_account_id=shared)
    assert payer.orders(back).status is OperationStatus.DONE
    assert balance(world, shared) == 60_000


def test_a_current_account_goes_as_far_below_zero_as_was_agreed(world: World, payer: Payer) -> None:
    account = another_account(
        world, payer, kind=AccountKind.CURRENT, balance=1_000, overdraft=5_000
    )
    order = replace(payer.own(payer.account_id, 6_000), debit_account_id=account)
    payer.orders(order)
    assert balance(world, account) == -5_000
    with pytest.raises(NotEnoughFunds):
        payer.orders(replace(order, key=new_id(), money=bob(1)))


class TestLimits:
    """Per operation, per day, per month, how many a day (F9)."""

    def test_each_is_held_to_the_centavo(self, world: World) -> None:
        payer = a_payer(
            world, world.desk(), balance=PLENTY, per_operation=10_000, per_day=25_000,
            per_month=40_000, count=4,
        )  # fmt: skip
        to = another_account(world, payer, balance=0)

        def refused(centavos: int) -> tuple[Any, Any]:
            with pytest.raises(LimitExceeded) as limit:
                payer.orders(payer.own(to, centavos))
            left = limit.value.left
            return limit.value.part, left.centavos if isinstance(left, Money) else left

        assert refused(10_001) == ("per_operation", 10_000)
        payer.orders(payer.own(to, 10_000))
        payer.orders(payer.own(to, 10_000))
        assert refused(5_001) == ("per_day", 5_000)
        payer.orders(payer.own(to, 4_998))
        payer.orders(payer.own(to, 1))
        assert refused(1) == ("count_per_day", 0)
        world.clock.forward(days=1)
        payer.orders(payer.own(to, 10_000))
        assert refused(5_002) == ("per_month", 5_001)
        payer.orders(payer.own(to, 5_001))
        world.clock.forward(days=8)  # December
        payer.orders(payer.own(to, 10_000))
        assert balance(world, to) == 50_000

    def test_a_day_is_a_day_of_la_paz(self, world: World) -> None:
        payer = a_payer(world, world.desk(), per_day=10_000, per_operation=10_000)
        to = another_account(world, payer, balance=0)
        world.clock.now = datetime(2026, 11, 25, 3, 58, tzinfo=UTC)  # 23:58 of the 24th in La Paz
        payer.signs_in()
        payer.orders(payer.own(to, 10_000))
        with pytest.raises(LimitExceeded):
            payer.orders(payer.own(to, 1))
        world.clock.now = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
        payer.orders(payer.own(to, 10_000))
        assert balance(world, to) == 20_000

    def test_a_refused_order_uses_nothing_up(self, world: World) -> None:
        payer = a_payer(world, world.desk(), per_day=10_000, per_operation=10_000, count=1)
        to = another_account(world, payer, balance=0)
        with pytest.raises(CodeRefused):
            payer.orders(payer.own(to, 10_000), "000000")
        payer.orders(payer.own(to, 10_000))

    def test_the_first_days_are_low_for_what_leaves_and_not_between_own_accounts(
        self, world: World
    ) -> None:
        payer = a_payer(world, world.desk(), settled=False)
        other = a_payer(world, world.desk(), 2)
        to = a_beneficiary(world, payer, other.account_id)
        payer.orders(payer.third(to, 100_000))
        with pytest.raises(LimitExceeded) as limit:
            payer.orders(payer.third(to, 1))
        assert (limit.value.part, limit.value.limit, limit.value.left) == (
            "starter",
            bob(100_000),
            bob(0),
        )
        payer.orders(payer.own(another_account(world, payer, balance=0), 200_000))
        world.clock.forward(days=3)
        payer.signs_in()
        payer.orders(payer.third(to, 150_000))

    def test_a_new_beneficiary_is_low_for_a_day(self, world: World) -> None:
        payer = a_payer(world, world.desk())
        other = a_payer(world, world.desk(), 2)
        to = a_beneficiary(world, payer, other.account_id, days_old=0)
        with pytest.raises(LimitExceeded) as limit:
            payer.orders(payer.third(to, 100_001))
        assert limit.value.part == "starter"
        world.clock.forward(days=1)
        payer.signs_in()
        payer.orders(payer.third(to, 100_001))


def test_a_session_that_is_over_orders_nothing(world: World, payer: Payer) -> None:
    to = another_account(world, payer, balance=0)
    old = payer.portal
    payer.signs_in()
    order = payer.own(to, 100)
    for portal in (old, Portal(world.house, "a token nobody was given")):
        with pytest.raises(SessionEnded):
            portal(place.place, order, shown_sha256=digest(order.payload()), code=payer.code())
    late = payer.portal
    world.clock.forward(minutes=20)
    with pytest.raises(SessionEnded):
        late(place.place, order, shown_sha256=digest(order.payload()), code=payer.code())
    assert operations(world) == []


def _state(world: World) -> Any:
    from branch_desk.models.access import GrantedLimit, TotpDevice
    from branch_desk.models.account import Account

    def read(work: Any) -> Any:
        from sqlalchemy import select

        return (
            work.session.execute(select(Account.id, Account.balance).order_by(Account.id)).all(),
            work.session.execute(
                select(GrantedLimit.id, GrantedLimit.used_in_day).order_by(GrantedLimit.id)
            ).all(),
            work.session.execute(select(TotpDevice.id, TotpDevice.last_step)).all(),
            len(operations(world)),
            len(postings(world)),
        )

    return world.house.work(read, reads=True)


def _last_events(work: Any) -> list[str]:
    from sqlalchemy import select

    from branch_desk.models.audit import AuditEvent

    return list(work.session.scalars(select(AuditEvent.event).order_by(AuditEvent.at)))
