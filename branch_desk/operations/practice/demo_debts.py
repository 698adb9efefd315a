"""Invented loans with their plans and billers' bills, as others would hand them over (F44).

They are invented after the people and from a beginning of their own, so that the same people come
out with or without them.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Final
from uuid import UUID

from branch_desk.models.account import AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.errors import LimitExceeded, NotEnoughFunds, NotGranted
from branch_desk.models.money import Currency
from branch_desk.operations.enquiries import enquiries
from branch_desk.operations.money import orders, place
from branch_desk.operations.money.orders import Order
from branch_desk.operations.payments import loans, payments
from branch_desk.operations.portal import Portal
from branch_desk.operations.practice.demo_money import Customer, account_of, confirm, enter
from branch_desk.operations.practice.demo_people import Books, Cells
from branch_desk.operations.practice.demo_story import Story

_RATE: Final = 1150
"""Hundredths of a per cent a year."""
_INSURANCE: Final = 350
_MONTHS: Final = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
)  # fmt: skip
_BILLED: Final = {
    "CRE": "1", "SAGUAPAC": "2", "COTAS": "3", "TIGO-POST": "70", "VIVA-POST": "60",
    "ENTEL-POST": "71",
}  # fmt: skip
"""Billers with bills, and what a client's code there begins with; a member's number follows."""
_LOOKED_AT: Final = 40
"""Members among whom a bill to pay is looked for."""
_EVERY: Final = 4
"""So many members share one who has bills."""


def lend_and_bill(books: Books, today: date) -> None:
    """Give every loan account its plan, and every fourth member bills of all services."""
    random = Random(len(books.accounts))  # noqa: S311  debts of a story
    for account in books.accounts:
        if account["kind"] == AccountKind.LOAN and account["status"] != "CLOSED":
            _lend(random, books, account, today)
    for number, member in enumerate(books.members):
        if number % _EVERY == 0:
            books.bills.extend(_bills(random, member, today))


def settle_debts(story: Story, customer: Customer) -> None:
    """Pay a bill and the oldest instalment, as far as money and maximum amounts go."""
    portal = enter(story, customer)
    account = account_of(portal)
    if account is None:
        return
    for order in (_a_bill(portal, account), _an_instalment(portal, account)):
        if order is None:
            continue
        try:
            portal(place.preview, order)
        except (LimitExceeded, NotEnoughFunds):
            continue
        confirm(story, customer, portal, order)


def _lend(random: Random, books: Books, account: Cells, today: date) -> None:
    owed = int(account["balance"].replace(".", ""))
    if owed == 0:
        return
    months_since = (today - date.fromisoformat(account["opened_on"])).days // 30
    paid = min(months_since, random.randint(0, 18))
    left = random.choice((12, 18, 24, 36))
    part, first = owed // left, owed - owed // left * (left - 1)
    next_due = _months_after(today.replace(day=random.randint(1, 28)), random.choice((0, 1)))
    principal = owed + part * paid
    books.loans.append(
        {
            "account_number": account["account_number"],
            "principal": _text(principal),
            "currency": account["currency"],
            "annual_rate": f"{_RATE // 100}.{_RATE % 100:02}",
            "disbursed_on": min(_months_after(next_due, -paid - 1), today).isoformat(),
            "instalments": str(paid + left),
        }
    )
    outstanding = principal
    for number in range(1, paid + left + 1):
        due_on = _months_after(next_due, number - 1 - paid)
        capital = first if number == paid + 1 else part
        books.instalments.append(
            {
                "account_number": account["account_number"],
                "number": str(number),
                "due_on": due_on.isoformat(),
                "capital": _text(capital),
                "interest": _text(outstanding * _RATE // 120_000),
                "other": _text(_INSURANCE),
                "paid_on": min(due_on, today).isoformat() if number <= paid else "",
            }
        )
        outstanding -= capital


def _bills(random: Random, member: Cells, today: date) -> Iterator[Cells]:
    for biller in _BILLED:
        for back in (1, 0):
            month = _months_after(today.replace(day=1), -back)
            amount = random.randint(3_500, 32_000)
            yield {
                "biller": biller,
                "client_code": _client_code(biller, member["member_number"]),
                "bill_id": f"{month:%Y%m}-{member['member_number']}",
                "period": f"{_MONTHS[month.month - 1]} {month.year}",
                "due_on": (month + timedelta(days=random.randint(50, 75))).isoformat(),
                "currency": Currency.BOB.value,
                "amount": _text(amount),
            }


def _client_code(biller: str, member_number: str) -> str:
    return f"{_BILLED[biller]}{member_number}"


def _a_bill(portal: Portal, account: UUID) -> Order | None:
    """Find a bill that nobody pays, of a service the member may pay."""
    for biller in _BILLED:
        for number in range(10_001, 10_001 + _LOOKED_AT, _EVERY):
            code = _client_code(biller, f"{number:06}")
            try:
                owed = portal(payments.pending_bills, biller, code)
            except NotGranted:
                break
            for each in owed:
                if not each.held:
                    return orders.bill(new_id(), account, each.id, each.money)
    return None


def _an_instalment(portal: Portal, account: UUID) -> Order | None:
    for product in portal(enquiries.products):
        if product.kind is not AccountKind.LOAN or product.balance.currency is not Currency.BOB:
            continue
        plan = portal(loans.plan_of, product.id)
        if plan.payable:
            (first,) = (e for e in plan.instalments if e.number == plan.payable[0])
            return orders.loan(new_id(), account, product.id, first.total, (first.number,))
    return None


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1)


def _text(centavos: int) -> str:
    return f"{centavos // 100}.{centavos % 100:02}"
