"""Desbloqueos (F4): find the user, see why it is locked, check who stands here, unlock."""

from typing import Final
from uuid import UUID

from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.access import AccessStatus
from branch_desk.models.errors import CheckListIncomplete
from branch_desk.operations.users import access, credential, unlock
from branch_desk.operations.users.access_file import AccessRow
from branch_desk.operations.users.credential import UnusedCredential
from branch_desk.operations.users.unlock import POINTS_NEEDED, Advice, Remedy, Triage
from branch_desk.views.kit import wording
from branch_desk.views.kit.fields import FoldedText, row
from branch_desk.views.kit.pieces import ActionRow, HeaderCard, button, card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed, View
from branch_desk.views.users.triage import TriageCards, history, why_locked
from branch_desk.views.users.unused_credentials import unused_table

STATE_MEANINGS: Final = {
    AccessStatus.INVITED: Meaning.INFORMATION,
    AccessStatus.ENROLLING: Meaning.INFORMATION,
    AccessStatus.ACTIVE: Meaning.GOOD,
    AccessStatus.SUSPENDED: Meaning.STOP,
    AccessStatus.CLOSED: Meaning.NEUTRAL,
}


class UnlockView(View):
    """One search field, then one user: what fits, and the unlocking itself."""

    cares_about = frozenset({Changed.ACCESS})

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.station = station
        self.seen: Triage | None = None
        self.pages = QStackedLayout(self.body)
        self._search_page = self._build_search()
        self._user_page = self._build_user()
        self._unused_page = self._build_unused()
        for page in (self._search_page, self._user_page, self._unused_page):
            self.pages.addWidget(page)

    # -- building

    def _build_search(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("¿Quién no puede ingresar?"), "title"))
        form = QFormLayout()
        self.text = FoldedText("text", rule="address")
        self.text.edited.connect(self._search)
        self.text.returnPressed.connect(self._open_current)
        row(
            form,
            self.tr("&Buscar"),
            self.text,
            self.tr("Usuario, cédula, número de socio o nombre; de cualquier agencia."),
        )
        column.addLayout(form)
        self.table = PagedTable[AccessRow](
            "users",
            self.tr("Usuarios encontrados"),
            [
                Column("user", self.tr("Usuario"), lambda r: r.user_name, width=160, code=True),
                Column("person", self.tr("Persona"), lambda r: r.person_name, width=280),
                Column("document", self.tr("Documento"), lambda r: r.document, width=140),
                Column(
                    "member",
                    self.tr("Socio"),
                    lambda r: f"{r.member_number} {r.member_name if r.is_company else ''}".strip(),
                    width=200,
                ),
                Column(
                    "state",
                    self.tr("Estado"),
                    lambda r: self.tr("Bloqueado") if r.locked else wording.word(r.status),
                    width=160,
                    meaning=lambda r: Meaning.STOP if r.locked else STATE_MEANINGS[r.status],
                ),
            ],
            key=lambda r: r.id,
            empty=self.tr("Escriba algo del socio para buscarlo."),
            settings=self.station.look,
        )
        self.table.show_rows([])
        self.table.opened.connect(self._open_row)
        column.addWidget(self.table, 1)
        self.open_button = button(self.tr("&Ver qué le pasa"), name="open_user")
        self.open_button.clicked.connect(self._open_current)
        self.unused_button = button(
            self.tr("Claves &sin usar"), name="see_unused", sign="key-round"
        )
        self.unused_button.clicked.connect(self._see_unused)
        column.addWidget(ActionRow(self.open_button, self.unused_button))
        return page

    def _build_unused(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("Claves iniciales emitidas sin usar"), "title"))
        self.unused = unused_table(self.station.look)
        self.unused.opened.connect(self._open_unused)
        column.addWidget(self.unused, 1)
        see = button(self.tr("&Ver su usuario"), name="open_unused")
        back = button(self.tr("&Buscar a otro"), "link", "unused_back")
        see.clicked.connect(self._open_current_unused)
        back.clicked.connect(self._search_again)
        column.addWidget(ActionRow(see, back))
        return page

    def _build_user(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.header = HeaderCard()
        column.addWidget(self.header)
        frame, facts = card("facts")
        self.why = label("", "section", "why_locked", wrap=True)
        self.past = label("", "muted", "past", wrap=True)
        facts.addWidget(self.why)
        facts.addWidget(self.past)
        column.addWidget(frame)
        middle = QHBoxLayout()
        middle.setSpacing(2 * GRID)
        left = QVBoxLayout()
        self.remedies = TriageCards()
        self.remedies.chosen.connect(self._go)
        left.addWidget(self.remedies)
        left.addStretch(1)
        middle.addLayout(left, 1)
        right = QVBoxLayout()
        right.addWidget(self._build_form())
        right.addStretch(1)
        middle.addLayout(right, 1)
        column.addLayout(middle, 1)
        self.unlock = button(self.tr("Des&bloquear"), "primary", "unlock", "lock-open")
        self.again = button(self.tr("Buscar a &otro"), "link", "search_again")
        self.whole = button(self.tr("Ver su &usuario"), "link", "see_user")
        self.unlock.clicked.connect(self._unlock)
        self.again.clicked.connect(self._search_again)
        self.whole.clicked.connect(self._see_user)
        column.addWidget(ActionRow(self.unlock, self.again, self.whole))
        return page

    def _build_form(self) -> QFrame:
        self.form, column = card("unlock_form")
        column.addWidget(label(self.tr("Antes de desbloquear, compruebe quién es"), "section"))
        self.points = {}
        for point in sorted(POINTS_NEEDED):
            box = QCheckBox(wording.word(point))
            box.setObjectName(f"point_{point.lower()}")
            self.points[point] = box
            column.addWidget(box)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.reason = FoldedText("reason", longest=300)
        row(
            form,
            self.tr("&Motivo"),
            self.reason,
            self.tr("Qué cuenta el socio y cómo se comprobó. Queda en el registro."),
        )
        column.addLayout(form)
        return self.form

    # -- finding

    def _search(self) -> None:
        self.search(self._found, access.find, self.text.value())

    def _found(self, rows: tuple[AccessRow, ...]) -> None:
        self.table.empty_state.say(
            self.tr("Nadie coincide con «{text}». Pruebe con la cédula.").format(
                text=self.text.value()
            )
            if self.text.value()
            else self.tr("Escriba algo del socio para buscarlo.")
        )
        self.table.show_rows(rows)

    def _see_unused(self) -> None:
        self.ask(self._show_unused, credential.unused)

    def _show_unused(self, rows: tuple[UnusedCredential, ...]) -> None:
        self.unused.show_rows(rows)
        self.pages.setCurrentWidget(self._unused_page)
        self.unused.setFocus()

    def _open_unused(self, found: UnusedCredential) -> None:
        self.go.emit("access", found.access_id)

    def _open_current_unused(self) -> None:
        found = self.unused.current()
        if found is not None:
            self._open_unused(found)

    def _open_row(self, found: AccessRow) -> None:
        self.open(found.id)

    def _open_current(self) -> None:
        found = self.table.current()
        if found is not None:
            self.open(found.id)

    def open(self, access_id: UUID) -> None:
        """Look at a user; the look is recorded."""
        self.ask(self._opened, unlock.triage, access_id)

    def come_to_front(self) -> None:
        """Begin where typing begins."""
        super().come_to_front()
        if self.seen is None:
            self.text.setFocus()

    def refresh(self) -> None:
        """Look anew at what is shown."""
        if self.seen is not None:
            self.search(self._show, unlock.triage, self.seen.access_id)
        elif self.text.value():
            self._search()

    def forget(self) -> None:
        """Show nobody."""
        self._search_again()

    def _search_again(self) -> None:
        self.seen = None
        self._empty()
        self.header.forget()
        self.text.set_value("")
        self.table.show_rows([])
        self.pages.setCurrentWidget(self._search_page)
        self.text.setFocus()

    # -- the user

    def _opened(self, seen: Triage) -> None:
        self._empty()
        self._show(seen)
        self.pages.setCurrentWidget(self._user_page)
        fits = self.unlock.isEnabled()
        (next(iter(self.points.values())) if fits else self.again).setFocus()

    def _show(self, seen: Triage) -> None:
        self.seen = seen
        state = self.tr("Bloqueado") if seen.locked else wording.word(seen.status)
        self.header.show_person(
            seen.person_name,
            [(self.tr("Usuario"), seen.user_name), (self.tr("Documento"), seen.document)],
            state,
            Meaning.STOP if seen.locked else STATE_MEANINGS[seen.status],
        )
        self.why.setText(why_locked(seen))
        past = history(seen)
        self.past.setText("\n".join(past) or self.tr("Sin desbloqueos en los últimos 30 días."))
        self.remedies.show_triage(seen)
        fits = seen.option(Remedy.UNLOCK).advice is Advice.FITS
        self.unlock.setEnabled(fits)
        self.form.setEnabled(fits)

    def _go(self, remedy: Remedy) -> None:
        if self.seen is None:
            return
        if remedy is Remedy.UNLOCK:
            next(iter(self.points.values())).setFocus()
        else:
            self.go.emit("access", self.seen.access_id)

    def _see_user(self) -> None:
        if self.seen is not None:
            self.go.emit("access", self.seen.access_id)

    # -- unlocking

    def _unlock(self) -> None:
        if self.seen is not None:
            points = frozenset(point for point, box in self.points.items() if box.isChecked())
            self.ask(
                self._unlocked,
                unlock.unlock,
                self.seen.access_id,
                reason=self.reason.value(),
                points=points,
            )

    def _unlocked(self, _: None) -> None:
        self._empty()
        self.succeed(
            self.tr(
                "Desbloqueado. El correo «su usuario ha sido desbloqueado» está en la bandeja de "
                "salida; su contraseña y su token no cambiaron."
            ),
            action=self.tr("Buscar a otro"),
            do=self._search_again,
        )
        self.refresh()
        for kind in (Changed.ACCESS, Changed.OUTBOX):
            self.changed.emit(kind)

    def show_problem(self, error: Exception) -> None:
        """Put the focus on the first point that was not checked."""
        super().show_problem(error)
        if isinstance(error, CheckListIncomplete):
            unticked = [box for box in self.points.values() if not box.isChecked()]
            unticked[0].setFocus()

    def _empty(self) -> None:
        self.reason.set_value("")
        for box in self.points.values():
            box.setChecked(False)
