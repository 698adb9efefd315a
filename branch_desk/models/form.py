"""The printed service form and what was decided on it: paper = system (F11-F14)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, new_id, partial_unique

FORM_VERSION = "CAP-EB-01/2026-1"
"""Form code and version in the letterhead; a change of layout or legal text makes a new one."""


class PrintedForm(Base):
    """The form of one revision: the frozen terms, their hash, and the exact bytes of the paper."""

    __tablename__ = "printed_form"
    __table_args__ = (
        partial_unique("uq_printed_form_revision", "enrolment_id", "revision", where=text("1 = 1")),
        partial_unique("uq_printed_form_valid", "enrolment_id", where=text("voided_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"))
    revision: Mapped[int]
    form_version: Mapped[str]
    terms: Mapped[bytes]
    """Canonical JSON of everything the member signs, sealed for the row."""
    terms_sha256: Mapped[str]
    pdf: Mapped[bytes]
    """The paper, sealed for the row: what a reprint and an auditor get, byte for byte."""
    pdf_sha256: Mapped[str]
    page_size: Mapped[str]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    copies: Mapped[int] = mapped_column(default=0)
    """How many times it was sent to a printer or a file, whatever came of it."""
    voided_at: Mapped[datetime | None]


CAME_OUT = ("printed", "saved")
"""Outcomes of a printing after which a paper exists."""


class Destination(StrEnum):
    """Where a paper went."""

    PRINTER = "PRINTER"
    FILE = "FILE"


class Printing(Base):
    """One time a paper left the program; the outcome is what the print queue said at the end."""

    __tablename__ = "printing"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    form_id: Mapped[UUID] = mapped_column(ForeignKey("printed_form.id"), index=True)
    copy_number: Mapped[int]
    destination: Mapped[Destination]
    printer: Mapped[str] = mapped_column(default="")
    job: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")
    """Empty while unknown; `printed`, or the queue's reason for failing."""
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Verdict(StrEnum):
    """What a supervisor decided."""

    APPROVED = "APPROVED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"


class Decision(Base):
    """A supervisor's decision on a revision; an approval binds to terms and sheet (R16, R17)."""

    __tablename__ = "decision"
    __table_args__ = (
        partial_unique("uq_decision_approved", "enrolment_id", where=text("verdict = 'APPROVED'")),
        CheckConstraint("verdict = 'APPROVED' OR length(reason) >= 10", name="reason"),
        CheckConstraint(
            "verdict <> 'APPROVED' OR (form_id IS NOT NULL AND sheet_sha256 IS NOT NULL"
            " AND terms_sha256 IS NOT NULL)",
            name="approval_is_bound",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), index=True)
    verdict: Mapped[Verdict]
    revision: Mapped[int]
    form_id: Mapped[UUID | None] = mapped_column(ForeignKey("printed_form.id"))
    terms_sha256: Mapped[str | None]
    sheet_sha256: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    supervisor_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    person: Mapped[str]
    decided_at: Mapped[datetime]
