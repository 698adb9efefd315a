"""Payments of all to one account, against the same payments spread out.

    ./desk bench hot [--clients 8] [--seconds 3] [--rounds 3]

Top-ups of one biller against top-ups spread over all: a biller's money is gathered in an account
of the house that has no balance row. Transfers of all to one member against transfers spread out:
that member's balance is one row, and whoever credits it waits for who does so at the moment.
"""

import argparse
import json
import sys

from sqlalchemy import insert

from benchmarks.driving import Deed, Run, drive, middle, orders_for
from benchmarks.payers import (
    FIRST_TURN,
    MakeOrder,
    Payer,
    a_house,
    a_town,
    analyze,
    befriend,
    confirmed,
    make,
    placing,
    transfer_to,
)
from branch_desk.models.access import GrantedBiller
from branch_desk.models.base import new_id
from branch_desk.models.money import Currency, Money
from branch_desk.models.parameter import Biller
from branch_desk.operations.money.ledger import check
from branch_desk.operations.money.orders import Order, top_up
from branch_desk.operations.work import House, Work
from tests.postgres import postgres_server

_MEMBERS = 1_000
_BILLERS = 64
_TARGET = 0.9
_WHAT = ("top-ups", "transfers")


class Town:
    """Members who may pay every prepaid biller, and who all know the same payee."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.house, payers = a_town(url, _MEMBERS, beneficiaries=1)
        (self.payee,) = make(self.house, 1, first=_MEMBERS)
        self.billers = _billers(self.house, payers)
        self.payers = befriend(self.house, payers, [self.payee] * _MEMBERS)
        analyze(self.house)
        self.turn = FIRST_TURN

    def orders(self, side: str) -> MakeOrder:
        """Give what makes the orders of a side."""
        if side == "transfers spread":
            return lambda payer, _turn: transfer_to(payer, payer.beneficiaries[0])
        if side == "transfers to one":
            return lambda payer, _turn: transfer_to(payer, payer.beneficiaries[1])
        few = self.billers[:1] if side == "top-ups to one" else self.billers
        return lambda payer, turn: _top_up(payer, few[turn % len(few)])

    def run(self, side: str, clients: int, seconds: float) -> Run:
        """Let all clients pay for a turn."""
        count, first = orders_for(clients, seconds), self.turn
        self.turn += count

        def prepare(number: int) -> Deed:
            house, clock = a_house(self.url, self.house.keys)
            mine = self.payers[number::clients]
            # Each begins elsewhere, else all would turn to the same biller at once.
            began = first + number * (_BILLERS // clients)
            return placing(house, clock, confirmed(mine, self.orders(side), count, began))

        self.turn += _BILLERS
        return drive(prepare, clients, seconds)


def _billers(house: House, payers: list[Payer]) -> list[str]:
    """Make billers of prepaid telephones that all members may pay; gives their codes."""
    codes = [f"PRE{number:02}" for number in range(_BILLERS)]

    def add(work: Work) -> None:
        about = {"category": "x", "prepaid": True, "minimum": 500, "code_mask": r"[67]\d{7}"}
        work.session.execute(
            insert(Biller),
            [
                {"code": code, "name": code, "position": place, "active": True, **about}
                for place, code in enumerate(codes)
            ],
        )
        rows = [{"access_id": each.access_id, "biller_code": c} for each in payers for c in codes]
        work.session.execute(insert(GrantedBiller), rows)

    house.work(add)
    return codes


def _top_up(payer: Payer, biller: str) -> Order:
    return top_up(new_id(), payer.account_id, biller, "70000000", Money(1_000, Currency.BOB))


SIDES = ("top-ups spread", "top-ups to one", "transfers spread", "transfers to one")


def main(clients: int, seconds: float, rounds: int) -> int:
    """Measure, print a table and a line of JSON, and fail below the target."""
    with postgres_server(durable=True) as server:
        town = Town(server.url(server.create()))
        runs: dict[str, list[Run]] = {side: [] for side in SIDES}
        for _ in range(rounds):
            for side, each in runs.items():
                each.append(town.run(side, clients, seconds))
        sound = town.house.job(check).sound
        town.house.database.close()
    rate = {side: middle(run.rate for run in each) for side, each in runs.items()}
    print(f"{clients} clients, {rounds} rounds of {seconds:g} s, medians; books sound: {sound}")
    print(f"{'side':18}{'a second':>10}{'x spread':>10}{'p50 ms':>9}{'p99 ms':>9}")
    for side, each in runs.items():
        usual, late = (middle(run.quantile(share) for run in each) for share in (0.5, 0.99))
        spread = rate[f"{side.split()[0]} spread"]
        print(f"{side:18}{rate[side]:10.0f}{rate[side] / spread:10.2f}{usual:9.1f}{late:9.1f}")
    biller, member = (rate[f"{what} to one"] / rate[f"{what} spread"] for what in _WHAT)
    result = {"clients": clients, "biller": biller, "member": member, "target_biller": _TARGET}
    print(json.dumps(result | {"rates": rate}))
    return 0 if biller >= _TARGET and sound else 1


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--clients", type=int, default=8)
    words.add_argument("--seconds", type=float, default=3)
    words.add_argument("--rounds", type=int, default=3)
    said = words.parse_args()
    sys.exit(main(said.clients, said.seconds, said.rounds))
