"""What the database refuses by itself, to everybody, its owner included, on both databases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy import Executable, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from branch_desk.models.access import ACCESS_TRANSITIONS, Access, AccessStatus, LockReason, Unlock
from branch_desk.models.audit import CHAINS, AuditAnchor, AuditEvent, AuditHead
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import (
    OPEN,
    TRANSITIONS,
    Channel,
    ChosenAccount,
    ChosenBiller,
    Enrolment,
    Hand,
    Status,
)
from branch_desk.models.event import Event
from branch_desk.models.form import Decision, Destination, PrintedForm, Printing, Verdict
from branch_desk.models.identity import Attachment, AttachmentKind
from branch_desk.models.member import DocumentType, MemberKind, person_key
from branch_desk.models.parameter import ContractTerms
from branch_desk.models.staff import Role, Staff
from branch_desk.operations.house import audit
from tests.access_builders import walk
from tests.builders import NOON, World


@dataclass
class Case:
    """A request whose signed sheet is filed, an officer's hand on it, and who may decide."""

    world: World
    enrolment: UUID
    form: UUID
    sheet: UUID
    officer: UUID
    supervisor: UUID
    person: str

    def run(self, deed: Executable | Callable[[Session], object]) -> None:
        if isinstance(deed, Executable):
            self.world.house.database.write(lambda session: session.execute(deed))
        else:
            self.world.house.database.write(deed)

    def refused(self, deed: Executable | Callable[[Session], object], words: str) -> None:
        with pytest.raises(IntegrityError, match=words):
            self.run(deed)

    def approval(self, **changes: object) -> dict[str, object]:
        return {
            "id": new_id(),
            "enrolment_id": self.enrolment,
            "verdict": Verdict.APPROVED,
            "revision": 1,
            "form_id": self.form,
            "terms_sha256": "t" * 64,
            "sheet_sha256": "s" * 64,
            "reason": "",
            "supervisor_id": self.supervisor,
            "person": self.person,
            "decided_at": NOON,
        } | changes

    def approve(self) -> None:
        def deed(session: Session) -> None:
            session.execute(insert(Decision).values(self.approval()))
            session.execute(update(Enrolment).values(status=Status.APPROVED))

        self.run(deed)


def a_request(
    world: World,
    status: Status = Status.SIGNED,
    number: str = "4567891",
    inserted: Mapping[str, object] | None = None,
) -> UUID:
    """A request in any state but APPROVED, or inserted with values nothing inserts."""
    enrolment, member = new_id(), world.member(number, document_number=number)

    def store(session: Session) -> None:
        version = session.scalars(select(ContractTerms.version)).first()
        session.execute(
            insert(Enrolment).values(
                {
                    "id": enrolment,
                    "number": f"CEN-2026-{number}",
                    "status": Status.SUBMITTED,
                    "revision": 1,
                    "version": 1,
                    "channel": Channel.BRANCH,
                    "branch_id": world.branch_id,
                    "member_id": member,
                    "submitted_at": NOON,
                    "changed_at": NOON,
                    "terms_version": version,
                    "terms_sha256": "t" * 64,
                    "terms_accepted_at": NOON,
                    "terms_channel": Channel.BRANCH,
                    "kind": MemberKind.PERSON,
                    "document_type": DocumentType.CI,
                    "document_number": number,
                    "first_names": "Ana María",
                    "first_surname": "Méndez",
                }
                | dict(inserted or {})
            )
        )
        walk(session, enrolment, status)

    world.house.database.write(store)
    return enrolment


