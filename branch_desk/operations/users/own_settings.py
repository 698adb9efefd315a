"""What a signed-in member changes alone: password, PIN, image, question, mail and mobile (F36).

Every change takes a code of the authenticator, is told by mail and is recorded. Password and PIN
take the password as well, whose wrong guesses count like those of a sign-in (F20). Where a hash
stands between, the change is a ceremony of the portal; the code is given with its last part, and
what is refused before it is recorded as refused by it.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from branch_desk.models.access import SECURITY_IMAGES, Access
from branch_desk.models.errors import InvalidValue
from branch_desk.models.event import Event
from branch_desk.models.member_session import MemberSession
from branch_desk.models.passwords import (
    MEMBER_POLICY,
    PersonalWords,
    check,
    check_answer,
    check_pin,
    plain_answer,
)
from branch_desk.models.validation import required_text
from branch_desk.operations.portal import Portal
from branch_desk.operations.users import totp
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.users.credential import (
    find_access,
    last_redeemed,
    personal_words,
    tell,
)
from branch_desk.operations.users.first_access import plain_question, refuse_weak
from branch_desk.operations.users.member_sign_in import end_session, prove_password
from branch_desk.operations.work import Caller, Work, allowed


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What the page of the member's own data shows."""

    user_name: str
    person_name: str
    email: str
    mobile: str
    contact_changed_at: datetime | None
    security_image: str
    secret_question: str
    password_changed_at: datetime | None
    pin_changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnSituation:
    """What a new secret of the member must differ from, and from where it is changed."""

    access_id: UUID
    origin: Origin
    about: PersonalWords
    initial: str | None = field(repr=False)
    """Hash of the clave inicial that was redeemed last."""


def change_password(portal: Portal, old: str, new: str, code: str) -> None:
    """Replace one's password: other sessions end, and a sign-in that is half way.

    Raises WeakPassword (field `new_password`), SignInFailed (wrong old one; the third in a row
    locks), CodeRefused, LockedOut, SessionEnded.
    """
    hasher = portal.house.hasher
    with portal.before(store_password):
        here = portal(situation)
        problems: list[str] = list(check(MEMBER_POLICY, new, here.about))
        if not problems and _composed(new) == _composed(old):
            problems = ["SAME"]
        if not problems and here.initial is not None and hasher.verify(here.initial, new):
            problems = ["INITIAL"]
        refuse_weak(problems, "new_password")
    prove_password(portal.house, here.access_id, old, here.origin)
    portal(store_password, code=code, hashed=hasher.hash(new))


def change_pin(portal: Portal, password: str, new: str, code: str) -> None:
    """Replace one's PIN de seguridad, by password and code.

    Raises WeakPassword (field `pin`), SignInFailed, CodeRefused, LockedOut, SessionEnded.
    """
    with portal.before(store_pin):
        here = portal(situation)
        refuse_weak(check_pin(new, here.about), "pin")
    prove_password(portal.house, here.access_id, password, here.origin)
    portal(store_pin, code=code, hashed=portal.house.hasher.hash(new))


def change_question(portal: Portal, question: str, answer: str, code: str) -> None:
    """Replace the secret question and its answer, which is kept as a hash only (R49).

    Raises InvalidValue, WeakPassword (field `answer`), CodeRefused, LockedOut, SessionEnded.
    """
    with portal.before(store_question):
        here = portal(situation)
        plain = plain_question(question)
        refuse_weak(check_answer(answer, here.about, plain), "answer")
    hashed = portal.house.hasher.hash(plain_answer(answer))
    portal(store_question, code=code, question=plain, hashed=hashed)


@allowed(Caller.MEMBER, reads=True)
def settings(work: Work) -> OwnSettings:
    """Show the member's own data."""
    access = find_access(work, work.access_id)
    return OwnSettings(
        user_name=access.user_name,
        person_name=access.person_name,
        email=access.email,
        mobile=access.mobile,
        contact_changed_at=access.contact_changed_at,
        security_image=access.security_image or "",
        secret_question=access.secret_question or "",
        password_changed_at=access.password_changed_at,
        pin_changed_at=access.pin_changed_at,
    )


