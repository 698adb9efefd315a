"""Money: whole centavos and a currency, never a float."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from branch_desk.models.errors import InvalidValue

MAX_CENTAVOS = 10**14
"""One million million units: far above any account, far below what 64 bits hold."""

_SPANISH = re.compile(r"^(?P<whole>\d{1,3}(?:\.\d{3})+|\d+)(?:,(?P<cents>\d{1,2}))?$", re.ASCII)
_PLAIN = re.compile(r"^(?P<whole>\d+)\.(?P<cents>\d{2})$", re.ASCII)


class Currency(StrEnum):
    """The two currencies of the cooperative's accounts (ISO 4217)."""

    BOB = "BOB"
    USD = "USD"

    @property
    def symbol(self) -> str:
        """The sign before an amount on screen and paper."""
        return "Bs" if self is Currency.BOB else "USD"


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of centavos in a currency.

    Amounts compare and add within one currency only; anything else raises ValueError.
    """

    centavos: int
    currency: Currency

    def __post_init__(self) -> None:
        if type(self.centavos) is not int:
            raise TypeError("centavos are whole numbers")
        if abs(self.centavos) > MAX_CENTAVOS:
            raise InvalidValue(reason="amount_too_large", field="amount")

    def __add__(self, other: "Money") -> "Money":
        """Sum of two amounts of one currency."""
        if other.currency is not self.currency:
            raise ValueError("amounts of two currencies do not add")
        return Money(self.centavos + other.centavos, self.currency)

    def __str__(self) -> str:
        """As on screen: `Bs 1.234,50`."""
        return f"{self.currency.symbol} {format_centavos(self.centavos)}"

    @classmethod
    def parse(cls, text: str, currency: Currency) -> "Money":
        """Read an amount as typed in Bolivia: `1.234,50`, `1234,5`, `1234`.

        Raises InvalidValue for everything else, `1.50` and `1,234.50` included: a point before
        two or three digits could mean either, and a guess is a hundredfold error.
        """
        found = _SPANISH.match(text.strip())
        if found is None:
            raise InvalidValue(reason="amount", field="amount", value=text[:40])
        whole = found["whole"].replace(".", "")
        if len(whole) > 15:  # noqa: PLR2004  longer than MAX_CENTAVOS can be
            raise InvalidValue(reason="amount_too_large", field="amount")
        cents = (found["cents"] or "").ljust(2, "0")
        return cls(int(whole) * 100 + int(cents), currency)

    @classmethod
    def from_core(cls, text: str, currency: Currency) -> "Money":
        """Read an amount of the core system's files: decimal point, exactly two decimals.

        A leading minus is allowed there (overdrafts). Raises InvalidValue.
        """
        found = _PLAIN.match(text.strip().removeprefix("-"))
        if found is None or len(found["whole"]) > 15:  # noqa: PLR2004
            raise InvalidValue(reason="core_amount", field="balance", value=text[:40])
        value = int(Decimal(text.strip()) * 100)
        return cls(value, currency)


def format_centavos(centavos: int) -> str:
    """`123450` → `1.234,50`, as es_BO writes it."""
    sign = "-" if centavos < 0 else ""
    whole, cents = divmod(abs(centavos), 100)
    return f"{sign}{whole:,}".replace(",", ".") + f",{cents:02d}"
