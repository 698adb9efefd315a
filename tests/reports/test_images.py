import hashlib
import io
import struct
import zlib

import pypdf
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from branch_desk.models.errors import UnreadableFile
from branch_desk.reports.enrolment_form import render
from branch_desk.reports.images import clean_image, clean_sheet
from branch_desk.reports.paper import PageSize
from tests.reports.forms import a_form


def picture(kind, mode="RGB", size=(640, 480), **options):
    image = Image.linear_gradient("L").resize(size).convert(mode)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bomb(width, height):
    """A PNG of a few bytes that says it is enormous."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def with_exif(**tags):
    exif = Image.Exif()
    exif[0x0112] = tags.get("orientation", 1)
    exif[0x010E] = "secreto"
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (17.0, 47.0, 0.0)
    return picture("JPEG", exif=exif)


def with_text():
    info = PngInfo()
    info.add_text("Comment", "secreto")
    return picture("PNG", pnginfo=info)


GOOD = {
    "jpeg": lambda: picture("JPEG"),
    "progressive jpeg": lambda: picture("JPEG", progressive=True),
    "grey jpeg": lambda: picture("JPEG", "L"),
    "cmyk jpeg": lambda: picture("JPEG", "CMYK"),
    "jpeg with place and camera": with_exif,
    "jpeg turned by its camera": lambda: with_exif(orientation=6),
    "jpeg with an archive behind it": lambda: picture("JPEG") + b"PK\x03\x04secreto",
    "png": lambda: picture("PNG"),
    "png with transparency": lambda: picture("PNG", "RGBA"),
    "png with palette": lambda: picture("PNG", "P"),
    "png black and white": lambda: picture("PNG", "1"),
    "png of 16 bits": lambda: picture("PNG", "I;16"),
    "png with a comment": with_text,
    "smallest": lambda: picture("PNG", size=(200, 200)),
    "largest": lambda: picture("PNG", "L", size=(6000, 4000)),
}
BAD = {
    "nothing": (lambda: b"", "empty"),
    "text": (lambda: b"hola" * 100, "not_an_image"),
    "page": (lambda: b"<html><script>alert(1)</script></html>", "not_an_image"),
    "gif": (lambda: picture("GIF"), "not_an_image"),
    "bmp": (lambda: picture("BMP"), "not_an_image"),
    "tiff": (lambda: picture("TIFF"), "not_an_image"),
    "webp": (lambda: picture("WEBP"), "not_an_image"),
    "eps": (lambda: picture("EPS"), "not_an_image"),
    "drawing": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
    "program": (lambda: b"MZ\x90\x00" + b"\0" * 500, "not_an_image"),
    "half a jpeg": (lambda: picture("JPEG")[:2000], "not_an_image"),
    "half a png": (lambda: picture("PNG")[:400], "not_an_image"),
    "too narrow": (lambda: picture("PNG", size=(199, 4000)), "too_small"),
    "too many points": (lambda: bomb(6001, 4000), "too_many_points"),
    "bomb": (lambda: bomb(60_000, 60_000), "too_many_points"),
    "too big": (lambda: picture("JPEG") + b"\0" * (8 * 1024 * 1024), "too_big"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_picture_that_is_one_is_rewritten_without_what_hides_in_it(name):
    data = GOOD[name]()
    clean = clean_image(data)
    assert clean.sha256 == hashlib.sha256(clean.data).hexdigest()
    assert b"secreto" not in clean.data
    again = Image.open(io.BytesIO(clean.data))
    assert again.format == "JPEG"
    assert not again.getexif()
    assert again.size == (clean.width, clean.height)
    # a gradient stays a gradient: dark on one end, light on the other
    greys = again.convert("L").tobytes()
    assert max(greys) - min(greys) > 200


def test_a_picture_is_turned_as_its_camera_meant():
    clean = clean_image(with_exif(orientation=6))
    assert (clean.width, clean.height) == (480, 640)


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_acceptable_picture_is_refused(name):
    make, reason = BAD[name]
    with pytest.raises(UnreadableFile) as refused:
        clean_image(make())
    assert refused.value.facts == {"reason": reason}


def test_thirty_files_or_more_are_tried():
    assert len(GOOD) + len(BAD) >= 30


def test_a_scanned_pdf_is_kept_as_it_came():
    pdf = render(a_form(), size=PageSize.A4)
    sheet = clean_sheet(pdf)
    assert (sheet.data, sheet.media_type) == (pdf, "application/pdf")
    assert sheet.pages == len(pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_a_photographed_sheet_is_rewritten():
    sheet = clean_sheet(with_exif())
    assert (sheet.media_type, sheet.pages) == ("image/jpeg", 1)
    assert b"secreto" not in sheet.data


def many_pages(count):
    writer = pypdf.PdfWriter()
    for _ in range(count):
        writer.add_blank_page(595, 842)
    return written(writer)


def locked():
    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt("clave", algorithm="RC4-128")
    return written(writer)


def huge_page():
    writer = pypdf.PdfWriter()
    writer.add_blank_page(14_400, 14_400)
    return written(writer)


def written(writer):
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: many_pages(16), "too_many_pages"),
        (lambda: b"%PDF-1.4 nothing", "not_a_pdf"),
        (locked, "encrypted"),
        (huge_page, "too_many_points"),
        (lambda: b"%PDF-1.4" + b"\0" * (15 * 1024 * 1024), "too_big"),
    ],
)
def test_an_unfit_pdf_is_refused(make, reason):
    with pytest.raises(UnreadableFile) as refused:
        clean_sheet(make())
    assert refused.value.facts == {"reason": reason}


def test_fifteen_pages_are_accepted():
    assert clean_sheet(many_pages(15)).pages == 15