@pytest.fixture
def case(world: World) -> Case:
    officer = world.staff("oficial", document="7000001")
    supervisor = world.staff("super", Role.SUPERVISOR, document="7000002")
    member = world.member("000777", document_number="777777")
    account = world.account(member)
    enrolment, form, sheet = a_request(world), new_id(), new_id()

    def store(session: Session) -> None:
        session.execute(
            insert(PrintedForm).values(
                id=form,
                enrolment_id=enrolment,
                revision=1,
                form_version="1",
                terms=b"terms",
                terms_sha256="t" * 64,
                pdf=b"pdf",
                pdf_sha256="p" * 64,
                page_size="A4",
                staff_id=officer.staff_id,
                made_at=NOON,
                copies=1,
            )
        )
        session.execute(
            insert(Printing).values(
                id=new_id(),
                form_id=form,
                copy_number=1,
                destination=Destination.PRINTER,
                staff_id=officer.staff_id,
                started_at=NOON,
            )
        )
        session.execute(
            insert(Attachment).values(
                id=sheet,
                enrolment_id=enrolment,
                kind=AttachmentKind.SIGNED_FORM,
                form_id=form,
                media_type="application/pdf",
                content=b"sheet",
                sha256="s" * 64,
                staff_id=officer.staff_id,
                filed_at=NOON,
            )
        )
        session.execute(
            insert(Hand).values(
                enrolment_id=enrolment,
                person=person_key(DocumentType.CI, "7000001", ""),
                staff_id=officer.staff_id,
                since_revision=1,
            )
        )
        session.execute(
            insert(ChosenAccount).values(
                enrolment_id=enrolment,
                account_id=account,
                consult=True,
                debit=True,
                web=True,
                mobile=True,
            )
        )

    world.house.database.write(store)
    return Case(
        world,
        enrolment,
        form,
        sheet,
        officer.staff_id,
        supervisor.staff_id,
        person_key(DocumentType.CI, "7000002", ""),
    )


# Four eyes


def test_a_supervisor_who_touched_nothing_approves(case: Case) -> None:
    case.approve()


def test_nobody_among_the_hands_approves(case: Case) -> None:
    def touched(session: Session) -> None:
        session.execute(
            insert(Hand).values(
                enrolment_id=case.enrolment,
                person=case.person,
                staff_id=case.supervisor,
                since_revision=1,
            )
        )

    case.run(touched)
    case.refused((insert(Decision).values(case.approval())), "nobody approves")


def test_a_second_user_of_the_same_person_does_not_approve(case: Case) -> None:
    # The officer's own card, under another user name with a supervisor's role.
    twin = case.world.staff("gemelo", Role.SUPERVISOR, document="7000001")
    values = case.approval(
        supervisor_id=twin.staff_id, person=person_key(DocumentType.CI, "7000001", "")
    )
    case.refused((insert(Decision).values(values)), "nobody approves")
    # Nor by giving somebody else's person.
    values["person"] = case.person
    case.refused((insert(Decision).values(values)), "only a supervisor")


def test_an_officer_does_not_decide_even_when_promoted_back_and_forth(case: Case) -> None:
    hands = person_key(DocumentType.CI, "7000001", "")
    values = case.approval(supervisor_id=case.officer, person=hands)
    no = "only a supervisor|nobody approves"
    case.refused((insert(Decision).values(values)), no)
    case.run(update(Staff).where(Staff.id == case.officer).values(role=Role.SUPERVISOR))
    case.refused((insert(Decision).values(values)), "nobody approves")


def test_a_demoted_or_dismissed_supervisor_does_not_decide(case: Case) -> None:
    for change in ({"role": Role.AUDITOR}, {"role": Role.SUPERVISOR, "active": False}):
        case.run(update(Staff).where(Staff.id == case.supervisor).values(**change))
        case.refused((insert(Decision).values(case.approval())), "supervisor")


