"""A part of a member's file that asks only when it is looked at, because each look is recorded."""

from branch_desk.operations.books.members import MemberRecord
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import GRID
from branch_desk.views.kit.view import View


class MemberPart(View):
    """One tab of the file: `be_about` says whose it is, `look` that somebody looks at it."""

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.station = station
        self.record: MemberRecord | None = None
        self._looked = False
        column = self.layout()
        if column is not None:  # the file around it has these margins already
            column.setContentsMargins(0, GRID, 0, 0)

    def be_about(self, record: MemberRecord) -> None:
        """Be this member's part from now on; nothing is asked yet."""
        if self.record is None or self.record.id != record.id:
            self.forget()
        self.record = record

    def look(self) -> None:
        """Show it, asking for what it shows the first time."""
        if self.record is not None and not self._looked:
            self._looked = True
            self.refresh()

    def forget(self) -> None:
        """Drop the member's data."""
        self.record = None
        self._looked = False
        self.problem_bar.clear()
