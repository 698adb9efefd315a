"""What an officer may have meant by the text in the search field (F3)."""

import re
from dataclasses import dataclass
from typing import Final

from branch_desk.models.member import folded

LONGEST: Final = 80

_DIGITS = re.compile(r"[0-9]{1,24}", re.ASCII)
_CARD = re.compile(r"([0-9]{4,8})-([0-9A-Za-z]{0,5})", re.ASCII)
_FOLIO = re.compile(r"([A-Z0-9]{2,8})-([0-9]{4})(?:-([0-9]{0,9}))?", re.ASCII)
_USER = re.compile(r"[a-z][a-z0-9._-]{0,29}", re.ASCII)
_DOCUMENT = re.compile(r"(?=[^0-9]*[0-9])[0-9A-Z]{2,12}", re.ASCII)
_MOBILE = re.compile(r"[67][0-9]{7}", re.ASCII)
_NAME = re.compile(r"[^\W_]+(?:[ '’\".,&/()+°º#:«»-]+[^\W_]+)*\.?")
_FOLIO_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Typed:
    """The parts to look for; empty ones are not looked for."""

    digits: str = ""
    """Beginning of a document, member or account number."""
    document: str = ""
    """Beginning of a document with letters: a passport, a foreigner's card."""
    card: str = ""
    """A whole number before its complement."""
    complement: str = ""
    folio: str = ""
    email: str = ""
    user_name: str = ""
    mobile: str = ""
    words: tuple[str, ...] = ()
    """Folded words; of the last only the beginning is known."""


def read(text: str) -> Typed:
    """Tell what was typed. A `%`, `_` or `*` is a sign like any other: it stands for nothing."""
    plain = " ".join(text[:LONGEST].split())
    tight = re.sub(r"[ .]", "", plain)
    if _DIGITS.fullmatch(tight):
        return Typed(digits=tight, mobile=tight if _MOBILE.fullmatch(tight) else "")
    upper = tight.upper()
    folio = _FOLIO.fullmatch(upper)
    card = _CARD.fullmatch(tight)
    if folio or card:
        return Typed(
            card=card[1] if card else "",
            complement=card[2].upper() if card else "",
            folio=_folio(folio) if folio else "",
        )
    lower = plain.lower()
    if "@" in lower:
        return Typed(email=lower) if " " not in lower and lower.isascii() else Typed()
    return Typed(
        document=upper if _DOCUMENT.fullmatch(upper) else "",
        user_name=lower if _USER.fullmatch(lower) else "",
        words=tuple(folded(plain).split()[:8]) if _NAME.fullmatch(plain) else (),
    )


def _folio(found: re.Match[str]) -> str:
    branch, year, number = found.groups()
    if number is None:
        return f"{branch}-{year}"
    # «SC01-2026-123» is how folio SC01-2026-000123 is said; one zero more is typed on purpose.
    known = number if number.startswith("0") or not number else number.zfill(_FOLIO_DIGITS)
    return f"{branch}-{year}-{known}"
