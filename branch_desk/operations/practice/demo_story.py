"""The people of a demonstration at work: each deed by the operations, at its own time (F44)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pyotp

from branch_desk.models.access import SECURITY_IMAGES, Delivery
from branch_desk.models.account import AccountStatus
from branch_desk.models.credentials import Secret
from branch_desk.models.enrolment import Status
from branch_desk.models.form import Destination
from branch_desk.models.identity import AttachmentKind, CheckPoint
from branch_desk.models.member import DocumentType
from branch_desk.models.staff import SECOND_FACTOR_ROLES, Role
from branch_desk.operations.house import outbox, sign_in, staff
from branch_desk.operations.house.outbox import Letter, Sent
from branch_desk.operations.practice.demo_papers import card_picture, signed_scan
from branch_desk.operations.practice.demo_people import words
from branch_desk.operations.request import (
    approval,
    configuration,
    enrolment,
    enrolment_file,
    forms,
    identity,
)
from branch_desk.operations.request.application import Application
from branch_desk.operations.request.configuration import AccountChoice, Configuration, LimitChoice
from branch_desk.operations.request.identity import CardReading
from branch_desk.operations.users import access, credential, first_access
from branch_desk.operations.work import Desk, House

_STEPS = (Status.SUBMITTED, Status.IDENTIFIED, Status.CONFIGURED, Status.PRINTED, Status.SIGNED)
PAUSE = timedelta(seconds=61)
"""Between two codes of one authenticator: none counts twice."""
_SESSION = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class TrainingUser:
    """Somebody who can sign in to the training database; shown once to whoever made it."""

    user_name: str
    full_name: str
    role: Role
    branch_code: str
    password: str = field(repr=False)
    totp_uri: str = field(default="", repr=False)
    """For an authenticator; empty where no code is asked for."""


@dataclass(slots=True)
class Clock:
    """The time of the story."""

    now: datetime

    def __call__(self) -> datetime:
        """Give the story's present."""
        return self.now


@dataclass(slots=True)
class Letterbox:
    """Where the mails of a training database end: nothing leaves the machine."""

    tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, letter: Letter) -> Sent:
        """Take a letter in; keep the token of its link by the user's name."""
        if letter.token is not None:
            self.tokens[letter.values["user"]] = letter.token.reveal()
        return Sent(template_version="training", answer="250 2.0.0 entregado en capacitación")


