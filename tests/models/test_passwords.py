"""Passwords, PINs and answers: the published rule to the letter, and what makes it bearable."""

import itertools
import secrets
import string
import time
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branch_desk.models.passwords import (
    MEMBER_POLICY,
    STAFF_POLICY,
    STAFF_POLICY_WITHOUT_CODE,
    Hasher,
    HashParameters,
    PasswordProblem,
    PersonalWords,
    check,
    check_answer,
    check_pin,
    common_passwords,
    plain_answer,
)

CHEAP = Hasher(HashParameters(memory_kib=8))
ANA = PersonalWords(
    document="7654321-1B",
    names=("Ana María", "Quispe Ñáñez"),
    user_name="aquispe",
    birth_date=date(1985, 11, 23),
)


@pytest.mark.parametrize("length", range(15))
@pytest.mark.parametrize("classes", list(itertools.product([False, True], repeat=3)))
def test_the_members_rule_is_the_published_one(length, classes):
    letters = (
        "".join(
            chosen
            for chosen, wanted in zip(("HXRW", "gkzv", "8375"), classes, strict=True)
            if wanted
        )
        or "!?+*"
    )
    password = "".join(
        itertools.islice(
            itertools.cycle(letters[i] for n in range(4) for i in range(n, len(letters), 4)), length
        )
    )
    wanted = (
        {PasswordProblem.TOO_SHORT}
        if length < 8
        else {PasswordProblem.TOO_LONG}
        if length > 12
        else set()
    )
    present = [any(c in group for c in password) for group in ("HXRW", "gkzv", "8375")]
    wanted |= {
        p
        for p, has in zip(
            (PasswordProblem.NO_UPPER, PasswordProblem.NO_LOWER, PasswordProblem.NO_DIGIT),
            present,
            strict=True,
        )
        if not has
    }
    assert set(check(MEMBER_POLICY, password)) == wanted
    assert length < 3 or present == list(classes)


def test_at_least_3000_common_passwords_that_pass_the_rule_are_refused():
    rule = replace(MEMBER_POLICY)
    common = common_passwords()
    passing = [
        word[:i] + word[i].upper() + word[i + 1 :]
        for word in common
        for i in [next(i for i, c in enumerate(word) if c.isalpha())]
    ]
    reasons = [check(rule, password) for password in passing]
    only_common = sum(1 for r in reasons if r == [PasswordProblem.COMMON])
    assert all(PasswordProblem.COMMON in r for r in reasons)
    assert all(set(r) <= {PasswordProblem.COMMON, PasswordProblem.HOUSE_WORD} for r in reasons)
    assert only_common >= 3_000


def test_a_thousand_random_good_ones_are_accepted():
    letters = string.ascii_letters + string.digits + "!#%+-_"
    for _ in range(1_000):
        while True:
            drawn = "".join(secrets.choice(letters) for _ in range(10))
            if (
                any(c.isupper() for c in drawn)
                and any(c.islower() for c in drawn)
                and any(c.isdigit() for c in drawn)
            ):
                break
        assert check(MEMBER_POLICY, drawn, ANA) == []


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("Ab7654321", "DOCUMENT"), ("Ab1234567", "DOCUMENT"), ("Ab76543211B", "DOCUMENT"), ("A7.654.321b", "DOCUMENT"),
        ("Ab1239567x", None), ("x7654321-1B", "DOCUMENT"), ("B11234567a", "DOCUMENT"),
        ("Maria7xKq", "NAME"), ("mARÍA7xKq", "NAME"), ("Quispe77x", "NAME"), ("xNanez58K", "NAME"), ("epsiuQ58x", "NAME"), ("Ana58xKqw", None),
        ("aQuispe58", "USER_NAME"), ("Ab23111985", "BIRTH_DATE"), ("Ab231185x", "BIRTH_DATE"), ("Ab19851123", "BIRTH_DATE"), ("Ab23-11-85", "BIRTH_DATE"),
        ("CosmartNet1", "HOUSE_WORD"), ("Anaranjado02", "HOUSE_WORD"), ("Coop3rativ", None), ("xCosmart58", "HOUSE_WORD"),
        ("Password1", "COMMON"), ("pASSword1", "COMMON"), ("Abc\x00defg12", "CONTROL_CHARACTER"), ("Abc\tdefg12", "CONTROL_CHARACTER"),
        ("Xkqwrtz٣", "NO_DIGIT"), ("Xkqwrtz\uff18", "NO_DIGIT"), ("Ñandéx58!", None), ("ǅkqwrtz8", "NO_UPPER"),
    ],
)  # fmt: skip
def test_each_reason_is_named(password, problem):
    about = replace(ANA, document="1234567") if password == "B11234567a" else ANA
    found = [p.value for p in check(MEMBER_POLICY, password, about)]
    assert problem in found if problem else found == []


def test_code_points_are_counted_after_composition():
    composed = "Ñandúéx8"
    assert check(MEMBER_POLICY, unicodedata.normalize("NFD", composed)) == []
    assert len(unicodedata.normalize("NFD", composed)) > len(composed)
    assert check(MEMBER_POLICY, composed[:-1]) != []


def test_staff_need_length_and_no_classes():
    assert check(STAFF_POLICY, "kestrel ovens") == []
    assert check(STAFF_POLICY, "kestrel ove") == [PasswordProblem.TOO_SHORT]
    assert check(STAFF_POLICY_WITHOUT_CODE, "kestrel ovens") == [PasswordProblem.TOO_SHORT]
    assert check(STAFF_POLICY_WITHOUT_CODE, "kestrel ovens in") == []
    assert check(STAFF_POLICY, "kq" * 64) == []
    assert check(STAFF_POLICY, "kq" * 64 + "x") == [PasswordProblem.TOO_LONG]


