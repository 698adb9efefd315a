"""Whatever is refused to a member leaves the database as it was, and one audit record that says so (R51)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from branch_desk.models.access import Access, GrantedLimit
from branch_desk.models.account import AccountKind, AccountStatus, Handling
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import BeneficiaryKind
from branch_desk.models.bill import BillStatus
from branch_desk.models.calendar import local_day
from branch_desk.models.database import upgrade
from branch_desk.models.errors import DomainError
from branch_desk.models.money import Currency, Money
from branch_desk.models.parameter import LimitKind
from branch_desk.models.schedule import Repeat
from branch_desk.operations.money import cosigning, place
from branch_desk.operations.money.orders import Order, digest, loan, top_up
from branch_desk.operations.payments import beneficiaries, schedules, subscriptions
from branch_desk.operations.users import member_sign_in, own_settings
from branch_desk.operations.work import OPERATIONS, Caller, Work, name_of
from tests.access_builders import change
from tests.builders import World, a_world
from tests.debt_builders import a_bill, a_loan, not_granted, pays_bill
from tests.payers import (
    PLENTY,
    Payer,
    a_beneficiary,
    a_payer,
    another_account,
    bob,
    granted,
    operations,
)
from tests.snapshots import changed, ends, everything, newer

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


@dataclass
class Stage:
    """A member with one of everything, and another one."""

    world: World
    me: Payer
    other: Payer
    ids: dict[str, UUID]

    def __getattr__(self, name: str) -> UUID:
        return self.ids[name]

    @property
    def today(self) -> date:
        return local_day(self.world.clock.now)


def _stage(world: World) -> Stage:
    me, other = a_payer(world, world.desk()), a_payer(world, world.desk(), 2)
    account = partial(another_account, world, me)
    ids = {
        "second": account(2, balance=0),
        "poor": account(3, balance=10),
        "deposit": account(4, kind=AccountKind.TERM_DEPOSIT),
        "blocked": account(5, status=AccountStatus.BLOCKED),
        "closed": account(6, status=AccountStatus.CLOSED),
        "dollars": account(7, currency=Currency.USD),
        "seen": world.account(me.member_id, number="9000001"),
        "unseen": world.account(me.member_id, number="9000002"),
        "mobile": world.account(me.member_id, number="9000003"),
        "joint": world.account(
            other.member_id, me.member_id, number="9000004", handling=Handling.JOINT
        ),
    }
    granted(world, me.access_id, ids["seen"], debit=False)
    granted(world, me.access_id, ids["mobile"], web=False)
    for each in (me, other):
        granted(world, each.access_id, ids["joint"], debit=False)
    theirs = world.account(other.member_id, number="9000005", status=AccountStatus.CLOSED)
    ids |= {
        "friend": a_beneficiary(world, me, other.account_id, number=_number(other)),
        "gone": a_beneficiary(world, me, theirs, number="9000005"),
        "bank": a_beneficiary(world, me),
        "dollar_bank": a_beneficiary(world, me, number="999", currency=Currency.USD),
        "young": a_beneficiary(world, me, number="998", days_old=0),
        "loan": a_loan(world, me),
        "bill": a_bill(world),
        "old_bill": a_bill(world, number="F-2", status=BillStatus.WITHDRAWN),
        "cotas": a_bill(world, "COTAS", number="F-3", client_code="3440012"),
        "subscription": new_id(),
        "their_subscription": new_id(),
    }
    not_granted(world, me, "COTAS")
    me.portal(subscriptions.add, ids["subscription"], "CRE", "440012", "Luz de la casa")
    other.portal(subscriptions.add, ids["their_subscription"], "CRE", "440099", "Luz")
    made = me.own(ids["second"], 700)
    ids["done"] = me.orders(made).id
    ids["calendar"] = _calendar(me, ids["second"], Repeat.MONTHLY)
    ids["ended"] = _calendar(me, ids["second"], Repeat.ONCE)
    me.portal(schedules.cancel, ids["ended"])
    ids["their_calendar"] = _calendar(other, another_account(world, other), Repeat.WEEKLY)
    for name, who in (("to_sign", other), ("too_much", other), ("mine", me), ("taken_back", me)):
        centavos = 400_000 if name == "too_much" else 100_100
        ids[name] = who.orders(
            replace(who.own(who.account_id, centavos), debit_account_id=ids["joint"])
        ).id
    me.portal(cosigning.cancel, ids["taken_back"])
    me.signs_in()
    return Stage(world, me, other, ids)


def _number(payer: Payer) -> str:
    return f"30{payer.user_name.removeprefix('pagador').zfill(6)}1"


def _calendar(payer: Payer, to: UUID, repeat: Repeat) -> UUID:
    wanted = schedules.Proposal(
        key=new_id(), order=payer.own(to, 100), repeat=repeat,
        starts_on=local_day(payer.world.clock.now),
    )  # fmt: skip
    shown = payer.portal(schedules.preview, wanted)
    return payer.portal(
        schedules.make, shown.proposal, shown_sha256=shown.sha256, code=payer.code()
    )


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Built once: what is refused changes nothing."""
    if request.param == "sqlite":
        url, drop = f"sqlite:///{tmp_path_factory.mktemp('refusals') / 'desk.sqlite'}", None
        upgrade(url)
    else:
        server = request.getfixturevalue("postgres")
        name = server.create(request.getfixturevalue("postgres_template"))
        url, drop = server.url(name), partial(server.drop, name)
    world = a_world(url)
    yield _stage(world)
    world.house.database.close()
    if drop is not None:
        drop()


