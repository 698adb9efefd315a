"""Papers as they come back in a demonstration: a sheet signed by a drawn line, a card of nobody."""

import io
import math
from random import Random
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from branch_desk.resources import resource

_DOTS_PER_INCH: Final = 150
_CARD: Final = (1012, 638)
"""ISO/IEC 7810 ID-1 at 300 dots per inch."""


def signed_scan(pdf: bytes, random: Random) -> bytes:
    """Rasterise the first page, draw a signature on it and turn it a little, as a scanner does."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    picture: Image.Image = document[0].render(scale=_DOTS_PER_INCH / 72).to_pil().convert("L")
    document.close()
    left, height = random.randint(150, 260), picture.height - random.randint(230, 280)
    swing = random.uniform(12, 26)
    line = [
        (left + 3 * step, height + swing * math.sin(step / 3) * math.cos(step / 7))
        for step in range(80)
    ]
    ImageDraw.Draw(picture).line(line, fill=30, width=3)
    turned = picture.rotate(random.uniform(-2, 2), expand=True, fillcolor=255)
    return _jpeg(turned)


def card_picture(name: str, document: str) -> bytes:
    """Draw an identity card that can be nobody's: it says so."""
    picture = Image.new("RGB", _CARD, "#e8efe6")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, _CARD[0], 96), fill="#2f5d50")
    pen.rectangle((48, 150, 318, 520), fill="#c9d6cf", outline="#2f5d50", width=3)
    pen.ellipse((128, 210, 238, 340), fill="#8fa79b")
    pen.pieslice((88, 350, 278, 620), 180, 360, fill="#8fa79b")
    title, text = _font(40), _font(34)
    pen.text((40, 24), "CÉDULA DE MUESTRA · SIN VALOR", font=title, fill="white")
    pen.text((360, 170), f"N° {document}", font=title, fill="#1d2b26")
    for row, part in enumerate(_wrapped(name)):
        pen.text((360, 250 + 48 * row), part, font=text, fill="#1d2b26")
    return _jpeg(picture)


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(resource("fonts/IBMPlexSans-Medium.ttf")), size)


def _wrapped(name: str, width: int = 32) -> list[str]:
    lines = [""]
    for word in name.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
