"""Work beside the window: order, stale answers, owners that are gone."""

import threading
import weakref
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread

from branch_desk.background import Background


class Owner(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []
        self.failed: list[Exception] = []
        self.threads: list[Any] = []

    def take(self, answer: Any) -> None:
        self.got.append(answer)
        self.threads.append(QThread.currentThread())

    def fail(self, error: Exception) -> None:
        self.failed.append(error)


def test_answers_of_the_database_arrive_in_the_order_asked_on_the_windows_thread(
    background: Background, qtbot: Any
) -> None:
    owner = Owner()
    for number in range(200):
        background.ask(owner, owner.take, owner.fail, int, number)
    qtbot.waitUntil(lambda: len(owner.got) == 200)
    assert owner.got == list(range(200))
    assert {thread == owner.thread() for thread in owner.threads} == {True}


def test_the_work_itself_never_runs_on_the_windows_thread(
    background: Background, qtbot: Any
) -> None:
    owner = Owner()
    background.ask(owner, owner.take, owner.fail, threading.get_ident)
    background.run(owner, "paper", owner.take, owner.fail, threading.get_ident)
    qtbot.waitUntil(lambda: len(owner.got) == 2)
    assert threading.get_ident() not in owner.got


def test_an_older_search_falls_away_even_when_it_answers(
    background: Background, qtbot: Any
) -> None:
    owner = Owner()
    go = threading.Event()

    def slow() -> str:
        go.wait(5)
        return "men"

    background.ask_newest(owner, "search", owner.take, owner.fail, slow)
    background.ask_newest(owner, "search", owner.take, owner.fail, lambda: "never begun")
    background.ask_newest(owner, "search", owner.take, owner.fail, lambda: "mend")
    background.ask(owner, owner.take, owner.fail, lambda: "end")
    go.set()
    qtbot.waitUntil(lambda: "end" in owner.got)
    assert owner.got == ["mend", "end"]


def test_an_answer_for_a_deleted_screen_is_dropped(background: Background, qtbot: Any) -> None:
    gone, other = Owner(), Owner()
    go = threading.Event()
    got: list[object] = []
    background.ask(gone, lambda _: got.append("gone"), gone.fail, lambda: go.wait(5))
    background.ask(other, other.take, other.fail, lambda: "other")
    import shiboken6

    shiboken6.delete(gone)
    go.set()
    qtbot.waitUntil(lambda: other.got == ["other"])
    assert got == []


def test_an_error_reaches_the_one_who_asked(background: Background, qtbot: Any) -> None:
    owner = Owner()

    def broken() -> None:
        raise ValueError("inside")

    background.ask(owner, owner.take, owner.fail, broken)
    qtbot.waitUntil(lambda: bool(owner.failed))
    assert isinstance(owner.failed[0], ValueError)
    assert owner.got == []


def test_closing_lets_what_was_asked_of_the_database_end(qapp: Any) -> None:
    lines = Background()
    owner = Owner()
    written: list[int] = []
    for number in range(20):
        lines.ask(owner, owner.take, owner.fail, written.append, number)
    lines.close()
    assert written == list(range(20))


def test_who_asked_never_dies_in_a_worker(qapp: Any) -> None:
    lines = Background()
    owner = Owner()
    here = threading.get_ident()
    died: list[int] = []
    weakref.finalize(owner, lambda: died.append(threading.get_ident()))
    go_on = threading.Event()
    lines.ask(owner, owner.take, owner.fail, go_on.wait)
    del owner
    assert died == []  # the question keeps it until the answer is there
    threading.Timer(0.05, go_on.set).start()
    lines.close()
    assert died == [here]


def test_what_is_asked_when_the_lines_are_closed_is_dropped(qapp: Any) -> None:
    lines = Background()
    owner = Owner()
    written: list[int] = []
    lines.close()
    lines.ask(owner, owner.take, owner.fail, written.append, 1)
    lines.run(owner, "paper", owner.take, owner.fail, written.append, 2)
    assert written == []
    assert lines.is_idle


@pytest.mark.parametrize("calls", [1000])
def test_void_calls_of_qt_keep_the_count_of_none(qtbot: Any, calls: int) -> None:
    import sys

    from PySide6.QtWidgets import QLabel

    shown = QLabel()
    qtbot.addWidget(shown)
    before = sys.getrefcount(None)
    for _ in range(calls):
        shown.setText("x")
    assert sys.getrefcount(None) > before - calls // 2
