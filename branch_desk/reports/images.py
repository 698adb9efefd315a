"""Pictures and scans that come in from outside: checked before, and rewritten after, reading.

What the program keeps of a picture is a new picture made from its points: position, camera and
anything hidden behind the data stay outside (R83). Only JPEG, PNG and, for signed sheets, PDF are
opened: other readers start foreign programs.
"""

import hashlib
import io
import threading
import warnings
from dataclasses import dataclass, field
from typing import Final

import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

from branch_desk.models.errors import UnreadableFile

IMAGE_BYTES: Final = 8 * 1024 * 1024
PDF_BYTES: Final = 15 * 1024 * 1024
PDF_PAGES: Final = 15
MOST_POINTS: Final = 24_000_000
LEAST_SIDE: Final = 200
_SCAN_DPI: Final = 150
_LONGEST_PAGE: Final = 1500.0  # points; a sheet longer than half a metre is none of ours

# PDFium is not made for two threads at once.
_pdfium: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A picture fit to be kept. `data` is JPEG; `sha256` is of `data`."""

    data: bytes = field(repr=False)
    width: int
    height: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CleanSheet:
    """A signed sheet fit to be kept: the PDF as it came, or the rewritten picture."""

    data: bytes = field(repr=False)
    media_type: str
    pages: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as points: `data` holds 4 bytes (red, green, blue, opacity) a point, by rows."""

    width: int
    height: int
    data: bytes = field(repr=False)


def clean_image(data: bytes) -> CleanImage:
    """Check a JPEG or PNG and write it anew, turned as its camera meant, without its metadata.

    Raises `UnreadableFile` with `reason`: empty, too_big, not_an_image, too_many_points or
    too_small.
    """
    image = _upright(data)
    output = io.BytesIO()
    image.save(output, "JPEG", quality=88, optimize=False)
    written = output.getvalue()
    return CleanImage(written, image.width, image.height, hashlib.sha256(written).hexdigest())


def clean_sheet(data: bytes) -> CleanSheet:
    """Check a scan of a signed sheet: a PDF of at most 15 pages and 15 MB, or a picture.

    Raises `UnreadableFile` with `reason`, also too_many_pages, not_a_pdf or encrypted.
    """
    if not data.startswith(b"%PDF-"):
        image = clean_image(data)
        return CleanSheet(image.data, "image/jpeg", 1, image.sha256)
    pages = len(pdf_pages(data, dpi=36))
    return CleanSheet(data, "application/pdf", pages, hashlib.sha256(data).hexdigest())


def pictures(data: bytes) -> list[Image.Image]:
    """Give the grey pages of a PDF or the one of a picture, checked as above."""
    if data.startswith(b"%PDF-"):
        return pdf_pages(data, dpi=_SCAN_DPI)
    return [_upright(data).convert("L")]


def pdf_pages(data: bytes, *, dpi: int) -> list[Image.Image]:
    """Draw every page of a PDF in greys. Raises `UnreadableFile`."""
    if len(data) > PDF_BYTES:
        raise UnreadableFile(reason="too_big")
    with _pdfium:
        document = _open(data)
        try:
            if not 1 <= len(document) <= PDF_PAGES:
                raise UnreadableFile(reason="too_many_pages")
            for index in range(len(document)):
                if max(document.get_page_size(index)) > _LONGEST_PAGE:
                    raise UnreadableFile(reason="too_many_points")
            return [
                document[index].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
                for index in range(len(document))
            ]
        except pypdfium2.PdfiumError:
            raise UnreadableFile(reason="not_a_pdf") from None
        finally:
            document.close()


def preview(pdf: bytes, scale: float) -> list[PagePicture]:
    """Draw the pages of one of our own PDFs; `scale` 1.0 is 72 points to the inch."""
    shown = []
    with _pdfium:
        document = _open(pdf)
        try:
            for index in range(len(document)):
                image = document[index].render(scale=scale).to_pil().convert("RGBA")
                shown.append(PagePicture(image.width, image.height, image.tobytes()))
        finally:
            document.close()
    return shown


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        reason = "encrypted" if "assword" in str(error) else "not_a_pdf"
        raise UnreadableFile(reason=reason) from None


def _upright(data: bytes) -> Image.Image:
    if not data:
        raise UnreadableFile(reason="empty")
    if len(data) > IMAGE_BYTES:
        raise UnreadableFile(reason="too_big")
    try:
        with warnings.catch_warnings():
            # Pillow only warns where it meets a bomb; our own limit below is far stricter.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
            if image.width * image.height > MOST_POINTS:
                raise UnreadableFile(reason="too_many_points")
            if min(image.size) < LEAST_SIDE:
                raise UnreadableFile(reason="too_small")
            turned = ImageOps.exif_transpose(image)
            return _on_white(turned)
    except Image.DecompressionBombError:
        raise UnreadableFile(reason="too_many_points") from None
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
    ):
        raise UnreadableFile(reason="not_an_image") from None


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        paper = Image.new("RGB", image.size, "white")
        layer = image.convert("RGBA")
        paper.paste(layer, mask=layer)
        return paper
    # A fresh picture: `info` of the old one (comments, profiles, EXIF) does not come along.
    fresh = Image.new("RGB", image.size)
    fresh.paste(image.convert("RGB"))
    return fresh
