"""One-time secrets: evenly drawn, never twice, obeying the rule, shown by intent only."""

import math
import pickle
from collections import Counter
from datetime import date

import pytest

from branch_desk.models.credentials import (
    CREDENTIAL_LENGTH,
    UNAMBIGUOUS,
    Secret,
    new_initial_credential,
    new_link_token,
    typed_credential,
)
from branch_desk.models.keys import token_digest
from branch_desk.models.passwords import MEMBER_POLICY, PersonalWords, check

SAMPLES = 10_000


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    about = PersonalWords(
        document="7654321",
        names=("Ana", "Quispe"),
        user_name="aquispe",
        birth_date=date(1985, 11, 23),
    )
    return [new_initial_credential(about).reveal() for _ in range(SAMPLES)]


def test_the_alphabet_has_56_characters_none_mistaken_for_another():
    assert len(set(UNAMBIGUOUS)) == len(UNAMBIGUOUS) == 56
    assert not set(UNAMBIGUOUS) & set("0Oo1Il")


def test_none_comes_twice_and_each_obeys_the_policy(drawn):
    assert len(set(drawn)) == SAMPLES
    assert {len(text) for text in drawn} == {CREDENTIAL_LENGTH}
    assert all(set(text) <= set(UNAMBIGUOUS) for text in drawn)
    assert not any(check(MEMBER_POLICY, text) for text in drawn[:1_000])


def test_every_place_is_evenly_spread_within_each_kind_of_character(drawn):
    """The rule makes digits a little likelier than by chance, evenly: so each kind is tested by itself."""
    for place in range(CREDENTIAL_LENGTH):
        counted = Counter(text[place] for text in drawn)
        for kind in (str.isupper, str.islower, str.isdigit):
            letters = [letter for letter in UNAMBIGUOUS if kind(letter)]
            expected = sum(counted[letter] for letter in letters) / len(letters)
            chi = sum((counted[letter] - expected) ** 2 / expected for letter in letters)
            assert chi < _limit(len(letters) - 1)


def _limit(freedom: int) -> float:
    """Chi-square exceeded by chance once in a million (Wilson and Hilferty): 36 tests must not fail by luck."""
    return freedom * (1 - 2 / (9 * freedom) + 4.753 * math.sqrt(2 / (9 * freedom))) ** 3


def test_a_credential_is_shown_in_fours_and_read_back_as_typed():
    secret = Secret("AbCdEfGh2345")
    assert secret.grouped() == "AbCd EfGh 2345"
    for typed in ("AbCd EfGh 2345", "AbCd-EfGh-2345", " AbCdEfGh2345\t"):
        assert typed_credential(typed) == secret.reveal()
    assert typed_credential("abcdefgh2345") != secret.reveal()


def test_a_secret_shows_itself_by_intent_only():
    secret = Secret("AbCdEfGh2345")
    assert "AbCd" not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    secret.forget()
    secret.forget()
    with pytest.raises(ValueError, match="forgotten"):
        secret.reveal()


def test_link_tokens_have_256_bits_fit_a_url_and_are_kept_as_a_digest():
    tokens = [new_link_token() for _ in range(1_000)]
    texts = {token.reveal() for token, _ in tokens}
    assert len(texts) == 1_000
    assert all(
        len(text) == 43 and text.replace("-", "a").replace("_", "a").isalnum() for text in texts
    )
    assert all(kept == token_digest(token.reveal()) for token, kept in tokens)
