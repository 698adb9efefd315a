"""Where the key ring lies: outside the database, so that a copied database opens nothing.

In order: a credential that the operating system hands to a service (systemd's
`$CREDENTIALS_DIRECTORY`), the key ring of the operating system, else a file only its owner reads.
A file is the weakest of the three, so `Store.note` says which it is and the window can show it.
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from branch_desk.models.errors import KeysUnusable

KEY_FILE = "branch_desk.key"
_SERVICE = "branch-desk"
# Named one by one: `keyrings.alt` registers plaintext files with a priority of their own choosing,
# and `null` and `fail` forget or refuse everything.
_REAL_BACKENDS = frozenset(
    f"keyring.backends.{name}"
    for name in ("SecretService", "Windows", "kwallet", "libsecret", "macOS")
)


class StoreNote(StrEnum):
    """What the window tells about the place of the keys."""

    KEYRING = "KEYRING"
    FILE = "FILE"
    CREDENTIAL = "CREDENTIAL"
    MEMORY = "MEMORY"
    """Gone when the program ends: only a database in memory may use it."""


class KeyFileExposed(KeysUnusable):
    """Others than the owner can read the key file. Facts: `reason`, `path`, `mode`."""


class KeysMissing(KeysUnusable):
    """No key ring where it should be. Facts: `reason`, `store`."""


class KeysPresent(KeysUnusable):
    """A new key ring would overwrite one that may be needed. Facts: `reason`, `store`."""


class Store(Protocol):
    """A place that keeps one key ring, as text."""

    @property
    def note(self) -> StoreNote:
        """Say which kind of place this is."""

    def read(self) -> str:
        """Give the key ring. Raises `KeysMissing`, `KeyFileExposed` or `KeysUnusable`."""

    def create(self, ring: str) -> None:
        """Keep a first key ring. Raises `KeysPresent` rather than overwrite."""

    def replace(self, ring: str) -> None:
        """Keep a key ring that holds everything the kept one holds."""


class FileStore:
    """A file with mode 0600. On Windows the folder's own rights must protect it."""

    note = StoreNote.FILE

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str:
        """Give the key ring; refuse a file that group or others may read, write or run."""
        try:
            found = self.path.stat()
            if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
                raise KeyFileExposed(
                    reason="exposed", path=self.path, mode=stat.S_IMODE(found.st_mode)
                )
            return self.path.read_text("ascii")
        except FileNotFoundError:
            raise KeysMissing(reason="missing", store=self.note) from None
        except (OSError, UnicodeDecodeError):
            raise KeysUnusable(reason="unreadable", store=self.note) from None

    def create(self, ring: str) -> None:
        """Write the file whole or not at all; two programs at once make one key ring."""
        with _written_beside(self.path, ring) as temporary:
            try:
                self.path.hardlink_to(temporary)
            except FileExistsError:
                raise KeysPresent(reason="present", store=self.note) from None

    def replace(self, ring: str) -> None:
        """Write the file whole or not at all, over the old one."""
        with _written_beside(self.path, ring) as temporary:
            temporary.replace(self.path)


class CredentialStore:
    """A file the operating system hands to the service: read, never written."""

    note = StoreNote.CREDENTIAL

    def __init__(self, path: Path) -> None:
        self._file = FileStore(path)

    def read(self) -> str:
        """Give the key ring, under the same rule of who may read the file."""
        try:
            return self._file.read()
        except KeysMissing:
            raise KeysMissing(reason="missing", store=self.note) from None

    def create(self, ring: str) -> None:
        """Refuse: whoever installs the service writes this file."""
        self.replace(ring)

    def replace(self, ring: str) -> None:
        """Refuse: whoever installs the service writes this file."""
        del ring
        raise KeysUnusable(reason="read only", store=self.note)


class KeyringStore:
    """The key ring of the operating system, one entry a database."""

    note = StoreNote.KEYRING

    def __init__(self, backend: KeyringBackend, name: str) -> None:
        self._backend = backend
        self._name = name

    def read(self) -> str:
        """Give the entry; a locked key ring may ask its owner for the password first."""
        found = self._find()
        if found is None:
            raise KeysMissing(reason="missing", store=self.note)
        return found

    def create(self, ring: str) -> None:
        """Keep the entry and read it back: some key rings cut long values without a word."""
        if self._find() is not None:
            raise KeysPresent(reason="present", store=self.note)
        self.replace(ring)

    def replace(self, ring: str) -> None:
        """Keep the entry and read it back."""
        try:
            self._backend.set_password(_SERVICE, self._name, ring)
        except (KeyringError, OSError):
            raise KeysUnusable(reason="keyring refuses", store=self.note) from None
        if self._find() != ring:
            raise KeysUnusable(reason="keyring forgets", store=self.note)

    def _find(self) -> str | None:
        try:
            return self._backend.get_password(_SERVICE, self._name)
        except (KeyringError, OSError):
            raise KeysUnusable(reason="keyring locked", store=self.note) from None


def choose_store(*, data_dir: Path, name: str = "keys", credential: Path | None = None) -> Store:
    """Choose the place of the keys of the database called `name`.

    A key file that exists goes before the key ring: the machine may have got a key ring since.
    """
    if credential is not None:
        return CredentialStore(credential)
    file = FileStore(data_dir / KEY_FILE)
    if file.path.exists():
        return file
    backend = real_keyring()
    return file if backend is None else KeyringStore(backend, name)


def real_keyring() -> KeyringBackend | None:
    """Give this session's key ring if it keeps a secret: never plaintext, null or failing ones."""
    import keyring

    chosen = keyring.get_keyring()
    # The chainer stands for several; it may hold a plaintext one, so look inside.
    candidates: list[KeyringBackend] = list(getattr(chosen, "backends", None) or [chosen])
    return next((backend for backend in candidates if _is_real(backend)), None)


def _is_real(backend: KeyringBackend) -> bool:
    return type(backend).__module__ in _REAL_BACKENDS and float(backend.priority) >= 1


@contextlib.contextmanager
def _written_beside(path: Path, text: str) -> Iterator[Path]:
    """Give a flushed 0600 file in the folder of `path`, and remove what is left of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
        _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
