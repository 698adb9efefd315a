"""What every paper shares: sizes, pen, letterhead, folio with its code, footer, watermarks.

Text from people is drawn, never parsed: no paragraph mark-up exists on these papers, so `&`, `<b>`
or `<!-- x -->` in a name print as typed (R78). Everything drawn passes `printable`, which stops
the paper when a character has no glyph instead of printing a black box.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Protocol, Self

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from branch_desk.models.errors import MissingGlyph
from branch_desk.reports import fonts
from branch_desk.reports.code import SheetCode, draw_code

HAIRLINE: Final = 0.4
LEFT: Final = 18 * mm  # room for the punch of the binder
RIGHT: Final = 14 * mm
TOP: Final = 12 * mm
BOTTOM: Final = 11 * mm
CODE_SIDE: Final = 27 * mm
HEADER: Final = 27.5 * mm
FOOTER: Final = 9 * mm


class PageSize(Enum):
    """Paper sizes in use; the values are points."""

    A4 = (210 * mm, 297 * mm)
    OFICIO = (216 * mm, 330 * mm)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who issues the paper."""

    cooperative: str
    branch: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """What identifies every page of one paper."""

    form_version: str
    folio: str
    revision: int
    terms_sha256: str
    copy_label: str
    issued: str


def printable(value: str) -> str:
    """Give text as it will be drawn: composed letters, single spaces.

    Raises `MissingGlyph` for a character the fonts cannot print.
    """
    plain = " ".join(unicodedata.normalize("NFC", value).split())
    covered = fonts.register()
    if not covered.issuperset(plain):
        character = next(each for each in plain if each not in covered)
        raise MissingGlyph(character=f"U+{ord(character):04X}")
    return plain


def wrap(value: str, font: str, size: float, width: float) -> list[str]:
    """Break text into lines of at most `width` points; a longer word is broken inside."""
    return list(_wrapped(value, font, size, width))


