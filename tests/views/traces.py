"""Where a secret could still stand: everything widgets hold, clipboards, files; and how it could be written."""

import base64
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from PySide6.QtCore import QAbstractItemModel, QObject, Qt
from PySide6.QtGui import QAccessible, QClipboard, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.EditRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.StatusTipRole,
    Qt.ItemDataRole.WhatsThisRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
    Qt.ItemDataRole.UserRole,
)
_SAID = (
    QAccessible.Text.Name,
    QAccessible.Text.Description,
    QAccessible.Text.Value,
    QAccessible.Text.Help,
    QAccessible.Text.Identifier,
)


def forms(secret: str) -> set[str]:
    """The ways a careless program writes a text down."""
    raw = secret.encode()
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    return {
        secret,
        " ".join(groups),
        "-".join(groups),
        "\u00a0".join(groups),
        secret.lower(),
        secret.upper(),
        raw.hex(),
        raw.hex().upper(),
        raw.hex(" "),
        base64.b64encode(raw).decode().rstrip("=")[:-1],
        base64.urlsafe_b64encode(raw).decode().rstrip("=")[:-1],
        base64.b32encode(raw).decode().rstrip("=")[:-1],
        quote(secret, safe=""),
    }


def forms_of_key(base32: str) -> set[str]:
    """The same for an authenticator's key: its text, and the bytes it stands for."""
    raw = base64.b32decode(base32 + "=" * (-len(base32) % 8))
    return forms(base32) | {
        raw.hex(),
        raw.hex().upper(),
        base64.b64encode(raw).decode().rstrip("=")[:-1],
        raw.decode("latin-1"),
    }


def _properties(thing: QObject) -> Iterator[str]:
    about = thing.metaObject()
    for number in range(about.propertyCount()):
        value = about.property(number).read(thing)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))
    for name in (bytes(each.data()).decode() for each in thing.dynamicPropertyNames()):
        with suppress(RuntimeError):  # Qt's own, of kinds Python does not know
            yield str(thing.property(name))


def _cells(model: QAbstractItemModel | None) -> Iterator[str]:
    if model is None:
        return
    for line in range(model.rowCount()):
        for place in range(model.columnCount()):
            for role in _ROLES:
                yield str(model.data(model.index(line, place), role))


def _undone(field: QLineEdit | QPlainTextEdit | QTextEdit) -> Iterator[str]:
    # A field that was emptied by keys still gives its text back.
    if isinstance(field, QLineEdit):
        steps = 0
        while field.isUndoAvailable() and steps < 50:
            field.undo()
            yield field.text()
            steps += 1
        for _ in range(steps):
            field.redo()
        return
    document = field.document()
    steps = 0
    while document.isUndoAvailable() and steps < 50:
        document.undo()
        yield document.toPlainText()
        steps += 1
    for _ in range(steps):
        document.redo()


def _of(widget: QWidget) -> Iterator[str]:
    yield from _properties(widget)
    for child in widget.findChildren(QObject):
        if not isinstance(child, QWidget):
            yield from _properties(child)
    interface = QAccessible.queryAccessibleInterface(widget)
    if interface is not None:
        yield from (interface.text(kind) for kind in _SAID)
    if isinstance(widget, QAbstractItemView):
        yield from _cells(widget.model())
    if isinstance(widget, QComboBox):
        yield from _cells(widget.model())
    if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit):
        yield from _undone(widget)


def held(widgets: Iterable[QWidget] | None = None) -> str:
    """Everything the widgets that live hold as text, seen or not, undone or not."""
    each = QApplication.allWidgets() if widgets is None else widgets
    return "\n".join(text for widget in each for text in _of(widget))


def visible() -> str:
    """What a person or a screen reader gets out of the windows now."""
    seen = [each for each in QApplication.allWidgets() if each.isVisible()]
    texts = [text for each in seen for text in _own(each)]
    return "\n".join(texts)


def _own(widget: QWidget) -> Iterator[str]:
    yield from _properties(widget)
    interface = QAccessible.queryAccessibleInterface(widget)
    if interface is not None:
        yield from (interface.text(kind) for kind in _SAID)


def clipboards() -> str:
    """Both of them, in every form they offer."""
    board = QGuiApplication.clipboard()
    texts = []
    for mode in (QClipboard.Mode.Clipboard, QClipboard.Mode.Selection):
        data = board.mimeData(mode)
        texts.append(board.text(mode))
        if data is not None:
            texts += [bytes(data.data(kind).data()).decode("latin-1") for kind in data.formats()]
    return "\n".join(texts)


def files(*folders: Path, but: Iterable[str] = ()) -> dict[str, bytes]:
    """The content of every file under these folders."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.name not in but:
                try:
                    found[str(path)] = path.read_bytes()
                except FileNotFoundError:  # gone while we looked
                    continue
    return found


def in_files(secrets: set[str], *folders: Path) -> list[str]:
    """Files that hold one of these texts, as UTF-8 or as Qt keeps it."""
    wanted = {
        written
        for text in secrets
        for written in (text.encode("latin-1", "replace"), text.encode("utf-16-le"))
    }
    return [
        name for name, content in files(*folders).items() if any(each in content for each in wanted)
    ]
