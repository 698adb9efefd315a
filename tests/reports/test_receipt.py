import io
import re
import statistics
import subprocess
import time
import unicodedata
from datetime import timedelta

import pypdf
import pytest
import zxingcpp

from branch_desk.models.errors import MissingGlyph
from branch_desk.models.operation import OPERATION_TRANSITIONS, OperationKind, OperationStatus
from branch_desk.reports import fonts
from branch_desk.reports.images import pdf_pages
from branch_desk.reports.paper import PageSize
from branch_desk.reports.receipt import Destination, PaidBill, SignedBy, render
from branch_desk.reports.receipt_words import KINDS, STATES, initials, masked
from tests.operations.test_hostile_texts import HOSTILE
from tests.reports.receipts import NOON, a_receipt, many_instalments, two_signers

ALL = tuple(OperationKind)


def pages_of(pdf):
    return [
        " ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages
    ]


def text_of(values):
    return " ".join(pages_of(render(values)))


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_says_what_how_much_from_where_and_how_it_is_proved(kind):
    values = a_receipt(kind)
    text = text_of(values)
    for part in (
        values.letterhead.branch,
        values.number,
        values.code,
        KINDS[kind],
        "Caja de ahorro •••• 0030",
        "Ana María Méndez Ríos · N.º 000123",
        "23/11/2026 12:00",
        "Emitido el 23/11/2026 14:00",
        "Página 1 de 1",
    ):
        assert part in text, part
    amount = "Bs 2.350,00" if kind == "LOAN" else "Bs 1.234,50"
    words = "Dos mil trescientos cincuenta 00" if kind == "LOAN" else "Mil doscientos treinta y"
    assert amount in text
    assert words in text
    assert "COPIA" not in text
    assert "SIN VALOR" not in text


def test_each_kind_says_its_own():
    bank = text_of(a_receipt("OTHER_BANK", "BATCHED"))
    for part in (
        "Caja de ahorro •••• 1203 · Banco Unión S.A.",
        "Juan Carlos Rojas Suárez",
        "Abono prometido 24/11/2026",
        "Pago de alquiler de noviembre",
        "Sueldo mensual de la empresa",
        "Alquiler de vivienda familiar",
        "En lote. Está en el lote de su día",
    ):
        assert part in bank, part
    loan = text_of(a_receipt("LOAN"))
    for part in ("Préstamo •••• 7702", "850,00 312,50 12,50 1.175,00", "1.711,00 614,00 25,00"):
        assert part in loan, part
    bill = text_of(a_receipt("BILL", "CONFIRMED"))
    for part in ("CRE R.L.", "0012345678", "F-2026-10-5521", "Octubre 2026"):
        assert part in bill, part
    assert "Teléfono" in text_of(a_receipt("TOP_UP"))


def test_what_is_not_so_is_not_named():
    text = text_of(a_receipt("TOP_UP"))
    for part in ("Concepto", "Beneficiario", "Abono prometido", "Cuota", "Firmó", "programada"):
        assert part not in text
    assert "Ordenada por Ana María Méndez Ríos · " not in text


def test_every_state_in_which_money_moved_has_its_words():
    unmoved = {OperationStatus.WAITING, OperationStatus.CANCELLED, OperationStatus.LAPSED}
    states = set(OperationStatus) - unmoved
    assert set(STATES) == {each.name for each in states}
    assert set(OPERATION_TRANSITIONS) == set(OperationStatus)
    for state in states:
        word, note = STATES[state.name]
        text = text_of(a_receipt("OTHER_BANK", state.name))
        assert word in text
        assert note in text


def test_money_that_came_back_is_said_with_the_others_answer():
    text = text_of(a_receipt("OTHER_BANK", "REJECTED", answer="Cuenta cerrada"))
    assert "Devuelta" in text
    assert "El dinero volvió a la cuenta. Respuesta: «Cuenta cerrada»." in text


def test_those_who_signed_stand_there_with_their_instants():
    early = NOON - timedelta(hours=3)
    text = text_of(a_receipt("OTHER_BANK", "SENT", signed_by=two_signers(), ordered_at=early))
    assert "Rosa Elena Justiniano Vaca · 23/11/2026 09:00" in text
    assert "Marcelo Suárez Añez · 23/11/2026 12:00" in text
    assert "Ordenada por Ana María Méndez Ríos · 23/11/2026 09:00" in text


def test_a_copy_and_a_training_receipt_say_so():
    assert "COPIA" in text_of(a_receipt(copy=True))
    assert "SIN VALOR" in text_of(a_receipt(training=True))


