"""The receipt of a member's operation: half a sheet at the counter, the same as a file (F28-F33).

Counters have A4 in the tray: the receipt fills the upper half of a sheet, with a line to cut, and
goes on below and on further sheets when it has more to say (many instalments, many signers).
Account numbers show their last four digits. The state is the one at the instant of printing and
no part of the code, because it goes on changing.
"""

import io
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from branch_desk.reports import fonts
from branch_desk.reports.blocks import Column, Fields, Grid, Row
from branch_desk.reports.code import draw_code
from branch_desk.reports.paper import (
    LEFT,
    RIGHT,
    TOP,
    Block,
    Letterhead,
    PageSize,
    Pen,
    forget,
    paginate,
    printable,
    watermark,
    wrap,
)
from branch_desk.reports.words import amount, amount_in_words, day, figure

_CODE_SIDE: Final = 26 * mm
_HEADER: Final = 25.5 * mm
_FOOTER: Final = 30.0
_EDGE: Final = 6 * mm
"""Between the footer and the line to cut, or the end of the sheet."""


@dataclass(frozen=True, slots=True)
class PaidInstalment:
    """An instalment of a loan; amounts are centavos of the receipt's currency."""

    number: int
    due_on: date
    capital: int
    interest: int
    other: int


@dataclass(frozen=True, slots=True)
class PaidBill:
    """What a biller got: a bill, or a top-up without number and period."""

    biller: str
    client: str
    number: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the money went: an account here or elsewhere."""

    account: str
    """Masked, with its kind."""
    name: str = ""
    bank: str = ""


@dataclass(frozen=True, slots=True)
class SignedBy:
    """One of several who signed; `at` in La Paz."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPaper:
    """All that a receipt says. Instants are those of La Paz, amounts centavos."""

    letterhead: Letterhead
    number: str
    code: str
    payload: str
    """The QR's text."""
    issued_at: datetime
    kind: str
    state: str
    state_note: str = ""
    answer: str = ""
    """What the other bank or the biller said."""
    amount: int
    currency: str
    ordered_at: datetime
    moved_at: datetime
    channel: str
    scheduled: bool = False
    member: str
    member_number: str
    debit_account: str
    """Masked, with its kind."""
    destination: Destination | None = None
    concept: str = ""
    origin: str = ""
    funds_destination: str = ""
    promised_on: date | None = None
    instalments: tuple[PaidInstalment, ...] = ()
    bill: PaidBill | None = None
    ordered_by: str
    signed_by: tuple[SignedBy, ...] = ()
    copy: bool = False
    training: bool = False


def render(values: ReceiptPaper) -> bytes:
    """Draw the receipt: the same values give the same bytes. Raises MissingGlyph."""
    width, height = PageSize.A4.value
    inner = width - LEFT - RIGHT
    with fonts.drawing:
        fonts.register()
        output = io.BytesIO()
        canvas: Any = Canvas(
            output,
            pagesize=(width, height),
            invariant=1,
            pageCompression=1,
            lang="es-BO",
            initialFontName=fonts.REGULAR,
        )
        canvas.setTitle(f"Comprobante {values.number}")
        canvas.setAuthor(values.letterhead.cooperative)
        canvas.setCreator("Branch Desk")
        pen = Pen(canvas)
        blocks = _blocks(values)
        spent = TOP + _HEADER + _FOOTER + _EDGE
        halved = sum(block.height(inner) for block in blocks) <= height / 2 - spent
        bottom = height / 2 if halved else 0.0
        pages = paginate(blocks, inner, height - bottom - spent)
        for number, page in enumerate(pages, 1):
            if values.training:
                watermark(pen, width / 2, (height + bottom) / 2, "SIN VALOR", 64)
            _header(pen, values, width, height)
            y = height - TOP - _HEADER
            for block in page:
                block.draw(pen, LEFT, y, inner)
                y -= block.height(inner)
            _footer(pen, values, width, bottom + _EDGE, f"Página {number} de {len(pages)}")
            if halved:
                canvas.setDash(4, 3)
                pen.rule(0, bottom, width, 0.5)
                canvas.setDash()
            canvas.showPage()
        canvas.save()
        forget()
    return output.getvalue()


