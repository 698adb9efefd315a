"""What an installation knows of itself: the key canary and the marks of the import."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base


class Installation(Base):
    """The single row a database has of itself."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    canary: Mapped[bytes]
    """A sealed constant: a key that cannot open it stops the program before work (R42)."""
    training: Mapped[bool]
    created_at: Mapped[datetime]


class ImportMark(Base):
    """How far an import of a file came, so that a stopped one goes on (F39)."""

    __tablename__ = "import_mark"

    file_sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    lines: Mapped[int]
    accepted: Mapped[int]
    rejected: Mapped[int]
    finished_at: Mapped[datetime | None]
