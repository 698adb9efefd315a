"""Services registered once, to be paid again without typing their code (F34, manual: suscripción)."""

import pytest

from branch_desk.models.base import new_id
from branch_desk.models.bill import BillStatus
from branch_desk.models.errors import Duplicate, InvalidValue, KeyUsed, NotFound, NotGranted
from branch_desk.operations.payments import payments, subscriptions
from tests.builders import World
from tests.debt_builders import a_bill, bill_status, not_granted, pays_bill
from tests.payers import Payer, a_payer


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


@pytest.fixture
def other(world: World) -> Payer:
    return a_payer(world, world.desk(), 2)


def test_a_service_is_registered_once_and_listed(world: World, payer: Payer) -> None:
    id_ = new_id()
    for _ in range(2):
        payer.portal(subscriptions.add, id_, "CRE", "44 00 12", " Luz de la casa ")
    (found,) = payer.portal(subscriptions.mine)
    assert (found.id, found.biller_code, found.client_code, found.description) == (
        id_,
        "CRE",
        "440012",
        "Luz de la casa",
    )
    bill_id = a_bill(world)
    (owed,) = payer.portal(payments.pending_bills, found.biller_code, found.client_code)
    payer.orders(pays_bill(payer, owed.id, owed.money.centavos))
    assert bill_status(world, bill_id) is BillStatus.TAKEN


def test_the_same_service_twice_is_refused_and_so_is_its_id_for_another(payer: Payer) -> None:
    id_ = new_id()
    payer.portal(subscriptions.add, id_, "CRE", "440012", "Luz")
    with pytest.raises(Duplicate):
        payer.portal(subscriptions.add, new_id(), "CRE", "440012", "Luz otra vez")
    with pytest.raises(KeyUsed):
        payer.portal(subscriptions.add, id_, "CRE", "440013", "Luz")


def test_removed_it_may_be_registered_anew(payer: Payer) -> None:
    id_ = new_id()
    payer.portal(subscriptions.add, id_, "CRE", "440012", "Luz")
    payer.portal(subscriptions.remove, id_)
    with pytest.raises(NotFound):
        payer.portal(subscriptions.remove, id_)
    assert payer.portal(subscriptions.mine) == ()
    payer.portal(subscriptions.add, new_id(), "CRE", "440012", "Luz")
    assert len(payer.portal(subscriptions.mine)) == 1


def test_those_of_others_are_theirs(payer: Payer, other: Payer) -> None:
    id_ = new_id()
    payer.portal(subscriptions.add, id_, "CRE", "440012", "Luz")
    assert other.portal(subscriptions.mine) == ()
    with pytest.raises(NotFound):
        other.portal(subscriptions.remove, id_)
    with pytest.raises(KeyUsed):
        other.portal(subscriptions.add, id_, "CRE", "440012", "Luz")


def test_what_was_not_granted_is_not_registered_nor_listed_any_more(
    world: World, payer: Payer
) -> None:
    payer.portal(subscriptions.add, new_id(), "CRE", "440012", "Luz")
    not_granted(world, payer, "CRE")
    not_granted(world, payer, "COTAS")
    assert payer.portal(subscriptions.mine) == ()
    with pytest.raises(NotGranted):
        payer.portal(subscriptions.add, new_id(), "COTAS", "3123456", "Teléfono")
    with pytest.raises(InvalidValue):
        payer.portal(subscriptions.add, new_id(), "TIGO-PRE", "3123456", "Celular")
