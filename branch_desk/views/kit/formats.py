"""How amounts, dates, cards and accounts are written for a person in Bolivia.

Amounts are grouped from whole centavos, never through a float: `Bs 1.234,50`. Times are those of
Santa Cruz (America/La_Paz, −04), whatever the clock of this machine says.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from branch_desk.models.money import Currency, Money, format_centavos

LA_PAZ: Final = ZoneInfo("America/La_Paz")
NO_BREAK: Final = "\u00a0"


def figures(centavos: int) -> str:
    """Write whole centavos as `1.234,50`."""
    return format_centavos(centavos)


def amount(centavos: int, currency: str) -> str:
    """Write whole centavos with the currency's sign: `Bs 1.234,50`, never broken over two lines."""
    return f"{Currency(currency).symbol}{NO_BREAK}{format_centavos(centavos)}"


def money(value: Money) -> str:
    """Write an amount with its sign, never broken over two lines."""
    return amount(value.centavos, value.currency)


def day(value: date) -> str:
    """Write a day as `23/11/2026`; an instant is first taken to Santa Cruz."""
    if isinstance(value, datetime):
        value = value.astimezone(LA_PAZ)
    return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"


def hour(value: datetime) -> str:
    """Write the hour of an instant as `14:05` in Santa Cruz."""
    return f"{value.astimezone(LA_PAZ):%H:%M}"


def instant(value: datetime) -> str:
    """Write an instant as `23/11/2026 14:05` in Santa Cruz."""
    return f"{day(value)} {hour(value)}"


def span(length: timedelta) -> str:
    """Write how long something took or waits: `3 min`, `2 h 05 min`, `4 d 3 h`."""
    minutes = max(0, int(length.total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min"


def countdown(left: timedelta) -> str:
    """Write what is left to the second: `00:47:12`, `2 d 03:04:05`; nothing is below zero."""
    seconds = max(0, int(left.total_seconds()))
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{days} d {clock}" if days else clock


def short_day(value: date) -> str:
    """Write a day of this year as `23/11`; an instant is first taken to Santa Cruz."""
    return day(value)[:5]


def signed(value: Money) -> str:
    """Write what a movement did to a balance, without the currency: `+1.234,50`, `−100,00`."""
    sign = "−" if value.centavos < 0 else "+"
    return f"{sign}{format_centavos(abs(value.centavos))}"


def breakable(text: str) -> str:
    """Allow a mail address to go on in the next line after its dots, hyphens and @."""
    return re.sub(r"([@._-])", "\\1\u200b", text)


def groups(text: str, size: int = 4) -> str:
    """Write a code in groups for reading aloud: `ABCD EFGH IJKL`; nothing of it is altered."""
    return " ".join(text[start : start + size] for start in range(0, len(text), size))