# Every block is broken to measure it and again to draw it. `forget` empties this after each paper.
@lru_cache(maxsize=4096)
def _wrapped(value: str, font: str, size: float, width: float) -> tuple[str, ...]:
    plain = printable(value)
    if fonts.width(plain, font, size) <= width:
        return (plain,)
    lines: list[str] = []
    line = ""
    for word in plain.split(" "):
        longer = f"{line} {word}" if line else word
        if fonts.width(longer, font, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while fonts.width(line, font, size) > width:
            cut = len(line) - 1
            while cut > 1 and fonts.width(line[:cut], font, size) > width:
                cut -= 1
            lines.append(line[:cut])
            line = line[cut:]
    return (*lines, line)


def forget() -> None:
    """Leave nothing of a person's paper in memory."""
    _wrapped.cache_clear()


class Pen:
    """Draws on one canvas; distances in points from the lower left corner."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas: Any = canvas
        self._names: dict[str, str] = {}

    def write(
        self,
        x: float,
        y: float,
        value: str,
        *,
        font: str = fonts.REGULAR,
        size: float = 9,
        align: str = "left",
        grey: float = 0,
    ) -> None:
        """Draw one line; `align` says what `x` is: its left, right or middle."""
        plain = printable(value)
        if align != "left":
            width = fonts.width(plain, font, size)
            x -= width if align == "right" else width / 2
        self.lines(x, y, [plain], font=font, size=size, grey=grey)

    def lines(
        self,
        x: float,
        y: float,
        values: Sequence[str],
        *,
        font: str = fonts.REGULAR,
        size: float = 9,
        leading: float = 0,
        grey: float = 0,
    ) -> None:
        """Draw lines already wrapped, the first on `y`."""
        if values:
            ops = self._ops([(value, font) for value in values], size, leading or size * 1.2)
            self._text(x, y, ops, grey)

    def column(
        self,
        x: float,
        y: float,
        values: Sequence[tuple[str, str]],
        *,
        size: float,
        leading: float,
    ) -> None:
        """Draw lines already wrapped, each in its own font, the first on `y`."""
        self._text(x, y, self._ops(values, size, leading))

    def _text(self, x: float, y: float, ops: str, grey: float = 0) -> None:
        # Straight into the page: reportlab's text object takes five times as long for the same.
        colour = (f"{grey:g} g ", " 0 g") if grey else ("", "")
        self.canvas._code.append(  # noqa: SLF001
            f"BT {colour[0]}1 0 0 1 {x:.2f} {y:.2f} Tm {ops} ET{colour[1]}"
        )

    def _name(self, font: str) -> str:
        if font not in self._names:
            self._names[font] = fonts.name_in(font, self.canvas)
        return self._names[font]

    def _ops(self, values: Sequence[tuple[str, str]], size: float, leading: float) -> str:
        ops = [f"{leading:g} TL"]
        current = ""
        for value, font in values:
            if font != current:
                ops.append(f"{self._name(font)} {size:g} Tf")
                current = font
            code = fonts.shown(value, font)
            if code is None:  # a rare letter: reportlab finds its part of the font
                rare = self.canvas.beginText()
                rare.setFont(font, size, leading)
                code = rare._formatText(value)  # noqa: SLF001
                current = ""
            ops += [code, "T*"]
        return " ".join(ops[:-1])

    def rule(self, x: float, y: float, width: float, thickness: float = HAIRLINE) -> None:
        """Draw a horizontal line."""
        self.canvas._code.append(  # noqa: SLF001
            f"{thickness:g} w {x:.2f} {y:.2f} m {x + width:.2f} {y:.2f} l S"
        )

    def box(self, x: float, y: float, width: float, height: float) -> None:
        """Draw a frame."""
        self.canvas._code.append(  # noqa: SLF001
            f"{HAIRLINE:g} w {x:.2f} {y:.2f} {width:.2f} {height:.2f} re S"
        )


class Block(Protocol):
    """A part of a paper that knows its height and may be cut where a page ends."""

    def height(self, width: float) -> float:
        """Say how high it is at this width."""

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        """Draw it below `top`."""

    def cut(self, width: float, room: float) -> tuple[Self, Self] | None:
        """Give what fits into `room` and what is left, or None when it stays whole."""


def paginate(blocks: Sequence[Block], width: float, room: float) -> list[list[Block]]:
    """Share blocks out over pages `room` points high."""
    pages: list[list[Block]] = [[]]
    free = room
    waiting = list(reversed(blocks))
    while waiting:
        block = waiting.pop()
        height = block.height(width)
        if height <= free:
            pages[-1].append(block)
            free -= height
            continue
        parts = block.cut(width, free)
        if parts:
            pages[-1].append(parts[0])
            waiting.append(parts[1])
        else:
            if not pages[-1]:
                raise ValueError("a block is higher than a page")
            waiting.append(block)
        pages.append([])
        free = room
    return pages


def compose(
    blocks: Sequence[Block],
    letterhead: Letterhead,
    copies: Sequence[Marks],
    *,
    size: PageSize,
    title: str,
    watermarks: Sequence[str] = (),
) -> bytes:
    """Draw the same content once for every copy, each with its own page count."""
    page_width, page_height = size.value
    width = page_width - LEFT - RIGHT
    top = page_height - TOP - HEADER
    room = top - BOTTOM - FOOTER
    with fonts.drawing:
        fonts.register()
        output = io.BytesIO()
        canvas: Any = Canvas(
            output,
            pagesize=size.value,
            invariant=1,
            pageCompression=1,
            lang="es-BO",
            initialFontName=fonts.REGULAR,
        )
        canvas.setTitle(title)
        canvas.setAuthor(letterhead.cooperative)
        canvas.setCreator("Branch Desk")
        pen = Pen(canvas)
        pages = paginate(blocks, width, room)
        for number, page in enumerate(pages, 1):
            # The copies differ in header and footer only: the body is drawn once and shown twice.
            canvas.beginForm(f"body{number}", 0, 0, page_width, page_height)
            y = top
            for block in page:
                block.draw(pen, LEFT, y, width)
                y -= block.height(width)
            canvas.endForm()
        canvas.beginForm("code", 0, 0, CODE_SIDE, CODE_SIDE)
        draw_code(canvas, _payload(copies[0]), 0, 0, CODE_SIDE)
        canvas.endForm()
        for index, marks in enumerate(copies):
            canvas.beginForm(f"head{index}", 0, 0, page_width, page_height)
            _header(pen, page_width, page_height, letterhead, marks)
            canvas.endForm()
            for number in range(1, len(pages) + 1):
                for place, mark in enumerate(watermarks, 1):
                    height = page_height * place / (len(watermarks) + 1)
                    watermark(pen, page_width / 2, height, mark)
                canvas.doForm(f"head{index}")
                canvas.doForm(f"body{number}")
                _footer(pen, page_width, marks, number, len(pages))
                canvas.showPage()
        canvas.save()
        forget()
    return output.getvalue()


def _payload(marks: Marks) -> str:
    return SheetCode(marks.folio, marks.revision, marks.terms_sha256[:16]).payload()


def _header(
    pen: Pen, page_width: float, page_height: float, letterhead: Letterhead, marks: Marks
) -> None:
    top = page_height - TOP
    right = page_width - RIGHT
    # The code's own quiet zone is inside its square: let it hang over the margin to look aligned.
    side = right - CODE_SIDE + 2 * mm
    pen.canvas.saveState()
    pen.canvas.translate(side, top - CODE_SIDE + 2 * mm)
    pen.canvas.doForm("code")
    pen.canvas.restoreState()
    y = top - 10
    name = wrap(letterhead.cooperative, fonts.BOLD, 10.5, side - LEFT - 42 * mm)
    pen.lines(LEFT, y, name, font=fonts.BOLD, size=10.5, leading=13)
    y -= 13 * len(name)
    for line in (letterhead.branch, letterhead.address):
        for part in wrap(line, fonts.REGULAR, 8, side - LEFT - 42 * mm) if line else ():
            pen.write(LEFT, y, part, size=8)
            y -= 10
    pen.write(LEFT, y - 2, f"Formulario {marks.form_version}", size=8, font=fonts.SEMIBOLD)
    edge = side - 1 * mm
    pen.write(edge, top - 7, "Folio", size=7, align="right", grey=0.25)
    pen.write(edge, top - 19, marks.folio, font=fonts.MONO, size=11, align="right")
    pen.write(
        edge, top - 30, f"Revisión {marks.revision} · {marks.issued}", size=7.5, align="right"
    )
    label = marks.copy_label.upper()
    span = fonts.width(printable(label), fonts.SEMIBOLD, 7.5) + 8
    pen.box(edge - span, top - 49, span, 12)
    pen.write(edge - 4, top - 45.5, label, font=fonts.SEMIBOLD, size=7.5, align="right")
    pen.rule(LEFT, top - HEADER + 2 * mm, page_width - LEFT - RIGHT, 1)


def _footer(pen: Pen, page_width: float, marks: Marks, number: int, total: int) -> None:
    y = BOTTOM + 10
    pen.rule(LEFT, y, page_width - LEFT - RIGHT)
    text = f"Folio {marks.folio} · Revisión {marks.revision} · Contenido"
    pen.write(LEFT, y - 10, text, size=7)
    after = LEFT + fonts.width(text, fonts.REGULAR, 7) + 3
    pen.write(after, y - 10, marks.terms_sha256[:16], font=fonts.MONO, size=7)
    pen.write(
        page_width - RIGHT,
        y - 10,
        f"Página {number} de {total}",
        font=fonts.SEMIBOLD,
        size=8,
        align="right",
    )


def watermark(pen: Pen, x: float, y: float, mark: str, size: float = 88) -> None:
    """Draw a grey word across the page, its middle at x, y."""
    canvas = pen.canvas
    canvas.saveState()
    canvas.translate(x, y)
    canvas.rotate(35)
    pen.write(0, -size * 0.34, mark, font=fonts.BOLD, size=size, align="center", grey=0.88)
    canvas.restoreState()
