"""Accounts, limits, services and channels: one set on three pages."""

from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel

from branch_desk.background import Background
from branch_desk.models.account import AccountKind, AccountStatus, Handling
from branch_desk.models.enrolment import Status
from branch_desk.models.money import Currency
from branch_desk.models.parameter import LimitKind
from branch_desk.operations.request import configuration, enrolment
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import Theme
from branch_desk.views.request.enrolment import EnrolmentView
from branch_desk.views.request.step_limits import LimitsStep
from tests.builders import World
from tests.journey import a_company_application, a_representative, advance, carry, view
from tests.views.opened import opened
from tests.views.screen import a_station, idle, press, type_in


@pytest.fixture
def station(
    themed: Theme, desk_world: World, background: Background, settings: QSettings
) -> Station:
    return a_station(desk_world, background, settings)


@pytest.fixture
def request_id(desk_world: World, station: Station) -> UUID:
    """Ana, identified: two accounts to debit in two currencies, four only to look at."""
    ana = desk_world.member()
    desk_world.account(ana)
    desk_world.account(ana, number="1000200031", currency=Currency.USD)
    desk_world.account(ana, number="2000", kind=AccountKind.TERM_DEPOSIT)
    desk_world.account(ana, number="3000", kind=AccountKind.LOAN)
    desk_world.account(ana, number="4000", handling=Handling.JOINT)
    desk_world.account(ana, number="5000", status=AccountStatus.BLOCKED)
    return carry(desk_world, station.desk, Status.IDENTIFIED)


def click(screen: EnrolmentView, name: str) -> None:
    box = screen.findChild(QCheckBox, name)
    assert box is not None, name
    assert box.isEnabled(), name
    box.click()


def worst(screen: EnrolmentView) -> str:
    label = screen.findChild(QLabel, "worst_day")
    assert label is not None
    return label.text()


def limits_of(screen: EnrolmentView) -> LimitsStep:
    page = screen.pages["limits"]
    assert isinstance(page, LimitsStep)
    return page


def saved(station: Station, request_id: UUID) -> configuration.Configuration:
    return station.desk(configuration.options, request_id).chosen


