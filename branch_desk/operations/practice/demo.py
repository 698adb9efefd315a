"""A believable cooperative to learn and to show the program on; every person in it is invented.

Nothing reaches around the operations: the books are imported, the staff hired, the requests
carried to their states by the deeds a person would do, on days that lie behind (F44).
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

from branch_desk.models.access import Delivery
from branch_desk.models.credentials import Secret
from branch_desk.models.enrolment import Channel, SigningRule, Status
from branch_desk.models.errors import SignInFailed, WrongState
from branch_desk.models.identity import CheckPoint
from branch_desk.models.install import Installation
from branch_desk.models.member import DocumentType, MemberKind
from branch_desk.models.staff import Role
from branch_desk.models.validation import ApplicantValues
from branch_desk.operations.books.import_rows import member_values
from branch_desk.operations.books.imports import import_file
from branch_desk.operations.house import jobs, outbox, staff
from branch_desk.operations.house.install import FIRST_ADMINISTRATOR
from branch_desk.operations.practice import demo_money
from branch_desk.operations.practice.demo_debts import lend_and_bill, settle_debts
from branch_desk.operations.practice.demo_money import Customer
from branch_desk.operations.practice.demo_people import Books, invent, words
from branch_desk.operations.practice.demo_story import (
    Clock,
    Story,
    TrainingUser,
    hire,
    password_for,
)
from branch_desk.operations.request import approval, enrolment, enrolment_file
from branch_desk.operations.request.application import LA_PAZ, Application, RepresentativeValues
from branch_desk.operations.users import access, credential, member_sign_in, unlock
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import House, Work

MEMBERS: Final = 400
_CENTRAL: Final = "CEN"
_MEMBER_PASSWORD: Final = "Lapacho47ro"  # noqa: S105  of people who do not exist
_PORTAL: Final = Origin(Channel.WEB, "200.58.80.15")


def create(
    house: House,
    first: Secret,
    *,
    seed: int = 1,
    members: int = MEMBERS,
    passwords: Mapping[str, str] | None = None,
) -> tuple[TrainingUser, ...]:
    """Fill a training database that was just installed; `first` is its administrator's secret.

    Gives who can sign in, and how: shown once and kept nowhere else. `passwords` fixes those of
    some users. The same seed gives the same people. Raises WrongState when this is no training
    database.
    """
    if not house.work(lambda work: work.session.get_one(Installation, 1).training, reads=True):
        raise WrongState(kind="installation", current="real", target="training")
    database, chosen = house.database, passwords or {}
    before, end = database.clock, database.now()
    clock = Clock(end - timedelta(days=45))
    database.clock = clock
    try:
        story = Story(house, clock, Random(seed))  # noqa: S311  people of a story, not secrets
        branches = _open_house(story, first, chosen)
        books = _import_books(story, members, sorted(branches))
        _days(story, _Applicants(story, books, branches), end)
    finally:
        database.clock = before
    return tuple(story.users.values())


def _open_house(story: Story, first: Secret, passwords: Mapping[str, str]) -> dict[str, UUID]:
    name = FIRST_ADMINISTRATOR
    password = passwords.get(name) or password_for(Role.ADMINISTRATOR, "Administración", name)
    admin = TrainingUser(name, "Administración", Role.ADMINISTRATOR, _CENTRAL, password)
    desk = story.first_sign_in(admin, first)
    desk = story.fresh(name)
    for each in words()["branch"]:
        desk(staff.create_branch, each["code"], each["name"], each["city"])
    branches = {each.code: each.id for each in desk(staff.branches)}
    hire(story, name, branches, passwords)
    return branches


def _import_books(story: Story, members: int, branches: list[str]) -> Books:
    today = story.clock.now.astimezone(LA_PAZ).date()
    books = invent(story.random, members, branches, today)
    lend_and_bill(books, today)
    with tempfile.TemporaryDirectory() as folder:
        for kind, path in books.write(Path(folder)).items():
            import_file(story.house, kind, path)
    return books


class _Applicants:
    """Members who come to the counter, one after the other, each once."""

    def __init__(self, story: Story, books: Books, branches: Mapping[str, UUID]) -> None:
        self._story = story
        today = story.clock.now.astimezone(LA_PAZ).date()
        opened = {row["account_number"] for row in books.accounts if row["status"] != "CLOSED"}
        with_account = {
            row["member_number"] for row in books.holders if row["account_number"] in opened
        }
        people = [
            (row["branch"], ApplicantValues(*member_values(row, today, branches)[1:-1]))
            for row in books.members
            if row["member_number"] in with_account and row["email"]
        ]
        soon = today + timedelta(days=90)
        self._waiting = [
            each
            for each in people
            if each[1].document_expiry is None or each[1].document_expiry > soon
        ]
        self.terms = story.desk("cvargas")(enrolment.current_terms)[0]
        self.customers: list[Customer] = []
        """Those whose users work, who then operate."""

    def next(self, branch: str = _CENTRAL, kind: MemberKind = MemberKind.PERSON) -> Application:
        """Give the next member's application, as typed at the counter."""
        place = next(
            place
            for place, (where, values) in enumerate(self._waiting)
            if where == branch and values.kind is kind
        )
        _, values = self._waiting.pop(place)
        if kind is MemberKind.PERSON:
            return Application(values=values, terms_version=self.terms)
        representatives = tuple(self._representative(n) for n in (1, 2))
        return Application(
            values=values,
            terms_version=self.terms,
            signing_rule=SigningRule.JOINT_TWO,
            representatives=representatives,
        )

    def _representative(self, place: int) -> RepresentativeValues:
        random, people = self._story.random, words()
        today = self._story.clock.now.astimezone(LA_PAZ).date()
        number = str(random.randint(1_000_000, 9_999_999))
        return RepresentativeValues(
            document_type=DocumentType.CI,
            document_number=number,
            document_expiry=today + timedelta(days=900),
            first_names=random.choice(people["women" if place == 1 else "men"]),
            first_surname=random.choice(people["surnames"]),
            second_surname=random.choice(people["surnames"]),
            email=f"representante{number}@example.com",
            mobile=f"7{random.randint(1_000_000, 9_999_999)}",
            power_number=f"{random.randint(100, 999)}/{today.year - 1}",
            power_date=today - timedelta(days=300),
            notary=f"Notaría de Fe Pública N° {random.randint(1, 120)}, Santa Cruz",
            power_expiry=today + timedelta(days=500),
            faculties="Administración de cuentas y banca electrónica",
        )


