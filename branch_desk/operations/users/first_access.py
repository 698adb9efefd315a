"""A member's first access: the mailed link *and* the clave inicial, then five steps (F16, F19).

Ceremonies of the house for the portal; the desk's door to the token is in `totp`. Redeeming gives
a ticket that is good for the steps and for nothing else; who loses it goes on with the password.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import update

from branch_desk.models.access import (
    CREDENTIAL_TRIES,
    SECURITY_IMAGES,
    Access,
    AccessStatus,
    InitialCredential,
    LinkPurpose,
    MailLink,
)
from branch_desk.models.credentials import Secret, typed_credential
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import (
    AlreadyDone,
    CredentialRefused,
    InvalidValue,
    LinkInvalid,
    LockedOut,
    StepMissing,
    WeakPassword,
)
from branch_desk.models.event import Event
from branch_desk.models.passwords import (
    MEMBER_POLICY,
    PersonalWords,
    check,
    check_answer,
    check_pin,
    plain_answer,
)
from branch_desk.operations.users import links, member_sign_in, totp
from branch_desk.operations.users.attempts import OPEN, Origin
from branch_desk.operations.users.credential import last_redeemed, personal_words, revoke, tell
from branch_desk.operations.users.first_steps import (
    FirstStep,
    activate_when_complete,
    device_of,
    next_step,
)
from branch_desk.operations.users.member_sign_in import act_as
from branch_desk.operations.users.totp import Confirmed, ProvisionedToken
from branch_desk.operations.work import House, Work

T = TypeVar("T")

_QUESTION_LENGTH = (8, 120)


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What the page behind the link may show: whose it is, and until when."""

    user_name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FirstAccess:
    """A first access under way."""

    access_id: UUID
    user_name: str
    name: str
    ticket: Secret = field(repr=False)
    """Good for an hour, for the steps alone."""
    next: FirstStep | None


