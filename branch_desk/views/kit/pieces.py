"""Small parts that screens share: plain labels, state chips, header cards, red flags, actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from branch_desk.views.kit import theme
from branch_desk.views.kit.icons import MEANING_COLOUR, MEANING_ICON, Sign, draw, icon
from branch_desk.views.kit.theme import GRID, Meaning

SIGN: Final = 16


def label(text: str = "", kind: str = "", name: str = "", *, wrap: bool = False) -> QLabel:
    """Return a label that shows its text as it is.

    Kinds: `title`, `section`, `muted`, `small`, `wrong`, `code`, or none.
    """
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setWordWrap(wrap)
    if kind:
        result.setProperty("kind", kind)
    if name:
        result.setObjectName(name)
    return result


def button(
    text: str, kind: str = "", name: str = "", sign: str = "", hint: str = ""
) -> QPushButton:
    """Return a button with a verb on it. Kinds: `primary`, `stop`, `link`, or none."""
    result = QPushButton(text)
    result.setAutoDefault(False)
    if kind:
        result.setProperty("kind", kind)
    if name:
        result.setObjectName(name)
    if sign:
        colour = {"primary": "on_accent", "stop": "stop", "link": "accent"}.get(kind, "text")
        result.setIcon(icon(sign, colour))
    if hint:
        result.setToolTip(hint)
    return result


def card(name: str = "") -> tuple[QFrame, QVBoxLayout]:
    """Return a framed ground for things that belong together, and its column."""
    frame = QFrame()
    frame.setProperty("kind", "card")
    frame.setObjectName(name)
    column = QVBoxLayout(frame)
    column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
    column.setSpacing(GRID)
    return frame, column


def line() -> QFrame:
    """Return a hairline."""
    result = QFrame()
    result.setProperty("kind", "line")
    result.setFixedHeight(1)
    return result


class StateChip(QWidget):
    """A state as icon and word on a soft ground of its meaning."""

    def __init__(
        self, text: str = "", meaning: Meaning = Meaning.NEUTRAL, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.text = ""
        self.meaning = meaning
        self.show_state(text, meaning)

    def show_state(self, text: str, meaning: Meaning) -> None:
        """Show another state."""
        self.text = text
        self.meaning = meaning
        self.setAccessibleName(text or self.tr("sin estado"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Icon, word and a little air."""
        letters = QFontMetrics(self.font())
        return QSize(letters.horizontalAdvance(self.text) + SIGN + 28, letters.height() + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, icon and word."""
        neutral = self.meaning is Meaning.NEUTRAL
        strong = MEANING_COLOUR[self.meaning]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour(strong))
        painter.setBrush(theme.colour("alternate" if neutral else f"{strong}_soft"))
        ground = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(ground, ground.height() / 2, ground.height() / 2)
        sign = QRectF(9, (self.height() - SIGN) / 2, SIGN, SIGN)
        draw(painter, MEANING_ICON[self.meaning], strong, sign)
        painter.drawText(
            self.rect().adjusted(SIGN + 15, 0, -8, 0),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            self.text,
        )


class HeaderCard(QFrame):
    """Who this is about: name large, facts small beneath, the state at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setObjectName("header_card")
        self.name = label("", "title", "header_name")
        self.chip = StateChip()
        self._facts = QHBoxLayout()
        self._facts.setSpacing(3 * GRID)
        top = QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.chip)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID + 2)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(self._facts)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_person(
        self, name: str, facts: Sequence[tuple[str, str]], state: str, meaning: Meaning
    ) -> None:
        """Show a person: `facts` are (label, value), such as («CI», «4567891-1B SC»)."""
        self.name.setText(name)
        self.chip.show_state(state, meaning)
        self._empty()
        for title, value in facts:
            pair = QHBoxLayout()
            pair.setSpacing(6)
            self._facts.addLayout(pair)
            for words in (label(title, "muted"), label(value)):
                pair.addWidget(words)
                words.show()
        self._facts.addStretch(1)

    def forget(self) -> None:
        """Drop the person's data."""
        self.show_person("", (), "", Meaning.NEUTRAL)

    def _empty(self) -> None:
        while (item := self._facts.takeAt(0)) is not None:
            inner = item.layout()
            while inner is not None and (piece := inner.takeAt(0)) is not None:
                widget = piece.widget()
                if widget is not None:
                    widget.setParent(None)
                    widget.deleteLater()


@dataclass(frozen=True)
class Flag:
    """One thing a supervisor should see, as a sentence."""

    sentence: str
    meaning: Meaning = Meaning.ATTENTION


class FlagList(QWidget):
    """Red flags, one sentence a line, the gravest first."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flags")
        self.setAccessibleName(title)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self.flags: tuple[Flag, ...] = ()

    def show_flags(self, flags: Sequence[Flag], none: str = "") -> None:
        """Show the flags; `none` is said when there are none."""
        grave = [Meaning.STOP, Meaning.ATTENTION, Meaning.INFORMATION, Meaning.GOOD]
        self.flags = tuple(sorted(flags, key=lambda flag: grave.index(flag.meaning)))
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        shown = self.flags or ((Flag(none, Meaning.GOOD),) if none else ())
        for place, flag in enumerate(shown):
            sign = Sign.of(flag.meaning, 18, flag.meaning.value)
            words = label(flag.sentence, wrap=True)
            self._grid.addWidget(sign, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(words, place, 1)
            # In a window already shown, new children wait for the event loop to be shown.
            sign.show()
            words.show()


class ActionRow(QWidget):
    """The foot of a task: the primary action at the right (Ctrl+Enter), others left of it."""

    def __init__(
        self, primary: QPushButton, *others: QPushButton, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.primary = primary
        primary.setProperty("kind", "primary")
        primary.setShortcut(QKeySequence(self.tr("Ctrl+Return")))
        primary.setToolTip(self.tr("Ctrl+Enter"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, GRID, 0, 0)
        row.setSpacing(GRID)
        row.addStretch(1)
        for other in others:
            row.addWidget(other)
        row.addWidget(primary)
