"""What the identity step says: the card's date, powers, unknown members, shared data (F4-F7)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from PySide6.QtCore import QCoreApplication

from branch_desk.models.identity import INDEFINITE_FROM_AGE, WARN_BEFORE_EXPIRY_DAYS
from branch_desk.operations.request.duplicates import Duplicate, Owner, Shared
from branch_desk.operations.request.enrolment_file import RepresentativeView
from branch_desk.operations.request.identity import CardState, card_state
from branch_desk.views.kit import formats
from branch_desk.views.kit.pieces import Flag
from branch_desk.views.kit.theme import Meaning

translate = QCoreApplication.translate


def card_flag(state: CardState, expiry: date | None, *, excepted: bool) -> Flag | None:
    """Say what the date of the card means today; None while all is well."""
    day = formats.day(expiry) if expiry else ""
    if state is CardState.EXPIRED and excepted:
        return Flag(
            translate("Card", "La cédula venció el {day}; un supervisor la exceptuó.").format(
                day=day
            ),
            Meaning.ATTENTION,
        )
    if state is CardState.EXPIRED:
        return Flag(
            translate(
                "Card",
                "La cédula venció el {day}. Pida la renovada o que un supervisor abra esta "
                "solicitud y conceda la excepción.",
            ).format(day=day),
            Meaning.STOP,
        )
    if state is CardState.EXPIRES_SOON:
        return Flag(
            translate("Card", "La cédula vence el {day}: recuérdele al socio renovarla.").format(
                day=day
            )
        )
    if state is CardState.INDEFINITE_TOO_YOUNG:
        return Flag(
            translate(
                "Card",
                "Solo desde los {age} años la cédula puede ser indefinida. Lea la fecha otra vez.",
            ).format(age=INDEFINITE_FROM_AGE),
            Meaning.STOP,
        )
    return None


def no_member_flag(document: str) -> Flag:
    """Say what to do when the cooperative's books know nobody of that document."""
    return Flag(
        translate(
            "Card",
            "Ningún socio tiene el documento {document}. Compare número y complemento con la "
            "cédula y corrija los datos; si todavía no es socio, primero debe abrir su cuenta "
            "en plataforma.",
        ).format(document=document),
        Meaning.STOP,
    )


def power_flags(people: Sequence[RepresentativeView], today: date) -> list[Flag]:
    """Say of every representative who it is and whether card and power are in force (F6)."""
    flags = []
    for each in people:
        values = each.values
        words = translate(
            "Card", "{name}, CI {document}: poder {number} del {day}, {notary}"
        ).format(
            name=each.name,
            document=each.document,
            number=values.power_number,
            day=formats.day(values.power_date),
            notary=values.notary,
        )
        meaning = Meaning.INFORMATION
        state = card_state(values.document_expiry, None, today)
        if values.power_expiry is not None and values.power_expiry < today:
            meaning = Meaning.STOP
            words += translate("Card", " — el poder venció el {day}; pida el vigente").format(
                day=formats.day(values.power_expiry)
            )
        elif (
            values.power_expiry is not None
            and (values.power_expiry - today).days <= WARN_BEFORE_EXPIRY_DAYS
        ):
            meaning = Meaning.ATTENTION
            words += translate("Card", " — el poder vence el {day}").format(
                day=formats.day(values.power_expiry)
            )
        if state is CardState.EXPIRED and values.document_expiry is not None:
            meaning = Meaning.STOP
            words += translate("Card", " — su cédula venció el {day}").format(
                day=formats.day(values.document_expiry)
            )
        flags.append(Flag(words + ".", meaning))
    return flags


def duplicate_flags(others: Sequence[Duplicate]) -> list[Flag]:
    """Say who else has the same phone, mail or number (F7), each of them once."""
    together: dict[tuple[UUID, str], list[Duplicate]] = {}
    for each in others:
        together.setdefault((each.id, each.document), []).append(each)
    return [_shared(each[0], {one.shared for one in each}) for each in together.values()]


def _shared(other: Duplicate, shared: set[Shared]) -> Flag:
    words = {
        Shared.MOBILE: translate("Card", "el celular"),
        Shared.EMAIL: translate("Card", "el correo"),
        Shared.DOCUMENT: translate("Card", "el número de documento"),
    }
    what = translate("Card", " y ").join(words[each] for each in Shared if each in shared)
    where = {
        Owner.MEMBER: translate("Card", "socio {label}"),
        Owner.REQUEST: translate("Card", "solicitud {label}"),
        Owner.REPRESENTATIVE: translate("Card", "representante en la solicitud {label}"),
    }[other.owner].format(label=other.label)
    return Flag(
        translate("Card", "Coincide con {name}, {document} ({where}): {what}. Confírmelo.").format(
            what=what, name=other.name, document=other.document, where=where
        )
    )
