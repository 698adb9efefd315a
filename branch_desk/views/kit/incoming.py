"""Files that come in from this machine: dropped on the window, chosen, or left by the scanner.

Only a regular file of a bearable size is read (R83); what it holds is checked where it is filed.
"""

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QMimeData
from PySide6.QtWidgets import QFileDialog, QWidget

from branch_desk.models.errors import NothingScanned, UnreadableFile

MOST_BYTES: Final = 15 * 1024 * 1024
PICTURES: Final = (".jpg", ".jpeg", ".png")
SHEETS: Final = (*PICTURES, ".pdf")

translate = QCoreApplication.translate


def read_file(path: Path) -> bytes:
    """Read a file from this machine. Raises UnreadableFile."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableFile(reason="not_a_file")
        if about.st_size > MOST_BYTES:
            raise UnreadableFile(reason="too_big")
        return path.read_bytes()
    except OSError:
        raise UnreadableFile(reason="unreadable") from None


def newest_scan(folder: Path, kinds: Iterable[str] = SHEETS) -> Path:
    """Find what the scanner left last. Raises NothingScanned."""
    try:
        found = [
            (each.stat().st_mtime, each)
            for each in folder.iterdir()
            if each.suffix.lower() in tuple(kinds) and each.is_file()
        ]
    except OSError:
        found = []
    if not found:
        raise NothingScanned
    return max(found)[1]


def dropped_file(data: QMimeData) -> Path | None:
    """Tell which file of this machine is being dropped, if it is one of our kinds."""
    for url in data.urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile() and path.suffix.lower() in SHEETS:
            return path
    return None


class FileChoice:
    """The system's own dialog for one file; tests replace `ask`."""

    @classmethod
    def ask(cls, parent: QWidget, title: str, kinds: Iterable[str] = SHEETS) -> Path | None:
        """Let a person choose a file; None when they went back."""
        pattern = " ".join(f"*{kind} *{kind.upper()}" for kind in kinds)
        named = translate("FileChoice", "Fotos y documentos")
        name, _ = QFileDialog.getOpenFileName(parent, title, "", f"{named} ({pattern})")
        return Path(name) if name else None

    @classmethod
    def ask_where(
        cls, parent: QWidget, title: str, proposal: str, kind: str = "PDF (*.pdf)"
    ) -> Path | None:
        """Let a person say where something is to be saved; None when they went back."""
        name, _ = QFileDialog.getSaveFileName(parent, title, proposal, kind)
        return Path(name) if name else None