def test_the_policy_is_data():
    modern = replace(
        MEMBER_POLICY,
        version="member-2",
        longest=64,
        classes=False,
        blocked=frozenset({"Kestrel Ovens"}),
    )
    assert check(modern, "a long line of plain words") == []
    assert check(modern, "kestrel ovens") == [PasswordProblem.COMMON]


def test_a_megabyte_is_answered_at_once():
    flood = "ﷺ" * 1_000_000
    started = time.perf_counter()
    assert check(MEMBER_POLICY, flood, ANA) == [PasswordProblem.TOO_LONG]
    assert check_pin("1" * 1_000_000, ANA) == [PasswordProblem.TOO_LONG]
    assert check_answer(flood, ANA) == [PasswordProblem.TOO_LONG]
    assert CHEAP.verify("$argon2id$", flood) is False
    with pytest.raises(ValueError, match="longest"):
        CHEAP.hash(flood)
    assert time.perf_counter() - started < 0.05


class TestPin:
    @pytest.mark.parametrize(
        ("pin", "problem"),
        [
            ("123", "TOO_SHORT"), ("", "TOO_SHORT"), ("123456789", "TOO_LONG"), ("12a4", "NOT_DIGITS"), ("\uff11\uff12\uff13\uff14", "NOT_DIGITS"), ("4071\n", "NOT_DIGITS"),
            ("1234", "SEQUENCE"), ("8901", "SEQUENCE"), ("9876", "SEQUENCE"), ("1111", "REPEATED"), ("1212", "REPEATED"), ("1122", "REPEATED"), ("407407", "REPEATED"),
            ("6543", "DOCUMENT"), ("3456", "DOCUMENT"), ("1985", "BIRTH_DATE"), ("2311", "BIRTH_DATE"), ("1123", "BIRTH_DATE"), ("231185", "BIRTH_DATE"), ("19851123", "BIRTH_DATE"),
        ],
    )  # fmt: skip
    def test_each_reason_is_named(self, pin, problem):
        assert problem in check_pin(pin, ANA)

    @pytest.mark.parametrize("pin", ["4071", "82905", "907318", "40718263"])
    def test_good_ones_are_accepted(self, pin):
        assert check_pin(pin, ANA) == []


class TestAnswer:
    @pytest.mark.parametrize(
        "typed", ["FIDO el  Bravo", " fido el bravo ", "\uff26ido EL bravo", "fido\u00a0el\tbravo"]
    )
    def test_writing_does_not_matter(self, typed):
        assert plain_answer(typed) == "fido el bravo"
        assert check_answer(typed, ANA) == []

    @pytest.mark.parametrize(
        "answer",
        [
            "",
            "a",
            "123",
            "1234",
            "aaaa",
            "12345",
            "aquispe",
            "A.Quispe",
            "7654321",
            "perro",
            "Contraseña",
            "no se",
            "Mascota",
            "Password1",
        ],
    )
    def test_trivial_ones_are_refused(self, answer):
        assert check_answer(answer, ANA, "¿Cómo se llamaba su primera mascota?")


class TestHash:
    def test_the_real_parameters_satisfy_the_rule_and_answer_in_time(self):
        hasher = Hasher()
        kept = hasher.hash("Kestrel58")
        assert kept.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
        times = []
        for _ in range(3):
            started = time.perf_counter()
            assert hasher.verify(kept, "Kestrel58")
            times.append(time.perf_counter() - started)
        assert min(times) < 0.25

    def test_no_two_hashes_share_a_salt(self):
        assert len({CHEAP.hash("Kestrel58").split("$")[4] for _ in range(1_000)}) == 1_000

    def test_a_hash_of_lesser_cost_is_made_anew(self):
        assert Hasher(HashParameters(memory_kib=16)).needs_rehash(CHEAP.hash("x"))
        assert not CHEAP.needs_rehash(CHEAP.hash("x"))

    @settings(max_examples=200, deadline=None)
    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), st.data())
    def test_only_the_very_same_secret_verifies(self, secret, data):
        kept = CHEAP.hash(secret)
        assert CHEAP.verify(kept, secret)
        place = data.draw(st.integers(0, len(secret) - 1))
        letter = data.draw(st.sampled_from([" ", "a", "A", "0", "ñ", "\0"]))
        for edit in (
            secret[:place] + secret[place + 1 :],
            secret[:place] + letter + secret[place:],
            secret[:place] + letter + secret[place + 1 :],
            secret + " ",
            secret.swapcase(),
        ):
            if unicodedata.normalize("NFC", edit) != unicodedata.normalize("NFC", secret):
                assert not CHEAP.verify(kept, edit)

    def test_a_broken_hash_verifies_nothing(self):
        for kept in ("", "x", "$argon2id$v=19$m=8,t=1,p=1$AAAA"):
            assert CHEAP.verify(kept, "x") is False

    def test_an_unknown_user_costs_the_same_work(self):
        hasher = Hasher()
        hasher.dummy_verify("first call makes the hash")
        kept = hasher.hash("Kestrel58")
        wrong, nobody = [], []
        for _ in range(5):
            started = time.perf_counter()
            hasher.verify(kept, "other")
            between = time.perf_counter()
            hasher.dummy_verify("other")
            wrong.append(between - started)
            nobody.append(time.perf_counter() - between)
        assert 0.5 < min(nobody) / min(wrong) < 2


def test_what_is_known_of_a_person_is_not_shown():
    assert repr(ANA) == "PersonalWords()"
