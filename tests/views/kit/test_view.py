"""A screen asks, waits, says what went wrong, and never shows the inside."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QFormLayout, QPushButton

from branch_desk.background import Background
from branch_desk.models.errors import ReasonMissing, WrongState
from branch_desk.views.kit import incident, wording
from branch_desk.views.kit.fields import FoldedText, row
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.kit.view import Changed, View


class Screen(View):
    cares_about = frozenset({Changed.ENROLMENT})

    def __init__(self, desk: Callable[..., Any], background: Background) -> None:
        super().__init__(desk, background)
        self.reason = FoldedText("reason")
        self.reject = QPushButton("Rechazar")
        form = QFormLayout(self.body)
        row(form, "&Motivo", self.reason)
        form.addRow(self.reject)
        self.got: list[Any] = []
        self.refreshed = 0

    def refresh(self) -> None:
        self.refreshed += 1


@pytest.fixture
def screen(
    themed: Any, plain_desk: Callable[..., Any], background: Background, qtbot: Any
) -> Screen:
    made = Screen(plain_desk, background)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def refuse(_work: Any) -> None:
    raise ReasonMissing


def test_a_refusal_is_said_in_spanish_and_the_focus_goes_to_its_field(
    screen: Screen, qtbot: Any
) -> None:
    screen.reject.setFocus()
    with qtbot.waitSignal(screen.failed):
        screen.ask(screen.got.append, refuse)
    assert screen.problem_bar.sentence == wording.problem(ReasonMissing())
    assert screen.problem_bar.meaning is Meaning.STOP
    assert screen.reason.hasFocus()
    assert screen.reason.property("problem") == "stop"


def test_the_body_waits_for_the_answer_and_gives_the_focus_back(screen: Screen, qtbot: Any) -> None:
    go = threading.Event()
    screen.reason.setFocus()
    screen.ask(screen.got.append, lambda _work: go.wait(5))
    assert screen.is_busy
    assert not screen.reject.isEnabled()
    qtbot.waitUntil(screen._busy.isVisible, timeout=150)
    go.set()
    qtbot.waitUntil(lambda: screen.got == [True])
    assert not screen.is_busy
    assert screen.reason.hasFocus()
    assert not screen._busy.isVisible()


def test_a_search_leaves_the_body_usable(screen: Screen, qtbot: Any) -> None:
    screen.search(screen.got.append, lambda _work, text: text.upper(), "mén")
    assert screen.reject.isEnabled()
    qtbot.waitUntil(lambda: screen.got == ["MÉN"])


@pytest.mark.logs("incident")
def test_the_unforeseen_gets_a_number_and_the_log_neither_message_nor_values(
    screen: Screen, qtbot: Any, caplog: Any
) -> None:
    def break_down(_work: Any) -> None:
        password = "Canario-9182"
        raise RuntimeError(f"inside {password}")

    with caplog.at_level(logging.ERROR), qtbot.waitSignal(screen.failed):
        screen.ask(screen.got.append, break_down)
    number = caplog.records[-1].args[0]
    assert str(number) in screen.problem_bar.sentence
    assert "Canario" not in screen.problem_bar.sentence + caplog.text
    assert "break_down" in caplog.text
    assert "RuntimeError" in caplog.text


def test_a_success_clears_itself_and_its_action_acts_once(screen: Screen, qtbot: Any) -> None:
    done: list[int] = []
    screen.problem_bar._timer.setInterval(30)
    screen.succeed("Rechazada.", action="Deshacer", do=lambda: done.append(1))
    screen.problem_bar._action.click()
    assert done == [1]
    assert screen.problem_bar.sentence == ""
    screen.succeed("Rechazada.")
    qtbot.waitUntil(lambda: screen.problem_bar.sentence == "")


def test_a_later_answer_takes_the_problem_away(screen: Screen, qtbot: Any) -> None:
    with qtbot.waitSignal(screen.failed):
        screen.ask(screen.got.append, refuse)
    screen.ask(screen.got.append, lambda _work: 1)
    qtbot.waitUntil(lambda: screen.got == [1])
    assert screen.problem_bar.sentence == ""
    assert screen.reason.property("problem") == ""


def test_a_screen_asks_anew_only_for_changes_it_cares_about(screen: Screen) -> None:
    screen.hear(Changed.STAFF)
    assert screen.refreshed == 0
    screen.hear(Changed.ENROLMENT)
    assert screen.refreshed == 1
    screen.hide()
    screen.hear(Changed.ENROLMENT)
    assert screen.refreshed == 1
    screen.come_to_front()
    screen.come_to_front()
    assert screen.refreshed == 2


def test_a_members_name_is_never_taken_for_markup(screen: Screen) -> None:
    screen.say(Meaning.STOP, "<img src=x> & <b>Méndez</b>")
    assert screen.problem_bar.sentence == "<img src=x> & <b>Méndez</b>"
    from PySide6.QtCore import Qt

    assert screen.problem_bar._sentence.textFormat() is Qt.TextFormat.PlainText


def test_every_refusal_has_a_sentence() -> None:
    assert wording.missing_words() == []


def test_a_sentence_is_filled_with_facts_as_people_write_them() -> None:
    from datetime import date

    from branch_desk.models.errors import AboveCeiling, CardExpired
    from branch_desk.models.money import Currency, Money

    assert "14/03/2025" in wording.problem(CardExpired(expired_on=date(2025, 3, 14)))
    assert "Bs\u00a020.000,00" in wording.problem(
        AboveCeiling(ceiling=Money(2_000_000, Currency.BOB))
    )
    assert "{" not in wording.problem(WrongState())


def test_an_incident_number_has_no_letters_that_are_misheard() -> None:
    assert not set("01ILOU") & set(incident.ALPHABET)
