"""The training database: a believable cooperative, made by the operations themselves."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pyotp
import pytest
from sqlalchemy import func, select

from branch_desk.models.access import Access, AccessStatus
from branch_desk.models.account import Account, Handling
from branch_desk.models.beneficiary import Beneficiary, BeneficiaryKind
from branch_desk.models.calendar import local_day
from branch_desk.models.database import Database
from branch_desk.models.enrolment import Enrolment, Status
from branch_desk.models.errors import WrongState
from branch_desk.models.keys import Keys
from branch_desk.models.loan import Instalment
from branch_desk.models.member import Member, MemberKind
from branch_desk.models.operation import Operation, OperationKind
from branch_desk.models.outbox import Mail, MailStatus
from branch_desk.models.passwords import Hasher
from branch_desk.models.schedule import Schedule
from branch_desk.models.staff import Branch, Role
from branch_desk.operations.books.imports import import_file
from branch_desk.operations.house import install, sign_in
from branch_desk.operations.house.verification import verify
from branch_desk.operations.money import ledger
from branch_desk.operations.practice import demo
from branch_desk.operations.practice.demo_debts import lend_and_bill
from branch_desk.operations.practice.demo_people import invent
from branch_desk.operations.request.requests import queue_counts, requests
from branch_desk.operations.work import House
from tests.builders import CHEAP, SetClock, World


def test_the_invented_debts_are_books_the_import_takes_whole(world: World, tmp_path: Path) -> None:
    today = local_day(world.clock.now)
    branch = world.house.work(lambda work: work.session.scalars(select(Branch.code)).one())
    books = invent(Random(1), 120, [branch], today)
    lend_and_bill(books, today)
    for kind, path in books.write(tmp_path).items():
        done = import_file(world.house, kind, path)
        assert (done.rejected, done.accepted) == (0, done.lines), kind
        assert done.lines > 0
    rows = world.house.work(
        lambda work: work.session.execute(
            select(Account.balance, func.sum(Instalment.capital))
            .join(Instalment, Instalment.account_id == Account.id)
            .where(Instalment.paid_on.is_(None))
            .group_by(Account.id, Account.balance)
        ).all()
    )
    assert len(rows) > 5
    assert all(owed == planned for owed, planned in rows), "what is owed is what is planned"


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    made = House(Database(database_url, clock=SetClock()), Keys.ephemeral(), Hasher(CHEAP))
    yield made
    made.database.close()


def test_the_demonstration_has_every_state_and_everybody_can_sign_in(house: House) -> None:
    clock = house.database.clock
    assert isinstance(clock, SetClock)
    users = demo.create(
        house, install.install(house, training=True), members=200,
        passwords={"cvargas": "tres tristes tigres 33"},
    )  # fmt: skip
    assert house.database.clock is clock, "the story's clock is put away"
    assert Counter(user.role for user in users) == {
        Role.OFFICER: 4, Role.SUPERVISOR: 2, Role.AUDITOR: 1, Role.ADMINISTRATOR: 1,
    }  # fmt: skip
    assert {user.user_name: user.password for user in users}["cvargas"] == "tres tristes tigres 33"
    assert len({user.password for user in users}) == len(users)

    states, accesses, members, accounts, mails = house.work(
        lambda work: (
            Counter(work.session.scalars(select(Enrolment.status))),
            Counter((row[0], row[1]) for row in work.session.execute(select(Access.status, Access.locked_at.is_not(None)))),
            work.session.scalars(select(Member)).all(),
            work.session.scalars(select(Account)).all(),
            Counter(work.session.scalars(select(Mail.status))),
        )
    )  # fmt: skip
    assert set(states) == set(Status)
    kinds, payees, planned = house.work(
        lambda work: (
            Counter(work.session.scalars(select(Operation.kind))),
            Counter(work.session.scalars(select(Beneficiary.kind))),
            work.session.scalars(select(Schedule.id)).all(),
        )
    )
    assert {OperationKind.THIRD_PARTY, OperationKind.OTHER_BANK} <= set(kinds)
    assert set(payees) == set(BeneficiaryKind)
    assert planned
    assert {status for status, _ in accesses} == set(AccessStatus)
    assert accesses[AccessStatus.ACTIVE, True] == 1
    assert len(members) == 200
    assert {member.kind for member in members} == set(MemberKind)
    assert any(member.complement for member in members)
    assert any(member.document_expiry is None for member in members)
    assert all(member.email.endswith("@example.com") or not member.email for member in members)
    assert {account.handling for account in accounts} == set(Handling)
    assert mails[MailStatus.SENT] > 20
    assert mails[MailStatus.WAITING] == 0

    clock.forward(minutes=1)
    for user in users:
        code = ""
        if user.totp_uri:
            authenticator = pyotp.parse_uri(user.totp_uri)
            assert isinstance(authenticator, pyotp.TOTP)
            code = authenticator.at(clock.now)
        assert bool(code) is (user.role in {Role.SUPERVISOR, Role.ADMINISTRATOR})
        desk = sign_in.sign_in(house, user.user_name, user.password, code)
        me = desk(sign_in.whoami)
        assert (me.new_password_needed, me.authenticator_needed) == (False, False)
        if user.user_name == "cvargas":
            assert all(desk(queue_counts).values()), (
                "each badge of the officer's queue has a number"
            )
            ages = [row.waiting for row in desk(requests).rows]
            assert ages[0] > timedelta(hours=12)
            assert timedelta() < ages[-1] < timedelta(hours=3)
        assert user.password not in repr(user)

    assert verify(house.database).findings == ()
    assert house.job(ledger.check).sound


def test_the_same_seed_gives_the_same_people_and_another_others() -> None:
    from datetime import date
    from random import Random

    from branch_desk.operations.practice.demo_people import invent

    def some(seed: int) -> object:
        return invent(Random(seed), 50, ["CEN", "MON"], date(2026, 11, 23)).members

    assert some(1) == some(1) != some(2)


def test_a_real_database_is_never_filled_with_invented_people(house: House) -> None:
    secret = install.install(house)
    with pytest.raises(WrongState):
        demo.create(house, secret)
    assert house.work(lambda work: work.session.scalars(select(Member.id)).all()) == []
