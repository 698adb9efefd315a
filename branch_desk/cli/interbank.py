"""`branch-desk interbank`: transfers to other banks, their batches and the banks' answers."""

from argparse import Namespace

from branch_desk import start
from branch_desk.cli import OK
from branch_desk.cli.saying import command, complain, said, say, say_answers
from branch_desk.operations.exchange import batches as closed_batches
from branch_desk.operations.exchange import settlement
from branch_desk.operations.house.jobs import Interbank
from branch_desk.settings import Settings


@command
def batches(settings: Settings, _arguments: Namespace) -> int:
    """List the batches, the newest first."""
    house = start.open_house(settings)
    try:
        rows = house.job(closed_batches.recent)
    finally:
        house.database.close()
    for row in rows:
        state = "enviado" if row.written_at is not None else "por escribir"
        say(
            f"{row.batch.day:%d/%m/%Y}  {row.batch.count:>7} transferencias  "
            f"{row.batch.total!s:>20}  {state:<12}  {row.credited} abonadas, "
            f"{row.rejected} devueltas, {row.open} sin respuesta"
        )
    if not rows:
        say("Todavía no hay lotes.")
    return OK


@command
def settle(settings: Settings, arguments: Namespace) -> int:
    """Read the other banks' answers; exit code 1 when lines were kept out."""
    house = start.open_house(settings)
    try:
        result = settlement.settle_file(house, arguments.file)
    finally:
        house.database.close()
    return say_answers(result, "abonadas")


def tell(done: Interbank) -> None:
    """Say what the due jobs did for other banks; nothing when nothing was due."""
    for batch in done.closed:
        say(
            f"Lote interbancario del {batch.day:%d/%m/%Y} cerrado: "
            f"{batch.count} transferencias, {batch.total}."
        )
    for written in done.written:
        say(f"Lote escrito: {written.csv}")
        if written.xml is None:
            say("Sin el archivo ISO 20022: falta instalar el extra «iso20022».")
    if done.problem is not None:
        complain(f"Lote interbancario: {said(done.problem)}")
