"""Auditoría (F8): who did what, when, on whom and why; and the proof that nothing was changed."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from uuid import UUID

from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
)

from branch_desk.models.staff import Role
from branch_desk.operations.house import audit, verification
from branch_desk.operations.house.audit import Entry, Filter, Place
from branch_desk.operations.house.verification import Verdict
from branch_desk.operations.work import Desk
from branch_desk.views.kit import event_words, formats
from branch_desk.views.kit.event_words import EventGroup, group_of
from branch_desk.views.kit.fields import DateField, row
from branch_desk.views.kit.pieces import Flag, FlagList, button, card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable, PageOf, Wanted
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import View

_SIDE = 340


def verified(desk: Desk) -> Verdict:
    """Check the whole trail for someone who may read it. Raises NotAllowed."""
    desk(audit.events, limit=1)
    return verification.verify(desk.house.database, keys=desk.house.keys)


def _meaning(entry: Entry) -> Meaning | None:
    return Meaning.ATTENTION if group_of(entry.event) is EventGroup.REFUSALS else None


class AuditView(View):
    """The trail, newest first, with its filters, one event in full, and the check."""

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.station = station
        self._subject: UUID | None = None
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(self._build_filters())
        self._build_table()
        middle = QHBoxLayout()
        middle.setSpacing(2 * GRID)
        middle.addWidget(self.table, 1)
        side = QVBoxLayout()
        side.addWidget(self._build_preview())
        side.addWidget(self._build_check())
        side.addStretch(1)
        middle.addLayout(side)
        column.addLayout(middle, 1)
        self.failed.connect(self._give_up)

    # -- building

    def _build_filters(self) -> QHBoxLayout:
        self.group = QComboBox()
        self.group.setObjectName("group")
        self.group.addItem(self.tr("Todo"), None)
        for group, words in event_words.group_words().items():
            self.group.addItem(words, group)
        self.since = DateField("since")
        self.until = DateField("until")
        self.group.activated.connect(self.refresh)
        self.show_all = button(self.tr("&Ver todo"), "link", "show_all")
        self.apply = button(self.tr("&Filtrar"), name="apply", sign="search")
        self.apply.clicked.connect(self._apply)
        self.since.returnPressed.connect(self._apply)
        self.until.returnPressed.connect(self._apply)
        self.show_all.clicked.connect(self._show_all)
        line = QHBoxLayout()
        line.setSpacing(2 * GRID)
        for text, field in (
            (self.tr("&Qué"), self.group),
            (self.tr("&Desde"), self.since),
            (self.tr("&Hasta"), self.until),
        ):
            form = QFormLayout()
            row(form, text, field)
            line.addLayout(form)
        line.addWidget(self.apply)
        line.addWidget(self.show_all)
        line.addStretch(1)
        return line

    def _build_table(self) -> None:
        self.table = PagedTable[Entry](
            "audit",
            self.tr("Registro de auditoría"),
            [
                Column("at", self.tr("Cuándo"), lambda e: formats.instant(e.at), width=140),
                Column(
                    "event",
                    self.tr("Qué"),
                    lambda e: event_words.event_word(e.event),
                    width=230,
                    meaning=_meaning,
                ),
                Column("actor", self.tr("Quién"), lambda e: e.who, width=110),
                Column("role", self.tr("Rol"), lambda e: e.role.capitalize(), width=110),
                Column("reason", self.tr("Motivo"), lambda e: e.reason, width=150),
            ],
            key=lambda e: (e.chain, e.number),
            empty=self.tr("Nada con estos filtros."),
            settings=self.station.look,
        )
        self.table.chosen.connect(self._preview)

    def _build_preview(self) -> QFrame:
        frame, column = card("entry")
        frame.setFixedWidth(_SIDE)
        self.what = label("", "section", "entry_what", wrap=True)
        self.when = label("", "muted", "entry_when", wrap=True)
        self.why = label("", name="entry_why", wrap=True)
        self.facts = label("", "small", "entry_facts", wrap=True)
        self.place = label("", "small", "entry_place", wrap=True)
        for words in (self.what, self.when, self.why, self.facts, self.place):
            column.addWidget(words)
        self.only = button(self.tr("Ver solo &este caso"), "link", "only_subject")
        self.only.clicked.connect(self._only_subject)
        column.addWidget(self.only)
        self._preview(None)
        return frame

    def _build_check(self) -> QFrame:
        frame, column = card("check")
        frame.setFixedWidth(_SIDE)
        column.addWidget(label(self.tr("¿Está intacto el registro?"), "section"))
        self.verdict = label(
            self.tr("Recorre todas las cadenas y compara cada sello con los cierres guardados."),
            name="verdict",
            wrap=True,
        )
        column.addWidget(self.verdict)
        self.findings = FlagList(self.tr("Hallazgos"))
        column.addWidget(self.findings)
        self.progress = QProgressBar()
        self.progress.setAccessibleName(self.tr("Verificando"))
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.hide()
        column.addWidget(self.progress)
        foot = QHBoxLayout()
        self.check = button(self.tr("Verifi&car"), name="verify", sign="shield-check")
        self.anchor = button(self.tr("Firmar c&ierre"), name="anchor")
        self.check.clicked.connect(self._verify)
        self.anchor.clicked.connect(self._anchor)
        if not self.station.may(Role.AUDITOR):
            self.anchor.hide()
        foot.addWidget(self.check)
        foot.addWidget(self.anchor)
        foot.addStretch(1)
        column.addLayout(foot)
        return frame

    # -- reading

    def refresh(self) -> None:
        """Read the trail anew with the filters as they are."""
        self.table.read(self._ask_page)

    def open(self, subject: UUID) -> None:
        """Show what happened to a request, a user or a member."""
        self._subject = subject
        self.refresh()

    def forget(self) -> None:
        """Show nobody's deeds."""
        self._subject = None
        self.table.show_rows([])
        self._preview(None)

    def _apply(self) -> None:
        for field in (self.since, self.until):
            if not field.mark():
                field.setFocus()
                return
        self.refresh()

    def _show_all(self) -> None:
        self._subject = None
        self.group.setCurrentIndex(0)
        self.since.set_value(None)
        self.until.set_value(None)
        self.refresh()

    def _only_subject(self) -> None:
        entry = self.table.current()
        if entry is not None and entry.subject_id is not None:
            self.open(entry.subject_id)

    def _wanted(self) -> Filter:
        group = self.group.currentData()
        since, until = self.since.value(), self.until.value()
        return Filter(
            since=None if since is None else datetime.combine(since, time(), formats.LA_PAZ),
            until=None
            if until is None
            else datetime.combine(until + timedelta(days=1), time(), formats.LA_PAZ),
            events=() if group is None else event_words.events_of(EventGroup(group)),
            subject_id=self._subject,
        )

    def _ask_page(self, done: Callable[[PageOf[Entry]], None], wanted: Wanted) -> None:
        after = wanted.after if isinstance(wanted.after, Place) else None
        self.search(done, audit.events, self._wanted(), after=after, limit=100)

    def _preview(self, entry: Entry | None) -> None:
        shown = entry is not None
        for part in (self.when, self.why, self.facts, self.place, self.only):
            part.setVisible(shown)
        if entry is None:
            self.what.setText(self.tr("Elija un registro para verlo completo."))
            return
        self.what.setText(event_words.event_word(entry.event))
        self.when.setText(f"{formats.instant(entry.at)} · {entry.who} · {entry.role.lower()}")
        self.why.setText(entry.reason)
        self.why.setVisible(bool(entry.reason))
        self.facts.setText(event_words.facts_text(entry.facts))
        self.place.setText(
            self.tr("Cadena {chain}, registro {number} · {event}").format(
                chain=entry.chain, number=entry.number, event=entry.event
            )
        )
        self.only.setVisible(entry.subject_id is not None)

    # -- proving

    def _verify(self) -> None:
        self.check.setEnabled(False)
        self.progress.show()
        self.findings.show_flags([])
        self.verdict.setText(self.tr("Verificando. Puede seguir trabajando."))
        self.run(self._verified, verified, self.station.desk)

    def _verified(self, verdict: Verdict) -> None:
        self._give_up()
        told = (
            self.tr("Intacto: {events} registros y {anchors} cierres, sin una sola diferencia.")
            if verdict.intact
            else self.tr("El registro NO está intacto. Avise hoy mismo a auditoría interna.")
        )
        self.verdict.setText(told.format(events=verdict.events, anchors=verdict.anchors))
        self.findings.show_flags(
            [Flag(event_words.finding_text(each), Meaning.STOP) for each in verdict.findings]
        )

    def _give_up(self) -> None:
        self.table.give_up()
        self.check.setEnabled(True)
        self.progress.hide()

    def _anchor(self) -> None:
        self.ask(self._anchored, audit.anchor)

    def _anchored(self, _: object) -> None:
        self.succeed(self.tr("El cierre de hoy quedó firmado y guardado."))
        self.refresh()
