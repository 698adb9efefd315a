"""What every table shares: names of constraints, column types, identifiers.

SQLite tables are STRICT, so every SQL type is spelled there as one of its own four.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import Enum as PythonEnum
from typing import Any, ClassVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    event,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, UTC in the database; naive datetimes are refused.

    On SQLite it is ISO 8601 text with microseconds, which sorts as time does.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep text on SQLite, timestamptz on PostgreSQL."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401  the driver's type
        """Refuse naive datetimes; normalise to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("instants carry their time zone")
        value = value.astimezone(UTC)
        return value.isoformat(timespec="microseconds") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401
        """Give the instant back in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            value = datetime.fromisoformat(value)
        return value.astimezone(UTC)


class Key(TypeDecorator[str]):
    """Text that is looked up by its beginning: compared byte by byte on both databases."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the C collation on PostgreSQL; SQLite compares bytes anyway."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation="C"))
        return dialect.type_descriptor(Text())


@compiles(Uuid, "sqlite")
@compiles(Enum, "sqlite")
@compiles(Date, "sqlite")
@compiles(String, "sqlite")
def _text_on_sqlite(*_: object, **__: object) -> str:
    return "TEXT"


@compiles(BigInteger, "sqlite")
@compiles(Boolean, "sqlite")
def _integer_on_sqlite(*_: object, **__: object) -> str:
    return "INTEGER"


_BY_VALUE: dict[str, Any] = {
    "native_enum": False,
    "create_constraint": True,
    "length": 24,
    "values_callable": lambda members: [member.value for member in members],
}


class Base(DeclarativeBase):
    """The parent of every table."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        int: BigInteger(),
        datetime: UtcDateTime(),
        date: Date(),
        bytes: LargeBinary(),
        UUID: Uuid(),
        PythonEnum: Enum(PythonEnum, **_BY_VALUE),
    }


@event.listens_for(Table, "after_parent_attach")
def _strict(table: Table, _metadata: MetaData) -> None:
    # Without STRICT, SQLite stores '12,50' in an INTEGER column. Migrations make tables of
    # their own metadata, hence every table.
    table.dialect_options["sqlite"]["strict"] = True


def new_id() -> UUID:
    """Make an identifier on the client: UUIDv7, so that rows of one day lie together."""
    return uuid_utils.compat.uuid7()


def second_of(kind: type[PythonEnum], name: str) -> Enum:
    """Build the type of a table's second column of one enum: its constraint needs its own name."""
    return Enum(kind, name=name, **_BY_VALUE)


def partial_unique(name: str, *columns: str, where: Any) -> Index:  # noqa: ANN401  any SQL condition
    """Build a unique index over the rows that fulfil `where`, on both databases."""
    return Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


def one_of(column: str, values: Iterable[PythonEnum]) -> str:
    """Write the SQL condition that `column` has one of the enum's `values`."""
    return f"{column} IN ({', '.join(repr(str(value.value)) for value in values)})"
