"""What members do: ledger, transfers, other banks, loans, bills, schedules, sessions.

Accounts that were there before get the opening posting that makes ledger and balance equal.
"""

import sqlalchemy as sa
from alembic import op

from branch_desk.models.base import Key, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _extend_account()
    _extend_granted_limit()
    op.create_table(
        "bank",
        sa.Column("code", Key(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_bank")),
        sqlite_strict=True,
    )
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holiday")),
        sqlite_strict=True,
    )
    op.create_table(
        "interbank_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "currency",
            sa.Enum(
                "BOB", "USD", name="currency", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=True),
        sa.Column("csv_sha256", sa.Text(), nullable=True),
        sa.Column("xml_sha256", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interbank_batch")),
        sa.UniqueConstraint("day", "currency", name=op.f("uq_interbank_batch_day_currency")),
        sqlite_strict=True,
    )
    op.create_table(
        "interbank_gate",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("closed_through", sa.Date(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_interbank_gate_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interbank_gate")),
        sqlite_strict=True,
    )
    op.create_table(
        "policy",
        sa.Column(
            "name",
            sa.Enum(
                "CUT_OFF_MINUTE",
                "SIGNATURE_HOURS",
                "INSTALMENTS_AHEAD",
                name="policyname",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "effective_from", name=op.f("pk_policy")),
        sqlite_strict=True,
    )
    op.create_table(
        "starter_limit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "ENROLMENT",
                "CONTACT",
                "BENEFICIARY",
                name="starterreason",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "currency",
            sa.Enum(
                "BOB", "USD", name="currency", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("per_day", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.CheckConstraint("hours > 0 AND per_day >= 0", name=op.f("ck_starter_limit_amounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_starter_limit")),
        sa.UniqueConstraint(
            "reason",
            "currency",
            "effective_from",
            name=op.f("uq_starter_limit_reason_currency_effective_from"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "bill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("biller_code", Key(), nullable=False),
        sa.Column("client_code", Key(), nullable=False),
        sa.Column("number", Key(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "currency",
            sa.Enum(
                "BOB", "USD", name="currency", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "TAKEN",
                "PAID",
                "WITHDRAWN",
                name="billstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bill_amount")),
        sa.ForeignKeyConstraint(["biller_code"], ["biller.code"], name=op.f("fk_bill_biller_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint("biller_code", "number", name=op.f("uq_bill_biller_code_number")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_bill_client", "bill", ["biller_code", "client_code", "due_on"], unique=False
    )

    op.create_table(
        "biller_export",
        sa.Column("biller_code", Key(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "currency",
            sa.Enum(
                "BOB", "USD", name="currency", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["biller_code"], ["biller.code"], name=op.f("fk_biller_export_biller_code")
        ),
        sa.PrimaryKeyConstraint("biller_code", "day", "currency", name=op.f("pk_biller_export")),
        sqlite_strict=True,
    )
    op.create_table(
        "loan",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("annual_rate", sa.BigInteger(), nullable=False),
        sa.Column("disbursed_on", sa.Date(), nullable=False),
        sa.Column("instalments", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "principal > 0 AND annual_rate >= 0 AND instalments > 0", name=op.f("ck_loan_terms")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_loan_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_loan")),
        sqlite_strict=True,
    )
    op.create_table(
        "posting",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "OPENING",
                "ADJUSTMENT",
                "TRANSFER",
                "INTERBANK",
                "PAYMENT",
                "LOAN_CAPITAL",
                "LOAN_INTEREST",
                "LOAN_OTHER",
                "REVERSAL",
                name="postingkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("debit_account_id", sa.Uuid(), nullable=True),
        sa.Column("debit_house", Key(), nullable=True),
        sa.Column("credit_account_id", sa.Uuid(), nullable=True),
        sa.Column("credit_house", Key(), nullable=True),
        sa.Column(
            "currency",
            sa.Enum(
                "BOB", "USD", name="currency", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("debit_after", sa.BigInteger(), nullable=True),
        sa.Column("credit_after", sa.BigInteger(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'REVERSAL') = (reverses_id IS NOT NULL)", name=op.f("ck_posting_reversal")
        ),
        sa.CheckConstraint(
            "(debit_account_id IS NULL) <> (debit_house IS NULL) AND (credit_account_id IS NULL) <> (credit_house IS NULL)",
            name=op.f("ck_posting_sides"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_posting_amount")),
        sa.CheckConstraint(
            "(debit_account_id = credit_account_id) IS NOT TRUE AND (debit_house = credit_house) IS NOT TRUE",
            name=op.f("ck_posting_two_sides"),
        ),
        sa.ForeignKeyConstraint(
            ["credit_account_id", "currency"],
            ["account.id", "account.currency"],
            name=op.f("fk_posting_credit_account_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["debit_account_id", "currency"],
            ["account.id", "account.currency"],
            name=op.f("fk_posting_debit_account_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id", "position"],
            ["posting.entry_id", "posting.position"],
            name=op.f("fk_posting_reverses_id_position"),
        ),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_posting")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_posting_credit",
        "posting",
        ["credit_account_id", "at", "entry_id"],
        unique=False,
        sqlite_where=sa.text("credit_account_id IS NOT NULL"),
        postgresql_where=sa.text("credit_account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_posting_debit",
        "posting",
        ["debit_account_id", "at", "entry_id"],
        unique=False,
        sqlite_where=sa.text("debit_account_id IS NOT NULL"),
        postgresql_where=sa.text("debit_account_id IS NOT NULL"),
    )
    op.create_index(
        "uq_posting_reverses",
        "posting",
        ["reverses_id", "position"],
        unique=True,
        sqlite_where=sa.text("reverses_id IS NOT NULL"),
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )

    op.create_table(
        "beneficiary",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "COOPERATIVE",
                "OTHER_BANK",
                name="beneficiarykind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column(
            "account_kind",
            sa.Enum(
                "CA",
                "CC",
                "DPF",
                "PR",
                name="accountkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "currency",
            sa.Enum(
                "BOB", "USD", name="currency", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("number", Key(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("complement", sa.Text(), nullable=False),
        sa.Column("bank_code", Key(), nullable=True),
        sa.Column("payload_sha256", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'COOPERATIVE') = (account_id IS NOT NULL) AND (kind = 'OTHER_BANK') = (bank_code IS NOT NULL) AND (kind = 'OTHER_BANK') = (document_number IS NOT NULL)",
            name=op.f("ck_beneficiary_kind"),
        ),
        sa.CheckConstraint(
            "account_kind IN ('CA', 'CC')", name=op.f("ck_beneficiary_account_kind")
        ),
        sa.ForeignKeyConstraint(
            ["access_id"], ["access.id"], name=op.f("fk_beneficiary_access_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_beneficiary_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["bank_code"], ["bank.code"], name=op.f("fk_beneficiary_bank_code")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_beneficiary_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beneficiary")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_beneficiary_member", "beneficiary", ["member_id", "created_at"], unique=False
    )
    op.create_index(
        "uq_beneficiary_live",
        "beneficiary",
        ["member_id", "kind", "number", "bank_code"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL AND bank_code IS NOT NULL"),
        postgresql_where=sa.text("removed_at IS NULL AND bank_code IS NOT NULL"),
    )
    op.create_index(
        "uq_beneficiary_live_here",
        "beneficiary",
        ["member_id", "account_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL AND account_id IS NOT NULL"),
        postgresql_where=sa.text("removed_at IS NULL AND account_id IS NOT NULL"),
    )

    op.create_table(
        "member_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "BRANCH",
                "WEB",
                "MOBILE",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_id"], ["access.id"], name=op.f("fk_member_session_access_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_session")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_member_session_token_digest")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_member_session_access_id"), "member_session", ["access_id"], unique=False
    )
    op.create_index(
        "uq_member_session_live",
        "member_session",
        ["access_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "OWN",
                "THIRD_PARTY",
                "OTHER_BANK",
                "LOAN",
                "BILL",
                "TOP_UP",
                name="operationkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("payload_sha256", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column(
            "repeat",
            sa.Enum(
                "ONCE",
                "WEEKLY",
                "MONTHLY",
                name="repeat",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column(
            "holiday_rule",
            sa.Enum(
                "BEFORE",
                "AFTER",
                name="holidayrule",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "ACTIVE",
                "ENDED",
                "CANCELLED",
                name="schedulestatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("run_on", sa.Date(), nullable=True),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(status = 'ACTIVE') = (next_on IS NOT NULL)", name=op.f("ck_schedule_next_on")
        ),
        sa.CheckConstraint("until IS NULL OR until >= starts_on", name=op.f("ck_schedule_until")),
        sa.ForeignKeyConstraint(["access_id"], ["access.id"], name=op.f("fk_schedule_access_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_schedule_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_schedule_due",
        "schedule",
        ["run_on", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'ACTIVE'"),
        postgresql_where=sa.text("status = 'ACTIVE'"),
    )
    op.create_index("ix_schedule_member", "schedule", ["member_id", "created_at"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("biller_code", Key(), nullable=False),
        sa.Column("client_code", Key(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["access_id"], ["access.id"], name=op.f("fk_subscription_access_id")
        ),
        sa.ForeignKeyConstraint(
            ["biller_code"], ["biller.code"], name=op.f("fk_subscription_biller_code")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_subscription_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_subscription_member_id"), "subscription", ["member_id"], unique=False)
    op.create_index(
        "uq_subscription_live",
        "subscription",
        ["member_id", "biller_code", "client_code"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )

    op.create_table(
        "unlock_try",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("was_right", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["access_id"], ["access.id"], name=op.f("fk_unlock_try_access_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlock_try")),
        sqlite_strict=True,
    )
    op.create_index("ix_unlock_try_access", "unlock_try", ["access_id", "at"], unique=False)
    op.create_index("ix_unlock_try_address", "unlock_try", ["address", "at"], unique=False)

    op.create_table(
        "operation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "OWN",
                "THIRD_PARTY",
                "OTHER_BANK",
                "LOAN",
                "BILL",
                "TOP_UP",
                name="operationkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "WAITING",
                "CANCELLED",
                "LAPSED",
                "DONE",
                "RECEIVED",
                "BATCHED",
                "SENT",
                "CREDITED",
                "REJECTED",
                "ACCEPTED",
                "CONFIRMED",
                "FAILED",
                name="operationstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "BRANCH",
                "WEB",
                "MOBILE",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("debit_account_id", sa.Uuid(), nullable=False),
        sa.Column("credit_account_id", sa.Uuid(), nullable=True),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=True),
        sa.Column(
            "currency",
            sa.Enum(
                "BOB", "USD", name="currency", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("payload_sha256", sa.Text(), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("value_date", sa.Date(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("biller_code", Key(), nullable=True),
        sa.Column("client_code", sa.Text(), nullable=True),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'OTHER_BANK') = (value_date IS NOT NULL)", name=op.f("ck_operation_value_date")
        ),
        sa.CheckConstraint(
            "(kind IN ('BILL', 'TOP_UP')) = (biller_code IS NOT NULL) AND (kind = 'BILL') = (bill_id IS NOT NULL)",
            name=op.f("ck_operation_biller"),
        ),
        sa.CheckConstraint(
            "(kind IN ('OWN', 'THIRD_PARTY', 'LOAN')) = (credit_account_id IS NOT NULL)",
            name=op.f("ck_operation_credit_account"),
        ),
        sa.CheckConstraint(
            "(kind IN ('THIRD_PARTY', 'OTHER_BANK')) = (beneficiary_id IS NOT NULL)",
            name=op.f("ck_operation_beneficiary"),
        ),
        sa.CheckConstraint(
            "status <> 'WAITING' OR expires_at IS NOT NULL", name=op.f("ck_operation_expires")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_operation_amount")),
        sa.CheckConstraint(
            "debit_account_id <> credit_account_id", name=op.f("ck_operation_two_accounts")
        ),
        sa.ForeignKeyConstraint(["access_id"], ["access.id"], name=op.f("fk_operation_access_id")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["interbank_batch.id"], name=op.f("fk_operation_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_operation_beneficiary_id")
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_operation_bill_id")),
        sa.ForeignKeyConstraint(
            ["credit_account_id"], ["account.id"], name=op.f("fk_operation_credit_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["debit_account_id"], ["account.id"], name=op.f("fk_operation_debit_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_operation_schedule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_operation_batch",
        "operation",
        ["batch_id"],
        unique=False,
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index(
        "ix_operation_member", "operation", ["member_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_operation_member_under_way",
        "operation",
        ["member_id", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('WAITING','RECEIVED','BATCHED','SENT','ACCEPTED')"),
        postgresql_where=sa.text("status IN ('WAITING','RECEIVED','BATCHED','SENT','ACCEPTED')"),
    )
    op.create_index(
        "ix_operation_under_way",
        "operation",
        ["status", "value_date", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('WAITING','RECEIVED','BATCHED','SENT','ACCEPTED')"),
        postgresql_where=sa.text("status IN ('WAITING','RECEIVED','BATCHED','SENT','ACCEPTED')"),
    )
    op.create_index(
        "uq_operation_bill",
        "operation",
        ["bill_id"],
        unique=True,
        sqlite_where=sa.text(
            "bill_id IS NOT NULL AND status IN ('WAITING','ACCEPTED','CONFIRMED')"
        ),
        postgresql_where=sa.text(
            "bill_id IS NOT NULL AND status IN ('WAITING','ACCEPTED','CONFIRMED')"
        ),
    )

    op.create_table(
        "instalment",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("capital", sa.BigInteger(), nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
        sa.Column("other", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("operation_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "capital >= 0 AND interest >= 0 AND other >= 0 AND capital + interest + other > 0",
            name=op.f("ck_instalment_amounts"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_instalment_number")),
        sa.CheckConstraint(
            "operation_id IS NULL OR paid_on IS NOT NULL", name=op.f("ck_instalment_paid")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["loan.account_id"], name=op.f("fk_instalment_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name=op.f("fk_instalment_operation_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_instalment")),
        sqlite_strict=True,
    )
    op.create_table(
        "operation_signature",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("person", Key(), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_id"], ["access.id"], name=op.f("fk_operation_signature_access_id")
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name=op.f("fk_operation_signature_operation_id")
        ),
        sa.PrimaryKeyConstraint("operation_id", "access_id", name=op.f("pk_operation_signature")),
        sa.UniqueConstraint(
            "operation_id", "person", name=op.f("uq_operation_signature_operation_id_person")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_operation_signature_access_id"), "operation_signature", ["access_id"], unique=False
    )

    op.create_table(
        "schedule_run",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DONE",
                "FAILED",
                "SKIPPED",
                name="runstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("operation_id", sa.Uuid(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name=op.f("fk_schedule_run_operation_id")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_schedule_run_schedule_id")
        ),
        sa.PrimaryKeyConstraint("schedule_id", "due_on", name=op.f("pk_schedule_run")),
        sqlite_strict=True,
    )
    _open_ledger()


def _extend_account() -> None:
    """Add the agreed overdraft; whatever stands below zero in the books counts as agreed."""
    overdrawn = "kind = 'CC' AND balance < 0"
    if op.get_bind().dialect.name == "sqlite":
        _remade(
            "account",
            {
                "kind IN ('CC', 'PR') OR balance >= 0": "kind = 'PR' OR balance >= -overdraft",
                "balance INTEGER NOT NULL, ": "balance INTEGER NOT NULL, \n\t"
                "overdraft INTEGER DEFAULT 0 NOT NULL, ",
                "CONSTRAINT pk_account": "CONSTRAINT ck_account_overdraft"
                " CHECK (overdraft = 0 OR (kind = 'CC' AND overdraft > 0)), \n\t"
                "CONSTRAINT uq_account_id_currency UNIQUE (id, currency), \n\t"
                "CONSTRAINT pk_account",
            },
            f"CASE WHEN {overdrawn} THEN -balance ELSE 0 END",
        )
        return
    op.add_column(
        "account",
        sa.Column("overdraft", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.execute(f"UPDATE account SET overdraft = -balance WHERE {overdrawn}")
    op.drop_constraint(op.f("ck_account_no_overdraft"), "account", type_="check")
    op.create_check_constraint(
        op.f("ck_account_no_overdraft"), "account", "kind = 'PR' OR balance >= -overdraft"
    )
    op.create_check_constraint(
        op.f("ck_account_overdraft"), "account", "overdraft = 0 OR (kind = 'CC' AND overdraft > 0)"
    )
    op.create_unique_constraint(op.f("uq_account_id_currency"), "account", ["id", "currency"])


def _extend_granted_limit() -> None:
    """Add what was used of the maximum amounts in the day and month that are named."""
    used = "used_in_day >= 0 AND count_in_day >= 0 AND used_in_month >= used_in_day"
    counted = ("used_in_day", "count_in_day", "used_in_month")
    if op.get_bind().dialect.name == "sqlite":
        columns = "".join(f"\n\t{name} INTEGER DEFAULT 0 NOT NULL, " for name in counted)
        key = "CONSTRAINT pk_granted_limit"
        _remade(
            "granted_limit",
            {
                "access_id TEXT NOT NULL, ": f"access_id TEXT NOT NULL, \n\tday TEXT, {columns}",
                key: f"CONSTRAINT ck_granted_limit_used CHECK ({used}), \n\t{key}",
            },
            "NULL, 0, 0, 0",
        )
        return
    op.add_column("granted_limit", sa.Column("day", sa.Date(), nullable=True))
    for name in counted:
        op.add_column(
            "granted_limit",
            sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        )
    op.create_check_constraint(op.f("ck_granted_limit_used"), "granted_limit", used)


def _remade(table: str, changes: dict[str, str], added: str) -> None:
    """Make a table of SQLite anew with changed definitions; `added` gives the new columns' values.

    The way of https://www.sqlite.org/lang_altertable.html, section 7; no foreign key is looked at
    while migrations run.
    """
    connection = op.get_bind()
    made = connection.scalar(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"),
        {"name": table},
    )
    kept = connection.execute(
        sa.text("SELECT name FROM pragma_table_info(:name) ORDER BY cid"), {"name": table}
    ).scalars()
    columns = ", ".join(kept)
    for old, new in changes.items():
        if old not in made:
            raise LookupError(f"{table} is not as revision 0002 made it: {old}")
        made = made.replace(old, new)
    op.execute(sa.text(made.replace(f"CREATE TABLE {table}", f"CREATE TABLE new_{table}", 1)))
    fresh = connection.execute(
        sa.text("SELECT name FROM pragma_table_info(:name) ORDER BY cid"), {"name": f"new_{table}"}
    ).scalars()
    more = [name for name in fresh if name not in columns.split(", ")]
    op.execute(  # names of our own tables
        f"INSERT INTO new_{table} ({columns}, {', '.join(more)})"
        f" SELECT {columns}, {added} FROM {table}"
    )
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE new_{table} RENAME TO {table}")


def _open_ledger() -> None:
    """Give what stands in the accounts already the posting it came from: the core system's."""
    lite = op.get_bind().dialect.name == "sqlite"
    new = "lower(hex(randomblob(16)))" if lite else "gen_random_uuid()"
    now = "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'" if lite else "clock_timestamp()"
    # A loan's balance is what is owed: it came by a debit.
    debited = "(balance > 0) = (kind = 'PR')"
    op.execute(
        "INSERT INTO posting (entry_id, position, kind, at, debit_account_id, debit_house,"
        " credit_account_id, credit_house, currency, amount, debit_after, credit_after)"
        f" SELECT {new}, 1, 'OPENING', {now},"
        f" CASE WHEN {debited} THEN id END, CASE WHEN NOT {debited} THEN 'CORE' END,"
        f" CASE WHEN NOT {debited} THEN id END, CASE WHEN {debited} THEN 'CORE' END,"
        f" currency, abs(balance), CASE WHEN {debited} THEN balance END,"
        f" CASE WHEN NOT {debited} THEN balance END FROM account WHERE balance <> 0"
    )
