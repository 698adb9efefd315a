"""Operations that need several signatures: joint accounts, companies that sign by two (F6, F8)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from branch_desk.models.access import Access, AccessStatus, GrantedAccount, LockReason
from branch_desk.models.account import Handling
from branch_desk.models.enrolment import SigningRule
from branch_desk.models.errors import (
    AccountUnfit,
    CodeRefused,
    LimitExceeded,
    NotASigner,
    NotEnoughFunds,
    NotFound,
    NotWhatWasShown,
    WrongState,
)
from branch_desk.models.operation import OperationStatus
from branch_desk.operations.money import cosigning, place
from branch_desk.operations.money.orders import digest
from branch_desk.operations.users import access
from tests.access_builders import an_access, events, mails
from tests.builders import World
from tests.payers import Payer, a_payer, another_account, balance, granted, operations, postings


@dataclass
class Couple:
    """Two members who hold an account together, both of whom must sign."""

    ana: Payer
    jaime: Payer
    joint: UUID
    own: UUID

    def order(self, centavos: int = 50_000) -> Any:
        return replace(self.ana.own(self.own, centavos), debit_account_id=self.joint)


@pytest.fixture
def couple(world: World) -> Couple:
    desk = world.desk()
    ana, jaime = a_payer(world, desk), a_payer(world, desk, 2)
    joint = world.account(
        ana.member_id, jaime.member_id, number="4455667788", handling=Handling.JOINT
    )
    for payer in (ana, jaime):
        granted(world, payer.access_id, joint, debit=False)
    return Couple(ana, jaime, joint, another_account(world, ana, balance=0))


def test_nothing_moves_until_all_have_signed(world: World, couple: Couple) -> None:
    placed = couple.ana.orders(couple.order())
    assert placed.status is OperationStatus.WAITING
    assert (balance(world, couple.joint), postings(world, placed.id)) == (500_000, [])
    assert mails(world, couple.jaime.access_id)[-1] == "signature_wanted"
    (waits,) = couple.jaime.portal(cosigning.waiting)
    assert (waits.id, waits.needed, waits.order.money.centavos) == (placed.id, 2, 50_000)
    status = couple.jaime.portal(
        cosigning.sign, placed.id, shown_sha256=waits.sha256, code=couple.jaime.code()
    )
    assert status is OperationStatus.DONE
    assert (balance(world, couple.joint), balance(world, couple.own)) == (450_000, 50_000)
    assert len(postings(world, placed.id)) == 1
    assert events(world, placed.id) == [
        "operation:prepared", "operation:signed", "operation:placed",
    ]  # fmt: skip
    assert couple.jaime.portal(cosigning.waiting) == ()


def test_one_person_signs_once(world: World, couple: Couple) -> None:
    placed = couple.ana.orders(couple.order())
    sha = operations(world)[0].payload_sha256
    with pytest.raises(NotASigner):
        couple.ana.portal(cosigning.sign, placed.id, shown_sha256=sha, code=couple.ana.code())
    assert couple.ana.portal(cosigning.waiting) == ()
    assert balance(world, couple.joint) == 500_000


def test_a_stranger_neither_sees_nor_signs_nor_cancels(world: World, couple: Couple) -> None:
    placed = couple.ana.orders(couple.order())
    stranger = a_payer(world, world.desk(), 3)
    sha = operations(world)[0].payload_sha256
    assert stranger.portal(cosigning.waiting) == ()
    with pytest.raises(NotFound):
        stranger.portal(cosigning.sign, placed.id, shown_sha256=sha, code=stranger.code())
    with pytest.raises(NotFound):
        stranger.portal(cosigning.cancel, placed.id)


def test_the_second_signs_what_was_shown_with_an_own_code(world: World, couple: Couple) -> None:
    placed = couple.ana.orders(couple.order())
    sha = operations(world)[0].payload_sha256
    code = couple.jaime.code()
    with pytest.raises(NotWhatWasShown):
        couple.jaime.portal(cosigning.sign, placed.id, shown_sha256="0" * 64, code=code)
    with pytest.raises(CodeRefused):
        couple.jaime.portal(
            cosigning.sign, placed.id, shown_sha256=sha, code=couple.ana.phone.code()
        )
    assert balance(world, couple.joint) == 500_000


def test_the_rules_are_asked_again_when_the_money_moves(world: World, couple: Couple) -> None:
    first, second = (
        couple.ana.orders(couple.order(400_000)),
        couple.ana.orders(couple.order(400_000)),
    )
    sha = operations(world)[0].payload_sha256
    jaime = couple.jaime
    jaime.portal(cosigning.sign, first.id, shown_sha256=sha, code=jaime.code())
    with pytest.raises(NotEnoughFunds):
        jaime.portal(cosigning.sign, second.id, shown_sha256=sha, code=jaime.code())
    assert balance(world, couple.joint) == 100_000
    assert operations(world)[1].status is OperationStatus.WAITING
    assert len(couple.jaime.portal(cosigning.waiting)) == 1


def test_the_limit_is_used_when_the_money_moves(world: World) -> None:
    desk = world.desk()
    ana = a_payer(world, desk, per_day=60_000, per_operation=60_000)
    jaime = a_payer(world, desk, 2)
    joint = world.account(ana.member_id, jaime.member_id, number="445566", handling=Handling.JOINT)
    for payer in (ana, jaime):
        granted(world, payer.access_id, joint, debit=False)
    own = another_account(world, ana, balance=0)
    order = replace(ana.own(own, 50_000), debit_account_id=joint)
    placed = ana.orders(order)
    ana.orders(ana.own(own, 60_000))  # the prepared one has used nothing yet
    with pytest.raises(LimitExceeded):
        jaime.portal(
            cosigning.sign, placed.id, shown_sha256=operations(world)[0].payload_sha256,
            code=jaime.code(),
        )  # fmt: skip


def test_who_signed_may_take_it_back(world: World, couple: Couple) -> None:
    placed = couple.ana.orders(couple.order())
    with pytest.raises(NotASigner):
        couple.jaime.portal(cosigning.cancel, placed.id)
    couple.ana.portal(cosigning.cancel, placed.id)
    sha = operations(world)[0].payload_sha256
    with pytest.raises(WrongState):
        couple.jaime.portal(cosigning.sign, placed.id, shown_sha256=sha, code=couple.jaime.code())
    assert operations(world)[0].status is OperationStatus.CANCELLED


def test_it_lapses_after_a_day(world: World, couple: Couple) -> None:
    placed = couple.ana.orders(couple.order())
    sha = operations(world)[0].payload_sha256
    world.clock.now = operations(world)[0].created_at + timedelta(hours=24) - timedelta(seconds=1)
    assert world.house.job(cosigning.lapse_due) == 0
    world.clock.forward(seconds=1)
    couple.jaime.signs_in()
    with pytest.raises(WrongState):
        couple.jaime.portal(
            cosigning.sign, placed.id, shown_sha256=sha, code=couple.jaime.phone.code()
        )
    assert couple.jaime.portal(cosigning.waiting) == ()
    assert world.house.job(cosigning.lapse_due) == 1
    assert world.house.job(cosigning.lapse_due) == 0
    assert operations(world)[0].status is OperationStatus.LAPSED
    assert balance(world, couple.joint) == 500_000


def test_what_a_suspended_user_prepared_is_not_completed(world: World, couple: Couple) -> None:
    placed = couple.ana.orders(couple.order())
    world.desk()(access.suspend, couple.ana.access_id, "perdió el teléfono ayer")
    with pytest.raises(WrongState):
        couple.jaime.portal(
            cosigning.sign, placed.id, shown_sha256=operations(world)[0].payload_sha256,
            code=couple.jaime.code(),
        )  # fmt: skip
    assert balance(world, couple.joint) == 500_000


def test_the_same_order_sent_again_is_still_one(world: World, couple: Couple) -> None:
    order = couple.order()
    placed = couple.ana.orders(order)
    shown = couple.ana.portal(place.preview, order)
    assert shown.signers == 2
    again = couple.ana.portal(place.place, shown.order, shown_sha256=shown.sha256, code="000000")
    assert again == placed
    assert len(operations(world)) == 1


def is_refused(payer: Payer, order: Any) -> None:
    """Neither shown nor taken, and said at the account's field why."""
    sha256 = digest(order.payload())
    for ask in (
        lambda: payer.portal(place.preview, order),
        lambda: payer.portal(place.place, order, shown_sha256=sha256, code=payer.code()),
    ):
        with pytest.raises(AccountUnfit) as refused:
            ask()
        assert (refused.value.field, refused.value.reason) == ("debit_account", "no_other_signer")
    assert operations(payer.world) == []


