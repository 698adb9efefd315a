"""The member's first access by the portal's door."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import update

from branch_desk.models.access import AccessStatus, Delivery, InitialCredential, LockReason
from branch_desk.models.errors import (
    AlreadyDone,
    CodeRefused,
    CredentialRefused,
    InvalidValue,
    LinkInvalid,
    LockedOut,
    SignInFailed,
    StepMissing,
    WeakPassword,
)
from branch_desk.models.passwords import Hasher
from branch_desk.models.staff import Role
from branch_desk.operations.users import access, credential, first_access, member_sign_in, totp
from branch_desk.operations.users.first_steps import FirstStep, StepKind
from branch_desk.operations.work import House
from tests.access_builders import (
    HOME,
    MEMBER_PASSWORD,
    MEMBER_PIN,
    a_phone,
    an_access,
    an_active,
    change,
    events,
    link_of,
    mails,
    redeemed,
    row,
    with_secrets,
)
from tests.builders import CHEAP, World


def _invited(world: World) -> tuple[UUID, str, str]:
    """A user with link and clave inicial."""
    access_id = an_access(world)
    clave = credential.issue(world.desk(), access_id, Delivery.SCREEN).reveal()
    return access_id, link_of(world, access_id), clave


def test_the_whole_way_ends_with_an_active_user_and_the_desk_sees_each_step(world: World) -> None:
    access_id, link, clave = _invited(world)
    house, desk = world.house, world.desk()
    assert first_access.open_link(house, link).user_name == "amendez"
    begun = first_access.redeem(house, link, clave)
    assert (begun.next, begun.name) == (FirstStep.PASSWORD, "Ana María Méndez Ríos")
    ticket = begun.ticket.reveal()
    world.clock.forward(minutes=1)
    assert first_access.set_password(house, ticket, MEMBER_PASSWORD) is FirstStep.PIN
    assert row(world, access_id).status is AccessStatus.ENROLLING
    world.clock.forward(minutes=1)
    assert first_access.set_pin(house, ticket, MEMBER_PIN) is FirstStep.IMAGE
    assert first_access.choose_image(house, ticket, "condor") is FirstStep.QUESTION
    assert (
        first_access.set_question(house, ticket, "¿Cómo se llamaba su perro?", "Capitán Nemo")
        is FirstStep.TOKEN
    )
    seen = desk(access.steps, access_id)
    assert seen.next is FirstStep.TOKEN
    phone = a_phone(world, first_access.provision(house, ticket))
    world.clock.forward(minutes=1)
    assert first_access.confirm(house, ticket, phone.code()).active
    seen = desk(access.steps, access_id)
    waiting_for_mail = {StepKind.LINK_SENT}
    assert {step.kind for step in seen.steps if step.at is None} == waiting_for_mail
    times = [step.at for step in seen.steps if step.at is not None]
    assert times == sorted(times)
    assert (seen.status, seen.next) == (AccessStatus.ACTIVE, None)
    with pytest.raises(LinkInvalid):
        first_access.set_pin(house, ticket, "9317")
    given = member_sign_in.password(house, "AMendez ", MEMBER_PASSWORD, HOME)
    assert given.security_image == "condor"
    member_sign_in.pin(house, given, MEMBER_PIN, HOME)
    assert events(world, access_id)[-1] == "member:signed_in"


def test_the_link_alone_and_the_credential_alone_open_nothing(world: World) -> None:
    access_id, link, clave = _invited(world)
    with pytest.raises(CredentialRefused):
        first_access.redeem(world.house, link, "Abcd2345Efgh")
    with pytest.raises(LinkInvalid):
        first_access.redeem(world.house, "x" * 43, clave)
    for wrong in (link[:-1], link + "a", link.swapcase(), "", " " + link):
        with pytest.raises(LinkInvalid):
            first_access.open_link(world.house, wrong)
    assert row(world, access_id).status is AccessStatus.INVITED


def test_a_credential_may_be_typed_in_groups(world: World) -> None:
    _, link, clave = _invited(world)
    grouped = f" {clave[:4]} {clave[4:8]}-{clave[8:]} "
    assert first_access.redeem(world.house, link, grouped).next is FirstStep.PASSWORD


def test_five_wrong_tries_end_a_credential(world: World) -> None:
    access_id, link, clave = _invited(world)
    for _ in range(5):
        with pytest.raises(CredentialRefused):
            first_access.redeem(world.house, link, "Abcd2345Efgh")
    with pytest.raises(CredentialRefused):
        first_access.redeem(world.house, link, clave)
    assert events(world, access_id).count("credential:failed") == 6
    assert world.desk()(credential.unused) == ()


def test_a_redeemed_link_and_credential_are_used_up(world: World) -> None:
    _, link, clave = _invited(world)
    first_access.redeem(world.house, link, clave)
    with pytest.raises(LinkInvalid):
        first_access.redeem(world.house, link, clave)
    with pytest.raises(LinkInvalid):
        first_access.open_link(world.house, link)


def test_a_credential_revoked_while_it_is_being_judged_opens_nothing(world: World) -> None:
    access_id, link, clave = _invited(world)
    desk = world.desk()

    class Interrupted(Hasher):
        def verify(self, kept: str, secret: str) -> bool:
            desk(credential.not_delivered, access_id)
            return super().verify(kept, secret)

    slow = House(world.house.database, world.house.keys, Interrupted(CHEAP))
    with pytest.raises(CredentialRefused):
        first_access.redeem(slow, link, clave)
    assert first_access.open_link(world.house, link).user_name == "amendez"


def test_link_and_credential_grow_too_old(world: World) -> None:
    access_id, link, clave = _invited(world)
    world.clock.forward(hours=24)
    with pytest.raises(LinkInvalid):
        first_access.redeem(world.house, link, clave)
    desk = world.desk()
    desk(credential.send_link, access_id)
    world.clock.forward(hours=23, minutes=59)
    fresh = link_of(world, access_id)
    world.house.work(
        lambda work: work.session.execute(
            update(InitialCredential).values(expires_at=world.clock.now)
        )
    )
    with pytest.raises(CredentialRefused):
        first_access.redeem(world.house, fresh, clave)


def test_the_ticket_is_good_for_the_steps_and_for_nothing_else(world: World) -> None:
    _, link, clave = _invited(world)
    ticket = first_access.redeem(world.house, link, clave).ticket.reveal()
    with pytest.raises(LinkInvalid):
        first_access.open_link(world.house, ticket)
    with pytest.raises(LinkInvalid):
        first_access.set_password(world.house, link, MEMBER_PASSWORD)
    world.clock.forward(minutes=61)
    with pytest.raises(LinkInvalid):
        first_access.set_password(world.house, ticket, MEMBER_PASSWORD)


def test_the_order_of_the_steps_is_strict(world: World) -> None:
    _, link, clave = _invited(world)
    house = world.house
    ticket = first_access.redeem(house, link, clave).ticket.reveal()
    for too_early in (
        lambda: first_access.set_pin(house, ticket, MEMBER_PIN),
        lambda: first_access.choose_image(house, ticket, "llama"),
        lambda: first_access.set_question(
            house, ticket, "¿Cómo se llamaba su perro?", "Capitán Nemo"
        ),
        lambda: first_access.provision(house, ticket),
        lambda: first_access.confirm(house, ticket, "123456"),
    ):
        with pytest.raises(StepMissing) as refused:
            too_early()
        assert refused.value.step is FirstStep.PASSWORD
    with_secrets(world, ticket)
    with pytest.raises(AlreadyDone):
        first_access.set_password(house, ticket, "Quebracho52x")
    with pytest.raises(StepMissing):
        first_access.confirm(house, ticket, "123456")


def test_what_the_slip_says_never_becomes_the_password(world: World) -> None:
    _, link, clave = _invited(world)
    ticket = first_access.redeem(world.house, link, clave).ticket.reveal()
    with pytest.raises(WeakPassword) as refused:
        first_access.set_password(world.house, ticket, clave)
    assert refused.value.problems == ["INITIAL"]


@pytest.mark.parametrize(
    "weak", ["corta1A", "sinmayuscula1", "4567891Aa", "Amendez12", "Mendez2024x", "Anaranjado02"]
)
def test_a_password_obeys_the_published_rule_and_the_persons_own_words(
    world: World, weak: str
) -> None:
    access_id, link, clave = _invited(world)
    ticket = first_access.redeem(world.house, link, clave).ticket.reveal()
    with pytest.raises(WeakPassword):
        first_access.set_password(world.house, ticket, weak)
    assert row(world, access_id).password_hash is None


def test_pin_image_question_and_answer_are_judged(world: World) -> None:
    _, link, clave = _invited(world)
    house = world.house
    ticket = first_access.redeem(house, link, clave).ticket.reveal()
    first_access.set_password(house, ticket, MEMBER_PASSWORD)
    for pin in ("1234", "1985", "83a5", "1111"):
        with pytest.raises(WeakPassword) as refused:
            first_access.set_pin(house, ticket, pin)
        assert refused.value.field == "pin"
    first_access.set_pin(house, ticket, MEMBER_PIN)
    with pytest.raises(InvalidValue):
        first_access.choose_image(house, ticket, "../etc/passwd")
    first_access.choose_image(house, ticket, "llama")
    for question, answer, error in [
        ("corta", "Capitán Nemo", InvalidValue),
        ("¿Cómo se llamaba su perro?\n\x00", "Capitán Nemo", InvalidValue),
        ("¿Cómo se llamaba su perro?", "perro", WeakPassword),
        ("¿Cómo se llamaba su perro?", "amendez", WeakPassword),
    ]:
        with pytest.raises(error):
            first_access.set_question(house, ticket, question, answer)


def test_setting_the_password_ends_the_link_and_any_credential(world: World) -> None:
    access_id, link, clave = _invited(world)
    ticket = first_access.redeem(world.house, link, clave).ticket.reveal()
    boss = world.desk("jefa", Role.SUPERVISOR)
    world.clock.forward(seconds=1)
    first_access.set_password(world.house, ticket, MEMBER_PASSWORD)
    with pytest.raises(LinkInvalid):
        first_access.open_link(world.house, link)
    with pytest.raises(SignInFailed):
        member_sign_in.password(world.house, "amendez", clave, HOME)
    assert boss(credential.unused) == ()
    assert "credential:used" in events(world, access_id)


def test_a_new_credential_ends_the_ticket_of_the_old_one(world: World) -> None:
    access_id, link, clave = _invited(world)
    ticket = first_access.redeem(world.house, link, clave).ticket.reveal()
    credential.issue(world.countersigned(world.desk()), access_id, Delivery.SCREEN)
    with pytest.raises(LinkInvalid):
        first_access.set_password(world.house, ticket, MEMBER_PASSWORD)


def test_a_first_access_left_half_way_goes_on_with_the_password(world: World) -> None:
    access_id, link, clave = _invited(world)
    house = world.house
    ticket = first_access.redeem(house, link, clave).ticket.reveal()
    first_access.set_password(house, ticket, MEMBER_PASSWORD)
    world.clock.forward(days=3)
    with pytest.raises(SignInFailed):
        first_access.resume(house, "amendez", "Equivocada1", HOME)
    back = first_access.resume(house, "amendez", MEMBER_PASSWORD, HOME)
    assert back.next is FirstStep.PIN
    first_access.set_pin(house, back.ticket.reveal(), MEMBER_PIN)
    assert row(world, access_id).failed_passwords == 0


def test_a_token_proved_at_the_desk_leaves_the_portal_only_the_rest(world: World) -> None:
    access_id, link, clave = _invited(world)
    house, desk = world.house, world.desk()
    desk(totp.confirm, access_id, a_phone(world, desk(totp.provision, access_id)).code())
    ticket = first_access.redeem(house, link, clave).ticket.reveal()
    with_secrets(world, ticket)
    assert row(world, access_id).status is AccessStatus.ACTIVE
    with pytest.raises(LinkInvalid):
        first_access.provision(house, ticket)


def test_a_wrong_code_is_named_and_leaves_the_step_open(world: World) -> None:
    _, link, clave = _invited(world)
    ticket = first_access.redeem(world.house, link, clave).ticket.reveal()
    with_secrets(world, ticket)
    phone = a_phone(world, first_access.provision(world.house, ticket))
    with pytest.raises(CodeRefused):
        first_access.confirm(world.house, ticket, phone.code(30))
    assert first_access.confirm(world.house, ticket, phone.code()).active


def test_a_lost_password_is_replaced_by_a_new_credential_and_nothing_else_changes(
    world: World,
) -> None:
    access_id, phone = an_active(world, world.desk())
    before = row(world, access_id)
    world.clock.forward(days=2)
    ticket = redeemed(world, world.desk(), access_id)
    world.clock.forward(minutes=1)
    assert first_access.set_password(world.house, ticket, "Quebracho52x") is None
    after = row(world, access_id)
    assert after.status is AccessStatus.ACTIVE
    assert (after.pin_hash, after.security_image, after.answer_hash) == (
        before.pin_hash,
        before.security_image,
        before.answer_hash,
    )
    with pytest.raises(SignInFailed):
        member_sign_in.password(world.house, "amendez", MEMBER_PASSWORD, HOME)
    member_sign_in.password(world.house, "amendez", "Quebracho52x", HOME)
    world.house.work(lambda work: totp.verify(work, access_id, phone.code()))
    assert mails(world, access_id)[-3:] == ["set_password", "new_credential", "password_changed"]


def _walk(path: Callable[[], object], what: str) -> None:
    path()
    pytest.fail(what)


def test_every_path_of_a_locked_suspended_or_closed_user_is_closed(world: World) -> None:
    """Paths x states (R46): one path that forgets the lock is a way in."""
    house = world.house
    boss = world.desk("jefa", Role.SUPERVISOR)
    active, phone = an_active(world, boss)
    given = member_sign_in.password(house, "amendez", MEMBER_PASSWORD, HOME)
    clave = credential.issue(world.countersigned(boss), active, Delivery.SCREEN).reveal()
    link = link_of(world, active)
    half = an_access(
        world, number="000124", user_name="jlazarte", document_number="555777", complement=""
    )
    ticket = redeemed(world, boss, half)
    paths = {
        "password": lambda: member_sign_in.password(house, "amendez", MEMBER_PASSWORD, HOME),
        "pin": lambda: member_sign_in.pin(house, given, MEMBER_PIN, HOME),
        "code": lambda: house.work(lambda work: totp.verify(work, active, phone.code())),
        "redeem": lambda: first_access.redeem(house, link, clave),
        "set_password": lambda: first_access.set_password(house, ticket, MEMBER_PASSWORD),
        "set_pin": lambda: first_access.set_pin(house, ticket, MEMBER_PIN),
        "image": lambda: first_access.choose_image(house, ticket, "llama"),
        "question": lambda: first_access.set_question(
            house, ticket, "¿Cómo se llamaba su perro?", "Capitán Nemo"
        ),
        "provision": lambda: first_access.provision(house, ticket),
        "confirm": lambda: first_access.confirm(house, ticket, "123456"),
        "resume": lambda: first_access.resume(house, "amendez", MEMBER_PASSWORD, HOME),
    }
    shut = [{"locked_at": world.clock.now, "lock_reason": reason} for reason in LockReason]
    for values in shut:
        change(world, active, **values)
        change(world, half, **values)
        for name, path in paths.items():
            with pytest.raises((LockedOut, SignInFailed)):
                _walk(path, f"{name} passed a lock by {values['lock_reason']}")
    change(world, active, locked_at=None, lock_reason=None, status=AccessStatus.SUSPENDED)
    change(world, half, locked_at=None, lock_reason=None, status=AccessStatus.CLOSED)
    for name, path in paths.items():
        with pytest.raises((LockedOut, SignInFailed, LinkInvalid)):
            _walk(path, name)
    assert row(world, active).failed_codes == 0
