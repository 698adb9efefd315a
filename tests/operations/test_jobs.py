"""What is due: expiries and tidying up, any number of times."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from branch_desk.mailing import SmtpSender
from branch_desk.models.access import Delivery
from branch_desk.models.database import Database
from branch_desk.models.enrolment import Enrolment, Status, UserName
from branch_desk.models.outbox import Mail, MailStatus
from branch_desk.models.staff import Draft
from branch_desk.operations.house import jobs
from branch_desk.operations.house.outbox import Counts
from branch_desk.operations.users import credential
from branch_desk.operations.work import House
from tests.access_builders import an_access, an_enrolment, events
from tests.builders import World
from tests.smtp import mail_server

NOTHING = jobs.JobCounts(Counts(), 0, 0, 0, 0)


def _status(world: World) -> list[Status]:
    return world.house.work(
        lambda work: list(work.session.scalars(select(Enrolment.status).order_by(Enrolment.number)))
    )


def test_an_open_request_expires_after_thirty_days_and_frees_its_user_name(world: World) -> None:
    member = world.member()
    enrolment_id = an_enrolment(world, member, status=Status.CONFIGURED)
    world.clock.forward(days=30)
    assert jobs.run_due(world.house, None) == NOTHING
    world.clock.forward(seconds=1)
    assert jobs.run_due(world.house, None).expired_requests == 1
    assert _status(world) == [Status.EXPIRED]
    assert world.house.work(lambda work: work.session.scalars(select(UserName.folded)).all()) == []
    assert events(world, enrolment_id) == ["enrolment:expired"]
    assert jobs.run_due(world.house, None) == NOTHING


def test_a_request_somebody_holds_does_not_expire_under_the_hands(world: World) -> None:
    member = world.member()
    officer = world.staff()
    enrolment_id = an_enrolment(world, member, status=Status.CONFIGURED)
    world.clock.forward(days=31)

    def hold(work: object) -> None:
        enrolment = work.session.get_one(Enrolment, enrolment_id)  # type: ignore[attr-defined]  # Work
        enrolment.held_by, enrolment.held_until = officer.staff_id, world.clock.now

    world.house.work(hold)
    assert jobs.run_due(world.house, None).expired_requests == 0
    world.clock.forward(seconds=1)
    assert jobs.run_due(world.house, None).expired_requests == 1


def test_an_approved_request_never_expires(world: World) -> None:
    an_access(world)
    world.clock.forward(days=400)
    jobs.run_due(world.house, None)
    assert _status(world) == [Status.APPROVED]


def test_credentials_and_links_end_with_their_time_and_a_dead_link_is_not_sent(
    world: World,
) -> None:
    access_id = an_access(world)
    credential.issue(world.desk(), access_id, Delivery.SCREEN)
    world.clock.forward(hours=24)
    with mail_server() as (postbox, smtp):
        done = jobs.run_due(
            world.house, SmtpSender(smtp, "a@example.coop", "https://portal.example.coop")
        )
        assert (done.expired_links, done.expired_credentials, done.mails) == (1, 0, Counts())
        assert postbox.arrived == []
    (mail,) = world.house.work(lambda work: work.session.scalars(select(Mail)).all())
    assert (mail.status, mail.secret) == (MailStatus.CANCELLED, None)
    world.clock.forward(hours=48)
    assert jobs.run_due(world.house, None).expired_credentials == 1
    assert events(world, access_id)[-2:] == ["link:expired", "credential:expired"]
    assert jobs.run_due(world.house, None) == NOTHING


def test_a_draft_nobody_touched_for_a_month_is_dropped(world: World) -> None:
    officer = world.staff()
    world.house.work(
        lambda work: work.session.add(
            Draft(staff_id=officer.staff_id, subject="new", content=b"x", saved_at=work.now)
        )
    )
    world.clock.forward(days=30)
    assert jobs.run_due(world.house, None).dropped_drafts == 0
    world.clock.forward(seconds=1)
    assert jobs.run_due(world.house, None).dropped_drafts == 1


def test_several_machines_at_once_do_each_thing_once(world: World) -> None:
    for count in range(8):
        member = world.member(f"0003{count:02}", document_number=f"70010{count}", complement="")
        an_enrolment(world, member, user_name=f"socio{count}", status=Status.SUBMITTED)
    world.clock.forward(days=31)
    url = world.house.database.url.render_as_string(hide_password=False)
    houses = [
        House(Database(url, clock=world.clock), world.house.keys, world.house.hasher)
        for _ in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda house: jobs.run_due(house, None), houses))
    for house in houses:
        house.database.close()
    assert sum(each.expired_requests for each in done) == 8
    assert set(_status(world)) == {Status.EXPIRED}
