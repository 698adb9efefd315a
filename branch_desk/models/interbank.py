"""Batches of transfers to other banks, closed once at each business day's cut-off (F30)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, new_id
from branch_desk.models.money import Currency


class InterbankGate(Base):
    """The one row that orders transfers and the closing of their day.

    A transfer holds it shared while it is written, whoever moves it forward holds it alone: what
    is promised for a day is in that day's batch, whatever the clocks of two machines say.
    """

    __tablename__ = "interbank_gate"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    closed_through: Mapped[date]
    """Last day that is shut: nothing is promised for it any more, and its batch cannot grow."""


class InterbankBatch(Base):
    """The transfers of one day and currency, as they go to the clearing house."""

    __tablename__ = "interbank_batch"
    __table_args__ = (UniqueConstraint("day", "currency"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    day: Mapped[date]
    currency: Mapped[Currency]
    count: Mapped[int]
    total: Mapped[int]
    """Centavos; equals the postings of its transfers."""
    closed_at: Mapped[datetime]
    written_at: Mapped[datetime | None]
    csv_sha256: Mapped[str | None]
    xml_sha256: Mapped[str | None]
