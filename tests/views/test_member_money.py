"""A member's money in the file: each part asked for when it is opened, and recorded as a look."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from sqlalchemy import select

from branch_desk.background import Background
from branch_desk.models.account import AccountKind
from branch_desk.models.audit import AuditEvent
from branch_desk.models.base import new_id
from branch_desk.models.event import Event
from branch_desk.models.ledger import INTERBANK, PostingKind, biller_account
from branch_desk.models.operation import OperationKind, OperationStatus
from branch_desk.models.schedule import RunStatus
from branch_desk.models.staff import Role
from branch_desk.operations.money import parameters
from branch_desk.views.kit.countdown import Countdown
from branch_desk.views.kit.incoming import FileChoice
from branch_desk.views.kit.table import PagedTable
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.people.member_file import MemberFileView
from branch_desk.views.people.operations_part import STATE_MEANING
from branch_desk.views.users.access_file import AccessFileView
from tests.access_builders import an_active
from tests.builders import World
from tests.money_rows import (
    a_limit,
    a_payee,
    a_posting,
    a_run,
    a_schedule,
    an_operation,
    an_order,
    grant,
    member_of,
)
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, idle, press, shown

K = OperationKind
S = OperationStatus


@dataclass
class Scene:
    """Ana with two accounts, and what she did with them."""

    world: World
    access_id: UUID
    member_id: UUID
    savings: UUID
    current: UUID


def a_scene(world: World) -> Scene:
    """Ana's money: transfers in several states, two beneficiaries, two schedules."""
    parameters.forget()
    access_id, _ = an_active(world, world.desk("otra"))
    member_id = member_of(world, access_id)
    savings = world.account(member_id)
    current = world.account(
        member_id, number="1000200047", kind=AccountKind.CURRENT, balance=1_250_050
    )
    beto = world.account(
        world.member("000124", document_number="5555555", complement=""), number="1000200099"
    )
    for each in (savings, current):
        grant(world, access_id, each)
    away = a_payee(world, access_id)
    here = a_payee(
        world, access_id, account_id=beto, created_at=world.clock.now - timedelta(days=40)
    )
    left = 500_000
    to_bank: dict[str, Any] = {"beneficiary_id": away, "value_date": date(2026, 11, 24)}
    told: list[tuple[OperationKind, OperationStatus, int, dict[str, Any]]] = [
        (K.THIRD_PARTY, S.DONE, 25_000, {"beneficiary_id": here, "credit_account_id": beto}),
        (K.OTHER_BANK, S.CREDITED, 100_000, to_bank | {"answer": "UN-000771"}),
        (K.OTHER_BANK, S.REJECTED, 40_000, to_bank | {"answer": "cuenta cerrada"}),
        (K.TOP_UP, S.CONFIRMED, 3_000, {"biller_code": "TIGO-PRE", "client_code": "70012345"}),
        (K.OWN, S.DONE, 10_000, {"credit_account_id": current}),
        (K.OTHER_BANK, S.RECEIVED, 60_000, to_bank),
        (K.THIRD_PARTY, S.WAITING, 75_000, {"beneficiary_id": here, "credit_account_id": beto}),
    ]
    for kind, status, amount, about in told:
        world.clock.forward(minutes=7)
        made = an_operation(world, access_id, kind, savings, amount, status=status, **about)
        if status is S.WAITING:
            continue
        left -= amount
        why, credit = {
            K.OTHER_BANK: (PostingKind.INTERBANK, INTERBANK),
            K.TOP_UP: (PostingKind.PAYMENT, biller_account("TIGO-PRE")),
        }.get(kind, (PostingKind.TRANSFER, about.get("credit_account_id", "")))
        a_posting(
            world,
            amount,
            debit=savings,
            credit=credit,
            kind=why,
            entry_id=made,
            debit_after=left,
        )
        if status is S.REJECTED:
            left += amount
            world.clock.forward(minutes=1)
            a_posting(world, amount, debit=INTERBANK, credit=savings, reverses_id=made,
                      kind=PostingKind.REVERSAL, credit_after=left)  # fmt: skip
    rent = an_order(K.OTHER_BANK, savings, 150_000, beneficiary=str(away))
    monthly = a_schedule(world, access_id, rent, date(2026, 12, 1))
    a_run(world, monthly, date(2026, 11, 3), RunStatus.FAILED, "NotEnoughFunds")
    a_schedule(
        world,
        access_id,
        an_order(K.TOP_UP, savings, 2_000, biller="TIGO-PRE", client="70012345"),
        None,
    )
    return Scene(world, access_id, member_id, savings, current)


