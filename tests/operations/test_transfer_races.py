"""Orders that meet in the same instant: one key is one deed, and no limit is ever passed (R61-R63)."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from branch_desk.models.access import GrantedAccount, GrantedLimit
from branch_desk.models.account import Account, Handling
from branch_desk.models.base import new_id
from branch_desk.models.ledger import Posting
from branch_desk.models.parameter import LimitKind
from tests.access_builders import events, row
from tests.bank import STEP, Bank, a_bank, in_one_snapshot
from tests.builders import World, a_world
from tests.clients import order as send
from tests.racing import Order as Racing
from tests.racing import Racers

ROUNDS = 10
CLIENTS = 8
CLIENTS_MODULE = "tests.clients"


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    with Racers() as made:
        yield made


def balance(world: World, account_id: UUID) -> int:
    return world.house.work(lambda work: work.session.get_one(Account, account_id).balance)


def out_of(world: World, account_id: UUID) -> list[int]:
    """What left an account, posting by posting."""
    query = select(Posting.amount).where(Posting.debit_account_id == account_id)
    return world.house.work(lambda work: list(work.session.scalars(query)))


def one_account_for_all(bank: Bank, centavos: int) -> UUID:
    """An account that each of the members may debit alone («alterna»)."""
    world = bank.world
    members = [row(world, client.access_id).member_id for client in bank.clients]
    shared = world.account(
        *members, number="5000500050", balance=centavos, handling=Handling.EITHER
    )

    def grant(work) -> None:
        for client in bank.clients:
            work.session.add(
                GrantedAccount(
                    access_id=client.access_id,
                    account_id=shared,
                    consult=True,
                    debit=True,
                    web=True,
                    mobile=True,
                )
            )

    world.house.work(grant)
    return shared


def test_the_last_money_is_spent_once(world: World, racers: Racers) -> None:
    bank = a_bank(world, CLIENTS, balance=1_000)
    shared = one_account_for_all(bank, 10_000)
    for number in range(ROUNDS):
        at = bank.clients[-1].begins + number * STEP
        answers = racers.race(
            world,
            [
                Racing(
                    "order",
                    (client, client.own(new_id(), shared, client.accounts[0], 10_000), at),
                    CLIENTS_MODULE,
                )
                for client in bank.clients
            ],
        )
        assert Counter(answers) == {"DONE": 1, "NotEnoughFunds": CLIENTS - 1}
        assert balance(world, shared) == 0
        back = answers.index("DONE")
        lucky = bank.clients[back]
        again = lucky.own(new_id(), lucky.accounts[0], shared, 10_000)
        racers.race(world, [Racing("carry_out", (lucky, again, at), CLIENTS_MODULE)] * 4)
        assert balance(world, shared) == 10_000
    assert (
        in_one_snapshot(world.house.database, bank.accounts | {shared}, bank.total + 10_000) == []
    )


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        ({"per_operation": 1_000, "per_day": 3_500}, "LimitExceeded"),
        ({"count_per_day": 3}, "LimitExceeded"),
        ({"per_operation": 1_000, "per_day": 3_500, "per_month": 3_500}, "LimitExceeded"),
    ],
    ids=["per_day", "count_per_day", "per_month"],
)
def test_eight_at_once_never_pass_a_limit(
    world: World, racers: Racers, limits: dict[str, int], refusal: str
) -> None:
    bank = a_bank(world, 2, **limits)
    payer = bank.clients[0]
    for number in range(ROUNDS):
        at = payer.begins + timedelta(days=31 * number)
        before = len(out_of(world, payer.accounts[0]))
        paid = [payer.pay(new_id(), payer.accounts[0], payer.payees[0][0], 1_000) for _ in range(8)]
        answers = racers.race(
            world,
            [
                Racing("carry_out" if place else "order", (payer, order, at), CLIENTS_MODULE)
                for place, order in enumerate(paid)
            ],
        )
        assert Counter(answers) == {"DONE": 3, refusal: 5}
        assert len(out_of(world, payer.accounts[0])) == before + 3
    limit = world.house.work(
        lambda work: work.session.scalars(
            select(GrantedLimit).where(
                GrantedLimit.access_id == payer.access_id,
                GrantedLimit.kind == LimitKind.THIRD_PARTY,
            )
        ).one()
    )
    assert (limit.count_in_day, limit.used_in_day) == (3, 3_000)


def test_one_key_sent_eight_times_at_once_is_one_deed_with_one_answer(
    world: World, racers: Racers
) -> None:
    payer = a_bank(world, 2).clients[0]
    debit, credit = payer.accounts
    for number in range(ROUNDS):
        at = payer.begins + number * STEP
        # All there is goes: whoever comes later must not be told that there is no money.
        key = new_id()
        order = payer.own(key, debit, credit, balance(world, debit))
        debit, credit = credit, debit
        answers = racers.race(world, [Racing("order", (payer, order, at), CLIENTS_MODULE)] * 8)
        assert Counter(answers) == {"DONE": 8}
        assert events(world, key) == ["operation:placed"]
    assert row(world, payer.access_id).failed_codes == 0


def test_a_key_with_other_data_is_refused_and_nothing_moves(world: World, racers: Racers) -> None:
    bank = a_bank(world, 4)
    for number in range(ROUNDS):
        key, at = new_id(), bank.clients[-1].begins + number * STEP
        answers = racers.race(
            world,
            [
                Racing(
                    "order",
                    (client, client.own(key, debit, credit, 100 + place), at),
                    CLIENTS_MODULE,
                )
                for place, client in enumerate(bank.clients)
                for debit, credit in [client.accounts]
            ],
        )
        assert Counter(answers) == {"DONE": 1, "KeyUsed": 3}
        assert events(world, key) == ["operation:placed"]
    assert in_one_snapshot(world.house.database, bank.accounts, bank.total) == []


@pytest.mark.parametrize("upwards", [True, False])
def test_of_two_accounts_the_one_with_the_lower_id_is_locked_first_whoever_pays(
    postgres_url: str, upwards: bool
) -> None:
    world = a_world(postgres_url)
    payer = a_bank(world, 2).clients[0]
    lower, higher = sorted(payer.accounts)
    debit, credit = (lower, higher) if upwards else (higher, lower)
    lock = text("SELECT 1 FROM account WHERE id = :id FOR NO KEY UPDATE NOWAIT")
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    order = payer.own(new_id(), debit, credit, 100)
    engine = world.house.database.engine
    with ThreadPoolExecutor(1) as pool, engine.connect() as first:
        first.execute(lock, {"id": lower})
        done = pool.submit(send, world.house, payer, order, payer.begins)
        with engine.connect() as second:
            end = time.monotonic() + 4
            while not second.scalar(waiting) and time.monotonic() < end:
                second.rollback()
            second.execute(lock, {"id": higher})  # raises when somebody has it
        first.rollback()
        assert done.result() == "DONE"
    world.house.database.close()
