"""What other banks answer: credited, or refused and returned once; wrong lines are named and kept out."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from branch_desk.models.account import Account, AccountStatus
from branch_desk.models.audit import AuditEvent
from branch_desk.models.errors import ColumnsMissing, NotFound, WrongState
from branch_desk.models.ledger import INTERBANK, Posting, PostingKind
from branch_desk.models.money import Currency
from branch_desk.models.operation import OperationStatus
from branch_desk.models.outbox import Mail
from branch_desk.operations.exchange import settlement
from branch_desk.operations.exchange.batch_files import write_batches
from branch_desk.operations.exchange.batches import close_due, recent
from branch_desk.operations.exchange.settlement import SettleResult, settle_file
from branch_desk.operations.house import verification
from branch_desk.operations.money.reversal import give_back
from branch_desk.operations.work import House
from tests.access_builders import events, mails
from tests.builders import World
from tests.money_builders import (
    Payer,
    a_payer,
    assert_ledger_and_balances_agree,
    balance,
    house_balance,
    operation,
    sent_by,
    status_of,
)
from tests.racing import Order, Racers

MONDAY = date(2026, 11, 23)
CUT_OFF = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
BEGAN_WITH = 500_000


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    with Racers() as made:
        yield made


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world)


def sent(world: World, payer: Payer, folder: Path, *amounts: int) -> list[UUID]:
    """Transfers whose batch is closed and written."""
    made = [sent_by(world, payer, amount, MONDAY) for amount in amounts]
    world.clock.now = CUT_OFF
    close_due(world.house)
    write_batches(world.house, folder / "interbank")
    assert {status_of(world, each) for each in made} == {OperationStatus.SENT}
    return made


def answers(folder: Path, *lines: str, header: str = "operation_id;outcome;answer") -> Path:
    path = folder / "answers.csv"
    path.write_text("\r\n".join([header, *lines]) + "\r\n", encoding="utf-8")
    return path


def counts(result: SettleResult) -> tuple[int, int, int, int, int]:
    return result.lines, result.credited, result.returned, result.unchanged, result.wrong


def rejected(result: SettleResult) -> list[tuple[str, str, str]]:
    assert result.wrong_path is not None
    with result.wrong_path.open(encoding="utf-8-sig", newline="") as file:
        return [
            (row["línea"], row["columna"], row["motivo"])
            for row in csv.DictReader(file, delimiter=";")
        ]


def test_credited_stays_away_and_refused_comes_back_once(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    paid, back = sent(world, payer, tmp_path, 10_000, 25_050)
    assert balance(world, payer.account_id) == BEGAN_WITH - 35_050
    path = answers(tmp_path, f"{paid};CREDITED;ACH-1", f"{back};REJECTED;cuenta cerrada")
    result = settle_file(world.house, path)
    assert counts(result) == (2, 1, 1, 0, 0)
    assert result.wrong_path is None
    assert (operation(world, paid).status, operation(world, paid).answer) == ("CREDITED", "ACH-1")
    assert (operation(world, back).status, operation(world, back).answer) == (
        "REJECTED",
        "cuenta cerrada",
    )
    assert operation(world, back).ended_at == operation(world, paid).ended_at == CUT_OFF
    assert balance(world, payer.account_id) == BEGAN_WITH - 10_000
    assert house_balance(world, INTERBANK) == {Currency.BOB: 10_000}
    assert_ledger_and_balances_agree(world)
    assert events(world, back) == ["operation:returned"]
    (row,) = world.house.job(recent)
    assert (row.credited, row.rejected, row.open) == (1, 1, 0)


def test_the_same_file_again_changes_nothing(world: World, payer: Payer, tmp_path: Path) -> None:
    paid, back = sent(world, payer, tmp_path, 10_000, 25_050)
    path = answers(tmp_path, f"{paid};CREDITED;", f"{back};REJECTED;cuenta cerrada")
    settle_file(world.house, path)
    assert counts(settle_file(world.house, path)) == (2, 0, 0, 2, 0)
    assert balance(world, payer.account_id) == BEGAN_WITH - 10_000
    assert mails(world, payer.access_id).count("operation_returned") == 1


def test_a_reversal_is_a_new_entry_that_mirrors_the_old_one(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    (back,) = sent(world, payer, tmp_path, 25_050)
    settle_file(world.house, answers(tmp_path, f"{back};REJECTED;cuenta cerrada"))
    rows = world.house.work(
        lambda w: w.session.scalars(select(Posting).where(Posting.reverses_id == back)).all()
    )
    (entry,) = rows
    assert entry.entry_id != back
    assert (entry.kind, entry.position, entry.amount) == (PostingKind.REVERSAL, 1, 25_050)
    assert (entry.debit_house, entry.credit_account_id) == (INTERBANK, payer.account_id)
    assert (entry.debit_after, entry.credit_after) == (None, BEGAN_WITH)


def test_the_member_is_told_why_the_money_is_back(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    (back,) = sent(world, payer, tmp_path, 25_050)
    settle_file(world.house, answers(tmp_path, f"{back};REJECTED;cuenta cerrada"))
    mail = world.house.work(
        lambda w: w.session.scalars(select(Mail).where(Mail.template == "operation_returned")).one()
    )
    assert mail.recipient == "ana@example.com"
    assert "cuenta cerrada" in mail.values
    assert "Bs 250,50" in mail.values
    assert "Julio Vaca Roca" in mail.values
    assert "1000200030" not in mail.values


@pytest.mark.parametrize("state", [AccountStatus.BLOCKED, AccountStatus.CLOSED])
def test_money_returns_to_an_account_that_was_blocked_or_closed_meanwhile(
    world: World, payer: Payer, tmp_path: Path, state: AccountStatus
) -> None:
    (back,) = sent(world, payer, tmp_path, 25_050)
    world.house.work(
        lambda w: w.session.execute(
            update(Account).where(Account.id == payer.account_id).values(status=state)
        )
    )
    settle_file(world.house, answers(tmp_path, f"{back};REJECTED;cuenta cerrada"))
    assert balance(world, payer.account_id) == BEGAN_WITH
    said = world.house.work(
        lambda w: w.session.scalars(
            select(AuditEvent.text).where(AuditEvent.event == "operation:returned")
        ).one()
    )
    assert f'"account_status":"{state}"' in said
    values = world.house.work(
        lambda w: w.session.scalars(
            select(Mail.values).where(Mail.template == "operation_returned")
        ).one()
    )
    assert '"usable":""' in values


def test_wrong_lines_are_named_and_kept_out_and_the_others_are_taken(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    paid, back, third = sent(world, payer, tmp_path, 1_000, 2_000, 3_000)
    waiting = sent_by(world, payer, 4_000, date(2026, 11, 24))
    path = answers(
        tmp_path,
        f"{paid};CREDITED;ACH-1",
        f"{uuid4()};CREDITED;ACH-2",
        "no-id;CREDITED;ACH-3",
        f"{third};PERHAPS;ACH-4",
        f"{third};REJECTED;",
        f"{waiting};CREDITED;ACH-5",
        f"{paid};REJECTED;ya no",
        f'{third};CREDITED;"ACH',
        f"{third};CREDITED",
        "",
        f"{third};REJECTED;cuenta\u202e cerrada",
        f"{paid};CREDITED;ACH-1",
        f"{back};rejected;cuenta cerrada",
        "x" * 5_000,
    )
    result = settle_file(world.house, path)
    assert counts(result) == (13, 1, 1, 1, 10)
    assert rejected(result) == [
        ("3", "operation_id", "no es una transferencia a otro banco de esta casa"),
        ("4", "operation_id", "no es una transferencia a otro banco de esta casa"),
        ("5", "outcome", "no es uno de los valores admitidos"),
        ("6", "answer", "falta"),
        ("7", "operation_id", "esa transferencia todavía no se envió"),
        ("8", "outcome", "esa operación ya tiene otro resultado"),
        ("9", "", "las comillas no se cierran"),
        ("10", "", "la línea no tiene tantas columnas como el encabezado"),
        ("12", "answer", "el carácter 7 no se ve"),
        ("15", "", "la línea es demasiado larga"),
    ]
    assert result.wrong_path is not None
    assert result.wrong_path.stat().st_mode & 0o077 == 0
    assert status_of(world, third) is OperationStatus.SENT
    assert status_of(world, waiting) is OperationStatus.RECEIVED
    assert_ledger_and_balances_agree(world)


def test_lines_that_became_right_are_taken_the_next_time_and_the_old_report_goes(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    early = sent_by(world, payer, 1_000, MONDAY)
    path = answers(tmp_path, f"{early};CREDITED;ACH-1")
    first = settle_file(world.house, path)
    assert counts(first) == (1, 0, 0, 0, 1)
    assert first.wrong_path is not None
    world.clock.now = CUT_OFF
    close_due(world.house)
    write_batches(world.house, tmp_path / "interbank")
    assert counts(settle_file(world.house, path)) == (1, 1, 0, 0, 0)
    assert not first.wrong_path.exists()


def test_columns_may_stand_in_any_order_with_commas_and_a_mark_of_the_byte_order(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    (paid,) = sent(world, payer, tmp_path, 1_000)
    header = "\ufeffanswer,note,OUTCOME,operation_id"
    path = answers(tmp_path, f"ACH-1,nada,CREDITED,{paid}", header=header)
    assert counts(settle_file(world.house, path)) == (1, 1, 0, 0, 0)


def test_a_file_without_its_columns_is_refused_and_leaves_nothing(
    world: World, tmp_path: Path
) -> None:
    path = answers(tmp_path, header="operation_id;result")
    with pytest.raises(ColumnsMissing) as refused:
        settle_file(world.house, path)
    assert refused.value.facts["columns"] == ("outcome", "answer")
    assert [each.name for each in tmp_path.glob("answers*")] == ["answers.csv"]


def test_a_file_longer_than_a_transaction_is_settled_whole_and_recorded(
    world: World, payer: Payer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlement, "_LINES_AT_ONCE", 3)
    made = sent(world, payer, tmp_path, *range(100, 111))
    lines = [
        f"{each};{'REJECTED' if n % 4 == 0 else 'CREDITED'};x{n}" for n, each in enumerate(made)
    ]
    result = settle_file(world.house, answers(tmp_path, *lines))
    assert counts(result) == (11, 8, 3, 0, 0)
    assert balance(world, payer.account_id) == BEGAN_WITH - sum(range(100, 111)) + 100 + 104 + 108
    kinds = world.house.work(
        lambda w: w.session.scalars(
            select(AuditEvent.event).where(
                AuditEvent.event.in_(["operation:credited", "operation:returned", "batch:answered"])
            )
        ).all()
    )
    assert sorted(set(kinds)) == ["batch:answered", "operation:credited", "operation:returned"]
    assert kinds.count("batch:answered") == 1
    assert kinds.count("operation:returned") == 3


@pytest.mark.parametrize("status", [OperationStatus.CREDITED, OperationStatus.DONE])
def test_only_an_end_that_returns_money_returns_money(
    world: World, payer: Payer, tmp_path: Path, status: OperationStatus
) -> None:
    (made,) = sent(world, payer, tmp_path, 1_000)
    with pytest.raises(WrongState):
        world.house.work(lambda w: give_back(w, made, status, "no"))
    with pytest.raises(NotFound):
        world.house.work(lambda w: give_back(w, uuid4(), OperationStatus.REJECTED, "no"))
    assert balance(world, payer.account_id) == BEGAN_WITH - 1_000


def test_what_ended_is_not_returned_again(world: World, payer: Payer, tmp_path: Path) -> None:
    (made,) = sent(world, payer, tmp_path, 1_000)
    rejected_once = OperationStatus.REJECTED
    world.house.work(lambda w: give_back(w, made, rejected_once, "no"))
    with pytest.raises(WrongState):
        world.house.work(lambda w: give_back(w, made, rejected_once, "no"))
    assert balance(world, payer.account_id) == BEGAN_WITH


def settle(house: House, path: str) -> tuple[int, int, int, int, int]:
    """A machine that was given the file, too."""
    return counts(settle_file(house, Path(path)))


def test_several_machines_settle_the_same_answers_once(
    world: World, payer: Payer, tmp_path: Path, racers: Racers
) -> None:
    made = sent(world, payer, tmp_path, *range(100, 120))
    lines = [f"{each};{'REJECTED' if n % 2 else 'CREDITED'};x" for n, each in enumerate(made)]
    paths = []
    for n in range(4):
        (folder := tmp_path / str(n)).mkdir()
        paths.append(str(answers(folder, *lines)))
    done = racers.race(world, [Order("settle", (path,), module=__name__) for path in paths])
    assert [sum(each[place] for each in done) for place in (1, 2, 3, 4)] == [10, 10, 60, 0]
    assert house_balance(world, INTERBANK) == {Currency.BOB: sum(range(100, 120, 2))}
    assert_ledger_and_balances_agree(world)
    assert verification.verify(world.house.database, keys=world.house.keys).intact
