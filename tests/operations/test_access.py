"""The user that an approval makes, and how it is found, shown and ended."""

import pytest
from sqlalchemy import select

from branch_desk.models.access import Access, AccessStatus, TotpDevice
from branch_desk.models.errors import (
    LinkInvalid,
    NotAllowed,
    NotFound,
    ReasonMissing,
    SelfDealing,
    SignInFailed,
    WrongState,
)
from branch_desk.models.money import Currency, Money
from branch_desk.models.staff import Role
from branch_desk.operations.users import access, first_access, member_sign_in
from branch_desk.operations.users.first_steps import FirstStep
from tests.access_builders import (
    HOME,
    MEMBER_PASSWORD,
    a_representative,
    an_access,
    an_active,
    an_enrolment,
    approved,
    choose,
    events,
    link_of,
    mails,
    row,
)
from tests.builders import World

WHY = "Denunció la pérdida de su celular"


def test_an_approval_makes_one_user_with_what_was_chosen_and_one_mail(world: World) -> None:
    member = world.member()
    account = world.account(member)
    enrolment_id = an_enrolment(world, member)
    choose(world, enrolment_id, account)
    (access_id,) = approved(world, enrolment_id)
    shown = world.desk()(access.file, access_id)
    assert (shown.row.user_name, shown.row.status) == ("amendez", AccessStatus.INVITED)
    assert [(each.number, each.debit, each.web, each.mobile) for each in shown.accounts] == [
        ("1000200030", True, True, False)
    ]
    assert shown.limits[0].per_day == Money(200_000, Currency.BOB)
    assert len(shown.billers) == 1
    assert shown.steps.next is FirstStep.PASSWORD
    assert mails(world, access_id) == ["set_password"]
    assert events(world, access_id) == ["access:created", "link:issued", "access:viewed"]


def test_each_representative_of_a_company_gets_a_user_with_own_limits(world: World) -> None:
    company = world.company()
    account = world.account(company)
    enrolment_id = an_enrolment(world, company)
    for document, user, day in (("700001", "rflores", 300_000), ("700002", "jflores", 700_000)):
        representative = a_representative(
            world, enrolment_id, document=document, user_name=user, name=user[0].upper() + "osa"
        )
        choose(world, enrolment_id, account, representative, per_day=day)
    made = approved(world, enrolment_id)
    shown = [world.desk()(access.file, each) for each in made]
    assert [(each.row.user_name, each.limits[0].per_day.centavos) for each in shown] == [
        ("rflores", 300_000),
        ("jflores", 700_000),
    ]
    assert [each.row.document for each in shown] == ["700001", "700002"]
    assert {each.email for each in shown} == {"rflores@example.com", "jflores@example.com"}
    assert all(each.row.is_company and len(each.accounts) == 1 for each in shown)
    assert [mails(world, each) for each in made] == [["set_password"], ["set_password"]]


@pytest.mark.parametrize(
    "text",
    [
        "amend",
        "AMENDEZ",
        "4567891",
        "4567891-1b",
        "4567",
        "000123",
        "méndez",
        "Mendez rios ana",
        "ana ma",
    ],
)
def test_a_user_is_found_by_whatever_the_member_says(world: World, text: str) -> None:
    access_id = an_access(world)
    an_access(world, number="000124", user_name="jlazarte", document_number="555777", complement="", first_names="Jaime", first_surname="Lazarte", second_surname="")  # fmt: skip
    found = world.desk()(access.find, text)
    assert [(each.id, each.user_name) for each in found] == [(access_id, "amendez")]


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "'; DROP TABLE access; --", "zzz", "999999"])
def test_what_names_nobody_finds_nobody(world: World, text: str) -> None:
    an_access(world)
    assert world.desk()(access.find, text) == ()


def test_no_more_than_fifty_are_found(world: World) -> None:
    for count in range(52):
        an_access(
            world,
            number=f"0010{count:02}",
            user_name=f"socio{count:02}",
            document_number=f"8000{count:02}",
            complement="",
        )
    assert len(world.desk()(access.find, "socio")) == 50


def test_a_suspended_user_cannot_enter_and_comes_back_as_it_was(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    desk, boss = world.desk(), world.desk("jefa", Role.SUPERVISOR)
    for reason in ("", "corto"):
        with pytest.raises(ReasonMissing):
            desk(access.suspend, access_id, reason)
    desk(access.suspend, access_id, WHY)
    with pytest.raises(SignInFailed):
        member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    with pytest.raises(WrongState):
        desk(access.suspend, access_id, WHY)
    with pytest.raises(NotAllowed):
        desk(access.resume, access_id, "Recuperó su celular en su casa")
    boss(access.resume, access_id, "Recuperó su celular en su casa")
    member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    assert mails(world, access_id)[-2:] == ["suspended", "resumed"]


def test_closing_ends_everything_that_could_open_it(world: World) -> None:
    access_id = an_access(world)
    link = link_of(world, access_id)
    boss = world.desk("jefa", Role.SUPERVISOR)
    with pytest.raises(NotAllowed):
        world.desk()(access.close, access_id, WHY)
    boss(access.close, access_id, WHY)
    with pytest.raises(LinkInvalid):
        first_access.open_link(world.house, link)
    with pytest.raises(WrongState):
        boss(access.resume, access_id, WHY)
    assert row(world, access_id).status is AccessStatus.CLOSED
    live = world.house.work(
        lambda work: work.session.scalars(
            select(TotpDevice).where(TotpDevice.revoked_at.is_(None))
        ).all()
    )
    assert list(live) == []
    assert events(world, access_id)[-1] == "access:closed"


def test_nobody_suspends_or_closes_oneself(world: World) -> None:
    access_id, _ = an_active(world, world.desk())
    herself = world.desk("ana", Role.SUPERVISOR, document="4567891-1B")
    for deed in (access.suspend, access.close):
        with pytest.raises(SelfDealing):
            herself(deed, access_id, WHY)


def test_a_person_has_one_live_user_for_a_member(world: World) -> None:
    member = world.member()
    approved(world, an_enrolment(world, member))
    with pytest.raises(Exception, match="ChangedMeanwhile"):
        approved(world, an_enrolment(world, member, user_name="amendez2"))
    count = world.house.work(lambda work: len(work.session.scalars(select(Access.id)).all()))
    assert count == 1


def test_an_unknown_user_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.desk()(access.file, world.branch_id)
    with pytest.raises(NotFound):
        world.desk()(access.steps, world.branch_id)
