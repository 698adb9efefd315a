"""Members of the cooperative as its core system knows them, and how they are found."""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, Key, new_id


class MemberKind(StrEnum):
    """A natural person or a company."""

    PERSON = "PERSONA"
    COMPANY = "EMPRESA"


class DocumentType(StrEnum):
    """Identity documents accepted at the desk."""

    CI = "CI"
    """Cédula de identidad."""
    CIE = "CIE"
    """Cédula de identidad de extranjero."""
    PASSPORT = "PAS"
    NIT = "NIT"
    """Número de identificación tributaria: companies."""


class Department(StrEnum):
    """Place of issue of a card. Never part of its key: the same number moves with its owner."""

    BE = "BE"
    CB = "CB"
    CH = "CH"
    LP = "LP"
    OR = "OR"
    PD = "PD"
    PT = "PT"
    SC = "SC"
    TJ = "TJ"


def person_key(document_type: DocumentType, number: str, complement: str) -> str:
    """Say who somebody is, whatever user name or record: `CI:4567891-1B`, `PAS:X123`."""
    return f"{document_type}:{number}-{complement}" if complement else f"{document_type}:{number}"


def document_of(who: Any) -> str:  # noqa: ANN401  an object or a row
    """Write the document of who has the columns of `Identified`: `4567891-1B SC`."""
    number = who.document_number + (f"-{who.complement}" if who.complement else "")
    return f"{number} {who.issued_in}" if who.issued_in else number


class Identified:
    """The columns of an identity document; unique on (type, number, complement) (F5)."""

    document_type: Mapped[DocumentType]
    document_number: Mapped[str] = mapped_column(Key())
    complement: Mapped[str] = mapped_column(Key(), default="")
    """Given by SEGIP where numbers repeat; empty, never null, so that uniqueness holds."""
    issued_in: Mapped[Department | None]
    document_expiry: Mapped[date | None]
    """Unset: «indefinida»."""

    @property
    def person(self) -> str:
        """The person behind the document, see `person_key`."""
        return person_key(self.document_type, self.document_number, self.complement)

    @property
    def document(self) -> str:
        """As on screen and paper, see `document_of`."""
        return document_of(self)


def whole_name(first_names: str, first: str, second: str, married: str) -> str:
    """Write a person's name: first names, surnames, and the married surname with «de»."""
    return " ".join(filter(None, (first_names, first, second, married and f"de {married}")))


def person_name_of(who: Any) -> str:  # noqa: ANN401  an object or a row
    """Write the whole name of who has the columns of `Named`, see `whole_name`."""
    return whole_name(who.first_names, who.first_surname, who.second_surname, who.married_surname)


def name_of(who: Any) -> str:  # noqa: ANN401  an object or a row
    """Write the company's name, or the person's whole name."""
    return who.company_name or person_name_of(who)


class Named:
    """The names of a natural person; a company's applicant has none of them."""

    first_names: Mapped[str] = mapped_column(default="")
    first_surname: Mapped[str] = mapped_column(default="")
    second_surname: Mapped[str] = mapped_column(default="")
    married_surname: Mapped[str] = mapped_column(default="")

    @property
    def person_name(self) -> str:
        """The whole name, see `whole_name`."""
        return person_name_of(self)


class Applicant(Identified, Named):
    """What request and record both say of a person or company."""

    kind: Mapped[MemberKind]
    birth_date: Mapped[date | None]
    company_name: Mapped[str] = mapped_column(default="")
    trade_registry: Mapped[str] = mapped_column(default="")
    """Matrícula de comercio."""
    email: Mapped[str] = mapped_column(Key(), default="")
    mobile: Mapped[str] = mapped_column(Key(), default="")
    """Digits only, as dialled in Bolivia."""
    address: Mapped[str] = mapped_column(default="")

    @property
    def name(self) -> str:
        """The company's name, or the person's whole name."""
        return name_of(self)


_APPLICANT_CHECKS = (
    CheckConstraint(
        "(kind = 'EMPRESA') = (document_type = 'NIT')",
        name="company_has_nit",
    ),
    CheckConstraint(
        "(kind = 'EMPRESA' AND company_name <> '')"
        " OR (kind = 'PERSONA' AND first_names <> ''"
        " AND (first_surname <> '' OR second_surname <> ''))",
        name="named",
    ),
    CheckConstraint(
        "length(document_number) BETWEEN 3 AND 20 AND length(complement) <= 5",
        name="document_length",
    ),
)


def applicant_checks() -> tuple[CheckConstraint, ...]:
    """Give fresh copies of the rules that hold for whoever applies (R86)."""
    return tuple(CheckConstraint(str(c.sqltext), name=str(c.name)) for c in _APPLICANT_CHECKS)


class Member(Applicant, Base):
    """A member's record, imported from the core system (F39); never edited at the desk."""

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("document_type", "document_number", "complement"),
        Index("ix_member_document_number", "document_number"),
        Index("ix_member_mobile", "mobile"),
        Index("ix_member_email", "email"),
        *applicant_checks(),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(Key(), unique=True)
    """Member number: digits as text, leading zeros kept."""
    branch_id: Mapped[UUID] = mapped_column(ForeignKey("branch.id"), index=True)


class MemberName(Base):
    """A rotation of a member's folded name, so that any leading word finds it by a b-tree.

    For «Ana María Méndez Ríos»: `ana maria mendez rios`, `mendez rios ana maria`, …
    """

    __tablename__ = "member_name"

    text: Mapped[str] = mapped_column(Key(), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)


def folded(text: str) -> str:
    """Lower case without accents, only letters, digits and single spaces: `Núñez` → `nunez`."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)
    )
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def rotations(name: str) -> frozenset[str]:
    """Give every rotation of the folded words of a name, at most eight of 80 characters."""
    words = folded(name).split()[:8]
    return frozenset(" ".join(words[i:] + words[:i])[:80] for i in range(len(words)))


def next_key(prefix: str) -> str:
    """Give the smallest text after all that begin with `prefix`; folded text is ASCII."""
    return prefix + "\x7f"
