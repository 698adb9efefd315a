"""A signed request as a supervisor judges it: what changed, what is red, what was signed (F14).

Everything is read from the frozen form, never from live rows: what is seen is what was signed.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from branch_desk.models.account import AccountKind
from branch_desk.models.money import Currency
from branch_desk.models.parameter import LimitKind
from branch_desk.operations.request.approval import Case
from branch_desk.reports.enrolment_form import EnrolmentForm, worst_case
from branch_desk.views.approval import change_words, flag_words
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.pieces import Flag, FlagList, card, label
from branch_desk.views.kit.theme import GRID

_TOP = Qt.AlignmentFlag.AlignTop
_RIGHT = Qt.AlignmentFlag.AlignRight | _TOP
_LEFT = Qt.AlignmentFlag.AlignLeft | _TOP


class CaseView(QScrollArea):
    """The words of one case, from the most telling down."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("case_view")
        self.setAccessibleName(self.tr("Solicitud por autorizar"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(QWidget())

    def show_case(self, case: Case) -> None:
        """Show a case from its top."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(self._changes(case))
        column.addWidget(self._flags(case))
        column.addWidget(self._worst(case.form))
        column.addWidget(self._limits(case.form))
        column.addWidget(self._accounts(case.form))
        column.addWidget(self._services(case.form))
        column.addWidget(self._member(case.form))
        if case.form.member.representatives:
            column.addWidget(self._representatives(case.form))
        column.addStretch(1)
        self.setWidget(page)
        self.verticalScrollBar().setValue(0)

    def forget(self) -> None:
        """Show nobody."""
        self.setWidget(QWidget())

    def _changes(self, case: Case) -> QFrame:
        frame, column = card("changes")
        column.addWidget(label(self.tr("Lo que cambió"), "section"))
        rows = change_words.changed(case.changes)
        if not rows:
            column.addWidget(
                label(self.tr("Es la primera vez que esta solicitud llega firmada."), "muted")
            )
            return frame
        titles = (self.tr("Dato"), self.tr("Antes"), self.tr("Ahora"))
        column.addWidget(_grid(titles, [(each.what, each.before, each.after) for each in rows]))
        return frame

    def _flags(self, case: Case) -> QFrame:
        frame, column = card("flags_card")
        column.addWidget(label(self.tr("Advertencias"), "section"))
        flags = FlagList(self.tr("Advertencias"))
        flags.show_flags(
            [Flag(flag_words.sentence(red), flag_words.meaning(red.flag)) for red in case.flags],
            self.tr("Nada llama la atención."),
        )
        column.addWidget(flags)
        return frame

    def _worst(self, form: EnrolmentForm) -> QFrame:
        frame, column = card("worst")
        column.addWidget(label(self.tr("Lo peor que puede pasar en un día"), "section"))
        column.addWidget(label(worst_case(form.worst_day), name="worst_case", wrap=True))
        return frame

    def _limits(self, form: EnrolmentForm) -> QFrame:
        frame, column = card("limits")
        column.addWidget(label(self.tr("Montos máximos"), "section"))
        titles = [
            self.tr("Operación"),
            self.tr("Por operación"),
            self.tr("Por día"),
            self.tr("Por mes"),
            self.tr("Veces al día"),
        ]
        rows = [
            [
                wording.word(LimitKind(each.kind)),
                formats.amount(each.per_operation, each.currency),
                formats.amount(each.per_day, each.currency),
                formats.amount(each.per_month, each.currency),
                str(each.count_per_day),
            ]
            for each in form.limits
        ]
        # A company's are per representative: each under the own name, not repeated in every line.
        for holder in dict.fromkeys(each.holder for each in form.limits):
            if holder:
                column.addWidget(label(holder, "muted"))
            own = [
                cells
                for cells, each in zip(rows, form.limits, strict=True)
                if each.holder == holder
            ]
            column.addWidget(_grid(titles, own, right=frozenset(range(1, len(titles)))))
        return frame

    def _accounts(self, form: EnrolmentForm) -> QFrame:
        frame, column = card("accounts")
        column.addWidget(label(self.tr("Cuentas"), "section"))
        titles = (
            self.tr("Número"),
            self.tr("Tipo"),
            self.tr("Consulta"),
            self.tr("Débito"),
            self.tr("Web"),
            self.tr("Móvil"),
        )
        rows = [
            (
                formats.groups(each.number),
                f"{wording.word(AccountKind(each.kind))} {Currency(each.currency).symbol}",
                *(
                    self.tr("sí") if right else "—"
                    for right in (each.consult, each.debit, each.web, each.mobile)
                ),
            )
            for each in form.accounts
        ]
        column.addWidget(_grid(titles, rows))
        return frame

    def _services(self, form: EnrolmentForm) -> QFrame:
        frame, column = card("services")
        column.addWidget(label(self.tr("Servicios y canales"), "section"))
        chosen = ", ".join(name for name, ticked in form.billers if ticked)
        channels = [
            name
            for name, ticked in ((self.tr("web"), form.web), (self.tr("móvil"), form.mobile))
            if ticked
        ]
        column.addWidget(
            _pairs(
                (self.tr("Servicios"), chosen or self.tr("ninguno")),
                (self.tr("Canales"), ", ".join(channels) or self.tr("ninguno")),
            )
        )
        return frame

    def _member(self, form: EnrolmentForm) -> QFrame:
        member = form.member
        frame, column = card("member")
        column.addWidget(label(self.tr("Datos firmados"), "section"))
        expiry = member.document_expires_on
        pairs = [
            (member.document_type, member.document),
            (self.tr("Vence"), formats.day(expiry) if expiry else self.tr("indefinida")),
            (self.tr("Celular"), member.mobile),
            (self.tr("Correo"), member.email),
            (self.tr("Domicilio"), member.address),
            (self.tr("Usuario"), member.user_name),
            (self.tr("Firman"), change_words.rule_word(member.signing_rule)),
            (self.tr("Contrato"), self.tr("versión {v}").format(v=form.contract.version)),
            (self.tr("Preparó"), form.officer),
        ]
        if member.representatives:
            del pairs[1]
        column.addWidget(_pairs(*(pair for pair in pairs if pair[1])))
        return frame

    def _representatives(self, form: EnrolmentForm) -> QFrame:
        frame, column = card("representatives")
        column.addWidget(label(self.tr("Representantes"), "section"))
        titles = (
            self.tr("Nombre"),
            self.tr("Documento"),
            self.tr("Usuario"),
            self.tr("Poder"),
            self.tr("Vence"),
        )
        rows = [
            (
                each.name,
                each.document,
                each.user_name,
                f"{each.power.number} · {each.power.notary}",
                formats.day(each.power.expires_on) if each.power.expires_on else "—",
            )
            for each in form.member.representatives
        ]
        column.addWidget(_grid(titles, rows))
        return frame


def _grid(
    titles: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()
) -> QWidget:
    """Lay out a few rows as plain labels under their titles; `right` are columns of figures."""
    whole = QWidget()
    grid = QGridLayout(whole)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(4)
    for place, title in enumerate(titles):
        grid.addWidget(label(title, "muted"), 0, place, _RIGHT if place in right else _LEFT)
        grid.setColumnStretch(place, 3 if place == 0 else 1)
    for line, cells in enumerate(rows, start=1):
        for place, text in enumerate(cells):
            words = label(text, wrap=place not in right)
            grid.addWidget(words, line, place, _RIGHT if place in right else _TOP)
    return whole


def _pairs(*pairs: tuple[str, str]) -> QWidget:
    """Lay out names and values."""
    whole = QWidget()
    grid = QGridLayout(whole)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for line, (name, value) in enumerate(pairs):
        grid.addWidget(label(name, "muted"), line, 0, _LEFT)
        grid.addWidget(label(value, wrap=True), line, 1, _TOP)
    return whole
