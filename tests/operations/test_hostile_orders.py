"""Hostile texts in orders: kept as typed or refused at their place, on receipt and in files as well (R58, R77)."""

import csv
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import update

from branch_desk.models.access import TotpDevice
from branch_desk.models.account import AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import BeneficiaryKind
from branch_desk.models.errors import InvalidCharacter, InvalidValue
from branch_desk.models.money import Currency
from branch_desk.operations.enquiries import receipts
from branch_desk.operations.exchange.batch_files import write_batches
from branch_desk.operations.exchange.batches import close_due
from branch_desk.operations.money import place
from branch_desk.operations.money.orders import digest, from_payload
from branch_desk.operations.payments import beneficiaries, subscriptions
from branch_desk.operations.portal import Portal
from branch_desk.reports import receipt
from tests.builders import World
from tests.operations.test_hostile_texts import HOSTILE, _kept
from tests.payers import Payer, a_beneficiary, a_payer, another_account, operations

FUNDS = "sueldo del mes de noviembre"
CUT_OFF = timedelta(minutes=30)
"""From noon in La Paz, where the tests' clock stands."""


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


def ordered(payer: Payer, order: Any) -> UUID:
    """Shown and confirmed, in a session that is never too old."""
    payer.world.clock.forward(seconds=1)
    shown = payer.portal(place.preview, order)
    code = payer.phone.code()
    return payer.portal(place.place, shown.order, shown_sha256=shown.sha256, code=code).id


def fresh_codes(world: World) -> None:
    """As if the authenticator had shown none yet: a test sends more than its minutes allow."""
    world.house.work(lambda work: work.session.execute(update(TotpDevice).values(last_step=1)))


def refusal_of(portal: Portal, field: str, operation: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether it was refused; then at that field, and at the character if there is one."""
    try:
        portal(operation, *args, **kwargs)
    except InvalidValue as refused:
        answer = refused
    else:
        return False
    assert answer.field == field, args
    if isinstance(answer, InvalidCharacter):
        assert isinstance(answer.position, int)
        assert answer.position >= 1
    return True


@pytest.mark.parametrize("field", ["concept", "origin", "destination"])
def test_an_order_keeps_a_hostile_text_as_it_is_or_refuses_it_at_its_field(
    world: World, payer: Payer, field: str
) -> None:
    to = another_account(world, payer, balance=0)
    kept: dict[UUID, str] = {}
    for text in HOSTILE:
        said = text if field == "concept" else f"{FUNDS} {text}"
        order = replace(payer.own(to, 1), **{field: said})  # type: ignore[arg-type]  # a text
        if refusal_of(payer.portal, field, place.preview, order):
            # Refused when it is placed as well, whatever hash comes along.
            send = {"shown_sha256": digest(order.payload()), "code": "000000"}
            assert refusal_of(payer.portal, field, place.place, order, **send)
            continue
        fresh_codes(world)
        kept[ordered(payer, order)] = _kept(said)
    assert len(kept) >= 45
    for row in operations(world):
        order = from_payload(row.id, row.payload)
        assert getattr(order, field) == kept[row.id]
        assert digest(row.payload) == row.payload_sha256 == digest(order.payload())


def test_receipts_and_files_bear_every_text_an_order_may_hold(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    noon = world.clock.now
    to = a_beneficiary(world, payer, name="Ana & Hijos <S.R.L.>")
    texts: dict[UUID, str] = {}
    for text in HOSTILE:
        order = payer.bank(
            to, 1, concept=text, origin=f"{FUNDS} {text}", destination=f"{text} {FUNDS}"
        )
        try:
            payer.portal(place.preview, order)
        except InvalidValue:
            continue
        fresh_codes(world)
        texts[ordered(payer, order)] = _kept(text)
    assert len(texts) >= 45
    for operation_id in texts:
        paper = payer.portal(receipts.mine, operation_id)
        assert receipt.render(paper).startswith(b"%PDF")
        assert world.house.job(receipts.verify, paper.number, paper.code).genuine
    world.clock.now = noon + CUT_OFF
    close_due(world.house)
    (batch,) = write_batches(world.house, tmp_path)
    with batch.csv.open(encoding="utf-8", newline="") as file:
        rows = {UUID(row["operation_id"]): row for row in csv.DictReader(file, delimiter=";")}
    assert rows.keys() == texts.keys()
    for operation_id, row in rows.items():
        cell = row["concept"]
        # A spreadsheet would calculate it: such a cell begins with an apostrophe.
        assert cell.removeprefix("'") == texts[operation_id].removeprefix("'")
        assert cell[0] not in "=+@-\t\r"
    assert batch.xml is not None
    root = ET.parse(batch.xml).getroot()
    told = [each.text for each in root.iter() if each.tag.endswith("}Ustrd")]
    assert len(told) == len(texts)


def test_a_beneficiarys_name_is_kept_as_it_is_or_refused_at_its_character(
    world: World, payer: Payer
) -> None:
    kept = {}
    for place_, text in enumerate(HOSTILE):
        wanted = beneficiaries.Proposal(
            key=new_id(), kind=BeneficiaryKind.OTHER_BANK, account_kind=AccountKind.SAVINGS,
            number=f"7{place_:06}", currency=Currency.BOB, name=text,
            document_number="5566778", bank_code="BNB",
        )  # fmt: skip
        if refusal_of(payer.portal, "name", beneficiaries.preview, wanted):
            continue
        shown = payer.portal(beneficiaries.preview, wanted)
        fresh_codes(world)
        code = payer.phone.code()
        key = payer.portal(beneficiaries.add, shown.proposal, shown_sha256=shown.sha256, code=code)
        kept[key] = _kept(text)
    assert {row.id: row.name for row in payer.portal(beneficiaries.mine)} == kept
    assert len(kept) >= 5


def test_a_services_description_is_kept_as_it_is_or_refused(world: World, payer: Payer) -> None:
    kept = {}
    for place_, text in enumerate(HOSTILE):
        key, client = new_id(), str(440_000 + place_)
        given = (key, "CRE", client, text)
        if not refusal_of(payer.portal, "description", subscriptions.add, *given):
            kept[key] = _kept(text)
    assert {row.id: row.description for row in payer.portal(subscriptions.mine)} == kept
    assert len(kept) > 50
