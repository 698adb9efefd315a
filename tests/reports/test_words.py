from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branch_desk.reports import words

# Written by hand after the Academy's rules for cardinals, not computed.
ORACLE = {
    0: "cero",
    1: "uno",
    15: "quince",
    16: "dieciséis",
    20: "veinte",
    21: "veintiuno",
    22: "veintidós",
    26: "veintiséis",
    30: "treinta",
    31: "treinta y uno",
    100: "cien",
    101: "ciento uno",
    121: "ciento veintiuno",
    500: "quinientos",
    700: "setecientos",
    900: "novecientos",
    999: "novecientos noventa y nueve",
    1_000: "mil",
    1_001: "mil uno",
    1_100: "mil cien",
    2_000: "dos mil",
    20_000: "veinte mil",
    21_000: "veintiún mil",
    21_001: "veintiún mil uno",
    21_021: "veintiún mil veintiuno",
    31_000: "treinta y un mil",
    100_000: "cien mil",
    101_000: "ciento un mil",
    121_121: "ciento veintiún mil ciento veintiuno",
    999_999: "novecientos noventa y nueve mil novecientos noventa y nueve",
    1_000_000: "un millón",
    1_000_001: "un millón uno",
    1_021_000: "un millón veintiún mil",
    2_000_000: "dos millones",
    21_000_000: "veintiún millones",
    100_000_000: "cien millones",
    101_000_000: "ciento un millones",
    1_000_000_000: "mil millones",
    1_001_000_000: "mil un millones",
    21_000_000_000: "veintiún mil millones",
    21_021_021_021: "veintiún mil veintiún millones veintiún mil veintiuno",
}
UNITS = {
    word: value
    for value, word in enumerate(
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
        " dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés"
        " veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve".split()
    )
} | {
    "un": 1,
    "veintiún": 21,
    "treinta": 30,
    "cuarenta": 40,
    "cincuenta": 50,
    "sesenta": 60,
    "setenta": 70,
    "ochenta": 80,
    "noventa": 90,
    "cien": 100,
    "ciento": 100,
    "doscientos": 200,
    "trescientos": 300,
    "cuatrocientos": 400,
    "quinientos": 500,
    "seiscientos": 600,
    "setecientos": 700,
    "ochocientos": 800,
    "novecientos": 900,
}


def read(text):
    """Read words back into a number by another way than they were written."""
    total = group = 0
    for word in text.split():
        if word == "y":
            continue
        if word == "mil":
            group = (group % 1000 or 1) * 1000
        elif word in {"millón", "millones"}:
            total, group = group * 1_000_000, 0
        else:
            group += UNITS[word]
    return total + group


@pytest.mark.parametrize(("number", "text"), ORACLE.items())
def test_numbers_are_written_as_the_academy_writes_them(number, text):
    assert words.cardinal(number) == text


def test_every_number_below_a_hundred_thousand_reads_back_as_itself_and_none_twice():
    written = [words.cardinal(number) for number in range(100_000)]
    assert [read(text) for text in written] == list(range(100_000))
    assert len(set(written)) == len(written)


@given(st.integers(0, 999_999_999_999))
def test_any_number_reads_back_as_itself(number):
    text = words.cardinal(number)
    assert read(text) == number
    assert "  " not in text
    assert "uno mil" not in text
    assert "ciento mil" not in text


@pytest.mark.parametrize("number", [-1, 10**12])
def test_a_number_out_of_range_is_refused(number):
    with pytest.raises(ValueError, match="can be written"):
        words.cardinal(number)


@pytest.mark.parametrize(
    ("centavos", "currency", "text"),
    [
        (2_000_000, "BOB", "Veinte mil 00/100 bolivianos"),
        (2_100_150, "BOB", "Veintiún mil uno 50/100 bolivianos"),
        (5, "USD", "Cero 05/100 dólares estadounidenses"),
        (
            99_999_999_999_999,
            "BOB",
            (
                "Novecientos noventa y nueve mil novecientos noventa y nueve millones novecientos"
                " noventa y nueve mil novecientos noventa y nueve 99/100 bolivianos"
            ),
        ),
    ],
)
def test_amounts_are_written_as_on_a_cheque(centavos, currency, text):
    assert words.amount_in_words(centavos, currency) == text


def test_amounts_in_figures_are_written_as_in_bolivia():
    assert words.amount(123_450, "BOB") == "Bs 1.234,50"
    assert words.amount(100_000_000_07, "USD") == "USD 100.000.000,07"
    assert words.figure(-5) == "-0,05"


def test_dates_are_written_in_words():
    assert words.date_in_words(date(2026, 11, 23)) == (
        "veintitrés de noviembre de dos mil veintiséis"
    )
    assert words.date_in_words(date(2027, 1, 1)) == "primero de enero de dos mil veintisiete"
    assert words.day(date(2026, 3, 2)) == "02/03/2026"
