"""Guards of what members do with money, the last net under the operations (R52, R61).

As in revision 0002: a condition under which a change of a row is refused, written once for both
databases. Most look at the row alone, and PostgreSQL asks those without calling a function: a
transfer pays nothing for them. What a guard knows of the rules is copied here as it was at this
revision; a later rule gets a later revision.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("posting", "operation_signature", "schedule_run", "biller_export")
_NEVER_DELETED = (
    "operation",
    "interbank_batch",
    "interbank_gate",
    "beneficiary",
    "loan",
    "bill",
    "unlock_try",
)

_MOVES = {
    "WAITING": "CANCELLED LAPSED",  # and what its kind begins as, below
    "RECEIVED": "BATCHED",
    "BATCHED": "SENT",
    "SENT": "CREDITED REJECTED",
    "ACCEPTED": "CONFIRMED FAILED",
}
_BEGINNINGS = (
    "('OWN>DONE', 'THIRD_PARTY>DONE', 'LOAN>DONE', 'OTHER_BANK>RECEIVED', 'BILL>ACCEPTED',"
    " 'TOP_UP>ACCEPTED')"
)
_ENDS = "('CANCELLED', 'LAPSED', 'DONE', 'CREDITED', 'REJECTED', 'CONFIRMED', 'FAILED')"

_ORDER = (
    "id, kind, access_id, member_id, channel, debit_account_id, credit_account_id,"
    " beneficiary_id, currency, amount, payload, payload_sha256, totp_step, created_at,"
    " biller_code, client_code, bill_id, schedule_id"
)
_BENEFICIARY = (
    "id, member_id, access_id, kind, account_id, account_kind, currency, number, name,"
    " document_number, complement, bank_code, payload_sha256, created_at"
)


@dataclass(frozen=True)
class _Guard:
    """Refuse `event` on a row of `table` when `condition` holds; `event` as in CREATE TRIGGER.

    `lookup` is a further condition that asks other rows.
    """

    name: str
    table: str
    event: str
    condition: str
    message: str
    lookup: str = ""


def _moved(moves: dict[str, str]) -> str:
    pairs = ", ".join(f"'{old}>{new}'" for old, targets in moves.items() for new in targets.split())
    return f"OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN ({pairs})"


def _changed(*columns: str) -> str:
    """Say that one of these changes, also from or to nothing."""
    return " OR ".join(
        f"OLD.{name} <> NEW.{name} OR (OLD.{name} IS NULL) <> (NEW.{name} IS NULL)"
        for name in columns
    )


def _set_once(table: str, *columns: str) -> list[_Guard]:
    return [
        _Guard(
            f"{table}_{name}",
            table,
            f"UPDATE OF {name}",
            f"OLD.{name} IS NOT NULL AND ({_changed(name)})",
            f"{table}.{name} is set once",
        )
        for name in columns
    ]


def _append_only() -> list[_Guard]:
    return [
        _Guard(f"{table}_{event.lower()}", table, event, "1 = 1", f"{table} is append-only")
        for table in _APPEND_ONLY
        for event in ("UPDATE", "DELETE")
    ] + [
        _Guard(f"{table}_delete", table, "DELETE", "1 = 1", f"{table} is never deleted")
        for table in _NEVER_DELETED
    ]


def _ledger() -> list[_Guard]:
    return [
        _Guard(
            "posting_mirror",
            "posting",
            "INSERT",
            "NEW.reverses_id IS NOT NULL",
            "a reversal mirrors the posting it takes back",
            # Of account and house one is unset on each side, so that one comparison is enough.
            lookup="NOT EXISTS (SELECT 1 FROM posting p WHERE p.entry_id = NEW.reverses_id"
            " AND p.position = NEW.position AND p.kind <> 'REVERSAL'"
            " AND p.currency = NEW.currency AND p.amount = NEW.amount"
            " AND (p.debit_account_id = NEW.credit_account_id OR p.debit_house = NEW.credit_house)"
            " AND (p.credit_account_id = NEW.debit_account_id OR p.credit_house = NEW.debit_house))",
        ),
    ]


def _operations() -> list[_Guard]:
    return [
        _Guard(
            "operation_begins",
            "operation",
            "INSERT",
            f"NEW.batch_id IS NOT NULL OR (NEW.status <> 'WAITING'"
            f" AND NEW.kind || '>' || NEW.status NOT IN {_BEGINNINGS})",
            "an operation begins waiting, or as its kind begins",
        ),
        _Guard(
            "operation_order",
            "operation",
            f"UPDATE OF {_ORDER}",
            "1 = 1",
            "an order is frozen",
        ),
        _Guard(
            "operation_move",
            "operation",
            "UPDATE OF status",
            f"{_moved(_MOVES)} AND (OLD.status <> 'WAITING'"
            f" OR NEW.kind || '>' || NEW.status NOT IN {_BEGINNINGS})",
            "not a move of an operation",
        ),
        _Guard(
            "operation_ended",
            "operation",
            "UPDATE",
            f"OLD.status IN {_ENDS}",
            "an operation that ended does not change",
        ),
        # Signed by the last one after the cut-off, it is promised for a later day.
        _Guard(
            "operation_value_date",
            "operation",
            "UPDATE OF value_date",
            f"OLD.status <> 'WAITING' AND ({_changed('value_date')})",
            "a value date that was promised stays",
        ),
        *_set_once("operation", "batch_id", "moved_at"),
    ]


def _other_banks() -> list[_Guard]:
    return [
        _Guard(
            "interbank_batch_frozen",
            "interbank_batch",
            "UPDATE OF id, day, currency, count, total, closed_at",
            "1 = 1",
            "a closed batch is frozen",
        ),
        *_set_once("interbank_batch", "written_at", "csv_sha256", "xml_sha256"),
        _Guard(
            "interbank_gate_forward",
            "interbank_gate",
            "UPDATE",
            "NEW.id <> OLD.id OR NEW.closed_through < OLD.closed_through",
            "a closed day stays closed",
        ),
        _Guard(
            "beneficiary_frozen",
            "beneficiary",
            f"UPDATE OF {_BENEFICIARY}",
            "1 = 1",
            "a beneficiary is frozen",
        ),
        *_set_once("beneficiary", "removed_at"),
    ]


def _debts() -> list[_Guard]:
    instalment = (
        "account_id",
        "number",
        "due_on",
        "capital",
        "interest",
        "other",
        "paid_on",
        "operation_id",
    )
    return [
        _Guard(
            "instalment_paid",
            "instalment",
            "UPDATE",
            f"OLD.paid_on IS NOT NULL AND ({_changed(*instalment)})",
            "a paid instalment does not change",
        ),
        _Guard(
            "instalment_delete",
            "instalment",
            "DELETE",
            "OLD.paid_on IS NOT NULL",
            "a paid instalment is never deleted",
        ),
        _Guard(
            "bill_taken",
            "bill",
            "UPDATE",
            "OLD.status IN ('TAKEN', 'PAID')"
            f" AND ({_changed('id', 'biller_code', 'client_code', 'number', 'currency', 'amount')})",
            "a bill somebody pays is frozen",
        ),
        _Guard(
            "bill_paid",
            "bill",
            "UPDATE OF status",
            "OLD.status = 'PAID' AND NEW.status <> 'PAID'",
            "a paid bill stays paid",
        ),
    ]


def _sessions() -> list[_Guard]:
    return [
        _Guard(
            "member_session_frozen",
            "member_session",
            "UPDATE OF id, access_id, token_digest, channel, address, started_at, expires_at",
            "1 = 1",
            "a member's session is frozen",
        ),
        _Guard(
            "member_session_ended",
            "member_session",
            "UPDATE",
            "OLD.ended_at IS NOT NULL",
            "a session that ended stays ended",
        ),
        _Guard(
            "unlock_try_frozen",
            "unlock_try",
            "UPDATE OF id, access_id, address, at",
            "1 = 1",
            "a try to unlock is history",
        ),
    ]


def upgrade() -> None:
    guards = [
        *_append_only(),
        *_ledger(),
        *_operations(),
        *_other_banks(),
        *_debts(),
        *_sessions(),
    ]
    if op.get_bind().dialect.name == "sqlite":
        for guard in guards:
            _on_sqlite(guard)
        return
    # A table of the caller's own temporary schema must not stand in for a real one.
    path = f"pg_catalog, {op.get_bind().scalar(sa.text('SELECT quote_ident(current_schema())'))}, pg_temp"
    op.execute(
        f"CREATE FUNCTION guard_refuse() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {path} AS $$ BEGIN"
        " RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation'; END $$"
    )
    op.execute("REVOKE ALL ON FUNCTION guard_refuse() FROM PUBLIC")
    for guard in guards:
        _on_postgresql(guard, path)
    for table in (*_APPEND_ONLY, *_NEVER_DELETED):
        op.execute(
            f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION guard_truncate()"
        )


def _on_sqlite(guard: _Guard) -> None:
    condition = f"({guard.condition})" + (f" AND {guard.lookup}" if guard.lookup else "")
    message = guard.message.replace("'", "''")
    op.execute(
        f"CREATE TRIGGER guard_{guard.name} BEFORE {guard.event} ON {guard.table}"
        f" FOR EACH ROW WHEN {condition}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _on_postgresql(guard: _Guard, path: str) -> None:
    message = guard.message.replace("'", "''")
    called = f"guard_refuse('{message}')"
    if guard.lookup:
        called = f"guard_{guard.name}()"
        op.execute(
            f"CREATE FUNCTION {called} RETURNS trigger LANGUAGE plpgsql"
            f" SET search_path = {path} AS $$ BEGIN"
            f" IF {guard.lookup} THEN"
            f" RAISE EXCEPTION USING MESSAGE = '{message}', ERRCODE = 'check_violation';"
            f" END IF; RETURN NEW; END $$"
        )
        op.execute(f"REVOKE ALL ON FUNCTION {called} FROM PUBLIC")
    op.execute(
        f"CREATE TRIGGER guard_{guard.name} BEFORE {guard.event} ON {guard.table}"
        f" FOR EACH ROW WHEN ({guard.condition}) EXECUTE FUNCTION {called}"
    )
