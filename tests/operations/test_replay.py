"""One code, one deed: whatever the deed and whichever the session, and sent twice it is still one (R37, R61)."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count, product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from branch_desk.models.access import Access
from branch_desk.models.account import AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Beneficiary, BeneficiaryKind
from branch_desk.models.calendar import local_day
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import CodeRefused, KeyUsed
from branch_desk.models.keys import token_digest
from branch_desk.models.member_session import MemberSession
from branch_desk.models.money import Currency
from branch_desk.models.schedule import Schedule
from branch_desk.operations.money import place
from branch_desk.operations.payments import beneficiaries, schedules
from branch_desk.operations.portal import Portal
from branch_desk.operations.users import own_settings
from branch_desk.operations.work import Work
from tests.builders import World, a_world
from tests.payers import a_payer, another_account

_numbers = count(60_000_001)


class Member:
    """A payer who confirms each kind of deed with a code of one's own choice."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.payer = a_payer(world, world.desk())
        self.to = another_account(world, self.payer, balance=0)

    def sits_at(self, channel: Channel) -> Portal:
        """A session through a channel; an older one ends."""
        token = f"token {new_id()}"
        self.payer.signs_in()

        def begin(work: Work) -> None:
            live = MemberSession.access_id == self.payer.access_id, MemberSession.ended_at.is_(None)
            work.session.execute(
                update(MemberSession).where(*live).values(ended_at=work.now, end_reason="newer")
            )
            work.session.add(
                MemberSession(
                    access_id=self.payer.access_id,
                    token_digest=token_digest(token),
                    channel=channel,
                    address="200.87.1.2",
                    started_at=work.now,
                    expires_at=work.now + timedelta(minutes=20),
                )
            )

        self.world.house.work(begin)
        return Portal(self.world.house, token)

    def order(self, portal: Portal, code: str) -> Any:
        shown = portal(place.preview, self.payer.own(self.to, 100))
        return portal(place.place, shown.order, shown_sha256=shown.sha256, code=code)

    def register(self, portal: Portal, code: str) -> UUID:
        shown = portal(beneficiaries.preview, a_friend())
        return portal(beneficiaries.add, shown.proposal, shown_sha256=shown.sha256, code=code)

    def plan(self, portal: Portal, code: str) -> UUID:
        shown = portal(schedules.preview, a_calendar(self))
        return portal(schedules.make, shown.proposal, shown_sha256=shown.sha256, code=code)

    def choose(self, portal: Portal, code: str) -> None:
        portal(own_settings.choose_image, "llama", code=code)


def a_friend() -> beneficiaries.Proposal:
    return beneficiaries.Proposal(
        key=new_id(), kind=BeneficiaryKind.OTHER_BANK, account_kind=AccountKind.SAVINGS,
        number=str(next(_numbers)), currency=Currency.BOB, name="Jaime Lazarte",
        document_number="5566778", bank_code="BNB",
    )  # fmt: skip


def a_calendar(member: Member) -> schedules.Proposal:
    return schedules.Proposal(
        key=new_id(), order=member.payer.own(member.to, 100),
        starts_on=local_day(member.world.clock.now),
    )  # fmt: skip


Deed = Callable[[Member, Portal, str], Any]
DEEDS: dict[str, Deed] = {
    "order": Member.order,
    "register": Member.register,
    "plan": Member.plan,
    "choose": Member.choose,
}


def answer(deed: Deed, member: Member, portal: Portal, code: str) -> str:
    try:
        deed(member, portal, code)
    except CodeRefused:
        return "no"
    return "yes"


def test_codes_a_b_a_b_are_yes_yes_no_no_whatever_the_deeds(world: World) -> None:
    member = Member(world)
    said = {}
    for first, second in product(DEEDS, DEEDS):
        world.clock.forward(minutes=2)
        portal = member.sits_at(Channel.WEB)
        a, b = member.payer.phone.code(), member.payer.phone.code(1)
        said[first, second] = [
            answer(DEEDS[name], member, portal, code)
            for name, code in ((first, a), (second, b), (second, a), (first, b))
        ]
        world.house.work(lambda work: work.session.execute(update(Access).values(failed_codes=0)))
    assert said == {key: ["yes", "yes", "no", "no"] for key in said}
    assert len(said) == len(DEEDS) ** 2