@allowed(Caller.MEMBER, reads=True)
def situation(work: Work) -> OwnSituation:
    """Say what a new secret of the member is measured against."""
    access = find_access(work, work.access_id)
    session = work.session.get_one(MemberSession, work.actor.session_id)
    return OwnSituation(
        access.id,
        Origin(session.channel, session.address),
        personal_words(work, access),
        last_redeemed(work, access.id),
    )


@allowed(Caller.MEMBER)
def store_password(work: Work, *, code: str, hashed: str) -> None:
    """Keep one's new password; the last part of `change_password`, which asked for the old one."""
    access = _proved(work, code)
    access.password_hash = hashed
    access.password_changed_at = work.now
    end_session(work, access.id, "password_changed", but=work.actor.session_id)
    tell(work, access, "password_changed")
    work.record(Event.MEMBER_PASSWORD_CHANGED, access.id, member_id=access.member_id)


@allowed(Caller.MEMBER)
def store_pin(work: Work, *, code: str, hashed: str) -> None:
    """Keep one's new PIN; the last part of `change_pin`, which asked for the password."""
    access = _proved(work, code)
    access.pin_hash = hashed
    access.pin_changed_at = work.now
    access.failed_pins = 0
    end_session(work, access.id, "pin_changed", but=work.actor.session_id)
    tell(work, access, "pin_changed")
    work.record(Event.MEMBER_PIN_CHANGED, access.id, member_id=access.member_id)


@allowed(Caller.MEMBER)
def store_question(work: Work, *, code: str, question: str, hashed: str) -> None:
    """Keep one's new question and answer; the last part of `change_question`."""
    access = _proved(work, code)
    access.secret_question = question
    access.answer_hash = hashed
    access.question_set_at = work.now
    tell(work, access, "question_changed")
    work.record(Event.MEMBER_QUESTION_CHANGED, access.id, member_id=access.member_id)


@allowed(Caller.MEMBER)
def choose_image(work: Work, image: str, *, code: str) -> None:
    """Choose another of SECURITY_IMAGES. Raises InvalidValue, CodeRefused, LockedOut."""
    if image not in SECURITY_IMAGES:
        raise InvalidValue(reason="image", field="image", value=image[:40])
    access = _proved(work, code)
    access.security_image = image
    access.image_chosen_at = work.now
    tell(work, access, "image_changed")
    work.record(Event.MEMBER_IMAGE_CHANGED, access.id, member_id=access.member_id)


@allowed(Caller.MEMBER)
def change_contact(work: Work, *, email: str, mobile: str, code: str) -> None:
    """Change mail address, mobile or both; the old address and the new one are told.

    From here on the limits of the first days hold again (F25), and unlocking is a supervisor's for
    72 hours (F23). Raises InvalidValue (`unchanged` when both are as they were), CodeRefused,
    LockedOut.
    """
    wanted = {"email": required_text("email", email), "mobile": required_text("mobile", mobile)}
    # Read under the lock: of two changes at once, the second compares with what the first left.
    access = find_access(work, work.access_id, lock=True)
    changed = [name for name, value in wanted.items() if getattr(access, name) != value]
    if not changed:
        raise InvalidValue(reason="unchanged", field="email")
    _proved(work, code)
    old = access.email
    access.email, access.mobile = wanted["email"], wanted["mobile"]
    access.contact_changed_at = work.now
    shown = {"email": _masked_address(access.email), "mobile": _masked_number(access.mobile)}
    for address in dict.fromkeys((old, access.email)):
        tell(work, access, "contact_changed", to=address, more=shown)
    work.record(Event.MEMBER_CONTACT_CHANGED, access.id, member_id=access.member_id, fields=changed)


def _proved(work: Work, code: str) -> Access:
    """Take a code before anything is written, and give the member's user, locked for change."""
    totp.verify(work, work.access_id, code)
    return find_access(work, work.access_id, lock=True)


def _composed(text: str) -> str:
    """Give a password as it is hashed."""
    return unicodedata.normalize("NFC", text)


def _masked_address(email: str) -> str:
    """Show whose address it is to who knows it: `a•••@example.com`."""
    local, _, house = email.rpartition("@")
    return f"{local[:1]}•••@{house}"


def _masked_number(mobile: str) -> str:
    return f"•••• {mobile[-4:]}"
