"""Parts that papers are made of: headings, fields, tables, statements, small print, signatures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Self

from reportlab.lib.units import mm

from branch_desk.reports import fonts
from branch_desk.reports.paper import Pen, printable, wrap

LABEL: Final = 7.0
BODY: Final = 9.0
CELL: Final = 8.5
NOTE: Final = 7.5
PRINT: Final = 8.0  # the least at which a declaration may be printed
PRINT_LEADING: Final = 9.8
GUTTER: Final[float] = 6 * mm
BAR: Final = 20.0  # a section's heading
PADDING: Final = 3.0  # of a table's cell
ROW_GAP: Final[float] = 2.5 * mm
NAME_ROOM: Final = 22.0  # two lines of a name
BOX: Final[float] = 39.5 * mm  # of a signature


class _Whole:
    """A part that is never cut."""

    def cut(self, width: float, room: float) -> tuple[Self, Self] | None:  # noqa: ARG002 - the shape of a block
        """Stay whole."""
        return None


@dataclass(frozen=True)
class Title(_Whole):
    """The paper's name, once."""

    text: str

    def height(self, width: float) -> float:  # noqa: ARG002 - the shape of a block
        """Say how high it is."""
        return 24

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:  # noqa: ARG002
        """Draw it below `top`; every block is given the width."""
        pen.write(x, top - 15, self.text, font=fonts.BOLD, size=14)


@dataclass(frozen=True)
class Headed:
    """A numbered section: the heading never stands alone at the foot of a page."""

    heading: str
    body: "Fields | Grid | Statement | SmallPrint | Signatures | Ticks"

    def height(self, width: float) -> float:
        """Say how high heading and body are."""
        return BAR + self.body.height(width)

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw heading and body."""
        pen.write(x, top - 14, self.heading, font=fonts.BOLD, size=10)
        pen.rule(x, top - 17, width, 0.7)
        self.body.draw(pen, x, top - BAR, width)

    def cut(self, width: float, room: float) -> "tuple[Headed, Headed] | None":
        """Cut the body; the rest says that it goes on."""
        parts = self.body.cut(width, room - BAR)
        if not parts:
            return None
        rest = self.heading.removesuffix(" (continuación)") + " (continuación)"
        return Headed(self.heading, parts[0]), Headed(rest, parts[1])


@dataclass(frozen=True)
class Together(_Whole):
    """Sections that stay on one page: nobody signs a page that says nothing."""

    sections: tuple[Headed, ...]

    def height(self, width: float) -> float:
        """Say how high all sections are."""
        return sum(each.height(width) for each in self.sections)

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw one below the other."""
        for each in self.sections:
            each.draw(pen, x, top, width)
            top -= each.height(width)


