"""A request's life at the desk."""

import io
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pypdf
import pytest
from sqlalchemy import select

from branch_desk.models.access import Access, AccessStatus
from branch_desk.models.account import AccountKind, Handling
from branch_desk.models.audit import AuditEvent
from branch_desk.models.enrolment import OPEN, TRANSITIONS, Enrolment, Status
from branch_desk.models.errors import (
    AboveCeiling,
    AccountUnfit,
    AlreadyEnrolled,
    CardExpired,
    ChangedMeanwhile,
    CheckListIncomplete,
    DifferencesUnexplained,
    Duplicate,
    ForeignForm,
    FormUnreadable,
    FourEyes,
    FreshSignInNeeded,
    HeldByAnother,
    InvalidValue,
    LimitsInconsistent,
    NoMember,
    NotFound,
    NothingChosen,
    NotTheHolder,
    NotWhatWasSigned,
    PowerExpired,
    SelfDealing,
    StaleForm,
    WrongState,
)
from branch_desk.models.form import Destination, PrintedForm
from branch_desk.models.identity import CheckPoint
from branch_desk.models.member import DocumentType, MemberKind, person_key
from branch_desk.models.outbox import Mail
from branch_desk.models.staff import Role, Staff
from branch_desk.operations.house import staff
from branch_desk.operations.request import (
    approval,
    configuration,
    drafts,
    enrolment,
    forms,
    identity,
)
from branch_desk.operations.request.identity import CardState, card_state
from branch_desk.operations.work import Desk
from tests.builders import World
from tests.journey import (
    ANA,
    a_company_application,
    a_configuration,
    a_reading,
    a_representative,
    advance,
    an_application,
    approve,
    carry,
    sheet_of,
    signed_scan,
    view,
)


@pytest.fixture
def officer(world: World) -> Desk:
    """An officer, with Ana in the books who has an account."""
    ana = world.member()
    world.account(ana)
    return world.desk("oficial")


@pytest.fixture
def supervisor(world: World) -> Desk:
    return world.desk("jefa", Role.SUPERVISOR)


def mails(world: World) -> list[str]:
    return world.house.work(
        lambda work: list(work.session.scalars(select(Mail.template).order_by(Mail.created_at)))
    )


def statuses(world: World) -> list[AccessStatus]:
    return world.house.work(lambda work: list(work.session.scalars(select(Access.status))))


def test_a_request_goes_from_the_counter_to_an_approved_user(
    world: World, officer: Desk, supervisor: Desk
) -> None:
    enrolment_id = carry(world, officer)
    users = approve(world, supervisor, "jefa", enrolment_id)
    assert view(officer, enrolment_id).status is Status.APPROVED
    assert view(officer, enrolment_id).access_ids == users
    assert statuses(world) == [AccessStatus.INVITED]
    assert mails(world) == ["registered", "set_password"]


def test_a_company_goes_the_same_way_with_a_user_for_each_representative(
    world: World, officer: Desk, supervisor: Desk
) -> None:
    world.account(world.company(), number="2000100")
    people = (
        a_representative(),
        a_representative("5566778", first_names="Rosa", mobile="72223334"),
    )
    enrolment_id = carry(world, officer, application=a_company_application(*people))
    assert len(approve(world, supervisor, "jefa", enrolment_id)) == 2
    assert mails(world).count("set_password") == 2


def test_the_user_name_is_initial_and_surname_and_unique_without_regard_to_case(
    world: World, officer: Desk
) -> None:
    first = carry(world, officer, Status.SUBMITTED)
    assert view(officer, first).application.user_name == "amendez"
    world.member("000777", document_number="7654321", complement="", email="x@example.com")
    other = replace(ANA, document_number="7654321", complement="")
    second = officer(enrolment.submit, an_application(values=other))
    assert view(officer, second).application.user_name == "amendez2"
    third = replace(ANA, document_number="7654322", complement="")
    with pytest.raises(Duplicate) as taken:
        officer(enrolment.submit, an_application(values=third, user_name="AMendez"))
    assert taken.value.field == "user_name"


def test_the_user_name_is_never_the_card_number(officer: Desk) -> None:
    with pytest.raises(InvalidValue):
        officer(enrolment.submit, an_application(user_name="4567891"))


def test_a_person_has_one_open_request(officer: Desk, world: World) -> None:
    carry(world, officer, Status.SUBMITTED)
    with pytest.raises(AlreadyEnrolled):
        officer(enrolment.submit, an_application())


