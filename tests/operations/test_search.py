"""One field finds what was typed, by its beginning, verbatim, and only what one may see."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from branch_desk.models.access import AccessStatus, LockReason
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import (
    Channel,
    Enrolment,
    EnrolmentName,
    Representative,
    SigningRule,
    Status,
)
from branch_desk.models.errors import NotAllowed, NotFound
from branch_desk.models.event import Event
from branch_desk.models.member import Department, DocumentType, Member, MemberKind, rotations
from branch_desk.models.staff import Role
from branch_desk.operations.books.members import member, member_match, members
from branch_desk.operations.books.search import Hit, HitKind, find
from branch_desk.operations.request.duplicates import Duplicate, Owner, Shared, duplicates
from branch_desk.operations.request.requests import queue_counts, requests
from branch_desk.operations.work import Desk, Work
from tests.access_builders import approved, change, walk
from tests.builders import NOON, World

TERMS = "2026-1"


@pytest.fixture
def desk(world: World) -> Desk:
    return world.desk()


def request(
    world: World, number: str, status: Status = Status.SUBMITTED, **changes: object
) -> UUID:
    """A request of Carlos Rojas in the state asked for, by the moves the database allows."""
    values: dict[str, object] = {
        "id": new_id(),
        "number": number,
        "status": Status.SUBMITTED,
        "channel": Channel.BRANCH,
        "branch_id": world.branch_id,
        "kind": MemberKind.PERSON,
        "document_type": DocumentType.CI,
        "document_number": "5550001",
        "complement": "",
        "issued_in": Department.SC,
        "first_names": "Carlos",
        "first_surname": "Rojas",
        "second_surname": "Vaca",
        "email": "carlos@example.com",
        "mobile": "70055555",
        "user_name": "crojas",
        "submitted_at": NOON,
        "changed_at": NOON,
        "terms_version": TERMS,
        "terms_sha256": "0" * 64,
        "terms_accepted_at": NOON,
        "terms_channel": Channel.BRANCH,
    } | changes
    row = Enrolment(**values)

    def store(work: Work) -> None:
        work.session.add(row)
        work.session.flush()
        for text in rotations(row.name):
            work.session.add(EnrolmentName(text=text, enrolment_id=row.id))
        walk(work.session, row.id, status)

    world.house.work(store)
    return row.id


def kinds(hits: tuple[Hit, ...]) -> list[HitKind]:
    return [hit.kind for hit in hits]


@pytest.mark.parametrize(
    "typed",
    [
        "4567891",
        "4.567.891",
        "45678",
        "4567891-1B",
        "4567891-1b",
        "4567891-",
        "ana",
        "Ana María",
        "méndez",
        "MENDEZ RI",
        "rios ana mar",
        "mendez ana",
        "maria mend",
        "ana rios",
        "000123",
        "70012345",
        "ana@example.com",
        "ana@",
    ],
)
def test_a_member_is_found_by_whatever_is_typed_of_it(world: World, desk: Desk, typed: str) -> None:
    ana = world.member()
    world.member(
        "000124",
        document_number="9999999",
        complement="",
        first_names="Rosa",
        first_surname="Flores",
        second_surname="",
        email="r@example.com",
        mobile="60000000",
    )
    hits = desk(find, typed)
    assert [(hit.kind, hit.id) for hit in hits] == [(HitKind.MEMBER, ana)]
    assert hits[0].title == "Ana María Méndez Ríos"
    assert hits[0].subtitle == "000123 · 4567891-1B SC"


@pytest.mark.parametrize(
    "typed",
    ["%", "_", "*", "?", "men%", "m_ndez", "4567%", "456789_", "%mendez", "ana%rios", "[a-z]*",
     "ana\\", "' OR 1=1 --", '"; DROP TABLE member; --', "\x00", "", "   ", "méndez ríos x",
     "4567891-1C", "5567891", "SC01-", "\uff0a", "🙂", "ana_maria", "a" * 5000],
)  # fmt: skip
def test_a_wildcard_or_a_trick_is_a_text_like_any_other(
    world: World, desk: Desk, typed: str
) -> None:
    world.member()
    request(world, "CEN-2026-000001")
    assert desk(find, typed) == ()
    assert desk(members, typed).rows == () or not typed.strip()
    assert desk(requests, text=typed).rows == () or not typed.strip()


def test_names_are_found_with_and_without_accents(world: World, desk: Desk) -> None:
    for number, surname in enumerate(("Núñez", "Ñáñez", "D'Orbigny", "Peña-Áñez")):
        world.member(f"00{number}", document_number=f"80000{number}", first_surname=surname)
    for typed, found in {
        "nunez": "Núñez", "NÚÑEZ": "Núñez", "nanez": "Ñáñez", "d'orb": "D'Orbigny",
        "pena-anez": "Peña-Áñez", "pena anez": "Peña-Áñez",
    }.items():  # fmt: skip
        assert [hit.title.split()[2] for hit in desk(find, typed)] == [found], typed


def test_each_kind_is_found_and_says_what_it_is(world: World, desk: Desk) -> None:
    ana = world.member()
    account = world.account(ana, number="0045678910")
    folio = request(world, "CEN-2026-000007", document_number="4567891", complement="1B",
                    first_names="Ana María", first_surname="Méndez", second_surname="Ríos",
                    status=Status.SIGNED, member_id=ana, user_name="amendez")  # fmt: skip
    (access,) = approved(world, folio)
    change(world, access, locked_at=NOON, lock_reason=LockReason.PASSWORD)

    by_card = desk(find, "4567891")
    assert kinds(by_card) == [HitKind.MEMBER, HitKind.REQUEST, HitKind.ACCESS]
    assert [hit.id for hit in by_card] == [ana, folio, access]
    assert {hit.member_id for hit in by_card} == {ana}
    assert by_card[1].state is Status.APPROVED
    assert (by_card[2].state, by_card[2].locked, by_card[2].label) == (
        AccessStatus.INVITED, True, "amendez",
    )  # fmt: skip

    assert [hit.id for hit in desk(find, "amend")] == [access]
    assert {hit.kind for hit in desk(find, "mendez")} == {
        HitKind.MEMBER, HitKind.REQUEST, HitKind.ACCESS,
    }  # fmt: skip
    (found,) = desk(find, "00456789")
    assert (found.kind, found.id, found.member_id) == (HitKind.ACCOUNT, account, ana)
    assert found.account_kind == "CA"


@pytest.mark.parametrize(
    "typed", ["CEN-2026-000007", "cen-2026-000007", "CEN-2026-7", "CEN-2026-00", "CEN-2026"]
)
def test_a_request_is_found_by_its_folio_as_written_or_said(
    world: World, desk: Desk, typed: str
) -> None:
    folio = request(world, "CEN-2026-000007")
    assert [hit.id for hit in desk(find, typed)] == [folio]
    assert [row.id for row in desk(requests, text=typed).rows] == [folio]


def test_an_account_of_two_is_one_hit_under_its_first_holder(world: World, desk: Desk) -> None:
    ana = world.member()
    juan = world.member("000124", document_number="123456", first_names="Juan")
    account = world.account(ana, juan, number="1000200030")
    assert [(hit.id, hit.member_id) for hit in desk(find, "10002")] == [(account, ana)]


def test_what_equals_the_text_comes_first_and_every_kind_has_its_share(
    world: World, desk: Desk
) -> None:
    for number in range(30):
        world.member(f"9{number:03}", document_number=f"45678{number:02}", complement="")
    exact = world.member("8000", document_number="45678", complement="")
    account = world.account(exact, number="4567800000")
    hits = desk(find, "45678", limit=10)
    assert len(hits) == 10
    assert hits[0].id == exact
    assert account in {hit.id for hit in hits}


def test_requests_of_another_branch_are_not_shown_and_its_members_are(
    world: World, desk: Desk
) -> None:
    other = world.other_branch()
    there = request(world, "MON-2026-000001", branch_id=other)
    member_there = world.member(branch_id=other, first_names="Carlos")
    assert [hit.id for hit in desk(find, "carlos")] == [member_there]
    assert desk(find, "MON-2026-000001") == ()
    assert desk(requests).rows == ()
    assert sum(desk(queue_counts).values()) == 0

    auditor = world.desk("auditora", Role.AUDITOR)
    assert there in {hit.id for hit in auditor(find, "carlos")}
    assert [row.id for row in auditor(requests).rows] == [there]
    assert auditor(queue_counts)[Status.SUBMITTED] == 1


@pytest.mark.parametrize("read", [find, members, requests, queue_counts])
def test_an_administrator_sees_no_member_data(world: World, read: Callable[..., object]) -> None:
    admin = world.desk("jefa", Role.ADMINISTRATOR)
    values = ("ana",) if read is find else ()
    with pytest.raises(NotAllowed):
        admin(read, *values)


def test_the_queue_comes_in_pages_longest_waiting_first(world: World, desk: Desk) -> None:
    made = [
        request(world, f"CEN-2026-{n:06}", document_number=f"600{n:04}",
                status=[Status.SUBMITTED, Status.IDENTIFIED][n % 2],
                member_id=None if n % 2 == 0 else world.member(f"7{n}", document_number=f"600{n:04}"),
                submitted_at=NOON - timedelta(hours=(n * 7) % 25))
        for n in range(25)
    ]  # fmt: skip
    request(world, "CEN-2026-900000", document_number="6990000", status=Status.REJECTED)
    for newest_first in (False, True):
        seen: list[UUID] = []
        ages: list[timedelta] = []
        after: object | None = None
        while True:
            page = desk(requests, newest_first=newest_first, after=after, limit=10)
            seen += [row.id for row in page.rows]
            ages += [row.waiting for row in page.rows]
            after = page.next
            if after is None:
                break
        assert sorted(seen) == sorted(made)
        assert len(seen) == 25
        assert ages == sorted(ages, reverse=not newest_first)
    assert [row.status for row in desk(requests, statuses={Status.REJECTED}).rows] == [
        Status.REJECTED
    ]
    assert desk(requests, statuses=()).rows == ()


def test_a_line_of_the_queue_says_who_holds_the_request_and_until_when(
    world: World, desk: Desk
) -> None:
    other = world.staff("otra").staff_id
    mine = world.staff("oficial").staff_id
    until = NOON + timedelta(minutes=10)
    request(world, "CEN-2026-000001", document_number="1001", held_by=other, held_until=until)
    request(world, "CEN-2026-000002", document_number="1002", held_by=mine, held_until=until)
    request(world, "CEN-2026-000003", document_number="1003", held_by=other,
            held_until=NOON - timedelta(minutes=1))  # fmt: skip
    by_folio = {row.number[-1]: row for row in desk(requests).rows}
    assert (by_folio["1"].holder, by_folio["1"].held_until, by_folio["1"].held_by_me) == (
        "Otra", until, False,
    )  # fmt: skip
    assert by_folio["2"].held_by_me
    assert (by_folio["3"].holder, by_folio["3"].held_until) == ("", None)
    assert by_folio["1"].name == "Carlos Rojas Vaca"


def test_the_badges_count_each_open_state(world: World, desk: Desk) -> None:
    ana = world.member()
    for n, status in enumerate((Status.SUBMITTED, Status.SUBMITTED, Status.SIGNED)):
        request(world, f"CEN-2026-{n:06}", document_number=f"100{n}", status=status, member_id=ana)
    request(world, "CEN-2026-000009", document_number="1009", status=Status.EXPIRED)
    counts = desk(queue_counts)
    assert counts == {
        Status.SUBMITTED: 2, Status.IDENTIFIED: 0, Status.CONFIGURED: 0,
        Status.PRINTED: 0, Status.SIGNED: 1,
    }  # fmt: skip


def test_members_come_in_pages_by_number_document_and_name(world: World, desk: Desk) -> None:
    for n in range(7):
        world.member(f"{n:04}", document_number=f"45{n}0000", complement="")

    def walk(text: str) -> list[str]:
        numbers: list[str] = []
        after: object | None = None
        while True:
            page = desk(members, text, after, 3)
            numbers += [row.number for row in page.rows]
            after = page.next
            if after is None:
                return numbers

    everyone = [f"{n:04}" for n in range(7)]
    assert walk("") == everyone
    assert walk("45") == everyone
    assert walk("453") == ["0003"]
    assert sorted(walk("mendez")) == everyone
    assert walk("ana@example.com") == everyone
    assert sorted(walk("rios maria")) == everyone[:3], "words that stand apart give one page"


def test_a_look_at_a_record_is_recorded_and_a_list_is_not(world: World, desk: Desk) -> None:
    ana = world.member()
    juan = world.member("000124", document_number="123456", first_names="Juan")
    world.account(ana, juan, number="1000200030")

    def looks() -> list[UUID | None]:
        from branch_desk.models.audit import AuditEvent

        return list(
            world.house.work(
                lambda work: work.session.scalars(
                    select(AuditEvent.member_id).where(AuditEvent.event == Event.MEMBER_VIEWED)
                ).all()
            )
        )

    desk(members)
    desk(find, "ana")
    assert looks() == []
    record = desk(member, ana)
    assert (record.name, record.branch_code) == ("Ana María Méndez Ríos", "CEN")
    (account,) = record.accounts
    assert (account.number, account.holders, str(account.balance)) == (
        "1000200030",
        2,
        "Bs 5.000,00",
    )
    assert desk(member_match, DocumentType.CI, "4567891", "1B") == record
    assert looks() == [ana, ana]
    assert desk(member_match, DocumentType.CI, "4567891", "") is None
    assert desk(member_match, DocumentType.PASSPORT, "4567891", "1B") is None
    assert looks() == [ana, ana]
    with pytest.raises(NotFound):
        desk(member, new_id())


def test_who_shares_phone_mail_or_number_is_shown(world: World, desk: Desk) -> None:
    mine = world.member(
        document_number="5550001",
        complement="",
        email="x@example.com",
        mobile="70055555",
        first_names="Carlos",
    )
    request(world, "CEN-2025-000001", status=Status.REJECTED)  # the same person, earlier
    asked = request(world, "CEN-2026-000001", member_id=mine)
    assert desk(duplicates, asked) == ()

    phone = world.member("1", document_number="1111", mobile="70055555", email="p@example.com")
    number = world.member(
        "2", document_number="5550001", complement="1A", mobile="60000001", email="c@example.com"
    )
    company = request(
        world, "CEN-2026-000002", kind=MemberKind.COMPANY, document_type=DocumentType.NIT,
        document_number="1020304050", company_name="El Tajibo S.R.L.", first_names="",
        first_surname="", second_surname="", user_name="", signing_rule=SigningRule.SOLE,
        email="tajibo@example.com", mobile="60000002", issued_in=None,
    )  # fmt: skip
    world.house.work(
        lambda work: work.session.add(
            Representative(
                id=new_id(), enrolment_id=company, position=1, document_type=DocumentType.CI,
                document_number="7777777", first_names="Eva", first_surname="Paz",
                email="carlos@example.com", mobile="60000003", user_name="epaz",
                power_number="12/2024", power_date=NOON.date(), notary="N° 7", faculties="Todas",
            )
        )
    )  # fmt: skip
    found = {(each.shared, each.owner, each.id) for each in desk(duplicates, asked)}
    assert found == {
        (Shared.MOBILE, Owner.MEMBER, phone),
        (Shared.DOCUMENT, Owner.MEMBER, number),
        (Shared.EMAIL, Owner.REPRESENTATIVE, company),
    }
    (eva,) = [each for each in desk(duplicates, asked) if each.owner is Owner.REPRESENTATIVE]
    assert eva == Duplicate(
        Shared.EMAIL, Owner.REPRESENTATIVE, company, "Eva Paz", "7777777", "CEN-2026-000002",
        Status.SUBMITTED,
    )  # fmt: skip
    with pytest.raises(NotFound):
        desk(duplicates, new_id())


def test_no_search_reads_a_table_from_end_to_end(world: World, desk: Desk) -> None:
    if world.house.database.is_postgresql:
        pytest.skip("PostgreSQL's planner reads tables of three rows whole, and rightly")
    world.member()
    request(world, "CEN-2026-000007")
    asked: list[tuple[str, object]] = []
    event.listen(
        world.house.database.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, values, *_: asked.append((statement, values)),
    )
    for text in ("4567891", "4567891-1B", "ana", "ana rios", "amendez", "CEN-2026-7", "a@example.com",
                 "AAB123456", "70012345"):  # fmt: skip
        desk(find, text)
        desk(members, text)
        desk(requests, text=text)
    desk(members)
    desk(requests)
    desk(queue_counts)
    assert any("LIMIT" in statement for statement, _ in asked)

    def plans(work: Work) -> list[str]:
        connection = work.session.connection().connection.driver_connection
        assert connection is not None
        return [
            f"{line[3]} << {statement}"
            for statement, values in {s: v for s, v in asked if "SELECT" in s}.items()
            if "member" in statement or "enrolment" in statement
            for line in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    whole = [
        plan
        for plan in world.house.work(plans)
        if plan.startswith(("SCAN member", "SCAN enrolment", "SCAN account", "SCAN access"))
        and "USING" not in plan.split("<<")[0]
    ]
    assert whole == []


def test_a_search_of_members_is_one_question_to_the_database(world: World, desk: Desk) -> None:
    world.member()
    asked: list[str] = []
    event.listen(
        world.house.database.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: asked.append(statement),
    )
    desk(find, "4567891")
    assert len([statement for statement in asked if "UNION" in statement]) == 1
    assert len(asked) <= 3
    assert "LIKE" not in " ".join(asked).upper()


def test_the_table_of_members_is_untouched_by_a_search(world: World, desk: Desk) -> None:
    world.member()
    desk(find, "'; DELETE FROM member; --")
    assert world.house.work(lambda work: work.session.scalars(select(Member.number)).all()) == [
        "000123"
    ]
