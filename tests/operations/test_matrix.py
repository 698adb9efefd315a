"""Who may call what: every operation by every caller, as `matrix.csv` says (R6, R7, R13, R57).

The file is written by hand and read by people; neither a new operation nor a changed permission
passes without a line there. A cell is `yes` or the name of the refusal. `fresh` says whether the
password must be given again, `event` which audit record a success leaves behind.
"""

import csv
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

import branch_desk.operations as package
from branch_desk.models.audit import AuditEvent, AuditHead
from branch_desk.models.errors import (
    DomainError,
    FreshSignInNeeded,
    NotAllowed,
    SessionEnded,
    SignInFailed,
)
from branch_desk.models.staff import Role, StaffSession
from branch_desk.operations.house import sign_in, staff
from branch_desk.operations.work import OPERATIONS, Caller, Work, name_of
from tests.builders import PASSWORD
from tests.matrix_subjects import BEFORE, ROLES, VALUES, Outcome, Subjects, build
from tests.short_ways import (
    Undone,
)

MODULES = {
    module.name.rsplit(".", 1)[-1]: importlib.import_module(module.name)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
}
IMPAIRED = ("inactive", "other_branch", "expired", "locked")
MEMBERS = {"socio": "portal", "socio_vencido": "expired_portal"}
"""Members who call, and by which portal of the subjects."""
CALLERS = ("anonymous", *ROLES, *IMPAIRED, "sistema", *MEMBERS)
STAFF_AND_MEMBERS: frozenset[str] = frozenset()
"""Operations that are meant for both."""

with (Path(__file__).parent / "matrix.csv").open(encoding="utf-8", newline="") as _file:
    MATRIX = {row["operation"]: row for row in csv.DictReader(_file)}

NO_EVENT_BY_DESIGN = {
    "drafts.save": "nothing was done yet; a record a keystroke would drown the deeds",
    "drafts.drop": "likewise",
}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def subjects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subjects]:
    """Built once for all cells: each takes back what it did."""
    if request.param == "sqlite":
        from branch_desk.models.database import upgrade

        url = f"sqlite:///{tmp_path_factory.mktemp('matrix') / 'branch_desk.sqlite'}"
        upgrade(url)
        s = build(url)
        yield s
        s.house.database.close()
        return
    server = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("postgres_template"))
    s = build(server.url(name))
    yield s
    s.house.database.close()
    server.drop(name)


def role_of(operation: str, caller: str) -> Role:
    """An impaired caller has a role that could; only the impairment is in the way."""
    if caller in ROLES:
        return ROLES[caller]
    may = [name for name in ROLES if MATRIX[operation][name] == "yes"]
    return ROLES[may[0] if may else "oficial"]


def operation_of(name: str) -> Callable[..., Any]:
    module, function = name.split(".")
    found: Callable[..., Any] = getattr(MODULES[module], function)
    return found


def call(s: Subjects, operation: str, caller: str, role: Role, *, stale: bool = False) -> Outcome:
    """Call an operation as somebody, and take back what it did."""
    who = (caller if caller in (*IMPAIRED, "anonymous") else "", role)
    desk, person = s.desks[who], s.people.get(who, s.people["", role])
    noon = s.world.clock.now
    with Undone(s.house.database):
        if operation in BEFORE and MATRIX[operation].get(caller) == "yes":
            BEFORE[operation](s, desk, person)
        if stale:
            _make_stale(s)
        args, kwargs = VALUES[operation](s, person) if operation in VALUES else ((), {})
        heads = _heads(s)
        deed = operation_of(operation)
        try:
            if caller == "sistema":
                s.house.job(deed, *args, **kwargs)
            elif caller in MEMBERS:
                s.ids[MEMBERS[caller]](deed, *args, **kwargs)
            else:
                desk(deed, *args, **kwargs)
            answer = "yes"
        except DomainError as refusal:
            answer = type(refusal).__name__
        events = _newer_than(s, heads)
    s.world.clock.now = noon
    return Outcome(answer, events)


