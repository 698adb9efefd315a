"""The papers' typeface: IBM Plex Sans and Mono, embedded, with figures of one width.

Every document starts with the same characters in the same order, so that the code of a letter and
the embedded part of the font are the same in all documents: bytes stay repeatable (R79) and the
part is cut out of the font once, not once a paper.
"""

import threading
import zlib
from functools import cache
from typing import Any, Final
from unicodedata import category

from reportlab import rl_config
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, TTFontFace

from branch_desk import resources

REGULAR: Final = "PlexSans"
ITALIC: Final = "PlexSans-Italic"
SEMIBOLD: Final = "PlexSans-SemiBold"
BOLD: Final = "PlexSans-Bold"
MONO: Final = "PlexMono"

_FILES: Final = {
    REGULAR: "IBMPlexSans-Regular.ttf",
    ITALIC: "IBMPlexSans-Italic.ttf",
    SEMIBOLD: "IBMPlexSans-SemiBold.ttf",
    BOLD: "IBMPlexSans-Bold.ttf",
    MONO: "IBMPlexMono-Regular.ttf",
}
# What Spanish, Quechua and Aymara names and the papers' own sentences need besides ASCII.
_COMMON: Final = "ÁÉÍÓÚÜÑÄËÏÖáéíóúüñäëïöÇçÀÈÌÒÙàèìòùÂÊÎÔÛâêîôûÃÕãõ¿¡«»°ºª·–—‘’“”…•§€×"

# ReportLab keeps the state of a document inside its font objects: one document at a time.
drawing: Final = threading.RLock()


class _Face(TTFontFace):  # type: ignore[misc]  # reportlab ships no types
    """A typeface that cuts and packs the same part of itself only once."""

    def __init__(self, filename: str) -> None:
        super().__init__(filename)
        self._packed: dict[tuple[int, ...], tuple[bytes, int]] = {}

    def makeSubset(self, subset: list[int]) -> bytes:  # noqa: N802 - reportlab's name
        """Give the part packed already; `addSubsetObjects` says so in the stream."""
        key = tuple(subset)
        if key not in self._packed:
            part: bytes = super().makeSubset(subset)
            self._packed[key] = (zlib.compress(part), len(part))
            if len(self._packed) > 16:  # noqa: PLR2004 - rare letters make more parts; keep few
                self._packed.pop(next(iter(self._packed)))
        return self._packed[key][0]

    def addSubsetObjects(self, doc: Any, fontname: str, subset: list[int]) -> Any:  # noqa: ANN401, N802
        """Embed the packed part: reportlab's own would pack it at every document."""
        reference = super().addSubsetObjects(doc, fontname, subset)
        stream = doc.idToObject[f"fontFile:{self.filename}({fontname})"]
        stream.filters = []
        stream.dictionary["Length1"] = self._packed[tuple(subset)][1]
        stream.dictionary["Filter"] = pdfdoc.PDFName("FlateDecode")
        return reference


class _Font(TTFont):  # type: ignore[misc]  # reportlab ships no types
    """A font whose letter codes are the same in every document."""

    def __init__(self, name: str, filename: str) -> None:
        super().__init__(name, filename, asciiReadable=True, shapable=False)
        self.face = _Face(filename)

    def splitString(self, text: Any, doc: Any, encoding: str = "utf-8") -> Any:  # noqa: ANN401, N802
        """Give every new document the common letters first, in a fixed order."""
        if doc not in self.state:
            super().splitString(_COMMON, doc, encoding)
        return super().splitString(text, doc, encoding)


@cache
def register() -> frozenset[str]:
    """Make the fonts known to ReportLab; give the characters all of them can print."""
    covered: set[int] | None = None
    for name, file in _FILES.items():
        font = _Font(name, str(resources.path("fonts", file)))
        pdfmetrics.registerFont(font)
        glyphs = {code for code, glyph in font.face.charToGlyph.items() if glyph}
        covered = glyphs if covered is None else covered & glyphs
    # ReportLab opens every page with its default font: unless told, an unembedded Helvetica.
    rl_config.canvas_basefontname = REGULAR
    # Some signs are in the font and yet show nothing: they would print as something else.
    return frozenset(
        character for character in map(chr, covered or ()) if category(character)[0] != "C"
    )


@cache
def _widths(font: str) -> dict[str, float]:
    """Thousandths of the type size that each character is wide."""
    register()
    face = pdfmetrics.getFont(font).face
    return {chr(code): width for code, width in face.charWidths.items()}


def width(text: str, font: str, size: float) -> float:
    """Measure a line in points."""
    widths = _widths(font)
    return sum(map(widths.__getitem__, text)) * size / 1000
