"""A house with one thing in every state, and values with which each operation succeeds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.access import Access, AccessStatus, Delivery, LockReason
from branch_desk.models.calendar import local_day
from branch_desk.models.form import Destination, PrintedForm, Printing
from branch_desk.models.identity import Attachment, AttachmentKind
from branch_desk.models.member import DocumentType, Member
from branch_desk.models.operation import Operation
from branch_desk.models.receipt_code import ReceiptCode
from branch_desk.models.staff import Role, Staff, StaffRelative
from branch_desk.operations.exchange import batches
from branch_desk.operations.house import sign_in, staff
from branch_desk.operations.request import drafts, enrolment, forms
from branch_desk.operations.users import credential, totp
from branch_desk.operations.users.unlock import POINTS_NEEDED
from branch_desk.operations.work import Desk, House, Work
from tests import matrix_money
from tests.access_builders import a_phone, a_portal, an_access, an_active
from tests.builders import SetClock, Someone, World, a_world
from tests.journey import a_configuration, a_reading, view
from tests.money_builders import received
from tests.money_rows import grant
from tests.receipt_builders import an_operation
from tests.short_ways import (
    PDF,
    REASON,
    a_person,
    configured,
    everybody_fresh,
    identified,
    nobody_holds,
    picture,
    printed,
    signed,
)

ROLES = {
    "oficial": Role.OFFICER,
    "supervisor": Role.SUPERVISOR,
    "administrador": Role.ADMINISTRATOR,
    "auditor": Role.AUDITOR,
}


@dataclass(frozen=True)
class Outcome:
    """What came of a call: `yes` or the refusal's name, and what the trail says of it."""

    answer: str
    events: tuple[tuple[str, str], ...]
    """Event and operation of each new record."""


@dataclass
class Subjects:
    """A house with one thing in every state, and everybody at a desk."""

    world: World
    ids: dict[str, Any] = field(default_factory=dict)
    desks: dict[tuple[str, Role], Desk] = field(default_factory=dict)
    people: dict[tuple[str, Role], Someone] = field(default_factory=dict)
    called: dict[str, dict[str, "Outcome"]] = field(default_factory=dict)
    """What each caller got from an operation, asked once."""

    def __getattr__(self, name: str) -> Any:
        return self.ids[name]

    @property
    def house(self) -> House:
        return self.world.house

    def one(self, column: Any, *where: Any) -> Any:
        return self.house.work(
            lambda work: work.session.scalars(select(column).where(*where)).first(), reads=True
        )


def _sit_down(s: Subjects, caller: str, branch_id: UUID | None) -> None:
    for role in ROLES.values():
        user = f"{caller}.{role.name.lower()}"
        s.desks[caller, role] = s.world.desk(user, role, branch_id=branch_id)
        s.people[caller, role] = s.world.people[user]


def _requests(s: Subjects, maker: Desk) -> None:
    world = s.world
    people = [a_person(world, 5_000_001 + i) for i in range(8)]
    s.ids["applicant"] = people[7]
    s.ids["submitted"] = maker(enrolment.submit, people[0])
    s.ids["identified"] = identified(maker, people[1])
    s.ids["configured"] = configured(maker, people[2])
    s.ids["printed"], s.ids["code"] = printed(maker, people[3])
    s.ids["signed"] = signed(maker, people[4])
    s.ids["form"] = s.one(PrintedForm.id, PrintedForm.enrolment_id == s.printed)
    s.ids["terms"] = s.one(PrintedForm.terms_sha256, PrintedForm.enrolment_id == s.signed)
    s.ids["sheet"] = s.one(Attachment.id, Attachment.enrolment_id == s.signed)
    maker(forms.start_printing, s.form, Destination.FILE)
    s.ids["printing"] = s.one(Printing.id)
    s.ids["frozen"] = maker(forms.freeze, s.configured, view(maker, s.configured).version)
    s.ids["chosen"] = a_configuration(maker, s.identified)
    s.ids["reading"] = a_reading(view(maker, s.submitted))
    s.ids["member"] = s.one(Member.id, Member.document_number == "5000001")
    for name in ("submitted", "identified", "configured"):
        s.ids[f"{name}_version"] = view(maker, s.ids[name]).version


