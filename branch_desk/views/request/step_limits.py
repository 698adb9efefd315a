"""Maximum amounts, with the ceiling beside each and the worst day in one sentence (F9)."""

from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.errors import AboveCeiling, DomainError, LimitsInconsistent
from branch_desk.models.money import Currency, Money
from branch_desk.models.parameter import LimitKind
from branch_desk.reports.form_values import Amount
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.fields import DigitsField, MoneyField
from branch_desk.views.kit.pieces import ActionRow, button, label, line
from branch_desk.views.kit.theme import GRID, restyle
from branch_desk.views.request.choices import PARTS, START_SHARE, Choices
from branch_desk.views.request.step import RequestScreen
from branch_desk.views.request.step_choice import ChoiceStep

HIGH_SHARE = 80
"""From this percentage of the ceiling on the bar is no longer calm."""


class LimitsStep(ChoiceStep):
    """Kinds of operation as rows, per operation, day, month and times a day as columns."""

    name = "limits"
    next = "services"

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self.fields: dict[tuple[LimitKind, Currency, str], MoneyField | DigitsField] = {}
        self._below: dict[tuple[LimitKind, Currency, str], QLabel] = {}
        self._shown: tuple[Currency, ...] | None = None
        self.person = QComboBox()
        self.person.setObjectName("limits_person")
        self.person.setAccessibleName(self.tr("Representante"))
        self.person.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.person.setMinimumContentsLength(24)
        self.person.activated.connect(self._person_chosen)
        self.to_all = button(self.tr("Aplicar a &todos"), name="limits_to_all", sign="users")
        self.to_all.clicked.connect(self._copy_to_all)
        self.share = button(
            self.tr("&Proponer {share} % del tope").format(share=START_SHARE),
            name="limits_propose",
            sign="gauge",
        )
        self.share.clicked.connect(self._propose)
        self.ground = QWidget()
        self.ground.setObjectName("limits")
        self.grid = QGridLayout(self.ground)
        self.grid.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        self.grid.setHorizontalSpacing(2 * GRID)
        self.grid.setVerticalSpacing(2)
        self.none = label(
            self.tr(
                "Ninguna cuenta se debita: no hace falta fijar montos. Para fijarlos, marque "
                "«Debitar» en una cuenta."
            ),
            "muted",
            wrap=True,
        )
        self.sentence = label("", "section", "worst_day", wrap=True)
        self.bars = QHBoxLayout()
        self.bars.setSpacing(2 * GRID)
        self._bars: dict[Currency, tuple[QProgressBar, QLabel]] = {}
        for currency in Currency:
            bar = QProgressBar()
            bar.setObjectName(f"worst_day_{currency.value.lower()}")
            bar.setAccessibleName(
                self.tr("Parte del tope diario en {currency}").format(
                    currency=wording.word(currency)
                )
            )
            bar.setTextVisible(False)
            bar.setRange(0, 100)
            bar.setFixedHeight(8)
            words = label("", "small")
            self._bars[currency] = (bar, words)
            self.bars.addWidget(words)
            self.bars.addWidget(bar, 1)
        self._lay_out()

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidget(self.ground)
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName(self.tr("Montos máximos"))
        frame = QFrame()
        frame.setProperty("kind", "card")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(scroll)
        top = QHBoxLayout()
        top.addWidget(label(self.tr("Montos máximos"), "section"))
        top.addSpacing(GRID)
        top.addWidget(self.person)
        top.addWidget(self.to_all)
        top.addStretch(1)
        top.addWidget(self.share)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(top)
        column.addWidget(self.none)
        column.addWidget(frame, 1)
        column.addWidget(self.sentence)
        column.addLayout(self.bars)
        column.addWidget(ActionRow(self.primary, *self.others()))

    # -- showing

    def show_choices(self, choices: Choices) -> None:
        """Show the amounts of the person chosen."""
        people = choices.options.people
        if [self.person.itemData(n) for n in range(self.person.count())] != [p for p, _ in people]:
            self.person.clear()
            for person, name in people:
                self.person.addItem(name, person)
        several = people[0][0] is not None
        self.person.setVisible(several)
        self.to_all.setVisible(several and len(people) > 1)
        currencies = choices.currencies()
        if currencies != self._shown:
            self._shown = currencies
            self._build(choices, currencies)
        self.none.setVisible(not currencies)
        self.ground.setVisible(bool(currencies))
        for (kind, currency, part), entry in self.fields.items():
            value = getattr(choices.limit(self._person(), kind, currency), part)
            if isinstance(entry, MoneyField):
                entry.set_value(Money(value, currency))
            else:
                entry.set_value(str(value))
            entry.setEnabled(self.may_edit)
        for control in (self.share, self.to_all):
            control.setEnabled(self.may_edit and bool(currencies))
        self._judge()

    def forget(self) -> None:
        """Drop the amounts: they are a member's."""
        self._shown = None
        self.person.clear()
        self.sentence.clear()

    def problem(self) -> bool:
        """Put the focus on the first amount that breaks a rule, whoever's it is."""
        choices = self.chosen
        for place, (person, _) in enumerate(choices.options.people):
            for currency in choices.currencies():
                for kind in LimitKind:
                    limit = choices.limit(person, kind, currency)
                    part, rule = choices.wrong_part(limit)
                    if not part:
                        continue
                    if person != self._person():
                        self.person.setCurrentIndex(place)
                        self.show_choices(choices)
                    about = {"kind": kind, "currency": currency}
                    if rule == "ceiling":
                        most = getattr(choices.ceiling(kind, currency), part)
                        ceiling = most if part == "count_per_day" else Money(most, currency)
                        error: DomainError = AboveCeiling(**about, ceiling=ceiling, part=part)
                    else:
                        error = LimitsInconsistent(**about, part=part)
                    self.screen_.show_problem(error)
                    return True
        unread = next((entry for entry in self.fields.values() if entry.problem()), None)
        if unread is not None:
            unread.mark()
            unread.setFocus()
        return unread is not None

    def field_of(self, error: DomainError) -> str | None:
        """Say which amount a refusal is about."""
        kind, currency = error.facts.get("kind"), error.facts.get("currency")
        if isinstance(kind, LimitKind) and isinstance(currency, Currency):
            part = error.facts.get("part")
            if part is None:
                part = self.chosen.wrong_part(self.chosen.limit(self._person(), kind, currency))[0]
            return field_name(kind, currency, str(part or PARTS[0]))
        return error.field

    def _build(self, choices: Choices, currencies: tuple[Currency, ...]) -> None:
        self.fields, self._below = {}, {}
        while (item := self.grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        heads = (
            self.tr("Por operación"),
            self.tr("Por día"),
            self.tr("Por mes"),
            self.tr("Veces al día"),
        )
        row = 0
        for currency in currencies:
            title = wording.word(currency)
            self.grid.addWidget(label(title[:1].upper() + title[1:], "section"), row, 0)
            for place, head in enumerate(heads, 1):
                self.grid.addWidget(label(head, "muted"), row, place, Qt.AlignmentFlag.AlignRight)
            row += 1
            for kind in LimitKind:
                self.grid.addWidget(line(), row, 0, 1, 5)
                self.grid.addWidget(label(wording.word(kind)), row + 1, 0)
                for place, (part, head) in enumerate(zip(PARTS, heads, strict=True), 1):
                    self._cell(choices, kind, currency, part, head, (row + 1, place))
                row += 3
            self.grid.setRowMinimumHeight(row, GRID)
            row += 1
        self.grid.setRowStretch(row, 1)
        for place, stretch in enumerate((3, 3, 3, 3, 2)):
            self.grid.setColumnStretch(place, stretch)
        for entry in self.fields.values():
            self.ground.setFocusProxy(entry)
            break

    def _cell(
        self,
        choices: Choices,
        kind: LimitKind,
        currency: Currency,
        part: str,
        head: str,
        place: tuple[int, int],
    ) -> None:
        name = field_name(kind, currency, part)
        entry: MoneyField | DigitsField
        if part == "count_per_day":
            entry = DigitsField(name, longest=3)
            entry.setAlignment(Qt.AlignmentFlag.AlignRight)
        else:
            entry = MoneyField(name, currency)
        entry.setAccessibleName(
            self.tr("{kind}, {part}, {currency}").format(
                kind=wording.word(kind), part=head.lower(), currency=wording.word(currency)
            )
        )
        entry.edited.connect(partial(self._typed, kind, currency, part))
        below = label("", "small")
        below.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.fields[kind, currency, part] = entry
        self._below[kind, currency, part] = below
        row, column = place
        self.grid.addWidget(entry, row, column)
        self.grid.addWidget(below, row + 1, column)

    def _judge(self) -> None:
        """Say beside every amount its ceiling, or what is wrong with it; and the worst day."""
        choices = self.chosen
        for (kind, currency, part), entry in self.fields.items():
            limit = choices.limit(self._person(), kind, currency)
            most = getattr(choices.ceiling(kind, currency), part)
            wrong, rule = choices.wrong_part(limit)
            figure = str(most) if part == "count_per_day" else formats.figures(most)
            words = self.tr("tope {figure}").format(figure=figure)
            bad = wrong == part or bool(entry.problem())
            if entry.problem():
                words = self.tr("escriba un monto")
            elif bad and rule == "ceiling":
                words = self.tr("pasa el tope {figure}").format(figure=figure)
            elif bad and rule == "order":
                words = (
                    self.tr("pasa el del día")
                    if part == "per_operation"
                    else self.tr("pasa el del mes")
                )
            elif bad:
                words = self.tr("falta, o todo en 0")
            below = self._below[kind, currency, part]
            below.setText(words)
            restyle(below, kind="wrong" if bad else "small")
            entry.setAccessibleDescription(words)
            restyle(entry, problem="stop" if bad else "")
        self._show_worst()

    def _show_worst(self) -> None:
        from branch_desk.reports.enrolment_form import worst_case  # warmed by the opening

        choices = self.chosen
        worst = choices.worst_day()
        self.sentence.setText(
            worst_case(tuple(Amount(centavos, c.value) for c, centavos in worst.items()))
        )
        most = choices.worst_ceiling()
        for currency, (bar, words) in self._bars.items():
            shown = currency in worst and bool(most.get(currency))
            bar.setVisible(shown)
            words.setVisible(shown)
            if not shown:
                continue
            share = min(100, worst[currency] * 100 // most[currency])
            bar.setValue(share)
            restyle(bar, meaning="attention" if share >= HIGH_SHARE else "")
            words.setText(
                self.tr("{share} % del tope diario, {most}").format(
                    share=share, most=formats.amount(most[currency], currency)
                )
            )

    # -- typing

    def _person(self) -> UUID | None:
        person = self.person.currentData()
        return person if isinstance(person, UUID) else None

    def _typed(self, kind: LimitKind, currency: Currency, part: str) -> None:
        entry = self.fields[kind, currency, part]
        if isinstance(entry, MoneyField):
            money = entry.value()
            value = money.centavos if money is not None else None
        else:
            value = int(entry.value()) if not entry.problem() and entry.value() else None
        if value is not None:
            self.chosen.set_limit(self._person(), kind, currency, **{part: value})
        self._judge()
        self.touched()

    def _person_chosen(self) -> None:
        self.show_choices(self.chosen)

    def _copy_to_all(self) -> None:
        self.chosen.copy_to_all(self._person())
        self.touched()
        self.screen_.succeed(self.tr("Los mismos montos para todos los representantes."))

    def _propose(self) -> None:
        for currency in self.chosen.currencies():
            for kind in LimitKind:
                self.chosen.propose(self._person(), kind, currency, START_SHARE)
        self.show_choices(self.chosen)
        self.touched()


def field_name(kind: LimitKind, currency: Currency, part: str) -> str:
    """Name the field of an amount."""
    return f"limit_{kind.value.lower()}_{currency.value.lower()}_{part}"
