"""Finds the files of `resources/`: checkout, installed package and bundled program."""

import sys
from pathlib import Path

_PACKAGE = Path(__file__).parent


def path(*parts: str) -> Path:
    """Give the place of a file or folder of `resources/`.

    Raises `FileNotFoundError` when the program was packed without it.
    """
    found = _root().joinpath(*parts)
    if not found.exists():
        raise FileNotFoundError(found)
    return found


def resource(name: str) -> Path:
    """Give the same for a name written with `/`."""
    return path(*name.split("/"))


def _root() -> Path:
    bundle: str | None = getattr(sys, "_MEIPASS", None)  # where PyInstaller unpacked the program
    if bundle:
        return Path(bundle) / "resources"
    installed = _PACKAGE / "_resources"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources"
