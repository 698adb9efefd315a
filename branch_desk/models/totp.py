"""Authenticator codes (TOTP, RFC 6238): sums only; locks and rows are the operations' business.

The manual says the number changes every minute; Google Authenticator honours or ignores the
period by version. So the URI says 30 s, the period is kept per token and found at enrolment (R35).
"""

import base64
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from urllib.parse import quote, urlencode

import pyotp

from branch_desk.models.credentials import in_fours

ISSUER: Final = "CosmartNet"
PERIOD: Final = 30
PERIODS: Final = (30, 60)
"""Seconds a code is shown for: those that phones were seen to use."""
RESYNC_STEPS: Final = 10
_WINDOW = 1  # steps either way: nothing else is ever accepted (R36)
_CLOCK_SECONDS = 12 * 60 * 60  # how far off a phone's clock is looked for
_SECRET_BYTES = 20
_TYPED_LATE = 10  # steps
_CODE = re.compile("[0-9]{6}", re.ASCII)


@dataclass(frozen=True)
class TotpSecret:
    """What phone and verifier share: 160 random bits."""

    raw: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Draw one from the operating system's random source."""
        return cls(secrets.token_bytes(_SECRET_BYTES))

    def base32(self) -> str:
        """Give it as authenticators take it."""
        return base64.b32encode(self.raw).decode().rstrip("=")

    def manual_key(self) -> str:
        """Give it in groups of four, for a phone without camera."""
        return in_fours(self.base32())

    def code(self, step: int) -> str:
        """Give the six digits of a step (whole periods since 1970)."""
        return _Hotp(self).at(step)


class _Hotp(pyotp.HOTP):
    """pyotp's sum, without decoding anew for each step what was only encoded for it."""

    def __init__(self, secret: TotpSecret) -> None:
        self._raw = secret.raw
        super().__init__(secret.base32())

    def byte_secret(self) -> bytes:
        """Give the key."""
        return self._raw


@dataclass(frozen=True)
class Accepted:
    """The code is right: keep `step` and accept only greater ones from now on (R37)."""

    step: int


@dataclass(frozen=True)
class Wrong:
    """The code is not to be accepted; `diagnose` may tell why."""


class Cause(StrEnum):
    """Why a code was not accepted (F18)."""

    MALFORMED = "MALFORMED"
    ALREADY_USED = "ALREADY_USED"
    TYPED_LATE = "TYPED_LATE"
    """Right a few steps ago: typed slowly, or the phone is a little slow."""
    CLOCK_OFF = "CLOCK_OFF"
    OTHER_PERIOD = "OTHER_PERIOD"
    OLD_ENTRY = "OLD_ENTRY"
    """From an entry that was replaced: the phone still has it."""
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Diagnosis:
    """The likely cause, with the facts its remedy needs."""

    cause: Cause
    minutes: int | None = None
    """How far the phone's clock is ahead (+) or behind (-)."""
    period: int | None = None
    """The period of the phone, in seconds."""


def step_at(now: datetime, period: int = PERIOD) -> int:
    """Count the whole periods (seconds) since 1970."""
    if now.tzinfo is None:
        raise ValueError("a time without zone")
    return int(now.timestamp()) // period


def uri(secret: TotpSecret, *, user: str, issuer: str = ISSUER, period: int = PERIOD) -> str:
    """Write the otpauth URI of the QR, after Google's Key-Uri-Format (R34).

    The label's parts are parted by the one «:», so none may stand inside them.
    """
    label = f"{_label(issuer)}:{_label(user)}"
    query = urlencode(
        {
            "secret": secret.base32(),
            "issuer": issuer.replace(":", " "),
            "algorithm": "SHA1",
            "digits": 6,
            "period": period,
        },
        quote_via=quote,
        safe="",
    )
    return f"otpauth://totp/{label}?{query}"