def sent(s: Stage, order: Order, **about: Any) -> Call:
    given = {"shown_sha256": digest(order.payload()), "code": s.me.phone.code()} | about
    return place.place, (order,), given


def own(s: Stage, centavos: int = 100, **changes: Any) -> Call:
    return sent(s, replace(s.me.own(s.second, centavos), **changes))


def third(s: Stage, to: UUID, centavos: int = 100, **changes: Any) -> Call:
    return sent(s, replace(s.me.third(to, centavos), **changes))


def bank(s: Stage, to: UUID, centavos: int = 100, **about: Any) -> Call:
    # Noon of a Monday, or soon after: still that day's batch.
    return sent(s, s.me.bank(to, centavos, **{"promised_on": s.today, **about}))


def usd(centavos: int) -> Money:
    return Money(centavos, Currency.USD)


def instalments(s: Stage, numbers: tuple[int, ...], centavos: int = 100, **changes: Any) -> Call:
    order = loan(new_id(), s.me.account_id, s.loan, bob(centavos), numbers)
    return sent(s, replace(order, **changes))


def billed(s: Stage, bill: UUID, centavos: int = 18_950, **changes: Any) -> Call:
    return sent(s, pays_bill(s.me, bill, centavos, **changes))


def topped(
    s: Stage, biller: str = "TIGO-PRE", client: str = "70012345", centavos: int = 1_000
) -> Call:
    return sent(s, top_up(new_id(), s.me.account_id, biller, client, bob(centavos)))


def added(s: Stage, *, code: str = "", sha256: str = "", **about: Any) -> Call:
    values: dict[str, Any] = {
        "key": new_id(), "kind": BeneficiaryKind.OTHER_BANK, "account_kind": AccountKind.SAVINGS,
        "number": "70707070", "currency": Currency.BOB, "name": "Jaime Lazarte",
        "document_number": "5566778", "bank_code": "BNB",
    }  # fmt: skip
    wanted = beneficiaries.Proposal(**(values | about))
    given = {
        "shown_sha256": sha256 or digest(wanted.payload()),
        "code": code or s.me.phone.code(),
    }
    return beneficiaries.add, (wanted,), given


def planned(
    s: Stage, *, code: str = "", sha256: str = "", key: UUID | None = None, **about: Any
) -> Call:
    order = about.pop("order", None) or s.me.own(s.second, 100)
    values = {"starts_on": s.today} | about
    wanted = schedules.Proposal(key=key or new_id(), order=order, **values)
    given = {
        "shown_sha256": sha256 or digest(wanted.payload()),
        "code": code or s.me.phone.code(),
    }
    return schedules.make, (wanted,), given


