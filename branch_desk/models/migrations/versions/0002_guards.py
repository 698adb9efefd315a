"""Guards of the database itself, the last net under the operations (R8, R14, R18, R52).

A guard is a condition under which a change of a row is refused, written once for both databases.
Whoever owns the tables can drop the guards: what was done behind them shows in the audit chain.
What a guard knows of the rules is copied here as it was at this revision; a later rule gets a
later revision.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHAINS = 64

_CLOSED = "('APPROVED', 'REJECTED', 'EXPIRED', 'WITHDRAWN')"
_ENROLMENT_MOVES = {
    "SUBMITTED": "IDENTIFIED REJECTED EXPIRED WITHDRAWN",
    "IDENTIFIED": "SUBMITTED CONFIGURED REJECTED EXPIRED WITHDRAWN",
    "CONFIGURED": "SUBMITTED IDENTIFIED PRINTED REJECTED EXPIRED WITHDRAWN",
    "PRINTED": "SUBMITTED IDENTIFIED CONFIGURED SIGNED REJECTED EXPIRED WITHDRAWN",
    "SIGNED": "SUBMITTED IDENTIFIED CONFIGURED APPROVED REJECTED EXPIRED WITHDRAWN",
}
_ACCESS_MOVES = {
    "INVITED": "ENROLLING CLOSED",
    "ENROLLING": "ACTIVE CLOSED",
    "ACTIVE": "SUSPENDED CLOSED",
    "SUSPENDED": "ACTIVE CLOSED",
}

_APPEND_ONLY = (
    "audit_event",
    "decision",
    "hand",
    "identity_check",
    "difference",
    "card_exception",
    "unlock",
)
_NEVER_DELETED = (
    "audit_head",
    "audit_anchor",
    "printed_form",
    "printing",
    "attachment",
    "enrolment",
)
_CHOSEN = ("chosen_account", "chosen_limit", "chosen_biller", "representative")

_FORM = "enrolment_id, revision, form_version, terms, terms_sha256, pdf, pdf_sha256, page_size"
_SHEET = "enrolment_id, kind, form_id, media_type, content, sha256, staff_id, filed_at"


@dataclass(frozen=True)
class _Guard:
    """Refuse `event` on a row of `table` when `condition` holds; `event` as in CREATE TRIGGER."""

    name: str
    table: str
    event: str
    condition: str
    message: str


def _moved(moves: dict[str, str]) -> str:
    pairs = ", ".join(f"'{old}>{new}'" for old, targets in moves.items() for new in targets.split())
    return f"OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN ({pairs})"


def _append_only() -> list[_Guard]:
    return [
        _Guard(f"{table}_{event.lower()}", table, event, "1 = 1", f"{table} is append-only")
        for table in _APPEND_ONLY
        for event in ("UPDATE", "DELETE")
    ] + [
        _Guard(f"{table}_delete", table, "DELETE", "1 = 1", f"{table} is never deleted")
        for table in _NEVER_DELETED
    ]


def _audit() -> list[_Guard]:
    return [
        _Guard("audit_head_insert", "audit_head", "INSERT", "1 = 1", "the chains are given"),
        _Guard(
            "audit_head_forward",
            "audit_head",
            "UPDATE",
            "NEW.chain <> OLD.chain OR NEW.number <> OLD.number + 1 OR NOT EXISTS (SELECT 1"
            " FROM audit_event e WHERE e.chain = NEW.chain AND e.number = NEW.number"
            " AND e.hash = NEW.hash)",
            "a chain's head follows its events",
        ),
        _Guard(
            "audit_event_next",
            "audit_event",
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM audit_head h WHERE h.chain = NEW.chain"
            " AND h.number = NEW.number - 1)",
            "an event follows its chain's head",
        ),
        _Guard(
            "audit_anchor_forward",
            "audit_anchor",
            "UPDATE",
            "NEW.day <> OLD.day OR NEW.made_at < OLD.made_at",
            "a day's anchor is only renewed",
        ),
    ]


def _papers() -> list[_Guard]:
    return [
        _Guard(
            "printed_form_frozen",
            "printed_form",
            f"UPDATE OF id, {_FORM}, staff_id, made_at",
            "1 = 1",
            "a printed form is frozen",
        ),
        _Guard(
            "printed_form_voided",
            "printed_form",
            "UPDATE OF copies, voided_at",
            "NEW.copies < OLD.copies OR (OLD.voided_at IS NOT NULL"
            " AND (NEW.voided_at IS NULL OR NEW.voided_at <> OLD.voided_at))",
            "a voided form stays voided, copies only grow",
        ),
        _Guard(
            "printing_frozen",
            "printing",
            "UPDATE OF id, form_id, copy_number, destination, staff_id, started_at",
            "1 = 1",
            "a printing is history",
        ),
        _Guard(
            "printing_ended",
            "printing",
            "UPDATE",
            "OLD.ended_at IS NOT NULL",
            "a printing that ended is history",
        ),
        _Guard(
            "attachment_frozen",
            "attachment",
            f"UPDATE OF id, {_SHEET}",
            "1 = 1",
            "what was filed is frozen",
        ),
        _Guard(
            "attachment_replaced",
            "attachment",
            "UPDATE OF replaced_at",
            "OLD.replaced_at IS NOT NULL",
            "what was replaced stays replaced",
        ),
    ]


def _requests() -> list[_Guard]:
    closed = "EXISTS (SELECT 1 FROM enrolment e WHERE e.id = {}.enrolment_id AND e.status IN {})"
    return [
        _Guard(
            "enrolment_begins",
            "enrolment",
            "INSERT",
            "NEW.status <> 'SUBMITTED' OR NEW.revision <> 1",
            "a request begins submitted",
        ),
        _Guard(
            "enrolment_closed",
            "enrolment",
            "UPDATE",
            f"OLD.status IN {_CLOSED}",
            "a closed request cannot change",
        ),
        _Guard(
            "enrolment_move",
            "enrolment",
            "UPDATE OF status",
            _moved(_ENROLMENT_MOVES),
            "not a move of a request",
        ),
        _Guard(
            "enrolment_back",
            "enrolment",
            "UPDATE OF revision",
            "NEW.revision < OLD.revision",
            "a request's revision only grows",
        ),
        _Guard(
            "enrolment_approval",
            "enrolment",
            "UPDATE OF status",
            "NEW.status = 'APPROVED' AND NOT EXISTS (SELECT 1 FROM decision d"
            " WHERE d.enrolment_id = NEW.id AND d.verdict = 'APPROVED'"
            " AND d.revision = NEW.revision)",
            "a request is approved by a decision on its revision",
        ),
        *(
            _Guard(
                f"{table}_closed_{event.lower()}",
                table,
                event,
                closed.format("NEW" if event == "INSERT" else "OLD", _CLOSED),
                "a closed request cannot change",
            )
            for table in _CHOSEN
            for event in ("INSERT", "UPDATE", "DELETE")
        ),
        _Guard(
            "access_begins",
            "access",
            "INSERT",
            "NEW.status <> 'INVITED' OR NOT EXISTS (SELECT 1 FROM decision d"
            " JOIN enrolment e ON e.id = d.enrolment_id WHERE d.enrolment_id = NEW.enrolment_id"
            " AND d.verdict = 'APPROVED' AND e.member_id = NEW.member_id)",
            "a user begins invited, by an approval",
        ),
        _Guard(
            "access_move",
            "access",
            "UPDATE OF status",
            _moved(_ACCESS_MOVES),
            "not a move of a user",
        ),
        _Guard(
            "access_owner",
            "access",
            "UPDATE OF id, member_id, enrolment_id, representative_id, person",
            "1 = 1",
            "a user does not change hands",
        ),
    ]


def _decisions() -> list[_Guard]:
    return [
        _Guard(
            "decision_person",
            "decision",
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = NEW.supervisor_id"
            " AND s.person = NEW.person AND s.role = 'SUPERVISOR' AND s.active)",
            "only a supervisor decides, in person",
        ),
        _Guard(
            "decision_four_eyes",
            "decision",
            "INSERT",
            "NEW.verdict = 'APPROVED' AND EXISTS (SELECT 1 FROM hand h"
            " WHERE h.enrolment_id = NEW.enrolment_id AND h.person = NEW.person)",
            "nobody approves what they touched",
        ),
        _Guard(
            "decision_binds",
            "decision",
            "INSERT",
            "NEW.verdict = 'APPROVED' AND NOT EXISTS (SELECT 1 FROM enrolment e"
            " JOIN printed_form f ON f.enrolment_id = e.id AND f.revision = e.revision"
            " JOIN attachment a ON a.form_id = f.id AND a.enrolment_id = e.id"
            " WHERE e.id = NEW.enrolment_id AND e.status = 'SIGNED' AND e.revision = NEW.revision"
            " AND f.id = NEW.form_id AND f.voided_at IS NULL AND f.terms_sha256 = NEW.terms_sha256"
            " AND a.kind = 'SIGNED_FORM' AND a.replaced_at IS NULL AND a.sha256 = NEW.sheet_sha256)",
            "an approval binds to the signed sheet of the current revision",
        ),
    ]


def upgrade() -> None:
    op.bulk_insert(
        sa.table(
            "audit_head",
            sa.column("chain", sa.BigInteger),
            sa.column("number", sa.BigInteger),
            sa.column("hash", sa.LargeBinary),
        ),
        [{"chain": chain, "number": 0, "hash": bytes(32)} for chain in range(_CHAINS)],
    )
    guards = [*_append_only(), *_audit(), *_papers(), *_requests(), *_decisions()]
    if op.get_bind().dialect.name == "sqlite":
        for guard in guards:
            _on_sqlite(guard)
        return
    # A table of the caller's own temporary schema must not stand in for a real one.
    path = f"pg_catalog, {op.get_bind().scalar(sa.text('SELECT quote_ident(current_schema())'))}, pg_temp"
    for guard in guards:
        _on_postgresql(guard, path)
    _only_on_postgresql(path)


def _on_sqlite(guard: _Guard) -> None:
    message = guard.message.replace("'", "''")
    op.execute(
        f"CREATE TRIGGER guard_{guard.name} BEFORE {guard.event} ON {guard.table}"
        f" FOR EACH ROW WHEN {guard.condition}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _on_postgresql(guard: _Guard, path: str) -> None:
    row = "OLD" if guard.event == "DELETE" else "NEW"
    message = guard.message.replace("'", "''")
    op.execute(
        f"CREATE FUNCTION guard_{guard.name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {path} AS $$ BEGIN"
        f" IF {guard.condition} THEN"
        f" RAISE EXCEPTION USING MESSAGE = '{message}', ERRCODE = 'check_violation';"
        f" END IF; RETURN {row}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER guard_{guard.name} BEFORE {guard.event} ON {guard.table}"
        f" FOR EACH ROW EXECUTE FUNCTION guard_{guard.name}()"
    )
    op.execute(f"REVOKE ALL ON FUNCTION guard_{guard.name}() FROM PUBLIC")


def _only_on_postgresql(path: str) -> None:
    op.execute(
        f"CREATE FUNCTION guard_truncate() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {path} AS $$ BEGIN"
        " RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is never emptied',"
        " ERRCODE = 'check_violation'; END $$"
    )
    for table in (*_APPEND_ONLY, *_NEVER_DELETED):
        op.execute(
            f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION guard_truncate()"
        )
    # SQLite has no sha256 of its own; there the verifier alone finds a wrong hash.
    _on_postgresql(
        _Guard(
            "audit_event_hash",
            "audit_event",
            "INSERT",
            "NEW.hash <> (SELECT sha256(h.hash || convert_to(NEW.text, 'UTF8'))"
            " FROM audit_head h WHERE h.chain = NEW.chain)",
            "an event is hashed onto its chain",
        ),
        path,
    )
    # An approval waits for whoever is changing the request or becoming one of its hands, and
    # looks afterwards. By its name this trigger fires before the other guards of the table.
    op.execute(
        f"CREATE FUNCTION guard_decision_alone() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {path} AS $$ BEGIN"
        " PERFORM 1 FROM enrolment e WHERE e.id = NEW.enrolment_id FOR UPDATE;"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER guard_decision_alone BEFORE INSERT ON decision"
        " FOR EACH ROW EXECUTE FUNCTION guard_decision_alone()"
    )
    op.execute("REVOKE ALL ON FUNCTION guard_truncate(), guard_decision_alone() FROM PUBLIC")
