"""«Agenda»: payments the member put on the calendar, the next one first."""

from functools import cache, partial
from uuid import UUID

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QVBoxLayout

from branch_desk.models.schedule import Repeat, RunStatus, ScheduleStatus
from branch_desk.operations.enquiries import desk_enquiries
from branch_desk.operations.enquiries.desk_enquiries import ScheduleRow
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.people.member_part import MemberPart

translate = QCoreApplication.translate

_STATE = {
    ScheduleStatus.ACTIVE: Meaning.GOOD,
    ScheduleStatus.ENDED: Meaning.NEUTRAL,
    ScheduleStatus.CANCELLED: Meaning.NEUTRAL,
}
_RUN = {
    RunStatus.DONE: Meaning.GOOD,
    RunStatus.FAILED: Meaning.STOP,
    RunStatus.SKIPPED: Meaning.NEUTRAL,
}


@cache
def refusal_words() -> dict[str, str]:
    """Return why a day was not paid, by the name of the rule that refused it."""
    return {
        "NotEnoughFunds": translate("Schedule", "no alcanzó el saldo"),
        "NothingDue": translate("Schedule", "no había nada por pagar"),
        "LimitExceeded": translate("Schedule", "pasaba su monto máximo"),
        "AccountUnfit": translate("Schedule", "la cuenta no estaba activa"),
        "NotGranted": translate("Schedule", "ya no puede debitar esa cuenta"),
        "NotFound": translate("Schedule", "el beneficiario o la cuenta ya no está"),
        "SessionEnded": translate("Schedule", "su usuario no estaba activo"),
    }


class SchedulesPart(MemberPart):
    """The schedules, with their next day and what became of the last one."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        self.table: PagedTable[ScheduleRow] = PagedTable(
            "member_schedules",
            self.tr("Agenda"),
            [
                Column(
                    "state",
                    self.tr("Estado"),
                    lambda s: wording.word(s.status),
                    width=110,
                    meaning=lambda s: _STATE[s.status],
                ),
                Column("kind", self.tr("Pago"), lambda s: wording.word(s.kind), width=136),
                Column("other", self.tr("A quién"), _other, width=230, hint=_other),
                Column(
                    "amount",
                    self.tr("Importe"),
                    lambda s: formats.money(s.money),
                    width=110,
                    right=True,
                ),
                Column("repeat", self.tr("Cada cuánto"), self._often, width=130),
                Column("next", self.tr("Próximo día"), self._next, width=110, hint=self._holiday),
                Column(
                    "last",
                    self.tr("Último día"),
                    self._last,
                    width=260,
                    meaning=lambda s: _RUN[s.last.status] if s.last else None,
                    hint=self._last,
                ),
            ],
            key=lambda schedule: schedule.id,
            empty=self.tr(
                "No tiene pagos agendados. Los programa el socio en su banca electrónica."
            ),
            settings=station.look,
        )
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)

    def refresh(self) -> None:
        """Ask for them."""
        if self.record is not None:
            whose = self.record.id
            self.ask(partial(self._show, whose), desk_enquiries.schedules, whose)

    def forget(self) -> None:
        """Drop the member's data."""
        super().forget()
        self.table.show_rows(())

    def _show(self, whose: UUID, rows: tuple[ScheduleRow, ...]) -> None:
        if self.record is not None and self.record.id == whose:
            self.table.show_rows(rows)

    def _often(self, row: ScheduleRow) -> str:
        words = wording.word(row.repeat)
        if row.repeat is Repeat.MONTHLY:
            words = self.tr("{often}, el {day}").format(often=words, day=row.starts_on.day)
        if row.until is not None:
            words = self.tr("{often} hasta {until}").format(
                often=words, until=formats.day(row.until)
            )
        return words

    def _next(self, row: ScheduleRow) -> str:
        return formats.day(row.run_on) if row.run_on is not None else "—"

    def _holiday(self, row: ScheduleRow) -> str:
        if row.next_on is None or row.next_on == row.run_on:
            return ""
        return self.tr("Toca el {day}; {rule}.").format(
            day=formats.day(row.next_on), rule=wording.word(row.holiday_rule)
        )

    def _last(self, row: ScheduleRow) -> str:
        if row.last is None:
            return self.tr("Todavía ninguno")
        words = self.tr("{day} {state}").format(
            day=formats.short_day(row.last.due_on), state=wording.word(row.last.status)
        )
        if row.last.status is RunStatus.FAILED:
            why = refusal_words().get(row.last.refusal, self.tr("una regla lo impidió"))
            words = self.tr("{what}: {why}").format(what=words, why=why)
        return words


def _other(row: ScheduleRow) -> str:
    return " ".join(part for part in (row.other_number, row.other_name) if part) or "—"
