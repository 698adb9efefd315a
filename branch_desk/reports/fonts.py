"""The papers' typeface: IBM Plex Sans and Mono, embedded, with figures of one width.

Every document starts with the same characters in the same order, so that the code of a letter and
the embedded part of the font are the same in all documents: bytes stay repeatable (R79) and the
part is cut out of the font once, not once a paper.
"""

import threading
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from unicodedata import category

from reportlab import rl_config
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import (
    FF_NONSYMBOLIC,
    FF_SYMBOLIC,
    SUBSETN,
    TTFont,
    makeToUnicodeCMap,
)

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


class _Font(TTFont):  # type: ignore[misc]  # reportlab ships no types
    """A font whose letter codes, and whose embedded part, are the same in every document."""

    def __init__(self, name: str, filename: str) -> None:
        super().__init__(name, filename, asciiReadable=True, shapable=False)
        self._parts: dict[tuple[int, ...], _Part] = {}
        # What stands in the page for each common letter: its code, escaped as PDF wants it.
        blank = _Blank()
        self.splitString("", blank)
        assigned = self.state[blank].assignments
        self.codes = {letter: _escaped(code) for letter, code in assigned.items() if letter}
        self.codes[0xA0] = " "

    def splitString(self, text: Any, doc: Any, encoding: str = "utf-8") -> Any:  # noqa: ANN401, N802
        """Give every new document the common letters first, in a fixed order."""
        if doc not in self.state:
            super().splitString(_COMMON, doc, encoding)
        return super().splitString(text, doc, encoding)

    def name_in(self, doc: Any) -> str:  # noqa: ANN401 - reportlab's document
        """Give the name under which a page of the document asks for the common letters."""
        if doc not in self.state:
            self.splitString("", doc)
        name: str = self.getSubsetInternalName(0, doc)
        return name

    def addObjects(self, doc: Any) -> None:  # noqa: ANN401, N802
        """Embed the parts in use; as reportlab does, but cut and packed once for all papers."""
        state = self.state[doc]
        state.frozen = 1
        for number, letters in enumerate(state.subsets):
            name = self.getSubsetInternalName(number, doc)[1:]
            base = (SUBSETN(number) + b"+" + self.face.name).decode()
            part = self._part(tuple(letters), base)
            file = _packed(part.glyphs)
            file.dictionary["Length1"] = part.glyphs_length
            references = {
                "file": doc.Reference(file, f"fontFile:{base}"),
                "letters": doc.Reference(_packed(part.letters), f"toUnicodeCMap:{base}"),
            }
            numbers = {key: each.format(doc).decode() for key, each in references.items()}
            descriptor = doc.Reference(part.descriptor % numbers["file"], f"fontDescriptor:{base}")
            doc.idToObject["BasicFonts"].dict[name] = doc.Reference(
                f"<< /Type /Font /Subtype /TrueType /Name /{name} /BaseFont /{base} /FirstChar 0"
                f" /LastChar {len(letters) - 1} /Widths {part.widths}"
                f" /ToUnicode {numbers['letters']}"
                f" /FontDescriptor {descriptor.format(doc).decode()} >>",
                name,
            )
        del self.state[doc]

    def _part(self, letters: tuple[int, ...], base: str) -> "_Part":
        if letters not in self._parts:
            if len(self._parts) >= 16:  # noqa: PLR2004 - rare letters make more parts; keep few
                self._parts.pop(next(iter(self._parts)))
            glyphs: bytes = self.face.makeSubset(list(letters))
            widths = (f"{self.face.getCharWidth(letter):g}" for letter in letters)
            self._parts[letters] = _Part(
                zlib.compress(glyphs),
                len(glyphs),
                zlib.compress(makeToUnicodeCMap(base, list(letters)).encode()),
                f"[ {' '.join(widths)} ]",
                self._descriptor(base),
            )
        return self._parts[letters]

    def _descriptor(self, base: str) -> str:
        face = self.face
        return (
            f"<< /Type /FontDescriptor /Ascent {face.ascent:g} /CapHeight {face.capHeight:g}"
            f" /Descent {face.descent:g} /Flags {face.flags & ~FF_NONSYMBOLIC | FF_SYMBOLIC}"
            f" /FontBBox [ {' '.join(f'{side:g}' for side in face.bbox)} ] /FontName /{base}"
            f" /ItalicAngle {face.italicAngle:g} /StemV {face.stemV:g}"
            f" /MissingWidth {face.defaultWidth:g} /FontFile2 %s >>"
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a font as it is written into the file."""

    glyphs: bytes
    glyphs_length: int
    letters: bytes
    widths: str
    descriptor: str


class _Blank:
    """Stands for a document while the codes are learnt."""


def _escaped(code: int) -> str:
    if chr(code) in "()\\":
        return "\\" + chr(code)
    return chr(code) if 32 <= code < 127 else f"\\{code:03o}"  # noqa: PLR2004 - printable ASCII


def _packed(data: bytes) -> Any:  # noqa: ANN401 - reportlab's stream
    stream = pdfdoc.PDFStream()
    stream.content = data
    stream.dictionary["Filter"] = pdfdoc.PDFName("FlateDecode")
    return stream


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
    rl_config.useA85 = 0  # streams as bytes, not as text a fifth longer
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


def shown(text: str, font: str) -> str | None:
    """Give the code that shows text in a page, or None when it has a letter beyond the common."""
    codes = _codes(font)
    if not all(map(codes.__contains__, map(ord, text))):
        return None
    return f"({text.translate(codes)}) Tj"


@cache
def _codes(font: str) -> dict[int, str]:
    register()
    codes: dict[int, str] = pdfmetrics.getFont(font).codes
    return codes


def name_in(font: str, canvas: Any) -> str:  # noqa: ANN401 - reportlab's canvas
    """Give the name under which a page asks for this font."""
    name: str = pdfmetrics.getFont(font).name_in(canvas._doc)  # noqa: SLF001 - no public way
    return name
