"""Members of a demonstration at their e-banking: what they order, by the portal's operations."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import pyotp
from sqlalchemy import select

from branch_desk.models.account import Account, AccountKind, AccountStatus, Handling, Holder
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import BeneficiaryKind
from branch_desk.models.calendar import local_day
from branch_desk.models.credentials import Secret
from branch_desk.models.enrolment import Channel
from branch_desk.models.money import Currency, Money
from branch_desk.models.schedule import Repeat
from branch_desk.operations.enquiries import enquiries
from branch_desk.operations.money import orders, place
from branch_desk.operations.money.orders import Order
from branch_desk.operations.payments import beneficiaries, payments, schedules
from branch_desk.operations.portal import Portal
from branch_desk.operations.practice.demo_story import PAUSE, Story
from branch_desk.operations.users import member_sign_in
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import Work

_HOME: Final = Origin(Channel.WEB, "200.58.80.15")
_FUNDS: Final = {
    "origin": "Sueldo mensual de la empresa",
    "destination": "Gastos del hogar y la familia",
}
_LEAST: Final = 60_000
"""Centavos an account must have to be used: small amounts leave it, whatever was invented."""


@dataclass(slots=True)
class Customer:
    """A member who operates: what signs the member in, and what was registered."""

    user_name: str
    password: str = field(repr=False)
    pin: Secret
    totp_uri: Secret
    here: UUID | None = None
    """A beneficiary of the cooperative."""
    elsewhere: UUID | None = None
    """One at another bank."""


def settle_in(story: Story, customer: Customer) -> None:
    """Register two beneficiaries and send them the first small amounts."""
    portal = enter(story, customer)
    account = account_of(portal)
    if account is None:
        return
    number = _somebody_elses(story, account)
    found = portal(beneficiaries.look_up, number)
    assert found is not None, "the books have an account that money may reach"
    customer.here = _register(
        story,
        customer,
        portal,
        beneficiaries.Proposal(
            key=new_id(),
            kind=BeneficiaryKind.COOPERATIVE,
            account_kind=found.kind,
            number=number,
            currency=Currency.BOB,
        ),
    )
    customer.elsewhere = _register(
        story,
        customer,
        portal,
        beneficiaries.Proposal(
            key=new_id(),
            kind=BeneficiaryKind.OTHER_BANK,
            account_kind=AccountKind.SAVINGS,
            number=str(story.random.randint(1_000_000_000, 9_999_999_999)),
            currency=Currency.BOB,
            name="Marcelo Antelo Justiniano",
            document_number=str(story.random.randint(1_000_000, 9_999_999)),
            bank_code="BUN",
        ),
    )
    _send(story, customer, portal, account, 12_000, "Cuota de la promoción", elsewhere=False)
    _send(story, customer, portal, account, 8_000, "Repuestos del auto", elsewhere=True)


def operate(story: Story, customer: Customer) -> None:
    """Send a little here and elsewhere, and top a telephone up."""
    portal = enter(story, customer)
    account = account_of(portal)
    if account is None or customer.here is None:
        return
    _send(story, customer, portal, account, 9_500, "Compra del mes", elsewhere=False)
    _send(story, customer, portal, account, 7_500, "Alquiler del depósito", elsewhere=True)
    prepaid = [
        each for category in portal(payments.billers) for each in category.services if each.prepaid
    ]
    if prepaid:
        telephone = f"7{story.random.randint(1_000_000, 9_999_999)}"
        money = Money(2_000, Currency.BOB)
        order = orders.top_up(new_id(), account, prepaid[0].code, telephone, money)
        confirm(story, customer, portal, order)


def plan(story: Story, customer: Customer) -> None:
    """Put the rent on the calendar."""
    portal = enter(story, customer)
    account = account_of(portal)
    if account is None or customer.here is None:
        return
    rent = orders.third_party(
        new_id(),
        account,
        customer.here,
        Money(15_000, Currency.BOB),
        concept="Alquiler",
        **_FUNDS,
    )
    _schedule(story, customer, portal, rent)


def enter(story: Story, customer: Customer) -> Portal:
    """Sign the member in."""
    given = member_sign_in.password(story.house, customer.user_name, customer.password, _HOME)
    token = member_sign_in.pin(story.house, given, customer.pin.reveal(), _HOME)
    return Portal(story.house, token.reveal())


def account_of(portal: Portal) -> UUID | None:
    """Give the account to operate from: in bolivianos, of one signature, with something in it."""
    for each in portal(enquiries.products):
        money = each.available
        if money is None or not each.debit or each.handling is Handling.JOINT:
            continue
        if money.currency is Currency.BOB and money.centavos >= _LEAST:
            return each.id
    return None


def _somebody_elses(story: Story, account_id: UUID) -> str:
    """Give the number of another member's savings account."""
    mine = select(Holder.member_id).where(Holder.account_id == account_id)

    def read(work: Work) -> str:
        return work.session.scalars(
            select(Account.number)
            .join(Holder, Holder.account_id == Account.id)
            .where(
                Account.kind == AccountKind.SAVINGS,
                Account.currency == Currency.BOB,
                Account.status == AccountStatus.ACTIVE,
                Holder.member_id.not_in(mine),
            )
            .order_by(Account.number)
            .limit(1)
        ).one()

    return story.house.work(read, reads=True)


def _send(
    story: Story,
    customer: Customer,
    portal: Portal,
    account: UUID,
    amount: int,
    concept: str,
    *,
    elsewhere: bool,
) -> None:
    money = Money(amount, Currency.BOB)
    payee = customer.elsewhere if elsewhere else customer.here
    if payee is None:
        return
    if elsewhere:
        day = local_day(story.clock.now)  # the preview says the day that is promised
        order = orders.other_bank(
            new_id(), account, payee, money, promised_on=day, concept=concept, **_FUNDS
        )
    else:
        order = orders.third_party(new_id(), account, payee, money, concept=concept, **_FUNDS)
    confirm(story, customer, portal, order)


def confirm(story: Story, customer: Customer, portal: Portal, order: Order) -> None:
    """Carry an order out as it was shown."""
    shown = portal(place.preview, order)
    code = _code(story, customer)
    portal(place.place, shown.order, shown_sha256=shown.sha256, code=code)


def _register(
    story: Story, customer: Customer, portal: Portal, proposal: beneficiaries.Proposal
) -> UUID:
    shown = portal(beneficiaries.preview, proposal)
    code = _code(story, customer)
    return portal(beneficiaries.add, shown.proposal, shown_sha256=shown.sha256, code=code)


def _schedule(story: Story, customer: Customer, portal: Portal, order: Order) -> None:
    tomorrow = local_day(story.clock.now) + timedelta(days=1)
    first = date(tomorrow.year + tomorrow.month // 12, tomorrow.month % 12 + 1, 5)
    proposal = schedules.Proposal(key=new_id(), order=order, starts_on=first, repeat=Repeat.MONTHLY)
    shown = portal(schedules.preview, proposal)
    code = _code(story, customer)
    portal(schedules.make, shown.proposal, shown_sha256=shown.sha256, code=code)


def _code(story: Story, customer: Customer) -> str:
    story.clock.now += PAUSE
    authenticator = pyotp.parse_uri(customer.totp_uri.reveal())
    assert isinstance(authenticator, pyotp.TOTP)
    return authenticator.at(story.clock.now)
