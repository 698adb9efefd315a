"""Shorter ways to the same places: papers without drawing, scans without reading.

Everything still goes through the operations; only the picture is a small one and its code is not
read from it, so that a test may go thousands of steps.
"""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from PIL import Image
from sqlalchemy import Connection, Transaction, update

from branch_desk.models.database import Database, Unit
from branch_desk.models.enrolment import OPEN, Enrolment
from branch_desk.models.staff import StaffSession
from branch_desk.operations.request import configuration, enrolment, forms, identity
from branch_desk.operations.request.application import Application
from branch_desk.operations.work import Desk, House
from branch_desk.reports.code import SheetCode
from branch_desk.reports.images import clean_image
from tests.builders import World
from tests.journey import ANA, a_configuration, a_reading, an_application, view

PDF = b"%PDF-1.4 a paper nobody looks at"
REASON = "porque así lo pidió el socio"


@cache
def picture() -> bytes:
    """A small picture as the program keeps it."""
    import io

    out = io.BytesIO()
    Image.new("L", (200, 200), 255).save(out, "PNG")
    return clean_image(out.getvalue()).data


def an_adult(document: int | str, **changes: Any) -> Application:
    """A person whose card never expires, so that time may pass."""
    values = replace(
        ANA,
        document_number=str(document),
        complement="",
        document_expiry=None,
        birth_date=date(1950, 2, 3),
    )
    return an_application(values=replace(values, **changes))


def a_person(world: World, document: int | str, **changes: Any) -> Application:
    """The same person in the books, with an account, and what they would ask for."""
    application = an_adult(document, **changes)
    values = application.values
    member = world.member(
        f"9{document}",
        document_number=values.document_number,
        complement="",
        document_expiry=values.document_expiry,
        birth_date=values.birth_date,
        first_names=values.first_names,
        first_surname=values.first_surname,
    )
    world.account(member, number=f"77{document}")
    return application


def make_paper(desk: Desk, enrolment_id: UUID, version: int) -> SheetCode:
    """Freeze the terms and store a paper that was not drawn; gives what stands in its code."""
    frozen = desk(forms.freeze, enrolment_id, version)
    desk(forms.store, enrolment_id, frozen, PDF, "A4")
    return code_of(frozen)


def code_of(frozen: forms.Frozen) -> SheetCode:
    digest = hashlib.sha256(frozen.terms.encode()).hexdigest()
    return SheetCode(frozen.form.folio, frozen.form.revision, digest[:16])


def bring_back(desk: Desk, code: SheetCode, enrolment_id: UUID | None = None) -> None:
    """File the signed sheet with this code."""
    desk(forms.store_sheet, code, picture(), "image/jpeg", enrolment_id)


def identified(desk: Desk, application: Application) -> UUID:
    enrolment_id = desk(enrolment.submit, application)
    file = view(desk, enrolment_id)
    desk(identity.identify, enrolment_id, file.version, a_reading(file))
    return enrolment_id


def configured(desk: Desk, application: Application) -> UUID:
    enrolment_id = identified(desk, application)
    version = view(desk, enrolment_id).version
    chosen = a_configuration(desk, enrolment_id)
    desk(configuration.configure, enrolment_id, version, chosen)
    return enrolment_id


def printed(desk: Desk, application: Application) -> tuple[UUID, SheetCode]:
    enrolment_id = configured(desk, application)
    return enrolment_id, make_paper(desk, enrolment_id, view(desk, enrolment_id).version)


def signed(desk: Desk, application: Application) -> UUID:
    enrolment_id, code = printed(desk, application)
    bring_back(desk, code)
    return enrolment_id


def nobody_holds(house: House) -> None:
    """As if fifteen minutes had passed."""
    let_go = update(Enrolment).where(Enrolment.status.in_(OPEN))
    let_go = let_go.values(held_by=None, held_until=None)
    house.work(lambda work: work.session.execute(let_go))


def everybody_fresh(house: House) -> None:
    """As if everybody with a session had just signed in."""
    house.work(
        lambda work: work.session.execute(
            update(StaffSession)
            .where(StaffSession.ended_at.is_(None))
            .values(started_at=work.now, fresh_at=work.now)
        )
    )


class _Savepoint(Unit):
    """A unit inside another, that is taken back with it."""

    def _begun(self) -> Transaction:
        return self.connection.begin_nested()

    def last(self, send: Callable[[Connection], object]) -> None:
        """Send it now: a COMMIT beside it would be the outer one's."""
        send(self.connection)


class Undone:
    """While it lasts, whatever is committed is taken back at its end: a cell leaves no trace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Connection:
        self._connection = self._database.engine.connect()
        self._outer = self._connection.begin()
        self._database._connect = lambda *, reads: nullcontext(self._connection)  # type: ignore[method-assign]
        self._database._unit = _Savepoint
        return self._connection

    def __exit__(self, *_: object) -> None:
        del self._database._connect
        self._database._unit = Unit
        self._outer.rollback()
        self._connection.close()
