"""Two desks at one request: whoever saves second sees what changed and loses nothing typed (R19)."""

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLabel

from branch_desk.background import Background
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import Status
from branch_desk.models.parameter import LimitKind
from branch_desk.operations.request import configuration, enrolment
from branch_desk.operations.request.application import RepresentativeValues
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import Theme
from branch_desk.views.request.enrolment import EnrolmentView
from branch_desk.views.request.meanwhile import FieldChange, field_words, file_changes
from branch_desk.views.request.opening import take_up
from tests.builders import World
from tests.journey import a_company_application, a_representative, carry, view
from tests.views.opened import opened
from tests.views.screen import a_station, idle, press


@pytest.fixture
def station(
    themed: Theme, desk_world: World, background: Background, settings: QSettings
) -> Station:
    desk_world.account(desk_world.member())
    return a_station(desk_world, background, settings)


def shown_texts(screen: EnrolmentView) -> str:
    return "\n".join(each.text() for each in screen.meanwhile.findChildren(QLabel))


def test_who_saves_second_sees_each_field_that_changed_and_keeps_what_was_typed(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.SUBMITTED)
    screen = opened(qtbot, station, request)
    assert screen.meanwhile.isHidden()
    form: Any = screen.pages["applicant"].form  # type: ignore[attr-defined]
    press(screen, "amend")
    form.texts["mobile"].setText("76543210")

    other = desk_world.desk("colega")
    station.desk(enrolment.release, request)  # its fifteen minutes are over
    file = other(enrolment.hold, request)
    values = replace(file.application.values, email="nueva@example.com", address="Av. Irala 7")
    other(enrolment.amend, request, file.version, replace(file.application, values=values))
    other(enrolment.release, request)

    press(screen, "amend_save")
    idle(qtbot, screen)
    assert "mientras usted los veía" in screen.problem_bar.sentence
    assert set(screen.meanwhile.changes) == {
        FieldChange("Revisión", "1", "2"),
        FieldChange("Correo", "ana@example.com", "nueva@example.com"),
        FieldChange("Domicilio", "Calle Sucre 45", "Av. Irala 7"),
    }
    assert "nueva@example.com" in shown_texts(screen)
    assert screen.step_name == "applicant"
    assert form.texts["mobile"].text() == "76543210"
    assert form.texts["email"].text() == "nueva@example.com"
    assert view(station.desk, request).application.values.mobile == "70012345"

    press(screen, "amend_save")
    idle(qtbot, screen)
    saved = view(station.desk, request).application.values
    assert (saved.mobile, saved.email, saved.address) == (
        "76543210",
        "nueva@example.com",
        "Av. Irala 7",
    )
    press(screen, "meanwhile_close")
    assert screen.meanwhile.isHidden()
    assert "nueva@example.com" not in shown_texts(screen)


def test_amounts_that_changed_are_named_and_the_set_being_chosen_stays(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.CONFIGURED)
    screen = opened(qtbot, station, request)
    assert screen.choices is not None
    screen.show_step("services")
    screen.choices.by_mobile = False
    screen.choices.touched = True

    other = desk_world.desk("colega")
    station.desk(enrolment.release, request)
    file = other(enrolment.hold, request)
    chosen = other(configuration.options, request).chosen
    limits = tuple(
        replace(each, per_month=each.per_month + 1000)
        if each.kind is LimitKind.THIRD_PARTY
        else each
        for each in chosen.limits
    )
    other(configuration.configure, request, file.version, replace(chosen, limits=limits))
    other(enrolment.release, request)

    press(screen, "services_go")
    idle(qtbot, screen)
    [amount] = [each for each in screen.meanwhile.changes if "por mes" in each.what]
    assert amount.what == "A terceros de la cooperativa, por mes"
    assert amount.before != amount.after
    assert not any("móvil" in each.what for each in screen.meanwhile.changes)
    assert screen.choices is not None
    assert not screen.choices.by_mobile
    assert screen.choices.touched


def test_closing_the_request_leaves_nothing_of_the_comparison(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    screen = opened(qtbot, station, carry(desk_world, station.desk, Status.SUBMITTED))
    screen.meanwhile.show_changes([FieldChange("Correo", "a@example.com", "b@example.com")])
    assert not screen.meanwhile.isHidden()
    screen.forget()
    assert screen.meanwhile.isHidden()
    assert "example.com" not in shown_texts(screen)


def test_nothing_changed_is_nothing_to_show(desk_world: World, station: Station) -> None:
    request = carry(desk_world, station.desk, Status.PRINTED)
    once = take_up(station.desk, request, hold=True)
    desk_world.clock.forward(minutes=1)
    assert file_changes(once, take_up(station.desk, request, hold=True)) == ()


def test_a_representative_that_came_is_told_with_the_power(
    desk_world: World, station: Station
) -> None:
    desk_world.company()
    one = a_representative()
    request = station.desk(enrolment.submit, a_company_application(one))
    before = take_up(station.desk, request, hold=True)
    people = before.file.representatives
    more = replace(
        people[0],
        id=new_id(),
        name="Otra Persona",
        document="7777777",
        values=replace(people[0].values, first_names="Otra", power_number="999/2026"),
    )
    after = replace(before, file=replace(before.file, representatives=(*people, more)))
    told = {each.what: each for each in file_changes(before, after)}
    assert told["Representante 7777777"].after == "Otra Persona"
    assert told["Representante 7777777, número de poder"] == FieldChange(
        "Representante 7777777, número de poder", "—", "999/2026"
    )
    gone = {each.what: each for each in file_changes(after, before)}
    assert gone["Representante 7777777"].after == "—"


def test_every_field_of_a_request_has_its_name() -> None:
    from branch_desk.models.validation import ApplicantValues

    asked = {*ApplicantValues.__dataclass_fields__, *RepresentativeValues.__dataclass_fields__}
    assert asked <= set(field_words())
