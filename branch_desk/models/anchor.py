"""The signed ends of all chains on a day, as they are kept outside the database (R54)."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from branch_desk.models.credentials import in_fours
from branch_desk.models.errors import UnreadableFile
from branch_desk.models.keys import Keys

_PURPOSE = "audit-anchor"
_FORMAT = 1
_CODE_LETTERS = 32


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a chain: its number, 0 for none, and its hash."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """All heads at one instant, signed with a key that is not in the database."""

    day: date
    made_at: datetime
    heads: Mapping[int, Head]
    signature: bytes

    @classmethod
    def signed(cls, day: date, made_at: datetime, heads: Mapping[int, Head], keys: Keys) -> Self:
        """Sign the heads for a day."""
        return cls(day, made_at, heads, keys.digest(_PURPOSE, _signed_text(day, made_at, heads)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote. Raises UnreadableFile (`anchor`)."""
        try:
            kept = json.loads(text)
            if kept["format"] != _FORMAT:
                raise UnreadableFile(reason="anchor")
            return cls(
                day=date.fromisoformat(kept["day"]),
                made_at=datetime.fromisoformat(kept["made_at"]),
                heads=heads_of(kept["heads"]),
                signature=bytes.fromhex(kept["signature"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableFile(reason="anchor") from error

    def to_text(self) -> str:
        """Write it as a line of JSON."""
        kept = {
            "format": _FORMAT,
            "day": self.day.isoformat(),
            "made_at": _instant(self.made_at),
            "heads": json.loads(heads_text(self.heads)),
            "signature": self.signature.hex(),
        }
        return json.dumps(kept, separators=(",", ":"), sort_keys=True) + "\n"

    def is_ours(self, keys: Keys) -> bool:
        """Tell whether these keys signed it as it stands."""
        text = _signed_text(self.day, self.made_at, self.heads)
        return hmac.compare_digest(self.signature, keys.digest(_PURPOSE, text))

    @property
    def code(self) -> str:
        """Shorten the signature to eight groups of four, for the register's last line."""
        return in_fours(base64.b32encode(self.signature).decode()[:_CODE_LETTERS])


def heads_text(heads: Mapping[int, Head]) -> str:
    """Write heads as the one JSON text that is signed and stored."""
    return json.dumps(
        {f"{chain:02}": [head.number, head.hash.hex()] for chain, head in heads.items()},
        separators=(",", ":"),
        sort_keys=True,
    )


def heads_of(kept: Mapping[str, tuple[int, str]]) -> dict[int, Head]:
    """Read heads from JSON that was loaded; ValueError or TypeError when it is none."""
    return {
        int(chain): Head(int(number), bytes.fromhex(digest))
        for chain, (number, digest) in kept.items()
    }


def _signed_text(day: date, made_at: datetime, heads: Mapping[int, Head]) -> bytes:
    return f"{day.isoformat()}\n{_instant(made_at)}\n{heads_text(heads)}".encode()


def _instant(made_at: datetime) -> str:
    return made_at.isoformat(timespec="microseconds")