@pytest.fixture
def scene(desk_world: World) -> Scene:
    return a_scene(desk_world)


@pytest.fixture
def file(
    scene: Scene, background: Background, settings: QSettings, themed: Theme, qtbot: Any
) -> MemberFileView:
    view = MemberFileView(a_station(scene.world, background, settings))
    shown(qtbot, view)
    view.open(scene.member_id)
    idle(qtbot, view)
    return view


def looks(world: World) -> list[str]:
    """What was looked at of members, in order."""
    kinds = (
        Event.MEMBER_VIEWED,
        Event.MOVEMENTS_VIEWED,
        Event.OPERATIONS_VIEWED,
        Event.BENEFICIARIES_VIEWED,
        Event.SCHEDULES_VIEWED,
        Event.RECEIPT_REPRINTED,
    )
    query = select(AuditEvent.event).where(AuditEvent.event.in_(kinds)).order_by(AuditEvent.at)
    return world.house.work(lambda work: list(work.session.scalars(query)))


def texts(table: PagedTable[Any]) -> list[list[str]]:
    model = table.model()
    return [
        [str(model.index(line, place).data()) for place in range(model.columnCount())]
        for line in range(model.rowCount())
    ]


def see(qtbot: Any, file: MemberFileView, part: Any) -> Any:
    """Open a tab as a person does."""
    file.tabs.setCurrentWidget(part)
    idle(qtbot, file)
    idle(qtbot, part)
    return part


def test_a_part_is_looked_at_only_when_it_is_opened_and_once(
    file: MemberFileView, scene: Scene, qtbot: Any
) -> None:
    assert looks(scene.world) == ["member:viewed"]
    for part in (file.operations, file.payees, file.schedules, file.operations, file.payees):
        see(qtbot, file, part)
    assert sorted(looks(scene.world)[1:]) == [
        "beneficiaries:viewed",
        "operations:viewed",
        "schedules:viewed",
    ]


def test_no_movements_are_shown_before_an_account_is_chosen(
    file: MemberFileView, scene: Scene, qtbot: Any
) -> None:
    part = see(qtbot, file, file.movements)
    assert part.table.rows.rows == []
    assert "Elija arriba una cuenta" in part.table.empty_state._sentence.text()
    assert "movements:viewed" not in looks(scene.world)
    part.accounts.setCurrentIndex(1)
    idle(qtbot, part)
    assert looks(scene.world).count("movements:viewed") == 1


def test_enter_on_an_account_shows_its_movements_with_one_look(
    file: MemberFileView, scene: Scene, qtbot: Any
) -> None:
    file.data.accounts.choose_row(0)
    QTest.keyClick(file.data.accounts, Qt.Key.Key_Return)
    idle(qtbot, file.movements)
    assert file.tabs.currentWidget() is file.movements
    lines = texts(file.movements.table)
    payee = "…5678 Carla Roca Suárez · Banco Unión"
    assert [line[1:] for line in lines[:4]] == [
        ["A otro banco", "Alquiler de noviembre", payee, "−600,00", "3.020,00"],
        ["Entre cuentas propias", "Alquiler de noviembre", "…0047", "−100,00", "3.620,00"],
        ["Recarga", "Alquiler de noviembre", "…2345 TIGO prepago", "−30,00", "3.720,00"],
        ["Devolución", "Alquiler de noviembre", payee, "+400,00", "3.750,00"],
    ]
    assert file.movements.balance.text() == "Saldo Bs\u00a05.000,00"
    assert looks(scene.world).count("movements:viewed") == 1


