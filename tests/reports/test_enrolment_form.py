import hashlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest

from branch_desk.models.errors import MissingGlyph
from branch_desk.reports import fonts
from branch_desk.reports.blocks import fit_name
from branch_desk.reports.enrolment_form import render, worst_case
from branch_desk.reports.images import pdf_pages, preview
from branch_desk.reports.paper import PageSize
from branch_desk.reports.scan import read_sheet
from tests.reports.forms import a_company_form, a_form, a_person, a_representative, limits

NAMES = [
    "Íñigo Muñoz Áñez",
    "María O'Connor D'Ávila",
    "Pérez & Hijos",
    "<b>Negrita",
    "<!-- x -->",
    "<![CDATA[ x ]]>",
    "</para> & <img src='/etc/passwd'>",
    "Ana \\(paréntesis) %s {llaves}",
    "Zoë Đặng-Ýsz Łukasz Ťažký",
    "W" * 60,
    "Nombre Compuesto De Sesenta Caracteres Exactos Que Llega Lejos",
]


def text_of(pdf):
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    return pages, " ".join(" ".join(pages).split())


@pytest.fixture(scope="module")
def pdf():
    return render(a_form(), size=PageSize.A4)


@pytest.mark.parametrize("size", PageSize)
@pytest.mark.parametrize("form", [a_form(), a_company_form()], ids=["person", "company"])
def test_the_file_is_sound_and_every_font_is_inside(form, size, tmp_path):
    path = tmp_path / "form.pdf"
    path.write_bytes(render(form, size=size, copy_number=2, training=True))
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
    fonts = subprocess.run(["pdffonts", path], check=True, capture_output=True, text=True)
    rows = fonts.stdout.splitlines()[2:]
    assert rows
    for row in rows:
        assert "IBMPlex" in row
        assert re.search(r"yes yes yes", row), row
    assert "Helvetica" not in fonts.stdout


@pytest.mark.parametrize("size", PageSize)
def test_pages_have_the_size_that_was_asked_for(size):
    reader = pypdf.PdfReader(io.BytesIO(render(a_form(), size=size)))
    for page in reader.pages:
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(
            size.value, abs=0.01
        )


@pytest.mark.parametrize("name", NAMES)
def test_a_name_prints_as_it_was_typed(name):
    _, text = text_of(render(a_form(member=a_person(name=name)), size=PageSize.A4))
    assert text.replace(" ", "").count(name.replace(" ", "")) == 4, name  # data, signature; copies


def test_every_field_of_the_form_is_on_the_paper(pdf):
    form = a_form()
    _, text = text_of(pdf)
    member = form.member
    expected = [
        form.folio,
        form.officer,
        form.terms_sha256[:16],
        form.contract.sha256[:32],
        member.document,
        member.member_number,
        member.mobile,
        member.email,
        member.address,
        member.user_name,
        "14/05/2031",
        *(account.number for account in form.accounts),
        "20.000,00",
        "1.002.100,50",
        "un millón dos mil cien 50/100 bolivianos",
        worst_case(form.worst_day),
        "ENTEL prepago",
        "versión 2026-1",
    ]
    for value in expected:
        assert value in text, value


def test_a_company_shows_its_representatives_powers_and_signing_rule():
    _, text = text_of(render(a_company_form(), size=PageSize.A4))
    for number in range(3):
        each = a_representative(number)
        for value in (each.name, each.document, each.user_name, each.power.number):
            assert value.replace(" ", "") in text.replace(" ", ""), value
    assert text.count("Representante legal ") == 2 * 3
    assert "Firma conjunta de dos representantes" in text


def test_both_copies_are_in_the_file_each_with_its_own_page_count(pdf):
    pages, _ = text_of(pdf)
    half = len(pages) // 2
    for index, page in enumerate(pages):
        assert f"Página {index % half + 1} de {half}" in page
        label = "EJEMPLAR DEL SOCIO" if index < half else "EJEMPLAR DE LA COOPERATIVA"
        assert label in page


def test_the_folio_and_its_code_stand_on_every_page(pdf):
    pages, _ = text_of(pdf)
    assert all("SC01-2026-000123" in page for page in pages)
    for picture in pdf_pages(pdf, dpi=150):
        stream = io.BytesIO()
        picture.save(stream, "PNG")
        code = read_sheet(stream.getvalue())
        assert code.payload() == f"BD1:SC01-2026-000123:3:{a_form().terms_sha256[:16]}"


