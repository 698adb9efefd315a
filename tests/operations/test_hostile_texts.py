"""No text is ever more than a text: in a field, a search, a log, a query (R58, R77, R86)."""

import ast
import logging
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import MetaData, func, select

import branch_desk
from branch_desk.models.errors import InvalidValue, SignInFailed
from branch_desk.models.validation import RULES, clean_text
from branch_desk.operations.books import members, search
from branch_desk.operations.house import sign_in
from branch_desk.operations.request import drafts, enrolment, identity, requests
from branch_desk.operations.users import access, member_sign_in
from tests.access_builders import HOME
from tests.builders import World
from tests.journey import (
    TAJIBO,
    a_company_application,
    a_reading,
    a_representative,
    view,
)
from tests.short_ways import REASON, a_person, an_adult, signed

FORGERIES = ("Ana\r\n2026-11-23 INFO approved", "Ana\x1b[2K\x1b[1A", "Ana\u2028otra", "Ana\x00")


@pytest.mark.parametrize("evil", FORGERIES)
def test_names_with_line_breaks_and_escapes_forge_no_log_line(
    world: World, caplog: pytest.LogCaptureFixture, evil: str
) -> None:
    caplog.set_level(logging.DEBUG, logger="branch_desk")
    officer = world.desk("oficial")
    with pytest.raises(SignInFailed):
        sign_in.sign_in(world.house, evil, "x", "y", desk_name=evil)
    with pytest.raises(SignInFailed):
        member_sign_in.password(world.house, evil, "x", HOME)
    with pytest.raises(InvalidValue) as refusal:
        officer(enrolment.submit, an_adult(5_800_001, address=evil))
    assert "\n" not in str(refusal.value)
    assert officer(search.find, evil) == ()
    assert officer(access.find, evil) == ()
    log = [line.getMessage() for line in caplog.records]
    assert not any("approved" in line or re.search(r"[\r\x1b\u2028\x00]", line) for line in log)


@pytest.mark.parametrize("evil", FORGERIES[1:])
def test_a_reason_with_characters_nobody_sees_is_refused(world: World, evil: str) -> None:
    officer = world.desk("oficial")
    enrolment_id = officer(enrolment.submit, a_person(world, 5_800_002))
    file = view(officer, enrolment_id)
    with pytest.raises(InvalidValue):
        officer(enrolment.withdraw, enrolment_id, file.version, f"{REASON} {evil}")
    reading = a_reading(file)
    card = dict(reading.card) | {"first_names": evil}
    explained = {"first_names": REASON}
    wrong = replace(reading, card=card, reasons=explained)
    with pytest.raises(InvalidValue) as refusal:
        officer(identity.identify, enrolment_id, file.version, wrong)
    assert refusal.value.field == "card_first_names"
    card |= {"first_names": "Anna"}
    wrong = replace(reading, card=card, reasons={"first_names": REASON + evil})
    with pytest.raises(InvalidValue) as refusal:
        officer(identity.identify, enrolment_id, file.version, wrong)
    assert refusal.value.field == "reason_first_names"


HOSTILE = (
    *("' OR '1'='1", "'; DROP TABLE member; --", "1; DELETE FROM enrolment", "') OR 1=1 --", '" OR ""="'),
    *("admin'--", "x' UNION SELECT password_hash FROM staff --", "\\'; SELECT 1; --", "${jndi:ldap://x}"),
    *("1 OR 1=1", "'||'", "'+'", "/* */", "--", ";", "NULL", "null", "None", "undefined", "true"),
    *("%", "_", "%%", "a%", "_na", "*", "?", "[a-z]", "^A", "\\", "\\\\", "\\%", ".*", "(?:)"),
    *("<b>Ana</b>", "<script>alert(1)</script>", "<img src=x onerror=1>", "&lt;b&gt;", "&amp;", "&nbsp;"),
    *("<!-- x -->", "]]>", "<para>x</para>", "{{7*7}}", "{% raw %}", "{0}", "{name}", "%s", "%d%n", "%(name)s"),
    *("$(id)", "`id`", "| ls", "&& ls", "../../etc/passwd", "file:///etc/passwd", "=1+1", "@SUM(1)", "+cmd"),
    *("\u202egnp.exe", "\u200bAna", "A\u200dna", "\ufeffAna", "Ana\u00adMaría", "\u2066x\u2069", "Ana\tMaría", "A\x00B"),
    *("O'Connor", "Ñandú & Cía.", "Müller-Lüdenscheidt", "Ana\u0301", "D’Ávila «El Grande»"),
)  # fmt: skip