def test_a_person_with_a_user_asks_in_vain(world: World, officer: Desk, supervisor: Desk) -> None:
    approve(world, supervisor, "jefa", carry(world, officer))
    with pytest.raises(AlreadyEnrolled):
        officer(enrolment.submit, an_application())


def test_place_of_issue_is_no_part_of_who_somebody_is(officer: Desk, world: World) -> None:
    from branch_desk.models.member import Department

    carry(world, officer, Status.SUBMITTED)
    with pytest.raises(AlreadyEnrolled):
        officer(enrolment.submit, an_application(values=replace(ANA, issued_in=Department.LP)))


def test_an_officer_serves_neither_self_nor_relatives(world: World, officer: Desk) -> None:
    me = world.desk("ana", document="4567891")
    world.house.work(
        lambda work: setattr(
            work.session.get_one(Staff, world.people["ana"].staff_id),
            "person",
            person_key(DocumentType.CI, "4567891", "1B"),
        )
    )
    with pytest.raises(SelfDealing):
        me(enrolment.submit, an_application())
    admin = world.desk("raiz", Role.ADMINISTRATOR)
    admin(
        staff.declare_relative,
        world.people["oficial"].staff_id,
        person_key(DocumentType.CI, "4567891", "1B"),
        "hermana",
    )
    with pytest.raises(SelfDealing) as refusal:
        officer(enrolment.submit, an_application())
    assert refusal.value.relation == "hermana"


def test_another_officer_waits_until_the_hold_ends(world: World, officer: Desk) -> None:
    enrolment_id = carry(world, officer, Status.SUBMITTED)
    other = world.desk("colega")
    with pytest.raises(HeldByAnother) as held:
        other(enrolment.hold, enrolment_id)
    assert held.value.holder == "Oficial"
    world.clock.forward(minutes=15, seconds=1)
    assert other(enrolment.hold, enrolment_id).held_by_me
    file = view(officer, enrolment_id)
    with pytest.raises(HeldByAnother):
        officer(identity.identify, enrolment_id, file.version, a_reading(file))
    other(enrolment.release, enrolment_id)
    assert officer(enrolment.hold, enrolment_id).held_by_me


def test_the_loser_of_two_saves_is_told(world: World, officer: Desk) -> None:
    enrolment_id = carry(world, officer, Status.SUBMITTED)
    file = view(officer, enrolment_id)
    officer(identity.identify, enrolment_id, file.version, a_reading(file))
    with pytest.raises(ChangedMeanwhile):
        officer(identity.identify, enrolment_id, file.version, a_reading(file))


def test_requests_of_another_branch_are_not_there(world: World, officer: Desk) -> None:
    enrolment_id = carry(world, officer, Status.SUBMITTED)
    stranger = world.desk("lejos", branch_id=world.other_branch())
    for operation in (enrolment.hold, identity.comparison, configuration.options):
        with pytest.raises(NotFound):
            stranger(operation, enrolment_id)
    assert view(world.desk("auditora", Role.AUDITOR), enrolment_id).name == "Ana María Méndez Ríos"


