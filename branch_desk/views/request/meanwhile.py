"""What somebody else changed in a request while this officer had it before them (R19).

Whoever loses of two saves sees every value that is not what it was, before and after; what they
had typed themselves stays where it is, to be saved knowingly or given up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from branch_desk.operations.request.approval import Change
from branch_desk.operations.request.configuration import Options
from branch_desk.operations.request.enrolment_file import EnrolmentFile, FormView
from branch_desk.views.approval.change_words import change_row
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.kit.theme import GRID
from branch_desk.views.request.opening import Opening

translate = QCoreApplication.translate

_NOTHING: Final = "—"
_LOWEST: Final = 46
_TALLEST: Final = 130
"""Pixels for the list; a longer one scrolls, so that the step beneath stays in sight and the
window on a small screen."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that is not what it was, as an officer reads it."""

    what: str
    before: str
    after: str


def file_changes(before: Opening, after: Opening) -> tuple[FieldChange, ...]:
    """Compare a request as it was read with how it stands now, in the order of the screen."""
    was, now = dict(_told(before.file)), dict(_told(after.file))
    told = [
        FieldChange(what, was.get(what) or _NOTHING, now.get(what) or _NOTHING)
        for what in dict.fromkeys((*was, *now))
        if was.get(what, "") != now.get(what, "")
    ]
    old, new = dict(_chosen(before.options)), dict(_chosen(after.options))
    for path in dict.fromkeys((*old, *new)):
        if old.get(path, "") != new.get(path, ""):
            row = change_row(Change(path, old.get(path, ""), new.get(path, "")))
            told.append(FieldChange(row.what, row.before, row.after))
    return tuple(told)


@cache
def field_words() -> dict[str, str]:
    """Return the names of what a request says of people, by field."""
    return {
        "kind": translate("Meanwhile", "Clase de socio"),
        "document_type": translate("Meanwhile", "Tipo de documento"),
        "document_number": translate("Meanwhile", "Número de documento"),
        "complement": translate("Meanwhile", "Complemento"),
        "issued_in": translate("Meanwhile", "Expedido en"),
        "document_expiry": translate("Meanwhile", "Vencimiento del documento"),
        "first_names": translate("Meanwhile", "Nombres"),
        "first_surname": translate("Meanwhile", "Primer apellido"),
        "second_surname": translate("Meanwhile", "Segundo apellido"),
        "married_surname": translate("Meanwhile", "Apellido de casada"),
        "birth_date": translate("Meanwhile", "Fecha de nacimiento"),
        "company_name": translate("Meanwhile", "Razón social"),
        "trade_registry": translate("Meanwhile", "Matrícula de comercio"),
        "email": translate("Meanwhile", "Correo"),
        "mobile": translate("Meanwhile", "Celular"),
        "address": translate("Meanwhile", "Domicilio"),
        "user_name": translate("Meanwhile", "Usuario"),
        "power_number": translate("Meanwhile", "Número de poder"),
        "power_date": translate("Meanwhile", "Fecha del poder"),
        "notary": translate("Meanwhile", "Notaría"),
        "power_expiry": translate("Meanwhile", "Vencimiento del poder"),
        "faculties": translate("Meanwhile", "Facultades"),
    }


def _told(file: EnrolmentFile) -> Iterator[tuple[str, str]]:
    """Give name and value of everything but accounts, amounts, services and channels."""
    application = file.application
    yield translate("Meanwhile", "Estado"), wording.state(file.status)
    yield translate("Meanwhile", "Revisión"), str(file.revision)
    yield translate("Meanwhile", "Motivo"), file.end_reason
    yield translate("Meanwhile", "Socio"), file.member_number
    yield from _said(application.values)
    yield field_words()["user_name"], application.user_name
    yield translate("Meanwhile", "Regla de firma"), _text(application.signing_rule)
    for each in file.representatives:
        person = translate("Meanwhile", "Representante {document}").format(document=each.document)
        yield person, each.name
        for name, value in _said(each.values):
            yield f"{person}, {name.lower()}", value
    for form in file.forms:
        paper = translate("Meanwhile", "Formulario de la revisión {revision}")
        yield paper.format(revision=form.revision), _paper(form)
    filed: dict[str, list[str]] = {}
    for sheet in file.attachments:
        words = f"{formats.instant(sheet.filed_at)} · {sheet.sha256[:8]}"
        filed.setdefault(wording.word(sheet.kind), []).append(words)
    for kind, several in filed.items():
        yield kind, ", ".join(several)