def _kept(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _counts(world: World) -> dict[str, int]:
    tables = MetaData()
    tables.reflect(world.house.database.engine)
    with world.house.database.engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in tables.sorted_tables
        }


def test_there_are_enough_hostile_texts() -> None:
    assert len(set(HOSTILE)) >= 67


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_field_keeps_a_hostile_text_as_it_is_or_refuses_it(name: str) -> None:
    shape = RULES[name].shape or str
    for text in HOSTILE:
        kept, reason = _cleaned(name, text)
        assert reason or kept == shape(_kept(text))


def _cleaned(name: str, text: str) -> tuple[str, object]:
    """What is kept of a text, or why it is refused."""
    try:
        return clean_text(name, text), ""
    except InvalidValue as refusal:
        return "", refusal.facts["reason"]


def test_hostile_texts_come_back_from_the_database_as_they_were_typed(world: World) -> None:
    officer = world.desk("oficial")
    world.account(world.company(), number="2000100")
    said = a_company_application(a_representative())
    enrolment_id = officer(enrolment.submit, said)
    before = _counts(world)
    kept = 0
    for text in HOSTILE:
        person = a_representative(notary=text, faculties=text)
        values = replace(TAJIBO, address=text)
        version = view(officer, enrolment_id).version
        wish = replace(said, values=values, representatives=(person,))
        if any(_cleaned(name, text)[1] for name in ("address", "notary", "faculties")):
            with pytest.raises(InvalidValue):
                officer(enrolment.amend, enrolment_id, version, wish)
            continue
        officer(enrolment.amend, enrolment_id, version, wish)
        kept += 1
        stored = view(officer, enrolment_id).application
        assert stored.values.address == _kept(text)
        assert stored.representatives[0].notary == _kept(text)
        officer(drafts.save, "new", {"address": text})
        draft = officer(drafts.load, "new")
        assert draft is not None
        assert draft.content == {"address": text}
    assert kept > 50
    grown = {name for name, count in _counts(world).items() if count != before[name]}
    assert grown <= {"audit_event", "draft"}


def test_a_hostile_text_in_any_search_finds_nothing_and_changes_nothing(world: World) -> None:
    officer = world.desk("oficial")
    signed(officer, a_person(world, 5_900_001))
    before = _counts(world)
    for text in HOSTILE:
        if text in {
            "1 OR 1=1",
            "Ana\u0301",
            "\u200bAna",
            "A\u200dna",
            "\ufeffAna",
            "Ana\u00adMaría",
            "Ana\tMaría",
        }:
            continue  # said without its tricks this is the name or the number of somebody
        assert officer(search.find, text) == (), text
        assert officer(members.members, text).rows == (), text
        assert officer(requests.requests, text=text).rows == (), text
        assert officer(access.find, text) == (), text
    assert _counts(world) == before


_SOURCES = sorted(
    path
    for path in Path(branch_desk.__file__).parent.rglob("*.py")
    if "migrations" not in path.parts  # they speak to nobody's input
)
_SPEAKS_SQL = {
    "text",
    "execute",
    "exec_driver_sql",
    "scalar",
    "scalars",
    "literal_column",
    "executescript",
}


CONSTANTS = ["database.py:PRAGMA "]
"""A PRAGMA takes no parameter; those set are constants on the lines above it."""


def _built(node: ast.expr) -> bool:
    """Whether a text was put together where it is used, not written out."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        sides = (node.left, node.right)
        return any(isinstance(s, ast.Constant) and isinstance(s.value, str) for s in sides)
    formats = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return formats and isinstance(node.func, ast.Attribute) and node.func.attr == "format"  # type: ignore[attr-defined]  # a call, see the line above


def _begin(node: ast.expr) -> str:
    first = node.values[0] if isinstance(node, ast.JoinedStr) else node
    return str(first.value) if isinstance(first, ast.Constant) else ast.unparse(node)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_no_sql_is_put_together_from_texts() -> None:
    built = [
        f"{path.name}:{_begin(node.args[0])}"
        for path in _SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _name(node.func) in _SPEAKS_SQL
        if any(_built(argument) for argument in node.args[:1])
    ]
    assert built == CONSTANTS


def test_no_search_is_a_pattern() -> None:
    patterns = [
        f"{path.name}:{node.lineno}"
        for path in _SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        if _name(node.func) in {"like", "ilike", "contains", "regexp_match", "endswith_op"}
        and isinstance(node.func, ast.Attribute)
    ]
    assert patterns == []
