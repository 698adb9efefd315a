"""The folded slip that carries the one-time *clave inicial* to the member (F15, R28).

One side of one A4 sheet. The first fold turns the printing outwards, the second closes the upper
half on itself: the key lies inside, and on both outer faces a printed pattern keeps light from
showing it. No account number, no document number, and a title that says nothing.
"""

import io
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from branch_desk.reports import fonts
from branch_desk.reports.paper import PageSize, Pen, forget, wrap

_MARGIN: Final = 20 * mm
_ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class CredentialSlip:
    """What the slip says. `expires_at` is already local time; `secret` is the key itself."""

    cooperative: str
    branch: str
    member: str
    user_name: str
    expires_at: datetime
    portal: str
    secret: str = field(repr=False)


def render(slip: CredentialSlip, *, training: bool = False) -> bytes:
    """Draw the slip. The bytes hold the key: straight to the printer, never into a file."""
    width, height = PageSize.A4.value
    panel = height / 4
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
        canvas.setTitle("Documento")
        pen = Pen(canvas)
        _steps(pen, slip, height, width)
        _key(pen, slip, height - panel, width)
        _outside(pen, slip, height - 2 * panel, width, panel)
        _outside(pen, slip, height - 3 * panel, width, panel)
        canvas.setDash(4, 3)
        for number in (1, 2, 3):
            pen.rule(0, height - number * panel, width, 0.5)
        canvas.setDash()
        _fold_marks(pen, width, height, panel)
        if training:
            pen.write(
                width / 2,
                height - 12 * mm,
                "SIN VALOR",
                font=fonts.BOLD,
                size=20,
                align="center",
                grey=0.6,
            )
        canvas.showPage()
        canvas.save()
        forget()
    return output.getvalue()


def _steps(pen: Pen, slip: CredentialSlip, top: float, width: float) -> None:
    y = top - 17 * mm
    pen.write(_MARGIN, y, "Qué hacer ahora", font=fonts.BOLD, size=12)
    steps = (
        (
            f"1. Abra el correo «Establecer contraseña» o entre a {slip.portal}. Verifique que la "
            "dirección comience con https."
        ),
        "2. Escriba su usuario y la clave inicial que está debajo. Sirve una sola vez.",
        (
            "3. Elija su contraseña, su PIN y su imagen de seguridad, y escanee el código con la "
            "aplicación Authenticator."
        ),
        "4. Destruya este papel. Nadie de la Cooperativa le pedirá esta clave.",
    )
    y -= 16
    for step in steps:
        lines = wrap(step, fonts.REGULAR, 9.5, width - 2 * _MARGIN)
        pen.lines(_MARGIN, y, lines, size=9.5, leading=12)
        y -= 12 * len(lines) + 4


def _key(pen: Pen, slip: CredentialSlip, top: float, width: float) -> None:
    y = top - 15 * mm
    pen.write(_MARGIN, y, "Socio", size=7.5, grey=0.25)
    pen.write(width / 2, y, "Usuario", size=7.5, grey=0.25)
    name = wrap(slip.member, fonts.SEMIBOLD, 10, width / 2 - _MARGIN - 8)
    pen.lines(_MARGIN, y - 13, name, font=fonts.SEMIBOLD, size=10, leading=12)
    pen.write(width / 2, y - 13, slip.user_name, font=fonts.MONO, size=12)
    y -= 20 + 12 * len(name)
    pen.write(_MARGIN, y, "Clave inicial", size=7.5, grey=0.25)
    secret = slip.secret.replace("-", "").replace(" ", "")
    groups = [secret[i : i + 4] for i in range(0, len(secret), 4)]
    pen.box(_MARGIN, y - 46, width - 2 * _MARGIN, 40)
    pen.write(width / 2, y - 34, " ".join(groups), font=fonts.MONO, size=24, align="center")
    pen.write(
        _MARGIN,
        y - 64,
        f"Vence el {slip.expires_at:%d/%m/%Y} a las {slip.expires_at:%H:%M}. "
        "Después de esa hora no sirve: pida otra en su agencia.",
        font=fonts.SEMIBOLD,
        size=9.5,
    )


def _outside(pen: Pen, slip: CredentialSlip, top: float, width: float, panel: float) -> None:
    """Fill an outer face with letters over letters, and leave a window for the name."""
    canvas = pen.canvas
    # The pattern must be the same at every print; nothing secret depends on it.
    dice = random.Random(1)  # noqa: S311
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(0, top - panel, width, panel)
    canvas.clipPath(clip, stroke=0, fill=0)
    for shift in (0.0, 2.3):
        y = top - 6 - shift
        while y > top - panel - 8:
            line = "".join(dice.choices(_ALPHABET, k=150))
            pen.lines(-6 + shift * 1.3, y, [line], font=fonts.MONO, size=8, grey=0.15)
            y -= 6
    canvas.restoreState()
    window = 96 * mm
    canvas.setFillGray(1)
    canvas.rect((width - window) / 2, top - panel / 2 - 13 * mm, window, 26 * mm, stroke=1, fill=1)
    canvas.setFillGray(0)
    middle = top - panel / 2
    name = wrap(slip.member, fonts.SEMIBOLD, 10, window - 12)
    pen.write(width / 2, middle + 8 * mm, "Personal y reservado", size=8, align="center")
    y = middle + 2.5 * mm
    for line in name[:3]:
        pen.write(width / 2, y, line, font=fonts.SEMIBOLD, size=10, align="center")
        y -= 12
    pen.write(
        width / 2,
        middle - 10 * mm,
        f"{slip.cooperative} · {slip.branch}"[:70],
        size=7,
        align="center",
    )


def _fold_marks(pen: Pen, width: float, height: float, panel: float) -> None:
    pen.write(
        width - 8 * mm,
        height - panel + 3,
        "2.º doblez: hacia adentro",
        size=7,
        align="right",
        grey=0.25,
    )
    canvas = pen.canvas
    canvas.setFillGray(1)
    canvas.rect(width - 62 * mm, height / 2 - 9, 56 * mm, 8, stroke=0, fill=1)
    canvas.setFillGray(0)
    pen.write(
        width - 8 * mm,
        height / 2 - 7.5,
        "1.er doblez: hacia atrás, lo impreso afuera",
        size=7,
        align="right",
    )