def _said(values: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  two dataclasses of like fields
    for each in fields(values):
        yield field_words()[each.name], _text(getattr(values, each.name))


def _text(value: date | StrEnum | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return formats.instant(value)
    if isinstance(value, date):
        return formats.day(value)
    return wording.word(value) if isinstance(value, StrEnum) else value


def _paper(form: FormView) -> str:
    if form.voided_at is not None:
        return translate("Meanwhile", "anulado")
    if form.came_out:
        return translate("Meanwhile", "impreso")
    return translate("Meanwhile", "hecho, sin imprimir")


def _chosen(options: Options | None) -> Iterator[tuple[str, str]]:
    """Give place and value of what is chosen, by the paths of a form's changes."""
    if options is None:
        return
    chosen = options.chosen
    numbers = {each.account_id: each.number for each in options.accounts}
    people = dict(options.people)
    services = {each.code: each.name for each in options.billers}
    for account in chosen.accounts:
        number = numbers.get(account.account_id, _NOTHING)
        for right in ("consult", "debit", "web", "mobile"):
            yield f"accounts/{number}/{right}", str(getattr(account, right))
    for limit in chosen.limits:
        holder = f"/{people.get(limit.representative_id, _NOTHING)}" if len(people) > 1 else ""
        for part in ("per_operation", "per_day", "per_month", "count_per_day"):
            path = f"limits/{limit.kind.value}/{limit.currency.value}/{part}{holder}"
            yield path, str(getattr(limit, part))
    for code in chosen.billers:
        yield f"billers/{services.get(code, code)}", str(True)
    yield "channels/web", str(chosen.by_web)
    yield "channels/mobile", str(chosen.by_mobile)


class MeanwhileCard(QFrame):
    """The comparison, above the step; it goes when it is closed or another request is opened."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setObjectName("meanwhile")
        self.changes: tuple[FieldChange, ...] = ()
        close = button(self.tr("Entendido"), "link", "meanwhile_close")
        close.clicked.connect(self.forget)
        top = QHBoxLayout()
        top.setSpacing(2 * GRID)
        top.addWidget(label(self.tr("Lo que otra persona cambió mientras tanto"), "section"))
        kept = self.tr("Lo que usted había escrito sigue en su lugar y todavía no se guardó.")
        top.addWidget(label(kept, "muted"), 1)
        top.addWidget(close)
        self._scroll = QScrollArea(self)
        self._scroll.setObjectName("meanwhile_list")
        self._scroll.setWidgetResizable(True)
        self._scroll.setMinimumHeight(_LOWEST)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setAccessibleName(self.tr("Lo que otra persona cambió mientras tanto"))
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(top)
        column.addWidget(self._scroll)
        self.hide()

    def show_changes(self, changes: Sequence[FieldChange]) -> None:
        """Show these; nothing at all when there are none."""
        self.changes = tuple(changes)
        if not self.changes:
            self.forget()
            return
        ground = QWidget()
        grid = QGridLayout(ground)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(4)
        titles = (self.tr("Dato"), self.tr("Antes"), self.tr("Ahora"))
        for place, title in enumerate(titles):
            grid.addWidget(label(title, "muted"), 0, place)
            grid.setColumnStretch(place, 1)
        top = Qt.AlignmentFlag.AlignTop
        for line, change in enumerate(self.changes, start=1):
            for place, text in enumerate((change.what, change.before, change.after)):
                grid.addWidget(label(text, wrap=True), line, place, top)
        grid.setRowStretch(len(self.changes) + 1, 1)
        self._scroll.setWidget(ground)
        self._scroll.setMaximumHeight(min(_TALLEST, ground.sizeHint().height() + 4))
        self.show()

    def forget(self) -> None:
        """Close, and keep nothing: the values are a member's."""
        self.changes = ()
        self._scroll.setWidget(QWidget())
        self.hide()