@dataclass(frozen=True)
class _Heading:
    """What was done, how much and where it stands."""

    kind: str
    amount: str
    words: str
    state: str

    def _words(self, width: float) -> list[str]:
        return wrap(self.words, fonts.REGULAR, 9, width - self._span() - 12)

    def _span(self) -> float:
        return fonts.width(printable(self.state), fonts.BOLD, 10) + 14

    def height(self, width: float) -> float:
        return 30 + 11 * max(2, len(self._words(width)))

    def draw(self, pen: Pen, x: float, top: float, width: float) -> None:
        pen.write(x, top - 18, self.kind, font=fonts.BOLD, size=13)
        pen.write(x + width, top - 18, self.amount, font=fonts.BOLD, size=15, align="right")
        pen.lines(x, top - 33, self._words(width), size=9, leading=11)
        span = self._span()
        pen.box(x + width - span, top - 42, span, 16)
        pen.write(x + width - 7, top - 37.5, self.state, font=fonts.BOLD, size=10, align="right")

    def cut(self, width: float, room: float) -> None:  # noqa: ARG002 - the shape of a block
        return None


def _blocks(values: ReceiptPaper) -> list[Block]:
    return [
        _Heading(
            values.kind,
            amount(values.amount, values.currency),
            f"Son: {amount_in_words(values.amount, values.currency)}",
            values.state,
        ),
        _moment(values),
        _parties(values),
        *_purpose(values),
        *((_plan(values.instalments),) if values.instalments else ()),
        *_people(values),
    ]


def _moment(values: ReceiptPaper) -> Fields:
    fields = [("Fecha y hora", _instant(values.moved_at)), ("Canal", values.channel)]
    if values.promised_on is not None:
        fields.append(("Abono prometido", day(values.promised_on)))
    said = " ".join(part for part in (values.state_note, _quoted(values.answer)) if part)
    state = f"Estado al {_instant(values.issued_at)}"
    if said:
        fields.append((state, f"{values.state}. {said}"))
    return Fields(tuple(fields), wide=frozenset({state}))


def _quoted(answer: str) -> str:
    return f"Respuesta: «{answer}»." if answer else ""


def _parties(values: ReceiptPaper) -> Fields:
    left = [
        ("Cuenta debitada", values.debit_account),
        ("Socio", f"{values.member} · N.º {values.member_number}"),
    ]
    right = _receiver(values)
    ordered = [f"{values.ordered_by} (programada)" if values.scheduled else values.ordered_by]
    # One that waited for others, or for its day, was ordered at another time than it was done.
    if _instant(values.ordered_at) != _instant(values.moved_at):
        ordered.append(_instant(values.ordered_at))
    shorter = right if len(right) < len(left) else left
    shorter.append(("Ordenada por", " · ".join(ordered)))
    pairs = zip_longest(left, right)
    return Fields(tuple(each for pair in pairs for each in pair if each), columns=2)


def _receiver(values: ReceiptPaper) -> list[tuple[str, str]]:
    to, bill = values.destination, values.bill
    if to is not None:
        account = f"{to.account} · {to.bank}" if to.bank else to.account
        label = "Préstamo pagado" if values.instalments else "Cuenta de destino"
        name = [("Beneficiario", to.name)] if to.name else []
        return [(label, account), *name]
    if bill is None:
        return []
    if not bill.number:
        return [("Empresa", bill.biller), ("Teléfono", bill.client)]
    return [
        ("Empresa", bill.biller),
        ("Código de cliente", bill.client),
        ("Factura", f"{bill.number} · {bill.period}"),
    ]