class TestIdentity:
    def test_every_point_of_the_list_is_needed(self, world: World, officer: Desk) -> None:
        enrolment_id = carry(world, officer, Status.SUBMITTED)
        file = view(officer, enrolment_id)
        for point in set(CheckPoint) - {CheckPoint.NOT_EXPIRED}:
            reading = a_reading(file, points=frozenset(CheckPoint) - {point})
            with pytest.raises(CheckListIncomplete) as refusal:
                officer(identity.identify, enrolment_id, file.version, reading)
            assert refusal.value.missing == (point,)

    def test_a_difference_needs_a_reason_and_keeps_it(self, world: World, officer: Desk) -> None:
        enrolment_id = carry(world, officer, Status.SUBMITTED)
        file = view(officer, enrolment_id)
        reading = a_reading(file)
        card = {**reading.card, "second_surname": "Rios"}
        with pytest.raises(DifferencesUnexplained) as refusal:
            officer(identity.identify, enrolment_id, file.version, replace(reading, card=card))
        assert refusal.value.fields == ("second_surname",)
        assert refusal.value.field == "reason_second_surname"
        reasons = {"second_surname": "la cédula no lleva tilde"}
        officer(
            identity.identify,
            enrolment_id,
            file.version,
            replace(reading, card=card, reasons=reasons),
        )
        rows = {row.field: row for row in officer(identity.comparison, enrolment_id).rows}
        assert rows["second_surname"].card == "Rios"
        assert rows["second_surname"].reason == "la cédula no lleva tilde"

    def test_who_is_not_in_the_books_is_not_identified(self, world: World, officer: Desk) -> None:
        stranger = replace(ANA, document_number="9999999", complement="")
        enrolment_id = officer(enrolment.submit, an_application(values=stranger))
        file = view(officer, enrolment_id)
        with pytest.raises(NoMember):
            officer(identity.identify, enrolment_id, file.version, a_reading(file))

    def test_an_expired_card_needs_a_supervisor_who_then_cannot_approve(
        self, world: World, officer: Desk, supervisor: Desk
    ) -> None:
        world.member(
            "000555",
            document_number="1212121",
            complement="",
            document_expiry=date(2026, 11, 22),
            email="v@example.com",
            mobile="70000001",
        )
        old = replace(
            ANA,
            document_number="1212121",
            complement="",
            document_expiry=date(2026, 11, 22),
            email="v@example.com",
            mobile="70000001",
        )
        enrolment_id = officer(enrolment.submit, an_application(values=old))
        file = view(officer, enrolment_id)
        with pytest.raises(CardExpired):
            officer(identity.identify, enrolment_id, file.version, a_reading(file))
        supervisor(identity.except_card, enrolment_id, "Trámite de renovación en SEGIP, ficha 88")
        file = view(officer, enrolment_id)
        officer(identity.identify, enrolment_id, file.version, a_reading(file))
        member = view(officer, enrolment_id).member_id
        assert member is not None
        world.account(member, number="777001")
        for status in (Status.CONFIGURED, Status.PRINTED, Status.SIGNED):
            advance(officer, enrolment_id, status)
        with pytest.raises(FourEyes):
            approve(world, supervisor, "jefa", enrolment_id)
        flags = {
            flag.flag
            for flag in world.desk("jefe2", Role.SUPERVISOR)(approval.case, enrolment_id).flags
        }
        assert approval.Flag.CARD_EXCEPTED in flags

    @pytest.mark.parametrize(
        ("expiry", "birth", "state"),
        [
            (date(2026, 11, 23), date(1985, 1, 1), CardState.EXPIRES_SOON),
            (date(2026, 11, 22), date(1985, 1, 1), CardState.EXPIRED),
            (date(2026, 12, 23), date(1985, 1, 1), CardState.EXPIRES_SOON),
            (date(2026, 12, 24), date(1985, 1, 1), CardState.VALID),
            (None, date(1968, 11, 23), CardState.INDEFINITE),
            (None, date(1968, 11, 24), CardState.INDEFINITE_TOO_YOUNG),
        ],
    )
    def test_a_card_is_judged_by_its_day(
        self, expiry: date | None, birth: date, state: CardState
    ) -> None:
        assert card_state(expiry, birth, date(2026, 11, 23)) is state


