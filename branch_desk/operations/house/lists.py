"""A list that leaves the program as a file: who took which, and how long it was (R57, R80)."""

from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.operations.work import Work, allowed


@allowed(*Role)
def note_export(work: Work, kind: str, count: int) -> None:
    """Record that `count` lines of the list called `kind` are about to be written to a file."""
    work.record(Event.EXPORTED, work.staff_id, kind=kind, count=count)
