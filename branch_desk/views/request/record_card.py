"""What the cooperative's books say of the document just typed, beside the form (F2, F4)."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QVBoxLayout, QWidget

from branch_desk.models.access import AccessStatus
from branch_desk.operations.books.members import MemberRecord
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.pieces import Flag, FlagList, button, label
from branch_desk.views.kit.theme import GRID, Meaning


class RecordCard(QFrame):
    """`use_asked` means that the officer takes the record's data, `user_asked` opens the user."""

    use_asked = Signal()
    user_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("record_card")
        self.setProperty("kind", "card")
        self.record: MemberRecord | None = None
        self.name = label("", "section", "record_name", wrap=True)
        self.nothing = label("", "muted", "record_nothing", wrap=True)
        self.flags = FlagList(self.tr("Avisos"))
        self.use = button(self.tr("&Usar estos datos"), name="use_record", sign="user-check")
        self.see_user = button(self.tr("Ver su usuario"), "link", "see_user")
        self._facts: dict[str, QLabel] = {}
        self._build()
        self.forget()

    def show_record(self, record: MemberRecord | None) -> None:
        """Show whom the document belongs to, or that nobody in the books has it."""
        self.record = record
        known = record is not None
        for each in (self.name, self._box, self.use, self.flags):
            each.setVisible(known)
        self.see_user.setVisible(record is not None and bool(_open_users(record)))
        self.nothing.setVisible(not known)
        if record is None:
            self.nothing.setText(
                self.tr(
                    "Nadie en los libros tiene este documento. Revise número y complemento; "
                    "sin ser socio no se le puede abrir banca electrónica."
                )
            )
            return
        self.name.setText(record.name)
        users = [f"{user.user_name} ({wording.state(user.status)})" for user in record.users]
        for name, value in (
            ("number", record.number),
            ("document", record.document),
            ("birth", formats.day(record.birth_date) if record.birth_date else "—"),
            ("mobile", record.mobile or "—"),
            ("email", formats.breakable(record.email) or "—"),
            ("accounts", str(len(record.accounts))),
            ("users", ", ".join(users) or self.tr("Ninguno")),
        ):
            self._facts[name].setText(value)
        self.flags.show_flags(self._flags(record))

    def forget(self) -> None:
        """Drop the record: the document changed, or another person signed in."""
        self.show_record(None)
        self.nothing.setText(
            self.tr("Escriba el documento: aquí aparece lo que los libros saben de la persona.")
        )

    def _flags(self, record: MemberRecord) -> list[Flag]:
        flags = []
        if _open_users(record):
            words = self.tr(
                "Ya tiene banca electrónica. Si no puede ingresar, desbloquee su usuario o emita "
                "otra clave; no abra otra solicitud."
            )
            flags.append(Flag(words, Meaning.STOP))
        if not record.accounts:
            words = self.tr("No tiene cuentas: no habrá qué habilitar.")
            flags.append(Flag(words, Meaning.ATTENTION))
        return flags

    def _see_user(self) -> None:
        if self.record is not None and (users := _open_users(self.record)):
            self.user_asked.emit(users[0])

    def _build(self) -> None:
        self._box = QWidget()
        form = QFormLayout(self._box)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        for name, words in (
            ("number", self.tr("Socio N°")),
            ("document", self.tr("Documento")),
            ("birth", self.tr("Nacimiento")),
            ("mobile", self.tr("Celular")),
            ("email", self.tr("Correo")),
            ("accounts", self.tr("Cuentas")),
            ("users", self.tr("Usuarios")),
        ):
            self._facts[name] = label("", name=f"record_{name}", wrap=True)
            form.addRow(label(words, "muted"), self._facts[name])
        self.use.clicked.connect(self.use_asked)
        self.see_user.clicked.connect(self._see_user)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID + 4)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("En los libros"), "muted"))
        for each in (self.nothing, self.name, self._box, self.flags, self.use, self.see_user):
            column.addWidget(each)


def _open_users(record: MemberRecord) -> list[object]:
    return [user.id for user in record.users if user.status is not AccessStatus.CLOSED]
