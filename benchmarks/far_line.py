"""A transfer from a branch that is 20 ms from its database, against one call for each transfer.

    ./desk bench far_line [--clients 8] [--milliseconds 20] [--seconds 4] [--rounds 3]

Both go through the same line. «one call» is the floor: pgbench calls one function on the server
that does what TPC-B does, without a transaction of its own. Round trips are counted, too: how often
a client has to wait for an answer.
"""

import argparse
import json
import sys

import psycopg

from benchmarks.driving import Deed, Run, drive, middle, orders_for, pgbench, pgbench_tables
from benchmarks.payers import FIRST_TURN, Payer, a_house, a_town, confirmed, placing, to_beneficiary
from branch_desk.operations.work import House
from tests.faults import Line, a_line
from tests.postgres import Postgres, postgres_server

_MEMBERS = 500
_BRANCHES = 10
_TARGET = 0.3
_MOST_TRIPS = 3
_COUNTED = 20

_FUNCTION = """
CREATE FUNCTION one_call(a int, b int, t int, delta int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE balance int;
BEGIN
    UPDATE pgbench_accounts SET abalance = abalance + delta WHERE aid = a
        RETURNING abalance INTO balance;
    UPDATE pgbench_tellers SET tbalance = tbalance + delta WHERE tid = t;
    UPDATE pgbench_branches SET bbalance = bbalance + delta WHERE bid = b;
    INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (t, b, a, delta, now());
    RETURN balance;
END $$"""

_SCRIPT = """\\set aid random(1, 100000 * :scale)
\\set bid random(1, 1 * :scale)
\\set tid random(1, 10 * :scale)
\\set delta random(-5000, 5000)
SELECT one_call(:aid, :bid, :tid, :delta);
"""


def floor(server: Postgres) -> str:
    """Make the floor's database and give its name."""
    database = pgbench_tables(server, _BRANCHES)
    with psycopg.connect(host=str(server.folder), user="postgres", dbname=database) as connection:
        connection.execute(_FUNCTION)
    return database


def main(clients: int, milliseconds: float, seconds: float, rounds: int) -> int:
    """Measure, print a table and a line of JSON, and fail below the target."""
    with postgres_server(durable=True) as server, a_line(server, milliseconds) as line:
        house, payers = a_town(server.url(server.create()), _MEMBERS)
        name = house.database.url.database or ""
        sides = {"one call": floor(server), "ours": name}
        script = server.folder / "one_call.sql"
        script.write_text(_SCRIPT, encoding="ascii")
        turn = FIRST_TURN

        def run(side: str) -> Run:
            nonlocal turn
            if side == "one call":
                words = ("-f", str(script), "-D", f"scale={_BRANCHES}")
                return pgbench(server, sides[side], clients, seconds, *words, host=line.address)
            count, first = orders_for(clients, seconds), turn
            turn += count

            def prepare(number: int) -> Deed:
                far, clock = a_house(line.url(name), house.keys)
                orders = confirmed(payers[number::clients], to_beneficiary, count, first)
                return placing(far, clock, orders)

            return drive(prepare, clients, seconds)

        runs: dict[str, list[Run]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, each in runs.items():
                each.append(run(side))
        trips = _trips(line, name, house, payers, turn)
    return _told(clients, milliseconds, runs, trips)


def _trips(line: Line, name: str, house: House, payers: list[Payer], turn: int) -> float:
    """Count the round trips of a transfer."""
    far, clock = a_house(line.url(name), house.keys)
    send = placing(far, clock, confirmed(payers, to_beneficiary, 2 * _COUNTED, turn))
    for _ in range(_COUNTED):
        send()
    before = line.turns
    for _ in range(_COUNTED):
        send()
    far.database.close()
    return (line.turns - before) / _COUNTED


def _told(clients: int, milliseconds: float, runs: dict[str, list[Run]], trips: float) -> int:
    rate = {side: middle(run.rate for run in each) for side, each in runs.items()}
    floor_rate = rate["one call"]
    print(
        f"{clients} clients, a round trip of {milliseconds:g} ms,"
        f" {len(runs['ours'])} rounds, medians"
    )
    print(f"{'side':10}{'a second':>10}{'x floor':>9}{'p50 ms':>9}{'p99 ms':>9}")
    for side, each in runs.items():
        usual, late = (middle(run.quantile(share) for run in each) for share in (0.5, 0.99))
        print(f"{side:10}{rate[side]:10.0f}{rate[side] / floor_rate:9.2f}{usual:9.1f}{late:9.1f}")
    print(f"round trips a transfer: {trips:g}")
    ratio = rate["ours"] / floor_rate
    result = {"clients": clients, "ratio": ratio, "target": _TARGET, "trips": trips, "rates": rate}
    print(json.dumps(result))
    return 0 if ratio >= _TARGET and trips <= _MOST_TRIPS else 1


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--clients", type=int, default=8)
    words.add_argument("--milliseconds", type=float, default=20)
    words.add_argument("--seconds", type=float, default=4)
    words.add_argument("--rounds", type=int, default=3)
    said = words.parse_args()
    sys.exit(main(said.clients, said.milliseconds, said.seconds, said.rounds))