def calls(s: Subjects, operation: str) -> dict[str, Outcome]:
    """What every caller gets from an operation."""
    if operation not in s.called:
        s.called[operation] = {
            caller: call(s, operation, caller, role_of(operation, caller)) for caller in CALLERS
        }
    return s.called[operation]


def _heads(s: Subjects) -> dict[int, int]:
    query = select(AuditHead.chain, AuditHead.number)
    rows = s.house.work(lambda work: work.session.execute(query).all(), reads=True)
    return {row.chain: row.number for row in rows}


def _newer_than(s: Subjects, heads: dict[int, int]) -> tuple[tuple[str, str], ...]:
    grown = [chain for chain, number in _heads(s).items() if number > heads[chain]]
    if not grown:
        return ()
    query = select(AuditEvent.chain, AuditEvent.number, AuditEvent.event, AuditEvent.text)
    query = query.where(AuditEvent.chain.in_(grown))
    rows = s.house.work(lambda work: work.session.execute(query).all(), reads=True)
    return tuple(
        (event, json.loads(text)["facts"].get("operation", ""))
        for chain, number, event, text in rows
        if number > heads[chain]
    )


def _make_stale(s: Subjects) -> None:
    """As if everybody had given the password six minutes ago."""
    given = s.world.clock.now - timedelta(minutes=6)
    stale = update(StaffSession).values(fresh_at=given)
    s.house.work(lambda work: work.session.execute(stale))


def test_every_operation_has_its_line_and_every_line_its_operation() -> None:
    assert sorted(MATRIX) == sorted(OPERATIONS)


def test_every_function_that_works_in_a_transaction_of_its_own_is_an_operation() -> None:
    unmarked = [
        f"{name}.{function.__name__}"
        for name, module in MODULES.items()
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not function.__name__.startswith("_")
        if next(iter(inspect.signature(function).parameters.values()), None) is not None
        if next(iter(inspect.signature(function).parameters.values())).annotation is Work
        if name_of(function) not in OPERATIONS
    ]
    assert unmarked == []


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_each_caller_may_do_what_the_file_says_and_no_more(
    subjects: Subjects, operation: str
) -> None:
    row = MATRIX[operation]
    found = {caller: made.answer for caller, made in calls(subjects, operation).items()}
    assert found == {caller: row[caller] for caller in CALLERS}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_deed_leaves_its_record_and_every_refusal_too(
    subjects: Subjects, operation: str
) -> None:
    row = MATRIX[operation]
    reads = OPERATIONS[operation].reads
    silent = reads or operation in NO_EVENT_BY_DESIGN
    for caller, made in calls(subjects, operation).items():
        events = [event for event, _ in made.events]
        if made.answer == "yes":
            assert row["event"] in events if row["event"] else events == [] and silent, caller
        elif made.answer == "SignInFailed":
            assert events == ["staff:reauthentication_failed"], caller
        elif caller != "sistema" and made.answer not in _UNTOLD.get(reads, ()):
            assert made.events == (("operation:refused", operation),), caller


_UNTOLD = {True: ("SessionEnded", "SessionLocked", "NotFound")}
"""A look refused for the session's sake changed nothing and told nothing: no record is owed."""


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_what_needs_the_password_afresh_is_refused_without_it(
    subjects: Subjects, operation: str
) -> None:
    row = MATRIX[operation]
    for caller, role in ROLES.items():
        if row[caller] == "yes":
            made = call(subjects, operation, caller, role, stale=True)
            expected = "FreshSignInNeeded" if row["fresh"] == "fresh" else "yes"
            assert made.answer == expected, caller


