"""How a receipt is named on paper and read back: typed by a tired person, or scanned.

Crockford's base 32 has no I, L, O and U: what is misread as one of them is read as it was meant
(https://www.crockford.com/base32.html). The number is the operation's id, the code its proof.
"""

import re
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_BYTES: Final = 10
"""80 bits: sixteen characters, beyond guessing by anybody who has to ask us each time."""
_NUMBER, _CODE, _GROUP = 26, 16, 4
_LONGEST: Final = 120
_MEANT: Final = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s\u2010-\u2015-]+")
_SCANNED = re.compile(r"BDR1:([^:]+):([^:]+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReceiptCode:
    """What stands on a receipt: whose it is, and the sixteen characters that prove it."""

    operation_id: UUID
    proof: bytes
    """CODE_BYTES bytes."""

    @property
    def number(self) -> str:
        """Write the id in groups of four: `01JD-QM4X-…`."""
        return _grouped(_encoded(self.operation_id.int, _NUMBER))

    @property
    def code(self) -> str:
        """Write the proof in groups of four."""
        return _grouped(_encoded(int.from_bytes(self.proof, "big"), _CODE))

    @property
    def payload(self) -> str:
        """Write both as they stand in the QR; it holds nothing of the person."""
        return f"BDR1:{_plain(self.number)}:{_plain(self.code)}"

    @classmethod
    def read(cls, number: str, code: str = "") -> Self | None:
        """Read what was typed, or the QR's text given as `number`; None when it is no such thing.

        Case, blanks and hyphens do not matter; O is 0, I and L are 1.
        """
        if not code:
            scanned = _SCANNED.fullmatch(number.strip()[:_LONGEST])
            if scanned is None:
                return None
            number, code = scanned[1], scanned[2]
        said = _decoded(number, _NUMBER)
        proof = _decoded(code, _CODE)
        if said is None or proof is None or said >= 1 << 128:
            return None
        return cls(UUID(int=said), proof.to_bytes(CODE_BYTES, "big"))


def _plain(text: str) -> str:
    return _BETWEEN.sub("", text)


def _grouped(text: str) -> str:
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def _encoded(value: int, length: int) -> str:
    return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(length)))


def _decoded(text: str, length: int) -> int | None:
    plain = _plain(text[:_LONGEST])
    if len(plain) != length or not plain.isascii():
        return None
    value = 0
    for character in plain.upper().translate(_MEANT):
        digit = ALPHABET.find(character)
        if digit < 0:
            return None
        value = value << 5 | digit
    return value
