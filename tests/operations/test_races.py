"""What several desks do at the same instant happens once, or to one (R3, R17, R19, R26, R45)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from branch_desk.models.access import Access, InitialCredential
from branch_desk.models.audit import AuditEvent
from branch_desk.models.base import Base
from branch_desk.models.enrolment import Enrolment, Status, UserName
from branch_desk.models.event import Event
from branch_desk.models.form import Decision, PrintedForm
from branch_desk.models.outbox import Mail
from branch_desk.models.passwords import Hasher
from branch_desk.models.staff import Role, Staff
from branch_desk.operations.house import verification
from branch_desk.operations.request import enrolment
from tests.access_builders import MEMBER_PASSWORD, an_access, an_active, row
from tests.builders import CHEAP, PASSWORD, World
from tests.journey import view
from tests.racing import DESKS, Order, Racers, refresh
from tests.short_ways import a_person, nobody_holds, signed

ROUNDS = 3


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    with Racers() as made:
        yield made


@pytest.fixture(autouse=True)
def intact_trail(world: World) -> Iterator[None]:
    """After every race each chain of the trail still fits, end to end."""
    yield
    verdict = verification.verify(world.house.database, keys=world.house.keys)
    assert verdict.intact, verdict.findings


def desks(world: World, many: int, role: Role = Role.OFFICER) -> list[bytes]:
    return [world.desk(f"{role.name.lower()}{n}", role)._digest for n in range(many)]


def desks_apart(world: World, many: int) -> list[bytes]:
    """Officers of as many branches: nothing makes one wait for another's folio."""
    return [
        world.desk(f"oficial{n}", branch_id=world.other_branch(f"AG{n:02}"))._digest
        for n in range(many)
    ]


def count(world: World, table: type[Base], *where: Any) -> int:
    query = select(func.count()).select_from(table).where(*where)
    return world.house.work(lambda work: work.session.scalar(query) or 0, reads=True)


def terms_of(world: World, enrolment_id: UUID) -> str:
    query = select(PrintedForm.terms_sha256).where(
        PrintedForm.enrolment_id == enrolment_id, PrintedForm.voided_at.is_(None)
    )
    return world.house.work(lambda work: work.session.scalars(query).one(), reads=True)


def test_twelve_supervisors_approve_at_once_and_it_happens_once(
    world: World, racers: Racers
) -> None:
    officer = world.desk("oficial")
    supervisors = desks(world, DESKS, Role.SUPERVISOR)
    for number in range(ROUNDS):
        enrolment_id = signed(officer, a_person(world, 5_100_000 + number))
        terms = terms_of(world, enrolment_id)
        refresh(world)
        done = racers.race(
            world, [Order("approve", (desk, enrolment_id, terms)) for desk in supervisors]
        )
        assert Counter(done) == {"approved": 1, "WrongState": DESKS - 1}
    assert count(world, Decision) == count(world, Access) == ROUNDS
    assert count(world, Mail, Mail.template == "set_password") == ROUNDS
    assert count(world, AuditEvent, AuditEvent.event == Event.ENROLMENT_APPROVED) == ROUNDS
    assert count(world, AuditEvent, AuditEvent.event == Event.REFUSED) == ROUNDS * (DESKS - 1)


def test_what_is_approved_while_others_edit_is_what_was_signed(
    world: World, racers: Racers
) -> None:
    officer = world.desk("oficial")
    supervisors = desks(world, 6, Role.SUPERVISOR)
    officers = desks(world, 6)
    winners = Counter[str]()
    for number in range(ROUNDS + 2):
        application = a_person(world, 5_200_000 + number)
        enrolment_id = signed(officer, application)
        terms = terms_of(world, enrolment_id)
        signed_revision = view(officer, enrolment_id).revision
        nobody_holds(world.house)
        version = view(officer, enrolment_id).version
        said = replace(application, values=replace(application.values, mobile="79999999"))
        refresh(world)
        pause = 0.02
        orders = [Order("approve", (desk, enrolment_id, terms, pause)) for desk in supervisors]
        orders += [Order("amend", (desk, enrolment_id, version, said, pause)) for desk in officers]
        done = Counter(racers.race(world, orders))
        after = view(officer, enrolment_id)
        assert done["approved"] + done["amended"] == 1, done
        winners += Counter({name: done[name] for name in ("approved", "amended")})
        if done["approved"]:
            assert (after.status, after.revision) == (Status.APPROVED, signed_revision)
            assert after.application.values.mobile == application.values.mobile
            assert terms_of(world, enrolment_id) == terms
        else:
            assert (after.status, after.access_ids) == (Status.SUBMITTED, ())
            assert after.valid_form is None
    assert count(world, Access) == count(world, Decision) == winners["approved"]


def test_twelve_desks_issue_a_credential_at_once_and_one_lives(
    world: World, racers: Racers
) -> None:
    access_id = an_access(world)
    officers = desks(world, DESKS)
    word = world.word(world.desk("otra"))
    for _ in range(ROUNDS):
        refresh(world)
        done = racers.race(world, [Order("issue", (desk, access_id, word)) for desk in officers])
        secrets = [each[1] for each in done if isinstance(each, tuple)]
        assert len(secrets) == DESKS, done
        live = world.house.work(
            lambda work: work.session.scalars(
                select(InitialCredential.hash).where(
                    InitialCredential.access_id == access_id,
                    InitialCredential.used_at.is_(None),
                    InitialCredential.revoked_at.is_(None),
                )
            ).all(),
            reads=True,
        )
        assert len(live) == 1
        assert sum(Hasher(CHEAP).verify(live[0], secret) for secret in secrets) == 1