def signed(s: Stage, operation_id: UUID, *, sha256: str = "", code: str = "") -> Call:
    known = {each.id: each.payload_sha256 for each in operations(s.world)}
    given = {
        "shown_sha256": sha256 or known.get(operation_id, "0" * 64),
        "code": code or s.me.phone.code(),
    }
    return cosigning.sign, (operation_id,), given


def done_again(s: Stage) -> Call:
    return sent(s, replace(s.me.own(s.second, 701), key=s.done))


def contact(
    s: Stage, email: str = "nueva@example.com", mobile: str = "71234567", **about: Any
) -> Call:
    given = {"email": email, "mobile": mobile, "code": s.me.phone.code()} | about
    return own_settings.change_contact, (), given


WRONG = "000000"
ORDERS: dict[str, tuple[str, Callable[[Stage], Call]]] = {
    # What may be debited
    "own: no account of anybody": ("NotGranted", lambda s: own(s, debit_account_id=new_id())),
    "own: another's account": ("NotGranted", lambda s: own(s, debit_account_id=s.other.account_id)),
    "own: only to be seen": ("NotGranted", lambda s: own(s, debit_account_id=s.seen)),
    "own: not on the form": ("NotGranted", lambda s: own(s, debit_account_id=s.unseen)),
    "own: another channel's": ("NotGranted", lambda s: own(s, debit_account_id=s.mobile)),
    "own: a deposit": ("AccountUnfit", lambda s: own(s, debit_account_id=s.deposit)),
    "own: blocked": ("AccountUnfit", lambda s: own(s, debit_account_id=s.blocked)),
    "own: a loan's money": ("NotGranted", lambda s: own(s, debit_account_id=s.loan, credit_account_id=s.second)),
    "own: dollars of bolivianos": ("CurrencyDiffers", lambda s: own(s, money=usd(100))),
    "own: not enough": ("NotEnoughFunds", lambda s: own(s, 11, debit_account_id=s.poor)),
    # What may be credited
    "own: to itself": ("NotFound", lambda s: own(s, credit_account_id=s.me.account_id)),
    "own: to another's": ("NotFound", lambda s: own(s, credit_account_id=s.other.account_id)),
    "own: to dollars": ("CurrencyDiffers", lambda s: own(s, credit_account_id=s.dollars)),
    "own: to a deposit": ("AccountUnfit", lambda s: own(s, credit_account_id=s.deposit)),
    "own: to a closed one": ("AccountUnfit", lambda s: own(s, credit_account_id=s.closed)),
    "third: nobody": ("NotFound", lambda s: third(s, new_id())),
    "third: elsewhere": ("NotFound", lambda s: third(s, s.bank)),
    "third: closed": ("AccountUnfit", lambda s: third(s, s.gone)),
    "third: not enough": ("NotEnoughFunds", lambda s: third(s, s.friend, 500_001)),
    "bank: nobody": ("NotFound", lambda s: bank(s, new_id())),
    "bank: of this house": ("NotFound", lambda s: bank(s, s.friend)),
    "bank: of dollars": ("CurrencyDiffers", lambda s: bank(s, s.dollar_bank)),
    "bank: first day": ("LimitExceeded", lambda s: bank(s, s.young, 100_001)),
    "bank: not enough": ("NotEnoughFunds", lambda s: bank(s, s.bank, 500_001)),
    "bank: another day": ("PromiseChanged", lambda s: bank(s, s.bank, promised_on=date(2026, 11, 25))),
    "bank: no day": ("PromiseChanged", lambda s: bank(s, s.bank, promised_on=None)),
    "own: nothing": ("InvalidValue", lambda s: own(s, 0)),
    "own: no concept": ("InvalidValue", lambda s: own(s, concept=" ")),
    "own: few letters": ("InvalidValue", lambda s: own(s, origin="catorce letras 1234")),
    "bank: unseen sign": ("InvalidCharacter", lambda s: bank(s, s.bank, destination="ahorro\u202e de la familia")),
    # Amounts, key, hash, code
    "own: above the operation": ("LimitExceeded", lambda s: own(s, 100_000_001)),
    "own: key of another deed": ("KeyUsed", done_again),
    "own: not what was shown": ("NotWhatWasShown", lambda s: sent(s, s.me.own(s.second, 1), shown_sha256="0" * 64)),
    "own: wrong code": ("CodeRefused", lambda s: sent(s, s.me.own(s.second, 1), code=WRONG)),
    "loan: none": ("InstalmentsUnfit", lambda s: instalments(s, ())),
    "loan: no such one": ("InstalmentsUnfit", lambda s: instalments(s, (99,))),
    "loan: one left out": ("InstalmentsUnfit", lambda s: instalments(s, (2,))),
    "loan: too far": ("InstalmentsUnfit", lambda s: instalments(s, tuple(range(1, 11)))),
    "loan: other sum": ("AmountDiffers", lambda s: instalments(s, (1,))),
    "loan: no loan": ("AccountUnfit", lambda s: instalments(s, (1,), credit_account_id=s.second)),
    "loan: another's": ("NotFound", lambda s: instalments(s, (1,), credit_account_id=new_id())),
    "loan: not enough": ("NotEnoughFunds", lambda s: instalments(s, (1,), debit_account_id=s.poor)),
    "bill: none": ("NotFound", lambda s: billed(s, new_id())),
    "bill: withdrawn": ("BillUnpayable", lambda s: billed(s, s.old_bill)),
    "bill: of a company not chosen": ("NotGranted", lambda s: billed(s, s.cotas)),
    "bill: other amount": ("AmountDiffers", lambda s: billed(s, s.bill, 18_949)),
    "bill: in dollars": ("CurrencyDiffers", lambda s: billed(s, s.bill, money=usd(18_950), debit_account_id=s.dollars)),
    "bill: not enough": ("NotEnoughFunds", lambda s: billed(s, s.bill, debit_account_id=s.poor)),
    "top-up: below the least": ("BelowMinimum", lambda s: topped(s, centavos=499)),
    "top-up: no such number": ("InvalidValue", lambda s: topped(s, client="12345678")),
    "top-up: no such company": ("NotGranted", lambda s: topped(s, "NADIE")),
    "top-up: of bills": ("NotFound", lambda s: topped(s, "CRE", "440012")),
    "top-up: not enough": ("NotEnoughFunds", lambda s: topped(s, centavos=500_001)),
}  # fmt: skip
OTHERS: dict[str, tuple[str, Callable[[Stage], Call]]] = {
    "look up: no number": ("InvalidValue", lambda s: (beneficiaries.look_up, ("12-34",), {})),
    "add: no digits": ("InvalidValue", lambda s: added(s, number="12 34")),
    "add: a loan": ("InvalidValue", lambda s: added(s, account_kind=AccountKind.LOAN)),
    "add: no such bank": ("InvalidValue", lambda s: added(s, bank_code="NADIE")),
    "add: unseen sign": ("InvalidCharacter", lambda s: added(s, name="Jaime\u200b Lazarte")),
    "add: no document": ("InvalidValue", lambda s: added(s, document_number="")),
    "add: no account here": ("NotFound", lambda s: added(s, kind=BeneficiaryKind.COOPERATIVE)),
    "add: one's own": ("InvalidValue", lambda s: added(s, kind=BeneficiaryKind.COOPERATIVE, number=_number(s.me))),
    "add: twice": ("Duplicate", lambda s: added(s, number="4010203040")),
    "add: not what was shown": ("NotWhatWasShown", lambda s: added(s, sha256="0" * 64)),
    "add: wrong code": ("CodeRefused", lambda s: added(s, code=WRONG)),
    "add: key of another": ("KeyUsed", lambda s: added(s, key=s.bank)),
    "remove: nobody": ("NotFound", lambda s: (beneficiaries.remove, (new_id(),), {})),
    "plan: yesterday": ("InvalidValue", lambda s: planned(s, starts_on=s.today - timedelta(days=1))),
    "plan: in years": ("InvalidValue", lambda s: planned(s, starts_on=date(2030, 1, 1))),
    "plan: ends before": ("InvalidValue", lambda s: planned(s, until=s.today - timedelta(days=1), repeat=Repeat.WEEKLY)),
    "plan: nothing": ("InvalidValue", lambda s: planned(s, order=s.me.own(s.second, 0))),
    "plan: nobody": ("NotFound", lambda s: planned(s, order=s.me.third(new_id(), 1))),
    "plan: blocked": ("AccountUnfit", lambda s: planned(s, order=replace(s.me.own(s.second, 1), debit_account_id=s.blocked))),
    "plan: two must sign": ("NotGranted", lambda s: planned(s, order=replace(s.me.own(s.second, 1), debit_account_id=s.joint))),
    "plan: dollars": ("CurrencyDiffers", lambda s: planned(s, order=replace(s.me.own(s.second, 1), money=usd(1)))),
    "plan: not what was shown": ("NotWhatWasShown", lambda s: planned(s, sha256="0" * 64)),
    "plan: wrong code": ("CodeRefused", lambda s: planned(s, code=WRONG)),
    "plan: key of another": ("KeyUsed", lambda s: planned(s, key=s.calendar)),
    "skip: not the next": ("WrongState", lambda s: (schedules.skip, (s.calendar, date(2027, 5, 5)), {})),
    "skip: another's": ("NotFound", lambda s: (schedules.skip, (s.their_calendar, s.today), {})),
    "skip: ended": ("WrongState", lambda s: (schedules.skip, (s.ended, s.today), {})),
    "cancel plan: ended": ("WrongState", lambda s: (schedules.cancel, (s.ended,), {})),
    "cancel plan: another's": ("NotFound", lambda s: (schedules.cancel, (s.their_calendar,), {})),
    "sign: nothing": ("NotFound", lambda s: signed(s, new_id())),
    "sign: one's own": ("NotASigner", lambda s: signed(s, s.mine)),
    "sign: taken back": ("WrongState", lambda s: signed(s, s.taken_back)),
    "sign: not what was shown": ("NotWhatWasShown", lambda s: signed(s, s.to_sign, sha256="0" * 64)),
    "sign: wrong code": ("CodeRefused", lambda s: signed(s, s.to_sign, code=WRONG)),
    "take back: nothing": ("NotFound", lambda s: (cosigning.cancel, (new_id(),), {})),
    "take back: not signed": ("NotASigner", lambda s: (cosigning.cancel, (s.to_sign,), {})),
    "take back: twice": ("WrongState", lambda s: (cosigning.cancel, (s.taken_back,), {})),
    "subscribe: not chosen": ("NotGranted", lambda s: (subscriptions.add, (new_id(), "COTAS", "3440012", "Teléfono"), {})),
    "subscribe: no such code": ("InvalidValue", lambda s: (subscriptions.add, (new_id(), "CRE", "x", "Luz"), {})),
    "subscribe: no name": ("InvalidValue", lambda s: (subscriptions.add, (new_id(), "CRE", "440013", " "), {})),
    "subscribe: twice": ("Duplicate", lambda s: (subscriptions.add, (new_id(), "CRE", "440012", "Luz"), {})),
    "subscribe: key of another": ("KeyUsed", lambda s: (subscriptions.add, (s.subscription, "CRE", "440013", "Luz"), {})),
    "unsubscribe: another's": ("NotFound", lambda s: (subscriptions.remove, (s.their_subscription,), {})),
    "contact: no mail": ("InvalidValue", lambda s: contact(s, email="nadie")),
    "contact: no mobile": ("InvalidValue", lambda s: contact(s, mobile="123")),
    "contact: wrong code": ("CodeRefused", lambda s: contact(s, code=WRONG)),
    "image: none of ours": ("InvalidValue", lambda s: (own_settings.choose_image, ("gato",), {"code": WRONG})),
    "image: wrong code": ("CodeRefused", lambda s: (own_settings.choose_image, ("llama",), {"code": WRONG})),
    "password: wrong code": ("CodeRefused", lambda s: (own_settings.store_password, (), {"code": WRONG, "hashed": "x"})),
    "pin: wrong code": ("CodeRefused", lambda s: (own_settings.store_pin, (), {"code": WRONG, "hashed": "x"})),
    "question: wrong code": ("CodeRefused", lambda s: (own_settings.store_question, (), {"code": WRONG, "question": "q", "hashed": "x"})),
}  # fmt: skip
CAUSES = ORDERS | OTHERS


