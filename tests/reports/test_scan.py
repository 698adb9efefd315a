import io
import random

import pypdf
import pytest
import qrcode
from PIL import Image, ImageDraw, ImageFilter

from branch_desk.models.errors import FormUnreadable, SheetsDiffer
from branch_desk.reports.code import SheetCode
from branch_desk.reports.enrolment_form import render
from branch_desk.reports.images import pdf_pages
from branch_desk.reports.paper import PageSize
from branch_desk.reports.scan import read_card_code, read_sheet
from tests.reports.forms import a_form

EXPECTED = SheetCode("SC01-2026-000123", 3, a_form().terms_sha256[:16])


def as_file(image, kind="JPEG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def noisy(image, amount, seed=1):
    dice = random.Random(seed)
    noise = Image.frombytes("L", (256, 256), dice.randbytes(256 * 256))
    tile = Image.new("L", image.size)
    for x in range(0, image.width, 256):
        for y in range(0, image.height, 256):
            tile.paste(noise, (x, y))
    return Image.blend(image, tile, amount)


@pytest.fixture(scope="module")
def sheet():
    """The last page, printed, and signed with a drawn line."""
    page = pdf_pages(render(a_form(), size=PageSize.A4), dpi=150)[2]
    ImageDraw.Draw(page).line([(200, 620), (420, 560), (380, 640), (600, 570)], fill=40, width=4)
    return page


@pytest.mark.parametrize("angle", [0, 2, 3.5, 93, 180, 270, -7])
@pytest.mark.parametrize("noise", [0.0, 0.25])
def test_a_scanned_sheet_is_known_however_it_lay(sheet, angle, noise):
    turned = sheet.rotate(angle, expand=True, fillcolor=235, resample=Image.Resampling.BICUBIC)
    assert read_sheet(as_file(noisy(turned, noise), quality=70)) == EXPECTED


def test_a_photograph_from_the_side_in_poor_light_is_read(sheet):
    width, height = sheet.size
    corners = (-60, -40, -10, height + 90, width + 120, height + 30, width + 40, -100)
    photo = sheet.transform(sheet.size, Image.Transform.QUAD, corners, fillcolor=90)
    photo = photo.filter(ImageFilter.GaussianBlur(1.2)).point(lambda grey: 40 + grey * 0.5)
    assert read_sheet(as_file(noisy(photo, 0.1), quality=60)) == EXPECTED


def test_a_photograph_of_twelve_million_points_is_read(sheet):
    photo = sheet.resize((3000, 4000)).convert("RGB")
    assert read_sheet(as_file(photo, quality=60)) == EXPECTED


def test_a_png_of_a_coarse_scan_is_read(sheet):
    assert (
        read_sheet(as_file(sheet.resize((sheet.width // 2, sheet.height // 2)), "PNG")) == EXPECTED
    )


def test_a_pdf_from_a_scanner_is_read(sheet):
    assert read_sheet(as_file(sheet.rotate(2, fillcolor=255), "PDF", resolution=150)) == EXPECTED


def test_the_program_s_own_pdf_is_read():
    assert read_sheet(render(a_form(), size=PageSize.OFICIO, copy_number=4)) == EXPECTED


def test_pages_of_two_forms_in_one_file_are_not_guessed():
    writer = pypdf.PdfWriter()
    for revision in (3, 4):
        writer.append(io.BytesIO(render(a_form(revision=revision), size=PageSize.A4)), pages=(0, 1))
    stream = io.BytesIO()
    writer.write(stream)
    with pytest.raises(SheetsDiffer):
        read_sheet(stream.getvalue())


def test_a_sheet_without_a_code_is_unreadable():
    with pytest.raises(FormUnreadable):
        read_sheet(as_file(Image.new("L", (1240, 1754), 255)))


@pytest.mark.parametrize(
    "payload",
    [
        "https://malo.example",
        "BD1:SC01-2026-000123:0:" + "a" * 16,
        "BD1:SC01-2026-000123:3:" + "a" * 15,
        "BD1:sc01;DROP:3:" + "a" * 16,
        "BD2:SC01-2026-000123:3:" + "a" * 16,
        "BD1:SC01-2026-000123:3:" + "a" * 16 + "\n",
    ],
)
def test_a_foreign_code_is_no_sheet(payload):
    code = qrcode.make(payload).get_image().convert("L").resize((400, 400))
    with pytest.raises(FormUnreadable):
        read_sheet(as_file(code))


def test_the_code_of_an_identity_card_is_given_as_it_is():
    opaque = "S3GIP|" + "0123456789abcdefABCDEF+/=" * 8
    code = qrcode.make(opaque).get_image().convert("L")
    card = Image.new("L", (1200, 900), 200)
    card.paste(code.resize((600, 600)), (300, 150))
    assert read_card_code(as_file(card)) == opaque
    with pytest.raises(FormUnreadable):
        read_card_code(as_file(Image.new("L", (1200, 900), 200)))
