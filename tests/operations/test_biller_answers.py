"""What billers answer to payments: confirmed for good, or failed and returned once (F33)."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from branch_desk.models.account import Account, AccountStatus
from branch_desk.models.audit import AuditEvent
from branch_desk.models.base import new_id
from branch_desk.models.bill import BillStatus
from branch_desk.models.errors import ColumnsMissing
from branch_desk.models.ledger import PostingKind
from branch_desk.models.operation import OperationStatus
from branch_desk.models.outbox import Mail
from branch_desk.operations.exchange.gateway import FileGateway
from branch_desk.operations.exchange.handing_over import hand_over_due
from branch_desk.operations.exchange.settlement import SettleResult
from branch_desk.operations.money import ledger
from branch_desk.operations.work import House
from tests.builders import World
from tests.debt_builders import a_bill, bill_status, next_day, paid, topped_up
from tests.payers import Payer, a_payer, balance, operations, postings
from tests.racing import Order as Start
from tests.racing import Racers

BEGAN_WITH = 500_000


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    with Racers() as made:
        yield made


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


@pytest.fixture
def gateway(tmp_path: Path) -> FileGateway:
    return FileGateway(tmp_path / "billers")


def status_of(world: World, operation_id: UUID) -> OperationStatus:
    return next(each.status for each in operations(world) if each.id == operation_id)


def answered(world: World, gateway: FileGateway, folder: Path, *said: str) -> SettleResult:
    path = folder / "answers.csv"
    path.write_text("\n".join(["operation_id;outcome;answer", *said]), encoding="utf-8")
    return gateway.settle(world.house, path)


def counts(result: SettleResult) -> tuple[int, ...]:
    return (result.lines, result.credited, result.returned, result.unchanged, result.wrong)


def assert_sound(world: World) -> None:
    assert world.house.job(ledger.check).sound


@pytest.fixture
def bill_id(world: World) -> UUID:
    return a_bill(world)


@pytest.fixture
def made(world: World, payer: Payer, gateway: FileGateway, bill_id: UUID) -> tuple[UUID, UUID]:
    """A bill and a top-up that were handed over."""
    made = paid(payer, bill_id), topped_up(payer)
    next_day(world)
    hand_over_due(world.house, gateway)
    return made


def test_confirmed_is_paid_for_good(
    world: World,
    payer: Payer,
    gateway: FileGateway,
    tmp_path: Path,
    made: tuple[UUID, UUID],
    bill_id: UUID,
) -> None:
    said = [f"{made[0]};CONFIRMED;REC-889", f"{made[1]};confirmed;"]
    assert counts(answered(world, gateway, tmp_path, *said)) == (2, 2, 0, 0, 0)
    rows = {each.id: each for each in operations(world)}
    assert [rows[each].status for each in made] == [OperationStatus.CONFIRMED] * 2
    assert (rows[made[0]].answer, rows[made[0]].ended_at) == ("REC-889", world.clock.now)
    assert bill_status(world, bill_id) is BillStatus.PAID
    assert balance(world, payer.account_id) == BEGAN_WITH - 19_950
    assert counts(answered(world, gateway, tmp_path, *said)) == (2, 0, 0, 2, 0)
    assert_sound(world)


def test_failed_comes_back_once_and_the_bill_is_owed_again(
    world: World,
    payer: Payer,
    gateway: FileGateway,
    tmp_path: Path,
    made: tuple[UUID, UUID],
    bill_id: UUID,
) -> None:
    said = [f"{each};FAILED;Cliente dado de baja" for each in made]
    assert counts(answered(world, gateway, tmp_path, *said)) == (2, 0, 2, 0, 0)
    assert balance(world, payer.account_id) == BEGAN_WITH
    assert bill_status(world, bill_id) is BillStatus.PENDING
    assert [status_of(world, each) for each in made] == [OperationStatus.FAILED] * 2
    back = [each for each in postings(world) if each.kind is PostingKind.REVERSAL]
    assert sorted((each.debit_house, each.amount) for each in back) == [
        ("BILLER:CRE", 18_950),
        ("BILLER:TIGO-PRE", 1_000),
    ]
    mails = world.house.work(
        lambda work: work.session.scalars(
            select(Mail).where(Mail.template == "operation_returned")
        ).all(),
        reads=True,
    )
    assert len(mails) == 2
    for _ in range(2):
        assert counts(answered(world, gateway, tmp_path, *said)) == (2, 0, 0, 2, 0)
    assert balance(world, payer.account_id) == BEGAN_WITH
    payer.signs_in()
    again = paid(payer, bill_id)
    assert status_of(world, again) is OperationStatus.ACCEPTED
    assert_sound(world)


def test_a_closed_account_gets_its_money_back_all_the_same(
    world: World,
    payer: Payer,
    gateway: FileGateway,
    tmp_path: Path,
    made: tuple[UUID, UUID],
) -> None:
    closed = (
        update(Account).where(Account.id == payer.account_id).values(status=AccountStatus.CLOSED)
    )
    world.house.work(lambda work: work.session.execute(closed))
    answered(world, gateway, tmp_path, f"{made[0]};FAILED;Sin contrato")
    assert balance(world, payer.account_id) == BEGAN_WITH - 1_000


def test_wrong_lines_are_named_with_line_column_and_reason(
    world: World,
    payer: Payer,
    gateway: FileGateway,
    tmp_path: Path,
    made: tuple[UUID, UUID],
) -> None:
    payer.signs_in()
    early = topped_up(payer)
    first, second = made
    result = answered(
        world,
        gateway,
        tmp_path,
        f"{first};CONFIRMED;REC-1",
        "not-an-id;CONFIRMED;x",
        f"{new_id()};CONFIRMED;x",
        f"{second};CREDITED;x",
        f"{second};FAILED;",
        f"{first};FAILED;cambió de idea",
        f"{early};CONFIRMED;x",
        f"{second};CONFIRMED",
    )
    assert counts(result) == (8, 1, 0, 0, 7)
    assert result.wrong_path is not None
    with result.wrong_path.open(encoding="utf-8-sig", newline="") as file:
        rows = [tuple(row[:3]) for row in csv.reader(file, delimiter=";")][1:]
    assert rows == [
        ("3", "operation_id", "no es un pago de servicios de esta casa"),
        ("4", "operation_id", "no es un pago de servicios de esta casa"),
        ("5", "outcome", "no es uno de los valores admitidos"),
        ("6", "answer", "falta"),
        ("7", "outcome", "esa operación ya tiene otro resultado"),
        ("8", "operation_id", "ese pago todavía no se entregó a la empresa"),
        ("9", "", "la línea no tiene tantas columnas como el encabezado"),
    ]
    assert status_of(world, early) is OperationStatus.ACCEPTED
    assert status_of(world, second) is OperationStatus.ACCEPTED


def test_a_file_without_its_columns_is_refused(
    world: World, gateway: FileGateway, tmp_path: Path
) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("operation_id;outcome;reason\n", encoding="utf-8")
    with pytest.raises(ColumnsMissing):
        gateway.settle(world.house, path)


def test_the_trail_tells_what_was_read(
    world: World, gateway: FileGateway, tmp_path: Path, made: tuple[UUID, UUID]
) -> None:
    said = [f"{made[0]};CONFIRMED;REC-1", f"{made[1]};FAILED;Sin saldo de la empresa"]
    answered(world, gateway, tmp_path, *said)
    query = select(AuditEvent.event).where(
        AuditEvent.event.in_(
            [
                "payments:handed_over",
                "payments:confirmed",
                "payments:answered",
                "operation:returned",
            ]
        )
    )
    found = world.house.work(lambda work: list(work.session.scalars(query)), reads=True)
    assert sorted(found) == [
        "operation:returned",
        "payments:answered",
        "payments:confirmed",
        "payments:handed_over",
        "payments:handed_over",
    ]


def test_of_machines_that_read_the_same_answers_one_returns_the_money(
    world: World,
    payer: Payer,
    tmp_path: Path,
    made: tuple[UUID, UUID],
    racers: Racers,
) -> None:
    starts = []
    for n in range(4):
        path = tmp_path / f"answers-{n}.csv"
        path.write_text(
            f"operation_id;outcome;answer\n{made[0]};FAILED;Sin contrato\n", encoding="utf-8"
        )
        starts.append(Start("settle", (str(path), world.clock.now), __name__))
    answers = racers.race(world, starts)
    assert sorted(answers) == [(0, 0), (0, 0), (0, 0), (1, 0)]
    assert balance(world, payer.account_id) == BEGAN_WITH - 1_000
    assert_sound(world)


def settle(house: House, path: str, now: datetime) -> tuple[int, int]:
    house.database.clock = lambda: now
    result = FileGateway(Path(path).parent).settle(house, Path(path))
    return result.returned, result.wrong
