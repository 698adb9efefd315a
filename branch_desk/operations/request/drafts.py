"""What an officer has typed and not yet saved: kept from the first keystroke (F2, R11)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from branch_desk.models.staff import Draft, Role
from branch_desk.operations.work import Work, allowed

_DESK = (Role.OFFICER, Role.SUPERVISOR)


@dataclass(frozen=True, slots=True)
class DraftView:
    """A half-filled form and when it was last typed in."""

    subject: str
    content: Mapping[str, object]
    saved_at: datetime


@allowed(*_DESK, reads=False)
def save(work: Work, subject: str, content: Mapping[str, object]) -> None:
    """Keep the half-filled form `subject` (`new`, or request and step), sealed.

    Leaves no audit record: nothing was done yet, and a record a keystroke would drown the deeds.
    """
    sealed = work.keys.seal(
        json.dumps(dict(content), ensure_ascii=False).encode(),
        purpose=_purpose(subject),
        row=work.staff_id,
    )
    work.session.merge(
        Draft(staff_id=work.staff_id, subject=subject, content=sealed, saved_at=work.now)
    )


@allowed(*_DESK, reads=True)
def load(work: Work, subject: str) -> DraftView | None:
    """Give the officer's own half-filled form back."""
    draft = work.session.get(Draft, (work.staff_id, subject))
    return None if draft is None else _view(work, draft)


@allowed(*_DESK, reads=True)
def mine(work: Work) -> tuple[DraftView, ...]:
    """List the officer's half-filled forms, newest first."""
    rows = work.session.scalars(
        select(Draft).where(Draft.staff_id == work.staff_id).order_by(Draft.saved_at.desc())
    )
    return tuple(_view(work, draft) for draft in rows)


@allowed(*_DESK)
def drop(work: Work, subject: str) -> None:
    """Forget a half-filled form: it was saved, or thrown away."""
    work.session.execute(
        delete(Draft).where(Draft.staff_id == work.staff_id, Draft.subject == subject)
    )


def _view(work: Work, draft: Draft) -> DraftView:
    plain = work.keys.open(draft.content, purpose=_purpose(draft.subject), row=draft.staff_id)
    return DraftView(draft.subject, json.loads(plain), draft.saved_at)


def _purpose(subject: str) -> str:
    return f"draft:{subject}"