@pytest.mark.parametrize(
    "change",
    [
        {"revision": 2},
        {"terms_sha256": "x" * 64},
        {"sheet_sha256": "x" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_approval_of_something_else_is_refused(case: Case, change: dict[str, object]) -> None:
    case.refused((insert(Decision).values(case.approval(**change))), "binds to the signed")


@pytest.mark.parametrize("status", sorted(OPEN - {Status.SIGNED}))
def test_only_a_signed_request_is_approved(case: Case, status: Status) -> None:
    # By the shortest way back; the guards would refuse a jump.
    if status == Status.PRINTED:
        case.run(update(Enrolment).values(status=Status.CONFIGURED))
    case.run(update(Enrolment).values(status=status))
    case.refused((insert(Decision).values(case.approval())), "binds to the signed")


def test_a_voided_paper_or_a_replaced_sheet_is_not_approved(case: Case) -> None:
    case.run(update(Attachment).values(replaced_at=NOON))
    case.refused((insert(Decision).values(case.approval())), "binds to the signed")


def test_a_request_is_not_approved_without_a_decision(case: Case) -> None:
    case.refused((update(Enrolment).values(status=Status.APPROVED)), "by a decision")


def test_an_approval_takes_effect_once(case: Case) -> None:
    case.approve()
    with pytest.raises(IntegrityError):
        case.run(insert(Decision).values(case.approval()))


# States


def test_the_database_knows_the_moves_of_a_request(world: World) -> None:
    """All pairs but approval, which has its own tests."""
    others = sorted(set(Status) - {Status.APPROVED})
    for place, (old, new) in enumerate(product(others, others)):
        enrolment = a_request(world, old, str(5_000_000 + place))

        def move(session: Session, enrolment: UUID = enrolment, new: Status = new) -> None:
            session.execute(update(Enrolment).where(Enrolment.id == enrolment).values(status=new))

        if new in TRANSITIONS[old] or (old == new and old in OPEN):
            world.house.database.write(move)
        else:
            with pytest.raises(IntegrityError):
                world.house.database.write(move)


def test_a_closed_request_does_not_change(case: Case) -> None:
    case.approve()
    for change in (
        {"status": Status.SIGNED},
        {"email": "otra@example.com"},
        {"version": 9},
        {"held_by": None},
    ):
        case.refused(
            (update(Enrolment).values(**change)),
            "closed request|not a move",
        )
    case.refused((delete(Enrolment)), "never deleted")
    case.refused((update(ChosenAccount).values(debit=False)), "closed request")
    case.refused((delete(ChosenAccount)), "closed request")
    biller = insert(ChosenBiller).values(enrolment_id=case.enrolment, biller_code="CRE")
    case.refused(biller, "closed request")


def a_user(session: Session, enrolment: UUID, **changes: object) -> UUID:
    """A user as an approval leaves it."""
    values: dict[str, object] = {
        "id": new_id(),
        "user_name": "amendez",
        "member_id": session.scalars(
            select(Enrolment.member_id).where(Enrolment.id == enrolment)
        ).one(),
        "enrolment_id": enrolment,
        "person": "CI:4567891",
        "person_name": "Ana",
        "email": "ana@example.com",
        "mobile": "7",
        "status": AccessStatus.INVITED,
        "by_web": True,
        "by_mobile": True,
        "created_at": NOON,
        "password_hash": "$argon2id$",
    } | changes
    return session.execute(insert(Access).values(values).returning(Access.id)).scalar_one()


WAY = [AccessStatus.ENROLLING, AccessStatus.ACTIVE, AccessStatus.SUSPENDED]


def test_the_database_knows_the_moves_of_a_user(case: Case) -> None:
    case.approve()
    allowed = {(old, new) for old, targets in ACCESS_TRANSITIONS.items() for new in targets}
    for old, new in product(AccessStatus, AccessStatus):
        way = WAY[: WAY.index(old) + 1] if old in WAY else [old]

        def store(session: Session, way: list[AccessStatus] = way) -> None:
            session.execute(delete(Access))
            a_user(session, case.enrolment)
            for status in way:
                session.execute(update(Access).values(status=status))

        def move(session: Session, new: AccessStatus = new) -> None:
            session.execute(update(Access).values(status=new))

        case.run(store)
        if old == new or (old, new) in allowed:
            case.run(move)
        else:
            case.refused(move, "not a move")


@pytest.mark.parametrize("status", [status for status in Status if status != "SUBMITTED"])
def test_a_request_begins_submitted(world: World, status: Status) -> None:
    with pytest.raises(IntegrityError, match="begins submitted"):
        a_request(world, Status.SUBMITTED, "9000001", {"status": status})


def test_a_request_begins_with_its_first_revision(world: World) -> None:
    with pytest.raises(IntegrityError, match="begins submitted"):
        a_request(world, Status.SUBMITTED, "9000001", {"revision": 2})


def test_a_user_begins_by_an_approval(case: Case) -> None:
    case.refused(lambda session: a_user(session, case.enrolment), "by an approval")
    case.approve()
    stranger = case.world.member("000778", document_number="778778")
    for change in ({"member_id": stranger}, {"status": AccessStatus.ACTIVE}):
        deed = partial(a_user, enrolment=case.enrolment, **change)
        case.refused(deed, "by an approval")
    case.run(lambda session: a_user(session, case.enrolment))


def test_a_rejection_makes_no_user(case: Case) -> None:
    rejection = case.approval(verdict=Verdict.REJECTED, reason="la firma no es suya")
    case.run(insert(Decision).values(rejection))
    case.refused(lambda session: a_user(session, case.enrolment), "by an approval")


# History


def test_history_is_only_added_to(case: Case) -> None:
    case.approve()
    for table, change in (
        (AuditEvent, {"text": "{}"}),
        (AuditEvent, {"member_id": None}),
        (Decision, {"reason": "otra razón cualquiera"}),
        (Hand, {"person": "CI:1"}),
    ):
        case.refused((update(table).values(**change)), "append-only")
        case.refused(delete(table), "append-only")
    for kept in (AuditHead, PrintedForm, Printing, Attachment):
        case.refused(delete(kept), "never deleted")


def test_an_unlocking_stays(case: Case) -> None:
    case.approve()

    def store(session: Session) -> None:
        session.execute(
            insert(Unlock).values(
                id=new_id(),
                access_id=a_user(session, case.enrolment),
                lock_reason=LockReason.PIN,
                unlocked_at=NOON,
            )
        )

    case.run(store)
    case.refused((delete(Unlock)), "append-only")
    case.refused((update(Access).values(person="CI:1")), "change hands")


def test_a_paper_is_frozen(case: Case) -> None:
    for table, change in (
        (PrintedForm, {"terms": b"x"}),
        (PrintedForm, {"terms_sha256": "x"}),
        (PrintedForm, {"pdf": b"x"}),
        (PrintedForm, {"pdf_sha256": "x"}),
        (PrintedForm, {"revision": 2}),
        (Attachment, {"content": b"x"}),
        (Attachment, {"sha256": "x"}),
        (Printing, {"started_at": NOON}),
        (Printing, {"copy_number": 4}),
    ):
        case.refused((update(table).values(**change)), "frozen|history")
    case.run(update(PrintedForm).values(copies=2))
    case.refused((update(PrintedForm).values(copies=1)), "only grow")
    case.run(update(Printing).values(outcome="printed", ended_at=NOON))
    case.refused((update(Printing).values(outcome="otra")), "history")
    case.run(update(PrintedForm).values(voided_at=NOON))
    case.refused((update(PrintedForm).values(voided_at=None)), "stays voided")
    case.run(update(Attachment).values(replaced_at=NOON))
    case.refused((update(Attachment).values(replaced_at=None)), "stays replaced")


def test_a_chain_goes_on_by_one_event_after_the_other(case: Case) -> None:
    case.world.house.work(lambda work: work.record(Event.EXPORTED, case.enrolment))
    row = {
        "chain": 1,
        "number": 1,
        "at": NOON,
        "event": "x",
        "text": "{}",
        "hash": bytes(32),
    }
    case.refused((insert(AuditEvent).values(row | {"number": 7})), "follows|hashed")
    case.refused((update(AuditHead).values(number=AuditHead.number + 1)), "head")
    case.refused((update(AuditHead).values(number=0)), "head follows")
    case.refused((update(AuditHead).values(hash=bytes(32))), "head follows")
    case.refused(
        (insert(AuditHead).values(chain=CHAINS, number=0, hash=bytes(32))),
        "chains are given",
    )
    if case.world.house.database.is_postgresql:
        case.refused((insert(AuditEvent).values(row)), "hashed onto|follows")


def test_an_anchor_is_renewed_never_set_back(case: Case) -> None:
    case.world.house.job(audit.anchor)
    case.refused((delete(AuditAnchor)), "never deleted")
    earlier = NOON - timedelta(hours=1)
    case.refused((update(AuditAnchor).values(made_at=earlier)), "only renewed")


def test_sqlite_does_not_replace_history_behind_the_guards(case: Case) -> None:
    database = case.world.house.database
    if database.is_postgresql:
        pytest.skip("PostgreSQL has no INSERT OR REPLACE")
    for table in ("hand", "audit_event"):
        case.refused(
            (text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")),
            "append-only|follows",
        )


def test_postgresql_does_not_empty_history(case: Case) -> None:
    database = case.world.house.database
    if not database.is_postgresql:
        pytest.skip("SQLite has no TRUNCATE")
    for table in ("audit_event", "decision", "hand", "audit_head", "unlock", "printed_form"):
        with pytest.raises(DBAPIError, match="never emptied"):
            case.run(text(f"TRUNCATE {table} CASCADE"))
