"""`branch-desk calendar`: the days on which the cooperative is closed, read only."""

from argparse import Namespace

from branch_desk import start
from branch_desk.cli import OK
from branch_desk.cli.saying import command, say
from branch_desk.operations.house import calendar_days
from branch_desk.settings import Settings

_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


@command
def list_days(settings: Settings, arguments: Namespace) -> int:
    """Say the holidays of a year, by default of the current one."""
    house = start.open_house(settings)
    try:
        days = house.job(calendar_days.days, arguments.year)
    finally:
        house.database.close()
    for row in days:
        say(f"{row.day:%d/%m/%Y}  {_WEEKDAYS[row.day.weekday()]:<9}  {row.name}")
    if not days:
        say("El calendario no tiene feriados de ese año.")
    return OK
