"""The check list of an identity card, and the exception for an expired one (F4, F5)."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from branch_desk.models.identity import CheckPoint
from branch_desk.views.kit import wording
from branch_desk.views.kit.fields import FoldedText
from branch_desk.views.kit.pieces import button


class CheckList(QWidget):
    """One box a point; the card's date answers its own. A verified card has them all."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("points")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.ticks: dict[CheckPoint, QCheckBox] = {}
        for point in CheckPoint:
            tick = QCheckBox(wording.word(point))
            tick.setObjectName(f"point_{point.value.lower()}")
            tick.clicked.connect(self.edited)
            self.ticks[point] = tick
            column.addWidget(tick)
        self.ticks[CheckPoint.DATA_EQUAL].setText(self.tr("Los datos coinciden o\nestá explicado"))
        self.setFocusProxy(self.ticks[CheckPoint.ORIGINAL_SEEN])

    def name_document(self, *, company: bool) -> None:
        """Speak of an identity card, or of the documents that a company brings."""
        words = {
            CheckPoint.ORIGINAL_SEEN: self.tr("Vi los documentos originales"),
            CheckPoint.NOT_EXPIRED: self.tr("El documento está vigente"),
            CheckPoint.PHOTO_MATCHES: self.tr("La foto es del representante"),
        }
        for point, own in words.items():
            self.ticks[point].setText(own if company else wording.word(point))

    @property
    def ticked(self) -> frozenset[CheckPoint]:
        """The points that are answered."""
        return frozenset(point for point, tick in self.ticks.items() if tick.isChecked())

    def tick(self, points: frozenset[CheckPoint]) -> None:
        """Show these points as answered."""
        for point, tick in self.ticks.items():
            if point is not CheckPoint.NOT_EXPIRED:
                tick.setChecked(point in points)

    def judge(self, *, in_force: bool) -> None:
        """Answer the point of the date: by the card alone, or by a supervisor."""
        self.ticks[CheckPoint.NOT_EXPIRED].setChecked(in_force)

    def set_editable(self, *, editable: bool) -> None:
        """Let the points be ticked, or only seen."""
        for point, tick in self.ticks.items():
            tick.setEnabled(editable and point is not CheckPoint.NOT_EXPIRED)


class CardExceptionPanel(QWidget):
    """A supervisor's leave to go on with an expired card: reason and verb."""

    granted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.reason = FoldedText("reason", rule="reason")
        self.reason.setAccessibleName(self.tr("Motivo de la excepción"))
        self.reason.setPlaceholderText(self.tr("Motivo de la excepción"))
        self.grant = button(self.tr("Conceder e&xcepción"), "stop", "except_card", "shield")
        self.grant.clicked.connect(lambda: self.granted.emit(self.reason.value()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.reason)
        column.addWidget(self.grant)
