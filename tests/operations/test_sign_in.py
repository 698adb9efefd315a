"""Staff sign in, sign in afresh, lock and end their sessions."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from branch_desk.models.errors import (
    DomainError,
    FreshSignInNeeded,
    NewPasswordNeeded,
    SessionEnded,
    SessionLocked,
    SignInFailed,
    WeakPassword,
)
from branch_desk.models.staff import Role, Staff
from branch_desk.operations.house import install, sign_in, staff
from branch_desk.operations.work import House
from tests.builders import PASSWORD, World, a_world


def test_the_first_administrator_must_replace_the_one_time_password_and_prove_a_code(
    database_url: str,
) -> None:
    from branch_desk.models.database import Database
    from branch_desk.models.keys import Keys
    from branch_desk.models.passwords import Hasher
    from tests.builders import CHEAP, SetClock

    clock = SetClock()
    house = House(Database(database_url, clock=clock), Keys.ephemeral(), Hasher(CHEAP))
    once = install.install(house)
    desk = sign_in.sign_in(house, "admin", once.reveal())
    with pytest.raises(NewPasswordNeeded):
        desk(staff.everybody)
    with pytest.raises(WeakPassword):
        sign_in.change_password(desk, once.reveal(), "corta")
    sign_in.change_password(desk, once.reveal(), PASSWORD)
    with pytest.raises(NewPasswordNeeded):
        desk(staff.everybody)
    uri = desk(sign_in.provision_authenticator).reveal()
    import pyotp

    phone = pyotp.parse_uri(uri)
    assert isinstance(phone, pyotp.TOTP)
    code = phone.at(clock.now)
    desk(sign_in.confirm_authenticator, code)
    assert [row.user_name for row in desk(staff.everybody)] == ["admin"]
    house.database.close()


def test_a_second_installation_is_refused(world: World) -> None:
    from branch_desk.models.errors import AlreadyDone

    with pytest.raises(AlreadyDone):
        install.install(world.house)


@pytest.mark.parametrize("case", ["unknown", "wrong", "inactive", "locked", "bad code"])
def test_every_failed_sign_in_is_one_refusal(world: World, case: str) -> None:
    someone = world.staff("jefa", Role.SUPERVISOR)
    name, password, code = "jefa", PASSWORD, world.code(someone)
    if case == "unknown":
        name = "nadie"
    if case == "wrong":
        password = "otra"
    if case == "bad code":
        code = "000000" if code != "000000" else "111111"

    def damage(work: object) -> None:
        row = work.session.get_one(Staff, someone.staff_id)  # type: ignore[attr-defined]
        if case == "inactive":
            row.active = False
        if case == "locked":
            row.locked_at = world.clock.now

    world.house.work(damage)
    with pytest.raises(SignInFailed) as refusal:
        sign_in.sign_in(world.house, name, password, code)
    assert refusal.value.facts == {}
    assert refusal.value.field is None


def test_five_wrong_passwords_lock_and_only_another_administrator_unlocks(world: World) -> None:
    officer = world.staff("oficial")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            sign_in.sign_in(world.house, "oficial", "mal")
    with pytest.raises(SignInFailed):
        world.desk("oficial")
    admin = world.desk("raiz", Role.ADMINISTRATOR)
    admin(staff.unlock, officer.staff_id)
    assert world.desk("oficial")(sign_in.whoami).user_name == "oficial"


def test_nobody_unlocks_oneself_not_even_by_a_second_user_name(world: World) -> None:
    from branch_desk.models.errors import FourEyes

    first = world.staff("raiz", Role.ADMINISTRATOR, document="5550001")
    twin = world.desk("raiz2", Role.ADMINISTRATOR, document="5550001")
    with pytest.raises(FourEyes):
        twin(staff.unlock, first.staff_id)


def test_twelve_desks_guess_at_most_five_times(postgres_url: str) -> None:
    world = a_world(postgres_url)
    officer = world.staff("oficial").staff_id
    real = world.house.work(lambda work: work.session.get_one(Staff, officer).password_hash)
    judged: list[str] = []

    class Counting(type(world.house.hasher)):  # type: ignore[misc]
        def verify(self, kept: str, secret: str) -> bool:
            if kept == real:  # the dummy hash that keeps the time alike is no guess
                judged.append(secret)
            return bool(super().verify(kept, secret))

    house = House(world.house.database, world.house.keys, Counting(None))
    house.hasher._argon2 = world.house.hasher._argon2

    def guess(n: int) -> bool:
        try:
            sign_in.sign_in(house, "oficial", f"mal{n}")
        except SignInFailed:
            return False
        return True

    with ThreadPoolExecutor(12) as desks:
        assert not any(desks.map(guess, range(12)))
    assert len(judged) == 5
    with pytest.raises(SignInFailed):
        world.desk("oficial")
    world.house.database.close()


def test_a_newer_session_ends_the_older_one(world: World) -> None:
    first = world.desk()
    second = world.desk()
    assert second(sign_in.whoami).user_name == "oficial"
    with pytest.raises(SessionEnded) as ended:
        first(sign_in.whoami)
    assert ended.value.reason == "newer_session"


def test_a_session_ends_after_eight_hours(world: World) -> None:
    desk = world.desk()
    world.clock.forward(hours=8, seconds=-1)
    desk(sign_in.whoami)
    world.clock.forward(seconds=2)
    with pytest.raises(SessionEnded):
        desk(sign_in.whoami)


def test_a_locked_desk_answers_nothing_until_its_owner_signs_in_afresh(world: World) -> None:
    desk = world.desk()
    desk(sign_in.lock_desk)
    world.clock.forward(minutes=1)
    with pytest.raises(SessionLocked):
        desk(staff.branches)
    with pytest.raises(SignInFailed):
        desk(sign_in.unlock_desk)
    with pytest.raises(SignInFailed):
        sign_in.reauthenticate(desk, "otra")
    sign_in.reauthenticate(desk, PASSWORD, world.code(world.people["oficial"]))
    assert desk(staff.branches)


def test_what_needs_a_fresh_password_is_refused_after_five_minutes(world: World) -> None:
    desk = world.desk("raiz", Role.ADMINISTRATOR)
    world.clock.forward(minutes=5, seconds=1)
    with pytest.raises(FreshSignInNeeded):
        desk(staff.create_branch, "NOR", "Norte", "Warnes")
    world.again(desk, "raiz")
    desk(staff.create_branch, "NOR", "Norte", "Warnes")


def test_a_changed_role_counts_from_the_next_operation(world: World) -> None:
    admin = world.desk("raiz", Role.ADMINISTRATOR)
    other = world.desk("raiz2", Role.ADMINISTRATOR)
    target = world.people["raiz2"].staff_id
    admin(staff.change, target, role=Role.OFFICER, branch_id=world.branch_id, active=True)
    for _ in range(10):
        with pytest.raises(DomainError):
            other(staff.everybody)
    admin(staff.change, target, role=Role.OFFICER, branch_id=world.branch_id, active=False)
    with pytest.raises(SessionEnded):
        other(staff.branches)


def test_a_code_opens_one_session_only(world: World) -> None:
    someone = world.staff("jefa", Role.SUPERVISOR)
    code = world.code(someone)
    sign_in.sign_in(world.house, "jefa", PASSWORD, code)
    with pytest.raises(SignInFailed):
        sign_in.sign_in(world.house, "jefa", PASSWORD, code)


def test_the_right_old_password_on_the_last_try_changes_it_and_locks_nobody(world: World) -> None:
    desk = world.desk("oficial")
    for _ in range(4):
        with pytest.raises(SignInFailed):
            sign_in.change_password(desk, "no es esta clave", "otra clave bien larga 9")
    sign_in.change_password(desk, PASSWORD, "otra clave bien larga 9")
    assert desk(sign_in.whoami).user_name == "oficial"


def test_five_wrong_old_passwords_lock_and_end_the_session(world: World) -> None:
    desk = world.desk("oficial")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            sign_in.change_password(desk, "no es esta clave", "otra clave bien larga 9")
    with pytest.raises(SessionEnded):
        desk(sign_in.whoami)
