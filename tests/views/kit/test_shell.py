"""The frame of the window: places, search, who, how things are; and the steps of a request."""

import subprocess
import sys
from enum import StrEnum
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLabel

from branch_desk.models import (
    access,
    account,
    beneficiary,
    bill,
    enrolment,
    form,
    identity,
    ledger,
    member,
    operation,
    outbox,
    parameter,
    passwords,
    schedule,
    staff,
    totp,
)
from branch_desk.models.errors import (
    CodeRefused,
    InvalidCharacter,
    SessionEnded,
    WeakPassword,
    WrongState,
)
from branch_desk.models.totp import Cause, Diagnosis
from branch_desk.views.kit import wording
from branch_desk.views.kit.pieces import Flag, FlagList, HeaderCard
from branch_desk.views.kit.steps_track import Progress, Step, StepsTrack
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.window.rail import NARROW, WIDE, Place, Rail
from branch_desk.views.window.status_line import StatusLine
from branch_desk.views.window.top_bar import TopBar
from tests.views.kit.accessibility import nameless

PLACES = (
    Place("requests", "Solicitudes", "inbox", "F2"),
    Place("members", "Socios", "users", "F5"),
)
SHOWN: list[type[StrEnum]] = [
    enrolment.Status,
    enrolment.Channel,
    enrolment.SigningRule,
    access.AccessStatus,
    access.LockReason,
    access.Delivery,
    account.AccountKind,
    account.AccountStatus,
    account.Handling,
    account.HolderRole,
    form.Destination,
    form.Verdict,
    identity.AttachmentKind,
    identity.CheckPoint,
    member.DocumentType,
    member.MemberKind,
    beneficiary.BeneficiaryKind,
    bill.BillStatus,
    ledger.PostingKind,
    operation.OperationKind,
    operation.OperationStatus,
    outbox.MailStatus,
    parameter.LimitKind,
    parameter.StarterReason,
    passwords.PasswordProblem,
    schedule.HolidayRule,
    schedule.Repeat,
    schedule.RunStatus,
    schedule.ScheduleStatus,
    staff.Role,
    totp.Cause,
]


@pytest.fixture
def rail(themed: Theme, settings: QSettings, qtbot: Any) -> Rail:
    made = Rail(PLACES, settings)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def test_a_place_is_reached_by_its_key_by_click_and_by_arrows(rail: Rail, qtbot: Any) -> None:
    went: list[str] = []
    rail.chosen.connect(went.append)
    qtbot.keyClick(rail, Qt.Key.Key_F5)
    rail.buttons["requests"].click()
    rail.buttons["requests"].setFocus()
    qtbot.keyClick(rail.buttons["requests"], Qt.Key.Key_Down)
    qtbot.keyClick(rail.buttons["members"], Qt.Key.Key_Return)
    assert went == ["members", "requests", "members"]
    assert rail.buttons["members"].isChecked()


def test_a_count_is_read_aloud_with_its_place(rail: Rail) -> None:
    rail.show_counts({"requests": 3})
    assert "3" in rail.buttons["requests"].accessibleName()
    assert rail.buttons["members"].accessibleName() == "Socios, F5"
    assert nameless(rail) == []


def test_a_folded_rail_stays_folded(rail: Rail, settings: QSettings, qtbot: Any) -> None:
    assert rail.width() == WIDE
    rail.fold()
    again = Rail(PLACES, settings)
    qtbot.addWidget(again)
    assert again.maximumWidth() == NARROW
    again.fold()
    assert again.maximumWidth() == WIDE


def test_search_tells_while_typing_and_on_enter(themed: Theme, qtbot: Any) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    typed: list[str] = []
    chosen: list[str] = []
    bar.searched.connect(typed.append)
    bar.chosen_search.connect(chosen.append)
    qtbot.keyClicks(bar.search, "men")
    qtbot.keyClick(bar.search, Qt.Key.Key_Return)
    bar.take_scan("F-0001")
    assert typed == ["m", "me", "men", "F-0001"]
    assert chosen == ["men", "F-0001"]
    bar.forget()
    assert bar.search.text() == ""
    assert not bar.search.isUndoAvailable()
    bar.show_person("Rosa & Cía", "oficial", "Plan 3000")
    assert bar.person.text() == "Rosa && Cía · oficial"
    assert nameless(bar) == []


