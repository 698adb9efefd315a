"""How the printer of this desk is, for the line at the foot: asked while a person is there."""

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from branch_desk.background import Background
from branch_desk.views.kit import incident
from branch_desk.views.kit.theme import Meaning

if TYPE_CHECKING:
    from branch_desk.printing import QueueState

EVERY_MILLISECONDS: Final = 60_000


class PrinterWatch(QObject):
    """`told` carries words, a Meaning and the cause, ready for the line."""

    told = Signal(str, object, str)

    def __init__(self, uri: str | None, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._uri = uri
        self._background = background
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MILLISECONDS)
        self._timer.timeout.connect(self.look)

    def begin(self) -> None:
        """Tell how it is, and again every minute."""
        if self._uri is None:
            self.told.emit(
                self.tr("Sin impresora configurada"),
                Meaning.ATTENTION,
                self.tr(
                    "Este puesto no tiene impresora. Los formularios se guardan como PDF; "
                    "sistemas la anota en la configuración."
                ),
            )
            return
        self.told.emit(self._name, Meaning.NEUTRAL, self.tr("Preguntando a la impresora…"))
        self.look()
        self._timer.start()

    def stop(self) -> None:
        """Ask no more."""
        self._timer.stop()

    def look(self) -> None:
        """Ask the queue now; the answer comes through `told`."""
        if self._uri is not None:
            self._background.run(self, "printer", self._tell, self._failed, _look, self._uri)

    @property
    def _name(self) -> str:
        return (self._uri or "").rstrip("/").rsplit("/", 1)[-1]

    def _tell(self, state: "QueueState") -> None:
        from branch_desk.printing import QueueState

        words, meaning, cause = {
            QueueState.READY: (
                "{name}",
                Meaning.GOOD,
                self.tr("La impresora {name} está lista."),
            ),
            QueueState.STOPPED: (
                self.tr("{name}: detenida"),
                Meaning.STOP,
                self.tr(
                    "La impresora {name} está detenida. Revise papel y tóner; si no reanuda, "
                    "avise a sistemas. Mientras tanto puede guardar el PDF."
                ),
            ),
            QueueState.REFUSING: (
                self.tr("{name}: no recibe trabajos"),
                Meaning.STOP,
                self.tr(
                    "La cola {name} no recibe trabajos. Avise a sistemas; mientras tanto puede "
                    "guardar el PDF."
                ),
            ),
            QueueState.AWAY: (
                self.tr("{name}: sin respuesta"),
                Meaning.STOP,
                self.tr(
                    "La impresora {name} no responde. Revise que esté encendida y conectada; "
                    "mientras tanto puede guardar el PDF."
                ),
            ),
        }[state]
        self.told.emit(words.format(name=self._name), meaning, cause.format(name=self._name))

    def _failed(self, error: Exception) -> None:
        incident.record(error)


def _look(uri: str) -> "QueueState":
    from branch_desk.printing import PrintQueue  # slow to load, so in the free line

    return PrintQueue(uri).look()