def refused(s: Stage, call: Call) -> tuple[str, dict[str, Any], list[Any]]:
    """Do it; gives the refusal, what changed in the database, and the new audit records."""
    operation, args, kwargs = call
    before, marks = everything(s.world), ends(s.world)
    with pytest.raises(DomainError) as refusal:
        s.me.portal(operation, *args, **kwargs)
    difference = changed(before, everything(s.world))
    return type(refusal.value).__name__, difference, newer(s.world, marks)


@pytest.mark.parametrize("cause", CAUSES)
def test_what_is_refused_changes_nothing_and_is_recorded_once(stage: Stage, cause: str) -> None:
    wanted, made = CAUSES[cause]
    call = made(stage)
    answer, difference, (record,) = refused(stage, call)
    assert answer == wanted
    assert record.access_id == stage.me.access_id
    assert record.member_id == stage.me.member_id
    if answer != "CodeRefused":
        assert difference == {}
        said = json.loads(record.text)["facts"]
        assert record.event == "operation:refused"
        assert (said["operation"], said["refusal"]) == (name_of(call[0]), answer)
        return
    assert record.event == "totp:refused"
    _one_more_wrong_code(difference)
    change(stage.world, stage.me.access_id, failed_codes=0)


def _one_more_wrong_code(difference: dict[str, Any]) -> None:
    assert difference.keys() == {"access"}
    ((old,), (new,)) = difference["access"]
    names = [column.name for column in Access.__table__.columns]
    differing = {n: (a, b) for n, a, b in zip(names, old, new, strict=True) if a != b}
    assert differing == {"failed_codes": (0, 1)}