def with_jaime(couple: Couple, rights: dict[str, Any], user: dict[str, Any]) -> None:
    """Change what the form gave him, and his user."""
    his = (
        GrantedAccount.access_id == couple.jaime.access_id,
        GrantedAccount.account_id == couple.joint,
    )

    def store(work: Any) -> None:
        if rights:
            work.session.execute(update(GrantedAccount).where(*his).values(**rights))
        if user:
            where = Access.id == couple.jaime.access_id
            work.session.execute(update(Access).where(where).values(**user))

    couple.ana.world.house.work(store)


UNABLE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "suspended": ({}, {"status": AccessStatus.SUSPENDED}),
    "closed": ({}, {"status": AccessStatus.CLOSED}),
    "does not see the account": ({"consult": False}, {}),
    "through no channel": ({"web": False, "mobile": False}, {}),
    "through channels that do not meet": ({"mobile": False}, {"by_web": False}),
}


@pytest.mark.parametrize("why", UNABLE)
def test_an_order_that_no_other_could_sign_is_refused_and_not_left_to_lapse(
    world: World, couple: Couple, why: str
) -> None:
    with_jaime(couple, *UNABLE[why])
    is_refused(couple.ana, couple.order())


@pytest.mark.parametrize("invited", [False, True])
def test_a_holder_without_an_active_user_signs_nothing(
    world: World, couple: Couple, invited: bool
) -> None:
    access_id = an_access(world, number="000990", user_name="rosa", document_number="990990")
    holder = world.house.work(lambda work: work.session.get_one(Access, access_id).member_id)
    if not invited:
        holder = world.member("000991", document_number="991991")
    joint = world.account(
        couple.ana.member_id, holder, number="4455660001", handling=Handling.JOINT
    )
    for each in (couple.ana.access_id, access_id):
        granted(world, each, joint, debit=False)
    is_refused(couple.ana, replace(couple.order(), debit_account_id=joint))