def test_somebody_elses_password_makes_nothing_fresh(subjects: Subjects) -> None:
    s = subjects
    desk = s.desks["", Role.SUPERVISOR]
    other = s.people["", Role.ADMINISTRATOR]
    with Undone(s.house.database):
        _make_stale(s)
        for password, code in ((PASSWORD, s.world.code(other)), ("otra clave larga", "000000")):
            with pytest.raises(SignInFailed):
                sign_in.reauthenticate(desk, password, code)
            with pytest.raises(FreshSignInNeeded):
                desk(operation_of("approval.approve"), s.signed, terms_sha256=s.terms)


def test_a_taken_role_counts_from_the_next_call_of_the_open_session(subjects: Subjects) -> None:
    s = subjects
    desk, person = s.desks["", Role.SUPERVISOR], s.people["", Role.SUPERVISOR]
    only_supervisors = [
        name
        for name, row in MATRIX.items()
        if row["supervisor"] == "yes" and row["auditor"] != "yes"
    ]
    assert len(only_supervisors) > 30
    passed, asked = [], 0
    with Undone(s.house.database):
        admin = s.desks["", Role.ADMINISTRATOR]
        branch = s.world.branch_id
        admin(staff.change, person.staff_id, role=Role.AUDITOR, branch_id=branch, active=True)
        for name in only_supervisors * 3:
            args, kwargs = VALUES[name](s, person)
            asked += 1
            try:
                desk(operation_of(name), *args, **kwargs)
                passed.append(name)
            except NotAllowed:
                continue
    assert passed == []
    assert asked >= 100


def test_a_disabled_user_is_out_from_the_next_call_of_the_open_session(
    subjects: Subjects,
) -> None:
    s = subjects
    passed, asked = [], 0
    for role in ROLES.values():
        desk, person = s.desks["", role], s.people["", role]
        by = "" if role is not Role.ADMINISTRATOR else "locked"
        with Undone(s.house.database):
            admin = s.desks[by, Role.ADMINISTRATOR]
            if by:
                s.house.work(
                    lambda work: work.session.execute(update(StaffSession).values(locked_at=None))
                )
            branch = s.world.branch_id
            admin(staff.change, person.staff_id, role=role, branch_id=branch, active=False)
            for name in MATRIX:
                args, kwargs = (
                    VALUES[name](s, person)
                    if name in VALUES and name != "enrolment.amend"
                    else ((), {})
                )
                asked += 1
                try:
                    desk(operation_of(name), *args, **kwargs)
                    passed.append(name)
                except SessionEnded:
                    continue
    assert passed == []
    assert asked >= 400


def test_nothing_of_another_branch_is_listed(subjects: Subjects) -> None:
    s = subjects
    for role in (Role.OFFICER, Role.SUPERVISOR):
        desk = s.desks["other_branch", role]
        assert desk(operation_of("requests.requests")).rows == ()
        assert set(desk(operation_of("requests.queue_counts")).values()) == {0}
        assert desk(operation_of("enrolment.open_count")) == 0
        assert "REQUEST" not in {hit.kind for hit in desk(operation_of("search.find"), "Méndez")}


def test_staff_and_members_share_no_operation_but_by_intention() -> None:
    both = {
        name
        for name, permission in OPERATIONS.items()
        if Caller.MEMBER in permission.callers and permission.callers & set(Role)
    }
    assert both == STAFF_AND_MEMBERS
    assert any(Caller.MEMBER in permission.callers for permission in OPERATIONS.values())


def test_a_part_of_others_has_no_caller_and_what_is_marked_has_one_in_the_file() -> None:
    for name, row in MATRIX.items():
        assert bool(OPERATIONS[name].callers) == ("yes" in row.values()), name


def test_what_only_a_desk_has_is_asked_of_no_member() -> None:
    """A portal knows neither a password given afresh nor a locked or unfinished session."""
    for name, p in OPERATIONS.items():
        if Caller.MEMBER in p.callers:
            assert (p.fresh, p.unfinished, p.locked) == (False, False, False), name
        assert not p.opens or p.callers == {Caller.MEMBER}, name
