"""Beneficiaries: a masked name to confirm, a code to register, a mail, low at first (F31)."""

from dataclasses import replace
from typing import Any

import pytest

from branch_desk.models.account import AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import BeneficiaryKind
from branch_desk.models.errors import (
    CodeRefused,
    Duplicate,
    InvalidValue,
    KeyUsed,
    NotFound,
    NotWhatWasShown,
    TooMany,
)
from branch_desk.models.money import Currency
from branch_desk.operations.payments import beneficiaries
from branch_desk.operations.payments.beneficiaries import LOOK_UPS_A_DAY, Proposal
from tests.access_builders import events, mails
from tests.builders import World
from tests.payers import Payer, a_payer, another_account


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


HERE = Proposal(
    key=new_id(),
    kind=BeneficiaryKind.COOPERATIVE,
    account_kind=AccountKind.SAVINGS,
    number="0077001122",
    currency=Currency.BOB,
)


def here(number: str = "0077001122", **about: Any) -> Proposal:
    return replace(HERE, key=new_id(), number=number, **about)


def elsewhere(**about: Any) -> Proposal:
    return here(
        **{
            "kind": BeneficiaryKind.OTHER_BANK,
            "name": "Jaime Lazarte Rojas",
            "document_number": "5566778",
            "complement": "1a",
            "bank_code": "BNB",
        }
        | about
    )


def add(payer: Payer, proposal: Proposal, code: str = "") -> Any:
    shown = payer.portal(beneficiaries.preview, proposal)
    return payer.portal(
        beneficiaries.add,
        shown.proposal,
        shown_sha256=shown.sha256,
        code=code or payer.code(),
    )


@pytest.fixture
def jaime(world: World) -> Any:
    member = world.member(
        "000777", document_number="7007007", complement="", first_names="Jaime",
        first_surname="Lazarte", second_surname="",
    )  # fmt: skip
    return world.account(member, number="0077001122")


def test_an_account_here_shows_its_kind_and_a_masked_name(payer: Payer, jaime: Any) -> None:
    found = payer.portal(beneficiaries.look_up, "0077001122")
    assert found is not None
    assert (found.kind, found.currency, found.masked_name) == ("CA", "BOB", "J**** L******")


@pytest.mark.parametrize(
    "number", ["", "12 34 56", "1234-5678", "\uff11\uff12\uff13\uff14", "12a4", "1" * 25]
)
def test_a_number_is_digits_without_blanks_and_hyphens(payer: Payer, number: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        payer.portal(beneficiaries.look_up, number)
    assert refused.value.field == "number"


def test_names_are_not_to_be_learned_by_trying_numbers(
    world: World, payer: Payer, jaime: Any
) -> None:
    for n in range(LOOK_UPS_A_DAY):
        assert payer.portal(beneficiaries.look_up, f"9900{n:06}") is None
    with pytest.raises(TooMany):
        payer.portal(beneficiaries.look_up, "0077001122")
    world.clock.forward(days=1)
    payer.signs_in()
    assert payer.portal(beneficiaries.look_up, "0077001122") is not None


def test_who_is_registered_is_listed_told_and_recorded(
    world: World, payer: Payer, jaime: Any
) -> None:
    key = add(payer, here(name="somebody else's idea"))
    (row,) = payer.portal(beneficiaries.mine)
    assert (row.id, row.number, row.name) == (key, "0077001122", "J**** L******")
    assert row.low_until is not None
    assert mails(world, payer.access_id)[-1] == "beneficiary_added"
    assert events(world, key) == ["beneficiary:added"]


def test_an_account_at_another_bank_has_name_document_and_bank(payer: Payer) -> None:
    add(payer, elsewhere())
    (row,) = payer.portal(beneficiaries.mine)
    assert (row.name, row.bank) == (
        "Jaime Lazarte Rojas",
        dict(payer.portal(beneficiaries.banks))["BNB"],
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"bank_code": "NADIE"}, "bank"),
        ({"name": ""}, "name"),
        ({"name": "R2D2 <b>"}, "name"),
        ({"document_number": "12"}, "document_number"),
        ({"complement": "123456"}, "complement"),
        ({"number": "55 66"}, "number"),
        ({"account_kind": AccountKind.LOAN}, "account_kind"),
    ],
)
def test_each_field_is_asked_for_at_its_place(
    payer: Payer, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        add(payer, elsewhere(**wrong))
    assert refused.value.field == field


def test_one_does_not_register_oneself_nor_anybody_twice(
    world: World, payer: Payer, jaime: Any
) -> None:
    another_account(world, payer)
    with pytest.raises(InvalidValue):
        add(payer, here("300000012"))
    with pytest.raises(NotFound):
        add(payer, here("0077001122", account_kind=AccountKind.CURRENT))
    add(payer, here())
    with pytest.raises(Duplicate):
        add(payer, here())
    add(payer, elsewhere())
    with pytest.raises(Duplicate):
        add(payer, elsewhere())
    add(payer, elsewhere(bank_code="BIS"))


def test_the_same_key_adds_once_and_other_data_are_refused(payer: Payer, jaime: Any) -> None:
    proposal = here()
    key = add(payer, proposal)
    shown = "0" * 64
    with pytest.raises(KeyUsed):
        payer.portal(beneficiaries.add, proposal, shown_sha256=shown, code=payer.code())
    (row,) = payer.portal(beneficiaries.mine)
    assert row.id == key


def test_what_was_not_shown_is_not_registered(payer: Payer, jaime: Any) -> None:
    shown = payer.portal(beneficiaries.preview, elsewhere())
    other = replace(shown.proposal, number="66677788")
    with pytest.raises(NotWhatWasShown):
        payer.portal(beneficiaries.add, other, shown_sha256=shown.sha256, code=payer.code())
    with pytest.raises(CodeRefused):
        add(payer, here(), "000000")
    assert payer.portal(beneficiaries.mine) == ()


def test_removed_is_gone_and_may_come_back(payer: Payer, jaime: Any) -> None:
    key = add(payer, here())
    payer.portal(beneficiaries.remove, key)
    assert payer.portal(beneficiaries.mine) == ()
    with pytest.raises(NotFound):
        payer.portal(beneficiaries.remove, key)
    assert add(payer, here()) != key


def test_nobody_removes_what_is_somebody_elses(world: World, payer: Payer, jaime: Any) -> None:
    key = add(payer, here())
    other = a_payer(world, world.desk(), 2)
    with pytest.raises(NotFound):
        other.portal(beneficiaries.remove, key)
    assert len(payer.portal(beneficiaries.mine)) == 1
