"""Long lists: pages by key, the order asked of SQL, columns kept, plain text, CSV."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QVBoxLayout

from branch_desk.background import Background
from branch_desk.views.kit.csv_export import csv_bytes
from branch_desk.views.kit.table import Column, PagedTable, Wanted
from branch_desk.views.kit.view import View


@dataclass(frozen=True)
class Line:
    number: int
    name: str


@dataclass(frozen=True)
class Part:
    rows: tuple[Line, ...]
    next: object | None


ALL = [Line(number, f"<b>Socio</b> {number:04d} & Cía.") for number in range(1000)]
COLUMNS = [
    Column[Line]("number", "Número", lambda line: str(line.number), right=True, sortable=True),
    Column[Line]("name", "Nombre", lambda line: line.name, width=300),
]


def page(_work: Any, after: object, descending: bool, size: int = 100) -> Part:
    lines = ALL[::-1] if descending else ALL
    start = (
        0 if after is None else next(i for i, line in enumerate(lines) if line.number == after) + 1
    )
    rows = tuple(lines[start : start + size])
    return Part(rows, rows[-1].number if start + size < len(lines) else None)


class Lists(View):
    def __init__(
        self, desk: Callable[..., Any], background: Background, settings: QSettings
    ) -> None:
        super().__init__(desk, background)
        self.asked: list[Wanted] = []
        self.table = PagedTable[Line](
            "lines", "Socios", COLUMNS, lambda line: line.number, empty="Nadie.", settings=settings
        )
        QVBoxLayout(self.body).addWidget(self.table)

    def read(self) -> None:
        def ask(done: Any, wanted: Wanted) -> None:
            self.asked.append(wanted)
            self.search(done, page, wanted.after, bool(wanted.sort and wanted.sort.descending))

        self.table.read(ask)


@pytest.fixture
def lists(
    themed: Any,
    plain_desk: Callable[..., Any],
    background: Background,
    settings: QSettings,
    qtbot: Any,
) -> Lists:
    made = Lists(plain_desk, background, settings)
    made.setProperty(
        "tester",
        QAbstractItemModelTester(
            made.table.rows, QAbstractItemModelTester.FailureReportingMode.Fatal, made
        ),
    )
    made.resize(800, 600)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def test_the_first_page_is_shown_and_the_next_ones_come_while_scrolling(
    lists: Lists, qtbot: Any
) -> None:
    lists.read()
    qtbot.waitUntil(lambda: lists.table.rows.rowCount() == 100)
    for pages in range(2, 11):
        lists.table.scrollToBottom()
        qtbot.waitUntil(lambda n=pages: lists.table.rows.rowCount() == n * 100)
    lists.table.scrollToBottom()
    assert lists.table.rows.rows == ALL
    assert not lists.table.rows.canFetchMore(lists.table.rootIndex())
    assert len(lists.asked) == 10


def test_a_page_under_way_is_not_asked_for_twice(lists: Lists, qtbot: Any) -> None:
    lists.read()
    qtbot.waitUntil(lambda: lists.table.rows.rowCount() == 100)
    for _ in range(5):
        lists.table.rows.fetchMore(lists.table.rootIndex())
    assert len(lists.asked) == 2
    qtbot.waitUntil(lambda: lists.table.rows.rowCount() == 200)


def test_a_header_asks_sql_for_the_other_order_and_an_unsortable_one_nothing(
    lists: Lists, qtbot: Any
) -> None:
    lists.read()
    qtbot.waitUntil(lambda: lists.table.rows.rowCount() == 100)
    lists.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: lists.table.rows.rows[0].number == 999)
    asked = len(lists.asked)
    lists.table.horizontalHeader().setSortIndicator(1, Qt.SortOrder.AscendingOrder)
    assert len(lists.asked) == asked
    assert lists.table.horizontalHeader().sortIndicatorSection() == 0
    assert lists.table.horizontalHeader().sortIndicatorOrder() is Qt.SortOrder.DescendingOrder


def test_a_page_of_the_old_order_is_not_put_under_the_new_one(lists: Lists, qtbot: Any) -> None:
    lists.read()
    qtbot.waitUntil(lambda: lists.table.rows.rowCount() == 100)
    lists.table.rows.fetchMore(lists.table.rootIndex())
    lists.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: lists.table.rows.rows[0].number == 999)
    assert [line.number for line in lists.table.rows.rows] == list(range(999, 899, -1))


def test_the_cursor_stays_on_its_row_when_the_list_is_read_again(lists: Lists, qtbot: Any) -> None:
    lists.read()
    qtbot.waitUntil(lambda: lists.table.rows.rowCount() == 100)
    lists.table.choose_row(7)
    with qtbot.waitSignal(lists.table.rows.arrived):
        lists.table.read_again()
    assert lists.table.current() == ALL[7]


def test_enter_opens_the_row_the_cursor_stands_on(lists: Lists, qtbot: Any) -> None:
    lists.table.show_rows(ALL[:3])
    opened: list[Line] = []
    lists.table.opened.connect(opened.append)
    qtbot.keyClick(lists.table, Qt.Key.Key_Down)
    qtbot.keyClick(lists.table, Qt.Key.Key_Return)
    assert opened == [ALL[1]]


def test_an_empty_list_says_why(lists: Lists) -> None:
    lists.table.show_rows([])
    assert lists.table.empty_state.isVisible()
    lists.table.show_rows(ALL[:1])
    assert not lists.table.empty_state.isVisible()


def test_hidden_columns_stay_hidden_and_one_always_stays(
    lists: Lists, plain_desk: Any, background: Background, settings: QSettings, qtbot: Any
) -> None:
    lists.table.columns_menu().actions()[0].trigger()
    assert lists.table.isColumnHidden(0)
    lists.table.show_column("name", shown=False)
    assert not lists.table.isColumnHidden(1)
    again = Lists(plain_desk, background, settings)
    qtbot.addWidget(again)
    assert again.table.isColumnHidden(0)


def test_the_csv_holds_what_is_shown_as_text(lists: Lists) -> None:
    lists.table.show_rows(ALL[:2])
    lists.table.show_column("number", shown=False)
    text = lists.table.csv().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=";")) == [
        ["Nombre"],
        [ALL[0].name],
        [ALL[1].name],
    ]


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_no_cell_of_the_csv_is_a_formula(sign: str) -> None:
    content = csv_bytes(["a"], [[f"{sign}1+1"], ['x"; y\n z']])
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[1][0] == f"'{sign}1+1"
    assert rows[2][0] == 'x"; y\n z'
