"""Spanish for what the rules say: problems, states, roles and kinds.

`problem` turns a refusal into one sentence: what is wrong, where, what to do. Never a code alone,
never an apology. `missing_words` lists what still has no words; a test keeps it empty.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from string import Formatter

from branch_desk.models.errors import DomainError
from branch_desk.models.money import Money
from branch_desk.views import formats
from branch_desk.views.problem_words import problem_words, reason_words
from branch_desk.views.state_words import state_words


def problem(error: DomainError) -> str:
    """Return the sentence an officer reads for a refusal."""
    for kind in type(error).__mro__:
        template = problem_words().get(kind.__name__)
        if template is not None:
            return _Facts(error).format(template).strip()
    raise LookupError(type(error).__name__)


def word(value: StrEnum) -> str:
    """Return the Spanish word of an enum's member: a state, a role, a kind."""
    return state_words().get(f"{type(value).__qualname__}.{value.name}", str(value))


def state(status: StrEnum) -> str:
    """Return the Spanish word of a request's or an access's state."""
    return word(status)


def reason(name: str) -> str:
    """Return the words of a reason that a refusal carries as a fact."""
    return reason_words().get(name, name)


def written(value: object) -> str:
    """Write a fact as a person reads it: dates, amounts and lists in the manner of Bolivia."""
    if isinstance(value, Money):
        return formats.money(value)
    if isinstance(value, datetime):
        return formats.instant(value)
    if isinstance(value, date):
        return formats.day(value)
    if isinstance(value, timedelta):
        return formats.span(value)
    if isinstance(value, StrEnum):
        return word(value)
    if isinstance(value, str):
        return reason(value)
    if isinstance(value, Iterable):
        return ", ".join(written(each) for each in value)
    return str(value)


def missing_words(enums: Iterable[type[StrEnum]] = ()) -> list[str]:
    """Return refusals without a sentence and members of `enums` without a word."""
    problems = problem_words()
    words = state_words()
    missing = [kind.__name__ for kind in _family(DomainError) if kind.__name__ not in problems]
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
    """Fills a sentence with an error's facts; a fact that was not given leaves no hole."""

    def __init__(self, error: DomainError) -> None:
        self._error = error

    def get_value(self, key: int | str, args: object, kwargs: object) -> str:
        """Return one fact as written Spanish."""
        value = getattr(self._error, str(key), None)
        return "" if value is None else written(value)
