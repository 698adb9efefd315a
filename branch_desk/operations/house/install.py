"""The first start: what a new database is given, and its one administrator (R5)."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.base import new_id
from branch_desk.models.credentials import Secret, new_initial_credential
from branch_desk.models.errors import AlreadyDone, WrongSchema
from branch_desk.models.event import Event
from branch_desk.models.install import Installation
from branch_desk.models.keys import Keys
from branch_desk.models.member import DocumentType, person_key
from branch_desk.models.money import Currency
from branch_desk.models.parameter import Biller, Ceiling, ContractTerms, LimitKind
from branch_desk.models.staff import Branch, Role, Staff
from branch_desk.operations.house import seeds
from branch_desk.operations.house.seeds import SINCE
from branch_desk.operations.work import House, Work
from branch_desk.resources import resource

FIRST_ADMINISTRATOR = "admin"


def install(
    house: House, *, training: bool = False, document_number: str = "0000", full_name: str = ""
) -> Secret:
    """Fill an empty database and give the administrator's one-time password, shown once.

    Raises AlreadyDone when the database was installed before: there is no second default account.
    """
    secret = new_initial_credential()
    hashed = house.hasher.hash(secret.reveal())
    seeds.prepare()
    house.work(lambda work: _fill(work, hashed, training, document_number, full_name))
    return secret


def check_installation(house: House) -> Installation:
    """Read what the database says of itself, and prove the key on its canary (R42).

    Raises WrongSchema(`empty`) before the first start, KeysUnusable for a wrong key.
    """
    found: Installation | None = house.work(
        lambda work: work.session.scalar(select(Installation)), reads=True
    )
    if found is None:
        raise WrongSchema(reason="empty")
    house.keys.check_canary(found.canary)
    return found


def _fill(work: Work, hashed: str, training: bool, document: str, full_name: str) -> None:  # noqa: FBT001
    if work.session.scalar(select(Installation.id)) is not None:
        raise AlreadyDone(what="installation")
    work.session.add(_installation(work.keys, work.now, training=training))
    branch = Branch(id=new_id(), code="CEN", name="Oficina Central", city="Santa Cruz de la Sierra")
    work.session.add(branch)
    work.session.flush()
    work.session.add(_administrator(branch.id, hashed, work.now, document, full_name))
    _seed_parameters(work)
    seeds.fill(work)
    work.record(Event.INSTALLED, None)


def _installation(keys: Keys, now: datetime, *, training: bool) -> Installation:
    return Installation(id=1, canary=keys.canary(), training=training, created_at=now)


def _administrator(
    branch_id: UUID, hashed: str, now: datetime, document: str, full_name: str
) -> Staff:
    return Staff(
        id=new_id(),
        user_name=FIRST_ADMINISTRATOR,
        full_name=full_name or "Administración",
        document_type=DocumentType.CI,
        document_number=document,
        person=person_key(DocumentType.CI, document, ""),
        role=Role.ADMINISTRATOR,
        branch_id=branch_id,
        password_hash=hashed,
        password_changed_at=now,
        created_at=now,
    )


def _seed_parameters(work: Work) -> None:
    """Write the contract terms, ceilings and billers that stand in `resources/seed`."""
    seed = seeds.seed("parameters")
    for version in seed["terms"]:
        text = resource(f"terms/{version}.txt").read_text(encoding="utf-8")
        work.session.add(
            ContractTerms(
                version=version,
                text=text,
                sha256=hashlib.sha256(text.encode()).hexdigest(),
                effective_from=SINCE,
            )
        )
    for row in seed["ceiling"]:
        work.session.add(
            Ceiling(
                kind=LimitKind(row["kind"]),
                currency=Currency(row["currency"]),
                per_operation=row["per_operation"],
                per_day=row["per_day"],
                per_month=row["per_month"],
                count_per_day=row["count_per_day"],
                effective_from=SINCE,
            )
        )
    for position, row in enumerate(seed["biller"]):
        work.session.add(
            Biller(
                code=row["code"],
                name=row["name"],
                category=row["category"],
                prepaid=row["prepaid"],
                minimum=row.get("minimum", 0),
                code_mask=row["mask"],
                position=position,
            )
        )
