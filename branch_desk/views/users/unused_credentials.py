"""The list «emitidas sin usar»: claves iniciales whose members never came back (F15)."""

from PySide6.QtCore import QCoreApplication, QSettings

from branch_desk.operations.users.credential import UnusedCredential
from branch_desk.views.kit import formats
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import Meaning

translate = QCoreApplication.translate


def unused_table(look: QSettings) -> PagedTable[UnusedCredential]:
    """Return the list, empty; an expired key can only be issued anew."""
    return PagedTable[UnusedCredential](
        "unused",
        translate("Unused", "Claves emitidas sin usar"),
        [
            Column(
                "user", translate("Unused", "Usuario"), lambda r: r.user_name, width=150, code=True
            ),
            Column("person", translate("Unused", "Persona"), lambda r: r.person_name, width=260),
            Column("member", translate("Unused", "Socio"), lambda r: r.member_number, width=100),
            Column(
                "issued",
                translate("Unused", "Emitida"),
                lambda r: formats.instant(r.issued_at),
                width=150,
            ),
            Column("by", translate("Unused", "Por"), lambda r: r.issued_by, width=170),
            Column(
                "state",
                translate("Unused", "Vence"),
                lambda r: (
                    translate("Unused", "Venció el {at}").format(at=formats.instant(r.expires_at))
                    if r.expired
                    else formats.instant(r.expires_at)
                ),
                width=200,
                meaning=lambda r: Meaning.STOP if r.expired else None,
            ),
        ],
        key=lambda r: r.access_id,
        empty=translate("Unused", "Todas las claves emitidas ya se usaron."),
        settings=look,
    )
