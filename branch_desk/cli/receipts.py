"""`branch-desk receipt verify`: whether a receipt that is shown is the cooperative's own."""

from argparse import Namespace

from branch_desk import start
from branch_desk.cli import FOUND, OK
from branch_desk.cli.saying import command, complain, say
from branch_desk.models.calendar import LA_PAZ
from branch_desk.operations.enquiries import receipts
from branch_desk.reports.receipt_words import KINDS, STATES
from branch_desk.settings import Settings


@command
def verify(settings: Settings, arguments: Namespace) -> int:
    """Say what the books say of a genuine receipt; exit code 1 when it is none."""
    house = start.open_house(settings)
    try:
        found = house.job(receipts.verify, arguments.number, arguments.code)
    finally:
        house.database.close()
    books = found.books
    if books is None:
        complain("No es un comprobante de esta cooperativa.")
        return FOUND
    state, note = STATES[books.status.name]
    say("Es un comprobante auténtico de esta cooperativa.")
    if books.training:
        say("Es de práctica: SIN VALOR.")
    say(f"{KINDS[books.kind.name]}: {books.money}")
    say(f"Fecha: {books.moved_at.astimezone(LA_PAZ):%d/%m/%Y %H:%M}")
    say(f"De: {books.debit_account} · {books.member}")
    say(f"A: {books.receiver}")
    if books.value_date is not None:
        say(f"Abono prometido: {books.value_date:%d/%m/%Y}")
    say(f"Estado de hoy: {state}. {note}".strip())
    return OK
