"""Passwords, PINs and secret answers: which are acceptable, and how they are kept.

The member's rule of 8 to 12 characters is the manual's, a published contract; the block list and
the personal words make it bearable. Staff follow NIST SP 800-63B-4: long, without classes.
"""

import functools
import itertools
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from branch_desk.resources import resource

LONGEST_READ: Final = 1024  # code points; more is refused before any work on them
_SHORTEST_WORD = 4  # a shorter name («Ana») stands in too many good passwords
_SHORTEST_NUMBER = 5
_HOUSE_WORDS = ("cosmart", "cosmartnet", "branchdesk", "cooperativa", "anaranjado02")


class PasswordProblem(StrEnum):
    """Why a password, PIN or answer is refused; the views have the words."""

    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    NO_UPPER = "NO_UPPER"
    NO_LOWER = "NO_LOWER"
    NO_DIGIT = "NO_DIGIT"
    CONTROL_CHARACTER = "CONTROL_CHARACTER"
    COMMON = "COMMON"
    HOUSE_WORD = "HOUSE_WORD"
    """The name of the cooperative or product, or the manual's own example."""
    DOCUMENT = "DOCUMENT"
    """Contains the identity document's number, also with separators or reversed."""
    NAME = "NAME"
    USER_NAME = "USER_NAME"
    BIRTH_DATE = "BIRTH_DATE"
    NOT_DIGITS = "NOT_DIGITS"
    SEQUENCE = "SEQUENCE"
    REPEATED = "REPEATED"
    TRIVIAL = "TRIVIAL"


@dataclass(frozen=True)
class PersonalWords:
    """What others know of a person: no secret of theirs may contain it."""

    document: str = field(default="", repr=False)
    """Number, with or without complement, as `1234567-1B`."""
    names: tuple[str, ...] = field(default=(), repr=False)
    user_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)


NOBODY: Final = PersonalWords()


@dataclass(frozen=True)
class PasswordPolicy:
    """A rule for passwords, as data: a newer version does not touch passwords already kept."""

    version: str
    shortest: int
    longest: int
    classes: bool
    """Ask for an upper case letter (Lu), a lower case letter (Ll) and an ASCII digit."""
    blocked: frozenset[str] = field(default=frozenset(), repr=False)
    """Further refused passwords of the cooperative, without regard to case."""


MEMBER_POLICY: Final = PasswordPolicy("member-1", shortest=8, longest=12, classes=True)
STAFF_POLICY: Final = PasswordPolicy("staff-1", shortest=12, longest=128, classes=False)
"""For staff who sign in with a code as well."""
STAFF_POLICY_WITHOUT_CODE: Final = PasswordPolicy(
    "staff-alone-1", shortest=15, longest=128, classes=False
)


def check(
    policy: PasswordPolicy, password: str, about: PersonalWords = NOBODY
) -> list[PasswordProblem]:
    """Name every reason against a password; none means it is acceptable."""
    if len(password) > LONGEST_READ:
        return [PasswordProblem.TOO_LONG]
    plain = unicodedata.normalize("NFC", password)
    categories = {unicodedata.category(letter) for letter in plain}
    rules = {
        PasswordProblem.TOO_SHORT: len(plain) < policy.shortest,
        PasswordProblem.TOO_LONG: len(plain) > policy.longest,
        PasswordProblem.CONTROL_CHARACTER: "Cc" in categories,
        PasswordProblem.NO_UPPER: policy.classes and "Lu" not in categories,
        PasswordProblem.NO_LOWER: policy.classes and "Ll" not in categories,
        PasswordProblem.NO_DIGIT: policy.classes and not re.search("[0-9]", plain),
        PasswordProblem.COMMON: _is_common(plain.casefold(), policy),
        PasswordProblem.HOUSE_WORD: any(word in _squeezed(plain) for word in _HOUSE_WORDS),
    }
    return [problem for problem, broken in rules.items() if broken] + _personal(plain, about)


