"""What changed in a request since a supervisor last saw it: name, before, after (F14)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from PySide6.QtCore import QCoreApplication

from branch_desk.models.money import Currency
from branch_desk.models.parameter import LimitKind
from branch_desk.operations.request.approval import Change
from branch_desk.views.kit import formats, wording

translate = QCoreApplication.translate

_NOTHING: Final = "—"
_LIMIT_PARTS: Final = 5
"""limits / kind / currency / part / holder: a holder's name may itself hold a slash."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One changed value as a supervisor reads it."""

    what: str
    before: str
    after: str


@cache
def member_words() -> dict[str, str]:
    """Return the names of what is said of the member."""
    return {
        "name": translate("Change", "Nombre"),
        "document": translate("Change", "Documento"),
        "document_expires_on": translate("Change", "Vencimiento de la cédula"),
        "mobile": translate("Change", "Celular"),
        "email": translate("Change", "Correo"),
        "address": translate("Change", "Domicilio"),
        "user_name": translate("Change", "Usuario"),
        "signing_rule": translate("Change", "Forma de firmar"),
    }


@cache
def account_words() -> dict[str, str]:
    """Return the names of what may be done with an account."""
    return {
        "consult": translate("Change", "consultar"),
        "debit": translate("Change", "debitar"),
        "web": translate("Change", "por web"),
        "mobile": translate("Change", "por móvil"),
    }


@cache
def limit_words() -> dict[str, str]:
    """Return the names of the parts of a limit."""
    return {
        "per_operation": translate("Change", "por operación"),
        "per_day": translate("Change", "por día"),
        "per_month": translate("Change", "por mes"),
        "count_per_day": translate("Change", "operaciones por día"),
    }


@cache
def channel_words() -> dict[str, str]:
    """Return the names of the channels."""
    return {
        "web": translate("Change", "Banca por web"),
        "mobile": translate("Change", "Banca por móvil"),
    }


def changed(changes: Iterable[Change]) -> list[ChangeRow]:
    """Write the changes for reading, what can lose money first."""
    order = ("limits", "accounts", "member", "representatives", "billers", "channels")
    ranked = sorted(changes, key=lambda change: order.index(change.path.split("/", 1)[0]))
    return [change_row(change) for change in ranked]


def change_row(change: Change) -> ChangeRow:
    """Write one change. Raises KeyError for a path nobody gave words to."""
    kind, rest = change.path.split("/", 1)
    what, write = _KINDS[kind](rest)
    before, after = (write(value) if value else _NOTHING for value in (change.before, change.after))
    return ChangeRow(what, before, after)


_Written = tuple[str, Callable[[str], str]]


def _member(rest: str) -> _Written:
    write = {"document_expires_on": _day, "signing_rule": _rule}.get(rest, str)
    return member_words()[rest], write


def _representative(rest: str) -> _Written:
    return translate("Change", "Representante {document}").format(document=rest), str


def _account(rest: str) -> _Written:
    number, right = rest.rsplit("/", 1)
    what = translate("Change", "Cuenta {number}: {right}")
    return what.format(number=formats.groups(number), right=account_words()[right]), _yes


def _limit(rest: str) -> _Written:
    kind, currency, part, *holder = rest.split("/", _LIMIT_PARTS - 2)
    what = f"{wording.word(LimitKind(kind))}, {limit_words()[part]}"
    if part == "count_per_day":
        what = f"{what} ({Currency(currency).symbol})"
    if holder:
        what = f"{what} · {holder[0]}"
    if part == "count_per_day":
        return what, str
    return what, lambda centavos: formats.amount(int(centavos), currency)


def _biller(rest: str) -> _Written:
    return translate("Change", "Servicio {name}").format(name=rest), _yes


def _channel(rest: str) -> _Written:
    return channel_words()[rest], _yes


_KINDS: Final[dict[str, Callable[[str], _Written]]] = {
    "member": _member,
    "representatives": _representative,
    "accounts": _account,
    "limits": _limit,
    "billers": _biller,
    "channels": _channel,
}


def _yes(value: str) -> str:
    return translate("Change", "sí") if value == "True" else translate("Change", "no")


def _day(value: str) -> str:
    return formats.day(date.fromisoformat(value))


def _rule(value: str) -> str:
    return rule_word(value)


def rule_word(value: str) -> str:
    """Return the words of a company's signing rule as the form names it."""
    return {
        "SOLE": translate("Change", "Sola firma"),
        "JOINT": translate("Change", "Firma conjunta de dos"),
    }.get(value, value)