def _users(s: Subjects, maker: Desk) -> None:
    world = s.world

    def about(number: int, name: str) -> dict[str, Any]:
        return {"number": f"00{number}", "document_number": str(number), "user_name": name}

    s.ids["invited"] = an_access(world, **about(6_000_001, "invitada"))
    s.ids["issued"] = an_access(world, **about(6_000_002, "emitida"))
    credential.issue(maker, s.issued, Delivery.SCREEN)
    s.ids["provisioned"] = an_access(world, **about(6_000_003, "aprovisionada"))
    s.ids["new_phone"] = a_phone(world, maker(totp.provision, s.provisioned))
    s.ids["active"], s.ids["phone"] = an_active(world, maker, **about(6_000_004, "activa"))
    s.ids["suspended"], _ = an_active(world, maker, **about(6_000_005, "suspendida"))
    s.ids["shut"], _ = an_active(world, maker, **about(6_000_006, "bloqueada"))
    everybody_fresh(world.house)
    s.ids["socio"], s.ids["socio_phone"] = an_active(world, maker, **about(6_000_007, "socia"))
    s.ids["paid"] = an_operation(world, s.socio)
    s.ids["socio_member"] = s.one(Access.member_id, Access.id == s.socio)
    s.ids["socio_account"] = s.one(Operation.debit_account_id, Operation.id == s.paid)
    grant(world, s.socio, s.socio_account)
    s.ids["expired_socio"], _ = an_active(world, maker, **about(6_000_008, "vencida"))

    def change(work: Work) -> None:
        work.session.get_one(Access, s.suspended).status = AccessStatus.SUSPENDED
        shut = work.session.get_one(Access, s.shut)
        shut.locked_at, shut.lock_reason = work.now, LockReason.PASSWORD

    world.house.work(change)


def build(url: str) -> Subjects:
    """Build the house; afterwards it is twelve o'clock and everybody has just sat down."""
    s = Subjects(a_world(url, SetClock()))
    world, noon = s.world, s.world.clock.now
    world.clock.now = noon - timedelta(days=40)
    maker = world.desk("hacedora", Role.SUPERVISOR)
    s.ids["old"] = maker(enrolment.submit, a_person(world, 5_000_101))
    card = {"birth_date": noon.date().replace(year=1990), "document_expiry": noon.date()}
    s.ids["old_card"] = maker(enrolment.submit, a_person(world, 5_000_102, **card))
    world.clock.now = noon - timedelta(hours=2)
    maker = world.desk("hacedora", Role.SUPERVISOR)
    _requests(s, maker)
    _users(s, maker)
    nobody_holds(world.house)
    world.clock.now = noon + timedelta(days=1)  # the excepted card ended yesterday
    world.clock.now -= timedelta(hours=1)
    matrix_money.build(s, world.desk("hacedora", Role.SUPERVISOR))
    world.clock.now = noon + timedelta(days=1)
    s.ids["target"] = world.staff("otra").staff_id
    world.house.work(
        lambda work: work.session.add(
            StaffRelative(staff_id=s.target, person="CI:7654321", relation="madre")
        )
    )
    world.clock.now -= timedelta(hours=9)
    _sit_down(s, "expired", None)
    s.ids["expired_portal"] = a_portal(world, s.expired_socio)
    world.clock.now += timedelta(hours=9)
    s.ids["portal"] = a_portal(world, s.socio)
    _sit_down(s, "", None)
    _sit_down(s, "inactive", None)
    _sit_down(s, "locked", None)
    _sit_down(s, "other_branch", world.other_branch())
    for role in ROLES.values():
        s.desks["locked", role](sign_in.lock_desk)
        s.desks["anonymous", role] = Desk(world.house, "a token that was never given out")
    inactive = [s.people["inactive", role].staff_id for role in ROLES.values()]
    off = update(Staff).where(Staff.id.in_(inactive)).values(active=False)
    world.house.work(lambda work: work.session.execute(off))
    return s


Given = tuple[tuple[Any, ...], dict[str, Any]]


def _(*args: Any, **kwargs: Any) -> Given:
    return args, kwargs


def _new_staff(s: Subjects) -> staff.NewStaff:
    return staff.NewStaff(
        user_name="nueva",
        full_name="Nueva Persona",
        document_type=DocumentType.CI,
        document_number="9988776",
        role=Role.OFFICER,
        branch_id=s.world.branch_id,
    )


