"""What a member changes alone: by code, told by mail, recorded (F36)."""

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from branch_desk.models.access import Delivery, LockReason
from branch_desk.models.audit import AuditEvent
from branch_desk.models.errors import (
    CodeRefused,
    InvalidValue,
    LockedOut,
    SessionEnded,
    SignInFailed,
    SupervisorNeeded,
    WeakPassword,
)
from branch_desk.models.outbox import Mail
from branch_desk.operations.portal import Portal
from branch_desk.operations.users import (
    credential,
    first_access,
    member_sign_in,
    own_settings,
    self_unlock,
    unlock,
)
from branch_desk.operations.users.unlock import POINTS_NEEDED
from tests.access_builders import (
    HOME,
    MEMBER_PASSWORD,
    MEMBER_PIN,
    Phone,
    a_phone,
    a_portal,
    an_access,
    an_active,
    change,
    events,
    link_of,
    mails,
    row,
    with_secrets,
)
from tests.builders import World
from tests.snapshots import changed, ends, everything, newer

NEW = "Quebracho52x"
QUESTION = "¿En qué calle vivía su abuela?"


class Member:
    """An active member, signed in, with the phone in hand."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.id, self.phone = an_active(world, world.desk())
        self.portal = a_portal(world, self.id)

    def code(self) -> str:
        """A code that was not used yet."""
        self.world.clock.forward(seconds=30)
        return self.phone.code()

    def signs_in(self, password: str, pin: str = MEMBER_PIN) -> bool:
        try:
            given = member_sign_in.password(self.world.house, "amendez", password, HOME)
            member_sign_in.pin(self.world.house, given, pin, HOME)
        except SignInFailed:
            return False
        return True


def _password(me: Member, code: str, *, given: str = MEMBER_PASSWORD) -> None:
    own_settings.change_password(me.portal, given, NEW, code)


def _pin(me: Member, code: str, *, given: str = MEMBER_PASSWORD) -> None:
    own_settings.change_pin(me.portal, given, "7162", code)


def _question(me: Member, code: str) -> None:
    own_settings.change_question(me.portal, QUESTION, "La del molle", code)


def _image(me: Member, code: str) -> None:
    me.portal(own_settings.choose_image, "llama", code=code)


def _contact(me: Member, code: str) -> None:
    me.portal(own_settings.change_contact, email="nueva@example.com", mobile="71234567", code=code)


CHANGES: dict[str, Callable[[Member, str], None]] = {
    "password": _password,
    "pin": _pin,
    "question": _question,
    "image": _image,
    "contact": _contact,
}
KEPT = (
    "password_hash",
    "pin_hash",
    "security_image",
    "secret_question",
    "answer_hash",
    "email",
    "mobile",
    "contact_changed_at",
)


def _kept(me: Member) -> tuple[object, ...]:
    access = row(me.world, me.id)
    return tuple(getattr(access, name) for name in KEPT)


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_recorded_and_told_by_mail(world: World, what: str) -> None:
    me = Member(world)
    before = _kept(me)
    CHANGES[what](me, me.code())
    assert _kept(me) != before
    assert events(world, me.id)[-1] == f"member:{what}_changed"
    assert mails(world, me.id)[-1] == f"{what}_changed"


@pytest.mark.parametrize("what", CHANGES)
def test_without_the_right_code_nothing_changes_and_the_code_is_counted(
    world: World, what: str
) -> None:
    me = Member(world)
    before, told = _kept(me), mails(world, me.id)
    for wrong in ("", "000000x", "12345"):
        with pytest.raises(CodeRefused):
            CHANGES[what](me, wrong)
    assert _kept(me) == before
    assert mails(world, me.id) == told
    assert row(world, me.id).failed_codes == 3
    code = me.code()
    CHANGES[what](me, code)
    assert row(world, me.id).failed_codes == 0


@pytest.mark.parametrize("what", CHANGES)
def test_a_code_serves_one_change_only(world: World, what: str) -> None:
    me = Member(world)
    code = me.code()
    me.portal(own_settings.choose_image, "faro", code=code)
    before = _kept(me)
    with pytest.raises(CodeRefused):
        CHANGES[what](me, code)
    assert _kept(me) == before


@pytest.mark.parametrize("what", CHANGES)
def test_five_wrong_codes_lock_and_end_the_session(world: World, what: str) -> None:
    me = Member(world)
    before = _kept(me)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            CHANGES[what](me, "12345")
    assert row(world, me.id).lock_reason is LockReason.CODE
    with pytest.raises((SessionEnded, LockedOut)):
        CHANGES[what](me, me.code())
    assert _kept(me) == before


@pytest.mark.parametrize("what", ["password", "pin"])
def test_three_wrong_passwords_in_the_settings_lock_like_those_of_a_sign_in(
    world: World, what: str
) -> None:
    me = Member(world)
    before = _kept(me)
    change_it = _password if what == "password" else _pin
    assert not me.signs_in("Equivocada1")
    code = me.code()
    with pytest.raises(SignInFailed):
        change_it(me, code, given="Equivocada1")
    assert row(world, me.id).failed_passwords == 2
    with pytest.raises(SignInFailed):
        change_it(me, code, given="Equivocada1")
    assert row(world, me.id).lock_reason is LockReason.PASSWORD
    with pytest.raises(SessionEnded):
        change_it(me, code)
    assert _kept(me) == before
    assert events(world, me.id).count("access:locked") == 1


def test_the_right_password_at_the_last_try_changes_it(world: World) -> None:
    me = Member(world)
    for _ in range(2):
        with pytest.raises(SignInFailed):
            _password(me, me.code(), given="Equivocada1")
    _password(me, me.code())
    assert row(world, me.id).failed_passwords == 0
    assert me.signs_in(NEW)


def test_a_new_password_is_the_only_one_and_ends_what_else_is_open(world: World) -> None:
    me = Member(world)
    half = member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    world.clock.forward(seconds=1)
    _password(me, me.code())
    assert me.portal(own_settings.settings).password_changed_at == world.clock.now
    with pytest.raises(SignInFailed):
        member_sign_in.pin(world.house, half, MEMBER_PIN, HOME)
    assert not me.signs_in(MEMBER_PASSWORD)
    assert me.signs_in(NEW)
    with pytest.raises(SessionEnded):
        me.portal(own_settings.settings)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("corta1A", "TOO_SHORT"),
        ("sinmayuscula1", "NO_UPPER"),
        ("Amendez2026", "USER_NAME"),
        ("A4567891b", "DOCUMENT"),
        (MEMBER_PASSWORD, "SAME"),
    ],
)
def test_a_new_password_obeys_the_rule_and_is_not_the_old_one(
    world: World, new: str, problem: str
) -> None:
    me = Member(world)
    with pytest.raises(WeakPassword) as refused:
        own_settings.change_password(me.portal, MEMBER_PASSWORD, new, me.code())
    assert problem in refused.value.facts["problems"]  # type: ignore[operator]
    assert refused.value.field == "new_password"
    assert me.signs_in(MEMBER_PASSWORD)


def test_what_stood_on_the_slip_never_becomes_the_password(world: World) -> None:
    access_id = an_access(world)
    clave = credential.issue(world.desk(), access_id, Delivery.SCREEN).reveal()
    ticket = first_access.redeem(world.house, link_of(world, access_id), clave).ticket.reveal()
    with_secrets(world, ticket)
    phone: Phone = a_phone(world, first_access.provision(world.house, ticket))
    first_access.confirm(world.house, ticket, phone.code())
    world.clock.forward(minutes=2)
    portal: Portal = a_portal(world, access_id)
    with pytest.raises(WeakPassword) as refused:
        own_settings.change_password(portal, MEMBER_PASSWORD, clave, phone.code())
    assert refused.value.facts["problems"] == ["INITIAL"]


def test_a_new_pin_is_asked_from_the_next_sign_in(world: World) -> None:
    me = Member(world)
    change(world, me.id, failed_pins=2)
    _pin(me, me.code())
    assert row(world, me.id).failed_pins == 0
    assert me.signs_in(MEMBER_PASSWORD, "7162")
    assert not me.signs_in(MEMBER_PASSWORD, MEMBER_PIN)


@pytest.mark.parametrize("new", ["1234", "1111", "456789", "19850314", "12a4", "123456789"])
def test_a_new_pin_that_is_guessed_at_sight_is_refused(world: World, new: str) -> None:
    me = Member(world)
    with pytest.raises(WeakPassword) as refused:
        own_settings.change_pin(me.portal, MEMBER_PASSWORD, new, me.code())
    assert refused.value.field == "pin"
    assert row(world, me.id).failed_passwords == 0


def test_a_new_picture_is_shown_at_the_next_sign_in(world: World) -> None:
    me = Member(world)
    _image(me, me.code())
    assert member_sign_in.begin(world.house, "amendez", HOME).name == "llama"
    with pytest.raises(InvalidValue):
        me.portal(own_settings.choose_image, "dragon", code=me.code())


def test_a_new_answer_unlocks_and_the_old_one_no_longer(world: World) -> None:
    me = Member(world)
    _question(me, me.code())
    assert me.portal(own_settings.settings).secret_question == QUESTION
    for _ in range(3):
        assert not me.signs_in("Equivocada1")
    self_unlock.unlock(world.house, "amendez", "Doña Petrona", "ana@example.com", HOME)
    assert row(world, me.id).locked_at is not None
    self_unlock.unlock(world.house, "amendez", " la DEL  molle", "ana@example.com", HOME)
    assert row(world, me.id).locked_at is None


@pytest.mark.parametrize(
    ("question", "answer", "field"),
    [
        ("¿Sí?", "La del molle", "question"),
        (QUESTION, "abuela", "answer"),
        (QUESTION, "123456", "answer"),
        (QUESTION, "amendez", "answer"),
    ],
)
def test_a_trivial_question_or_answer_is_refused(
    world: World, question: str, answer: str, field: str
) -> None:
    me = Member(world)
    before = _kept(me)
    with pytest.raises((InvalidValue, WeakPassword)) as refused:
        own_settings.change_question(me.portal, question, answer, me.code())
    assert refused.value.field == field
    assert _kept(me) == before


def _weak(me: Member, code: str) -> None:
    own_settings.change_password(me.portal, MEMBER_PASSWORD, "Amendez2026", code)


def _leaked(me: Member, code: str) -> None:
    own_settings.change_password(me.portal, MEMBER_PASSWORD, "Password123", code)


def _the_same(me: Member, code: str) -> None:
    own_settings.change_password(me.portal, MEMBER_PASSWORD, MEMBER_PASSWORD, code)


def _guessed_pin(me: Member, code: str) -> None:
    own_settings.change_pin(me.portal, MEMBER_PASSWORD, "1234", code)


def _no_question(me: Member, code: str) -> None:
    own_settings.change_question(me.portal, "¿Sí?", "La del molle", code)


def _guessed_answer(me: Member, code: str) -> None:
    own_settings.change_question(me.portal, QUESTION, "abuela", code)


REFUSED: dict[str, tuple[Callable[[Member, str], None], str, str, str]] = {
    "weak password": (_weak, "store_password", "WeakPassword", "new_password"),
    "leaked password": (_leaked, "store_password", "WeakPassword", "new_password"),
    "same password": (_the_same, "store_password", "WeakPassword", "new_password"),
    "guessed PIN": (_guessed_pin, "store_pin", "WeakPassword", "pin"),
    "no question": (_no_question, "store_question", "InvalidValue", "question"),
    "guessed answer": (_guessed_answer, "store_question", "WeakPassword", "answer"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_before_the_code_is_asked_is_recorded_once_without_the_secret(
    world: World, what: str
) -> None:
    me = Member(world)
    deed, operation, refusal, about = REFUSED[what]
    before, marks, code = everything(world), ends(world), me.code()
    with pytest.raises((WeakPassword, InvalidValue)):
        deed(me, code)
    assert changed(before, everything(world)) == {}
    (record,) = newer(world, marks)
    assert (record.event, record.access_id) == ("operation:refused", me.id)
    assert record.member_id == row(world, me.id).member_id
    assert json.loads(record.text)["facts"] == {
        "operation": f"own_settings.{operation}", "refusal": refusal, "field": about,
    }  # fmt: skip


@pytest.mark.parametrize("what", ["password", "pin", "question"])
def test_a_change_through_a_session_that_ended_is_refused_and_recorded(
    world: World, what: str
) -> None:
    me = Member(world)
    world.clock.forward(minutes=20)
    marks, code = ends(world), me.code()
    with pytest.raises(SessionEnded):
        CHANGES[what](me, code)
    (record,) = newer(world, marks)
    assert (record.event, record.access_id) == ("operation:refused", me.id)
    facts = json.loads(record.text)["facts"]
    assert (facts["operation"], facts["refusal"]) == (f"own_settings.store_{what}", "SessionEnded")


def _told(world: World, access_id: UUID) -> list[tuple[str, dict[str, str]]]:
    query = select(Mail.recipient, Mail.values).where(
        Mail.access_id == access_id, Mail.template == "contact_changed"
    )
    rows = world.house.work(lambda work: work.session.execute(query.order_by(Mail.id)).all())
    return [(recipient, json.loads(values)) for recipient, values in rows]


def test_the_old_address_and_the_new_one_are_told_with_the_new_data_masked(world: World) -> None:
    me = Member(world)
    _contact(me, me.code())
    after = row(world, me.id)
    assert (after.email, after.mobile) == ("nueva@example.com", "71234567")
    assert after.contact_changed_at == world.clock.now
    told = _told(world, me.id)
    assert [recipient for recipient, _ in told] == ["ana@example.com", "nueva@example.com"]
    for _, values in told:
        assert (values["email"], values["mobile"]) == ("n•••@example.com", "•••• 4567")
    said = world.house.work(
        lambda work: work.session.scalars(
            select(AuditEvent.text).where(AuditEvent.event == "member:contact_changed")
        ).one()
    )
    assert json.loads(said)["facts"]["fields"] == ["email", "mobile"]
    assert "nueva" not in said


def test_a_new_mobile_alone_is_told_once(world: World) -> None:
    me = Member(world)
    me.portal(
        own_settings.change_contact, email=" ANA@example.com", mobile="7123-4567", code=me.code()
    )
    assert [recipient for recipient, _ in _told(world, me.id)] == ["ana@example.com"]
    assert row(world, me.id).contact_changed_at == world.clock.now


def test_data_as_they_were_are_no_change_and_cost_no_code(world: World) -> None:
    me = Member(world)
    code = me.code()
    for email, mobile in (("ana@example.com", "70012345"), ("ANA@example.com ", "+591 70012345")):
        with pytest.raises(InvalidValue) as refused:
            me.portal(own_settings.change_contact, email=email, mobile=mobile, code=code)
        assert refused.value.facts["reason"] == "unchanged"
    assert row(world, me.id).contact_changed_at is None
    _contact(me, code)


@pytest.mark.parametrize(
    ("email", "mobile", "field"),
    [
        ("", "71234567", "email"),
        ("nueva@example.com", "", "mobile"),
        ("nueva@", "71234567", "email"),
        ("nueva@example.com\r\nBcc: x@example.com", "71234567", "email"),
        ("nueva@example.com", "12345678", "mobile"),
    ],
)
def test_data_that_are_none_are_refused_before_the_code_is_spent(
    world: World, email: str, mobile: str, field: str
) -> None:
    me = Member(world)
    code = me.code()
    with pytest.raises(InvalidValue) as refused:
        me.portal(own_settings.change_contact, email=email, mobile=mobile, code=code)
    assert refused.value.field == field
    assert _told(world, me.id) == []
    _contact(me, code)


def test_after_new_contact_data_unlocking_is_a_supervisors_for_three_days(world: World) -> None:
    me = Member(world)
    _contact(me, me.code())
    for _ in range(3):
        assert not me.signs_in("Equivocada1")
    self_unlock.unlock(world.house, "amendez", "Doña Petrona", "nueva@example.com", HOME)
    assert row(world, me.id).locked_at is not None
    with pytest.raises(SupervisorNeeded):
        world.desk()(unlock.unlock, me.id, reason="Olvidó su contraseña hoy", points=POINTS_NEEDED)


def test_the_page_of_ones_own_data_shows_no_secret(world: World) -> None:
    me = Member(world)
    shown = me.portal(own_settings.settings)
    assert (shown.user_name, shown.email, shown.mobile) == (
        "amendez",
        "ana@example.com",
        "70012345",
    )
    assert "argon2" not in repr(shown)
    assert "argon2" not in repr(me.portal(own_settings.situation))
