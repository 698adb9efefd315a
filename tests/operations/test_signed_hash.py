"""What the member signs, as the one hash the approval binds to (R16)."""

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any

from branch_desk.operations.request import forms
from tests.reports.forms import a_company_form, a_form


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if is_dataclass(value):
        return [
            leaf
            for each in fields(value)
            for leaf in _leaves(getattr(value, each.name), (*path, each.name))
        ]
    if isinstance(value, tuple):
        inside = [leaf for n, each in enumerate(value) for leaf in _leaves(each, (*path, n))]
        return [(path, value), *inside]
    return [(path, value)]


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(value, tuple):
        return (*value[:first], _with(value[first], tuple(rest), new), *value[first + 1 :])
    return replace(value, **{first: _with(getattr(value, first), tuple(rest), new)})


def _other(value: Any, chance: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.randint(1, 10**9)
    if isinstance(value, date):
        return value + timedelta(days=chance.randint(1, 20_000))
    if isinstance(value, tuple):
        return value[:-1] if value else value
    if value is None:
        return date(2031, 1, 1) + timedelta(days=chance.randint(1, 20_000))
    place = chance.randint(0, len(value))
    return value[:place] + chance.choice('áñ0 x|"\\\u0301') + value[place:]


def _hash(form: Any) -> str:
    return hashlib.sha256(forms.terms_text(form).encode()).hexdigest()


def test_a_thousand_changes_of_one_field_give_a_thousand_hashes() -> None:
    chance = random.Random(20261123)
    form = a_company_form()
    leaves = [leaf for leaf in _leaves(form) if leaf[0] != ("terms_sha256",) and leaf[1] != ()]
    changed = {form}
    # Each field once, then any; the hash itself stands outside what it is made of.
    order = [*leaves, *(chance.choice(leaves) for _ in range(5000))]
    for path, value in order:
        if len(changed) > 1000 + len(leaves):
            break
        changed.add(_with(form, path, _other(value, chance)))
    assert len(changed) > 1000
    assert len({_hash(each) for each in changed}) == len(changed)


def test_frozen_terms_read_back_are_the_form() -> None:
    for form in (a_form(), a_company_form()):
        text = forms.terms_text(form)
        digest = hashlib.sha256(text.encode()).hexdigest()
        assert forms.thawed(text, digest) == replace(form, terms_sha256=digest)


def test_the_hash_is_the_same_in_every_locale_and_time_zone() -> None:
    program = (
        "import contextlib, hashlib, locale, os, time\n"
        "with contextlib.suppress(locale.Error): locale.setlocale(locale.LC_ALL, '')\n"
        "from branch_desk.operations.request import forms\n"
        "from tests.reports.forms import a_company_form\n"
        "for os.environ['TZ'] in ('America/La_Paz', 'Asia/Tokyo'):\n"
        "    time.tzset()\n"
        "    print(hashlib.sha256(forms.terms_text(a_company_form()).encode()).hexdigest())"
    )
    here = _hash(a_company_form())
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"LC_ALL": language, "PYTHONHASHSEED": str(seed)},
        )
        for seed, language in enumerate(("C", "C.UTF-8", "tr_TR.UTF-8"))
    ]
    for process in running:
        with process:
            assert process.communicate(timeout=60)[0].split() == [here, here]
