"""Whatever a name or an address looks like, each screen shows it as it is written (R84)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QPushButton,
    QTableView,
    QWidget,
)

from branch_desk.models.staff import Role
from branch_desk.views.window.main_window import MainWindow
from tests.access_builders import an_enrolment
from tests.builders import World
from tests.journey import ANA, an_application, carry
from tests.views.window import enter, settle

TAGS = (
    "<b>Ana</b>", "<i>Ana", "</b>Ana", "<img src=x>", "<img src='file:///etc/passwd'>", "<br>Ana", "<hr>",
    "<a href='http://x.example'>Ana</a>", "<table><tr><td>Ana", "<h1>Ana</h1>", "<font color=red>Ana</font>",
    "<span style='font-size:90px'>Ana", "<p>Ana</p>", "<qt>Ana</qt>", "<html>Ana", "<body bgcolor=red>Ana",
    "<!DOCTYPE html>", "<!-- Ana -->", "<script>alert(1)</script>", "<style>*{color:red}</style>", "<pre>Ana</pre>",
    "<ul><li>Ana", "<center>Ana", "<s>Ana</s>", "<u>Ana</u>", "<sub>Ana", "<b", "b>", "<>", "< b >Ana", "<B>ANA</B>",
    "<svg/onload=1>", "<?xml version='1'?>", "<nobr>Ana", "<meta x>", "<title>Ana", "Ana <b>María</b> Méndez",
)  # fmt: skip
AMPERSANDS = (
    "&Ana", "A&na", "Ana&", "Ana & María", "Ana && María", "&&Ana", "&amp;Ana", "&lt;b&gt;", "&#60;b&#62;", "&nbsp;Ana",
    "&copy;", "A&B&C", "& &", "&é",
)  # fmt: skip
CODES = (
    "{name}", "{0}", "{}", "{{Ana}}", "%s", "%1", "%n", "%(name)s", r"\n", r"\x1b[2K", r"\u202e", "$(id)", "`id`",
    "'; DROP TABLE", '"Ana"', "**Ana**",
)  # fmt: skip
HOSTILE = TAGS + AMPERSANDS + CODES


def shell_of(window: MainWindow) -> Any:
    assert window.shell is not None
    return window.shell


def labels(window: QWidget, text: str) -> list[QLabel]:
    return [each for each in window.findChildren(QLabel) if text in each.text()]


def interpreted(hostile: tuple[str, ...] = HOSTILE) -> list[str]:
    """Labels, buttons and tips that would make something else of what they are given."""
    wrong = []
    for each in QApplication.allWidgets():
        name = f"{type(each).__name__} {each.objectName()}"
        if isinstance(each, QLabel) and each.textFormat() is not Qt.TextFormat.PlainText:
            wrong += [f"{name}: {text}" for text in ("<", *hostile) if text in each.text()][:1]
        if isinstance(each, QLabel) and each.buddy() is not None:
            wrong += [
                f"{name}: {text}" for text in hostile if text in AMPERSANDS and text in each.text()
            ]
        if any(text in each.toolTip() for text in hostile if text in TAGS):
            wrong.append(f"tip of {name}: {each.toolTip()}")
        if isinstance(each, QAbstractButton):
            bare = each.text().replace("&&", "")
            wrong += [
                f"{name}: {text}" for text in hostile if text in AMPERSANDS[:4] and text in bare
            ]
    return wrong


def rows(view: QAbstractItemView) -> set[str]:
    model = view.model()
    return {
        str(model.index(line, place).data())
        for line in range(model.rowCount())
        for place in range(model.columnCount())
    }


def tips(view: QAbstractItemView) -> list[str]:
    model, role = view.model(), Qt.ItemDataRole.ToolTipRole
    found = [
        model.index(line, place).data(role)
        for line in range(model.rowCount())
        for place in range(model.columnCount())
    ]
    return [tip for tip in found if tip]


@pytest.fixture
def books(desk_world: World) -> dict[str, tuple[UUID, UUID]]:
    """A member for each text, as name and address, with a request."""
    made = {}
    for number, text in enumerate(HOSTILE):
        member = desk_world.member(
            f"{number + 1:06}",
            first_names=text,
            document_number=str(5_000_000 + number),
            complement="",
            address=text,
        )
        made[text] = member, an_enrolment(desk_world, member, user_name=f"usuario{number}")
    return made


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE)) == 67


def test_the_look_at_widgets_finds_what_would_be_interpreted(qtbot: Any) -> None:
    label, button = QLabel("<b>Ana</b>"), QPushButton("Ana & María")
    qtbot.addWidget(label)
    qtbot.addWidget(button)
    label.setToolTip("<br>Ana")
    assert len(interpreted()) == 3
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setToolTip("")
    button.setText("Ana && María")
    assert interpreted() == []


def test_the_lists_show_each_text_as_it_is_written(
    books: dict[str, tuple[UUID, UUID]], window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    shell = shell_of(window)
    for place in ("members", "requests"):
        shell.go(place)
        settle(qtbot, window)
        view = shell.current.findChild(QTableView)
        for _ in range(10):
            view.scrollToBottom()
            settle(qtbot, window)
        shown = rows(view)
        for text in HOSTILE:
            assert any(text in cell for cell in shown), (place, text)
        assert not [tip for tip in tips(view) if any(text in tip for text in TAGS)]
        for line in range(view.model().rowCount()):
            view.setCurrentIndex(view.model().index(line, 0))
        settle(qtbot, window)
        assert interpreted() == []


def test_file_and_request_of_each_show_the_text_as_it_is_written(
    books: dict[str, tuple[UUID, UUID]], window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    shell = shell_of(window)
    for text, (member, enrolment) in books.items():
        for place, subject in (("member", member), ("enrolment", enrolment)):
            shell.go(place, subject)
            settle(qtbot, window)
            seen = [each for each in labels(shell.current, text) if each.isVisible()]
            assert seen, (place, text)
            for each in seen:
                assert each.textFormat() is Qt.TextFormat.PlainText, (place, text)
                assert each.buddy() is None, (place, text)
            assert interpreted((text,)) == [], (place, text)


@pytest.mark.parametrize("text", ["<img src=x>", "Ana & María &co", "{name} %s <b>x</b>"])
def test_the_supervisor_reads_an_address_as_it_is_written(
    text: str, window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    officer = desk_world.desk("oficial")
    desk_world.account(desk_world.member(address=text))
    application = an_application(values=replace(ANA, address=text))
    enrolment = carry(desk_world, officer, application=application)
    enter(qtbot, window, desk_world, "jefa", Role.SUPERVISOR)
    shell = shell_of(window)
    shell.go("approvals", enrolment)
    settle(qtbot, window)
    shell.go("enrolment", enrolment)
    settle(qtbot, window)
    held = [each for each in QApplication.allWidgets() if text in str(each.property("text") or "")]
    assert held
    assert interpreted() == []
