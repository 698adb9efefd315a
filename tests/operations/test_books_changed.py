"""Between signature and approval the books may change: nothing they no longer allow is opened (R16)."""

from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from branch_desk.models.access import Access
from branch_desk.models.account import Account, AccountStatus, Handling, Holder
from branch_desk.models.errors import AccountUnfit, DomainError, NotTheHolder, NotWhatWasSigned
from branch_desk.models.staff import Role
from tests.builders import World
from tests.journey import approve
from tests.short_ways import a_person, signed


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (update(Account).values(status=AccountStatus.CLOSED), AccountUnfit),
        (update(Account).values(status=AccountStatus.BLOCKED), AccountUnfit),
        (update(Account).values(handling=Handling.JOINT), NotWhatWasSigned),
        (delete(Holder), NotTheHolder),
    ],
    ids=["closed", "blocked", "now joint", "no longer the holder's"],
)
def test_an_account_the_books_no_longer_give_is_not_opened(
    world: World, change: Any, refusal: type[DomainError]
) -> None:
    officer = world.desk()
    supervisor = world.desk("jefa", Role.SUPERVISOR)
    enrolment_id = signed(officer, a_person(world, 5_999_001))
    world.house.work(lambda work: work.session.execute(change))
    with pytest.raises(refusal):
        approve(world, supervisor, "jefa", enrolment_id)
    users = select(func.count()).select_from(Access)
    assert world.house.work(lambda work: work.session.scalar(users)) == 0