class TestConfiguration:
    @pytest.fixture
    def enrolment_id(self, world: World, officer: Desk) -> UUID:
        return carry(world, officer, Status.IDENTIFIED)

    def test_only_what_the_member_may_use_is_accepted(
        self, world: World, officer: Desk, enrolment_id: UUID
    ) -> None:
        version = view(officer, enrolment_id).version
        member = view(officer, enrolment_id).member_id
        assert member is not None
        cases = {
            world.account(world.company(), number="900000"): NotTheHolder,
            world.account(member, number="900001", kind=AccountKind.TERM_DEPOSIT): AccountUnfit,
            world.account(member, number="900002", handling=Handling.JOINT): AccountUnfit,
        }
        for account, error in cases.items():
            choice = configuration.AccountChoice(account_id=account, debit=True)
            chosen = a_configuration(officer, enrolment_id, accounts=(choice,))
            with pytest.raises(error):
                officer(configuration.configure, enrolment_id, version, chosen)

    def test_nothing_above_the_ceiling_and_no_contradiction(
        self, officer: Desk, enrolment_id: UUID
    ) -> None:
        version = view(officer, enrolment_id).version
        good = a_configuration(officer, enrolment_id)
        first = good.limits[0]

        def with_first(**changes: Any) -> configuration.Configuration:
            return replace(good, limits=(replace(first, **changes), *good.limits[1:]))

        with pytest.raises(AboveCeiling) as refusal:
            officer(configuration.configure, enrolment_id, version, with_first(per_month=10**12))
        assert refusal.value.part == "per_month"
        for wrong in ({"per_day": 1}, {"count_per_day": 0}, {"per_operation": -1}):
            with pytest.raises(LimitsInconsistent):
                officer(configuration.configure, enrolment_id, version, with_first(**wrong))

    @pytest.mark.parametrize(
        "changes",
        [{"accounts": ()}, {"limits": ()}, {"by_web": False, "by_mobile": False}],
    )
    def test_an_empty_set_is_refused(
        self, officer: Desk, enrolment_id: UUID, changes: dict[str, Any]
    ) -> None:
        version = view(officer, enrolment_id).version
        with pytest.raises(NothingChosen):
            officer(
                configuration.configure,
                enrolment_id,
                version,
                a_configuration(officer, enrolment_id, **changes),
            )

    def test_the_worst_day_counts_what_leaves(self, officer: Desk, enrolment_id: UUID) -> None:
        chosen = a_configuration(officer, enrolment_id)
        worst = configuration.worst_day(chosen.limits, debits=True, billers=True)
        assert {c.value: v for c, v in worst.items()} == {"BOB": 600_000}
        worst = configuration.worst_day(chosen.limits, debits=True, billers=False)
        assert list(worst.values()) == [400_000]
        assert configuration.worst_day(chosen.limits, debits=False, billers=True) == {}


class TestPaper:
    def test_the_original_has_the_stored_bytes_and_later_ones_say_copy(
        self, world: World, officer: Desk
    ) -> None:
        enrolment_id = carry(world, officer, Status.PRINTED)
        form = view(officer, enrolment_id).valid_form
        assert form is not None
        first = forms.send(officer, form.id, Destination.FILE)
        assert first.pdf == officer(forms.paper, form.id)
        second = forms.send(officer, form.id, Destination.FILE)
        assert (first.copy_number, second.copy_number) == (0, 1)
        text = pypdf.PdfReader(io.BytesIO(second.pdf)).pages[0].extract_text()
        assert "COPIA 1" in text
        again = forms.send(officer, form.id, Destination.FILE)
        assert again.copy_number == 2

    def test_what_the_printer_did_not_bring_out_is_no_original(
        self, world: World, officer: Desk
    ) -> None:
        enrolment_id = carry(world, officer, Status.PRINTED)
        form = view(officer, enrolment_id).valid_form
        assert form is not None
        jammed = forms.send(officer, form.id, Destination.PRINTER, "ipp://sala")
        officer(forms.end_printing, jammed.printing_id, "aborted: paper jam")
        again = forms.send(officer, form.id, Destination.PRINTER, "ipp://sala")
        assert again.copy_number == 0
        assert again.pdf == jammed.pdf

    def test_any_edit_voids_paper_and_signature(self, world: World, officer: Desk) -> None:
        enrolment_id = carry(world, officer)
        old_sheet = signed_scan(sheet_of(officer, enrolment_id))
        advance(officer, enrolment_id, Status.CONFIGURED, per_day=300_000)
        file = view(officer, enrolment_id)
        assert file.status is Status.CONFIGURED
        assert file.valid_form is None
        assert not [a for a in file.attachments if a.kind == "SIGNED_FORM"]
        advance(officer, enrolment_id, Status.PRINTED)
        with pytest.raises(StaleForm) as refusal:
            forms.file_sheet(officer, old_sheet, enrolment_id)
        facts = refusal.value.facts
        assert facts["revision"] != facts["current"]

    def test_the_sheet_finds_its_request_and_no_other(self, world: World, officer: Desk) -> None:
        first = carry(world, officer, Status.PRINTED)
        world.account(
            world.member("000888", document_number="8888888", complement="", email="b@example.com"),
            number="555001",
        )
        other = replace(ANA, document_number="8888888", complement="", email="b@example.com")
        second = carry(world, officer, Status.PRINTED, an_application(values=other))
        sheet = signed_scan(sheet_of(officer, first), degrees=4)
        with pytest.raises(ForeignForm):
            forms.file_sheet(officer, sheet, second)
        assert forms.file_sheet(officer, sheet) == first

    def test_a_sheet_without_code_is_refused(self, world: World, officer: Desk) -> None:
        from PIL import Image

        carry(world, officer, Status.PRINTED)
        out = io.BytesIO()
        Image.new("L", (800, 1100), 255).save(out, "PNG")
        with pytest.raises(FormUnreadable):
            forms.file_sheet(officer, out.getvalue())

    def test_the_same_terms_give_the_same_hash_and_the_paper_says_what_is_stored(
        self, world: World, officer: Desk
    ) -> None:
        enrolment_id = carry(world, officer, Status.PRINTED)
        form = view(officer, enrolment_id).valid_form
        assert form is not None
        values, _, _ = officer(forms.terms_of, form.id)
        assert values.member.name == "Ana María Méndez Ríos"
        text = "\n".join(
            page.extract_text()
            for page in pypdf.PdfReader(io.BytesIO(officer(forms.paper, form.id))).pages
        )
        for expected in ("Ana María Méndez Ríos", "4567891-1B SC", "ana@example.com", "2.000,00"):
            assert expected in text


