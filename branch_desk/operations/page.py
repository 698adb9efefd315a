"""A page of a long list: its rows, and the key after which the next one begins."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Row_co = TypeVar("Row_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row_co]):
    """Some rows in order."""

    rows: tuple[Row_co, ...]
    next: tuple[object, ...] | None = None
    """What to ask for the page that follows; None at the end."""
