"""Everything the audit trail can say: the events, and the facts that may stand beside them."""

from enum import StrEnum


class Event(StrEnum):
    """What happened; `subject:verb` (R57)."""

    REFUSED = "operation:refused"
    """A rule said no; facts name operation and refusal."""

    STAFF_SIGNED_IN = "staff:signed_in"
    STAFF_SIGN_IN_FAILED = "staff:sign_in_failed"
    STAFF_SIGNED_OUT = "staff:signed_out"
    STAFF_LOCKED = "staff:locked"
    STAFF_UNLOCKED = "staff:unlocked"
    STAFF_REAUTHENTICATED = "staff:reauthenticated"
    STAFF_REAUTHENTICATION_FAILED = "staff:reauthentication_failed"
    STAFF_COUNTERSIGNED = "staff:countersigned"
    """Gave a word as the second person at somebody's desk; facts name the user there."""
    STAFF_CREATED = "staff:created"
    STAFF_CHANGED = "staff:changed"
    STAFF_PASSWORD_CHANGED = "staff:password_changed"  # noqa: S105  a word, not a secret
    STAFF_PASSWORD_RESET = "staff:password_reset"  # noqa: S105
    STAFF_TOTP_PROVISIONED = "staff:totp_provisioned"
    STAFF_TOTP_CONFIRMED = "staff:totp_confirmed"
    DESK_LOCKED = "desk:locked"
    DESK_UNLOCKED = "desk:unlocked"
    BRANCH_CREATED = "branch:created"
    CALENDAR_DAY_ADDED = "calendar:day_added"
    """A holiday was declared; its name stands as the reason."""
    CALENDAR_DAY_REMOVED = "calendar:day_removed"

    ENROLMENT_SUBMITTED = "enrolment:submitted"
    ENROLMENT_AMENDED = "enrolment:amended"
    ENROLMENT_VIEWED = "enrolment:viewed"
    ENROLMENT_HELD = "enrolment:held"
    ENROLMENT_RELEASED = "enrolment:released"
    ENROLMENT_IDENTIFIED = "enrolment:identified"
    ENROLMENT_CONFIGURED = "enrolment:configured"
    ENROLMENT_SIGNED = "enrolment:signed"
    ENROLMENT_APPROVED = "enrolment:approved"
    ENROLMENT_RETURNED = "enrolment:returned"
    ENROLMENT_REJECTED = "enrolment:rejected"
    ENROLMENT_EXPIRED = "enrolment:expired"
    ENROLMENT_WITHDRAWN = "enrolment:withdrawn"
    CARD_EXCEPTED = "card:excepted"
    ATTACHMENT_FILED = "attachment:filed"
    ATTACHMENT_VIEWED = "attachment:viewed"
    FORM_MADE = "form:made"
    FORM_PRINTED = "form:printed"
    FORM_PRINT_ENDED = "form:print_ended"
    FORM_VOIDED = "form:voided"

    ACCESS_CREATED = "access:created"
    ACCESS_LOCKED = "access:locked"
    ACCESS_UNLOCKED = "access:unlocked"
    ACCESS_UNLOCK_FAILED = "access:unlock_failed"
    """A member's try to unlock oneself came to nothing; of nobody unless an answer was judged."""
    ACCESS_VIEWED = "access:viewed"
    ACCESS_ACTIVATED = "access:activated"
    ACCESS_SUSPENDED = "access:suspended"
    ACCESS_RESUMED = "access:resumed"
    ACCESS_CLOSED = "access:closed"
    CREDENTIAL_ISSUED = "credential:issued"
    CREDENTIAL_NOT_DELIVERED = "credential:not_delivered"
    CREDENTIAL_USED = "credential:used"
    CREDENTIAL_FAILED = "credential:failed"
    LINK_ISSUED = "link:issued"
    LINK_USED = "link:used"
    LINK_FAILED = "link:failed"
    CREDENTIAL_EXPIRED = "credential:expired"
    LINK_EXPIRED = "link:expired"
    FIRST_ACCESS_STEP = "access:first_access_step"
    TOTP_PROVISIONED = "totp:provisioned"
    TOTP_CONFIRMED = "totp:confirmed"
    TOTP_ACCEPTED = "totp:accepted"
    TOTP_REFUSED = "totp:refused"
    TOTP_REVOKED = "totp:revoked"
    TOTP_RESYNCED = "totp:resynced"
    MEMBER_SIGN_IN_FAILED = "member:sign_in_failed"
    MEMBER_SIGNED_IN = "member:signed_in"
    MEMBER_SIGNED_OUT = "member:signed_out"
    MEMBER_PASSWORD_CHANGED = "member:password_changed"  # noqa: S105  a word, not a secret
    MEMBER_PIN_CHANGED = "member:pin_changed"
    MEMBER_IMAGE_CHANGED = "member:image_changed"
    MEMBER_QUESTION_CHANGED = "member:question_changed"
    MEMBER_CONTACT_CHANGED = "member:contact_changed"
    """Mail address or mobile, by the member; facts name which."""
    MEMBER_VIEWED = "member:viewed"
    MOVEMENTS_VIEWED = "movements:viewed"
    OPERATIONS_VIEWED = "operations:viewed"
    BENEFICIARIES_VIEWED = "beneficiaries:viewed"
    SCHEDULES_VIEWED = "schedules:viewed"
    LOAN_VIEWED = "loan:viewed"

    OPERATION_PLACED = "operation:placed"
    """Carried out; facts name kind, amount, currency and the hash that was confirmed."""
    OPERATION_PREPARED = "operation:prepared"
    """Confirmed by one, waits for the other signatures."""
    OPERATION_SIGNED = "operation:signed"
    OPERATION_CANCELLED = "operation:cancelled"
    OPERATION_LAPSED = "operation:lapsed"
    BENEFICIARY_LOOKED_UP = "beneficiary:looked_up"
    BENEFICIARY_ADDED = "beneficiary:added"
    BENEFICIARY_REMOVED = "beneficiary:removed"
    SCHEDULE_MADE = "schedule:made"
    SCHEDULE_RUN = "schedule:run"
    SCHEDULE_FAILED = "schedule:failed"
    SCHEDULE_SKIPPED = "schedule:skipped"
    SCHEDULE_CANCELLED = "schedule:cancelled"
    OPERATION_RETURNED = "operation:returned"
    """Refused outside; the money is back. The reason is what was answered."""
    OPERATIONS_CREDITED = "operation:credited"
    """Other banks credited so many; the file of their answers is named."""
    DAY_SHUT = "batch:day_shut"
    """At the cut-off: other banks are promised nothing more for that day."""
    BATCH_CLOSED = "batch:closed"
    BATCH_WRITTEN = "batch:written"
    ANSWERS_READ = "batch:answered"
    """A file of other banks' answers was read to its end."""
    PAYMENTS_HANDED_OVER = "payments:handed_over"
    """A biller's payments of a day, in one currency, were written to their file."""
    PAYMENTS_CONFIRMED = "payments:confirmed"
    """Billers confirmed so many; the file of their answers is named."""
    PAYMENT_ANSWERS_READ = "payments:answered"
    """A file of billers' answers was read to its end."""
    SUBSCRIPTION_ADDED = "subscription:added"
    SUBSCRIPTION_REMOVED = "subscription:removed"
    RECEIPT_REPRINTED = "receipt:reprinted"
    """The desk took a copy of the receipt of an operation."""

    MAIL_SENT = "mail:sent"
    MAIL_FAILED = "mail:failed"
    IMPORTED = "books:imported"
    JOB_DONE = "job:done"
    """A due job tidied up; facts name it and how much."""
    EXPORTED = "list:exported"
    AUDIT_ANCHORED = "audit:anchored"
    BACKUP_MADE = "backup:made"
    INSTALLED = "installation:created"


FACTS = frozenset(
    {
        "accepted",
        "account_status",
        "amount",
        "biller",
        "branch",
        "channel",
        "copy",
        "count",
        "currency",
        "day",
        "delivery",
        "destination",
        "diagnosis",
        "differences",
        "exception",
        "field",
        "fields",
        "file",
        "folio",
        "job",
        "kind",
        "level",
        "lock_reason",
        "operation",
        "outcome",
        "payload_sha256",
        "pdf_sha256",
        "period",
        "printer",
        "purpose",
        "recipients",
        "refusal",
        "rejected",
        "relation",
        "revision",
        "role",
        "sha256",
        "sheet_sha256",
        "status",
        "step",
        "template",
        "terms_sha256",
        "user",
    }
)
"""Names a fact may have: what is not listed cannot be written, so no secret slips in (R58)."""
