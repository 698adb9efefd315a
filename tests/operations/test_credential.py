"""The clave inicial, its list, its mail."""

import pytest
from sqlalchemy import select

from branch_desk.models.access import AccessStatus, Delivery, InitialCredential, LockReason
from branch_desk.models.errors import (
    FreshSignInNeeded,
    NotAllowed,
    NotFound,
    SelfDealing,
    SupervisorNeeded,
    UnlockFirst,
    WrongState,
)
from branch_desk.models.passwords import MEMBER_POLICY, check
from branch_desk.models.staff import Role, StaffRelative
from branch_desk.operations.users import credential
from branch_desk.operations.work import Work
from tests.access_builders import (
    an_access,
    an_active,
    change,
    events,
    link_of,
    mails,
    redeemed,
    row,
)
from tests.builders import World


def _rows(world: World) -> list[InitialCredential]:
    return world.house.work(
        lambda work: list(
            work.session.scalars(
                select(InitialCredential).order_by(
                    InitialCredential.issued_at, InitialCredential.id
                )
            )
        )
    )


def test_a_credential_is_given_once_and_kept_as_a_hash(world: World) -> None:
    access_id = an_access(world)
    clave = credential.issue(world.desk(), access_id, Delivery.SCREEN)
    kept = _rows(world)[0]
    assert len(clave.reveal()) == 12
    assert check(MEMBER_POLICY, clave.reveal()) == []
    assert kept.hash.startswith("$argon2id$")
    assert clave.reveal() not in kept.hash
    assert world.house.hasher.verify(kept.hash, clave.reveal())
    assert (kept.expires_at - kept.issued_at).total_seconds() == 72 * 3600
    assert "credential:issued" in events(world, access_id)


def test_the_first_credential_leaves_the_mailed_link_alone(world: World) -> None:
    access_id = an_access(world)
    before = link_of(world, access_id)
    credential.issue(world.desk(), access_id, Delivery.SLIP)
    assert link_of(world, access_id) == before
    assert mails(world, access_id) == ["set_password"]


def test_a_first_credential_after_the_link_died_sends_a_new_one(world: World) -> None:
    access_id = an_access(world)
    before = link_of(world, access_id)
    world.clock.forward(hours=25)
    credential.issue(world.desk(), access_id, Delivery.SLIP)
    assert link_of(world, access_id) != before
    assert mails(world, access_id) == ["set_password", "set_password"]


def test_a_second_credential_within_a_day_takes_two_persons(world: World) -> None:
    access_id = an_access(world)
    credential.issue(world.desk(), access_id, Delivery.SCREEN)
    boss = world.desk("jefa", Role.SUPERVISOR)
    for alone in (world.desk(), boss):
        with pytest.raises(SupervisorNeeded):
            credential.issue(alone, access_id, Delivery.SCREEN)
    old_link = link_of(world, access_id)
    credential.issue(world.countersigned(world.desk()), access_id, Delivery.SCREEN)
    first, second = _rows(world)
    assert first.revoked_at is not None
    assert second.revoked_at is None
    assert link_of(world, access_id) != old_link
    assert mails(world, access_id) == ["set_password", "set_password", "new_credential"]


def test_after_a_day_an_officer_may_issue_again(world: World) -> None:
    access_id = an_access(world)
    credential.issue(world.desk(), access_id, Delivery.SCREEN)
    world.clock.forward(hours=25)
    credential.issue(world.desk(), access_id, Delivery.SCREEN)
    assert [each.revoked_at is None for each in _rows(world)] == [False, True]


def test_a_slip_that_did_not_come_out_is_worth_nothing_and_may_be_replaced(world: World) -> None:
    access_id = an_access(world)
    desk = world.desk()
    credential.issue(desk, access_id, Delivery.SLIP)
    desk(credential.not_delivered, access_id)
    assert _rows(world)[0].revoked_at is not None
    assert _rows(world)[0].delivery is Delivery.FAILED
    with pytest.raises(NotFound):
        desk(credential.not_delivered, access_id)
    credential.issue(desk, access_id, Delivery.SCREEN)
    assert "credential:not_delivered" in events(world, access_id)


