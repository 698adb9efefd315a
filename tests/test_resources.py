"""The files that travel with the program."""

import sys
from pathlib import Path

import pytest

from branch_desk import resources


def test_a_resource_is_found_in_the_checkout() -> None:
    assert resources.resource("fonts").is_dir()
    assert resources.path("fonts", "LICENSE.txt") == resources.resource("fonts/LICENSE.txt")


def test_a_resource_is_found_in_the_bundled_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "resources" / "icons").mkdir(parents=True)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert resources.resource("icons") == tmp_path / "resources" / "icons"


def test_a_resource_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.svg"):
        resources.path("icons", "nothing.svg")