def test_an_officers_second_credential_is_refused_even_at_the_same_instant(
    world: World, racers: Racers
) -> None:
    access_id = an_access(world)
    done = racers.race(world, [Order("issue", (desk, access_id)) for desk in desks(world, DESKS)])
    outcomes = Counter(each if isinstance(each, str) else each[0] for each in done)
    assert outcomes == {"issued": 1, "SupervisorNeeded": DESKS - 1}


def test_wrong_passwords_from_twelve_desks_lock_and_three_are_compared(
    world: World, racers: Racers
) -> None:
    officer = world.desk("oficial")
    access_id, _ = an_active(world, officer)
    done = racers.race(world, [Order("guess", ("amendez", f"Equivocada{n}")) for n in range(DESKS)])
    assert {outcome for outcome, _ in done} == {"SignInFailed"}
    assert sum(compared for _, compared in done) == 3
    after = row(world, access_id)
    assert after.locked_at is not None
    assert after.failed_passwords == 3
    failed = AuditEvent.event == Event.MEMBER_SIGN_IN_FAILED
    assert count(world, AuditEvent, failed, AuditEvent.subject_id == access_id) == 3
    assert count(world, AuditEvent, failed) == DESKS
    late = racers.race(world, [Order("guess", ("amendez", MEMBER_PASSWORD))] * 4)
    assert late == [("SignInFailed", 0)] * 4


def test_wrong_staff_passwords_from_twelve_desks_lock_and_five_are_compared(
    world: World, racers: Racers
) -> None:
    someone = world.staff("oficial")
    done = racers.race(world, [Order("staff_guess", ("oficial", "no es esta clave"))] * DESKS)
    assert {outcome for outcome, _ in done} == {"SignInFailed"}
    assert sum(compared for _, compared in done) == 5
    staff = world.house.work(lambda work: work.session.get_one(Staff, someone.staff_id))
    assert staff.locked_at is not None
    assert staff.failed_attempts == 5
    assert (
        racers.race(world, [Order("staff_guess", ("oficial", PASSWORD))] * 4)
        == [("SignInFailed", 0)] * 4
    )


def test_a_user_name_wished_for_by_twelve_goes_to_one(world: World, racers: Racers) -> None:
    officers = desks_apart(world, DESKS)
    wishes = [replace(a_person(world, 5_300_000 + n), user_name="anita") for n in range(DESKS)]
    done = racers.race(
        world,
        [Order("submit", (desk, (wish,))) for desk, wish in zip(officers, wishes, strict=True)],
    )
    assert Counter(each[0] for each in done) == {"submitted": 1, "Duplicate": DESKS - 1}
    assert count(world, UserName) == 1
    assert count(world, Enrolment) == 1


def test_twelve_namesakes_at_once_all_get_a_user_name_of_their_own(
    world: World, racers: Racers
) -> None:
    officers = desks_apart(world, DESKS)
    done = racers.race(
        world,
        [
            Order("submit", (desk, (a_person(world, 5_400_000 + n),)))
            for n, desk in enumerate(officers)
        ],
    )
    assert Counter(each[0] for each in done) == {"submitted": DESKS}
    names = world.house.work(lambda work: list(work.session.scalars(select(UserName.folded))))
    assert sorted(names) == sorted(["amendez", *(f"amendez{n}" for n in range(2, DESKS + 1))])


def test_folios_of_twelve_desks_have_no_gap_and_no_twin(world: World, racers: Racers) -> None:
    officers = desks(world, DESKS)
    people = [
        tuple(
            a_person(
                world, 5_500_000 + 10 * n + i, first_surname=f"Rojas{'abcdefghijkl'[n]}{'xyz'[i]}"
            )
            for i in range(3)
        )
        for n in range(DESKS)
    ]
    done = racers.race(
        world,
        [Order("submit", (desk, some)) for desk, some in zip(officers, people, strict=True)],
    )
    assert Counter(outcome for each in done for outcome in each) == {"submitted": 3 * DESKS}
    folios = world.house.work(lambda work: sorted(work.session.scalars(select(Enrolment.number))))
    assert folios == [f"CEN-2026-{n:06}" for n in range(1, 3 * DESKS + 1)]


def test_one_of_twelve_officers_gets_to_hold_a_request(world: World, racers: Racers) -> None:
    officers = desks(world, DESKS)
    enrolment_id = world.desk("oficial")(enrolment.submit, a_person(world, 5_600_001))
    for _ in range(ROUNDS):
        nobody_holds(world.house)
        done = racers.race(world, [Order("hold", (desk, enrolment_id)) for desk in officers])
        assert Counter(done) == {"held": 1, "HeldByAnother": DESKS - 1}


def test_of_six_who_save_the_same_version_one_wins(world: World, racers: Racers) -> None:
    officers = desks(world, 6)
    application = a_person(world, 5_700_001)
    maker = world.desk("oficial")
    enrolment_id = maker(enrolment.submit, application)
    for number in range(4 * ROUNDS):
        nobody_holds(world.house)
        version = view(maker, enrolment_id).version
        orders = [
            Order(
                "amend",
                (
                    desk,
                    enrolment_id,
                    version,
                    replace(
                        application,
                        values=replace(application.values, mobile=f"7{number:03}{n:04}"),
                    ),
                    0.0,
                ),
            )
            for n, desk in enumerate(officers)
        ]
        done = racers.race(world, orders)
        assert Counter(done) == {"amended": 1, "ChangedMeanwhile": 5}
        won = done.index("amended")
        assert view(maker, enrolment_id).application.values.mobile == f"7{number:03}{won:04}"
    assert view(maker, enrolment_id).revision == 1 + 4 * ROUNDS
