"""SmallBank's operations at once, as if one after the other (strict serializability).

Six operations on a savings and a current account: both balances, into current, out of savings,
all together, a cheque into the overdraft, a payment. What each saw and wrote must fit one order.
"""

from collections import Counter
from graphlib import CycleError
from pathlib import Path

import pytest

from tests.bank import Bank, a_bank, in_one_snapshot
from tests.builders import World
from tests.smallbank import OPENING, OVERDRAFT, serial_order, trade


@pytest.fixture
def bank(world: World) -> Bank:
    return a_bank(world, 4, balance=OPENING, overdraft=OVERDRAFT)


def happened_one_by_one(bank: Bank, folder: Path, orders_each: int) -> None:
    lines = trade(bank, folder, orders_each)
    order = serial_order(bank, lines)
    assert sorted(order) == sorted(line["key"] for line in lines)
    many = Counter(line["what"] for line in lines)
    assert min(many["did"], many["saw"], many["refused"]) > orders_each // 10
    assert in_one_snapshot(bank.world.house.database, bank.accounts, bank.total) == []


def test_what_customers_see_and_do_at_once_fits_one_order(bank: Bank, tmp_path: Path) -> None:
    happened_one_by_one(bank, tmp_path, orders_each=80)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_long_thousands_of_operations_fit_one_order(bank: Bank, tmp_path: Path) -> None:
    happened_one_by_one(bank, tmp_path, orders_each=1_500)


def test_a_read_between_two_halves_of_a_move_would_be_found(bank: Bank, tmp_path: Path) -> None:
    lines = trade(bank, tmp_path, 20)
    serial_order(bank, lines)
    client = bank.clients[0]
    first = next(line for line in lines if line["what"] == "saw")
    account = next(iter(first["seen"]))
    never = first | {"seen": {account: first["seen"][account] + 1}}
    with pytest.raises(AssertionError, match="never was"):
        serial_order(bank, [*lines, never | {"key": "torn"}])
    late = {
        "what": "saw",
        "key": "stale",
        "began": max(line["ended"] for line in lines) + 1,
        "ended": max(line["ended"] for line in lines) + 2,
        "seen": dict.fromkeys(map(str, client.accounts), OPENING),
    }
    with pytest.raises(CycleError):
        serial_order(bank, [*lines, late])
