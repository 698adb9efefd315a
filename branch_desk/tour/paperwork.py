"""The form as it comes back from the counter: the cooperative's copy, signed, crooked, scanned."""

import io
import math
from random import Random
from typing import Final

import pypdfium2
from PIL import Image, ImageDraw

_DOTS_PER_INCH: Final = 130
_SCALE: Final = _DOTS_PER_INCH / 72
_LABEL_POINTS: Final = 5
"""The word «Firma» under a line for it is smaller than this; in a sentence it is larger."""
_SIGNERS: Final = 2
"""Member and officer; the supervisor signs nothing at the counter."""


def signed_copy(pdf: bytes, random: Random) -> bytes:
    """Scan the second half of a form, the cooperative's copy, with two signatures; give a PDF."""
    document = pypdfium2.PdfDocument(pdf)
    pages = []
    for number in range(len(document) // 2, len(document)):
        page = document[number]
        picture: Image.Image = page.render(scale=_SCALE).to_pil().convert("L")
        for left, bottom in _lines_to_sign(page):
            _sign(picture, left * _SCALE, (page.get_height() - bottom) * _SCALE, random)
        pages.append(picture.rotate(random.uniform(-1.5, 1.5), expand=True, fillcolor=255))
    document.close()
    out = io.BytesIO()
    pages[0].save(
        out, "PDF", save_all=True, append_images=pages[1:], resolution=_DOTS_PER_INCH, quality=70
    )
    return out.getvalue()


def _lines_to_sign(page: pypdfium2.PdfPage) -> list[tuple[float, float]]:
    text = page.get_textpage()
    search = text.search("Firma", match_case=True)
    places = []
    while (found := search.get_next()) is not None:
        left, bottom, _, top = text.get_charbox(found[0])
        if top - bottom < _LABEL_POINTS:
            places.append((left, top))
    return places[:_SIGNERS]


def _sign(picture: Image.Image, left: float, bottom: float, random: Random) -> None:
    swing, pace = random.uniform(12, 20), random.uniform(5, 8)
    line = [
        (left + 30 + 2.2 * step, bottom - 36 + swing * math.sin(step / 3) * math.cos(step / pace))
        for step in range(80)
    ]
    ImageDraw.Draw(picture).line(line, fill=30, width=3)
