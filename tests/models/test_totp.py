"""Authenticator codes against the RFCs, an independent program and simulated phones."""

import random
import subprocess
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from branch_desk.models.totp import (
    Accepted,
    Cause,
    Diagnosis,
    TotpSecret,
    Wrong,
    detect_period,
    diagnose,
    match,
    resync,
    step_at,
    uri,
)

NOON = datetime(2026, 3, 2, 16, 0, 7, tzinfo=UTC)
SECRET = TotpSecret(b"12345678901234567890")
HERE = step_at(NOON)
HOTP_VECTORS = "755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split()
TOTP_VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("step", "code"), list(enumerate(HOTP_VECTORS)))
def test_codes_are_those_of_rfc_4226(step, code):
    assert SECRET.code(step) == code


@pytest.mark.parametrize(("seconds", "code"), TOTP_VECTORS)
def test_codes_are_those_of_rfc_6238(seconds, code):
    assert SECRET.code(step_at(datetime.fromtimestamp(seconds, UTC))) == code


@pytest.mark.parametrize("seconds", [1111111109, 2000000000])
def test_the_time_zone_of_the_clock_does_not_matter(seconds):
    moment = datetime.fromtimestamp(seconds, UTC)
    assert step_at(moment.astimezone(None)) == step_at(moment)
    with pytest.raises(ValueError, match="zone"):
        step_at(moment.replace(tzinfo=None))