def test_operations_stand_with_what_is_under_way_first(
    file: MemberFileView, scene: Scene, qtbot: Any
) -> None:
    part = see(qtbot, file, file.operations)
    assert [line[0] for line in texts(part.table)] == [
        "Espera firmas",
        "Recibida",
        "Realizada",
        "Confirmada",
        "Devuelta",
        "Abonada",
        "Realizada",
    ]
    assert part.chip.text == "Espera firmas"
    assert part.chip.meaning is Meaning.ATTENTION
    assert not part.reprint.isEnabled()
    part.table.choose_row(1)
    promise = part.findChild(QLabel, "operation_promise")
    assert promise is not None
    assert promise.text() == "24/11/2026"
    assert part.reprint.isEnabled()
    assert set(STATE_MEANING) == set(OperationStatus)


def test_the_cut_off_clock_counts_without_asking(
    file: MemberFileView, scene: Scene, qtbot: Any
) -> None:
    part = see(qtbot, file, file.operations)
    seconds = [1000.0]
    part.clock.words._clock = lambda: seconds[0]
    part.clock.ask()
    idle(qtbot, part)
    first = part.clock.words.text()
    # It was twelve o'clock, and everything above took some minutes.
    assert re.fullmatch(
        r"(Corte de hoy 12:30|Próximo corte 24/11 12:30) · faltan \d\d:\d\d:\d\d · "
        r"lo enviado ahora a otros bancos se abona (hoy, 23/11|el 24/11)",
        first,
    ), first
    seconds[0] += 61
    part.clock.words.tick()
    assert part.clock.words.text() != first
    assert part.background.is_idle


def test_a_countdown_tells_once_that_it_is_over_and_rests_unseen(themed: Theme, qtbot: Any) -> None:
    seconds = [0.0]
    counting = Countdown("left", lambda: seconds[0])
    qtbot.addWidget(counting)
    over: list[bool] = []
    counting.over.connect(lambda: over.append(True))
    counting.begin(timedelta(days=2, seconds=5), "faltan {left}")
    assert counting.text() == "faltan 2 d 00:00:05"
    assert not counting._timer.isActive()
    counting.show()
    assert counting._timer.isActive()
    seconds[0] = 2 * 86_400 + 6
    counting.tick()
    counting.tick()
    assert counting.text() == "faltan 00:00:00"
    assert over == [True]
    assert not counting._timer.isActive()


