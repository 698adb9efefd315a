"""What an order of each kind would do: the postings, and what else is written with them.

A plan is made before the code is judged and writes nothing; its `after` runs once the code was
accepted, its `then` once the operation's row is there, all in the same transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from branch_desk.models.ledger import INTERBANK, PostingKind
from branch_desk.operations.money.moving import Line
from branch_desk.operations.money.orders import Order
from branch_desk.operations.money.situation import Situation
from branch_desk.operations.work import Work, allowed


def _nothing(_work: Work) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Plan:
    """The postings of an order, further columns of its row, and what goes with the money."""

    lines: tuple[Line, ...]
    columns: dict[str, Any] = field(default_factory=dict)
    after: Callable[[Work], None] = _nothing
    then: Callable[[Work], None] | None = None
    """What names the operation, and so comes after its row."""


Planner = Callable[[Work, Order, Situation], Plan]


@allowed()
def between_accounts(_work: Work, order: Order, situation: Situation) -> Plan:
    """Move money between two accounts of the cooperative (F28, F29)."""
    assert situation.credit is not None  # the rules saw to it
    line = Line(PostingKind.TRANSFER, situation.debit, situation.credit, order.money.centavos)
    return Plan((line,))


@allowed()
def to_other_bank(_work: Work, order: Order, situation: Situation) -> Plan:
    """Take the money from the account; the house holds it until the bank credits it (F30)."""
    line = Line(PostingKind.INTERBANK, situation.debit, INTERBANK, order.money.centavos)
    return Plan((line,), {"value_date": order.promised_on})
