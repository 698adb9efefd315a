"""The rows of a long list, fetched page by page as the officer scrolls.

Sorting and filtering happen in SQL; what is here are the pages fetched so far. Text is plain: a
name with `<b>` in it is shown with its `<b>` (R84).
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from branch_desk.views.kit import theme
from branch_desk.views.kit.icons import MEANING_COLOUR, meaning_icon
from branch_desk.views.kit.theme import Meaning

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)
Index = QModelIndex | QPersistentModelIndex


class PageOf(Protocol[Row_co]):
    """A page as operations return it: its rows, and where the next one begins (None at the end)."""

    @property
    def rows(self) -> Sequence[Row_co]:
        """The rows of this page, in order."""
        ...

    @property
    def next(self) -> object | None:
        """The key after which the next page begins; None when this is the last."""
        ...


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column: what it is called, what it writes of a row.

    `name` is the key under which SQL sorts and the settings remember. `meaning` colours a cell and
    gives it an icon; the text must say the same in words.
    """

    name: str
    title: str
    text: Callable[[Row], str]
    width: int = 120
    right: bool = False
    sortable: bool = False
    code: bool = False
    shown: bool = True
    meaning: Callable[[Row], Meaning | None] | None = None
    hint: Callable[[Row], str] | None = None


@dataclass(frozen=True)
class Sort:
    """The order the officer asked for: a column's name, and the direction."""

    name: str
    descending: bool = False


@dataclass(frozen=True)
class Wanted:
    """The page a list asks for: `after` is the last page's `next`, None for the first page."""

    after: object | None
    sort: Sort | None


class RowModel(QAbstractTableModel, Generic[Row]):
    """Frozen rows under columns; asks for a page when the view comes near the end."""

    arrived = Signal()

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.key = key
        self.rows: list[Row] = []
        self.order: Sort | None = None
        self._ask: Callable[[Callable[[PageOf[Row]], None], Wanted], object] | None = None
        self._after: object | None = None
        self._more = False
        self._asking = False
        self._beginning = False

    # -- pages

    def read(self, ask: Callable[[Callable[[PageOf[Row]], None], Wanted], object]) -> None:
        """Read a list from its beginning; the rows shown stay until the first page is here."""
        self._ask = ask
        self.read_again()

    def read_again(self) -> None:
        """Ask for the first page once more."""
        if self._ask is None:
            return
        self._asking = self._beginning = True
        self._ask(self._first, Wanted(None, self.order))

    def _first(self, page: PageOf[Row]) -> None:
        if not self._beginning:
            return  # a short list was shown meanwhile
        self.beginResetModel()
        self.rows = list(page.rows)
        self.endResetModel()
        # After the reset: inside it the view's scroll bar has no length yet, which looks like the
        # end of the list and would ask for a second page that nobody scrolled to.
        self._settle(page)
        self.arrived.emit()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show a short list that is already at hand, whole."""
        self.beginResetModel()
        self.rows = list(rows)
        self._more = self._asking = self._beginning = False
        self.endResetModel()
        self.arrived.emit()

    def give_up(self) -> None:
        """Stop waiting for a page that will not come; scrolling asks again."""
        self._asking = self._beginning = False

    def canFetchMore(self, parent: Index) -> bool:
        """Whether a further page exists and is not under way."""
        return not parent.isValid() and self._more and not self._asking

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next page and return at once; it is appended when it lands."""
        if self._ask is None or not self.canFetchMore(parent):
            return
        self._asking = True
        self._ask(self._further, Wanted(self._after, self.order))

    def _further(self, page: PageOf[Row]) -> None:
        if self._beginning or not self._asking:
            return  # the list is being read anew: this page belongs to the old one
        if page.rows:
            start = len(self.rows)
            self.beginInsertRows(QModelIndex(), start, start + len(page.rows) - 1)
            self.rows.extend(page.rows)
            self.endInsertRows()
        self._settle(page)
        self.arrived.emit()

    def _settle(self, page: PageOf[Row]) -> None:
        self._asking = self._beginning = False
        self._after = page.next
        self._more = page.next is not None

    # -- what Qt asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 Qt's own default
        """Rows fetched so far."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 Qt's own default
        """All columns, hidden ones included."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 Qt's variant
        """Text, alignment, colour and hint of a cell."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        column = self.columns[index.column()]
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return column.text(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole and column.code:
            return theme.fixed_font()
        if role == Qt.ItemDataRole.ToolTipRole and column.hint is not None:
            return plain_tip(column.hint(row))
        return self._meaning(column, row, role)

    def _meaning(self, column: Column[Row], row: Row, role: int) -> Any:  # noqa: ANN401 Qt's variant
        meaning = column.meaning(row) if column.meaning is not None else None
        if meaning is None:
            return None
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.colour(MEANING_COLOUR[meaning])
        if role == Qt.ItemDataRole.DecorationRole:
            return meaning_icon(meaning)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 Qt's variant
        """Titles of the columns; rows have none."""
        if orientation is not Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Ask SQL for the other order; a column it cannot sort by changes nothing."""
        if not 0 <= column < len(self.columns) or not self.columns[column].sortable:
            return
        wanted = Sort(self.columns[column].name, order is Qt.SortOrder.DescendingOrder)
        if wanted != self.order:
            self.order = wanted
            self.read_again()


def plain_tip(text: str) -> str:
    """Return a tooltip that shows its text as it is: Qt guesses markup in tooltips otherwise."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span>{escaped}</span>" if text else ""