def test_why_money_may_not_leave_an_account_stands_beside_it(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    words = " ".join(each.text() for each in screen.step.findChildren(QLabel))
    for reason in ("firma de todos", "Bloqueada", "Depósito a plazo", "Préstamo"):
        assert reason in words
    for number in ("2000", "3000", "4000", "5000"):
        box = screen.findChild(QCheckBox, f"debit_{number}")
        assert box is not None
        assert not box.isEnabled()
        assert not box.isChecked()


def test_the_whole_set_is_chosen_and_saved_at_once(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    click(screen, "consult_3000")
    click(screen, "mobile_2000")
    press(screen, "accounts_go")
    type_in(
        screen,
        limit_third_party_bob_per_operation="1.500,50",
        limit_third_party_bob_per_day="3000",
        limit_third_party_bob_per_month="30.000",
        limit_third_party_bob_count_per_day="4",
    )
    press(screen, "limits_go")
    click(screen, "biller_CRE")
    click(screen, "biller_SAGUAPAC")
    click(screen, "by_mobile")
    press(screen, "services_go")
    idle(qtbot, screen)
    assert view(station.desk, request_id).status is Status.CONFIGURED
    chosen = saved(station, request_id)
    options = station.desk(configuration.options, request_id)
    numbers = {each.account_id: each.number for each in options.accounts}
    assert {numbers[each.account_id] for each in chosen.accounts if each.debit} == {
        "1000200030",
        "1000200031",
    }
    assert "3000" not in {numbers[each.account_id] for each in chosen.accounts}
    [limit] = [
        each
        for each in chosen.limits
        if each.kind is LimitKind.THIRD_PARTY and each.currency is Currency.BOB
    ]
    assert (limit.per_operation, limit.per_day, limit.per_month, limit.count_per_day) == (
        150_050,
        300_000,
        3_000_000,
        4,
    )
    assert chosen.billers == ("CRE", "SAGUAPAC")
    assert chosen.by_web
    assert not chosen.by_mobile
    assert screen.step_name == "form"


def test_the_worst_day_is_said_in_figures_and_words_while_one_types(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    click(screen, "debit_1000200031")  # bolivianos alone
    screen.show_step("limits")
    type_in(screen, limit_third_party_bob_per_day="1000", limit_other_bank_bob_per_day="234,50")
    # Without a ticked service nothing leaves for services; between own accounts nothing leaves.
    assert "Bs 1.234,50" in worst(screen).replace("\u00a0", " ")
    assert "mil doscientos treinta y cuatro 50/100" in worst(screen)
    screen.show_step("services")
    click(screen, "biller_CRE")
    screen.show_step("limits")
    type_in(screen, limit_service_bob_per_day="65,50")
    assert "Bs 1.300,00" in worst(screen).replace("\u00a0", " ")


def test_an_amount_above_the_ceiling_is_marked_where_it_stands(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    screen.show_step("limits")
    type_in(screen, limit_other_bank_bob_per_day="40.000,01")
    below = limits_of(screen)._below[LimitKind.OTHER_BANK, Currency.BOB, "per_day"]
    assert below.text() == "pasa el tope 40.000,00"
    press(screen, "limits_go")
    assert screen.step_name == "limits"
    focused = screen.focusWidget()
    assert focused is not None
    assert focused.objectName() == "limit_other_bank_bob_per_day"
    assert "Bs\u00a040.000,00" in screen.problem_bar.sentence


def test_amounts_that_contradict_each_other_are_marked(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    screen.show_step("limits")
    type_in(
        screen,
        limit_third_party_bob_per_operation="900",
        limit_third_party_bob_per_day="800",
    )
    screen.show_step("services")
    press(screen, "services_go")
    idle(qtbot, screen)
    assert screen.step_name == "limits"
    focused = screen.focusWidget()
    assert focused is not None
    assert focused.objectName() == "limit_third_party_bob_per_operation"
    assert "no concuerdan" in screen.problem_bar.sentence


def test_half_an_amount_is_not_taken_for_another(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    screen.show_step("limits")
    type_in(screen, limit_third_party_bob_per_day="1.50")
    press(screen, "limits_go")
    assert screen.step_name == "limits"
    focused = screen.focusWidget()
    assert focused is not None
    assert focused.objectName() == "limit_third_party_bob_per_day"


def test_only_currencies_of_accounts_to_debit_have_amounts(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    screen.show_step("limits")
    assert {currency for _, currency, _ in limits_of(screen).fields} == set(Currency)
    screen.show_step("accounts")
    click(screen, "debit_1000200031")
    screen.show_step("limits")
    assert {currency for _, currency, _ in limits_of(screen).fields} == {Currency.BOB}


def test_who_only_looks_needs_no_amounts(qtbot: Any, station: Station, request_id: UUID) -> None:
    screen = opened(qtbot, station, request_id)
    click(screen, "debit_1000200030")
    click(screen, "debit_1000200031")
    screen.show_step("limits")
    assert "no puede salir dinero" in worst(screen)
    screen.show_step("services")
    press(screen, "services_go")
    idle(qtbot, screen)
    assert view(station.desk, request_id).status is Status.CONFIGURED


def test_nothing_to_look_at_is_refused_on_the_page_of_the_accounts(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    for number in ("1000200030", "1000200031", "2000", "3000", "4000", "5000"):
        click(screen, f"consult_{number}")
    screen.show_step("services")
    press(screen, "services_go")
    idle(qtbot, screen)
    assert screen.step_name == "accounts"
    assert "Falta elegir cuentas" in screen.problem_bar.sentence


def test_a_set_without_a_channel_is_refused_where_channels_are(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    screen.show_step("services")
    click(screen, "by_web")
    click(screen, "by_mobile")
    press(screen, "services_go")
    idle(qtbot, screen)
    focused = screen.focusWidget()
    assert focused is not None
    assert focused.objectName() == "by_web"


def test_the_proposal_is_a_fifth_of_the_ceiling(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    screen.show_step("limits")
    entry = limits_of(screen).fields[LimitKind.THIRD_PARTY, Currency.BOB, "per_day"]
    assert entry.text() == "8.000,00"
    type_in(screen, limit_third_party_bob_per_day="9000")
    press(screen, "limits_propose")
    assert entry.text() == "8.000,00"


def test_every_representative_has_own_amounts_and_may_get_anothers(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    desk_world.account(desk_world.company(), number="5550001")
    people = (a_representative(), a_representative("4455667", first_names="Rosa"))
    request = station.desk(enrolment.submit, a_company_application(*people))
    advance(station.desk, request, Status.IDENTIFIED)
    screen = opened(qtbot, station, request)
    screen.show_step("limits")
    type_in(screen, limit_third_party_bob_per_day="5000")
    page = limits_of(screen)
    page.person.setCurrentIndex(1)
    page.person.activated.emit(1)
    entry = page.fields[LimitKind.THIRD_PARTY, Currency.BOB, "per_day"]
    assert entry.text() == "8.000,00"
    page.person.setCurrentIndex(0)
    page.person.activated.emit(0)
    press(screen, "limits_to_all")
    screen.show_step("services")
    press(screen, "services_go")
    idle(qtbot, screen)
    amounts = [
        each.per_day
        for each in saved(station, request).limits
        if each.kind is LimitKind.THIRD_PARTY
    ]
    assert amounts == [500_000, 500_000]


def test_what_was_chosen_and_not_saved_is_there_after_a_power_cut(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    click(screen, "consult_3000")
    screen.show_step("limits")
    type_in(screen, limit_third_party_bob_per_day="7777")
    limits_of(screen).keep_now()
    idle(qtbot, screen)
    again = opened(qtbot, station, request_id)
    box = again.findChild(QCheckBox, "consult_3000")
    assert box is not None
    assert not box.isChecked()
    again.show_step("limits")
    entry = limits_of(again).fields[LimitKind.THIRD_PARTY, Currency.BOB, "per_day"]
    assert entry.text() == "7.777,00"


def test_a_later_change_asks_before_it_voids_the_paper(
    qtbot: Any, station: Station, request_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance(station.desk, request_id, Status.CONFIGURED)
    advance(station.desk, request_id, Status.PRINTED)
    screen = opened(qtbot, station, request_id)
    monkeypatch.setattr(Confirmation, "ask", lambda *a, **k: True)
    screen.show_step("limits")
    type_in(screen, limit_third_party_bob_per_day="1500")
    press(screen, "limits_save")
    idle(qtbot, screen)
    file = view(station.desk, request_id)
    assert file.status is Status.CONFIGURED
    assert file.valid_form is None
    assert screen.step_name == "form"


def test_accounts_are_ticked_with_the_keyboard_alone(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    box = screen.findChild(QCheckBox, "web_1000200030")
    assert box is not None
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert not box.isChecked()
    QTest.keyClick(screen.windowHandle(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: screen.step_name == "limits")
