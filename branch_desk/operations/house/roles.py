"""The rights of the program's own role on PostgreSQL (R8, R52).

The program signs in to the database as a role that owns nothing: it reads, and writes what its
operations write, table by table and where it matters column by column. History it can only add
to. Whoever owns the tables upgrades and backs up; the desks never hold that password.
"""

from collections.abc import Iterator

from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

import branch_desk.models.tables  # noqa: F401  every table, so that none is forgotten
from branch_desk.models.base import Base
from branch_desk.models.database import Database
from branch_desk.models.errors import InvalidValue, RightsNotGranted

PROGRAM = "branch_desk_program"
_LONGEST_NAME = 63
_NOT_PERMITTED = "42501"
"""PostgreSQL's insufficient_privilege."""

_ADDED_TO = frozenset(
    {
        "audit_event",
        "decision",
        "hand",
        "identity_check",
        "difference",
        "card_exception",
        "unlock",
        "contract_terms",
        "ceiling",
        "installation",
        "branch",
        "granted_account",
        "granted_biller",
        "posting",
        "operation_signature",
        "schedule_run",
        "biller_export",
        "bank",
        "policy",
        "starter_limit",
    }
)
"""Rows come and stay as they are."""

_DELETED = frozenset(
    {
        "draft",
        "user_name",
        "enrolment_name",
        "member_name",
        "chosen_account",
        "chosen_limit",
        "chosen_biller",
        "representative",
        "holiday",
    }
)
"""Working sets that a change replaces; everything else stays for good."""

_REPLACED = frozenset({"user_name", "enrolment_name", "member_name", "holiday"})
"""Of these rows come and go, and none is rewritten."""

_CHANGED_COLUMNS = {
    "audit_head": "number hash",
    "audit_anchor": "made_at heads signature",
    "printed_form": "copies voided_at",
    "printing": "printer job outcome ended_at",
    "attachment": "replaced_at",
    "initial_credential": "tries used_at revoked_at delivery",
    "mail_link": "used_at revoked_at",
    "totp_device": "period drift_steps last_step confirmed_at revoked_at",
    "counter": "value",
    "draft": "content saved_at",
    "staff_relative": "relation",
    "holder": "role",
    "mail": "template_version secret status tries next_try_at sent_at answer",
    "staff_session": "fresh_at locked_at ended_at end_reason",
    # Nothing changes it, but its row is locked while a file of payments is made, and PostgreSQL
    # lets nobody lock what he may change nothing of.
    "biller": "position",
    "granted_limit": "day used_in_day count_in_day used_in_month",
    "operation": "status moved_at ended_at expires_at value_date batch_id answer",
    "interbank_gate": "closed_through",
    "interbank_batch": "written_at csv_sha256 xml_sha256",
    "beneficiary": "removed_at",
    "subscription": "description removed_at",
    "schedule": "status next_on run_on occurrence ended_at",
    "member_session": "ended_at end_reason",
    "unlock_try": "was_right",
}
"""Of these tables only these columns change."""

_NEVER_CHANGED_COLUMNS = {
    "access": "id user_name member_id enrolment_id representative_id person person_name"
    " signing_rule by_web by_mobile created_at",
    "enrolment": "id number channel branch_id submitted_at terms_version terms_sha256"
    " terms_accepted_at terms_channel",
    "representative": "id enrolment_id",
    "loan": "account_id",
    "instalment": "account_id number",
    "bill": "id biller_code number",
    "staff": "id person document_type document_number complement user_name full_name created_at",
}
"""Of these tables every column changes but these."""

_NOT_INSERTED = frozenset({"audit_head"})


def roles_sql(program: str = PROGRAM) -> str:
    """Write the statements that make the role, or bring its rights up to date.

    Run by who owns the tables, in their database; to run them again changes nothing. Raises
    InvalidValue for a name that is not plain.
    """
    if not (program.isascii() and program.isidentifier() and len(program) <= _LONGEST_NAME):
        raise InvalidValue(field="program", reason="role_name", value=program)
    return "".join(f"{statement};\n" for statement in _statements(program.lower()))


def create(database: Database, program: str = PROGRAM) -> None:
    """Make the role or bring its rights up to date, all of it or nothing.

    Raises InvalidValue on SQLite, RightsNotGranted for a user of PostgreSQL who may not.
    """
    if not database.is_postgresql:
        raise InvalidValue(field="database", reason="not_postgresql")
    statements = roles_sql(program)
    try:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
    except DBAPIError as refused:
        if getattr(refused.orig, "sqlstate", None) != _NOT_PERMITTED:
            raise
        raise RightsNotGranted(reason="nothing_done", program=program) from refused


def _statements(role: str) -> Iterator[str]:
    yield (
        "DO $$ BEGIN IF NOT EXISTS"
        f" (SELECT FROM pg_roles WHERE rolname = '{role}') THEN"
        f" CREATE ROLE {role} LOGIN NOINHERIT; END IF; END $$"
    )
    # Only where it is wanted: an owner who may not alter roles can still give the rights of one
    # that an administrator of the server made.
    yield (
        "DO $$ BEGIN IF EXISTS"
        f" (SELECT FROM pg_roles WHERE rolname = '{role}' AND (rolsuper OR rolcreatedb"
        " OR rolcreaterole OR rolreplication OR rolbypassrls OR rolinherit)) THEN"
        f" ALTER ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        " NOINHERIT; END IF; END $$"
    )
    yield (
        "DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());"
        f" EXECUTE format('REVOKE ALL ON DATABASE %I FROM {role}', current_database());"
        f" EXECUTE format('GRANT CONNECT ON DATABASE %I TO {role}', current_database());"
        " EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', current_schema());"
        f" EXECUTE format('REVOKE ALL ON SCHEMA %I FROM {role}', current_schema());"
        f" EXECUTE format('GRANT USAGE ON SCHEMA %I TO {role}', current_schema());"
        f" EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC, {role}',"
        " current_schema());"
        " EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC',"
        " current_schema()); END $$"
    )
    yield f"GRANT SELECT ON alembic_version TO {role}"
    for table in Base.metadata.sorted_tables:
        yield f"GRANT {_rights(table)} ON {table.name} TO {role}"


def _rights(table: Table) -> str:
    rights = ["SELECT"]
    if table.name not in _NOT_INSERTED:
        rights.append("INSERT")
    if table.name in _DELETED:
        rights.append("DELETE")
    if columns := _changed(table):
        rights.append(f"UPDATE ({', '.join(columns)})")
    return ", ".join(rights)


def _changed(table: Table) -> list[str]:
    if table.name in _ADDED_TO | _REPLACED:
        return []
    every = [column.name for column in table.columns]
    if table.name in _CHANGED_COLUMNS:
        wanted = _CHANGED_COLUMNS[table.name].split()
    else:
        never = _NEVER_CHANGED_COLUMNS.get(table.name, "id").split()
        wanted = [name for name in every if name not in never]
    missing = set(wanted) - set(every)
    if missing:
        raise LookupError(f"{table.name} has no {sorted(missing)}")
    quote = '"{}"'.format
    return [quote(name) for name in wanted]