def test_nobody_gives_a_credential_to_oneself_or_a_declared_relative(world: World) -> None:
    access_id = an_access(world)
    herself = world.desk("ana", document="4567891-1B")
    assert row(world, access_id).person == "CI:4567891-1B"
    with pytest.raises(SelfDealing):
        credential.issue(herself, access_id, Delivery.SCREEN)
    brother = world.desk("hermano")
    staff_id = world.people["hermano"].staff_id
    world.house.work(
        lambda work: work.session.add(
            StaffRelative(staff_id=staff_id, person="CI:4567891-1B", relation="hermana")
        )
    )
    with pytest.raises(SelfDealing) as refused:
        credential.issue(brother, access_id, Delivery.SCREEN)
    assert refused.value.relation == "hermana"
    assert _rows(world) == []


def test_relatives_declared_under_another_user_name_of_the_person_count(world: World) -> None:
    access_id = an_access(world)
    world.staff("antes", document="7999000")
    desk = world.desk("ahora", document="7999000")
    declared = world.people["antes"].staff_id
    world.house.work(
        lambda work: work.session.add(
            StaffRelative(staff_id=declared, person="CI:4567891-1B", relation="esposa")
        )
    )
    with pytest.raises(SelfDealing):
        credential.issue(desk, access_id, Delivery.SCREEN)


def test_a_credential_wants_the_password_afresh(world: World) -> None:
    access_id = an_access(world)
    desk = world.desk()
    world.clock.forward(minutes=6)
    with pytest.raises(FreshSignInNeeded):
        credential.issue(desk, access_id, Delivery.SCREEN)
    world.again(desk, "oficial")
    credential.issue(desk, access_id, Delivery.SCREEN)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_does_not_serve_members_issues_nothing(world: World, role: Role) -> None:
    access_id = an_access(world)
    with pytest.raises(NotAllowed):
        credential.issue(world.desk("otro", role), access_id, Delivery.SCREEN)


def test_a_locked_user_is_unlocked_first(world: World) -> None:
    desk = world.desk()
    access_id, _ = an_active(world, desk)
    change(world, access_id, locked_at=world.clock.now, lock_reason=LockReason.PASSWORD)
    world.clock.forward(days=2)
    with pytest.raises(UnlockFirst):
        credential.issue(world.desk(), access_id, Delivery.SCREEN)


@pytest.mark.parametrize("status", [AccessStatus.SUSPENDED, AccessStatus.CLOSED])
def test_a_suspended_or_closed_user_gets_none(world: World, status: AccessStatus) -> None:
    access_id, _ = an_active(world, world.desk())
    change(world, access_id, status=status)
    world.clock.forward(days=2)
    with pytest.raises(WrongState):
        credential.issue(world.desk(), access_id, Delivery.SCREEN)


def test_the_list_of_unused_credentials_shows_who_issued_them_and_which_are_dead(
    world: World,
) -> None:
    desk = world.desk()
    old = an_access(world)
    credential.issue(desk, old, Delivery.SCREEN)
    world.clock.forward(hours=73)
    young = an_access(
        world, number="000124", user_name="jlazarte", document_number="555777", complement=""
    )
    credential.issue(world.desk(), young, Delivery.SLIP)
    used = an_access(
        world, number="000125", user_name="rflores", document_number="555778", complement=""
    )
    redeemed(world, world.desk(), used)
    rows = world.desk("auditora", Role.AUDITOR)(credential.unused)
    assert [(each.user_name, each.expired, each.issued_by) for each in rows] == [
        ("amendez", True, "Oficial"),
        ("jlazarte", False, "Oficial"),
    ]


def test_the_link_can_be_sent_again_while_a_credential_waits(world: World) -> None:
    desk = world.desk()
    access_id = an_access(world)
    before = link_of(world, access_id)
    desk(credential.send_link, access_id)
    assert link_of(world, access_id) != before
    active, _ = an_active(
        world, desk, number="000124", user_name="jlazarte", document_number="555777", complement=""
    )
    with pytest.raises(NotFound):
        world.desk()(credential.send_link, active)


def test_the_database_refuses_a_second_live_credential(world: World) -> None:
    access_id = an_access(world)
    credential.issue(world.desk(), access_id, Delivery.SCREEN)

    def store_another(work: Work) -> None:
        first = work.session.scalars(select(InitialCredential)).one()
        work.session.add(
            InitialCredential(
                access_id=access_id,
                hash="x",
                issued_by=first.issued_by,
                issued_at=first.issued_at,
                expires_at=first.expires_at,
                delivery=Delivery.SCREEN,
            )
        )

    with pytest.raises(Exception, match=r"ChangedMeanwhile|row"):
        world.house.work(store_another)
