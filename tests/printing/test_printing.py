import threading

import pytest

from branch_desk.printing import PrintQueue, PrintState
from branch_desk.reports import enrolment_form
from branch_desk.reports.paper import PageSize
from tests.reports.forms import a_form


@pytest.fixture(scope="module")
def pdf():
    return enrolment_form.render(a_form(), size=PageSize.A4)


def test_what_reaches_the_printer_is_the_paper_byte_for_byte(cups, pdf):
    outcome = PrintQueue(cups.uri).print(pdf)
    assert outcome.state is PrintState.PRINTED, outcome
    assert outcome.printed
    assert cups.captured == [pdf]


def test_the_name_of_the_job_says_nothing(cups, pdf):
    PrintQueue(cups.uri).print(pdf)
    assert cups.titles == ["Documento"]


def test_the_states_of_a_job_are_told_as_they_come(cups, pdf):
    states: list[PrintState] = []
    PrintQueue(cups.uri).print(pdf, on_state=states.append)
    assert states[0] is PrintState.SENT
    assert states[-1] is PrintState.PRINTED


def test_a_printer_that_gives_up_is_not_a_printed_paper(cups, pdf):
    cups.behave("abort")
    outcome = PrintQueue(cups.uri, patience=15).print(pdf)
    assert outcome.state is PrintState.FAILED, outcome
    assert outcome.reason
    assert cups.captured == []


def test_a_stopped_queue_does_not_keep_the_paper_for_later(cups, pdf):
    cups.behave("fail")
    outcome = PrintQueue(cups.uri, patience=15).print(pdf)
    assert outcome.state is PrintState.FAILED, outcome
    assert "out of toner" in outcome.reason
    cups.forget()  # the printer works again
    assert PrintQueue(cups.uri).print(b"%PDF-1.4 the next").printed
    assert cups.captured == [b"%PDF-1.4 the next"]


def test_a_job_is_cancelled_from_another_thread(cups, pdf):
    cups.behave("hang")
    queue = PrintQueue(cups.uri, patience=20)
    seen = threading.Event()

    def cancel_when_printing():
        seen.wait(10)
        queue.cancel()

    canceller = threading.Thread(target=cancel_when_printing)
    canceller.start()
    outcome = queue.print(
        pdf, on_state=lambda state: seen.set() if state is PrintState.PRINTING else None
    )
    canceller.join()
    assert outcome.state is PrintState.CANCELLED, outcome
    assert cups.captured == []


def test_an_end_that_is_not_seen_in_time_is_unknown_not_printed(cups, pdf):
    cups.behave("hang")
    outcome = PrintQueue(cups.uri, patience=0.5).print(pdf)
    assert outcome.state is PrintState.UNKNOWN


def test_a_queue_that_is_away_is_an_outcome_not_a_crash(pdf):
    outcome = PrintQueue("ipp://127.0.0.1:9/printers/caja").print(pdf)
    assert outcome.state is PrintState.UNREACHABLE
    assert outcome.reason


def test_an_unknown_queue_takes_no_job(cups, pdf):
    outcome = PrintQueue(cups.uri.replace("caja", "otra")).print(pdf)
    assert outcome.state is PrintState.UNREACHABLE


def test_the_queues_of_the_server_are_listed(cups):
    [queue] = PrintQueue(cups.uri).printers()
    assert (queue.name, queue.accepting, queue.note) == ("caja", True, "Ventanilla")
    assert queue.uri == cups.uri
