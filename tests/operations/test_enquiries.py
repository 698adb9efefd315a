"""What members and the desk read of money: only what was granted, each look of the desk recorded."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, event, select, text

from branch_desk.models.account import AccountKind, Handling, Holder
from branch_desk.models.audit import AuditEvent
from branch_desk.models.base import new_id
from branch_desk.models.calendar import Holiday
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import NotFound, NotGranted
from branch_desk.models.event import Event
from branch_desk.models.interbank import InterbankGate
from branch_desk.models.ledger import INTERBANK, LOAN_INTEREST, PostingKind
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import OperationKind, OperationStatus
from branch_desk.models.parameter import LimitKind, StarterLimit, StarterReason
from branch_desk.models.schedule import RunStatus
from branch_desk.models.staff import Role
from branch_desk.operations.enquiries import desk_enquiries, enquiries
from branch_desk.operations.enquiries.movement_rows import Movement
from branch_desk.operations.money import parameters
from branch_desk.operations.portal import Portal
from branch_desk.operations.users import access, member_sign_in
from branch_desk.operations.users.attempts import Origin
from tests.access_builders import MEMBER_PASSWORD, MEMBER_PIN, a_portal, an_active, change
from tests.builders import NOON, World
from tests.money_rows import (
    a_limit,
    a_loan,
    a_payee,
    a_posting,
    a_run,
    a_schedule,
    an_operation,
    an_order,
    grant,
    member_of,
)

K = OperationKind
S = OperationStatus


@pytest.fixture
def ana(world: World) -> UUID:
    """Ana's user; what the house decided is read anew."""
    parameters.forget()
    return an_active(world, world.desk("oficial"))[0]


@pytest.fixture
def savings(world: World, ana: UUID) -> UUID:
    made = world.account(member_of(world, ana))
    grant(world, ana, made)
    return made


@pytest.fixture
def portal(world: World, ana: UUID) -> Portal:
    return a_portal(world, ana)


def bs(centavos: int) -> Money:
    return Money(centavos, Currency.BOB)


def held(world: World, access_id: UUID, number: str, **about: Any) -> UUID:
    """Another account of the user's member."""
    return world.account(member_of(world, access_id), number=number, **about)


def looks(world: World, kind: Event) -> list[tuple[UUID | None, UUID | None]]:
    query = select(AuditEvent.subject_id, AuditEvent.member_id).where(AuditEvent.event == kind)
    return world.house.work(lambda work: [(a, b) for a, b in work.session.execute(query)])