@dataclass(frozen=True, slots=True)
class _Reserved:
    access_id: UUID
    link_id: UUID
    credential_id: UUID | None
    kept: str | None


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a secret must differ from, read before it is hashed."""

    about: PersonalWords
    initial: str | None
    """Hash of the credential that was redeemed."""


def open_link(house: House, token: str) -> OpenedLink:
    """Look whether a mailed link still opens; it is not used up. Raises LinkInvalid."""

    def look(work: Work) -> OpenedLink:
        link, access = _opened(work, token)
        return OpenedLink(access.user_name, link.expires_at)

    return house.work(look, reads=True)


def redeem(
    house: House, token: str, credential: str, *, channel: Channel = Channel.WEB
) -> FirstAccess:
    """Use up link and credential, both at once and only once.

    Raises LinkInvalid, CredentialRefused (wrong, used, too old, tried too often), LockedOut.
    """
    reserved = house.work(lambda work: _reserve(work, token), channel=channel)
    typed = typed_credential(credential)
    if reserved.kept is None:
        house.hasher.dummy_verify(typed)
        right = False
    else:
        right = house.hasher.verify(reserved.kept, typed)
    return house.work(lambda work: _settle(work, reserved, right=right), channel=channel)


def resume(house: House, user_name: str, password: str, origin: Origin) -> FirstAccess:
    """Go on with a first access that was left, by the password already set.

    Raises SignInFailed, AlreadyDone.
    """
    given = member_sign_in.password(house, user_name, password, origin)

    def deed(work: Work) -> FirstAccess:
        access = _held(work, given.access_id)
        if access.status is not AccessStatus.ENROLLING:
            raise AlreadyDone(what="first_access")
        return _first_access(work, access)

    return house.work(deed, channel=origin.channel)


def set_password(
    house: House, ticket: str, password: str, *, channel: Channel = Channel.WEB
) -> FirstStep | None:
    """Set the password; the mailed link and the credential are dead from here on.

    Gives the next step. Raises WeakPassword, StepMissing, AlreadyDone, LinkInvalid, LockedOut.
    """
    step = FirstStep.PASSWORD
    situation = _read(house, ticket, step)
    problems: list[str] = list(check(MEMBER_POLICY, password, situation.about))
    # The slip may lie about for days: what stands on it is never the password (R25).
    initial = situation.initial
    if not problems and initial is not None and house.hasher.verify(initial, password):
        problems = ["INITIAL"]
    refuse_weak(problems, "password")
    hashed = house.hasher.hash(password)

    def store(work: Work, access: Access) -> None:
        replaced = access.password_hash is not None
        access.password_hash = hashed
        access.password_changed_at = work.now
        access.failed_passwords = 0
        if access.status is AccessStatus.INVITED:
            access.move(AccessStatus.ENROLLING)
        member_sign_in.end_session(work, access.id, "password_changed")
        links.revoke(work, access.id, LinkPurpose.FIRST_PASSWORD)
        revoke(work, access.id)
        if replaced:
            tell(work, access, "password_changed")

    return _take(house, ticket, step, store, channel)


def set_pin(
    house: House, ticket: str, pin: str, *, channel: Channel = Channel.WEB
) -> FirstStep | None:
    """Set the PIN de seguridad. Raises WeakPassword (field `pin`) and what `set_password` does."""
    step = FirstStep.PIN
    situation = _read(house, ticket, step)
    refuse_weak(check_pin(pin, situation.about), "pin")
    hashed = house.hasher.hash(pin)

    def store(work: Work, access: Access) -> None:
        access.pin_hash = hashed
        access.pin_changed_at = work.now

    return _take(house, ticket, step, store, channel)


def choose_image(
    house: House, ticket: str, image: str, *, channel: Channel = Channel.WEB
) -> FirstStep | None:
    """Choose one of SECURITY_IMAGES. Raises InvalidValue and what `set_password` does."""
    if image not in SECURITY_IMAGES:
        raise InvalidValue(reason="image", field="image", value=image[:40])

    def store(work: Work, access: Access) -> None:
        access.security_image = image
        access.image_chosen_at = work.now

    return _take(house, ticket, FirstStep.IMAGE, store, channel)


def set_question(
    house: House, ticket: str, question: str, answer: str, *, channel: Channel = Channel.WEB
) -> FirstStep | None:
    """Set the secret question and its answer, which is kept as a hash only (R49).

    Raises InvalidValue, WeakPassword (field `answer`) and what `set_password` does.
    """
    step = FirstStep.QUESTION
    plain = plain_question(question)
    situation = _read(house, ticket, step)
    refuse_weak(check_answer(answer, situation.about, plain), "answer")
    hashed = house.hasher.hash(plain_answer(answer))

    def store(work: Work, access: Access) -> None:
        access.secret_question = plain
        access.answer_hash = hashed
        access.question_set_at = work.now

    return _take(house, ticket, step, store, channel)


def provision(house: House, ticket: str, *, channel: Channel = Channel.WEB) -> ProvisionedToken:
    """Show the QR: a new secret, an unproven older one is dead. Raises StepMissing, LinkInvalid."""

    def deed(work: Work) -> ProvisionedToken:
        access = _holder(work, ticket)
        _must_be_next(work, access, FirstStep.TOKEN)
        return totp.replace_device(work, access)

    return house.work(deed, channel=channel)


def confirm(house: House, ticket: str, code: str, *, channel: Channel = Channel.WEB) -> Confirmed:
    """Prove the authenticator: the last step. Raises CodeRefused, StepMissing, LinkInvalid."""

    def deed(work: Work) -> Confirmed:
        access = _holder(work, ticket)
        _must_be_next(work, access, FirstStep.TOKEN)
        if device_of(work, access.id) is None:
            raise StepMissing(step=FirstStep.TOKEN)
        confirmed = totp.prove(work, access, code)
        _end_ticket(work, access)
        return confirmed

    return house.work(deed, channel=channel)


def _opened(work: Work, token: str) -> tuple[MailLink, Access]:
    link = links.live(work, token, LinkPurpose.FIRST_PASSWORD)
    if link is None:
        raise LinkInvalid
    access = work.session.get_one(Access, link.access_id)
    if access.status not in OPEN:
        raise LinkInvalid
    return link, access


def _reserve(work: Work, token: str) -> _Reserved:
    """Count a try of the credential before it is judged (R45)."""
    link, access = _opened(work, token)
    act_as(work, access)
    if access.locked_at is not None:
        raise LockedOut
    row = work.session.execute(
        update(InitialCredential)
        .where(
            InitialCredential.access_id == access.id,
            InitialCredential.used_at.is_(None),
            InitialCredential.revoked_at.is_(None),
            InitialCredential.expires_at > work.now,
            InitialCredential.tries < CREDENTIAL_TRIES,
        )
        .values(tries=InitialCredential.tries + 1)
        .returning(InitialCredential.id, InitialCredential.hash)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return _Reserved(access.id, link.id, None, None)
    return _Reserved(access.id, link.id, row.id, row.hash)


def _settle(work: Work, reserved: _Reserved, *, right: bool) -> FirstAccess:
    access = _held(work, reserved.access_id)
    link = work.session.get_one(MailLink, reserved.link_id)
    credential = (
        work.session.get_one(InitialCredential, reserved.credential_id)
        if reserved.credential_id is not None
        else None
    )
    # Under the user's row lock: of several who came with the right one, the first wins.
    if (
        credential is None
        or not right
        or credential.used_at is not None
        or credential.revoked_at is not None
        or link.used_at is not None
        or link.revoked_at is not None
    ):
        if credential is not None and credential.tries >= CREDENTIAL_TRIES:
            revoke(work, access.id)
        work.record(Event.CREDENTIAL_FAILED, access.id, member_id=access.member_id)
        raise CredentialRefused
    credential.used_at = link.used_at = work.now
    work.record(Event.CREDENTIAL_USED, access.id, member_id=access.member_id)
    work.record(
        Event.LINK_USED, access.id, member_id=access.member_id, purpose=LinkPurpose.FIRST_PASSWORD
    )
    return _first_access(work, access)


def _first_access(work: Work, access: Access) -> FirstAccess:
    work.session.flush()
    return FirstAccess(
        access_id=access.id,
        user_name=access.user_name,
        name=access.person_name,
        ticket=links.ticket(work, access.id),
        next=next_step(work, access),
    )


def _held(work: Work, access_id: UUID) -> Access:
    access = work.session.get_one(Access, access_id, with_for_update=True)
    act_as(work, access)
    if access.status not in OPEN:
        raise LinkInvalid
    if access.locked_at is not None:
        raise LockedOut
    return access


def _holder(work: Work, ticket: str) -> Access:
    """Find whose ticket it is. Raises LinkInvalid, LockedOut."""
    link = links.live(work, ticket, LinkPurpose.FIRST_ACCESS)
    if link is None:
        raise LinkInvalid
    return _held(work, link.access_id)


def _must_be_next(work: Work, access: Access, step: FirstStep) -> None:
    due = next_step(work, access)
    if due is step:
        return
    order = list(FirstStep)
    if due is None or order.index(step) < order.index(due):
        raise AlreadyDone(what=step)
    raise StepMissing(step=due)


def _read(house: House, ticket: str, step: FirstStep) -> _Situation:
    def look(work: Work) -> _Situation:
        access = _holder(work, ticket)
        _must_be_next(work, access, step)
        return _Situation(personal_words(work, access), last_redeemed(work, access.id))

    return house.work(look, reads=True)


def _take(
    house: House,
    ticket: str,
    step: FirstStep,
    store: Callable[[Work, Access], None],
    channel: Channel,
) -> FirstStep | None:
    """Do a step: the ticket and the order are looked at again, for hashing took its time."""

    def deed(work: Work) -> FirstStep | None:
        access = _holder(work, ticket)
        _must_be_next(work, access, step)
        store(work, access)
        work.session.flush()
        work.record(Event.FIRST_ACCESS_STEP, access.id, member_id=access.member_id, step=step)
        activate_when_complete(work, access)
        due = next_step(work, access)
        if due is None:
            _end_ticket(work, access)
        return due

    return house.work(deed, channel=channel)


def _end_ticket(work: Work, access: Access) -> None:
    links.revoke(work, access.id, LinkPurpose.FIRST_ACCESS)


def plain_question(question: str) -> str:
    """Give a secret question as it is kept. Raises InvalidValue."""
    plain = " ".join(question[:500].split())
    shortest, longest = _QUESTION_LENGTH
    if not shortest <= len(plain) <= longest or not plain.isprintable():
        raise InvalidValue(reason="question", field="question", value=plain[:40])
    return plain


def refuse_weak(problems: Sequence[str], about: str) -> None:
    """Raise WeakPassword for the field `about` when there are problems."""
    if problems:
        raise WeakPassword(problems=problems, field=about)