@dataclass(frozen=True)
class Fields(_Whole):
    """Labels with their values, `columns` beside each other; a wide field takes a whole line."""

    fields: tuple[tuple[str, str], ...]
    columns: int = 3
    wide: frozenset[str] = frozenset()

    def _lines(self, width: float) -> list[list[tuple[str, list[str], float]]]:
        lines: list[list[tuple[str, list[str], float]]] = []
        share = (width - GUTTER * (self.columns - 1)) / self.columns
        room = 0
        for label, value in self.fields:
            is_wide = label in self.wide
            if is_wide or not room:
                lines.append([])
                room = self.columns
            span = width if is_wide else share
            lines[-1].append((label, wrap(value or "—", fonts.REGULAR, BODY, span), span))
            room = 0 if is_wide else room - 1
        return lines

    def height(self, width: float) -> float:
        """Say how high all lines are."""
        return sum(_line_height(line) for line in self._lines(width)) + 3

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw the lines."""
        for line in self._lines(width):
            left = x
            for label, values, span in line:
                pen.write(left, top - 8, label, size=LABEL, grey=0.25)
                pen.lines(left, top - 18.5, values, size=BODY, leading=11)
                left += span + GUTTER
            top -= _line_height(line)


def _line_height(line: list[tuple[str, list[str], float]]) -> float:
    return 12.5 + 11 * max(len(values) for _, values, _ in line)


@dataclass(frozen=True)
class Column:
    """A column of a table; `share` is its part of the width."""

    title: str
    share: float
    align: str = "left"
    font: str = fonts.REGULAR


@dataclass(frozen=True)
class Row:
    """Cells, and a note below them over the whole width."""

    cells: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """A table with hairlines, cut between rows, its titles repeated."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def _spans(self, width: float) -> list[float]:
        total = sum(column.share for column in self.columns)
        return [width * column.share / total for column in self.columns]

    def _cells(self, row: Row, width: float) -> tuple[list[list[str]], list[str], float]:
        spans = self._spans(width)
        cells = [
            wrap(cell, column.font, CELL, span - 2 * PADDING)
            for cell, column, span in zip(row.cells, self.columns, spans, strict=True)
        ]
        note = wrap(row.note, fonts.ITALIC, NOTE, width - 4 * PADDING) if row.note else []
        height = 10.5 * max(map(len, cells)) + 9 * len(note) + 4.5
        return cells, note, height

    def _titles(self, width: float) -> tuple[list[list[str]], float]:
        titles = [
            wrap(column.title, fonts.SEMIBOLD, NOTE, span - 2 * PADDING)
            for column, span in zip(self.columns, self._spans(width), strict=True)
        ]
        return titles, 9 * max(map(len, titles)) + 5

    def height(self, width: float) -> float:
        """Say how high titles and rows are."""
        return self._titles(width)[1] + sum(self._cells(row, width)[2] for row in self.rows) + 3

    def cut(self, width: float, room: float) -> "tuple[Grid, Grid] | None":
        """Cut between rows, when at least one fits."""
        free = room - self._titles(width)[1] - 5
        for index, row in enumerate(self.rows):
            free -= self._cells(row, width)[2]
            if free < 0:
                return (
                    (replace(self, rows=self.rows[:index]), replace(self, rows=self.rows[index:]))
                    if index
                    else None
                )
        return None

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw titles, rows and hairlines."""
        spans = self._spans(width)
        titles, height = self._titles(width)
        self._line(pen, x, top - 10, titles, spans, font=fonts.SEMIBOLD, size=NOTE)
        top -= height
        pen.rule(x, top, width, 0.7)
        for row in self.rows:
            cells, note, height = self._cells(row, width)
            self._line(pen, x, top - 10, cells, spans, font="", size=CELL)
            lower = top - 10.5 * max(map(len, cells)) - 8.5
            pen.lines(x + 2 * PADDING, lower, note, font=fonts.ITALIC, size=NOTE, leading=9)
            top -= height
            pen.rule(x, top, width)

    def _line(
        self,
        pen: Pen,
        x: float,
        y: float,
        cells: list[list[str]],
        spans: list[float],
        *,
        font: str,
        size: float,
    ) -> None:
        leading = 10.5 if size == CELL else 9
        for column, lines, span in zip(self.columns, cells, spans, strict=True):
            face = font or column.font
            if column.align == "left":
                pen.lines(x + PADDING, y, lines, font=face, size=size, leading=leading)
            else:
                edge = x + (span - PADDING if column.align == "right" else span / 2)
                for index, line in enumerate(lines):
                    pen.write(
                        edge, y - index * leading, line, font=face, size=size, align=column.align
                    )
            x += span


@dataclass(frozen=True)
class Statement(_Whole):
    """A sentence that nobody may miss, in a frame."""

    text: str
    note: str = ""

    def _lines(self, width: float) -> tuple[list[str], list[str]]:
        inner = width - 16
        note = wrap(self.note, fonts.ITALIC, CELL, inner) if self.note else []
        return wrap(self.text, fonts.BOLD, 10, inner), note

    def height(self, width: float) -> float:
        """Say how high the frame is."""
        lines, note = self._lines(width)
        return 13 * len(lines) + 10.5 * len(note) + 15

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw frame and sentence."""
        lines, note = self._lines(width)
        height = self.height(width) - 6
        pen.box(x, top - 4 - height, width, height)
        pen.lines(x + 8, top - 17, lines, font=fonts.BOLD, size=10, leading=13)
        lower = top - 17 - 13 * len(lines) + 1
        pen.lines(x + 8, lower, note, font=fonts.ITALIC, size=CELL, leading=10.5)


@dataclass(frozen=True)
class Ticks(_Whole):
    """Things that can be chosen, each in its box, chosen or not."""

    items: tuple[tuple[str, bool], ...]
    columns: int = 4

    def _share(self, width: float) -> float:
        return width / self.columns

    def _lines(self, width: float) -> list[list[tuple[list[str], bool]]]:
        inner = self._share(width) - 18
        cells = [(wrap(text, fonts.REGULAR, CELL, inner), on) for text, on in self.items]
        return [cells[i : i + self.columns] for i in range(0, len(cells), self.columns)]

    def height(self, width: float) -> float:
        """Say how high all lines are."""
        return sum(10.5 * max(len(text) for text, _ in row) + 4 for row in self._lines(width)) + 5

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw the boxes; a cross survives a photocopy better than a tick."""
        share = self._share(width)
        for row in self._lines(width):
            for index, (text, on) in enumerate(row):
                left = x + index * share
                pen.box(left + 1, top - 11.5, 7.5, 7.5)
                if on:
                    pen.canvas.setLineWidth(1.1)
                    pen.canvas.line(left + 2.2, top - 10.3, left + 7.3, top - 5.2)
                    pen.canvas.line(left + 2.2, top - 5.2, left + 7.3, top - 10.3)
                pen.lines(left + 13, top - 11, text, size=CELL, leading=10.5)
            top -= 10.5 * max(len(text) for text, _ in row) + 4


@lru_cache(maxsize=32)
def _columns_of(paragraphs: tuple[str, ...], width: float) -> tuple[tuple[str, str], ...]:
    """Break legal text to a column; the same text is asked for at every paper."""
    lines: list[tuple[str, str]] = []
    for paragraph in paragraphs:
        font = fonts.SEMIBOLD if paragraph.isupper() else fonts.REGULAR
        lines += [(line, font) for line in wrap(paragraph, font, PRINT, width)]
    return tuple(lines)


@dataclass(frozen=True)
class SmallPrint:
    """Legal text in two columns; a paragraph in capitals is a title."""

    lines: tuple[tuple[str, str], ...]
    """Each line with its font."""

    @classmethod
    def of(cls, paragraphs: Sequence[str], width: float) -> "SmallPrint":
        """Break paragraphs to half of `width`."""
        return cls(_columns_of(tuple(paragraphs), (width - GUTTER) / 2))

    def _half(self) -> int:
        """Count the lines of the left column: a title never ends it."""
        half = (len(self.lines) + 1) // 2
        return half - 1 if half and self.lines[half - 1][1] == fonts.SEMIBOLD else half

    def height(self, width: float) -> float:  # noqa: ARG002 - the shape of a block
        """Say how high the longer column is."""
        half = self._half()
        return max(half, len(self.lines) - half) * PRINT_LEADING + 7

    def cut(self, width: float, room: float) -> "tuple[SmallPrint, SmallPrint] | None":
        """Fill both columns of this page, go on with the rest."""
        fit = int((room - 7) / PRINT_LEADING) * 2
        least = 12  # fewer lines at the foot of a page look like a mistake
        if fit < least:
            return None
        while self.lines[fit - 1][1] == fonts.SEMIBOLD:
            fit -= 1
        first = SmallPrint(self.lines[:fit])
        if first.height(width) > room:
            first, fit = SmallPrint(self.lines[: fit - 2]), fit - 2
        return first, SmallPrint(self.lines[fit:])

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw left and right column."""
        half = self._half()
        for left, lines in (
            (x, self.lines[:half]),
            (x + (width + GUTTER) / 2, self.lines[half:]),
        ):
            pen.column(left, top - 9.5, lines, size=PRINT, leading=PRINT_LEADING)