@pytest.mark.parametrize("channels", ["WEB MOBILE", "MOBILE WEB"])
def test_a_code_used_through_one_channel_is_used_for_the_other(world: World, channels: str) -> None:
    member = Member(world)
    first, second = map(Channel, channels.split())
    for name, deed in DEEDS.items():
        world.clock.forward(minutes=2)
        a, b = member.payer.phone.code(), member.payer.phone.code(1)
        answers = []
        for channel, code in ((first, a), (second, b), (first, a), (second, b)):
            answers.append(answer(deed, member, member.sits_at(channel), code))
        assert answers == ["yes", "yes", "no", "no"], name
        world.house.work(lambda work: work.session.execute(update(Access).values(failed_codes=0)))


def test_the_key_of_a_beneficiary_with_other_data_is_refused(world: World) -> None:
    """Also when the hash that is sent along is that of the first data."""
    member = Member(world)
    portal = member.sits_at(Channel.WEB)
    shown = portal(beneficiaries.preview, a_friend())
    send = {"shown_sha256": shown.sha256, "code": member.payer.code()}
    assert portal(beneficiaries.add, shown.proposal, **send) == shown.proposal.key
    assert portal(beneficiaries.add, shown.proposal, **send) == shown.proposal.key
    with pytest.raises(KeyUsed):
        portal(beneficiaries.add, replace(shown.proposal, number="77777777"), **send)


def test_the_key_of_a_schedule_with_other_data_is_refused(world: World) -> None:
    member = Member(world)
    portal = member.sits_at(Channel.WEB)
    shown = portal(schedules.preview, a_calendar(member))
    send = {"shown_sha256": shown.sha256, "code": member.payer.code()}
    assert portal(schedules.make, shown.proposal, **send) == shown.proposal.key
    assert portal(schedules.make, shown.proposal, **send) == shown.proposal.key
    later = replace(shown.proposal, starts_on=shown.proposal.starts_on + timedelta(days=1))
    with pytest.raises(KeyUsed):
        portal(schedules.make, later, **send)


@pytest.fixture
def postgres_member(postgres_url: str) -> Iterator[Member]:
    world = a_world(postgres_url)
    yield Member(world)
    world.house.database.close()


@pytest.mark.parametrize("what", ["register", "plan"])
def test_sent_twice_at_once_it_is_made_once_and_no_code_is_wrong(
    postgres_member: Member, what: str
) -> None:
    member = postgres_member
    portal = member.sits_at(Channel.WEB)
    operation: Any = beneficiaries.add if what == "register" else schedules.make
    shown: Any = (
        portal(beneficiaries.preview, a_friend())
        if what == "register"
        else portal(schedules.preview, a_calendar(member))
    )
    engine = member.world.house.database.engine
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    send = {"shown_sha256": shown.sha256, "code": member.payer.code()}
    with ThreadPoolExecutor(2) as pool, engine.connect() as other:
        other.execute(text("SELECT 1 FROM access FOR UPDATE"))
        twins = [pool.submit(lambda: portal(operation, shown.proposal, **send)) for _ in range(2)]
        end = time.monotonic() + 4
        while time.monotonic() < end:
            with engine.connect() as looking:
                if looking.scalar(waiting) >= 2:
                    break
            time.sleep(0.01)
        other.rollback()
        assert [each.result() for each in twins] == [shown.proposal.key] * 2
    table = Beneficiary if what == "register" else Schedule

    def kept(work: Work) -> tuple[int, int]:
        access = work.session.get_one(Access, member.payer.access_id)
        return len(work.session.scalars(select(table.id)).all()), access.failed_codes

    assert member.world.house.work(kept, reads=True) == (1, 0)
