"""Long lists: pages by key, order by SQL, columns and widths kept, CSV of what is shown."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QSettings,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QMenu,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from branch_desk.views.kit import theme
from branch_desk.views.kit.csv_export import csv_bytes
from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.row_model import Column, PageOf, RowModel, Sort, Wanted

__all__ = ["Column", "EmptyState", "PageOf", "PagedTable", "RowModel", "Sort", "Wanted"]

Row = TypeVar("Row")

NARROWEST: Final = 40


class EmptyState(QWidget):
    """What a list says when there is nothing in it: why, and what to do about it."""

    def __init__(self, sentence: str, sign: str = "inbox", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("empty_state")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._sentence = QLabel(sentence, self)
        self._sentence.setObjectName("empty_sentence")
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setProperty("kind", "muted")
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(Sign(sign, "muted", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._sentence)
        column.addStretch(3)

    def say(self, sentence: str) -> None:
        """Change the sentence, e.g. to name what was searched for."""
        self._sentence.setText(sentence)


class PagedTable(QTableView, Generic[Row]):
    """A list of plain rows.

    Give it its pages with `read(ask)`, where `ask(done, wanted)` asks an operation and hands the
    page to `done`; or a short list with `show_rows`. `opened` carries the row on Enter or double
    click, `chosen` the row the cursor stands on (for the preview), None when there is none.

    `key` says which row is the same row after reading again, so that the cursor stays on it.
    """

    opened = Signal(object)
    chosen = Signal(object)

    def __init__(
        self,
        name: str,
        title: str,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        empty: str,
        settings: QSettings | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._settings = settings
        self._standing_on: Hashable | None = None
        self.rows = RowModel(columns, key, self)
        self.setModel(self.rows)
        self.empty_state = EmptyState(empty, parent=self.viewport())
        self.empty_state.hide()
        self._arrange()
        self._restore()
        self.rows.modelAboutToBeReset.connect(self._remember_cursor)
        self.rows.arrived.connect(self._settle)
        self.selectionModel().currentRowChanged.connect(self._choose)
        self.activated.connect(self._open)

    # -- rows

    def read(self, ask: Callable[[Callable[[PageOf[Row]], None], Wanted], object]) -> None:
        """Read the list from its beginning through `ask(done, wanted)`."""
        self.rows.read(ask)

    def read_again(self) -> None:
        """Read the same list again, keeping the cursor on its row."""
        self.rows.read_again()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show a short list that is already at hand."""
        self.rows.show_rows(rows)

    def current(self) -> Row | None:
        """Return the row the cursor stands on."""
        index = self.currentIndex()
        return self.rows.rows[index.row()] if index.isValid() else None

    def choose_row(self, number: int) -> None:
        """Put the cursor on a row by its place in the list, from 0."""
        self.setCurrentIndex(self.rows.index(number, self.horizontalHeader().logicalIndex(0)))

    def give_up(self) -> None:
        """Stop waiting for a page that did not come (connect it to the screen's `failed`)."""
        self.rows.give_up()

    # -- out of the program

    def csv(self) -> bytes:
        """Return what is shown, columns in the order shown, as a CSV file's bytes (R80)."""
        shown = self._shown_columns()
        return csv_bytes(
            [column.title for column in shown],
            ([column.text(row) for column in shown] for row in self.rows.rows),
        )

    # -- columns

    def columns_menu(self) -> QMenu:
        """Return a menu to show and hide columns, also reachable with the menu key on the list."""
        menu = QMenu(self.tr("Columnas"), self)
        header = self.horizontalHeader()
        for number, column in enumerate(self.rows.columns):
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(not header.isSectionHidden(number))
            action.toggled.connect(partial(self._set_column, column.name))
        return menu

    def show_column(self, name: str, *, shown: bool) -> None:
        """Show or hide a column by its name; the last one always stays."""
        number = [column.name for column in self.rows.columns].index(name)
        header = self.horizontalHeader()
        if not shown and header.count() - header.hiddenSectionCount() <= 1:
            return
        header.setSectionHidden(number, not shown)
        self._keep()

    # -- inside

    def _arrange(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)  # Tab leaves the list; arrows walk in it
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(16, 16))
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(theme.row_height())
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setMinimumSectionSize(NARROWEST)
        header.setStretchLastSection(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        for number, column in enumerate(self.rows.columns):
            self.setColumnWidth(number, column.width)
            header.setSectionHidden(number, not column.shown)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._pop_columns)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._pop_columns)
        self.setSortingEnabled(any(column.sortable for column in self.rows.columns))
        header.sortIndicatorChanged.connect(self._check_indicator)

    def _restore(self) -> None:
        header = self.horizontalHeader()
        kept = self._settings.value(self._setting()) if self._settings is not None else None
        if kept is not None:
            header.restoreState(kept)
        header.sectionResized.connect(self._keep)
        header.sectionMoved.connect(self._keep)

    def _keep(self) -> None:
        if self._settings is not None:
            self._settings.setValue(self._setting(), self.horizontalHeader().saveState())

    def _setting(self) -> str:
        # The columns' names belong to the key: other columns must not inherit these widths.
        return f"tables/{self.objectName()}/" + "-".join(c.name for c in self.rows.columns)

    def _shown_columns(self) -> list[Column[Row]]:
        header = self.horizontalHeader()
        order = [header.logicalIndex(place) for place in range(header.count())]
        return [self.rows.columns[n] for n in order if not header.isSectionHidden(n)]

    def _check_indicator(self, section: int, order: Qt.SortOrder) -> None:
        # Qt moves the arrow to any header clicked; it must stand where the order really comes from.
        columns = self.rows.columns
        if 0 <= section < len(columns) and columns[section].sortable:
            return
        header = self.horizontalHeader()
        header.blockSignals(True)  # noqa: FBT003 Qt's own signature
        names = [column.name for column in columns]
        now = self.rows.order
        header.setSortIndicator(
            names.index(now.name) if now else -1,
            Qt.SortOrder.DescendingOrder if now and now.descending else Qt.SortOrder.AscendingOrder,
        )
        header.blockSignals(False)  # noqa: FBT003 Qt's own signature

    def _pop_columns(self, place: QPoint) -> None:
        menu = self.columns_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.viewport().mapToGlobal(place))

    def _set_column(self, name: str, shown: bool) -> None:  # noqa: FBT001 a signal's argument
        self.show_column(name, shown=shown)

    def _remember_cursor(self) -> None:
        row = self.current()
        self._standing_on = None if row is None else self.rows.key(row)

    def _settle(self) -> None:
        self.empty_state.setVisible(not self.rows.rows)
        if not self.rows.rows:
            self.chosen.emit(None)
            return
        if self.currentIndex().isValid():
            return
        keys = [self.rows.key(row) for row in self.rows.rows]
        self.choose_row(keys.index(self._standing_on) if self._standing_on in keys else 0)

    def _choose(self, current: QModelIndex) -> None:
        self.chosen.emit(self.rows.rows[current.row()] if current.isValid() else None)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self.rows.rows[index.row()])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the row on Enter on every system; Home and End go to the first and last row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
            return
        if event.key() == Qt.Key.Key_Home and self.rows.rows:
            self.choose_row(0)
            return
        if event.key() == Qt.Key.Key_End and self.rows.rows:
            self.choose_row(len(self.rows.rows) - 1)
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the empty state as large as the list."""
        super().resizeEvent(event)
        self.empty_state.setGeometry(self.viewport().rect())

    def changeEvent(self, event: QEvent) -> None:
        """Grow the rows with the letters."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.verticalHeader().setDefaultSectionSize(theme.row_height())

    def select_nothing(self) -> None:
        """Take the cursor away."""
        self.selectionModel().setCurrentIndex(
            QModelIndex(), QItemSelectionModel.SelectionFlag.Clear
        )
