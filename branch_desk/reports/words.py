"""Amounts and dates in Spanish words, as Bolivian papers write them.

«Veinte mil 00/100 bolivianos». The apocope follows the Academy: *veintiún mil uno*, *un millón*,
*treinta y un millones*; the last *uno* stays whole because the fraction stands before the noun.
"""

from datetime import date
from typing import Final

_SMALL: Final = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro "
    "veinticinco veintiséis veintisiete veintiocho veintinueve"
).split()
_TENS: Final = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_HUNDREDS: Final = (
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos "
    "novecientos"
).split()
_MONTHS: Final = (
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
).split()
_UNITS: Final = {"BOB": "bolivianos", "USD": "dólares estadounidenses"}
_SIGNS: Final = {"BOB": "Bs", "USD": "USD"}
_MILLION: Final = 1_000_000


def cardinal(number: int) -> str:
    """Write a whole number from 0 to 999 999 999 999."""
    if not 0 <= number < _MILLION * _MILLION:
        raise ValueError("only 0 to 999 999 999 999 can be written")
    millions, rest = divmod(number, _MILLION)
    if not millions:
        return _thousands(rest)
    head = "un millón" if millions == 1 else f"{_before_noun(_thousands(millions))} millones"
    return f"{head} {_thousands(rest)}" if rest else head


def amount_in_words(centavos: int, currency: str) -> str:
    """Write whole centavos of BOB or USD: «Veinte mil 00/100 bolivianos»."""
    units, cents = divmod(centavos, 100)
    words = f"{cardinal(units)} {cents:02d}/100 {_UNITS[currency]}"
    return words[0].upper() + words[1:]


def amount(centavos: int, currency: str) -> str:
    """Write whole centavos in figures: «Bs 1.234,50»."""
    return f"{_SIGNS[currency]} {figure(centavos)}"


def figure(centavos: int) -> str:
    """Write whole centavos without a currency: «1.234,50»."""
    units, cents = divmod(abs(centavos), 100)
    sign = "-" if centavos < 0 else ""
    return f"{sign}{units:,}".replace(",", ".") + f",{cents:02d}"


def day(value: date) -> str:
    """Write a date as the papers do: «23/11/2026»."""
    return f"{value:%d/%m/%Y}"


def date_in_words(value: date) -> str:
    """Write a date in words: «veintitrés de noviembre de dos mil veintiséis»."""
    first = "primero" if value.day == 1 else cardinal(value.day)
    return f"{first} de {_MONTHS[value.month - 1]} de {cardinal(value.year)}"


def _thousands(number: int) -> str:
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _hundreds(rest)
    head = "mil" if thousands == 1 else f"{_before_noun(_hundreds(thousands))} mil"
    return f"{head} {_hundreds(rest)}" if rest else head


def _hundreds(number: int) -> str:
    if number == 100:  # noqa: PLR2004 - only the round hundred is «cien»
        return "cien"
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _tens(rest)
    head = _HUNDREDS[hundreds - 1]
    return f"{head} {_tens(rest)}" if rest else head


def _tens(number: int) -> str:
    if number < len(_SMALL):
        return _SMALL[number]
    tens, unit = divmod(number, 10)
    head = _TENS[tens - 3]
    return f"{head} y {_SMALL[unit]}" if unit else head


def _before_noun(words: str) -> str:
    """Shorten the final *uno* as before *mil* and *millones*."""
    if words.endswith("veintiuno"):
        return words.removesuffix("uno") + "ún"
    return words.removesuffix("o") if words.endswith("uno") else words