@pytest.mark.parametrize("period", [30, 60])
def test_an_independent_authenticator_agrees(period):
    secret = TotpSecret.new()
    for minutes in range(0, 50, 10):
        now = NOON + timedelta(minutes=minutes)
        said = subprocess.run(
            ["oathtool", "--totp", "-b", f"--time-step-size={period}s", f"--now={now:%Y-%m-%d %H:%M:%S} UTC", secret.base32()],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        assert match(secret, said, now=now, last_step=None, period=period) == Accepted(
            step_at(now, period)
        )


def test_secrets_have_160_bits_and_none_comes_twice():
    drawn = [TotpSecret.new() for _ in range(1_000)]
    assert len({s.raw for s in drawn}) == 1_000
    assert {len(s.raw) for s in drawn} == {20}
    assert [len(group) for group in drawn[0].manual_key().split(" ")] == [4] * 8
    assert repr(drawn[0]) == "TotpSecret()"


def test_only_now_and_one_step_beside_it_are_accepted():
    accepted = {
        offset
        for offset in range(-12, 13)
        if match(SECRET, SECRET.code(HERE + offset), now=NOON, last_step=None)
        == Accepted(HERE + offset)
    }
    assert accepted == {-1, 0, 1}


@pytest.mark.parametrize(("typed", "wanted"), [("ABAB", "TTFF"), ("BAB", "TFF"), ("AA", "TF")])
def test_a_code_counts_once_and_never_after_a_later_one(typed, wanted):
    codes = {"A": SECRET.code(HERE - 1), "B": SECRET.code(HERE)}
    last, answers = None, ""
    for name in typed:
        answer = match(SECRET, codes[name], now=NOON, last_step=last)
        last = answer.step if isinstance(answer, Accepted) else last
        answers += "T" if isinstance(answer, Accepted) else "F"
    assert answers == wanted


def test_no_old_code_counts_when_the_clock_is_set_back():
    early = NOON - timedelta(hours=1)
    for offset in (-1, 0, 1):
        code = SECRET.code(step_at(early) + offset)
        assert match(SECRET, code, now=early, last_step=HERE) == Wrong()


RIGHT = SECRET.code(HERE)
FULL_WIDTH = RIGHT.translate({48 + n: 0xFF10 + n for n in range(10)})
SUPERSCRIPT = RIGHT.translate(dict(zip(range(48, 58), "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True)))
ARABIC = RIGHT.translate({48 + n: 0x660 + n for n in range(10)})


@pytest.mark.parametrize(
    "code",
    [
        "",
        RIGHT[:5],
        RIGHT + "0",
        f" {RIGHT}",
        f"{RIGHT}\n",
        f"{RIGHT[:3]} {RIGHT[3:]}",
        FULL_WIDTH,
        SUPERSCRIPT,
        ARABIC,
        "abcdef",
        "-12345",
        "9" * 1_000_000,
    ],
)
def test_anything_but_six_ascii_digits_is_refused(code):
    assert match(SECRET, code, now=NOON, last_step=None) == Wrong()
    assert diagnose(SECRET, code, now=NOON, last_step=None) == Diagnosis(Cause.MALFORMED)
    assert detect_period(SECRET, code, now=NOON) is None
    assert resync(SECRET, code, RIGHT, now=NOON, last_step=None) is None


HOSTILE = ["ana", "a b", "a:b", "a/b", "a?b", "a&issuer=X", "a#b", "a%3Ab", "a+b", "ñandú", "José", "a@b.bo", "Ω", "😀", "<b>", "'", '"', "a\\b", "..", "a=b", "a;b", "%", "a\nb"]  # fmt: skip


@pytest.mark.parametrize("user", HOSTILE)
def test_the_uri_is_well_formed_for_every_name(user):
    secret = TotpSecret.new()
    parts = urlsplit(uri(secret, user=user))
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    label = parts.path.removeprefix("/")
    assert label.count(":") == 1
    assert "/" not in label
    assert [unquote(part) for part in label.split(":")] == ["CosmartNet", user.replace(":", " ")]
    assert parse_qs(parts.query, strict_parsing=True) == {
        "secret": [secret.base32()], "issuer": ["CosmartNet"], "algorithm": ["SHA1"], "digits": ["6"], "period": ["30"],
    }  # fmt: skip
    assert parts.geturl().isascii()


class TestDoctor:
    def test_simulated_phones_are_told_their_fault_and_work_after_its_remedy(self):
        chance = random.Random(7)
        for _ in range(100):
            secret = TotpSecret(chance.randbytes(20))
            period = chance.choice([30, 60])
            minutes = chance.choice([*range(-10, -3), 0, *range(4, 11)])
            phone = NOON + timedelta(seconds=chance.randrange(10**6))
            now, phone = phone, phone + timedelta(minutes=minutes)
            code = secret.code(step_at(phone, period))
            said = diagnose(secret, code, now=now, last_step=None)
            if minutes:
                wanted = Diagnosis(
                    Cause.CLOCK_OFF, minutes=minutes, period=None if period == 30 else 60
                )
            elif period == 60:
                wanted = Diagnosis(Cause.OTHER_PERIOD, period=60)
            else:
                assert match(secret, code, now=now, last_step=None) != Wrong()
                wanted = said
            assert said == wanted
            assert detect_period(secret, secret.code(step_at(now, period)), now=now) == period

    def test_a_used_code_is_told(self):
        assert diagnose(SECRET, RIGHT, now=NOON, last_step=HERE).cause is Cause.ALREADY_USED

    @pytest.mark.parametrize("steps", [2, 3])
    def test_a_code_typed_late_is_told(self, steps):
        assert (
            diagnose(SECRET, SECRET.code(HERE - steps), now=NOON, last_step=None).cause
            is Cause.TYPED_LATE
        )

    def test_a_code_of_a_replaced_entry_is_told(self):
        old = [TotpSecret.new(), TotpSecret.new()]
        said = diagnose(SECRET, old[1].code(HERE), now=NOON, last_step=None, previous=old)
        assert said.cause is Cause.OLD_ENTRY

    def test_an_invented_code_is_not_explained(self):
        near = {SECRET.code(step) for step in range(HERE - 2_000, HERE + 2_000)}
        near |= {SECRET.code(step) for step in range(HERE // 2 - 1_000, HERE // 2 + 1_000)}
        invented = next(f"{n:06}" for n in range(10**6) if f"{n:06}" not in near)
        assert diagnose(SECRET, invented, now=NOON, last_step=None) == Diagnosis(Cause.UNKNOWN)


class TestResync:
    @pytest.mark.parametrize("drift", [-9, -5, 0, 5, 10])
    def test_two_codes_in_a_row_find_the_drift_and_later_codes_pass(self, drift):
        step = HERE + drift
        found = resync(SECRET, SECRET.code(step - 1), SECRET.code(step), now=NOON, last_step=None)
        assert found == (drift, step)
        later = match(
            SECRET,
            SECRET.code(step + 1),
            now=NOON + timedelta(seconds=30),
            last_step=step,
            drift_steps=drift,
        )
        assert later == Accepted(step + 1)

    @pytest.mark.parametrize(
        ("first", "second"),
        [(-2, 0), (0, 0), (0, -1), (1, 3), (-11, -10), (10, 11), (-20, -19), (5, 4)],
    )
    def test_codes_not_in_a_row_or_too_far_are_refused(self, first, second):
        assert (
            resync(
                SECRET,
                SECRET.code(HERE + first),
                SECRET.code(HERE + second),
                now=NOON,
                last_step=None,
            )
            is None
        )

    @pytest.mark.parametrize("last", [3, 4, 5, 50])
    def test_old_codes_do_not_resync(self, last):
        codes = SECRET.code(HERE + 3), SECRET.code(HERE + 4)
        assert resync(SECRET, *codes, now=NOON, last_step=HERE + last) is None
        assert resync(SECRET, *codes, now=NOON, last_step=HERE + 2) == (4, HERE + 4)
