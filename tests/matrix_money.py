"""What the members' money adds to the house of the matrix, and values for its operations."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from branch_desk.models.access import GrantedBiller
from branch_desk.models.account import AccountKind, Handling
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import BeneficiaryKind
from branch_desk.models.calendar import local_day
from branch_desk.models.loan import Loan
from branch_desk.models.money import Currency
from branch_desk.models.operation import Operation
from branch_desk.models.parameter import LimitKind
from branch_desk.operations.money import place
from branch_desk.operations.money.orders import Order, digest, own
from branch_desk.operations.payments import beneficiaries, schedules, subscriptions
from branch_desk.operations.portal import Portal
from branch_desk.operations.work import Desk
from tests.access_builders import a_portal
from tests.builders import Someone, World
from tests.money_rows import a_limit, grant
from tests.payers import TEXTS, a_payer, bob

if TYPE_CHECKING:
    from tests.matrix_subjects import Given, Subjects


def build(s: "Subjects", maker: Desk) -> None:
    """Give the member «socia» a second account, limits, a calendar, and operations that wait."""
    world = s.world
    s.ids["second"] = world.account(s.socio_member, number="5550001", balance=0)
    grant(world, s.socio, s.second)
    a_limit(world, s.socio, LimitKind.OWN)
    other = a_payer(world, maker, 71)
    joint = world.account(
        other.member_id, s.socio_member, number="5550002", handling=Handling.JOINT
    )
    grant(world, s.socio, joint, debit=False)
    grant(world, other.access_id, joint, debit=False)
    order = other.own(other.account_id, 100)
    s.ids["to_sign"] = other.orders(replace(order, debit_account_id=joint)).id
    s.ids["to_sign_sha"] = s.one(Operation.payload_sha256, Operation.id == s.to_sign)
    portal = a_portal(world, s.socio)
    begun = _placed(world, s, portal, replace(an_order(s), debit_account_id=joint))
    s.ids["to_cancel"] = begun
    s.ids["here"] = other.account_id
    wanted = _calendar(s)
    world.clock.forward(seconds=60)
    s.ids["calendar"] = portal(
        schedules.make, wanted, shown_sha256=digest(wanted.payload()), code=s.socio_phone.code()
    )
    world.clock.forward(seconds=60)
    friend = _friend()
    shown = portal(beneficiaries.preview, friend)
    s.ids["friend"] = portal(
        beneficiaries.add,
        shown.proposal,
        shown_sha256=shown.sha256,
        code=s.socio_phone.code(),
    )
    _debts(s, portal)


def _debts(s: "Subjects", portal: Portal) -> None:
    """Give her a loan, and a service she may pay and registered."""
    world = s.world
    s.ids["loan"] = world.account(s.socio_member, number="5550003", kind=AccountKind.LOAN)
    grant(world, s.socio, s.loan, debit=False)
    terms = Loan(
        account_id=s.loan,
        principal=500_000,
        annual_rate=1150,
        disbursed_on=date(2026, 1, 5),
        instalments=12,
    )
    world.house.work(lambda work: work.session.add(terms))
    world.house.work(
        lambda work: work.session.add(GrantedBiller(access_id=s.socio, biller_code="CRE"))
    )
    s.ids["subscription"] = new_id()
    portal(subscriptions.add, s.subscription, "CRE", "440012", "Luz de la casa")


def an_order(s: "Subjects") -> Order:
    """Fifty bolivianos from one of her accounts to the other."""
    return own(new_id(), s.socio_account, s.second, bob(5_000), **TEXTS)


def _placed(world: World, s: "Subjects", portal: Portal, order: Order) -> UUID:
    world.clock.forward(seconds=60)
    shown = digest(order.payload())
    return portal(place.place, order, shown_sha256=shown, code=s.socio_phone.code()).id


def _calendar(s: "Subjects") -> schedules.Proposal:
    today = local_day(s.world.clock.now)
    return schedules.Proposal(key=new_id(), order=an_order(s), starts_on=today)


def _friend(number: str = "4445556") -> beneficiaries.Proposal:
    return beneficiaries.Proposal(
        key=new_id(),
        kind=BeneficiaryKind.OTHER_BANK,
        account_kind=AccountKind.SAVINGS,
        number=number,
        currency=Currency.BOB,
        name="Jaime Lazarte",
        document_number="5566778",
        bank_code="BNB",
    )


def _(*args: Any, **kwargs: Any) -> "Given":
    return args, kwargs


def _shown(s: "Subjects", wanted: Any) -> dict[str, Any]:
    return {"shown_sha256": digest(wanted.payload()), "code": s.socio_phone.code()}


def _with(s: "Subjects", wanted: Any) -> "Given":
    return (wanted,), _shown(s, wanted)


MONEY_VALUES: "dict[str, Callable[[Subjects, Someone], Given]]" = {
    "beneficiaries.add": lambda s, c: _with(s, _friend("777888")),
    "beneficiaries.banks": lambda s, c: _(),
    "beneficiaries.look_up": lambda s, c: _("5550001"),
    "beneficiaries.mine": lambda s, c: _(),
    "beneficiaries.preview": lambda s, c: _(_friend("777888")),
    "beneficiaries.remove": lambda s, c: _(s.friend),
    "cosigning.cancel": lambda s, c: _(s.to_cancel),
    "cosigning.lapse_due": lambda s, c: _(),
    "cosigning.sign": lambda s, c: _(
        s.to_sign, shown_sha256=s.to_sign_sha, code=s.socio_phone.code()
    ),
    "cosigning.waiting": lambda s, c: _(),
    "handing_over.due": lambda s, c: _(),
    "loans.look_at": lambda s, c: _(s.loan),
    "loans.plan_of": lambda s, c: _(s.loan),
    "payments.billers": lambda s, c: _(),
    "payments.pending_bills": lambda s, c: _("CRE", "440012"),
    "place.outcome": lambda s, c: _(s.to_cancel),
    "place.place": lambda s, c: _with(s, an_order(s)),
    "place.preview": lambda s, c: _(an_order(s)),
    "schedules.cancel": lambda s, c: _(s.calendar),
    "schedules.due": lambda s, c: _(),
    "schedules.make": lambda s, c: _with(s, _calendar(s)),
    "schedules.mine": lambda s, c: _(),
    "schedules.preview": lambda s, c: _(_calendar(s)),
    "schedules.run_one": lambda s, c: _(s.calendar),
    "schedules.skip": lambda s, c: _(s.calendar, s.world.clock.now.date()),
    "subscriptions.add": lambda s, c: _(new_id(), "CRE", "440013", "Luz de la oficina"),
    "subscriptions.mine": lambda s, c: _(),
    "subscriptions.remove": lambda s, c: _(s.subscription),
}
"""As `matrix_subjects.VALUES`."""