VALUES: dict[str, Callable[[Subjects, Someone], Given]] = {
    "access.close": lambda s, c: _(s.active, REASON),
    "access.file": lambda s, c: _(s.active),
    "access.find": lambda s, c: _("activa"),
    "access.resume": lambda s, c: _(s.suspended, REASON),
    "access.steps": lambda s, c: _(s.active),
    "access.suspend": lambda s, c: _(s.active, REASON),
    "approval.approve": lambda s, c: _(s.signed, terms_sha256=s.terms),
    "approval.case": lambda s, c: _(s.signed),
    "approval.last_return": lambda s, c: _(s.signed),
    "approval.reject": lambda s, c: _(s.signed, REASON),
    "approval.send_back": lambda s, c: _(s.signed, REASON),
    "audit.anchor": lambda s, c: _(),
    "audit.events": lambda s, c: _(),
    "audit.timeline": lambda s, c: _(s.signed),
    "batches.gather": lambda s, c: _(),
    "batches.recent": lambda s, c: _(),
    "batches.shut": lambda s, c: _(),
    "calendar_days.add": lambda s, c: _(date(2026, 12, 24), "Puente de Navidad"),
    "calendar_days.days": lambda s, c: _(),
    "calendar_days.remove": lambda s, c: _(date(2026, 12, 25)),
    "configuration.configure": lambda s, c: _(s.identified, s.identified_version, s.chosen),
    "configuration.options": lambda s, c: _(s.identified),
    "credential.keep": lambda s, c: _(s.invited, "$argon2id$a-hash", Delivery.SCREEN),
    "credential.not_delivered": lambda s, c: _(s.issued),
    "credential.send_link": lambda s, c: _(s.issued),
    "credential.unused": lambda s, c: _(),
    "credential.words_about": lambda s, c: _(s.invited),
    "desk_enquiries.beneficiaries": lambda s, c: _(s.socio_member),
    "desk_enquiries.cut_off": lambda s, c: _(),
    "desk_enquiries.movements": lambda s, c: _(s.socio_account),
    "desk_enquiries.operations": lambda s, c: _(s.socio_member),
    "desk_enquiries.schedules": lambda s, c: _(s.socio_member),
    "drafts.drop": lambda s, c: _("new"),
    "drafts.load": lambda s, c: _("new"),
    "drafts.mine": lambda s, c: _(),
    "drafts.save": lambda s, c: _("new", {"first_names": "Ana"}),
    "duplicates.duplicates": lambda s, c: _(s.submitted),
    "enquiries.limits": lambda s, c: _(),
    "enquiries.movements": lambda s, c: _(s.socio_account),
    "enquiries.operations": lambda s, c: _(),
    "enquiries.products": lambda s, c: _(),
    "enquiries.under_way": lambda s, c: _(),
    "enrolment.amend": lambda s, c: _(
        s.submitted, s.submitted_version, view(s.desks["", Role.AUDITOR], s.submitted).application
    ),
    "enrolment.current_terms": lambda s, c: _(),
    "enrolment.hold": lambda s, c: _(s.submitted),
    "enrolment.open_count": lambda s, c: _(),
    "enrolment.propose_user_name": lambda s, c: _("Ana", "Méndez"),
    "enrolment.release": lambda s, c: _(s.submitted),
    "enrolment.submit": lambda s, c: _(s.applicant),
    "enrolment.withdraw": lambda s, c: _(s.submitted, s.submitted_version, REASON),
    "enrolment_file.view": lambda s, c: _(s.submitted),
    "forms.end_printing": lambda s, c: _(s.printing, "saved"),
    "forms.freeze": lambda s, c: _(s.configured, s.configured_version),
    "forms.paper": lambda s, c: _(s.form),
    "forms.start_printing": lambda s, c: _(s.form, Destination.FILE),
    "forms.store": lambda s, c: _(s.configured, s.frozen, PDF, "A4"),
    "forms.store_sheet": lambda s, c: _(s.code, picture(), "image/jpeg", s.printed),
    "forms.terms_of": lambda s, c: _(s.form),
    "identity.attachment": lambda s, c: _(s.sheet),
    "identity.comparison": lambda s, c: _(s.submitted),
    "identity.except_card": lambda s, c: _(s.old_card, REASON),
    "identity.identify": lambda s, c: _(s.submitted, s.submitted_version, s.reading),
    "identity.store_attachment": lambda s, c: _(
        s.submitted, AttachmentKind.CARD_FRONT, picture(), "image/jpeg"
    ),
    "jobs.drop_drafts": lambda s, c: _(),
    "jobs.expire_credentials": lambda s, c: _(),
    "jobs.expire_links": lambda s, c: _(),
    "jobs.expire_request": lambda s, c: _(s.old),
    "jobs.requests_to_expire": lambda s, c: _(),
    "lists.note_export": lambda s, c: _("requests", 2),
    "member_sign_in.sign_out": lambda s, c: _(),
    "members.member": lambda s, c: _(s.member),
    "members.member_match": lambda s, c: _(DocumentType.CI, "5000001"),
    "members.members": lambda s, c: _(),
    "outbox.for_subject": lambda s, c: _(s.invited),
    "outbox.waiting": lambda s, c: _(),
    "own_settings.change_contact": lambda s, c: _(
        email="otra@example.com", mobile="70012345", code=s.socio_phone.code()
    ),
    "own_settings.choose_image": lambda s, c: _("llama", code=s.socio_phone.code()),
    "own_settings.settings": lambda s, c: _(),
    "own_settings.situation": lambda s, c: _(),
    "own_settings.store_password": lambda s, c: _(
        code=s.socio_phone.code(), hashed="$argon2id$a-hash"
    ),
    "own_settings.store_pin": lambda s, c: _(code=s.socio_phone.code(), hashed="$argon2id$a-hash"),
    "own_settings.store_question": lambda s, c: _(
        code=s.socio_phone.code(), question="¿Cómo se llamaba su perro?", hashed="$argon2id$a-hash"
    ),
    "receipts.mine": lambda s, c: _(s.paid),
    "receipts.reprint": lambda s, c: _(s.paid),
    "receipts.verify": lambda s, c: _(ReceiptCode(s.paid, bytes(10)).payload),
    "requests.queue_counts": lambda s, c: _(),
    "requests.requests": lambda s, c: _(),
    "search.find": lambda s, c: _("Méndez"),
    "seeds.fill_missing": lambda s, c: _(),
    "sign_in.confirm_authenticator": lambda s, c: _(s.world.code(c)),
    "sign_in.lock_desk": lambda s, c: _(),
    "sign_in.provision_authenticator": lambda s, c: _(),
    "sign_in.sign_out": lambda s, c: _(),
    "sign_in.store_password": lambda s, c: _(hashed="$argon2id$a-hash"),
    "sign_in.unlock_desk": lambda s, c: _(),
    "sign_in.whoami": lambda s, c: _(),
    "staff.branches": lambda s, c: _(),
    "staff.change": lambda s, c: _(
        s.target, role=Role.AUDITOR, branch_id=s.world.branch_id, active=True
    ),
    "staff.create_branch": lambda s, c: _("NOR", "Agencia Norte", "Warnes"),
    "staff.drop_relative": lambda s, c: _(s.target, "CI:7654321"),
    "staff.relatives": lambda s, c: _(s.target),
    "staff.declare_relative": lambda s, c: _(s.target, "CI:1234567", "hermana"),
    "staff.everybody": lambda s, c: _(),
    "staff.reset_authenticator": lambda s, c: _(s.target),
    "staff.store_new": lambda s, c: _(_new_staff(s), hashed="$argon2id$a-hash"),
    "staff.store_reset": lambda s, c: _(s.target, hashed="$argon2id$a-hash"),
    "staff.unlock": lambda s, c: _(s.target),
    "totp.confirm": lambda s, c: _(s.provisioned, s.new_phone.code()),
    "totp.diagnose": lambda s, c: _(s.active, s.phone.code()),
    "totp.provision": lambda s, c: _(s.invited),
    "totp.resync": lambda s, c: _(s.active, s.phone.code(3), s.phone.code(4)),
    "unlock.triage": lambda s, c: _(s.shut),
    "unlock.unlock": lambda s, c: _(s.shut, reason=REASON, points=POINTS_NEEDED),
}
VALUES |= matrix_money.MONEY_VALUES
"""Values with which each operation succeeds for whoever may call it. Parts have none: their
refusal comes before any value is looked at."""