@dataclass(slots=True)
class Story:
    """A house, its clock, and who works there."""

    house: House
    clock: Clock
    random: Random
    users: dict[str, TrainingUser] = field(default_factory=dict)
    letterbox: Letterbox = field(default_factory=Letterbox)
    _desks: dict[str, tuple[Desk, datetime]] = field(default_factory=dict)

    # -- staff

    def first_sign_in(self, user: TrainingUser, one_time: Secret) -> Desk:
        """Replace the one-time password and prove an authenticator where the role asks for one."""
        desk = sign_in.sign_in(self.house, user.user_name, one_time.reveal())
        sign_in.change_password(desk, one_time.reveal(), user.password)
        uri = ""
        if user.role in SECOND_FACTOR_ROLES:
            uri = desk(sign_in.provision_authenticator).reveal()
            desk(sign_in.confirm_authenticator, _code(uri, self.clock.now))
        self.users[user.user_name] = TrainingUser(
            user.user_name, user.full_name, user.role, user.branch_code, user.password, uri
        )
        self._desks[user.user_name] = desk, self.clock.now
        return desk

    def desk(self, user_name: str) -> Desk:
        """Give a signed-in desk, signing in anew when the last time is long ago."""
        known = self._desks.get(user_name)
        if known is not None and self.clock.now - known[1] < _SESSION:
            return known[0]
        user = self.users[user_name]
        self.clock.now += PAUSE
        code = _code(user.totp_uri, self.clock.now)
        desk = sign_in.sign_in(self.house, user_name, user.password, code)
        self._desks[user_name] = desk, self.clock.now
        return desk

    def fresh(self, user_name: str) -> Desk:
        """Give a desk whose owner has just given the password again."""
        desk = self.desk(user_name)
        user = self.users[user_name]
        self.clock.now += PAUSE
        sign_in.reauthenticate(desk, user.password, _code(user.totp_uri, self.clock.now))
        return desk

    # -- requests

    def request(self, officer: str, application: Application, upto: Status) -> UUID:
        """Take a walk-in's request as far as `upto`, and let it go."""
        desk = self.desk(officer)
        made: UUID = desk(enrolment.submit, application)
        for status in _STEPS[1 : _STEPS.index(upto) + 1]:
            self.clock.now += timedelta(seconds=self.random.randint(60, 240))
            self.advance(desk, made, status)
        desk(enrolment.release, made)
        return made

    def advance(self, desk: Desk, enrolment_id: UUID, status: Status) -> None:
        """Do the one thing that leads to `status`."""
        file = desk(enrolment_file.view, enrolment_id)
        values = file.application.values
        if status is Status.IDENTIFIED:
            picture = card_picture(file.name, file.document)
            identity.file_card(desk, enrolment_id, AttachmentKind.CARD_FRONT, picture)
            version = desk(enrolment_file.view, enrolment_id).version
            card = {
                name: identity.plain(getattr(values, name))
                for name in identity.CARD_FIELDS[values.kind]
            }
            rows = desk(identity.comparison, enrolment_id).rows
            different = (row.field for row in rows if row.typed != row.record)
            reasons = dict.fromkeys(different, "El socio actualizó este dato en ventanilla")
            reading = CardReading(points=frozenset(CheckPoint), card=card, reasons=reasons)
            desk(identity.identify, enrolment_id, version, reading)
        elif status is Status.CONFIGURED:
            chosen = self._configuration(desk, enrolment_id)
            desk(configuration.configure, enrolment_id, file.version, chosen)
        elif status is Status.PRINTED:
            made = forms.make(desk, enrolment_id, file.version)
            ticket = forms.send(desk, made, Destination.FILE)
            desk(forms.end_printing, ticket.printing_id, "saved")
        elif status is Status.SIGNED:
            form = file.valid_form
            assert form is not None
            pdf = desk(forms.paper, form.id)
            forms.file_sheet(desk, signed_scan(pdf, self.random), enrolment_id)

    def _configuration(self, desk: Desk, enrolment_id: UUID) -> Configuration:
        options = desk(configuration.options, enrolment_id)
        daily = self.random.choice((100_000, 200_000, 500_000))
        currencies = {each.currency for each in options.accounts}
        limits = tuple(
            LimitChoice(
                kind=row.kind,
                currency=row.currency,
                per_operation=min(daily // 2, row.per_operation),
                per_day=min(daily, row.per_day),
                per_month=min(daily * 10, row.per_month),
                count_per_day=min(5, row.count_per_day),
                representative_id=person,
            )
            for person, _ in options.people
            for row in options.ceilings
            if row.currency in currencies
        )
        codes = [each.code for each in options.billers]
        return Configuration(
            accounts=tuple(
                AccountChoice(account_id=each.account_id, debit=each.may_debit)
                for each in options.accounts
                if each.status is not AccountStatus.CLOSED
            ),
            limits=limits,
            billers=tuple(sorted(self.random.sample(codes, min(3, len(codes))))),
        )

    def approve(self, supervisor: str, enrolment_id: UUID) -> tuple[UUID, ...]:
        """Judge a signed request, password and code given afresh; mails go out."""
        desk = self.fresh(supervisor)
        case = desk(approval.case, enrolment_id)
        users = desk(approval.approve, enrolment_id, terms_sha256=case.terms_sha256)
        outbox.send_due(self.house, self.letterbox)
        return users

    # -- first access

    def begin_access(self, officer: str, access_id: UUID, password: str) -> Secret:
        """Hand out the clave inicial; the member sets a password with it and the mailed link."""
        clave = credential.issue(self.fresh(officer), access_id, Delivery.SCREEN)
        user = self.desk(officer)(access.steps, access_id).user_name
        opened = first_access.redeem(self.house, self.letterbox.tokens[user], clave.reveal())
        first_access.set_password(self.house, opened.ticket.reveal(), password)
        return opened.ticket

    def finish_access(self, ticket: Secret) -> tuple[Secret, Secret]:
        """Set all the rest, the authenticator last: the user is active.

        Gives the PIN and what an authenticator is set up with.
        """
        given = ticket.reveal()
        pin = "".join(self.random.sample("13579024", 6))
        first_access.set_pin(self.house, given, pin)
        image = self.random.choice(SECURITY_IMAGES)
        first_access.choose_image(self.house, given, image)
        first_access.set_question(
            self.house, given, "¿Cómo se llamaba mi primera maestra?", "Doña Petrona Justiniano"
        )
        token = first_access.provision(self.house, given)
        self.clock.now += PAUSE
        uri = token.uri.reveal()
        first_access.confirm(self.house, given, _code(uri, self.clock.now))
        return Secret(pin), Secret(uri)


def training_password(taken: Callable[[str], tuple[str, ...]]) -> str:
    """Draw a password of words that people can type; `taken` names what is wrong with one."""
    some = words()["password_words"]
    while True:
        drawn = "-".join(secrets.choice(some) for _ in range(3)) + f"-{secrets.randbelow(90) + 10}"
        if not taken(drawn):
            return drawn


def hire(
    story: Story, administrator: str, branches: Mapping[str, UUID], passwords: Mapping[str, str]
) -> None:
    """Make the branches' staff; each has signed in once."""
    for each in words()["staff"]:
        role = Role(each["role"])
        new = staff.NewStaff(
            user_name=each["user"],
            full_name=each["name"],
            document_type=DocumentType.CI,
            document_number=each["document"],
            role=role,
            branch_id=branches[each["branch"]],
        )
        one_time = staff.create(story.fresh(administrator), new)
        password = passwords.get(each["user"]) or password_for(role, each["name"], each["user"])
        user = TrainingUser(each["user"], each["name"], role, each["branch"], password)
        story.first_sign_in(user, one_time)


def password_for(role: Role, name: str, user_name: str) -> str:
    """Draw a training password the policy accepts."""
    return training_password(
        lambda drawn: sign_in.check_staff_password(role, drawn, name, user_name)
    )


def _code(uri: str, now: datetime) -> str:
    if not uri:
        return ""
    authenticator = pyotp.parse_uri(uri)
    assert isinstance(authenticator, pyotp.TOTP)
    return authenticator.at(now)
