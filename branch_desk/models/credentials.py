"""One-time secrets the house makes: the initial credential (F15), mail links (F16), first sign-ins.

They are drawn by the operating system's random source, shown once and kept only as a hash.
"""

import secrets
import string
from typing import Final

from branch_desk.models.keys import token_digest
from branch_desk.models.passwords import MEMBER_POLICY, NOBODY, PasswordPolicy, PersonalWords, check

# No 0 O o, 1 I l: an officer reads it aloud, a member copies it from paper.
UNAMBIGUOUS: Final = "".join(
    letter for letter in string.ascii_letters + string.digits if letter not in "0Oo1Il"
)
CREDENTIAL_LENGTH: Final = 12
_GROUP = 4
_TOKEN_BYTES = 32


class Secret:
    """A text nobody sees by accident: only `reveal` gives it, until `forget`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text: bytearray | None = bytearray(text.encode())

    def reveal(self) -> str:
        """Give the text. Raises `ValueError` when it was forgotten."""
        if self._text is None:
            raise ValueError("the secret was forgotten")
        return self._text.decode()

    def grouped(self) -> str:
        """Give the text in groups of four, as it is shown and printed."""
        return in_fours(self.reveal())

    def take(self) -> bytearray:
        """Give the bytes over to whoever will overwrite them; nothing is left here."""
        if self._text is None:
            raise ValueError("the secret was forgotten")
        text, self._text = self._text, None
        return text

    def forget(self) -> None:
        """Overwrite the text. Copies `reveal` gave are beyond reach: Python keeps those."""
        if self._text is not None:
            self._text[:] = bytes(len(self._text))
            self._text = None

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def new_initial_credential(
    about: PersonalWords = NOBODY, policy: PasswordPolicy = MEMBER_POLICY
) -> Secret:
    """Draw 12 of 56 unambiguous characters (69.7 bit) that obey the policy (R22).

    What breaks the policy is drawn again as a whole, so that every place stays evenly spread
    over what is allowed. Also serves as the one-time secret of a first administrator.
    """
    while True:
        drawn = "".join(secrets.choice(UNAMBIGUOUS) for _ in range(CREDENTIAL_LENGTH))
        if not check(policy, drawn, about):
            return Secret(drawn)


def typed_credential(text: str) -> str:
    """Take what was typed from a slip: the spaces and hyphens between the groups do not count."""
    return "".join(letter for letter in text[:100] if letter not in " -\u00a0\t")


def new_link_token() -> tuple[Secret, bytes]:
    """Draw a mail link's token (256 bit, safe in a URL) and the SHA-256 kept of it (R29)."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return Secret(token), token_digest(token)


def in_fours(text: str) -> str:
    """Write a text in groups of four, to be read and typed."""
    return " ".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))
