"""The audit trail: what the check finds, what it does not cry about, who may read it."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, event, text

from branch_desk.models.anchor import Anchor, Head
from branch_desk.models.database import Database, plain_url
from branch_desk.models.errors import NotAllowed, UnreadableFile
from branch_desk.models.event import Event
from branch_desk.models.keys import Keys
from branch_desk.models.staff import Role
from branch_desk.operations.house import audit
from branch_desk.operations.house.verification import Finding, Problem, verify
from branch_desk.operations.work import Work, canonical, chain_of
from tests.builders import NOON, World

HOSTILE = [
    "O'Higgins, Ñuflo «el Viejo»",
    'a","reason":"b',
    "línea\r\n2026-01-01 falsa",
    "\x1b[31mrojo",
    "<b>&amp;</b>\\u0000",
    "{}[]\\\"'%s:name",
    "\U0001d518\U0001d52b e\u0301 \u202e",
    "|;--DROP TABLE audit_event",
]


def _subject(number: int) -> UUID:
    return UUID(int=number)


CHAIN = chain_of(_subject(1))
OTHER = next(n for n in range(2, 100) if chain_of(_subject(n)) not in (CHAIN, 0))


def fill(world: World, count: int = 10) -> None:
    """Write `count` events onto two chains, hostile names among them."""

    def deeds(work: Work) -> None:
        for place in range(count):
            for subject in (_subject(1), _subject(OTHER)):
                work.record(
                    Event.ENROLMENT_VIEWED,
                    subject,
                    member_id=_subject(7),
                    reason=HOSTILE[place % len(HOSTILE)],
                    folio=f"CEN-2026-{place:06}",
                )

    world.house.work(deeds)


def in_chain(world: World) -> int:
    """How many events the first chain has."""
    with world.house.database.engine.connect() as connection:
        return int(
            connection.execute(
                text(f"SELECT number FROM audit_head WHERE chain = {CHAIN}")
            ).scalar_one()
        )


@contextmanager
def as_owner(url: str) -> Iterator[Connection]:
    """Who owns the database and has taken the guards off first."""
    engine = create_engine(plain_url(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=OFF"))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                names = connection.scalars(
                    text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                )
                for name in names.all():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text("SET session_replication_role = replica"))
            yield connection
    finally:
        engine.dispose()  # else a failing test's connection is another test's warning


def rechain(connection: Connection, chain: int) -> None:
    """Hash a chain anew from its first event, and set its head: what a DBA with time would do."""
    previous, number = bytes(32), 0
    rows = connection.execute(
        text("SELECT number, text FROM audit_event WHERE chain = :c ORDER BY number"), {"c": chain}
    ).all()
    for number, said in rows:
        previous = hashlib.sha256(previous + said.encode()).digest()
        connection.execute(
            text("UPDATE audit_event SET hash = :h WHERE chain = :c AND number = :n"),
            {"h": previous, "c": chain, "n": number},
        )
    connection.execute(
        text("UPDATE audit_head SET number = :n, hash = :h WHERE chain = :c"),
        {"n": number, "h": previous, "c": chain},
    )


def edit_text(connection: Connection, number: int, change: Callable[[str], str]) -> None:
    said = connection.execute(
        text("SELECT text FROM audit_event WHERE chain = :c AND number = :n"),
        {"c": CHAIN, "n": number},
    ).scalar_one()
    connection.execute(
        text("UPDATE audit_event SET text = :t WHERE chain = :c AND number = :n"),
        {"t": change(said), "c": CHAIN, "n": number},
    )


def sql(statement: str) -> Callable[[Connection, int], None]:
    def tamper(connection: Connection, last: int) -> None:
        filled = statement.format(
            c=CHAIN, o=chain_of(_subject(OTHER)), last=last, id=_subject(99).hex
        )
        done = 0
        for part in filled.split(";"):
            done += connection.execute(text(part)).rowcount
        assert done > 0, "a tampering must touch something"

    return tamper


def texts(number: int, change: Callable[[str], str]) -> Callable[[Connection, int], None]:
    return lambda connection, _last: edit_text(connection, number, change)


def _shift(said: str) -> str:
    """Move a letter over the border of two fields: joined without borders, nothing would show."""
    moved = json.loads(said)
    moved["actor"], moved["reason"] = moved["actor"] + moved["reason"][:1], moved["reason"][1:]
    return canonical(moved)


def _swap_texts(connection: Connection, _last: int) -> None:
    rows = connection.execute(
        text("SELECT number, text, hash FROM audit_event WHERE chain = :c AND number IN (2, 3)"),
        {"c": CHAIN},
    ).all()
    for (number, _, _), (_, said, digest) in zip(rows, reversed(rows), strict=True):
        connection.execute(
            text("UPDATE audit_event SET text = :t, hash = :h WHERE chain = :c AND number = :n"),
            {"t": said, "h": digest, "c": CHAIN, "n": number},
        )


def _swap_chains(connection: Connection, _last: int) -> None:
    other = chain_of(_subject(OTHER))
    for table in ("audit_event", "audit_head"):
        for old, new in ((CHAIN, 1000), (other, CHAIN), (1000, other)):
            connection.execute(text(f"UPDATE {table} SET chain = {new} WHERE chain = {old}"))


def _renumber(connection: Connection, last: int) -> None:
    """Remove the third and close the gap behind it."""
    connection.execute(text(f"DELETE FROM audit_event WHERE chain = {CHAIN} AND number = 3"))
    for number in range(4, last + 1):
        connection.execute(
            text(
                f"UPDATE audit_event SET number = {number - 1} WHERE chain = {CHAIN} AND number = {number}"
            )
        )
    connection.execute(text(f"UPDATE audit_head SET number = {last - 1} WHERE chain = {CHAIN}"))


def _append(connection: Connection, last: int) -> None:
    connection.execute(
        text(
            "INSERT INTO audit_event SELECT chain, :n, at, event, staff_id, access_id, branch_id,"
            " subject_id, member_id, text, hash FROM audit_event WHERE chain = :c AND number = :l"
        ),
        {"n": last + 1, "c": CHAIN, "l": last},
    )


_UPDATE = "UPDATE audit_event SET {} WHERE chain = {{c}} AND number = 3"

TAMPERINGS: dict[str, tuple[Callable[[Connection, int], None], Problem, int | None]] = {
    "one letter of the text": (
        texts(3, lambda s: s.replace("VIEWED", "viewed").replace("viewed", "Viewed")),
        Problem.ALTERED,
        3,
    ),
    "a space in the text": (texts(3, lambda s: s + " "), Problem.ALTERED, 3),
    "an empty text": (texts(3, lambda _: ""), Problem.ALTERED, 3),
    "no JSON": (texts(3, lambda _: "nada"), Problem.ALTERED, 3),
    "another reason": (
        texts(3, lambda s: re.sub('"reason":"[^"]*', '"reason":"otro', s)),
        Problem.ALTERED,
        3,
    ),
    "another actor": (texts(3, lambda s: s.replace("Sistema", "oficial")), Problem.ALTERED, 3),
    "a letter moved to the next field": (texts(3, _shift), Problem.ALTERED, 3),
    "the first text": (texts(1, lambda s: s + " "), Problem.ALTERED, 1),
    "a hash": (
        sql(
            "UPDATE audit_event SET hash = (SELECT hash FROM audit_head WHERE chain = 5) WHERE chain = {c} AND number = 3"
        ),
        Problem.ALTERED,
        3,
    ),
    "the event's column": (sql(_UPDATE.format("event = 'access:closed'")), Problem.COLUMNS, 3),
    "the instant's column": (
        sql(_UPDATE.format("at = '2020-01-01 00:00:00.000000+00:00'")),
        Problem.COLUMNS,
        3,
    ),
    "the member's column": (sql(_UPDATE.format("member_id = '{id}'")), Problem.COLUMNS, 3),
    "the member's column emptied": (sql(_UPDATE.format("member_id = NULL")), Problem.COLUMNS, 3),
    "the staff's column": (sql(_UPDATE.format("staff_id = '{id}'")), Problem.COLUMNS, 3),
    "the subject's column": (sql(_UPDATE.format("subject_id = '{id}'")), Problem.COLUMNS, 3),
    "the branch's column": (sql(_UPDATE.format("branch_id = '{id}'")), Problem.COLUMNS, 3),
    "the access's column": (sql(_UPDATE.format("access_id = '{id}'")), Problem.COLUMNS, 3),
    "the first removed": (
        sql("DELETE FROM audit_event WHERE chain = {c} AND number = 1"),
        Problem.MISSING,
        1,
    ),
    "one in the middle removed": (
        sql("DELETE FROM audit_event WHERE chain = {c} AND number = 3"),
        Problem.MISSING,
        3,
    ),
    "one removed and the gap closed": (_renumber, Problem.ALTERED, 3),
    "two exchanged": (_swap_texts, Problem.ALTERED, 2),
    "the last removed": (
        sql("DELETE FROM audit_event WHERE chain = {c} AND number = {last}"),
        Problem.TAIL_CUT,
        10,
    ),
    "the last three removed": (
        sql("DELETE FROM audit_event WHERE chain = {c} AND number > {last} - 3"),
        Problem.TAIL_CUT,
        8,
    ),
    "a whole chain removed": (
        sql("DELETE FROM audit_event WHERE chain = {c}"),
        Problem.TAIL_CUT,
        1,
    ),
    "two chains exchanged": (_swap_chains, Problem.COLUMNS, 1),
    "the head set back": (
        sql("UPDATE audit_head SET number = number - 1 WHERE chain = {c}"),
        Problem.TAIL_ADDED,
        10,
    ),
    "the head's hash": (
        sql(
            "UPDATE audit_head SET hash = (SELECT hash FROM audit_event WHERE chain = {c} AND number = 1) WHERE chain = {c}"
        ),
        Problem.HEAD_ALTERED,
        10,
    ),
    "the head removed": (
        sql("DELETE FROM audit_head WHERE chain = {c}"),
        Problem.HEAD_MISSING,
        None,
    ),
    "one added after the last": (_append, Problem.ALTERED, 11),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_tampering_is_found_where_it_is(world: World, database_url: str, what: str) -> None:
    tamper, problem, number = TAMPERINGS[what]
    fill(world)
    assert verify(world.house.database).intact
    with as_owner(database_url) as connection:
        tamper(connection, in_chain(world))
    found = verify(world.house.database).findings
    assert Finding(problem, CHAIN, number) in found
    assert {finding.chain for finding in found} <= {CHAIN, chain_of(_subject(OTHER))}


def test_nothing_is_found_where_nothing_was_done(world: World) -> None:
    for _ in range(5):
        fill(world, 40)
    verdict = verify(world.house.database, keys=world.house.keys)
    assert verdict.intact
    assert verdict.events >= 400


@pytest.mark.parametrize("zone", ["America/La_Paz", "Asia/Kolkata", "Pacific/Apia"])
def test_the_server_may_show_times_in_any_zone(postgres_url: str, zone: str) -> None:
    from tests.builders import a_world

    world = a_world(postgres_url)
    fill(world)
    name = plain_url(postgres_url).database
    with world.house.database.engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET timezone = '{zone}'"))
        connection.execute(text(f"ALTER DATABASE {name} SET datestyle = 'German'"))
    world.house.database.close()
    again = Database(postgres_url)
    with again.engine.connect() as connection:
        assert connection.scalar(text("SHOW timezone")) == zone
    assert verify(again).intact
    again.close()


def test_a_chain_hashed_anew_is_only_seen_by_an_anchor(world: World, database_url: str) -> None:
    fill(world)
    anchor = world.house.job(audit.anchor)
    with as_owner(database_url) as connection:
        edit_text(connection, 3, lambda s: s.replace("Sistema", "oficial"))
        rechain(connection, CHAIN)
        connection.execute(text("DELETE FROM audit_anchor"))
    assert verify(world.house.database).intact
    found = verify(world.house.database, anchor, world.house.keys).findings
    assert found == (Finding(Problem.NOT_AS_ANCHORED, CHAIN, 10),)


def test_a_stored_anchor_sees_it_too(world: World, database_url: str) -> None:
    fill(world)
    world.house.job(audit.anchor)
    with as_owner(database_url) as connection:
        edit_text(connection, 3, lambda s: s.replace("Sistema", "oficial"))
        rechain(connection, CHAIN)
    found = verify(world.house.database, keys=world.house.keys).findings
    assert found == (Finding(Problem.NOT_AS_ANCHORED, CHAIN, 10),)


def test_an_old_copy_of_the_database_ends_before_the_anchor(
    world: World, database_url: str
) -> None:
    fill(world)
    old = in_chain(world)
    fill(world)
    anchor = world.house.job(audit.anchor)
    with as_owner(database_url) as connection:  # what the copy of before looks like
        connection.execute(
            text(f"DELETE FROM audit_event WHERE chain = {CHAIN} AND number > {old}")
        )
        rechain(connection, CHAIN)
        connection.execute(text("DELETE FROM audit_anchor"))
    assert verify(world.house.database).intact
    found = verify(world.house.database, anchor, world.house.keys).findings
    assert found == (Finding(Problem.BEFORE_ANCHOR, CHAIN, old),)


def test_a_database_that_grew_still_fits_its_anchor(world: World) -> None:
    fill(world)
    anchor = Anchor.from_text(world.house.job(audit.anchor).to_text())
    fill(world)
    assert verify(world.house.database, anchor, world.house.keys).intact


def test_a_forged_anchor_is_not_believed(world: World) -> None:
    fill(world)
    anchor = world.house.job(audit.anchor)
    heads = {**anchor.heads, CHAIN: Head(4, bytes(32))}
    for forged in (
        replace(anchor, heads=heads),
        replace(anchor, day=anchor.day - timedelta(days=1)),
        replace(anchor, made_at=anchor.made_at - timedelta(seconds=1)),
        Anchor.signed(anchor.day, anchor.made_at, heads, Keys.ephemeral()),
    ):
        verdict = verify(world.house.database, forged, world.house.keys)
        assert verdict.findings == (Finding(Problem.ANCHOR_FORGED),)


def test_a_broken_row_of_anchors_is_found(world: World, database_url: str) -> None:
    world.house.job(audit.anchor)
    with as_owner(database_url) as connection:
        connection.execute(text("UPDATE audit_anchor SET heads = '[]'"))
    assert verify(world.house.database).findings == (Finding(Problem.ANCHOR_FORGED),)


def test_a_later_anchor_of_a_day_takes_the_place_of_the_earlier(world: World) -> None:
    first = world.house.job(audit.anchor)
    world.clock.forward(hours=1)
    second = world.house.job(audit.anchor)
    assert first.day == second.day
    assert first.code != second.code
    verdict = verify(world.house.database, first, world.house.keys)
    assert verdict.intact
    assert verdict.anchors == 2


def test_the_day_of_an_anchor_is_the_day_in_la_paz(world: World) -> None:
    world.clock.now = NOON.replace(hour=3)
    assert world.house.job(audit.anchor).day == NOON.date() - timedelta(days=1)


def test_the_code_of_an_anchor_is_eight_groups_of_four(world: World) -> None:
    assert re.fullmatch(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", world.house.job(audit.anchor).code)


@pytest.mark.parametrize("broken", ["", "{}", "[]", '{"format":2}', '{"format":1,"day":"x"}'])
def test_a_file_that_is_no_anchor_is_refused(broken: str) -> None:
    with pytest.raises(UnreadableFile):
        Anchor.from_text(broken)


def test_the_check_writes_nothing(world: World, database_url: str, tmp_path: Path) -> None:
    fill(world)
    url = plain_url(database_url)
    if url.get_backend_name() == "sqlite":
        before = Path(url.database or "").read_bytes()
        verify(world.house.database)
        assert Path(url.database or "").read_bytes() == before
        return
    with world.house.database.engine.connect() as connection:
        numbers = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        taken = connection.scalar(numbers)
        verify(world.house.database)
        assert connection.scalar(numbers) == taken


def test_the_trail_of_a_member_is_told_in_order(world: World) -> None:
    fill(world, 3)
    world.clock.forward(minutes=1)
    world.house.work(
        lambda work: work.record(
            Event.ACCESS_LOCKED, _subject(1), member_id=_subject(7), lock_reason="PIN"
        )
    )
    desk = world.desk("auditora", Role.AUDITOR)
    told = desk(audit.timeline, _subject(7))
    assert len(told) == 7
    assert told[-1].event == "access:locked"
    assert told[-1].facts == {"lock_reason": "PIN"}
    assert {entry.reason for entry in told[:-1]} == set(HOSTILE[:3])
    assert len(desk(audit.timeline, _subject(1))) == 4
    assert desk(audit.timeline, _subject(7), limit=2) == told[-2:]


def test_the_whole_trail_is_read_page_by_page(world: World) -> None:
    fill(world, 30)
    world.clock.forward(minutes=1)
    fill(world, 30)
    desk = world.desk("auditora", Role.AUDITOR)
    seen: list[audit.Entry] = []
    after = None
    while True:
        page = desk(audit.events, audit.Filter(member_id=_subject(7)), after=after, limit=50)
        seen += page.rows
        after = page.next
        if after is None:
            break
    assert len(seen) == len({(e.chain, e.number) for e in seen}) == 120
    assert seen == sorted(seen, key=lambda e: (e.at, e.chain, e.number), reverse=True)


def test_the_trail_is_filtered(world: World) -> None:
    fill(world, 2)
    world.clock.forward(hours=1)
    desk = world.desk("auditora", Role.AUDITOR)
    signed_in = desk(audit.events, audit.Filter(events=(Event.STAFF_SIGNED_IN,))).rows
    assert [entry.event for entry in signed_in] == ["staff:signed_in"]
    assert desk(audit.events, audit.Filter(staff_id=signed_in[0].staff_id)).rows == signed_in
    early = desk(audit.events, audit.Filter(until=NOON + timedelta(minutes=1))).rows
    assert len(desk(audit.events, audit.Filter(since=NOON + timedelta(minutes=1))).rows) >= 1
    assert signed_in[0] not in early
    assert {
        e.subject_id for e in desk(audit.events, audit.Filter(subject_id=_subject(1))).rows
    } == {_subject(1)}


def test_a_supervisor_reads_what_the_own_branch_did(world: World) -> None:
    other = world.other_branch()
    world.desk("lejana", Role.OFFICER, branch_id=other)
    world.desk("cercano", Role.OFFICER)
    fill(world, 2)
    desk = world.desk("super", Role.SUPERVISOR)
    actors = {entry.actor for entry in desk(audit.events).rows}
    assert actors == {"cercano", "super"}
    assert desk(audit.events, audit.Filter(branch_id=other)).rows == ()
    assert desk(audit.timeline, _subject(7)) == ()


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ADMINISTRATOR])
def test_others_do_not_read_the_trail(world: World, role: Role) -> None:
    desk = world.desk("otro", role)
    for question in (lambda: desk(audit.events), lambda: desk(audit.timeline, _subject(1))):
        with pytest.raises(NotAllowed):
            question()