@dataclass(frozen=True)
class Signer:
    """One who signs; an empty name is written by hand. `thumb`: a print of the thumb is taken."""

    role: str
    name: str = ""
    document: str = ""
    thumb: bool = False


@dataclass(frozen=True)
class Signatures(_Whole):
    """Boxes to sign in, two beside each other, never cut from one another."""

    signers: tuple[Signer, ...]

    def height(self, width: float) -> float:  # noqa: ARG002 - the shape of a block
        """Say how high all boxes are."""
        lines = (len(self.signers) + 1) // 2
        return lines * (BOX + ROW_GAP) + 4

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw the boxes; the last one of an odd number takes the whole line."""
        half = (width - 3 * mm) / 2
        for index, signer in enumerate(self.signers):
            alone = index == len(self.signers) - 1 and index % 2 == 0
            left = x + (index % 2) * (half + 3 * mm)
            upper = top - 4 - index // 2 * (BOX + ROW_GAP)
            self._box(pen, left, upper, width if alone else half, signer)

    def _box(self, pen: Pen, x: float, top: float, width: float, signer: Signer) -> None:
        pen.box(x, top - BOX, width, BOX)
        pen.write(x + 6, top - 11, signer.role, font=fonts.SEMIBOLD, size=8)
        inner = width - 12
        if signer.thumb:
            across, high = 21 * mm, 25 * mm
            inner -= across + 6
            left = x + width - across - 6
            pen.box(left, top - 6 - high, across, high)
            pen.write(
                left + across / 2,
                top - 14 - high,
                "Impresión digital",
                size=6.5,
                align="center",
                grey=0.25,
            )
        line = top - 56
        pen.rule(x + 6, line, inner, 0.7)
        pen.write(x + 6, line - 8, "Firma", size=6.5, grey=0.25)
        y = line - 19
        for label, value in (("Nombre", signer.name), ("CI", signer.document)):
            y -= _filled(pen, x + 6, y, inner, label, value)
        _filled(pen, x + 6, y, inner, "Lugar y fecha", "")


def _filled(pen: Pen, x: float, y: float, inner: float, label: str, value: str) -> float:
    """Draw a label with its value, or a line to write on; give the height it took."""
    pen.write(x, y, label, size=LABEL, grey=0.25)
    after = fonts.width(label, fonts.REGULAR, LABEL) + 6
    lines, size, leading = fit_name(value, inner - after)
    if lines:
        pen.lines(x + after, y, lines, size=size, leading=leading)
    else:
        pen.rule(x + after, y - 1.5, inner - after)
    small = 3 if size < 8.5 else 0  # noqa: PLR2004 - the line below is of ordinary size
    return max(11, leading * len(lines) + small)


def fit_name(value: str, room: float) -> tuple[list[str], float, float]:
    """Break a name to the room above a signature, in smaller type when it is very long.

    Gives lines, size and leading; they are never higher than two ordinary lines.
    """
    if not printable(value):
        return [], 8.5, 11
    lines, size, leading = wrap(value, fonts.REGULAR, 8.5, room), 8.5, 11.0
    while leading * len(lines) > NAME_ROOM:
        size -= 0.5
        leading = size * 1.15
        lines = wrap(value, fonts.REGULAR, size, room)
    return lines, size, leading
