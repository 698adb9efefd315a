"""Finds the files of `resources/`: checkout, installed package and bundled program."""

import sys
from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(path: str) -> Path:
    """Give the place of a file or folder of `resources/`, named with `/`.

    Raises `FileNotFoundError` when the program was packed without it.
    """
    found = _root() / path
    if not found.exists():
        raise FileNotFoundError(found)
    return found


def _root() -> Path:
    bundle: str | None = getattr(sys, "_MEIPASS", None)  # where PyInstaller unpacked the program
    if bundle:
        return Path(bundle) / "resources"
    installed = _PACKAGE / "_resources"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources"