def _draft_is_there(s: Subjects, desk: Desk, caller: Someone) -> None:
    desk(drafts.save, "new", {"first_names": "Ana"})


def _hold(s: Subjects, desk: Desk, caller: Someone) -> None:
    desk(enrolment.hold, s.submitted)


def _unproven(s: Subjects, desk: Desk, caller: Someone) -> None:
    away = update(Staff).where(Staff.id == caller.staff_id).values(totp_confirmed_at=None)
    s.house.work(lambda work: work.session.execute(away))


def _password_given_at_locked_desk(s: Subjects, desk: Desk, caller: Someone) -> None:
    desk(sign_in.lock_desk)
    s.world.clock.forward(seconds=30)
    everybody_fresh(s.house)


def _long_after(s: Subjects, desk: Desk, caller: Someone) -> None:
    s.desks["", Role.OFFICER](drafts.save, "new", {"first_names": "Ana"})
    s.world.clock.forward(days=60)


def _a_year_later(s: Subjects, desk: Desk, caller: Someone) -> None:
    s.world.clock.forward(days=366)


def _promised_and_shut(s: Subjects, desk: Desk, caller: Someone) -> None:
    tomorrow = local_day(s.world.clock.now) + timedelta(days=1)
    received(s.house, s.socio, s.socio_account, s.friend, 100, tomorrow)
    s.world.clock.forward(days=7)
    s.house.job(batches.shut)


BEFORE: dict[str, Callable[[Subjects, Desk, Someone], None]] = {
    "drafts.load": _draft_is_there,
    "drafts.drop": _draft_is_there,
    "enrolment.release": _hold,
    "sign_in.provision_authenticator": _unproven,
    "sign_in.unlock_desk": _password_given_at_locked_desk,
    "jobs.drop_drafts": _long_after,
    "jobs.expire_credentials": _long_after,
    "jobs.expire_links": _long_after,
    "seeds.fill_missing": _a_year_later,
    "cosigning.lapse_due": _long_after,
    "batches.gather": _promised_and_shut,
}
"""What happened before, where the deed would otherwise find nothing to do."""