def test_the_same_form_gives_the_same_bytes_also_after_other_forms():
    first = render(a_form(), size=PageSize.A4)
    digests = set()
    for number in range(100):
        if number % 25 == 0:
            render(a_company_form(member=a_person(name="Łódź Ťažký")), size=PageSize.OFICIO)
        digests.add(hashlib.sha256(render(a_form(), size=PageSize.A4)).hexdigest())
    assert digests == {hashlib.sha256(first).hexdigest()}


def test_another_process_draws_the_same_bytes(pdf):
    program = (
        "import hashlib\n"
        "from tests.reports.forms import a_form\n"
        "from branch_desk.reports.enrolment_form import render\n"
        "from branch_desk.reports.paper import PageSize\n"
        "print(hashlib.sha256(render(a_form(), size=PageSize.A4)).hexdigest())"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert result.stdout.strip() == hashlib.sha256(pdf).hexdigest()


@pytest.mark.parametrize("character", ["\N{FULLWIDTH EQUALS SIGN}", "😀", "中", "\x07", "\u200b"])
def test_a_character_without_a_glyph_stops_the_paper(character):
    with pytest.raises(MissingGlyph) as refused:
        render(a_form(member=a_person(name=f"Ana {character}")), size=PageSize.A4)
    assert refused.value.facts == {"character": f"U+{ord(character):04X}"}


def test_letters_typed_as_base_and_accent_print_as_one():
    _, text = text_of(render(a_form(member=a_person(name="Nun\u0303ez")), size=PageSize.A4))
    assert "Nuñez" in text


def test_the_paper_holds_nothing_active(pdf):
    hostile = render(
        a_form(member=a_person(name="https://malo.example <a href='x'>")), size=PageSize.A4
    )
    for data in (pdf, hostile):
        reader = pypdf.PdfReader(io.BytesIO(data))
        assert not {"/OpenAction", "/AcroForm"} & set(reader.root_object)
        assert not any(page.get("/Annots") for page in reader.pages)


def test_a_reprint_and_a_training_paper_say_so_on_every_page():
    pages, _ = text_of(render(a_form(), size=PageSize.A4, copy_number=3, training=True))
    for page in pages:
        assert "COPIA 3" in page
        assert "SIN VALOR" in page
    pages, _ = text_of(render(a_form(), size=PageSize.A4))
    assert not any("COPIA" in page or "SIN VALOR" in page for page in pages)


def test_declarations_and_signatures_share_a_page():
    for form in (a_form(), a_company_form()):
        pages, _ = text_of(render(form, size=PageSize.A4))
        for page in pages:
            assert (". Declaraciones" in page) == (". Firmas" in page)


def test_fifty_accounts_and_many_limits_go_on_over_the_pages():
    form = a_form(accounts=a_form().accounts * 13, limits=limits() * 8)
    pages, text = text_of(render(form, size=PageSize.A4))
    assert "Cuentas habilitadas (continuación)" in text
    assert text.count("501-1-00004321") == 2 * 13
    assert len(pages) > 6


def test_the_preview_shows_every_page_as_points(pdf):
    pictures = preview(pdf, 0.5)
    assert len(pictures) == len(pypdf.PdfReader(io.BytesIO(pdf)).pages)
    for picture in pictures:
        assert (picture.width, picture.height) == pytest.approx((298, 421), abs=1)
        assert len(picture.data) == picture.width * picture.height * 4


def test_without_a_way_out_the_sentence_says_that_nothing_can_leave():
    assert worst_case(()) == "Con estas opciones no puede salir dinero de sus cuentas."


@pytest.mark.parametrize("name", ["Ana", *NAMES, "W" * 120, "de la Fuente " * 12])
def test_a_name_of_any_length_stays_inside_its_signature_box(name):
    lines, size, leading = fit_name(name, 110)
    assert leading * len(lines) <= 22
    assert all(fonts.width(line, fonts.REGULAR, size) <= 110 for line in lines)
    assert "".join("".join(lines).split()) == "".join(name.split())