def check_pin(
    pin: str, about: PersonalWords = NOBODY, *, length: tuple[int, int] = (4, 8)
) -> list[PasswordProblem]:
    """Name every reason against a PIN de seguridad (F19): digits, not guessable at sight."""
    shortest, longest = length
    if len(pin) > longest:
        return [PasswordProblem.TOO_LONG]
    if not re.fullmatch("[0-9]*", pin):
        return [PasswordProblem.NOT_DIGITS]
    number = _digits(about.document.split("-", maxsplit=1)[0])
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    halves = len(pin) % 2 == 0 and pin[: len(pin) // 2] == pin[len(pin) // 2 :]
    rules = {
        PasswordProblem.TOO_SHORT: len(pin) < shortest,
        PasswordProblem.SEQUENCE: steps in ({1}, {9}),
        PasswordProblem.REPEATED: len(set(pin)) < 3 or halves,  # noqa: PLR2004 - 1111, 1212, 1122
        PasswordProblem.DOCUMENT: len(pin) >= shortest and (pin in number or pin in number[::-1]),
        PasswordProblem.BIRTH_DATE: about.birth_date is not None
        and pin in _dates(about.birth_date, pin=True),
    }
    return [problem for problem, broken in rules.items() if broken]


def plain_answer(answer: str) -> str:
    """Give a secret answer as it is hashed and compared: NFKC, casefold, single spaces (R49)."""
    return " ".join(unicodedata.normalize("NFKC", answer[:LONGEST_READ]).casefold().split())


def check_answer(
    answer: str, about: PersonalWords = NOBODY, question: str = ""
) -> list[PasswordProblem]:
    """Name every reason against a secret answer; give `plain_answer` of it to the hasher."""
    if len(answer) > LONGEST_READ:
        return [PasswordProblem.TOO_LONG]
    plain = plain_answer(answer)
    squeezed = _squeezed(plain)
    trivial = (
        len(set(squeezed)) < 3  # noqa: PLR2004 - «aaaa», «abab»
        or squeezed in _TRIVIAL_ANSWERS
        or squeezed in "01234567890" * 2
        or (len(squeezed) > 0 and squeezed in {_squeezed(word) for word in question.split()})
        or _is_common(squeezed, MEMBER_POLICY)
    )
    rules = {
        PasswordProblem.TOO_SHORT: len(squeezed) < _SHORTEST_WORD,
        PasswordProblem.CONTROL_CHARACTER: any(unicodedata.category(c) == "Cc" for c in plain),
        PasswordProblem.TRIVIAL: trivial,
    }
    known = [problem for problem in _personal(plain, about) if problem is not PasswordProblem.NAME]
    return [problem for problem, broken in rules.items() if broken] + known


@dataclass(frozen=True)
class HashParameters:
    """The cost of Argon2id. The default is the least OWASP allows with one pass."""

    memory_kib: int = 46 * 1024
    passes: int = 1
    lanes: int = 1


class Hasher:
    """Keeps secrets as Argon2id hashes. Slow on purpose: never on the thread of the window."""

    def __init__(self, parameters: HashParameters | None = None) -> None:
        cost = parameters or HashParameters()
        self._argon2 = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            type=Type.ID,
        )

    def hash(self, secret: str) -> str:
        """Give the hash to keep, with its parameters and a salt of its own.

        Raises `ValueError` above 1,024 characters: a policy must have refused those before.
        """
        if len(secret) > LONGEST_READ:
            raise ValueError("a secret above the longest that is read")
        return self._argon2.hash(_hashed_form(secret))

    def verify(self, kept: str, secret: str) -> bool:
        """Tell whether this is the secret: exactly, nothing trimmed, cut or folded."""
        if len(secret) > LONGEST_READ:
            return False
        try:
            return self._argon2.verify(kept, _hashed_form(secret))
        except (VerificationError, InvalidHashError):
            return False

    def needs_rehash(self, kept: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(kept)

    def dummy_verify(self, secret: str) -> None:
        """Take as long as a wrong password does: for users that do not exist (R2)."""
        self.verify(self._nobodys, secret)

    @functools.cached_property
    def _nobodys(self) -> str:
        return self._argon2.hash(secrets.token_hex(16))


def _hashed_form(secret: str) -> bytes:
    # Half a character is no text, and still an answer like any other: wrong, after the same work.
    return unicodedata.normalize("NFC", secret).encode("utf-8", "surrogatepass")


@functools.cache
def common_passwords() -> frozenset[str]:
    """Read the common passwords that satisfy the member's rule, casefolded."""
    text = resource("seed/common_passwords.txt").read_text("utf-8")
    return frozenset(line.casefold() for line in text.splitlines() if not line.startswith("#"))


_TRIVIAL_ANSWERS = frozenset(
    "nada ninguno ninguna nose sinrespuesta respuesta secreto secreta pregunta clave contrasena "
    "password qwerty asdf asdfgh qwertyuiop bolivia santacruz prueba test hola mama papa "
    "madre padre perro gato azul rojo verde negro blanco amarillo futbol dios amor".split()
)


def _is_common(folded: str, policy: PasswordPolicy) -> bool:
    return folded in common_passwords() or folded in {word.casefold() for word in policy.blocked}


def _personal(plain: str, about: PersonalWords) -> list[PasswordProblem]:
    squeezed = _squeezed(plain)
    both_ways = (squeezed, squeezed[::-1])

    def contains(words: Iterable[str]) -> bool:
        return any(word in text for word in words for text in both_ways)

    names = (_squeezed(part) for name in about.names for part in re.split(r"[\s\-]+", name))
    user_name = _squeezed(about.user_name)
    dates = [] if about.birth_date is None else _dates(about.birth_date, pin=False)
    rules = {
        PasswordProblem.DOCUMENT: contains(_documents(about.document)),
        PasswordProblem.NAME: contains(name for name in names if len(name) >= _SHORTEST_WORD),
        PasswordProblem.USER_NAME: len(user_name) >= _SHORTEST_WORD and contains([user_name]),
        PasswordProblem.BIRTH_DATE: contains(dates),
    }
    return [problem for problem, broken in rules.items() if broken]


def _squeezed(text: str) -> str:
    """Give letters and digits only, without case and accents: «J.Pérez» and «jperez» are one."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if letter.isalnum())


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter in "0123456789")


def _documents(document: str) -> list[str]:
    """Give the number alone: whoever writes the complement after it has written the number too."""
    number = _squeezed(document.split("-", maxsplit=1)[0])
    return [number] if len(number) >= _SHORTEST_NUMBER else []


def _dates(born: date, *, pin: bool) -> list[str]:
    """Give the usual ways to write a date; a PIN also may not be its year or its day and month."""
    whole = [f"{born:{form}}" for form in ("%d%m%Y", "%d%m%y", "%Y%m%d", "%y%m%d", "%m%d%Y")]
    return [*whole, f"{born:%Y}", f"{born:%d%m}", f"{born:%m%d}", f"{born:%m%y}"] if pin else whole
