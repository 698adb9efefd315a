"""The outbox: claimed one by one, sent to a real server, settled."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select

from branch_desk.mailing import SmtpSender
from branch_desk.models.access import Delivery
from branch_desk.models.credentials import Secret
from branch_desk.models.database import Database
from branch_desk.models.outbox import Mail, MailStatus
from branch_desk.models.staff import Role
from branch_desk.operations.house import outbox
from branch_desk.operations.house.outbox import Counts, Letter, NotSent, Outcome, Sent, queue_mail
from branch_desk.operations.users import access, credential
from branch_desk.operations.users.first_steps import StepKind
from branch_desk.operations.work import House
from tests.access_builders import an_access, events, link_of, mails, row
from tests.builders import World
from tests.smtp import mail_server

FROM = "cosmartnet@example.coop"
PORTAL = "https://portal.example.coop"


class Answering:
    """A sender that answers what the test says, for what no real server can be brought to do."""

    def __init__(self, *answers: Outcome | None) -> None:
        self.answers = list(answers)
        self.seen: list[UUID] = []

    def __call__(self, letter: Letter) -> Sent:
        self.seen.append(letter.id)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise NotSent(answer, "421 nada\r\nque   ver")
        return Sent("unlocked 2026-1", "250 OK")


def _queue(world: World, count: int = 1) -> list[UUID]:
    return world.house.work(
        lambda work: [
            queue_mail(
                work,
                "unlocked",
                f"socio{each}@example.com",
                {"name": "A", "user": "a", "at": work.now.isoformat()},
            )
            for each in range(count)
        ]
    )


def _all(world: World) -> list[Mail]:
    return world.house.work(
        lambda work: list(work.session.scalars(select(Mail).order_by(Mail.created_at, Mail.id)))
    )


def test_the_approvals_mail_is_sent_and_its_secret_wiped(world: World) -> None:
    access_id = an_access(world)
    token = link_of(world, access_id)
    assert world.desk()(outbox.waiting) == 1
    world.clock.forward(minutes=1)
    with mail_server() as (postbox, smtp):
        assert outbox.send_due(world.house, SmtpSender(smtp, FROM, PORTAL)) == Counts(sent=1)
        assert outbox.send_due(world.house, SmtpSender(smtp, FROM, PORTAL)) == Counts()
    (mail,) = _all(world)
    assert (mail.status, mail.secret, mail.sent_at) == (MailStatus.SENT, None, world.clock.now)
    assert mail.template_version == "set_password 2026-1"
    body = postbox.arrived[0].get_body(("plain",))
    assert body is not None
    assert token in body.get_content()
    assert world.desk()(outbox.waiting) == 0
    assert events(world, access_id)[-1] == "mail:sent"
    (shown,) = world.desk("auditora", Role.AUDITOR)(outbox.for_subject, access_id)
    assert (shown.status, shown.recipient) == (MailStatus.SENT, "ana@example.com")
    assert world.desk()(access.steps, access_id).at(StepKind.LINK_SENT) == mail.sent_at


def test_an_address_that_does_not_exist_fails_for_good_and_the_desk_sees_it(world: World) -> None:
    access_id = an_access(world)
    with mail_server() as (postbox, smtp):
        postbox.answers["ana@example.com"] = "550 5.1.1 no such user"
        assert outbox.send_due(world.house, SmtpSender(smtp, FROM, PORTAL)) == Counts(failed=1)
    (shown,) = world.desk()(outbox.for_subject, access_id)
    assert (shown.status, shown.answer) == (MailStatus.FAILED, "550 5.1.1 no such user")
    assert _all(world)[0].secret is None
    assert world.desk()(access.steps, access_id).mail_status is MailStatus.FAILED
    assert events(world, access_id)[-1] == "mail:failed"


def test_a_full_mailbox_is_tried_again_ever_more_rarely_and_given_up(world: World) -> None:
    _queue(world)
    sender = Answering(*[Outcome.LATER] * 20)
    waits: list[float] = []
    while _all(world)[0].status is MailStatus.WAITING:
        assert len(waits) < 13
        outbox.send_due(world.house, sender)
        mail = _all(world)[0]
        waits.append((mail.next_try_at - world.clock.now).total_seconds() / 60)
        world.clock.now = mail.next_try_at
    assert waits[:5] == [2, 4, 8, 16, 32]
    assert max(waits) == 240
    assert len(waits) == 12
    assert _all(world)[0].status is MailStatus.FAILED
    assert _all(world)[0].answer == "421 nada que ver"


def test_a_mail_that_was_put_off_arrives_at_the_next_try(world: World) -> None:
    _queue(world)
    sender = Answering(Outcome.LATER, None)
    assert outbox.send_due(world.house, sender) == Counts(later=1)
    assert outbox.send_due(world.house, sender) == Counts()
    world.clock.forward(minutes=2)
    assert outbox.send_due(world.house, sender) == Counts(sent=1)


def test_an_unreachable_server_stops_the_run_and_uses_up_no_try(world: World) -> None:
    _queue(world, 3)
    sender = Answering(*[Outcome.UNREACHABLE] * 100)
    for _ in range(50):
        assert outbox.send_due(world.house, sender) == Counts(later=1)
        world.clock.forward(minutes=3)
    assert {mail.status for mail in _all(world)} == {MailStatus.WAITING}
    assert {mail.tries for mail in _all(world)} == {0}
    assert outbox.send_due(world.house, Answering()) == Counts(sent=3)


def test_a_program_that_dies_while_sending_leaves_the_mail_to_the_next(world: World) -> None:
    _queue(world)

    def dies(letter: Letter) -> Sent:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outbox.send_due(world.house, dies)
    assert _all(world)[0].status is MailStatus.WAITING
    assert outbox.send_due(world.house, Answering()) == Counts()
    world.clock.forward(minutes=2)
    assert outbox.send_due(world.house, Answering()) == Counts(sent=1)


def test_two_machines_at_once_send_each_mail_once(world: World) -> None:
    ids = _queue(world, 30)
    senders = [Answering() for _ in range(4)]
    houses = [House(a_world_again(world), world.house.keys, world.house.hasher) for _ in senders]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(outbox.send_due, houses, senders))
    for house in houses:
        house.database.close()
    assert sum(each.sent for each in counts) == 30
    assert sorted(each for sender in senders for each in sender.seen) == sorted(ids)


def a_world_again(world: World) -> Database:
    return Database(
        world.house.database.url.render_as_string(hide_password=False), clock=world.clock
    )


def test_a_mail_with_a_dead_link_is_taken_back(world: World) -> None:
    access_id = an_access(world)
    credential.issue(world.desk(), access_id, Delivery.SCREEN)
    world.desk()(credential.send_link, access_id)
    assert [(mail.status, mail.secret is None) for mail in _all(world)] == [
        (MailStatus.CANCELLED, True),
        (MailStatus.WAITING, False),
    ]
    with mail_server() as (postbox, smtp):
        outbox.send_due(world.house, SmtpSender(smtp, FROM, PORTAL))
    assert len(postbox.arrived) == 1


def test_a_person_without_address_shows_as_a_failed_mail(world: World) -> None:
    access_id = an_access(world, email="")
    (mail,) = _all(world)
    assert (mail.status, mail.secret) == (MailStatus.FAILED, None)
    assert row(world, access_id).email == ""
    assert mails(world, access_id) == ["set_password"]


@pytest.mark.parametrize("outcome", [None, Outcome.LATER, Outcome.REFUSED])
def test_a_server_that_quotes_the_mail_leaves_no_link_behind(
    world: World, outcome: Outcome | None
) -> None:
    token = Secret("k8Zq-una-llave-que-nadie-debe-leer")

    def quoting(letter: Letter) -> Sent:
        assert letter.token is not None
        said = f"550 refused: https://x/#{letter.token.reveal()}"
        if outcome is not None:
            raise NotSent(outcome, said)
        return Sent("set_password 2026-1", said)

    world.house.work(
        lambda work: queue_mail(work, "set_password", "a@example.com", {"name": "A"}, token=token)
    )
    outbox.send_due(world.house, quoting)
    (mail,) = _all(world)
    assert "550 refused" in mail.answer
    assert "nadie-debe-leer" not in mail.answer
