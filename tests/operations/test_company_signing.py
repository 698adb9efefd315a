"""A company's representatives order together or alone, each by the limits of the form (F6, F9)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from branch_desk.models.access import Access, GrantedAccount, GrantedLimit
from branch_desk.models.account import Handling
from branch_desk.models.enrolment import Enrolment, SigningRule
from branch_desk.models.errors import AccountUnfit, CodeRefused, LimitExceeded, NotASigner, NotFound
from branch_desk.models.operation import OperationStatus
from branch_desk.models.parameter import LimitKind
from branch_desk.operations.money import cosigning, ledger, place
from branch_desk.operations.users import access
from branch_desk.operations.work import Work
from tests.access_builders import (
    a_representative,
    an_enrolment,
    approved,
    choose,
    events,
    mails,
    row,
)
from tests.builders import World
from tests.payers import (
    Payer,
    _through_first_access,
    a_beneficiary,
    a_payer,
    balance,
    granted,
    operations,
    postings,
)

LONG_AGO = timedelta(days=90)


@dataclass
class Company:
    """El Tajibo, whose two representatives each have a user of their own."""

    rosa: Payer
    hugo: Payer
    account_id: UUID
    payee: UUID
    """A beneficiary in the cooperative."""


def a_company(world: World, rule: SigningRule, *, of_hugo: int = 200_000) -> Company:
    """Enrolled with two representatives and approved, as their users then are."""
    member_id = world.company()
    account_id = world.account(member_id, number="2000100")
    enrolment_id = an_enrolment(world, member_id)
    world.house.work(
        lambda work: work.session.execute(
            update(Enrolment).where(Enrolment.id == enrolment_id).values(signing_rule=rule)
        )
    )
    people = [
        a_representative(world, enrolment_id, document="4111111", user_name="rflores", name="Rosa"),
        a_representative(world, enrolment_id, document="4222222", user_name="hflores", name="Hugo"),
    ]
    for person, per_day in zip(people, (200_000, of_hugo), strict=True):
        choose(world, enrolment_id, account_id, person, per_day=per_day)
    users = {row(world, each).user_name: each for each in approved(world, enrolment_id)}
    rosa, hugo = (
        Payer(
            world,
            member_id,
            users[name],
            _through_first_access(world, users[name]),
            account_id,
            name,
        )
        for name in ("rflores", "hflores")
    )
    world.house.work(
        lambda work: work.session.execute(update(Access).values(active_since=work.now - LONG_AGO))
    )
    other = a_payer(world, world.house)  # type: ignore[arg-type]  # nobody asks the desk
    return Company(rosa, hugo, account_id, a_beneficiary(world, rosa, other.account_id))


def sign(payer: Payer, operation_id: UUID, code: str = "") -> OperationStatus:
    sha256 = operations(payer.world)[0].payload_sha256
    return payer.portal(
        cosigning.sign, operation_id, shown_sha256=sha256, code=code or payer.code()
    )


def test_one_representative_orders_and_the_other_completes(world: World) -> None:
    company = a_company(world, SigningRule.JOINT_TWO)
    placed = company.rosa.orders(company.rosa.third(company.payee, 50_000))
    assert placed.status is OperationStatus.WAITING
    assert (balance(world, company.account_id), postings(world, placed.id)) == (500_000, [])
    assert mails(world, company.hugo.access_id)[-1] == "signature_wanted"
    assert "signature_wanted" not in mails(world, company.rosa.access_id)
    assert company.rosa.portal(cosigning.waiting) == ()
    with pytest.raises(NotASigner):
        sign(company.rosa, placed.id)
    (waits,) = company.hugo.portal(cosigning.waiting)
    assert (waits.id, waits.needed, len(waits.signed_by)) == (placed.id, 2, 1)
    assert waits.ordered_by == "Rosa Flores"
    with pytest.raises(CodeRefused):
        sign(company.hugo, placed.id, company.rosa.phone.code())
    assert sign(company.hugo, placed.id) is OperationStatus.DONE
    assert balance(world, company.account_id) == 450_000
    assert events(world, placed.id) == [
        "operation:prepared", "operation:signed", "operation:placed",
    ]  # fmt: skip
    assert company.hugo.portal(cosigning.waiting) == ()
    assert world.house.job(ledger.check).sound


def test_a_company_of_sole_signature_needs_one(world: World) -> None:
    company = a_company(world, SigningRule.SOLE)
    placed = company.hugo.orders(company.hugo.third(company.payee, 50_000))
    assert placed.status is OperationStatus.DONE
    assert balance(world, company.account_id) == 450_000
    assert company.rosa.portal(cosigning.waiting) == ()


@pytest.mark.parametrize("rule", SigningRule)
def test_each_representative_has_limits_of_its_own_and_uses_up_its_own(
    world: World, rule: SigningRule
) -> None:
    company = a_company(world, rule, of_hugo=100_000)

    def done(first: Payer, second: Payer, centavos: int) -> None:
        placed = first.orders(first.third(company.payee, centavos))
        if rule is SigningRule.JOINT_TWO:
            (waits,) = second.portal(cosigning.waiting)
            second.portal(cosigning.sign, placed.id, shown_sha256=waits.sha256, code=second.code())

    done(company.hugo, company.rosa, 100_000)
    with pytest.raises(LimitExceeded) as refused:
        company.hugo.orders(company.hugo.third(company.payee, 1))
    assert refused.value.part == "per_day"
    # What Hugo ordered counts for Hugo: Rosa's whole amount is still there.
    done(company.rosa, company.hugo, 100_000)
    done(company.rosa, company.hugo, 100_000)
    assert balance(world, company.account_id) == 200_000

    def used(work: Work) -> list[int]:
        return [
            limit.used_in_day
            for who in (company.rosa, company.hugo)
            for limit in work.session.scalars(
                select(GrantedLimit).where(
                    GrantedLimit.access_id == who.access_id,
                    GrantedLimit.kind == LimitKind.THIRD_PARTY,
                )
            )
        ]

    assert world.house.work(used, reads=True) == [200_000, 100_000]


def test_who_was_not_given_the_account_on_the_form_does_not_sign_for_it(world: World) -> None:
    company = a_company(world, SigningRule.JOINT_TWO)
    placed = company.rosa.orders(company.rosa.third(company.payee, 50_000))
    world.house.work(
        lambda work: work.session.execute(
            delete(GrantedAccount).where(GrantedAccount.access_id == company.hugo.access_id)
        )
    )
    assert company.hugo.portal(cosigning.waiting) == ()
    with pytest.raises(NotFound):
        sign(company.hugo, placed.id)
    assert balance(world, company.account_id) == 500_000


def test_who_may_not_use_the_account_through_a_channel_does_not_sign_through_it(
    world: World,
) -> None:
    company = a_company(world, SigningRule.JOINT_TWO)
    placed = company.rosa.orders(company.rosa.third(company.payee, 50_000))
    world.house.work(
        lambda work: work.session.execute(
            update(GrantedAccount)
            .where(GrantedAccount.access_id == company.hugo.access_id)
            .values(web=False, mobile=True)
        )
    )
    assert company.hugo.portal(cosigning.waiting) == ()
    with pytest.raises(NotFound):
        sign(company.hugo, placed.id)
    assert balance(world, company.account_id) == 500_000


def test_without_a_second_representative_who_can_sign_nothing_is_ordered(
    world: World,
) -> None:
    company = a_company(world, SigningRule.JOINT_TWO)
    order = company.rosa.third(company.payee, 50_000)
    assert company.rosa.portal(place.preview, order).signers == 2
    world.desk()(access.suspend, company.hugo.access_id, "perdió el teléfono ayer")
    with pytest.raises(AccountUnfit) as refused:
        company.rosa.portal(place.preview, order)
    assert refused.value.reason == "no_other_signer"
    assert operations(world) == []


def test_who_need_not_sign_is_not_asked_to(world: World) -> None:
    company = a_company(world, SigningRule.SOLE)
    partner = a_payer(world, world.house, 2)  # type: ignore[arg-type]  # nobody asks the desk
    shared = world.account(
        company.rosa.member_id, partner.member_id, number="2000200", handling=Handling.JOINT
    )
    for each in (company.rosa, company.hugo, partner):
        granted(world, each.access_id, shared, debit=False)
    order = replace(company.rosa.third(company.payee, 50_000), debit_account_id=shared)
    assert company.rosa.orders(order).status is OperationStatus.WAITING
    assert mails(world, partner.access_id)[-1] == "signature_wanted"
    assert "signature_wanted" not in mails(world, company.hugo.access_id)
