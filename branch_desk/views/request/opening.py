"""A request and all that its screen shows, read in one go in the background."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from branch_desk.models.enrolment import OPEN
from branch_desk.models.errors import DomainError, HeldByAnother, WrongState
from branch_desk.operations.request import (
    approval,
    configuration,
    drafts,
    duplicates,
    enrolment,
    enrolment_file,
    identity,
)
from branch_desk.operations.work import Desk

CONFIGURATION: str = "configuration"
IDENTITY: str = "identity"


@dataclass(frozen=True, slots=True)
class Opening:
    """What the screen of a request is made of."""

    file: enrolment_file.EnrolmentFile
    identity: identity.IdentityView
    duplicates: tuple[duplicates.Duplicate, ...]
    options: configuration.Options | None
    """What may be chosen; None while no member is known."""
    returned: tuple[str, str, datetime] | None
    """Reason, supervisor and instant of the last return for correction."""
    refusal: DomainError | None = None
    """Why the request can only be looked at."""
    drafts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """What the officer had typed and not saved, by step."""


def take_up(desk: Desk, enrolment_id: UUID, *, hold: bool, known: bool = False) -> Opening:
    """Open a request to work on it, or only to look at it where that is not to be had.

    `hold`: the person's role works on requests; `known`: the request was looked at before, and
    the look is on record.
    """
    refusal: DomainError | None = None
    file: enrolment_file.EnrolmentFile | None = None
    if not (known and hold):
        file = desk(enrolment_file.view, enrolment_id)
    if hold and (file is None or file.status in OPEN):
        try:
            file = desk(enrolment.hold, enrolment_id)
        except HeldByAnother as error:
            refusal = error
        except WrongState:
            file = None
    if file is None:
        file = desk(enrolment_file.view, enrolment_id)
    kept = {}
    if hold and file.status in OPEN:
        for step in (IDENTITY, CONFIGURATION):
            draft = desk(drafts.load, f"{enrolment_id}/{step}")
            if draft is not None:
                kept[step] = draft.content
    # Drawn in by the sentence of the worst day; here, so that the window never waits for it.
    import branch_desk.reports.enrolment_form  # noqa: F401

    return Opening(
        file=file,
        identity=desk(identity.comparison, enrolment_id),
        duplicates=desk(duplicates.duplicates, enrolment_id),
        options=desk(configuration.options, enrolment_id) if file.member_id else None,
        returned=desk(approval.last_return, enrolment_id),
        refusal=refusal,
        drafts=kept,
    )