class TestApproval:
    def test_nobody_approves_what_they_touched_by_person(self, world: World, officer: Desk) -> None:
        enrolment_id = carry(world, officer)
        twin = world.desk("oficial.jefe", Role.SUPERVISOR, document=_document(world, "oficial"))
        with pytest.raises(FourEyes):
            approve(world, twin, "oficial.jefe", enrolment_id)
        assert not twin(approval.case, enrolment_id).may_decide

    def test_an_approval_wants_password_and_code_each_time(
        self, world: World, officer: Desk, supervisor: Desk
    ) -> None:
        first = carry(world, officer)
        approve(world, supervisor, "jefa", first)
        world.account(
            world.member("000888", document_number="8888888", complement="", email="b@example.com"),
            number="555001",
        )
        other = replace(ANA, document_number="8888888", complement="", email="b@example.com")
        second = carry(world, officer, application=an_application(values=other))
        case = supervisor(approval.case, second)
        with pytest.raises(FreshSignInNeeded):
            supervisor(approval.approve, second, terms_sha256=case.terms_sha256)

    def test_what_was_shown_is_what_is_approved(
        self, world: World, officer: Desk, supervisor: Desk
    ) -> None:
        enrolment_id = carry(world, officer)
        case = supervisor(approval.case, enrolment_id)
        with pytest.raises(NotWhatWasSigned):
            supervisor(approval.approve, enrolment_id, terms_sha256="0" * 64)
        # Somebody with the owner's rights changes a limit behind the program's back.
        from sqlalchemy import update

        from branch_desk.models.enrolment import ChosenLimit

        world.house.work(
            lambda work: work.session.execute(
                update(ChosenLimit)
                .where(ChosenLimit.enrolment_id == enrolment_id)
                .values(per_day=300_000, per_month=9_000_000)
            )
        )
        with pytest.raises(NotWhatWasSigned):
            supervisor(approval.approve, enrolment_id, terms_sha256=case.terms_sha256)

    def test_a_return_voids_the_paper_and_shows_the_change_next_time(
        self, world: World, officer: Desk, supervisor: Desk
    ) -> None:
        enrolment_id = carry(world, officer)
        supervisor(approval.send_back, enrolment_id, "El límite no es el que pidió el socio")
        assert view(officer, enrolment_id).status is Status.CONFIGURED
        officer(enrolment.hold, enrolment_id)
        for status in (Status.CONFIGURED, Status.PRINTED, Status.SIGNED):
            advance(officer, enrolment_id, status, per_day=400_000)
        other = world.desk("jefe2", Role.SUPERVISOR)
        case = other(approval.case, enrolment_id)
        raised = [flag for flag in case.flags if flag.flag is approval.Flag.RAISED]
        assert ("before", 200_000) in raised[0].facts
        assert any(change.path == "limits/OWN/BOB/per_day" for change in case.changes)
        assert approval.Flag.RETURNED_BEFORE in {flag.flag for flag in case.flags}

    def test_a_rejection_is_final_and_frees_the_user_name(
        self, world: World, officer: Desk, supervisor: Desk
    ) -> None:
        enrolment_id = carry(world, officer)
        supervisor(approval.reject, enrolment_id, "Documentación que no corresponde al socio")
        assert view(officer, enrolment_id).status is Status.REJECTED
        with pytest.raises(WrongState):
            officer(enrolment.hold, enrolment_id)
        again = carry(world, officer, Status.SUBMITTED)
        assert view(officer, again).application.user_name == "amendez"

    def test_an_expired_power_stops_form_and_approval(
        self, world: World, officer: Desk, supervisor: Desk
    ) -> None:
        world.account(world.company(), number="2000100")
        person = a_representative(power_expiry=date(2026, 11, 24))
        enrolment_id = carry(world, officer, application=a_company_application(person))
        world.clock.forward(days=2)
        fresh = world.desk("jefa", Role.SUPERVISOR)
        with pytest.raises(PowerExpired):
            approve(world, fresh, "jefa", enrolment_id)


