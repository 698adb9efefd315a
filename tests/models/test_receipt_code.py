"""Number and code of a receipt: written one way, read as people and scanners give them."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branch_desk.models.receipt_code import ALPHABET, ReceiptCode

ONE = ReceiptCode(UUID("01937a3c-5f00-7abc-8def-0123456789ab"), bytes(range(100, 110)))


@given(st.uuids(), st.binary(min_size=10, max_size=10))
def test_what_is_written_is_read_back(operation_id, proof):
    made = ReceiptCode(operation_id, proof)
    assert ReceiptCode.read(made.number, made.code) == made
    assert ReceiptCode.read(made.payload) == made


def test_number_and_code_stand_in_groups_of_four():
    assert ONE.number == "01JD-X3RQ-R0FA-Y8VV-R14D-2PF2-DB"
    assert ONE.code == "CHJP-CSV8-D5N6-PV3D"
    assert ONE.payload == "BDR1:01JDX3RQR0FAY8VVR14D2PF2DB:CHJPCSV8D5N6PV3D"


@pytest.mark.parametrize(
    "typed",
    [
        "01jd-x3rq-r0fa-y8vv-r14d-2pf2-db",
        "01JDX3RQR0FAY8VVR14D2PF2DB",
        " 01JD X3RQ R0FA Y8VV R14D 2PF2 DB ",
        "OIJD-X3RQ-ROFA-Y8VV-RL4D-2PF2-DB",
        "olJD–X3RQ—R0FA\u2010Y8VV-Ri4D\u00a02PF2\tDB",
    ],
)
def test_case_blanks_hyphens_and_lookalikes_do_not_matter(typed):
    assert ReceiptCode.read(typed, "chjp csv8 d5n6 pv3d") == ONE
    assert ReceiptCode.read("bdr1:" + typed.strip() + ":CHJP-CSV8-D5N6-PV3D") == ONE


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "01JD-X3RQ",
        "01JDX3RQR0FAY8VVR14D2PF2DBB",
        "U1JDX3RQR0FAY8VVR14D2PF2DB",
        "81JDX3RQR0FAY8VVR14D2PF2DB",
        "ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "\uff101JDX3RQR0FAY8VVR14D2PF2DB",
        "\u01311JDX3RQR0FAY8VVR14D2PF2DB",
        "ßJDX3RQR0FAY8VVR14D2PF2DB",
        "' OR '1'='1",
        "0" * 100_000,
    ],
)
def test_what_is_no_number_is_none(typed):
    assert ReceiptCode.read(typed, ONE.code) is None
    assert ReceiptCode.read(f"BDR1:{typed}:{ONE.code}") is None


@pytest.mark.parametrize("code", ["CHJP", "CHJP-CSV8-D5N6-PV3", "CHJP-CSV8-D5N6-PV3DD", "U" * 16])
def test_what_is_no_code_is_none(code):
    assert ReceiptCode.read(ONE.number, code) is None


@pytest.mark.parametrize("scanned", ["BD1:SC01-2026-000001:1:0123456789abcdef", "BDR1:::", "x"])
def test_another_sheets_code_is_none(scanned):
    assert ReceiptCode.read(scanned) is None


def test_the_alphabet_has_no_lookalikes():
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("ILOU")