def _days(story: Story, applicants: _Applicants, end: datetime) -> None:
    for days_ago, day in (
        (44, _long_ago),
        (12, _two_weeks_ago),
        (5, _last_week),
        (1, _yesterday),
    ):
        morning = (end - timedelta(days=days_ago)).astimezone(LA_PAZ)
        story.clock.now = morning.replace(hour=9, minute=10, second=0)
        day(story, applicants)
        jobs.run_due(story.house, story.letterbox)
    story.clock.now = end - timedelta(hours=3)
    _today(story, applicants)
    outbox.send_due(story.house, story.letterbox)
    assert story.clock.now < end, "the story must not run ahead of the clock on the wall"


def _long_ago(story: Story, people: _Applicants) -> None:
    # Nobody came back for these: the due jobs let them expire.
    story.request("cvargas", people.next(), Status.SUBMITTED)
    story.request("mroca", people.next(), Status.CONFIGURED)


def _two_weeks_ago(story: Story, people: _Applicants) -> None:
    for officer, supervisor, branch in (
        ("cvargas", "psuarez", _CENTRAL),
        ("mroca", "psuarez", _CENTRAL),
        ("whurtado", "rcuellar", "P3M"),
        ("cvargas", "psuarez", _CENTRAL),
    ):
        made = story.request(officer, people.next(branch), Status.SIGNED)
        for access_id in story.approve(supervisor, made):
            ticket = story.begin_access(officer, access_id, _MEMBER_PASSWORD)
            pin, uri = story.finish_access(ticket)
            user = story.desk(officer)(access.steps, access_id).user_name
            people.customers.append(Customer(user, _MEMBER_PASSWORD, pin, uri))
    wrong = story.request("mroca", people.next(), Status.SIGNED)
    story.fresh("psuarez")(
        approval.reject, wrong, "La firma de la hoja no corresponde a la de la cédula"
    )
    unwilling = story.request("cvargas", people.next(), Status.IDENTIFIED)
    desk = story.desk("cvargas")
    version = desk(enrolment_file.view, unwilling).version
    desk(enrolment.withdraw, unwilling, version, "El socio prefiere esperar a su próxima visita")