def match(
    secret: TotpSecret,
    code: str,
    *,
    now: datetime,
    last_step: int | None,
    period: int = PERIOD,
    drift_steps: int = 0,
) -> Accepted | Wrong:
    """Accept a code of now or one step beside it, once; `drift_steps` is what `resync` found.

    All three steps are always compared. A later one that fits goes before an earlier one.
    """
    if not _CODE.fullmatch(code):
        return Wrong()
    found = _steps_of(secret, code, step_at(now, period) + drift_steps, _WINDOW)
    fresh = [step for step in found if last_step is None or step > last_step]
    return Accepted(max(fresh)) if fresh else Wrong()


def resync(
    secret: TotpSecret,
    first: str,
    second: str,
    *,
    now: datetime,
    last_step: int | None,
    period: int = PERIOD,
) -> tuple[int, int] | None:
    """Find a drifted phone by two codes in a row within ±10 steps: (drift, last step) or None.

    Both must be newer than the last accepted one (R36); a supervisor stands by.
    """
    if not (_CODE.fullmatch(first) and _CODE.fullmatch(second)):
        return None
    here = step_at(now, period)
    for step in sorted(_steps_of(secret, second, here, RESYNC_STEPS), key=lambda s: abs(s - here)):
        after_last = last_step is None or step - 1 > last_step
        in_reach = step - 1 >= here - RESYNC_STEPS
        if after_last and in_reach and _steps_of(secret, first, step - 1, 0):
            return step - here, step
    return None


def detect_period(
    secret: TotpSecret, code: str, *, now: datetime, periods: Iterable[int] = PERIODS
) -> int | None:
    """Tell the period (seconds) whose code of now ±1 step this is, first listed first."""
    for period in periods:
        if isinstance(match(secret, code, now=now, last_step=None, period=period), Accepted):
            return period
    return None


def diagnose(
    secret: TotpSecret,
    code: str,
    *,
    now: datetime,
    last_step: int | None,
    period: int = PERIOD,
    previous: Iterable[TotpSecret] = (),
    drift_steps: int = 0,
) -> Diagnosis:
    """Name the likely cause of a code `match` refused; accepts nothing.

    The nearest cause first: among so many steps a wrong code may fit one by chance (1 in 700).
    """
    if not _CODE.fullmatch(code):
        return Diagnosis(Cause.MALFORMED)
    here = step_at(now, period) + drift_steps
    if any(
        last_step is not None and step <= last_step for step in _steps_of(secret, code, here, 1)
    ):
        return Diagnosis(Cause.ALREADY_USED)
    for old in previous:
        if _steps_of(old, code, here, _TYPED_LATE):
            return Diagnosis(Cause.OLD_ENTRY)
    for other in PERIODS:
        if other != period and _steps_of(secret, code, step_at(now, other), _WINDOW):
            return Diagnosis(Cause.OTHER_PERIOD, period=other)
    if code in {secret.code(step) for step in _within(here - 3, here - 2)}:
        return Diagnosis(Cause.TYPED_LATE)
    return _clock(secret, code, now, period, here)


def _clock(secret: TotpSecret, code: str, now: datetime, period: int, here: int) -> Diagnosis:
    """Look for the step nearest to now; the phone's own period goes before the other one."""
    for known in (period, *(other for other in PERIODS if other != period)):
        middle = here if known == period else step_at(now, known)
        for away in range(_CLOCK_SECONDS // known + 1):
            for step in {middle + away, middle - away}:
                if step >= 0 and secret.code(step) == code:
                    minutes = round((step - middle) * known / 60)
                    other = None if known == period else known
                    return Diagnosis(Cause.CLOCK_OFF, minutes=minutes, period=other)
    return Diagnosis(Cause.UNKNOWN)


def _steps_of(secret: TotpSecret, code: str, middle: int, reach: int) -> list[int]:
    sums = _Hotp(secret)
    return [
        step
        for step in _within(middle - reach, middle + reach)
        if secrets.compare_digest(sums.at(step), code)
    ]


def _within(first: int, last: int) -> Iterator[int]:
    return iter(range(max(first, 0), last + 1))


def _label(text: str) -> str:
    return quote(text.replace(":", " "), safe="")