def test_a_receipt_is_reprinted_saved_and_recorded(
    file: MemberFileView,
    scene: Scene,
    qtbot: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part = see(qtbot, file, file.operations)
    part.table.choose_row(1)
    press(part, "reprint_receipt")
    qtbot.waitUntil(lambda: part.receipt.preview.pages > 0)
    assert part.receipt.title.text().startswith("Comprobante ")
    assert not part.receipt.print.isEnabled()  # a desk without a printer
    wanted = tmp_path / "comprobante.pdf"
    monkeypatch.setattr(FileChoice, "ask_where", classmethod(lambda *a, **k: wanted))
    press(part, "receipt_save")
    qtbot.waitUntil(lambda: part.problem_bar.meaning is Meaning.GOOD)
    assert wanted.read_bytes().startswith(b"%PDF")
    assert wanted.stat().st_mode & 0o077 == 0
    assert looks(scene.world)[-1] == "receipt:reprinted"
    press(part, "receipt_back")
    assert part.table.isVisible()
    assert part.receipt.preview.pages == 0


def test_beneficiaries_show_the_last_digits_and_what_is_still_low(
    file: MemberFileView, qtbot: Any
) -> None:
    part = see(qtbot, file, file.payees)
    here, away = texts(part.table)
    assert here[:4] == ["Beto R.", "De la cooperativa", "…0099", "Caja de ahorro · Bs"]
    assert here[-1] == "—"
    assert away[:3] == ["Carla Roca Suárez", "Banco Unión", "…5678"]


def test_the_agenda_tells_the_next_day_and_why_the_last_was_not_paid(
    file: MemberFileView, qtbot: Any
) -> None:
    part = see(qtbot, file, file.schedules)
    monthly, ended = texts(part.table)
    assert monthly[1:6] == [
        "A otro banco",
        "…5678 Carla Roca Suárez · Banco Unión",
        "Bs\u00a01.500,00",
        "Cada mes, el 1",
        "01/12/2026",
    ]
    assert monthly[6] == "03/11 no se pagó: no alcanzó el saldo"
    assert (ended[0], ended[5], ended[6]) == ("Terminada", "—", "Todavía ninguno")


def test_another_member_leaves_nothing_in_any_part(
    file: MemberFileView, scene: Scene, qtbot: Any
) -> None:
    file.data.accounts.choose_row(0)
    QTest.keyClick(file.data.accounts, Qt.Key.Key_Return)
    for part in (file.movements, file.operations, file.payees, file.schedules):
        see(qtbot, file, part)
    company = scene.world.company()
    file.open(company)
    idle(qtbot, file)
    assert file.tabs.currentWidget() is file.data
    for part in (file.movements, file.operations, file.payees, file.schedules):
        see(qtbot, file, part)
        assert part.table.rows.rows == []
        assert part.table.empty_state.isVisible()
    assert file.movements.accounts.count() == 0
    assert not file.operations.detail.isVisible()


def test_what_one_deposit_account_has_comes_at_once(
    file: MemberFileView, scene: Scene, qtbot: Any
) -> None:
    beto = scene.world.member("000125", document_number="5555556", complement="")
    scene.world.account(beto, number="1000200100")
    file.open(beto)
    idle(qtbot, file)
    part = see(qtbot, file, file.movements)
    assert [line[1] for line in texts(part.table)] == ["Saldo inicial"]


def test_an_auditor_looks_too_and_is_recorded(
    scene: Scene, background: Background, settings: QSettings, themed: Theme, qtbot: Any
) -> None:
    view = MemberFileView(a_station(scene.world, background, settings, "auditora", Role.AUDITOR))
    shown(qtbot, view)
    view.open(scene.member_id)
    idle(qtbot, view)
    see(qtbot, view, view.operations)
    assert view.operations.table.rows.rows
    assert looks(scene.world) == ["member:viewed", "operations:viewed"]


def test_everything_has_a_name_and_no_letter_jumps_to_two_places(
    file: MemberFileView, qtbot: Any
) -> None:
    for part in (file.data, *file.parts):
        file.tabs.setCurrentWidget(part)
        idle(qtbot, file)
        assert nameless(file) == []
        assert doubled_mnemonics(file) == []


def test_the_users_file_says_what_was_used_and_until_when_it_is_low(
    scene: Scene, background: Background, settings: QSettings, themed: Theme, qtbot: Any
) -> None:
    from branch_desk.models.parameter import LimitKind

    now = scene.world.clock.now
    a_limit(
        scene.world,
        scene.access_id,
        LimitKind.THIRD_PARTY,
        day=now.date(),
        used_in_day=60_000,
        count_in_day=2,
        used_in_month=85_000,
    )
    view = AccessFileView(a_station(scene.world, background, settings))
    shown(qtbot, view)
    view.open(scene.access_id)
    idle(qtbot, view)
    said = [each.text() for each in view.facts.findChildren(QLabel)]
    assert "Bs\u00a0600,00 de 2.000,00" in said
    assert "Bs\u00a0850,00 de 9.000,00" in said
    assert "2 de 5" in said
    lowered = view.facts.findChild(QLabel, "limits_lowered")
    assert lowered is not None
    assert lowered.text().startswith("Límites iniciales hasta ")
    assert "(usuario nuevo) · faltan " in lowered.text()


def test_hostile_texts_stand_as_they_are(file: MemberFileView, scene: Scene, qtbot: Any) -> None:
    hostile = "<b>Ana</b> & {name} %s"
    a_payee(scene.world, scene.access_id, name=hostile, number="998877665544", id=new_id())
    an_operation(
        scene.world,
        scene.access_id,
        K.OWN,
        scene.savings,
        concept=hostile,
        credit_account_id=scene.current,
        created_at=scene.world.clock.now + timedelta(minutes=1),
    )
    part = see(qtbot, file, file.payees)
    assert hostile in [line[0] for line in texts(part.table)]
    operations = see(qtbot, file, file.operations)
    operations.table.choose_row(2)
    concept = operations.findChild(QLabel, "operation_concept")
    assert concept is not None
    assert concept.text() == hostile
    assert concept.textFormat() is Qt.TextFormat.PlainText