def test_every_operation_of_members_that_can_refuse_is_asked(stage: Stage) -> None:
    """A new operation of members needs its causes here."""
    asked = {name_of(made(stage)[0]) for _, made in CAUSES.values()}
    writing = {
        name
        for name, permission in OPERATIONS.items()
        if Caller.MEMBER in permission.callers and not permission.reads
    }
    assert writing - asked == {name_of(member_sign_in.sign_out)}, "it refuses nothing"


@pytest.mark.parametrize("part", ["count_per_day", "per_day", "per_month", "none"])
def test_an_amount_that_is_used_up_changes_nothing(stage: Stage, part: str) -> None:
    where = (
        GrantedLimit.access_id == stage.me.access_id,
        GrantedLimit.kind == LimitKind.OWN,
        GrantedLimit.currency == Currency.BOB,
    )
    most = {"per_operation": 100, "per_day": 750, "per_month": 750, "count_per_day": 1000}
    if part == "count_per_day":
        most = {"per_operation": 100, "per_day": 9_000, "per_month": 9_000, "count_per_day": 1}
    day = stage.today - timedelta(days=part == "per_month")

    def lower(work: Work) -> None:
        if part == "none":
            work.session.execute(delete(GrantedLimit).where(*where))
        else:
            work.session.execute(update(GrantedLimit).where(*where).values(day=day, **most))

    def restore(work: Work) -> None:
        work.session.execute(delete(GrantedLimit).where(*where))
        most = {"per_operation": PLENTY, "per_day": PLENTY, "per_month": 10 * PLENTY}
        work.session.add(
            GrantedLimit(
                access_id=stage.me.access_id, kind=LimitKind.OWN, currency=Currency.BOB,
                count_per_day=1000, day=stage.today, used_in_day=700, used_in_month=700,
                count_in_day=1, **most,
            )
        )  # fmt: skip

    stage.world.house.work(lower)
    answer, difference, records = refused(stage, own(stage, 100))
    stage.world.house.work(restore)
    assert answer == ("NotGranted" if part == "none" else "LimitExceeded")
    assert (difference, [each.event for each in records]) == ({}, ["operation:refused"])


def test_a_last_signature_that_cannot_move_the_money_is_not_put_down(stage: Stage) -> None:
    """What the rules say at the moment the money would move takes the signature back as well."""
    stage.world.clock.forward(seconds=30)
    operation, args, kwargs = signed(stage, stage.too_much)
    stage.me.portal(operation, *args, **kwargs)
    stage.world.clock.forward(seconds=30)
    answer, difference, records = refused(stage, signed(stage, stage.to_sign))
    assert (answer, difference) == ("NotEnoughFunds", {})
    assert [each.event for each in records] == ["operation:refused"]
