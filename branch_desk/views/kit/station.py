"""The place where a signed-in person works: what every screen of the window may use."""

import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from PySide6.QtCore import QSettings

from branch_desk.background import Background
from branch_desk.models.staff import Role
from branch_desk.operations.house.sign_in import SignedIn
from branch_desk.operations.work import Desk
from branch_desk.settings import Settings
from branch_desk.views.kit.formats import LA_PAZ
from branch_desk.views.kit.member_screen import MemberScreen


@dataclass(frozen=True)
class Station:
    """One person's session at one machine; who signs in next gets another."""

    desk: Desk
    background: Background
    look: QSettings
    """Widths, columns, folds: the look of this machine, never a secret or a rule."""
    settings: Settings
    person: SignedIn
    member_screen: MemberScreen
    _began: float = field(default_factory=time.monotonic)

    def may(self, *roles: Role) -> bool:
        """Tell whether the person has one of the roles."""
        return self.person.role in roles

    def now(self) -> datetime:
        """Give the instant by the server's clock, counted on from the sign-in."""
        return self.person.since + timedelta(seconds=time.monotonic() - self._began)

    def today(self) -> date:
        """Give the day in La Paz by the server's clock."""
        return self.now().astimezone(LA_PAZ).date()