@pytest.mark.parametrize("kind", ALL)
def test_the_ordinary_receipt_fills_half_a_sheet(kind):
    values = a_receipt(kind, "DONE" if kind in {"OWN", "LOAN"} else "REJECTED", copy=True)
    [page] = pdf_pages(render(values), dpi=72)
    assert (page.width, page.height) == pytest.approx(
        [round(each) for each in PageSize.A4.value], abs=1
    )
    lower = page.crop((0, page.height // 2 + 4, page.width, page.height)).convert("L")
    assert lower.getextrema() == (255, 255)


def test_a_receipt_with_more_to_say_goes_on_below_and_on_further_sheets():
    assert len(pages_of(render(a_receipt("LOAN", instalments=many_instalments(12))))) == 1
    pages = pages_of(render(a_receipt("LOAN", instalments=many_instalments(90))))
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        assert f"Página {number} de 3" in page
        assert "CHJP-CSV8-D5N6-PV3D" in page
        assert "Cuota" in page
    rows = re.findall(r"\b(\d+) 20/11/2026 850", " ".join(pages))
    assert rows == [str(n) for n in range(1, 91)]


def test_many_signers_find_room():
    signed = tuple(SignedBy(f"Persona {n:03d}", NOON) for n in range(200))
    text = text_of(a_receipt("OWN", signed_by=signed))
    assert all(each.name in text for each in signed)


@pytest.mark.parametrize("dpi", [110, 200])
def test_the_code_is_read_from_the_printed_half_sheet(dpi):
    values = a_receipt(copy=True, training=True)
    [page] = pdf_pages(render(values), dpi=dpi)
    [found] = zxingcpp.read_barcodes(page.convert("L").rotate(2, fillcolor=255, expand=True))
    assert found.text == values.payload


@pytest.mark.parametrize("evil", [each for each in HOSTILE if each.isprintable()])
def test_a_text_prints_as_it_was_typed(evil):
    values = a_receipt("OTHER_BANK", concept=evil, member=evil, answer=evil, ordered_by=evil)
    plain = "".join(unicodedata.normalize("NFC", evil).split())
    if not fonts.register().issuperset(plain):
        with pytest.raises(MissingGlyph):
            render(values)
        return
    assert text_of(values).replace(" ", "").count(plain) >= 4


@pytest.mark.parametrize("evil", ["W" * 120, "Nombre Compuesto " * 7, "x" * 200])
def test_a_long_text_is_broken_and_kept_whole(evil):
    values = a_receipt(
        "OTHER_BANK",
        "REJECTED",
        concept=evil,
        origin=evil,
        funds_destination=evil,
        member=evil,
        ordered_by=evil,
        answer=evil,
        destination=Destination("Caja de ahorro •••• 1203", evil, evil),
        amount=99_999_999_999_99,
        signed_by=two_signers(),
    )
    text = text_of(values).replace(" ", "")
    assert text.count(evil.replace(" ", "")) >= 7
    assert "Bs99.999.999.999,99" in text


def test_a_character_without_a_glyph_stops_the_paper():
    with pytest.raises(MissingGlyph):
        render(a_receipt(concept="日本"))
    with pytest.raises(MissingGlyph):
        render(a_receipt("BILL", bill=PaidBill("CRE", "1", "2", "日")))


def test_a_hundred_renders_give_the_same_bytes():
    for kind in ALL:
        values = a_receipt(kind, copy=True, training=True)
        assert len({render(values) for _ in range(100)}) == 1
    assert render(a_receipt("OWN")) != render(a_receipt("BILL"))


def test_the_file_is_sound_holds_nothing_active_and_every_font(tmp_path):
    path = tmp_path / "receipt.pdf"
    path.write_bytes(render(a_receipt("OTHER_BANK", training=True)))
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
    listed = subprocess.run(["pdffonts", path], check=True, capture_output=True, text=True)
    rows = listed.stdout.splitlines()[2:]
    assert rows
    assert all("IBMPlex" in row and re.search(r"yes yes yes", row) for row in rows)
    assert not re.search(rb"/(JavaScript|JS|URI|Launch|EmbeddedFile)\b", path.read_bytes())


def test_a_warm_receipt_takes_no_longer_than_a_blink():
    values = [a_receipt(concept=f"Alquiler {n}", number=f"N{n}") for n in range(30)]
    for each in values[:5]:
        render(each)
    taken = []
    for each in values[5:]:
        start = time.perf_counter()
        render(each)
        taken.append(time.perf_counter() - start)
    assert statistics.median(taken) < 0.05


def test_masks_keep_the_last_four_and_the_first_letters():
    assert masked("1000200030") == "•••• 0030"
    assert initials("Ana María Méndez Ríos") == "A. M. M. R."
    assert initials("O'Connor «Hijos» & Cía.") == "O. H. C."
    assert initials("") == ""