def test_every_pair_of_states_is_allowed_or_refused(world: World, officer: Desk) -> None:
    enrolment_id = carry(world, officer, Status.SUBMITTED)
    row = world.house.work(lambda work: work.session.get_one(Enrolment, enrolment_id))
    for start in Status:
        for target in Status:
            row.status = start
            if target in TRANSITIONS[start]:
                row.move(target)
                assert row.status is target
            else:
                with pytest.raises(WrongState):
                    row.move(target)
    assert all(not TRANSITIONS[status] for status in set(Status) - OPEN)


def test_drafts_survive_and_are_sealed(world: World, officer: Desk) -> None:
    officer(drafts.save, "new", {"first_names": "Ana Ñ", "mobile": "70012345"})
    again = world.desk("oficial")
    draft = again(drafts.load, "new")
    assert draft is not None
    assert draft.content == {"first_names": "Ana Ñ", "mobile": "70012345"}
    assert world.desk("colega")(drafts.load, "new") is None
    again(drafts.drop, "new")
    assert again(drafts.load, "new") is None


def test_every_deed_has_its_audit_record_and_every_refusal_too(
    world: World, officer: Desk, supervisor: Desk
) -> None:
    enrolment_id = carry(world, officer)
    with pytest.raises(NotWhatWasSigned):
        supervisor(approval.approve, enrolment_id, terms_sha256="0" * 64)
    approve(world, supervisor, "jefa", enrolment_id)
    events = world.house.work(
        lambda work: list(
            work.session.scalars(
                select(AuditEvent.event)
                .where(AuditEvent.subject_id == enrolment_id)
                .order_by(AuditEvent.number)
            )
        )
    )
    deeds = [event for event in events if event.split(":")[1] != "viewed"]
    assert deeds == [
        "enrolment:submitted",
        "enrolment:identified",
        "enrolment:configured",
        "form:made",
        "form:printed",
        "form:print_ended",
        "attachment:filed",
        "enrolment:signed",
        "enrolment:approved",
    ]
    refused = world.house.work(
        lambda work: list(
            work.session.scalars(
                select(AuditEvent.text).where(AuditEvent.event == "operation:refused")
            )
        )
    )
    assert any("NotWhatWasSigned" in text for text in refused)


def _document(world: World, user_name: str) -> str:
    row = world.house.work(
        lambda work: work.session.get_one(Staff, world.people[user_name].staff_id)
    )
    return row.document_number


def test_the_amended_request_begins_again(world: World, officer: Desk) -> None:
    enrolment_id = carry(world, officer)
    file = view(officer, enrolment_id)
    moved = replace(ANA, address="Av. Banzer 900")
    officer(enrolment.amend, enrolment_id, file.version, an_application(values=moved))
    file = view(officer, enrolment_id)
    assert file.status is Status.SUBMITTED
    assert file.application.values.address == "Av. Banzer 900"
    assert file.application.user_name == "amendez"
    with pytest.raises(InvalidValue):
        officer(
            enrolment.amend,
            enrolment_id,
            file.version,
            a_company_application(),
        )
    assert file.application.values.kind is MemberKind.PERSON
    assert not world.house.work(
        lambda work: list(
            work.session.scalars(select(PrintedForm).where(PrintedForm.voided_at.is_(None)))
        )
    )


def test_no_card_is_excepted_for_a_closed_request(
    world: World, officer: Desk, supervisor: Desk
) -> None:
    enrolment_id = carry(world, officer, Status.SUBMITTED)
    officer(
        enrolment.withdraw,
        enrolment_id,
        view(officer, enrolment_id).version,
        "ya no lo quiere, dijo",
    )
    world.again(supervisor, "jefa")
    with pytest.raises(WrongState) as refusal:
        supervisor(identity.except_card, enrolment_id, "porque la renueva esta semana")
    assert refusal.value.kind == "enrolment"
