"""Until when a transfer to another bank still goes out, and when it arrives, to the second."""

from datetime import timedelta
from typing import Final

from PySide6.QtWidgets import QFrame, QHBoxLayout

from branch_desk.models.calendar import local_day
from branch_desk.operations.enquiries import desk_enquiries
from branch_desk.operations.enquiries.desk_enquiries import CutOff
from branch_desk.views.kit import formats
from branch_desk.views.kit.countdown import Countdown
from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.theme import GRID
from branch_desk.views.kit.view import View


class CutOffClock(QFrame):
    """«Corte de hoy 12:30 · faltan 00:47:12 · lo enviado ahora se abona hoy, 26/11».

    Asks when it is first wanted and when a cut-off has passed; in between it counts by itself.
    """

    LATE: Final = timedelta(seconds=1)
    """Asked again this much after the cut-off, so that the answer is surely the next one's."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.setObjectName("cut_off_clock")
        self._view = view
        self.words = Countdown("cut_off_words")
        self.words.over.connect(self.ask)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(Sign("clock", "accent", 18))
        line.addWidget(self.words, 1)

    def ask(self) -> None:
        """Ask for the next cut-off."""
        self._view.search(self.show_cut_off, desk_enquiries.cut_off)

    def show_cut_off(self, told: CutOff) -> None:
        """Count down to it."""
        today = local_day(told.now)
        hour = formats.hour(told.at)
        if local_day(told.at) == today:
            name = self.tr("Corte de hoy {hour}").format(hour=hour)
        else:
            day = formats.short_day(told.at)
            name = self.tr("Próximo corte {day} {hour}").format(day=day, hour=hour)
        when = formats.short_day(told.credited_on)
        if told.credited_on == today:
            when = self.tr("hoy, {day}").format(day=when)
        else:
            when = self.tr("el {day}").format(day=when)
        words = self.tr("{name} · faltan {left} · lo enviado ahora a otros bancos se abona {when}")
        self.words.begin(
            told.at - told.now + self.LATE, words.format(name=name, left="{left}", when=when)
        )
