"""`branch-desk billers`: payments of services and what the companies answer."""

from argparse import Namespace

from branch_desk import start
from branch_desk.cli.saying import command, complain, said, say, say_answers
from branch_desk.operations.exchange.gateway import FileGateway
from branch_desk.operations.house.jobs import Payments
from branch_desk.settings import Settings


@command
def settle(settings: Settings, arguments: Namespace) -> int:
    """Read the companies' answers; exit code 1 when lines were kept out."""
    house = start.open_house(settings)
    try:
        result = FileGateway(settings.biller_dir).settle(house, arguments.file)
    finally:
        house.database.close()
    return say_answers(result, "confirmadas")


def tell(done: Payments) -> None:
    """Say what the due jobs handed over; nothing when nothing was due."""
    for each in done.handed_over:
        say(
            f"Pagos a {each.sheet.biller} del {each.sheet.day:%d/%m/%Y}: {each.count} entregados, "
            f"{each.total}."
        )
    if done.problem is not None:
        complain(f"Pagos de servicios: {said(done.problem)}")