def test_each_part_of_the_status_line_leads_to_its_cause(themed: Theme, qtbot: Any) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    asked: list[str] = []
    line.cause_asked.connect(asked.append)
    line.tell("printer", "Sin papel", Meaning.ATTENTION, "<b>Cargue</b> papel")
    line.parts["printer"].click()
    assert asked == ["printer"]
    assert line.parts["printer"].accessibleName() == "Sin papel"
    assert "&lt;b&gt;" in line.parts["printer"].toolTip()
    assert line.parts["mail"].isHidden()


def test_only_allowed_steps_can_be_reached_by_keys_or_click(themed: Theme, qtbot: Any) -> None:
    track = StepsTrack("Pasos")
    qtbot.addWidget(track)
    track.show_steps(
        [
            Step("identity", "Identidad", Progress.DONE, allowed=True),
            Step("accounts", "Cuentas", Progress.CURRENT, allowed=True),
            Step("form", "Formulario", Progress.WAITING),
        ],
        shown="accounts",
    )
    with qtbot.waitActive(track):
        track.show()
        track.activateWindow()
    went: list[str] = []
    track.chosen.connect(went.append)
    track.buttons[0].setFocus()
    qtbot.keyClick(track.buttons[0], Qt.Key.Key_Return)
    qtbot.keyClick(track.buttons[0], Qt.Key.Key_Down)
    qtbot.keyClick(track.buttons[1], Qt.Key.Key_Down)
    qtbot.keyClick(track.buttons[1], Qt.Key.Key_Return)
    track.buttons[2].click()
    assert went == ["identity", "accounts"]
    assert track.buttons[0].accessibleName() == "Identidad, hecho"


def test_the_gravest_flag_comes_first(themed: Theme, qtbot: Any) -> None:
    flags = FlagList("Advertencias")
    qtbot.addWidget(flags)
    flags.show_flags([Flag("b"), Flag("a", Meaning.STOP), Flag("c", Meaning.INFORMATION)])
    assert [flag.sentence for flag in flags.flags] == ["a", "b", "c"]


def test_a_forgotten_header_holds_no_name(themed: Theme, qtbot: Any) -> None:
    header = HeaderCard()
    qtbot.addWidget(header)
    header.show_person("Ñahui & <b>Quispe</b>", [("CI", "4567891")], "Autorizada", Meaning.GOOD)
    assert header.name.text() == "Ñahui & <b>Quispe</b>"
    header.forget()
    assert header.name.text() == ""
    assert not [w for w in header.findChildren(QLabel) if w.text() == "4567891"]


def test_every_state_role_and_kind_has_its_word() -> None:
    assert wording.missing_words(SHOWN) == []


def test_facts_that_are_words_of_the_program_are_translated() -> None:
    assert "Autorizada" in wording.problem(WrongState(current=enrolment.Status.APPROVED))
    weak = wording.problem(WeakPassword(problems=[passwords.PasswordProblem.TOO_SHORT]))
    assert "es muy corta" in weak
    assert "carácter 3" in wording.problem(InvalidCharacter(reason="invisible", position=3))


@pytest.mark.parametrize(
    ("why", "word"),
    [
        ("newer_session", "otro puesto"),
        ("too_long", "ocho horas"),
        ("disabled", "desactivado"),
        ("password_reset", "un solo uso"),
        ("authenticator_reset", "autenticador"),
        ("unknown", "Ingrese otra vez"),
        ("expired", "tiempo máximo"),
        ("newer", "Si no fue usted"),
        ("not_active", "agencia"),
        ("locked", "estuvo bloqueado"),
        ("suspended", "suspendido"),
        ("closed", "cerrado"),
        ("password_changed", "la nueva"),
        ("pin_changed", "el nuevo"),
    ],
)
def test_a_session_that_ended_says_why_in_words_of_its_own(why: str, word: str) -> None:
    assert word in wording.problem(SessionEnded(reason=why))


def test_the_doctor_names_how_far_the_phones_clock_is_off() -> None:
    slow = wording.problem(CodeRefused(diagnosis=Diagnosis(Cause.CLOCK_OFF, minutes=-3)))
    assert "3 min atrasado" in slow
    assert "cada 60 s" in wording.problem(
        CodeRefused(diagnosis=Diagnosis(Cause.OTHER_PERIOD, period=60))
    )


def test_the_sign_in_can_be_painted_before_the_database_is_imported() -> None:
    code = (
        "import sys, branch_desk.views.kit.view, branch_desk.views.kit.fields, branch_desk.views.window.rail,"
        "branch_desk.views.window.top_bar, branch_desk.views.kit.table, branch_desk.views.window.lock_overlay;"
        "print([m for m in ('sqlalchemy', 'reportlab', 'qrcode', 'email_validator') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
