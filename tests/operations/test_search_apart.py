"""Words of a name that do not stand side by side: everyone who has them is found, by the rarest."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from branch_desk.operations.books import search_sources
from branch_desk.operations.books.search import find
from branch_desk.operations.work import Desk
from tests.builders import World

NAMES = {
    "1": ("Ana María", "Méndez", "Ríos"),
    "2": ("María Ana", "Méndez", "Ríos"),
    "3": ("Ana", "Ríos", "Méndez"),
    "4": ("Ana", "Aguilar", "Ríos"),
    "5": ("Rosa", "Méndez", "Vaca"),
    "6": ("Ana", "Anaya", ""),
}


@pytest.fixture
def desk(world: World) -> Desk:
    for number, (first_names, first, second) in NAMES.items():
        world.member(
            number,
            document_number=f"700{number}",
            first_names=first_names,
            first_surname=first,
            second_surname=second,
        )
    return world.desk()


@pytest.fixture
def few_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two names of a word are counted, so that every word of this house is a common one."""
    monkeypatch.setattr(search_sources, "COUNTED", 2)
    search_sources.name_counts.cache_clear()
    yield
    search_sources.name_counts.cache_clear()


def _numbers(desk: Desk, typed: str) -> set[str]:
    found = [hit.label for hit in desk(find, typed)]
    assert len(found) == len(set(found))
    return set(found)


TYPED = [
    ("mendez ana", "123"),
    ("ana mendez", "123"),
    ("rios mendez ana", "123"),
    ("mendez rios ana", "123"),
    ("men an", "123"),
    ("an rio mend", "123"),
    ("mendez me", "1235"),
    ("ana ana", "12346"),
    ("ana an", "12346"),
    ("mendez maria rios", "12"),
    ("mendez xq", ""),
    ("xq mendez ana", ""),
    ("mendez aguilar", ""),
    ("ana endez", ""),
]


@pytest.mark.parametrize(("typed", "numbers"), TYPED)
def test_everyone_who_has_all_the_words_is_found(desk: Desk, typed: str, numbers: str) -> None:
    assert _numbers(desk, typed) == set(numbers)


@pytest.mark.usefixtures("few_counted")
@pytest.mark.parametrize(("typed", "numbers"), TYPED)
def test_so_it_is_when_every_word_is_common(desk: Desk, typed: str, numbers: str) -> None:
    assert _numbers(desk, typed) == set(numbers)


def test_what_was_found_side_by_side_is_found_once_and_first(desk: Desk) -> None:
    first, *others = [hit.label for hit in desk(find, "mendez rios ana")]
    assert (first, sorted(others)) == ("1", ["2", "3"])
    assert len(desk(find, "mendez rios ana", limit=2)) == 2


@pytest.mark.parametrize(
    ("typed", "rarest"),
    [
        ("ana rosa", "rosa"),
        ("ana mendez xq", "xq"),
        # Both common: the second «mendez» is «mendez rios ana maria», the second «ana» a «maria».
        ("mendez ana", "mendez"),
    ],
)
@pytest.mark.usefixtures("few_counted")
def test_the_names_of_the_rarest_word_are_looked_through(
    world: World, desk: Desk, typed: str, rarest: str
) -> None:
    asked: list[str] = []
    event.listen(
        world.house.database.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, values, *_: asked.append(f"{statement} {values}"),
    )
    desk(find, typed)
    (looked,) = [each for each in asked if "instr" in each or "strpos" in each]
    assert f"'{rarest}'" in looked
