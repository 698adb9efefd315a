"""A file for somebody outside: it gets its name only once it is whole and on the disk (R70)."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

FORMULA: Final = tuple("=+-@＝＋－＠")  # noqa: RUF001  full-width forms work in spreadsheets too
"""What makes a spreadsheet take a text for a formula, at its beginning."""


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula (R80)."""
    return f"'{text}" if text.startswith(FORMULA) else text


class OutgoingFile:
    """Written beside its final name, hashed on the way, readable by its owner alone.

    Killed anywhere, it leaves the old file or the new one, and a part that the next run removes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._hash = hashlib.sha256()
        self._part: Path | None = None
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(  # 0600
            dir=self.path.parent, prefix=self._prefix, suffix=".part"
        )
        self._part = Path(name)
        self._file = os.fdopen(handle, "wb", buffering=1 << 20)
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        assert self._file is not None
        assert self._part is not None
        with suppress(OSError):  # what could not be written is not flushed on the way out
            self._file.close()
        self._part.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Add these bytes."""
        assert self._file is not None
        self._hash.update(data)
        self._file.write(data)

    def place(self) -> str:
        """Put it on the disk, give it its name, tell its bytes' SHA-256. Raises OSError."""
        assert self._file is not None
        assert self._part is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self.path)
        for left in self.path.parent.glob(f"{self._prefix}*.part"):
            left.unlink(missing_ok=True)  # of a run that was killed
        _sync_folder(self.path.parent)
        return self._hash.hexdigest()

    @property
    def _prefix(self) -> str:
        return f".{self.path.name}."


def _sync_folder(folder: Path) -> None:
    """Put the name itself on the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
