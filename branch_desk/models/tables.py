"""Every table, imported in one place for migrations and their test."""

from branch_desk.models import (
    access,
    account,
    audit,
    enrolment,
    form,
    identity,
    install,
    member,
    outbox,
    parameter,
    staff,
)

__all__ = [
    "access",
    "account",
    "audit",
    "enrolment",
    "form",
    "identity",
    "install",
    "member",
    "outbox",
    "parameter",
    "staff",
]
