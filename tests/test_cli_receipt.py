"""`branch-desk receipt verify`: what it says of a paper that is shown."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from branch_desk import start
from branch_desk.__main__ import main
from branch_desk.cli import CANNOT, FOUND, OK, USAGE
from branch_desk.models.operation import OperationKind
from branch_desk.models.staff import Branch
from branch_desk.operations.enquiries import receipts
from branch_desk.reports.receipt import ReceiptPaper
from branch_desk.settings import load
from tests.access_builders import an_access
from tests.builders import SetClock, World
from tests.receipt_builders import an_operation

NONE_OF_OURS = "No es un comprobante de esta cooperativa.\n"
Say = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """`main` closes its process to others; that is not the tests' own business."""
    hook, mask = sys.excepthook, os.umask(0o077)
    yield
    sys.excepthook = hook
    os.umask(mask)


@pytest.fixture
def paper_of(data_dir: Path) -> Iterator[Callable[[OperationKind], ReceiptPaper]]:
    """Receipts of a house that was made as the command line makes it."""
    house, _ = start.create_house(load(database=f"sqlite:///{data_dir / 'branch_desk.sqlite'}"))
    house.database.clock = SetClock()
    branch = house.work(lambda work: work.session.scalars(select(Branch.id)).first())
    assert branch is not None
    world = World(house, house.database.clock, branch)
    access_id = an_access(world)

    def paper(kind: OperationKind) -> ReceiptPaper:
        made = an_operation(world, access_id, kind)
        return house.work(lambda work: receipts.receipt_of(work, made))

    yield paper
    house.database.close()


def test_of_a_genuine_one_it_says_what_the_books_say(
    paper_of: Callable[[OperationKind], ReceiptPaper], capsys: Say
) -> None:
    paper = paper_of(OperationKind.OTHER_BANK)
    assert paper.destination is not None
    assert main(["receipt", "verify", paper.number, paper.code]) == OK
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines() == [
        "Es un comprobante auténtico de esta cooperativa.",
        "Transferencia a otro banco: Bs 1.234,50",
        "Fecha: 23/11/2026 12:00",
        f"De: {paper.debit_account} · A. M. M. R.",
        f"A: {paper.destination.account} · J. C. R. S. · Banco Unión",
        "Abono prometido: 24/11/2026",
        "Estado de hoy: Recibida. Se debitó de la cuenta. Saldrá al otro banco en el lote de su día.",
    ]


@pytest.mark.parametrize("kind", OperationKind)
def test_the_whole_text_of_the_qr_is_enough(
    paper_of: Callable[[OperationKind], ReceiptPaper], capsys: Say, kind: OperationKind
) -> None:
    paper = paper_of(kind)
    assert main(["receipt", "verify", paper.payload]) == OK
    assert main(["receipt", "verify", paper.payload.lower()]) == OK
    assert "Bs 1.234,50" in capsys.readouterr().out


def test_what_is_none_of_ours_gets_one_sentence_and_one_exit_code(
    paper_of: Callable[[OperationKind], ReceiptPaper], capsys: Say
) -> None:
    paper = paper_of(OperationKind.OWN)
    zeros = "0000-0000-0000-0000"
    for words in (
        [paper.number, zeros],
        ["0" * 26, paper.code],
        [paper.number],
        ["BD1:SC01-2026-000001:1:0123456789abcdef"],
        ["\x1b[2K", "x"],
    ):
        assert main(["receipt", "verify", *words]) == FOUND
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", NONE_OF_OURS)


def test_without_a_house_or_without_a_number_it_says_so(capsys: Say) -> None:
    assert main(["receipt", "verify", "x", "y"]) == CANNOT
    assert "Todavía no hay base de datos" in capsys.readouterr().err
    with pytest.raises(SystemExit) as misspelt:
        main(["receipt", "verify"])
    assert misspelt.value.code == USAGE
    assert "NÚMERO" in capsys.readouterr().err
