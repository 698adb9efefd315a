import io
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pypdf
import pytest

from branch_desk.reports.credential_slip import CredentialSlip, render
from branch_desk.reports.images import pdf_pages
from branch_desk.reports.paper import PageSize

LA_PAZ = ZoneInfo("America/La_Paz")


@pytest.fixture
def slip():
    return CredentialSlip(
        cooperative="Cooperativa «San Martín de Porres» R.L.",
        branch="Agencia Central",
        member="Laura Méndez Áñez de Lazarte",
        user_name="lmendez2",
        expires_at=datetime(2026, 11, 26, 12, 30, tzinfo=LA_PAZ),
        portal="https://www.cosmart.coop",
        secret="K7MPQ2XWHN4T",
    )


def test_the_key_never_shows_in_what_a_log_would_write(slip):
    assert "K7MP" not in repr(slip)


def test_the_slip_says_the_key_its_end_and_what_comes_next(slip):
    [page] = pypdf.PdfReader(io.BytesIO(render(slip))).pages
    text = " ".join(page.extract_text().split())
    for part in ("K7MP Q2XW HN4T", "Vence el 26/11/2026 a las 12:30", "lmendez2", "Destruya"):
        assert part in text


def test_the_title_of_the_document_says_nothing(slip):
    info = pypdf.PdfReader(io.BytesIO(render(slip))).metadata
    assert info is not None
    assert info.title == "Documento"
    assert not {"Laura", "clave", "CosmartNet"} & set(str(dict(info)).split())


def test_the_key_lies_inside_and_a_dense_pattern_covers_the_outside(slip):
    [page] = pdf_pages(render(slip), dpi=72)
    [changed] = pdf_pages(render(replace(slip, secret="ZZZZZZZZZZZZ")), dpi=72)
    middle = page.height // 2
    outside = (0, middle + 2, page.width, page.height)
    assert page.crop(outside).tobytes() == changed.crop(outside).tobytes()
    assert page.tobytes() != changed.tobytes()
    left = page.crop((0, middle + 12, page.width // 5, page.height))
    ink = 255 - sum(left.tobytes()) / (left.width * left.height)
    assert ink > 0.3 * 255


def test_the_same_slip_gives_the_same_bytes(slip):
    assert render(slip) == render(slip)


def test_a_training_slip_says_so(slip):
    [page] = pypdf.PdfReader(io.BytesIO(render(slip, training=True))).pages
    assert "SIN VALOR" in page.extract_text()
    assert float(page.mediabox.width) == pytest.approx(PageSize.A4.value[0], abs=0.01)
