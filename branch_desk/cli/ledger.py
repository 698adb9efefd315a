"""`branch-desk ledger verify`: whether the books balance."""

from argparse import Namespace

from branch_desk import start
from branch_desk.cli import FOUND, OK
from branch_desk.cli.saying import command, complain, say
from branch_desk.operations.money import ledger
from branch_desk.operations.money.ledger import LedgerCheck
from branch_desk.settings import Settings


@command
def verify(settings: Settings, _arguments: Namespace) -> int:
    """Check every account and operation against its postings; exit code 1 when one is wrong."""
    house = start.open_house(settings)
    try:
        found = house.job(ledger.check)
        balances = house.job(ledger.house_balances)
    finally:
        house.database.close()
    say(
        f"{found.accounts} cuentas, {found.operations} operaciones y {found.postings} asientos "
        "comprobados."
    )
    for each in balances:
        say(f"Cuenta de la casa {each.account}: {each.balance}")
    for day in found.adjusted:
        say(
            f"{day.day:%d/%m/%Y}: el sistema central corrigió {day.count} saldos en "
            f"{day.to_members.currency}: {day.to_members} a favor, {day.from_members} en contra."
        )
    _complain(found)
    say("El libro cuadra." if found.sound else "EL LIBRO NO CUADRA.")
    return OK if found.sound else FOUND


def _complain(found: LedgerCheck) -> None:
    for account in found.differing:
        complain(
            f"- Cuenta {account.number}: el saldo es {account.balance} y sus asientos suman "
            f"{account.posted}"
        )
    if found.differing_count > len(found.differing):
        complain(f"… y {found.differing_count - len(found.differing)} cuentas más.")
    for number in found.overdrawn:
        complain(f"- Cuenta {number}: está por debajo de su sobregiro convenido")
    for money in found.unbalanced:
        complain(f"- Socios y casa juntos no suman cero: {money}")
    for operation in found.wrong_operations:
        complain(f"- Operación {operation}: sus asientos no mueven o no devuelven su monto")
    for entry in found.wrong_entries:
        complain(f"- Asiento {entry}: mueve dinero sin operación")
    for entry in found.wrong_reversals:
        complain(f"- Asiento {entry}: no devuelve lo que dice devolver")
