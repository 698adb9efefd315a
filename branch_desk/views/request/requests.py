"""The queue of the branch: who waits, for how long, at which step, and who has it open (F3)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.enrolment import OPEN, Status
from branch_desk.models.staff import Role
from branch_desk.operations.request import requests
from branch_desk.operations.request.requests import RequestRow
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.fields import FoldedText
from branch_desk.views.kit.pieces import StateChip, button, card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed, View

translate = QCoreApplication.translate

LONG: Final = timedelta(hours=2)
TOO_LONG: Final = timedelta(days=1)
"""From here on a waiting request is called slow, and late."""
ENDED: Final = frozenset(Status) - OPEN
PREVIEW_WIDTH: Final = 312
AGES_EVERY_MILLISECONDS: Final = 60_000

STATE_MEANING: Final = {
    Status.SUBMITTED: Meaning.INFORMATION,
    Status.IDENTIFIED: Meaning.INFORMATION,
    Status.CONFIGURED: Meaning.INFORMATION,
    Status.PRINTED: Meaning.INFORMATION,
    Status.SIGNED: Meaning.ATTENTION,
    Status.APPROVED: Meaning.GOOD,
    Status.REJECTED: Meaning.STOP,
    Status.EXPIRED: Meaning.NEUTRAL,
    Status.WITHDRAWN: Meaning.NEUTRAL,
}


def waiting_words(row: RequestRow) -> str:
    """Write how long a request waits, and that it is late where it is."""
    words = formats.span(row.waiting)
    if row.status in ENDED:
        return words
    if row.waiting >= TOO_LONG:
        return translate("RequestsView", "{span} · atrasada").format(span=words)
    if row.waiting >= LONG:
        return translate("RequestsView", "{span} · demorada").format(span=words)
    return words


def waiting_meaning(row: RequestRow) -> Meaning | None:
    """Colour the age of an open request: nothing, attention, stop."""
    if row.status in ENDED or row.waiting < LONG:
        return None
    return Meaning.STOP if row.waiting >= TOO_LONG else Meaning.ATTENTION


class RequestsView(View):
    """Requests of the branch, longest waiting first."""

    cares_about = frozenset({Changed.ENROLMENT})

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self._station = station
        self.filter = QComboBox()
        self.filter.setObjectName("state_filter")
        self.text = FoldedText("request_text", rule="address", placeholder=self._hint())
        self.text.setClearButtonEnabled(True)
        self.table: PagedTable[RequestRow] = PagedTable(
            "requests",
            self.tr("Solicitudes"),
            self._columns(),
            key=lambda row: row.id,
            empty=self._empty(),
            settings=station.look,
        )
        self.open_button = button(self.tr("&Abrir solicitud"), "primary", "open_request")
        self.new_button = button(self.tr("&Nuevo trámite"), name="new_request", sign="file-plus")
        if not station.may(Role.OFFICER, Role.SUPERVISOR):
            self.new_button.hide()
        self.preview, self._preview_column = card("preview")
        self._build()
        self._fill_filter({})
        self._show_preview(None)
        self._ages = QTimer(self)
        self._ages.setInterval(AGES_EVERY_MILLISECONDS)
        self._ages.timeout.connect(self._grow_older)
        self._ages.start()

    def refresh(self) -> None:
        """Ask anew for the list and the counts of the states."""
        statuses = self._statuses()
        text = self.text.value()
        self.table.empty_state.say(self._empty())
        self.table.read(
            lambda done, wanted: self.search(
                done,
                requests.requests,
                statuses=statuses,
                text=text,
                newest_first=wanted.sort is not None and not wanted.sort.descending,
                after=wanted.after,
            )
        )
        self.search(self._fill_filter, requests.queue_counts)

    def forget(self) -> None:
        """Drop the list: it names members."""
        self.table.show_rows(())
        self._show_preview(None)

    # -- inside

    def _grow_older(self) -> None:
        if self.isVisible() and not self.text.value():
            self.table.read_again()

    def _statuses(self) -> frozenset[Status]:
        chosen = self.filter.currentData()
        if chosen == "ended":
            return ENDED
        return frozenset({Status(chosen)}) if chosen else OPEN

    def _fill_filter(self, counts: Mapping[Status, int]) -> None:
        chosen = self.filter.currentData()
        lines = [(self.tr("Abiertas ({count})").format(count=sum(counts.values())), "")]
        lines += [
            (f"{wording.state(status)} ({counts.get(status, 0)})", status.value)
            for status in Status
            if status in OPEN
        ]
        lines.append((self.tr("Terminadas"), "ended"))
        self.filter.blockSignals(True)  # noqa: FBT003 Qt's own signature
        self.filter.clear()
        for words, value in lines:
            self.filter.addItem(words, value)
        self.filter.setCurrentIndex(max(0, self.filter.findData(chosen)))
        self.filter.blockSignals(False)  # noqa: FBT003 Qt's own signature

    def _show_preview(self, row: RequestRow | None) -> None:
        self.open_button.setEnabled(row is not None)
        self._facts_shown(row is not None)
        if row is None:
            self._name.setText(self.tr("Elija una solicitud de la lista."))
            return
        self._name.setText(row.name)
        self._chip.show_state(wording.state(row.status), STATE_MEANING[row.status])
        rule = f" · {wording.word(row.signing_rule)}" if row.signing_rule else ""
        holder = row.holder
        if row.held_by_me:
            holder = self.tr("Usted")
        elif row.holder and row.held_until:
            holder = self.tr("{name}, hasta {hour}").format(
                name=row.holder, hour=formats.hour(row.held_until)
            )
        for name, value in (
            ("number", row.number),
            ("document", row.document),
            ("kind", wording.word(row.kind) + rule),
            ("channel", wording.word(row.channel)),
            ("submitted", formats.instant(row.submitted_at)),
            ("waiting", waiting_words(row)),
            ("holder", holder or self.tr("Nadie")),
            ("revision", str(row.revision)),
        ):
            self._facts[name].setText(value)

    def _facts_shown(self, shown: bool) -> None:  # noqa: FBT001  one switch
        self._chip.setVisible(shown)
        self._facts_box.setVisible(shown)

    def _open(self, row: RequestRow) -> None:
        self.go.emit("enrolment", row.id)

    def _open_current(self) -> None:
        row = self.table.current()
        if row is not None:
            self._open(row)

    def _start_new(self) -> None:
        self.go.emit("new_request", None)

    def _hint(self) -> str:
        return self.tr("CI, nombre, usuario o folio")

    def _empty(self) -> str:
        if hasattr(self, "text") and self.text.value():
            return self.tr("Ninguna solicitud empieza con «{text}» en este estado.").format(
                text=self.text.value()
            )
        if hasattr(self, "filter") and self.filter.currentData():
            return self.tr("No hay solicitudes en este estado.")
        return self.tr("Nadie espera. Con F3 empieza un trámite nuevo.")

    def _columns(self) -> list[Column[RequestRow]]:
        return [
            Column(
                "waiting",
                self.tr("Espera"),
                waiting_words,
                width=184,
                sortable=True,
                meaning=waiting_meaning,
            ),
            Column("name", self.tr("Socio"), lambda row: row.name, width=198),
            Column("document", self.tr("Documento"), lambda row: row.document, width=122),
            Column(
                "state",
                self.tr("Estado"),
                lambda row: wording.state(row.status),
                width=222,
                meaning=lambda row: STATE_MEANING[row.status],
            ),
            Column(
                "channel",
                self.tr("Canal"),
                lambda row: wording.word(row.channel),
                width=72,
                shown=False,
            ),
            Column(
                "number",
                self.tr("Folio"),
                lambda row: row.number,
                width=132,
                code=True,
                shown=False,
            ),
            Column("holder", self.tr("La atiende"), lambda row: row.holder, width=76),
        ]

    def _build(self) -> None:
        self.open_button.clicked.connect(self._open_current)
        self.new_button.clicked.connect(self._start_new)
        self.filter.activated.connect(self.refresh)
        self.text.textChanged.connect(self.refresh)
        self.table.chosen.connect(self._show_preview)
        self.table.opened.connect(self._open)
        self.failed.connect(self.table.give_up)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(label(self.tr("Solicitudes"), "title"))
        head.addStretch(1)
        for words, field in ((self.tr("&Estado"), self.filter), (self.tr("&Filtrar"), self.text)):
            name = QLabel(words)
            name.setBuddy(field)
            head.addWidget(name)
            head.addWidget(field)
        self.filter.setMinimumWidth(250)
        self.text.setFixedWidth(220)
        head.addWidget(self.new_button)
        middle = QHBoxLayout()
        middle.setSpacing(2 * GRID)
        middle.addWidget(self.table, 1)
        middle.addWidget(self.preview)
        self._build_preview()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, GRID, 0, GRID)
        column.setSpacing(GRID + 4)
        column.addLayout(head)
        column.addLayout(middle, 1)

    def _build_preview(self) -> None:
        self.preview.setFixedWidth(PREVIEW_WIDTH)
        self._name = label("", "section", "preview_name", wrap=True)
        self._chip = StateChip()
        self._facts = {
            name: label("", name=f"preview_{name}", wrap=True)
            for name in (
                "number",
                "document",
                "kind",
                "channel",
                "submitted",
                "waiting",
                "holder",
                "revision",
            )
        }
        titles = {
            "number": self.tr("Folio"),
            "document": self.tr("Documento"),
            "kind": self.tr("Tipo"),
            "channel": self.tr("Canal"),
            "submitted": self.tr("Presentada"),
            "waiting": self.tr("Espera"),
            "holder": self.tr("La atiende"),
            "revision": self.tr("Versión"),
        }
        box = QWidget()
        form = QFormLayout(box)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(6)
        for name, value in self._facts.items():
            form.addRow(label(titles[name], "muted"), value)
        self._facts_box = box
        column = self._preview_column
        column.setSpacing(GRID + 4)
        column.addWidget(self._name)
        column.addWidget(self._chip)
        column.addWidget(box)
        column.addStretch(1)
        foot = QVBoxLayout()
        foot.addWidget(self.open_button)
        column.addLayout(foot)