def _purpose(values: ReceiptPaper) -> list[Block]:
    if not values.concept:
        return []
    return [
        Fields(
            (
                ("Concepto", values.concept),
                ("Origen de los fondos", values.origin),
                ("Destino de los fondos", values.funds_destination),
            ),
            columns=2,
            wide=frozenset({"Concepto"}),
        )
    ]


def _plan(instalments: tuple[PaidInstalment, ...]) -> Grid:
    def cells(*amounts: int) -> tuple[str, ...]:
        return tuple(figure(each) for each in (*amounts, sum(amounts)))

    rows = [
        Row((str(each.number), day(each.due_on), *cells(each.capital, each.interest, each.other)))
        for each in instalments
    ]
    if len(instalments) > 1:
        total = cells(
            sum(each.capital for each in instalments),
            sum(each.interest for each in instalments),
            sum(each.other for each in instalments),
        )
        rows.append(Row(("", "Total", *total)))
    return Grid(
        (
            Column("Cuota", 1, "right"),
            Column("Vencimiento", 2),
            Column("Capital", 2, "right"),
            Column("Interés", 2, "right"),
            Column("Seguros y otros", 2, "right"),
            Column("Total", 2, "right"),
        ),
        tuple(rows),
    )


def _people(values: ReceiptPaper) -> list[Block]:
    said = [
        ("Firmó con su token", f"{each.name} · {_instant(each.at)}") for each in values.signed_by
    ]
    # A block for each line: where a page ends, it ends between them.
    return [Fields(tuple(said[at : at + 2]), columns=2) for at in range(0, len(said), 2)]


def _instant(at: datetime) -> str:
    return f"{at:%d/%m/%Y %H:%M}"


def _header(pen: Pen, values: ReceiptPaper, width: float, height: float) -> None:
    top = height - TOP
    right = width - RIGHT
    # The code's own quiet zone is inside its square: let it hang over the margin to look aligned.
    side = right - _CODE_SIDE + 2 * mm
    draw_code(pen.canvas, values.payload, side, top - _CODE_SIDE + 2 * mm, _CODE_SIDE)
    edge = side - 1 * mm
    number = fonts.width(values.number, fonts.MONO, 8.5)
    room = edge - number - LEFT - 4 * mm
    y = top - 10
    name = wrap(values.letterhead.cooperative, fonts.BOLD, 10.5, room)
    pen.lines(LEFT, y, name, font=fonts.BOLD, size=10.5, leading=13)
    y -= 13 * len(name)
    for line in (values.letterhead.branch, values.letterhead.address):
        for part in wrap(line, fonts.REGULAR, 8, room) if line else ():
            pen.write(LEFT, y, part, size=8)
            y -= 10
    pen.write(edge, top - 7, "Comprobante N.º", size=7, align="right", grey=0.25)
    pen.write(edge, top - 18, values.number, font=fonts.MONO, size=8.5, align="right")
    pen.write(edge, top - 29, "Código de verificación", size=7, align="right", grey=0.25)
    pen.write(edge, top - 41, values.code, font=fonts.MONO, size=10.5, align="right")
    if values.copy:
        pen.box(edge - 36, top - 60, 36, 13)
        pen.write(edge - 18, top - 56, "COPIA", font=fonts.SEMIBOLD, size=8, align="center")
    pen.rule(LEFT, top - _HEADER + 2 * mm, width - LEFT - RIGHT, 1)


def _footer(pen: Pen, values: ReceiptPaper, width: float, y: float, pages: str) -> None:
    pen.rule(LEFT, y + 22, width - LEFT - RIGHT)
    pen.write(
        LEFT,
        y + 12,
        "Para comprobar que es auténtico y su estado de hoy, presente el número y el código en "
        "cualquier agencia.",
        size=7.5,
    )
    pen.write(LEFT, y + 2, f"Emitido el {_instant(values.issued_at)}", size=7.5)
    pen.write(width - RIGHT, y + 2, pages, font=fonts.SEMIBOLD, size=8, align="right")
