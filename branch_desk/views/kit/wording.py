"""Spanish for what the rules say: problems, states, roles and kinds.

`problem` turns a refusal into one sentence: what is wrong, where, what to do. Never a code alone,
never an apology. `missing_words` lists what still has no words; a test keeps it empty.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from string import Formatter
from typing import Any, Final

from PySide6.QtCore import QCoreApplication

from branch_desk.models.errors import DomainError
from branch_desk.models.money import Money
from branch_desk.views.kit import formats
from branch_desk.views.kit.problem_words import problem_words
from branch_desk.views.kit.reason_words import reason_words
from branch_desk.views.kit.state_words import state_words

translate = QCoreApplication.translate


def problem(error: DomainError) -> str:
    """Return the sentence an officer reads for a refusal."""
    sentences = problem_words()
    why = error.facts.get("reason")
    for kind in type(error).__mro__:
        template = sentences.get(f"{kind.__name__}.{why}") or sentences.get(kind.__name__)
        if template is not None:
            return _Facts(error.facts).format(template).strip()
    raise LookupError(type(error).__name__)


def word(value: StrEnum) -> str:
    """Return the Spanish word of an enum's member: a state, a role, a kind."""
    return state_words().get(f"{type(value).__qualname__}.{value.name}", str(value))


def state(status: StrEnum) -> str:
    """Return the Spanish word of a request's or an access's state."""
    return word(status)


def reason(name: str, **facts: object) -> str:
    """Return the words of a reason that a refusal carries as a fact."""
    template = reason_words().get(name)
    return name if template is None else _Facts(facts).format(template)


def doctor(diagnosis: object) -> str:
    """Return what was wrong with an authenticator's code and what to do about it (F18).

    `diagnosis` is a `models.totp.Diagnosis`: a cause, the minutes the phone is ahead (+) or behind
    (-), the period of its entry in seconds.
    """
    cause = getattr(diagnosis, "cause", diagnosis)
    minutes = getattr(diagnosis, "minutes", None) or 0
    direction = (
        translate("Reason", "adelantado") if minutes > 0 else translate("Reason", "atrasado")
    )
    facts = {
        "minutes": abs(minutes),
        "direction": direction,
        "period": getattr(diagnosis, "period", None),
    }
    template = word(cause) if isinstance(cause, StrEnum) else str(cause)
    return _Facts(facts).format(template)


_WRITTEN: Final[tuple[tuple[type, Callable[[Any], str]], ...]] = (
    (Money, formats.money),
    (datetime, formats.instant),  # before date, of which it is a kind
    (date, formats.day),
    (timedelta, formats.span),
    (StrEnum, word),  # before str, of which it is a kind
    (str, reason),
)


def written(value: object) -> str:
    """Write a fact as a person reads it: dates, amounts and lists in the manner of Bolivia."""
    for kind, write in _WRITTEN:
        if isinstance(value, kind):
            return write(value)
    if hasattr(value, "cause"):
        return doctor(value)
    if isinstance(value, Iterable):
        return ", ".join(written(each) for each in value)
    return str(value)


def missing_words(enums: Iterable[type[StrEnum]] = ()) -> list[str]:
    """Return refusals without a sentence and members of `enums` without a word."""
    problems = problem_words()
    words = state_words()
    missing = [
        kind.__name__
        for kind in _family(DomainError)
        # A narrower case may go by the sentence of the wider one.
        if not any(each.__name__ in problems for each in kind.__mro__)
    ]
    for enum in enums:
        missing += [
            f"{enum.__qualname__}.{member.name}"
            for member in enum
            if f"{enum.__qualname__}.{member.name}" not in words
        ]
    return missing


def _family(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _family(child)


class _Facts(Formatter):
    """Fills a sentence with facts; a fact that was not given leaves no hole."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        self._facts = facts

    def get_value(self, key: int | str, args: object, kwargs: object) -> str:
        """Return one fact as written Spanish; a reason may itself speak of other facts."""
        value = self._facts.get(str(key))
        if value is None:
            return ""
        if isinstance(value, str) and not isinstance(value, StrEnum):
            others = {name: fact for name, fact in self._facts.items() if name != key}
            return reason(value, **others)
        return written(value)
