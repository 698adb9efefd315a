"""A user's maximum amounts: chosen, used, and how long the first days lower them (F9, F25)."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.models.money import Money
from branch_desk.operations.enquiries.limit_rows import LimitRow, Lowered
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.countdown import Countdown
from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.pieces import label
from branch_desk.views.kit.theme import GRID, Meaning


class LimitsPanel(QWidget):
    """A line for each limit, and above them what is lowered and until when, to the second."""

    def __init__(self, limits: Sequence[LimitRow], now: datetime) -> None:
        super().__init__()
        self.setObjectName("limits")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        # One line for what is lowered alike: the kinds of one currency are.
        for lowered in dict.fromkeys(each.lowered for each in limits):
            if lowered is not None:
                column.addLayout(self._lowered(lowered, now))
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        right = Qt.AlignmentFlag.AlignRight
        titles = (
            self.tr("Operación"),
            self.tr("Por operación"),
            self.tr("Usado hoy"),
            self.tr("Usado este mes"),
            self.tr("Veces hoy"),
        )
        for place, title in enumerate(titles):
            grid.addWidget(label(title, "small"), 0, place, right if place else Qt.AlignmentFlag(0))
        for line, limit in enumerate(limits, 1):
            for place, text in enumerate(self._cells(limit)):
                cell = label(text)
                grid.addWidget(cell, line, place, right if place else Qt.AlignmentFlag(0))
        grid.setColumnStretch(len(titles), 1)
        column.addLayout(grid)

    def _cells(self, limit: LimitRow) -> tuple[str, ...]:
        return (
            wording.word(limit.kind),
            formats.money(limit.per_operation),
            self._used(limit.used_today, limit.per_day),
            self._used(limit.used_this_month, limit.per_month),
            self.tr("{used} de {most}").format(used=limit.count_today, most=limit.count_per_day),
        )

    def _used(self, used: Money, most: Money) -> str:
        return self.tr("{used} de {most}").format(
            used=formats.money(used), most=formats.figures(most.centavos)
        )

    def _lowered(self, lowered: Lowered, now: datetime) -> QHBoxLayout:
        words = self.tr(
            "Límites iniciales hasta {until} · {amount} por día hacia terceros, otros bancos y "
            "servicios ({why}) · faltan {left}"
        ).format(
            until=formats.instant(lowered.until),
            amount=formats.money(lowered.per_day),
            why=", ".join(wording.word(each) for each in lowered.reasons),
            left="{left}",
        )
        counting = Countdown("limits_lowered")
        counting.setWordWrap(True)
        counting.begin(lowered.until - now, words)
        line = QHBoxLayout()
        line.setSpacing(GRID)
        line.addWidget(
            Sign.of(Meaning.ATTENTION, 18, self.tr("Límites iniciales")),
            0,
            Qt.AlignmentFlag.AlignTop,
        )
        line.addWidget(counting, 1)
        return line