def _last_week(story: Story, people: _Applicants) -> None:
    company = story.request("cvargas", people.next(kind=MemberKind.COMPANY), Status.SIGNED)
    first, _second = story.approve("psuarez", company)
    story.finish_access(story.begin_access("cvargas", first, _MEMBER_PASSWORD))
    # Approved, credential printed, and never used: on the list «emitidas sin usar».
    (idle,) = story.approve("psuarez", story.request("mroca", people.next(), Status.SIGNED))
    credential.issue(story.fresh("mroca"), idle, Delivery.SLIP)
    for customer in people.customers:
        demo_money.settle_in(story, customer)
    lost, ended, *_ = _active(story)
    story.fresh("mroca")(access.suspend, lost, "El socio avisó que perdió el celular")
    story.fresh("psuarez")(access.close, ended, "El socio pidió la baja por escrito")
    story.request("jmontano", people.next("MON"), Status.SUBMITTED)


def _yesterday(story: Story, people: _Applicants) -> None:
    back = story.request("cvargas", people.next(), Status.SIGNED)
    story.fresh("psuarez")(
        approval.send_back, back, "Falta aclarar el monto máximo por día que pidió el socio"
    )
    story.request("mroca", people.next(), Status.PRINTED)
    story.request("cvargas", people.next(), Status.SIGNED)
    story.request("whurtado", people.next("P3M"), Status.SIGNED)
    demo_money.operate(story, people.customers[-1])
    demo_money.plan(story, people.customers[-1])
    _three_wrong(story, _active(story)[0])
    again = _active(story)[0]
    story.fresh("mroca")(
        unlock.unlock,
        again,
        reason="Olvidó la contraseña; se verificó su cédula en ventanilla",
        points=frozenset(CheckPoint),
    )


def _today(story: Story, people: _Applicants) -> None:
    demo_money.operate(story, people.customers[-1])
    settle_debts(story, people.customers[-1])
    (invited,) = story.approve("psuarez", story.request("mroca", people.next(), Status.SIGNED))
    (begun,) = story.approve("psuarez", story.request("cvargas", people.next(), Status.SIGNED))
    story.begin_access("cvargas", begun, _MEMBER_PASSWORD)
    credential.issue(story.fresh("mroca"), invited, Delivery.SCREEN)
    story.request("cvargas", people.next(kind=MemberKind.COMPANY), Status.SIGNED)
    typed = people.next()
    moved = replace(typed, values=replace(typed.values, mobile="70099123"))
    story.request("mroca", moved, Status.SIGNED)
    story.request("cvargas", people.next(), Status.CONFIGURED)
    story.request("mroca", people.next(), Status.IDENTIFIED)
    for _ in range(4):
        story.request("cvargas", people.next(), Status.SUBMITTED)
        story.clock.now += timedelta(minutes=8)
    story.request("whurtado", people.next("P3M"), Status.SUBMITTED)
    _three_wrong(story, _active(story)[0])


def _active(story: Story) -> list[UUID]:
    """Give the users of people that work, in the order in which they became active."""
    from sqlalchemy import select

    from branch_desk.models.access import Access, AccessStatus

    def read(work: Work) -> list[UUID]:
        return list(
            work.session.scalars(
                select(Access.id)
                .where(Access.status == AccessStatus.ACTIVE, Access.representative_id.is_(None))
                .order_by(Access.active_since)
            )
        )

    return story.house.work(read, reads=True)


def _three_wrong(story: Story, access_id: UUID) -> None:
    user = story.desk("mroca")(access.steps, access_id).user_name
    for _ in range(3):
        story.clock.now += timedelta(seconds=20)
        try:
            member_sign_in.password(story.house, user, "Equivocada9x", _PORTAL)
        except SignInFailed:
            continue
