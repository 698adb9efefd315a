"""A member's counters and locks in random order, against a model of fifty lines (F20, F22, F23)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import DomainError
from branch_desk.models.staff import Role
from branch_desk.operations.portal import Portal
from branch_desk.operations.users import (
    member_sign_in,
    own_settings,
    self_unlock,
    totp,
    unlock,
)
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.users.member_sign_in import PasswordGiven
from branch_desk.operations.users.unlock import POINTS_NEEDED
from branch_desk.operations.work import Desk
from tests.access_builders import (
    HOME,
    MEMBER_PASSWORD,
    MEMBER_PIN,
    an_active,
    events,
    mails,
    row,
)
from tests.builders import World, a_world
from tests.short_ways import REASON

WRONG = "Equivocada1"
RIGHT_ANSWER = ("Doña Petrona", "ana@example.com")
ANSWERS = st.sampled_from(
    [
        RIGHT_ANSWER,
        ("Doña Filomena", "ana@example.com"),
        ("Doña Petrona", "otra@example.com"),
    ]
)


@dataclass
class Model:
    """What should be."""

    failed: Counter[str] = field(default_factory=Counter)
    lock: str = ""
    locks: int = 0
    password_at: datetime | None = None
    """Of a right password whose PIN is awaited."""
    session_at: datetime | None = None
    answers: list[datetime] = field(default_factory=list)
    """Wrong ones that were judged."""
    asked: list[datetime] = field(default_factory=list)
    """Tries to unlock oneself, from the one network address there is."""
    alone: list[datetime] = field(default_factory=list)

    def guess(self, what: str, most: int, *, right: bool) -> bool:
        if self.lock:
            return False
        self.failed[what] = 0 if right else self.failed[what] + 1
        if self.failed[what] == most:
            self.lock, self.session_at = what, None
            self.locks += 1
        return right

    def password_is_fresh(self, now: datetime) -> bool:
        at = self.password_at
        return at is not None and now - at <= timedelta(minutes=5)

    def session_lives(self, now: datetime) -> bool:
        at = self.session_at
        return at is not None and now - at < timedelta(minutes=20)

    def unlock_alone(self, now: datetime, answer: str, mail: str) -> str:
        def lately(times: list[datetime], **span: int) -> int:
            return sum(now - each < timedelta(**span) for each in times)

        self.asked.append(now)
        if self.lock != "PASSWORD" or mail != RIGHT_ANSWER[1]:
            return "nothing to judge"
        if lately(self.alone, days=30) >= 2:
            return "the third"
        if lately(self.answers, hours=24) >= 5 or lately(self.asked, hours=1) > 20:
            return "silence"
        if answer != RIGHT_ANSWER[0]:
            self.answers.append(now)
            return "wrong"
        self.alone.append(now)
        self.lock, self.failed["PASSWORD"] = "", 0
        return "unlocked"


class Locks(RuleBasedStateMachine):
    """One member after another; guesses by every way, unlocked alone and at the desk."""

    world: ClassVar[World]
    members: ClassVar[int] = 0
    reached: ClassVar[Counter[str]] = Counter()

    @initialize()
    def enrolled(self) -> None:
        Locks.members += 1
        number = str(2_000_000 + Locks.members)
        self.name = f"socia{number}"
        self.id, self.phone = an_active(
            self.world,
            self._boss(),
            number=number,
            document_number=number,
            complement="",
            user_name=self.name,
        )
        self.model = Model()
        self.unlocked = 0
        self.given: PasswordGiven | None = None
        self.portal: Portal | None = None

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def _boss(self) -> Desk:
        return self.world.desk("jefa", Role.SUPERVISOR)

    def _attempt(self, deed: Callable[[], object]) -> str:
        """Do it; gives the name of the refusal."""
        try:
            deed()
        except DomainError as refusal:
            return type(refusal).__name__
        return ""

    @rule(right=st.booleans())
    def password(self, right: bool) -> None:
        typed = MEMBER_PASSWORD if right else WRONG

        def deed() -> None:
            self.given = member_sign_in.password(self.world.house, self.name, typed, HOME)

        passes = self.model.guess("PASSWORD", 3, right=right)
        assert self._attempt(deed) == ("" if passes else "SignInFailed")
        if passes:
            self.model.password_at = self.now

    @rule(right=st.booleans())
    def pin(self, right: bool) -> None:
        given = self.given
        if given is None:
            return

        def deed() -> None:
            number = MEMBER_PIN if right else "9999"
            token = member_sign_in.pin(self.world.house, given, number, HOME)
            self.portal = Portal(self.world.house, token.reveal())

        passes = self.model.password_is_fresh(self.now) and self.model.guess("PIN", 3, right=right)
        assert self._attempt(deed) == ("" if passes else "SignInFailed")
        if passes:
            self.model.session_at = self.now

    @rule(right=st.booleans())
    def code(self, right: bool) -> None:
        self.world.clock.forward(seconds=30)
        code = self.phone.code() if right else "12345"
        locked = bool(self.model.lock)
        passes = self.model.guess("CODE", 5, right=right)
        expected = "" if passes else ("LockedOut" if locked else "CodeRefused")
        assert expected == self._attempt(
            lambda: self.world.house.work(lambda work: totp.verify(work, self.id, code))
        )

    @rule(right=st.booleans())
    def guess_in_the_settings(self, right: bool) -> None:
        """The second way to a password; the code is wrong, so that nothing changes."""
        portal = self.portal
        if portal is None:
            return
        typed = MEMBER_PASSWORD if right else WRONG
        if not self.model.session_lives(self.now):
            expected = "SessionEnded"
        elif not self.model.guess("PASSWORD", 3, right=right):
            expected = "SignInFailed"
        else:
            self.model.guess("CODE", 5, right=False)
            expected = "CodeRefused"
        self.reached[f"settings {expected}"] += 1
        assert expected == self._attempt(
            lambda: own_settings.change_pin(portal, typed, "7162", "12345")
        )

    @rule(said=ANSWERS, times=st.sampled_from((1, 1, 1, 3, 3, 22)))
    def answer(self, said: tuple[str, str], times: int) -> None:
        for _ in range(times):
            expected = self.model.unlock_alone(self.now, *said)
            self.reached[expected] += 1
            self.unlocked += expected == "unlocked"
            origin = Origin(Channel.WEB, f"10.{Locks.members}")
            self_unlock.unlock(self.world.house, self.name, *said, origin)

    @rule()
    def unlock_at_the_desk(self) -> None:
        boss = self._boss()
        answer = self._attempt(
            lambda: boss(unlock.unlock, self.id, reason=REASON, points=POINTS_NEEDED)
        )
        assert answer == ("" if self.model.lock else "NotLocked")
        self.unlocked += not answer
        if not answer:
            self.model.lock = ""
            self.model.failed.clear()

    @rule(times=st.integers(2, 3))
    def forget_the_password(self, times: int) -> None:
        for _ in range(times):
            self.password(right=False)

    @rule(said=ANSWERS)
    def forget_the_password_and_unlock_alone(self, said: tuple[str, str]) -> None:
        """Left to chance alone, few would ever come to the third unlock."""
        if self.model.lock not in ("", "PASSWORD"):
            self.unlock_at_the_desk()
        self.forget_the_password(times=3)
        self.answer(said=said, times=1)
        self.answer(said=RIGHT_ANSWER, times=1)

    @rule(times=st.integers(2, 3))
    def forget_the_pin(self, times: int) -> None:
        self.password(right=True)
        for _ in range(times):
            self.pin(right=False)

    @rule(times=st.integers(3, 5))
    def mistype_codes(self, times: int) -> None:
        for _ in range(times):
            self.code(right=False)

    @rule()
    def sign_in(self) -> None:
        self.password(right=True)
        self.pin(right=True)

    @rule(
        time=st.sampled_from(
            [
                timedelta(seconds=30),
                timedelta(minutes=6),
                timedelta(minutes=19),
                timedelta(hours=1),
                timedelta(hours=24),
                timedelta(days=16),
            ]
        )
    )
    def time_passes(self, time: timedelta) -> None:
        self.world.clock.now += time

    @invariant()
    def it_stands_where_the_model_says(self) -> None:
        access = row(self.world, self.id)
        counted = (access.failed_passwords, access.failed_pins, access.failed_codes)
        failed = self.model.failed
        assert counted == (failed["PASSWORD"], failed["PIN"], failed["CODE"])
        assert (access.lock_reason or "") == self.model.lock
        assert (access.locked_at is not None) == bool(self.model.lock)
        assert access.failed_answers == 0
        assert mails(self.world, self.id).count("unlocked") == self.unlocked
        assert events(self.world, self.id).count("access:locked") == self.model.locks
        portal = self.portal
        if portal is not None:
            lives = self.model.session_lives(self.now)
            refusal = self._attempt(lambda: portal(own_settings.settings))
            assert refusal == ("" if lives else "SessionEnded")
        self.reached[self.model.lock or "open"] += 1


def guess(url: str, *, examples: int, steps: int) -> None:
    Locks.world = a_world(url)
    Locks.reached.clear()
    try:
        run_state_machine_as_test(
            Locks,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                derandomize=True,  # the same each time: what is asserted below holds or not
                phases=(Phase.generate,),  # a failure is told at once, at its full length
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        Locks.world.house.database.close()


def test_no_order_of_guesses_counts_otherwise_than_the_model(sqlite_url: str) -> None:
    guess(sqlite_url, examples=50, steps=40)
    # Nothing is shown by guesses that never came so far.
    wanted = {"PASSWORD", "PIN", "CODE", "unlocked", "wrong", "silence", "the third"}
    wanted |= {f"settings {each}" for each in ("SessionEnded", "SignInFailed", "CodeRefused")}
    assert wanted <= Locks.reached.keys(), Locks.reached


def test_no_order_of_guesses_counts_otherwise_on_postgresql(postgres_url: str) -> None:
    guess(postgres_url, examples=6, steps=30)