def test_products_show_balance_what_is_available_and_the_next_instalment(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    current = held(world, ana, "1000200040", kind=AccountKind.CURRENT, overdraft=30_000)
    deposit = held(world, ana, "1000200050", kind=AccountKind.TERM_DEPOSIT)
    loan = held(world, ana, "1000200060", kind=AccountKind.LOAN, balance=270_000)
    due = [date(2026, 10, 5), date(2026, 11, 5), date(2026, 12, 5), date(2027, 1, 5)]
    a_loan(world, loan, *due, paid=1)
    for each in (current, deposit, loan):
        grant(world, ana, each)
    found = {each.number: each for each in portal(enquiries.products)}
    assert list(found) == ["1000200030", "1000200040", "1000200050", "1000200060"]
    assert found["1000200030"].available == bs(500_000)
    assert found["1000200040"].overdraft == bs(30_000)
    assert found["1000200040"].available == bs(530_000)
    assert found["1000200050"].available is None
    owed = found["1000200060"]
    assert (owed.balance, owed.available, owed.debit) == (bs(270_000), None, False)
    assert owed.next_instalment is not None
    assert owed.next_instalment.due_on == date(2026, 11, 5)
    assert owed.next_instalment.money == bs(100_000)
    assert owed.next_instalment.overdue == 1


def test_a_loan_that_is_paid_off_has_no_next_instalment(
    world: World, ana: UUID, portal: Portal
) -> None:
    loan = held(world, ana, "1000200060", kind=AccountKind.LOAN, balance=0)
    a_loan(world, loan, date(2026, 10, 5), paid=1)
    grant(world, ana, loan)
    assert portal(enquiries.products)[0].next_instalment is None


def test_what_was_not_granted_or_not_through_this_channel_is_not_there(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    held(world, ana, "1000200031")
    only_mobile = held(world, ana, "1000200032")
    grant(world, ana, only_mobile, web=False)
    assert [each.id for each in portal(enquiries.products)] == [savings]
    with pytest.raises(NotGranted):
        portal(enquiries.movements, only_mobile)
    portal = _by_mobile(world, ana)
    assert only_mobile in [each.id for each in portal(enquiries.products)]
    assert portal(enquiries.movements, only_mobile).rows


def test_who_holds_the_account_no_more_sees_nothing_of_it(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    an_operation(world, ana, K.OTHER_BANK, savings, **_to_a_bank(world, ana))
    world.house.work(lambda work: work.session.execute(delete(Holder)))
    assert portal(enquiries.products) == ()
    assert portal(enquiries.operations).rows == ()
    with pytest.raises(NotGranted):
        portal(enquiries.movements, savings)


def test_an_account_that_is_not_there_answers_like_one_that_is_not_granted(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    other = world.account(world.member("000124", document_number="5555555"), number="1000200099")
    for account_id in (other, new_id()):
        with pytest.raises(NotGranted) as refused:
            portal(enquiries.movements, account_id)
        assert refused.value.facts == {"kind": "account"}


def test_movements_tell_what_moved_with_whom_and_what_was_left(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    beto = world.account(world.member("000124", document_number="5555555"), number="1000200099")
    payee = a_payee(world, ana)
    sent = an_operation(
        world,
        ana,
        K.OTHER_BANK,
        savings,
        beneficiary_id=payee,
        value_date=date(2026, 11, 24),
    )
    minute = timedelta(minutes=1)
    at = world.clock.now
    a_posting(world, 10_000, debit=savings, credit=INTERBANK, at=at, entry_id=sent, debit_after=490_000,
              kind=PostingKind.INTERBANK)  # fmt: skip
    a_posting(world, 2_500, debit=beto, credit=savings, at=at + minute, credit_after=492_500)
    a_posting(world, 10_000, debit=INTERBANK, credit=savings, at=at + 2 * minute, reverses_id=sent,
              kind=PostingKind.REVERSAL)  # fmt: skip
    back, came, went, opening = portal(enquiries.movements, savings).rows
    assert (went.amount, went.balance) == (bs(-10_000), bs(490_000))
    assert (went.operation, went.concept) == (K.OTHER_BANK, "Alquiler de noviembre")
    assert (went.other_name, went.other_number) == ("Carla Roca Suárez · Banco Unión", "…5678")
    assert (came.amount, came.balance) == (bs(2_500), bs(492_500))
    assert (came.other_name, came.other_number) == ("", "…0099")
    assert (back.kind, back.amount, back.balance) == (PostingKind.REVERSAL, bs(10_000), None)
    assert back.other_name == "Carla Roca Suárez · Banco Unión"
    assert (opening.kind, opening.amount) == (PostingKind.OPENING, bs(500_000))


def test_what_somebody_else_sent_does_not_tell_whom_he_called_how(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    sender = an_active(
        world, world.desk("otra"), number="000124", document_number="5555555", user_name="beto"
    )[0]
    from_beto = held(world, sender, "1000200099")
    payee = a_payee(world, sender, account_id=savings, name="La de la tienda")
    sent = an_operation(world, sender, K.THIRD_PARTY, from_beto, beneficiary_id=payee,
                        credit_account_id=savings)  # fmt: skip
    a_posting(world, 10_000, debit=from_beto, credit=savings, entry_id=sent, credit_after=510_000)
    came = portal(enquiries.movements, savings).rows[0]
    assert (came.other_name, came.other_number) == ("", "…0099")


def test_a_payment_lessens_what_is_owed(world: World, ana: UUID, portal: Portal) -> None:
    savings = held(world, ana, "1000200030")
    loan = held(world, ana, "1000200060", kind=AccountKind.LOAN, balance=270_000)
    grant(world, ana, loan)
    later = world.clock.now + timedelta(minutes=1)
    a_posting(world, 90_000, debit=savings, credit=loan, kind=PostingKind.LOAN_CAPITAL,
              at=later, credit_after=180_000)  # fmt: skip
    a_posting(world, 9_500, debit=savings, credit=LOAN_INTEREST, kind=PostingKind.LOAN_INTEREST,
              at=later)  # fmt: skip
    paid, began = portal(enquiries.movements, loan).rows
    assert (paid.amount, paid.balance) == (bs(-90_000), bs(180_000))
    assert (began.amount, began.balance) == (bs(270_000), bs(270_000))


def test_pages_give_each_movement_once_however_many_share_an_instant(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    beto = world.account(world.member("000124", document_number="5555555"), number="1000200099")
    at = world.clock.now
    made = {
        (
            a_posting(
                world,
                100 + n,
                debit=savings if n % 3 else beto,
                credit=beto if n % 3 else savings,
                at=at + timedelta(seconds=n // 4),
            ),
            1,
        )
        for n in range(23)
    }
    seen: list[Movement] = []
    after: object | None = None
    for _ in range(10):
        page = portal(enquiries.movements, savings, after, 5)
        seen += page.rows
        after = page.next
        if after is None:
            break
    keys = [(each.at, each.entry_id, each.position) for each in seen]
    assert {(each.entry_id, each.position) for each in seen} > made
    assert len(seen) == 24
    assert [each.at for each in seen] == sorted((each.at for each in seen), reverse=True)
    assert len(set(keys)) == 24


def test_a_page_reads_two_ranges_of_the_ledger_and_nothing_else_of_it(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    engine = world.house.database.engine
    asked: list[tuple[str, Any]] = []

    def hear(*told: Any) -> None:
        if "posting" in told[2]:
            asked.append((told[2], told[3]))

    after = portal(enquiries.movements, savings).rows[0]
    event.listen(engine, "before_cursor_execute", hear)
    portal(enquiries.movements, savings)
    portal(enquiries.movements, savings, (after.at, after.entry_id, after.position))
    event.remove(engine, "before_cursor_execute", hear)
    assert len(asked) == 2
    for statement, values in asked:
        said = _plan(world, statement, values)
        for side in ("ix_posting_debit", "ix_posting_credit"):
            assert side in said, said
        assert "SCAN posting" not in said
        assert "Seq Scan on posting" not in said


def test_limits_say_what_was_used_of_them_today_and_this_month(
    world: World, ana: UUID, portal: Portal
) -> None:
    today = date(2026, 11, 23)
    change(world, ana, active_since=world.clock.now - timedelta(days=90))
    used = {"used_in_day": 60_000, "count_in_day": 2, "used_in_month": 880_000}
    a_limit(world, ana, LimitKind.OWN, day=today, **used)
    a_limit(world, ana, LimitKind.OTHER_BANK, day=today - timedelta(days=1), **used)
    a_limit(world, ana, LimitKind.SERVICE, day=date(2026, 10, 31), **used)
    found = {each.kind: each for each in portal(enquiries.limits)}
    own, bank = found[LimitKind.OWN], found[LimitKind.OTHER_BANK]
    assert (own.used_today, own.count_today) == (bs(60_000), 2)
    assert own.used_this_month == bs(880_000)
    assert own.left_today == bs(20_000)  # the month's rest is less than the day's
    assert (bank.used_today, bank.count_today, bank.used_this_month) == (bs(0), 0, bs(880_000))
    service = found[LimitKind.SERVICE]
    assert (service.used_today, service.used_this_month) == (bs(0), bs(0))
    assert service.left_today == bs(200_000)


def test_new_things_lower_the_day_until_the_last_of_them_is_old(
    world: World, ana: UUID, portal: Portal
) -> None:
    _starter(world, StarterReason.ENROLMENT, hours=24, per_day=50_000)
    _starter(world, StarterReason.CONTACT, hours=72, per_day=80_000)
    now = world.clock.now
    change(world, ana, active_since=now, contact_changed_at=now - timedelta(hours=1))
    a_limit(world, ana, LimitKind.OWN)
    a_limit(world, ana, LimitKind.THIRD_PARTY)
    found = {each.kind: each for each in portal(enquiries.limits)}
    assert found[LimitKind.OWN].lowered is None
    lowered = found[LimitKind.THIRD_PARTY].lowered
    assert lowered is not None
    assert lowered.reasons == (StarterReason.ENROLMENT, StarterReason.CONTACT)
    assert lowered.per_day == bs(50_000)
    assert lowered.until == now + timedelta(hours=71)
    assert found[LimitKind.THIRD_PARTY].left_today == bs(50_000)
    file = world.desk("oficial")(access.file, ana)
    assert {each.kind: each for each in file.limits} == found


def test_a_member_sees_the_own_operations_and_what_is_still_to_come(
    world: World, ana: UUID, savings: UUID, portal: Portal
) -> None:
    hidden = held(world, ana, "1000200031")
    done = an_operation(world, ana, K.OWN, savings, credit_account_id=hidden)
    world.clock.forward(minutes=1)
    sent = an_operation(world, ana, K.OTHER_BANK, savings, **_to_a_bank(world, ana))
    an_operation(world, ana, K.OWN, hidden, credit_account_id=savings)
    assert [each.id for each in portal(enquiries.operations).rows] == [sent, done]
    (coming,) = portal(enquiries.under_way)
    assert coming.id == sent
    assert (coming.status, coming.value_date) == (S.RECEIVED, date(2026, 11, 23))
    assert (coming.debit_number, coming.other_number) == ("1000200030", "…5678")
    assert coming.under_way


def test_the_desk_reads_any_members_movements_and_each_holder_can_see_that_it_did(
    world: World, ana: UUID
) -> None:
    member = member_of(world, ana)
    beto = world.member("000124", document_number="5555555", complement="")
    joint = world.account(member, beto, number="1000200031", handling=Handling.JOINT)
    desk = world.desk("auditora", Role.AUDITOR)
    assert len(desk(desk_enquiries.movements, joint).rows) == 1
    seen = looks(world, Event.MOVEMENTS_VIEWED)
    assert sorted(seen) == sorted([(joint, member), (joint, beto)])
    with pytest.raises(NotFound):
        desk(desk_enquiries.movements, new_id())


def test_the_desk_reads_what_is_under_way_first_page_by_page(
    world: World, ana: UUID, savings: UUID
) -> None:
    to = _to_a_bank(world, ana)
    other = held(world, ana, "1000200031")
    made = []
    for number in range(9):
        world.clock.forward(minutes=1)
        kind, about = (K.OTHER_BANK, to) if number % 2 else (K.OWN, {"credit_account_id": other})
        made.append(an_operation(world, ana, kind, savings, **about))
    desk, member = world.desk("oficial"), member_of(world, ana)
    expected = [*made[7::-2], *made[8::-2]]
    for limit in (1, 2, 3, 4, 5, 8, 9, 20):
        seen: list[UUID] = []
        after: object | None = None
        pages = 0
        while pages < 12:
            page = desk(desk_enquiries.operations, member, after, limit)
            seen += [each.id for each in page.rows]
            after, pages = page.next, pages + 1
            if after is None:
                break
        assert seen == expected, limit
    assert looks(world, Event.OPERATIONS_VIEWED)[0] == (member, member)


def test_the_desk_sees_the_last_digits_of_a_beneficiary_and_until_when_it_is_new(
    world: World, ana: UUID
) -> None:
    _starter(world, StarterReason.BENEFICIARY, hours=24, per_day=50_000)
    beto = world.account(world.member("000124", document_number="5555555"), number="1000200099")
    a_payee(world, ana, account_id=beto, created_at=world.clock.now - timedelta(days=3))
    a_payee(world, ana)
    a_payee(world, ana, number="777777", removed_at=world.clock.now)
    desk, member = world.desk("oficial"), member_of(world, ana)
    here, away = desk(desk_enquiries.beneficiaries, member)
    assert (here.number, here.bank, here.lowered) == ("…0099", "", None)
    assert (away.number, away.bank, away.lowered) == ("…5678", "Banco Unión", bs(50_000))
    assert away.lowered_until == world.clock.now + timedelta(hours=24)
    assert looks(world, Event.BENEFICIARIES_VIEWED) == [(member, member)]


def test_the_desk_sees_what_is_scheduled_and_how_it_went_last(
    world: World, ana: UUID, savings: UUID
) -> None:
    payee = a_payee(world, ana)
    rent = an_order(K.OTHER_BANK, savings, 150_000, beneficiary=str(payee))
    power = an_order(K.TOP_UP, savings, 2_000, biller="TIGO-PRE", client="70012345")
    ended = a_schedule(world, ana, power, None)
    monthly = a_schedule(world, ana, rent, date(2026, 12, 1))
    a_run(world, monthly, date(2026, 10, 1), RunStatus.DONE)
    a_run(world, monthly, date(2026, 11, 1), RunStatus.FAILED, "NotEnoughFunds")
    desk, member = world.desk("oficial"), member_of(world, ana)
    first, second = desk(desk_enquiries.schedules, member)
    assert (first.id, second.id) == (monthly, ended)
    assert (first.other_name, first.other_number) == ("Carla Roca Suárez · Banco Unión", "…5678")
    assert (first.money, first.next_on) == (bs(150_000), date(2026, 12, 1))
    assert first.last is not None
    assert (first.last.due_on, first.last.refusal) == (date(2026, 11, 1), "NotEnoughFunds")
    assert (second.other_name, second.other_number, second.last) == ("TIGO prepago", "…2345", None)
    assert looks(world, Event.SCHEDULES_VIEWED) == [(member, member)]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 23, 16, 29, 59, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 23, 16, 30, 0, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 27, 16, 30, 1, tzinfo=UTC), date(2026, 11, 30)),  # a Friday
        (datetime(2026, 11, 28, 13, 0, 0, tzinfo=UTC), date(2026, 11, 30)),
    ],
)
def test_the_clock_counts_to_the_next_cut_off_and_says_when_it_arrives(
    world: World, now: datetime, day: date
) -> None:
    parameters.forget()
    world.clock.now = now
    told = world.desk("oficial")(desk_enquiries.cut_off)
    assert told.now == now
    assert told.credited_on == day
    assert told.at == datetime(day.year, day.month, day.day, 16, 30, tzinfo=UTC)


def test_a_holiday_or_a_day_that_is_closed_already_is_no_promise(world: World) -> None:
    desk = world.desk("oficial")
    tuesday, wednesday = date(2026, 11, 24), date(2026, 11, 25)

    def close(work: Any) -> None:
        gate = work.session.get(InterbankGate, 1) or InterbankGate(id=1)
        gate.closed_through = date(2026, 11, 23)
        work.session.add(gate)

    world.house.work(close)
    parameters.forget()
    assert desk(desk_enquiries.cut_off).credited_on == tuesday
    world.house.work(lambda work: work.session.add(Holiday(day=tuesday, name="Feriado")))
    parameters.forget()
    assert desk(desk_enquiries.cut_off).credited_on == wednesday
    parameters.forget()


def _by_mobile(world: World, access_id: UUID) -> Portal:
    """The member signed in from a phone."""
    change(world, access_id, by_mobile=True)
    origin = Origin(Channel.MOBILE, "200.87.1.3")
    given = member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, origin)
    token = member_sign_in.pin(world.house, given, MEMBER_PIN, origin)
    return Portal(world.house, token.reveal())


def _to_a_bank(world: World, access_id: UUID) -> dict[str, Any]:
    return {"beneficiary_id": a_payee(world, access_id), "value_date": NOON.date()}


def _starter(world: World, reason: StarterReason, *, hours: int, per_day: int) -> None:
    """A starter limit that holds since the first of the month."""

    def store(work: Any) -> None:
        known = select(StarterLimit).where(StarterLimit.reason == reason)
        for row in work.session.scalars(known):
            work.session.delete(row)
        work.session.flush()
        work.session.add(
            StarterLimit(
                reason=reason,
                currency=Currency.BOB,
                hours=hours,
                per_day=per_day,
                effective_from=datetime(2026, 11, 1, tzinfo=UTC),
            )
        )

    world.house.work(store)
    parameters.forget()


def test_what_is_under_way_is_found_by_an_index_of_its_own(
    world: World, ana: UUID, savings: UUID
) -> None:
    engine = world.house.database.engine
    asked: list[tuple[str, Any]] = []

    def hear(*told: Any) -> None:
        if "FROM operation" in told[2]:
            asked.append((told[2], told[3]))

    event.listen(engine, "before_cursor_execute", hear)
    world.desk("oficial")(desk_enquiries.operations, member_of(world, ana))
    event.remove(engine, "before_cursor_execute", hear)
    assert "ix_operation_member_under_way" in _plan(world, *asked[0])


def _plan(world: World, statement: str, values: Any) -> str:
    """How the database would go about a statement."""
    postgres = world.house.database.is_postgresql
    with world.house.database.engine.connect() as connection:
        if postgres:
            # The tables are too small here for the planner to bother.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        explain = "EXPLAIN " if postgres else "EXPLAIN QUERY PLAN "
        plan = connection.exec_driver_sql(explain + statement, values).all()
    return "\n".join(str(row[0] if postgres else row[-1]) for row in plan)
