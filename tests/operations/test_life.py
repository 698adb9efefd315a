"""A request's life in random order, against a model of fifty lines (R14, R17, R18)."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import inspect, select

from branch_desk.models.access import Access
from branch_desk.models.enrolment import OPEN, Enrolment, Hand, Status
from branch_desk.models.errors import DomainError
from branch_desk.models.form import Decision, PrintedForm, Verdict
from branch_desk.models.identity import Attachment, AttachmentKind
from branch_desk.models.outbox import Mail
from branch_desk.models.staff import Role, Staff
from branch_desk.operations.house import jobs
from branch_desk.operations.request import approval, configuration, enrolment, forms, identity
from branch_desk.operations.work import Desk, Work
from branch_desk.reports.code import SheetCode
from tests.builders import World, a_world
from tests.journey import a_configuration, a_reading, view
from tests.short_ways import (
    PDF,
    REASON,
    a_person,
    bring_back,
    code_of,
    everybody_fresh,
)

OFFICERS = ("rosa", "pedro")
SUPERVISORS = ("jefa", "jefe")
PEOPLE = st.sampled_from((*OFFICERS, *OFFICERS, *SUPERVISORS))
JUDGES = st.sampled_from(SUPERVISORS)
ORDER = list(Status)


@dataclass
class Model:
    """What should be: where the request stands, and why a deed is refused."""

    status: Status = Status.SUBMITTED
    revision: int = 1
    paper: bool = False
    holder: str = ""
    held_until: datetime | None = None
    submitted: datetime | None = None
    hands: set[str] = field(default_factory=set)
    judge: str = ""

    def busy(self, who: str, now: datetime) -> str:
        held = self.holder not in ("", who) and self.held_until and self.held_until > now
        return "HeldByAnother" if held else ""

    def edit(self, who: str, now: datetime, *, stale: bool = False) -> str:
        if self.status not in OPEN:
            return "WrongState"
        return "ChangedMeanwhile" if stale else self.busy(who, now)

    def take(self, who: str, now: datetime) -> None:
        self.holder, self.held_until = who, now + timedelta(minutes=15)

    def edited(self, who: str, now: datetime, status: Status) -> None:
        self.take(who, now)
        self.hands.add(who)
        self.status, self.revision, self.paper = status, self.revision + 1, False

    def judged(self, who: str) -> str:
        if self.status is not Status.SIGNED:
            return "WrongState"
        return "FourEyes" if who in self.hands else ""

    def end(self, status: Status) -> None:
        self.status, self.paper, self.holder = status, False, ""


class Life(RuleBasedStateMachine):
    """One member after another; each asks, and four people do everything in any order."""

    world: ClassVar[World]
    desks: ClassVar[dict[str, Desk]]
    members: ClassVar[int] = 0
    reached: ClassVar[Counter[Status]] = Counter()
    deeds: ClassVar[Counter[str]] = Counter()
    """How often which refusal, or none, was the answer."""

    @initialize()
    def ask(self) -> None:
        Life.members += 1
        self.said = a_person(self.world, 3_000_000 + Life.members)
        self.old_codes: list[SheetCode] = []
        self.code: SheetCode | None = None
        self.closed: tuple[Any, ...] | None = None
        self._submit("rosa")

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def _submit(self, who: str) -> None:
        self.id = self.desks[who](enrolment.submit, self.said)
        self.model = Model(submitted=self.now, hands={who})
        self.model.take(who, self.now)
        self.closed = None
        self._forget_code()

    def _forget_code(self) -> None:
        if self.code is not None:
            self.old_codes.append(self.code)
        self.code = None

    def _attempt(self, expected: str, deed: Callable[[], object]) -> bool:
        """Do it; the refusal must be the one the model names. True when it was done."""
        try:
            deed()
        except DomainError as refusal:
            answer = type(refusal).__name__
        else:
            answer = ""
        assert answer == expected
        self.deeds[answer or "done"] += 1
        return not answer

    def _version(self, *, stale: bool) -> int:
        row: Enrolment = self.world.house.work(
            lambda work: work.session.get_one(Enrolment, self.id), reads=True
        )
        return row.version - stale

    @rule(who=PEOPLE, stale=st.booleans())
    def amend(self, who: str, stale: bool) -> None:
        expected = self.model.edit(who, self.now, stale=stale)
        version = self._version(stale=stale)
        if self._attempt(
            expected, lambda: self.desks[who](enrolment.amend, self.id, version, self.said)
        ):
            self.model.edited(who, self.now, Status.SUBMITTED)
            self._forget_code()

    @rule(who=PEOPLE)
    def identify(self, who: str) -> None:
        expected = self.model.edit(who, self.now)
        file = view(self.desks[who], self.id)
        reading = a_reading(file)
        if self._attempt(
            expected, lambda: self.desks[who](identity.identify, self.id, file.version, reading)
        ):
            self.model.edited(who, self.now, Status.IDENTIFIED)
            self._forget_code()

    @rule(who=PEOPLE, stale=st.booleans())
    def configure(self, who: str, stale: bool) -> None:
        expected = self.model.edit(who, self.now, stale=stale)
        if not expected and self.model.status is Status.SUBMITTED:
            expected = "WrongState"
        chosen = a_configuration(self.desks[who], self.id)
        version = self._version(stale=stale)
        if self._attempt(
            expected, lambda: self.desks[who](configuration.configure, self.id, version, chosen)
        ):
            self.model.edited(who, self.now, Status.CONFIGURED)
            self._forget_code()

    @rule(who=PEOPLE)
    def print(self, who: str) -> None:
        expected = (
            "WrongState"
            if self.model.status is not Status.CONFIGURED
            else self.model.busy(who, self.now)
        )

        def make() -> None:
            frozen = self.desks[who](forms.freeze, self.id, self._version(stale=False))
            self.desks[who](forms.store, self.id, frozen, PDF, "A4")
            self.code = code_of(frozen)

        if self._attempt(expected, make):
            self.model.take(who, self.now)
            self.model.hands.add(who)
            self.model.status, self.model.paper = Status.PRINTED, True

    @precondition(lambda self: self.code is not None)
    @rule(who=PEOPLE)
    def sign(self, who: str) -> None:
        code = self.code
        assert code is not None
        expected = self.model.edit(who, self.now) if self.model.paper else "StaleForm"
        if self._attempt(expected, lambda: bring_back(self.desks[who], code)):
            self.model.take(who, self.now)
            self.model.hands.add(who)
            self.model.status = Status.SIGNED

    @precondition(lambda self: self.old_codes)
    @rule(who=PEOPLE, data=st.data())
    def sign_an_old_sheet(self, who: str, data: st.DataObject) -> None:
        self._sign_old(who, data.draw(st.sampled_from(self.old_codes)))

    def _sign_old(self, who: str, code: SheetCode) -> None:
        self._attempt("StaleForm", lambda: bring_back(self.desks[who], code))

    @rule(who=JUDGES, seen=st.booleans())
    def approve(self, who: str, seen: bool) -> None:
        expected = self.model.judged(who) or ("" if seen else "NotWhatWasSigned")
        terms = self._terms() if seen else hashlib.sha256(b"other terms").hexdigest()
        if self._attempt(
            expected,
            lambda: self.desks[who](approval.approve, self.id, terms_sha256=terms),
        ):
            self.model.status, self.model.judge, self.model.holder = Status.APPROVED, who, ""

    def _terms(self) -> str:
        query = select(PrintedForm.terms_sha256).where(
            PrintedForm.enrolment_id == self.id, PrintedForm.voided_at.is_(None)
        )
        return self.world.house.work(lambda work: work.session.scalar(query), reads=True) or ""

    @rule(who=JUDGES)
    def send_back(self, who: str) -> None:
        if self._attempt(
            self.model.judged(who),
            lambda: self.desks[who](approval.send_back, self.id, REASON),
        ):
            self.model.status, self.model.paper = Status.CONFIGURED, False
            self.model.revision += 1
            self._forget_code()

    @precondition(lambda self: self.model.status is not Status.SUBMITTED)
    @rule(who=JUDGES)
    def reject(self, who: str) -> None:
        # A supervisor's no does not wait for whoever has the request open.
        expected = "" if self.model.status in OPEN else "WrongState"
        if not expected and who in self.model.hands:
            expected = "FourEyes"
        if self._attempt(expected, lambda: self.desks[who](approval.reject, self.id, REASON)):
            self.model.end(Status.REJECTED)
            self._forget_code()

    @precondition(lambda self: self.model.status is not Status.IDENTIFIED)
    @rule(who=PEOPLE)
    def withdraw(self, who: str) -> None:
        version = self._version(stale=False)
        if self._attempt(
            self.model.edit(who, self.now),
            lambda: self.desks[who](enrolment.withdraw, self.id, version, REASON),
        ):
            self.model.end(Status.WITHDRAWN)
            self._forget_code()

    @rule(who=PEOPLE)
    def go_on(self, who: str) -> None:
        """The deed that comes next: left to chance alone, few requests would ever be approved."""
        status = self.model.status
        if self.model.busy(who, self.now):
            self.quarter_of_an_hour()
        if status is Status.APPROVED:
            self.ask()
        elif status not in OPEN:
            self.ask_again(who)
        elif status is Status.SUBMITTED:
            self.identify(who)
        elif status is Status.IDENTIFIED:
            self.configure(who, stale=False)
        elif status is Status.CONFIGURED:
            self.print(who)
        elif status is Status.PRINTED:
            for code in self.old_codes[-1:]:
                self._sign_old(who, code)
            self.sign(who)
        elif status is Status.SIGNED:
            judge = "jefe" if "jefa" in self.model.hands else "jefa"
            self.approve(judge, seen=False)
            self.approve(judge, seen=True)

    @rule(who=PEOPLE, deeds=st.integers(2, 6))
    def go_on_for_a_while(self, who: str, deeds: int) -> None:
        for _ in range(deeds):
            self.go_on(who)

    @rule(who=PEOPLE)
    def hold(self, who: str) -> None:
        if self._attempt(
            self.model.edit(who, self.now), lambda: self.desks[who](enrolment.hold, self.id)
        ):
            self.model.take(who, self.now)

    @rule(who=PEOPLE)
    def release(self, who: str) -> None:
        self.desks[who](enrolment.release, self.id)
        if self.model.holder == who:
            self.model.holder = ""

    @rule(who=PEOPLE)
    def ask_again(self, who: str) -> None:
        """A closed request is never opened again: there is a new one, or a user already."""
        if self.model.status in OPEN or self.model.status is Status.APPROVED:
            self._attempt("AlreadyEnrolled", lambda: self.desks[who](enrolment.submit, self.said))
        else:
            self._submit(who)

    @rule()
    def quarter_of_an_hour(self) -> None:
        self.world.clock.forward(minutes=16)
        everybody_fresh(self.world.house)

    @rule(days=st.sampled_from((1, 2, 3, 31)))
    def time_runs_out(self, days: int) -> None:
        self.world.clock.forward(days=days)
        everybody_fresh(self.world.house)
        assert self.model.submitted is not None
        old = self.now - self.model.submitted > timedelta(days=30)
        expected = old and self.model.status in OPEN
        assert self.world.house.job(jobs.expire_request, self.id) is expected
        if expected:
            self.model.end(Status.EXPIRED)
            self._forget_code()

    @invariant()
    def it_stands_where_the_model_says(self) -> None:
        everybody_fresh(self.world.house)  # an approval spends the freshness
        self.world.house.work(self._compare, reads=True)

    def _compare(self, work: Work) -> None:
        session = work.session
        row = session.get_one(Enrolment, self.id)
        assert (row.status, row.revision) == (self.model.status, self.model.revision)
        assert (self._valid_paper(work) is not None) is self.model.paper
        approvals = session.scalars(
            select(Decision).where(
                Decision.enrolment_id == self.id, Decision.verdict == Verdict.APPROVED
            )
        ).all()
        users = session.scalars(select(Access).where(Access.enrolment_id == self.id)).all()
        if row.status is Status.APPROVED:
            self._approved_as_it_should_be(work, row, approvals, users)
        else:
            assert (approvals, users) == ([], [])
        if row.status not in OPEN:
            stands = tuple(getattr(row, c.key) for c in inspect(Enrolment).column_attrs)
            self.reached[row.status] += self.closed is None
            self.closed = self.closed or stands
            assert stands == self.closed

    def _valid_paper(self, work: Work) -> PrintedForm | None:
        return work.session.scalars(
            select(PrintedForm).where(
                PrintedForm.enrolment_id == self.id, PrintedForm.voided_at.is_(None)
            )
        ).one_or_none()

    def _approved_as_it_should_be(
        self, work: Work, row: Enrolment, approvals: Any, users: Any
    ) -> None:
        session = work.session
        (decision,), (user,) = approvals, users
        paper = self._valid_paper(work)
        assert paper is not None
        assert paper.revision == row.revision == decision.revision
        assert (decision.form_id, decision.terms_sha256) == (paper.id, paper.terms_sha256)
        sheet = session.scalars(
            select(Attachment).where(
                Attachment.enrolment_id == self.id,
                Attachment.kind == AttachmentKind.SIGNED_FORM,
                Attachment.replaced_at.is_(None),
            )
        ).one()
        assert (sheet.form_id, sheet.sha256) == (paper.id, decision.sheet_sha256)
        hands = set(session.scalars(select(Hand.person).where(Hand.enrolment_id == self.id)))
        assert decision.person not in hands
        judge = session.get_one(Staff, decision.supervisor_id)
        assert (judge.user_name, judge.role) == (self.model.judge, Role.SUPERVISOR)
        mails = select(Mail).where(Mail.access_id == user.id, Mail.template == "set_password")
        assert len(session.scalars(mails).all()) == 1


def live(url: str, *, examples: int, steps: int) -> None:
    Life.world = a_world(url)
    Life.reached.clear()
    Life.deeds.clear()
    Life.desks = {who: Life.world.desk(who) for who in OFFICERS}
    Life.desks |= {who: Life.world.desk(who, Role.SUPERVISOR) for who in SUPERVISORS}
    try:
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                derandomize=True,  # the same lives each time: what is asserted below holds or not
                phases=(Phase.generate,),  # a failure is told at once, at its full length
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        Life.world.house.database.close()
    # Nothing is shown by lives that never came so far.
    assert min(Life.reached[status] for status in ORDER if status not in OPEN) > 0, Life.reached
    refusals = {"HeldByAnother", "ChangedMeanwhile", "WrongState", "StaleForm", "FourEyes"}
    refusals |= {"NotWhatWasSigned", "AlreadyEnrolled"}
    assert refusals <= Life.deeds.keys(), Life.deeds


def test_no_order_of_deeds_leads_elsewhere_than_the_model(sqlite_url: str) -> None:
    live(sqlite_url, examples=50, steps=50)


def test_no_order_of_deeds_leads_elsewhere_on_postgresql(postgres_url: str) -> None:
    live(postgres_url, examples=15, steps=50)
