"""Receipts: whose they are, what they say, and that no other one passes for ours."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text, update

from branch_desk.models.access import GrantedAccount
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import NotAllowed, NotFound
from branch_desk.models.keys import Keys
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation, OperationKind, OperationStatus
from branch_desk.models.receipt_code import ALPHABET, ReceiptCode
from branch_desk.models.staff import Role
from branch_desk.operations.enquiries import receipts
from branch_desk.operations.portal import Portal
from branch_desk.operations.work import House, Work
from branch_desk.reports import receipt
from tests.access_builders import a_portal, an_access, an_active, change, events
from tests.builders import World
from tests.receipt_builders import AMOUNT, an_operation, sign


@pytest.fixture
def member(world: World) -> tuple[UUID, Portal]:
    access_id, _ = an_active(world, world.desk())
    return access_id, a_portal(world, access_id)


def other_character(said: str, at: int) -> str:
    there = ALPHABET[(ALPHABET.index(said[at]) + 1) % 32]
    return said[:at] + there + said[at + 1 :]


def places(said: str) -> Iterator[int]:
    return (at for at, character in enumerate(said) if character != "-")


@pytest.mark.parametrize("kind", OperationKind)
def test_every_kind_of_operation_has_a_receipt_that_is_known_again(
    world: World, member: tuple[UUID, Portal], kind: OperationKind
) -> None:
    access_id, portal = member
    paper = portal(receipts.mine, an_operation(world, access_id, kind))
    assert receipt.render(paper).startswith(b"%PDF")
    assert (paper.amount, paper.currency, paper.member_number) == (AMOUNT, "BOB", "000123")
    assert paper.letterhead.branch
    assert f"{paper.moved_at:%d/%m/%Y %H:%M}" == "23/11/2026 12:02"
    assert not paper.copy
    found = world.house.job(receipts.verify, paper.number, paper.code)
    assert found.genuine
    assert found.books is not None
    assert (found.books.kind, found.books.money) == (kind, Money(AMOUNT, Currency.BOB))
    assert found.books.debit_account == paper.debit_account
    assert world.house.job(receipts.verify, paper.payload) == found


def test_a_receipt_says_where_the_money_went(world: World, member: tuple[UUID, Portal]) -> None:
    access_id, portal = member

    def paper(kind: OperationKind) -> receipt.ReceiptPaper:
        return portal(receipts.mine, an_operation(world, access_id, kind))

    bank = paper(OperationKind.OTHER_BANK)
    assert bank.destination is not None
    assert bank.destination.bank == "Banco Unión"
    assert bank.destination.name == "Juan Carlos Rojas Suárez"
    assert bank.promised_on == date(2026, 11, 24)
    assert (bank.state, bank.concept) == ("Recibida", "Pago de alquiler")
    third = paper(OperationKind.THIRD_PARTY)
    assert third.destination is not None
    assert third.destination.account.startswith("Caja de ahorro •••• ")
    assert third.destination.name == "J. R. S."
    [paid] = paper(OperationKind.LOAN).instalments
    assert (paid.number, paid.capital + paid.interest + paid.other) == (7, AMOUNT)
    bill = paper(OperationKind.BILL).bill
    assert bill is not None
    assert (bill.client, bill.period) == ("0012345678", "Octubre 2026")
    top_up = paper(OperationKind.TOP_UP).bill
    assert top_up is not None
    assert (top_up.client, top_up.number) == ("70012345", "")


@pytest.mark.parametrize("kind", [OperationKind.OWN, OperationKind.OTHER_BANK])
def test_no_account_number_stands_whole_on_paper_or_answer(
    world: World, member: tuple[UUID, Portal], kind: OperationKind
) -> None:
    access_id, portal = member
    paper = portal(receipts.mine, an_operation(world, access_id, kind))
    found = world.house.job(receipts.verify, paper.payload)
    assert "50000000" not in str(paper) + str(found)
    assert "Méndez" not in str(found)
    assert "Juan" not in str(found)


def test_another_members_receipt_is_not_given(world: World, member: tuple[UUID, Portal]) -> None:
    _, portal = member
    other = an_access(world, number="000777", user_name="otro", document_number="7770000")
    theirs = an_operation(world, other)
    with pytest.raises(NotFound):
        portal(receipts.mine, theirs)
    with pytest.raises(NotFound):
        portal(receipts.mine, UUID(int=7))
    with pytest.raises(NotAllowed):
        portal(receipts.reprint, theirs)


def test_a_colleagues_receipt_wants_an_account_one_may_consult(
    world: World, member: tuple[UUID, Portal]
) -> None:
    access_id, portal = member
    other = an_access(world, number="000777", user_name="otro", document_number="7770000")
    made = an_operation(world, access_id)
    debit = _row(world, made).debit_account_id
    _without_guards(world)
    _set(world, made, access_id=other)  # of the same member, ordered by another user
    with pytest.raises(NotFound):
        portal(receipts.mine, made)
    grant = GrantedAccount(
        access_id=access_id, account_id=debit, consult=True, debit=False, web=True, mobile=False
    )
    world.house.work(lambda work: work.session.add(grant))
    assert portal(receipts.mine, made).amount == AMOUNT
    world.house.work(
        lambda work: work.session.execute(update(GrantedAccount).values(web=False, mobile=True))
    )
    with pytest.raises(NotFound):
        portal(receipts.mine, made)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR])
def test_the_desk_gets_a_copy_and_that_is_recorded(world: World, role: Role) -> None:
    access_id = an_access(world)
    made = an_operation(world, access_id)
    desk = world.desk(role.name.lower(), role)
    assert desk(receipts.reprint, made).copy
    assert events(world, made) == ["receipt:reprinted"]
    with pytest.raises(NotFound):
        desk(receipts.reprint, UUID(int=7))


@pytest.mark.parametrize(
    "state", [OperationStatus.WAITING, OperationStatus.CANCELLED, OperationStatus.LAPSED]
)
def test_what_moved_no_money_has_no_receipt(world: World, state: OperationStatus) -> None:
    access_id = an_access(world)
    later = world.clock.now + timedelta(days=1)
    waiting = OperationStatus.WAITING
    made = an_operation(world, access_id, status=waiting, moved_at=None, expires_at=later)
    if state is not waiting:
        _set(world, made, status=state)
    with pytest.raises(NotFound) as refusal:
        world.desk()(receipts.reprint, made)
    assert refusal.value.facts["reason"] == "not_moved"
    right = receipts._code(world.house.keys, _row(world, made))
    assert not world.house.job(receipts.verify, right.payload).genuine


def test_who_signed_stands_in_the_order_of_signing(world: World) -> None:
    first = an_access(world)
    second = an_access(
        world, number="000777", user_name="otro", document_number="7770000", first_names="Eva"
    )
    made = an_operation(world, first)
    sign(world, made, second, 9)
    sign(world, made, first, 3)
    paper = world.desk()(receipts.reprint, made)
    assert [each.name.split()[0] for each in paper.signed_by] == ["Ana", "Eva"]


def test_the_state_is_told_as_it_is_now_and_is_no_part_of_the_code(
    world: World, member: tuple[UUID, Portal]
) -> None:
    access_id, portal = member
    made = an_operation(world, access_id, OperationKind.OTHER_BANK)
    before = portal(receipts.mine, made)
    for status in (OperationStatus.BATCHED, OperationStatus.SENT):
        _set(world, made, status=status)
    _set(world, made, status=OperationStatus.REJECTED, answer="cuenta cerrada")
    after = portal(receipts.mine, made)
    assert (after.number, after.code) == (before.number, before.code)
    assert (before.state, after.state, after.answer) == ("Recibida", "Devuelta", "cuenta cerrada")
    books = world.house.job(receipts.verify, before.number, before.code).books
    assert books is not None
    assert books.status is OperationStatus.REJECTED


def test_one_wrong_character_of_number_or_code_is_refused(world: World) -> None:
    paper = world.desk()(receipts.reprint, an_operation(world, an_access(world)))
    job = world.house.job
    assert job(receipts.verify, paper.number, paper.code).genuine
    for at in places(paper.code):
        assert not job(receipts.verify, paper.number, other_character(paper.code, at)).genuine
    for at in places(paper.number):
        assert not job(receipts.verify, other_character(paper.number, at), paper.code).genuine


def test_an_unknown_number_and_a_wrong_code_get_the_same_answer(world: World) -> None:
    paper = world.desk()(receipts.reprint, an_operation(world, an_access(world)))
    unknown = ReceiptCode(UUID(int=7), bytes(10))
    answers = {
        world.house.job(receipts.verify, *said)
        for said in (
            (unknown.number, paper.code),
            (unknown.number, unknown.code),
            (paper.number, unknown.code),
            (paper.number, ""),
            ("", ""),
            ("BDR1:" * 4000, "x" * 4000),
        )
    }
    assert answers == {receipts.VerifiedReceipt(None)}


def test_number_and_code_of_two_receipts_do_not_go_together(world: World) -> None:
    access_id = an_access(world)
    desk = world.desk()
    one = desk(receipts.reprint, an_operation(world, access_id))
    two = desk(receipts.reprint, an_operation(world, access_id))
    assert not world.house.job(receipts.verify, one.number, two.code).genuine


def test_any_change_of_the_row_makes_the_paper_foreign(world: World) -> None:
    """Whoever owns the tables can do without their guards; the code he cannot make."""
    access_id = an_access(world)
    other = an_access(world, number="000777", user_name="otro", document_number="7770000")
    made = an_operation(world, access_id, OperationKind.THIRD_PARTY)
    kept, theirs = _row(world, made), _row(world, an_operation(world, other))
    paper = world.desk()(receipts.reprint, made)
    _without_guards(world)
    changes: dict[str, object] = {
        "access_id": other,
        "member_id": theirs.member_id,
        "channel": Channel.MOBILE,
        "debit_account_id": theirs.debit_account_id,
        "credit_account_id": theirs.credit_account_id,
        "currency": Currency.USD,
        "amount": AMOUNT + 1,
        "payload": kept.payload.replace("Pago", "Paga"),
        "payload_sha256": "0" * 64,
        "created_at": kept.created_at + timedelta(microseconds=1),
        "moved_at": world.clock.now + timedelta(seconds=1),
        "client_code": "70012345",
    }
    for column, value in changes.items():
        _set(world, made, **{column: value})
        assert not world.house.job(receipts.verify, paper.number, paper.code).genuine, column
        _set(world, made, **{column: getattr(kept, column)})
    assert world.house.job(receipts.verify, paper.number, paper.code).genuine


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (OperationKind.THIRD_PARTY, "beneficiary_id"),
        (OperationKind.BILL, "bill_id"),
        (OperationKind.BILL, "client_code"),
        (OperationKind.TOP_UP, "biller_code"),
        (OperationKind.OWN, "kind"),
    ],
)
def test_another_receiver_makes_the_paper_foreign(
    world: World, kind: OperationKind, column: str
) -> None:
    access_id = an_access(world)
    made, other = (_row(world, an_operation(world, access_id, kind)) for _ in range(2))
    paper = world.desk()(receipts.reprint, made.id)
    other_values = {
        "client_code": "99999999",
        "biller_code": "OTRA",
        "kind": OperationKind.LOAN,
    }
    _without_guards(world)
    _set(world, other.id, status=OperationStatus.FAILED)  # else its bill is taken
    changed = {column: other_values.get(column) or getattr(other, column)}
    _set(world, made.id, **changed)
    assert not world.house.job(receipts.verify, paper.number, paper.code).genuine


def test_another_promised_day_makes_the_paper_foreign(world: World) -> None:
    made = an_operation(world, an_access(world), OperationKind.OTHER_BANK)
    paper = world.desk()(receipts.reprint, made)
    _without_guards(world)
    _set(world, made, value_date=date(2026, 11, 23))
    assert not world.house.job(receipts.verify, paper.number, paper.code).genuine


def test_another_house_knows_none_of_our_codes(world: World) -> None:
    paper = world.desk()(receipts.reprint, an_operation(world, an_access(world)))
    foreign = House(world.house.database, Keys.ephemeral(), world.house.hasher)
    assert not foreign.job(receipts.verify, paper.number, paper.code).genuine


def test_the_code_outlives_a_rotation_of_the_keys(world: World) -> None:
    paper = world.desk()(receipts.reprint, an_operation(world, an_access(world)))
    world.house.keys.rotate()
    assert world.house.job(receipts.verify, paper.number, paper.code).genuine


def test_a_closed_user_leaves_its_receipts_to_the_desk(world: World) -> None:
    access_id = an_access(world)
    made = an_operation(world, access_id)
    change(world, access_id, status="CLOSED")
    assert world.desk()(receipts.reprint, made).ordered_by.startswith("Ana")


def test_the_receiver_of_a_loan_is_the_loan(world: World) -> None:
    made = an_operation(world, an_access(world), OperationKind.LOAN)
    paper = world.desk()(receipts.reprint, made)
    assert paper.destination is not None
    assert paper.destination.account.startswith("Préstamo •••• ")


def _row(world: World, operation_id: UUID) -> Operation:
    return world.house.work(lambda work: work.session.get_one(Operation, operation_id))


def _without_guards(world: World) -> None:
    def drop(work: Work) -> None:
        if work.session.connection().dialect.name == "postgresql":
            work.session.execute(text("ALTER TABLE operation DISABLE TRIGGER USER"))
            return
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'operation'"
        for name in work.session.scalars(text(guards)).all():
            work.session.execute(text(f"DROP TRIGGER {name}"))

    world.house.work(drop)


def _set(world: World, operation_id: UUID, **values: object) -> None:
    """Change columns behind the program's back."""
    world.house.work(
        lambda work: work.session.execute(
            update(Operation).where(Operation.id == operation_id).values(**values)
        )
    )
