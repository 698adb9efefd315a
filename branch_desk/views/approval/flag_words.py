"""Red flags as the sentences a supervisor reads first (F14)."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache

from PySide6.QtCore import QCoreApplication

from branch_desk.models.parameter import LimitKind
from branch_desk.operations.request.approval import Flag, RedFlag
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.theme import Meaning

translate = QCoreApplication.translate

_MEANINGS = {
    Flag.CONTACT_DIFFERS: Meaning.STOP,
    Flag.SHARED_CONTACT: Meaning.STOP,
    Flag.RAISED: Meaning.STOP,
    Flag.RETURNED_BEFORE: Meaning.INFORMATION,
}


@cache
def flag_words() -> dict[Flag, str]:
    """Return the sentence of each flag, its facts in braces."""
    return {
        Flag.CONTACT_DIFFERS: translate(
            "Flag", "{Field}: firmó {typed}, pero en los registros está {record}."
        ),
        Flag.DATA_DIFFER: translate(
            "Flag", "Se aceptó una diferencia en {field}. Motivo: «{reason}»."
        ),
        Flag.CARD_EXCEPTED: translate(
            "Flag", "La cédula está vencida; {by} autorizó la excepción: «{reason}»."
        ),
        Flag.RAISED: translate(
            "Flag", "Sube el límite diario {kind}{holder} de {before} a {after}."
        ),
        Flag.RETURNED_BEFORE: translate(
            "Flag", "{by} la devolvió para corregir el {at}: «{reason}»."
        ),
        Flag.POWER_ENDS: translate("Flag", "El poder de {name} vence el {on}."),
        Flag.SHARED_CONTACT: translate(
            "Flag", "{Field}: {name} tiene el mismo. Compruebe de quién es."
        ),
    }


@cache
def _limit_words() -> dict[str, str]:
    return {
        LimitKind.OWN: translate("Flag", "entre cuentas propias"),
        LimitKind.THIRD_PARTY: translate("Flag", "a terceros"),
        LimitKind.OTHER_BANK: translate("Flag", "a otros bancos"),
        LimitKind.SERVICE: translate("Flag", "de servicios"),
    }


def meaning(flag: Flag) -> Meaning:
    """Say how grave a flag is: what thieves change first stops the reader."""
    return _MEANINGS.get(flag, Meaning.ATTENTION)


def sentence(red: RedFlag) -> str:
    """Write a flag as one sentence."""
    facts: Mapping[str, str | int] = dict(red.facts)
    return flag_words()[red.flag].format_map(_Facts(facts))


class _Facts(dict[str, str]):
    """The facts of a flag, each written as a person reads it."""

    def __init__(self, facts: Mapping[str, str | int]) -> None:
        super().__init__()
        currency = str(facts.get("currency", ""))
        for name, value in facts.items():
            self[name] = _written(name, value, currency)
        field = self.get("field", "")
        self["Field"] = field[:1].upper() + field[1:]

    def __missing__(self, key: str) -> str:
        return ""


def _written(name: str, value: str | int, currency: str) -> str:
    if isinstance(value, int):
        return formats.amount(value, currency)
    writers: dict[str, Callable[[str], str]] = {
        "field": field_word,
        "kind": lambda kind: _limit_words().get(kind, kind),
        "holder": _of_holder,
        "on": lambda text: formats.day(date.fromisoformat(text)),
        "at": lambda text: formats.instant(datetime.fromisoformat(text)),
    }
    return writers.get(name, str)(value)


def _of_holder(name: str) -> str:
    return translate("Flag", " de {name}").format(name=name) if name else ""


def field_word(name: str) -> str:
    """Return the Spanish name of a field of the request."""
    own = {
        "mobile": translate("Flag", "celular"),
        "email": translate("Flag", "correo electrónico"),
        "complement": translate("Flag", "complemento de la cédula"),
        "document_type": translate("Flag", "tipo de documento"),
    }
    return own.get(name) or wording.reason(name)
