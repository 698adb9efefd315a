"""The services the member wants to pay, and the channels (F10)."""

from collections.abc import Iterable
from functools import partial

from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from branch_desk.operations.request.configuration import BillerOption
from branch_desk.views.kit.pieces import ActionRow, button, card, label
from branch_desk.views.kit.theme import GRID
from branch_desk.views.request.choices import Choices
from branch_desk.views.request.step import RequestScreen
from branch_desk.views.request.step_choice import ChoiceStep

COLUMNS = 3


class ServicesStep(ChoiceStep):
    """Services by category, channels above; the last page of the set saves it."""

    name = "services"
    next = ""

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self.boxes: dict[str, QCheckBox] = {}
        self._shown: tuple[BillerOption, ...] | None = None
        channels, inside = card("channels")
        inside.addWidget(label(self.tr("Canales"), "section"))
        self.by_web = QCheckBox(self.tr("Por la &web"))
        self.by_web.setObjectName("by_web")
        self.by_mobile = QCheckBox(self.tr("Por el teléfono &móvil"))
        self.by_mobile.setObjectName("by_mobile")
        row = QHBoxLayout()
        row.setSpacing(3 * GRID)
        row.addWidget(self.by_web)
        row.addWidget(self.by_mobile)
        row.addStretch(1)
        inside.addLayout(row)
        self.by_web.clicked.connect(self._channels)
        self.by_mobile.clicked.connect(self._channels)
        services, self._inside = card("billers")
        top = QHBoxLayout()
        top.addWidget(label(self.tr("Servicios que quiere pagar"), "section"))
        top.addStretch(1)
        self.all = button(self.tr("Marcar &todos"), "link", "billers_all")
        self.all.clicked.connect(self._tick_all)
        self.nothing = button(self.tr("&Ninguno"), "link", "billers_none")
        self.nothing.clicked.connect(self._tick_none)
        top.addWidget(self.all)
        top.addWidget(self.nothing)
        self._inside.addLayout(top)
        self._inside.addWidget(
            label(self.tr("Lo que no se marca queda cerrado hasta que el socio vuelva."), "muted")
        )
        self.ground = QWidget()
        self.grid = QGridLayout(self.ground)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(3 * GRID)
        self.grid.setVerticalSpacing(4)
        scroll = QScrollArea()
        scroll.setWidget(self.ground)
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName(self.tr("Servicios"))
        self._inside.addWidget(scroll, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(channels)
        column.addWidget(services, 1)
        column.addWidget(ActionRow(self.primary, *self.others()))

    def show_choices(self, choices: Choices) -> None:
        """Show what is ticked."""
        if choices.options.billers != self._shown:
            self._shown = choices.options.billers
            self._build(choices.options.billers)
        for code, box in self.boxes.items():
            box.setChecked(code in choices.billers)
            box.setEnabled(self.may_edit)
        self.by_web.setChecked(choices.by_web)
        self.by_mobile.setChecked(choices.by_mobile)
        for control in (self.by_web, self.by_mobile, self.all, self.nothing):
            control.setEnabled(self.may_edit)

    def _build(self, billers: tuple[BillerOption, ...]) -> None:
        self.boxes = {}
        while (item := self.grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        categories: dict[str, list[BillerOption]] = {}
        for each in billers:
            categories.setdefault(each.category, []).append(each)
        row = 0
        for category, members in categories.items():
            self.grid.addWidget(label(category, "muted"), row, 0, 1, COLUMNS)
            row += 1
            for place, each in enumerate(members):
                box = QCheckBox(each.name.replace("&", "&&"))
                box.setObjectName(f"biller_{each.code}")
                box.clicked.connect(partial(self._ticked, each.code))
                self.boxes[each.code] = box
                self.grid.addWidget(box, row + place // COLUMNS, place % COLUMNS)
            row += (len(members) + COLUMNS - 1) // COLUMNS
            self.grid.setRowMinimumHeight(row, GRID)
            row += 1
        self.grid.setRowStretch(row, 1)

    def _ticked(self, code: str) -> None:
        ticked = self.boxes[code].isChecked()
        (self.chosen.billers.add if ticked else self.chosen.billers.discard)(code)
        self.touched()

    def _tick_all(self) -> None:
        self._set(self.boxes)

    def _tick_none(self) -> None:
        self._set(())

    def _set(self, codes: Iterable[str]) -> None:
        self.chosen.billers = set(codes)
        self.show_choices(self.chosen)
        self.touched()

    def _channels(self) -> None:
        self.chosen.by_web = self.by_web.isChecked()
        self.chosen.by_mobile = self.by_mobile.isChecked()
        self.touched()