def test_all_the_others_must_be_able_to_sign(world: World, couple: Couple) -> None:
    third = a_payer(world, world.desk(), 3)
    of_three = world.account(
        *(each.member_id for each in (couple.ana, couple.jaime, third)),
        number="4455660002", handling=Handling.JOINT,
    )  # fmt: skip
    for each in (couple.ana, couple.jaime):
        granted(world, each.access_id, of_three, debit=False)
    order = replace(couple.order(), debit_account_id=of_three)
    is_refused(couple.ana, order)
    granted(world, third.access_id, of_three, debit=False)
    assert couple.ana.orders(order).status is OperationStatus.WAITING


def test_one_who_is_locked_may_be_unlocked_in_time(world: World, couple: Couple) -> None:
    with_jaime(couple, {}, {"locked_at": world.clock.now, "lock_reason": LockReason.PASSWORD})
    assert couple.ana.orders(couple.order()).status is OperationStatus.WAITING
    assert mails(world, couple.jaime.access_id)[-1] == "signature_wanted"


def test_another_member_is_no_second_person_of_a_company(world: World) -> None:
    desk = world.desk()
    first, second = a_payer(world, desk), a_payer(world, desk, 2)
    granted(world, second.access_id, first.account_id)
    world.house.work(
        lambda work: work.session.execute(update(Access).values(signing_rule=SigningRule.JOINT_TWO))
    )
    is_refused(first, first.own(another_account(world, first, balance=0), 1_000))
