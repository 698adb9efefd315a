"""What every screen's tests ask: has everything a name, and is every mnemonic only once there?"""

import re
from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

NAMED = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)


def nameless(widget: QWidget) -> list[str]:
    """Return the object names (or classes) of what can be used but has no accessible name."""
    found = []
    for each in [widget, *widget.findChildren(QWidget)]:
        wanted = isinstance(each, NAMED) or each.focusPolicy() & Qt.FocusPolicy.TabFocus
        inner = each.objectName().startswith("qt_") or _belongs_to_a_field(each)
        if not wanted or inner:
            continue
        interface = QAccessible.queryAccessibleInterface(each)
        if interface is None or not interface.text(QAccessible.Text.Name).strip():
            found.append(f"{type(each).__name__} {each.objectName()}".strip())
    return found


def doubled_mnemonics(widget: QWidget) -> list[str]:
    """Return the letters that two visible labels or buttons of one screen claim."""
    letters: Counter[str] = Counter()
    for each in widget.findChildren(QWidget):
        if not each.isVisibleTo(widget):
            continue
        if isinstance(each, QAbstractButton) or (isinstance(each, QLabel) and each.buddy()):
            found = re.search(r"&([^&\s])", each.text().replace("&&", ""))
            if found:
                letters[found[1].lower()] += 1
    return sorted(letter for letter, count in letters.items() if count > 1)


def _belongs_to_a_field(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QComboBox | QAbstractSpinBox | QAbstractItemView | QLineEdit):
            return True
        parent = parent.parentWidget()
    return False
