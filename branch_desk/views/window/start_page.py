"""What stands before the sign-in when there is no usable database yet (F45, R5, R42).

An empty place is offered its first start, an older database its upgrade after a backup; a newer
one, wrong keys or a server that may lose data stop the program with a sentence that says what to
do. The administrator's one-time password is shown once, painted and never kept.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.background import Background
from branch_desk.models.errors import (
    DatabaseUnreachable,
    DomainError,
    KeysUnusable,
    SessionEnded,
    WrongSchema,
)
from branch_desk.views.kit import wording
from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.pieces import button, card, label
from branch_desk.views.kit.secret_panel import SecretPanel
from branch_desk.views.kit.theme import GRID
from branch_desk.views.kit.view import View

if TYPE_CHECKING:
    from branch_desk.models.credentials import Secret
    from branch_desk.operations.work import House
    from branch_desk.settings import Settings

WIDTH = 640
SECRET_SECONDS = 600
"""Time to write it down; there is no second look, only a new installation."""


class Opening(Protocol):
    """How this machine comes to a house; called off the window's thread, one after another."""

    @property
    def settings(self) -> "Settings":
        """What the machine was told."""
        ...

    def open(self) -> "House":
        """Open the house, once; the same one afterwards. Raises what stands in the way."""
        ...

    def create(self) -> "Secret":
        """Make database, keys and the first administrator; give the one-time password."""
        ...

    def upgrade(self) -> Path:
        """Copy the older database away and bring it to this program; give the copy's place."""
        ...

    def keys_note(self) -> str:
        """Say where the keys lie, a member of `models.key_store.StoreNote`; empty if unknown."""
        ...


class StartPage(View):
    """`ready` is sent when the house can be opened now."""

    ready = Signal()

    def __init__(self, opening: Opening, background: Background) -> None:
        super().__init__(_nobody, background)
        self._opening = opening
        self.title = label("", "title", "start_title", wrap=True)
        self.sentence = label("", "", "start_sentence", wrap=True)
        self.place = label("", "small", "start_place", wrap=True)
        self.create_button = button(self.tr("&Crear la base"), "primary", "create_database")
        self.upgrade = button(self.tr("&Hacer copia y actualizar"), "primary", "upgrade_database")
        self.again = button(self.tr("&Intentar otra vez"), "primary", "try_again")
        self.secret = SecretPanel(self.tr("Contraseña de un solo uso del administrador"))
        self.written = button(self.tr("Ya la &anoté"), "primary", "secret_written")
        self._pages: list[QWidget] = []
        self._build()

    def show_obstacle(self, error: Exception) -> None:
        """Say what stands in the way of the start, and offer what may be done about it."""
        self.problem_bar.clear()
        self._turn(0)
        self.place.setText(self._opening.settings.database_shown)
        offered = None
        if isinstance(error, WrongSchema) and error.facts.get("reason") == "empty":
            offered = self.create_button
            title = self.tr("Primer inicio")
            sentence = self.tr(
                "Todavía no hay una base de datos en este lugar. Al crearla se muestra, una sola "
                "vez, la contraseña con la que ingresa el administrador. Tenga a mano dónde "
                "anotarla."
            )
        elif isinstance(error, WrongSchema) and error.facts.get("reason") == "older":
            offered = self.upgrade
            title = self.tr("La base de datos es de una versión anterior")
            sentence = self.tr(
                "Antes de actualizarla se guarda una copia completa. Mientras tanto, ningún otro "
                "puesto debe estar trabajando."
            )
        elif isinstance(error, WrongSchema):
            title = self.tr("Este programa es más antiguo que la base de datos")
            sentence = self.tr(
                "Otro puesto ya la actualizó. Instale en este la versión nueva del programa; "
                "hasta entonces no se abre, para no dañar los datos."
            )
        elif isinstance(error, KeysUnusable):
            title = self.tr("Falta la llave de cifrado de esta base de datos")
            sentence = (
                wording.problem(error)
                + " "
                + self.tr(
                    "Restaure la llave que se guardó al crear la base (archivo branch_desk.key o "
                    "el llavero del sistema). Sin ella los datos no se abren; no cree otra base."
                )
            )
        elif isinstance(error, DomainError):
            offered = self.again if isinstance(error, DatabaseUnreachable) else None
            title = self.tr("No se pudo abrir la base de datos")
            sentence = wording.problem(error)
        else:
            offered = self.again
            title = self.tr("No se pudo abrir la base de datos")
            sentence = ""
            self.show_problem(error)
        self.title.setText(title)
        self.sentence.setText(sentence)
        for each in (self.create_button, self.upgrade, self.again):
            each.setVisible(each is offered)
        if offered is not None:
            offered.setFocus()

    # -- inside

    def _turn(self, number: int) -> None:
        for place, page in enumerate(self._pages):
            page.setVisible(place == number)

    def _create(self) -> None:
        self.perform(self._show_secret, self._opening.create)

    def _show_secret(self, secret: "Secret") -> None:
        self._turn(1)
        self.secret.show_secret(secret.take(), SECRET_SECONDS)
        self.written.setFocus()

    def _written(self) -> None:
        self.secret.wipe()
        self.ready.emit()

    def _upgrade(self) -> None:
        self.perform(self._upgraded, self._opening.upgrade)

    def _upgraded(self, copy: Path) -> None:
        self.ready.emit()

    def _build(self) -> None:
        frame, column = card("start_card")
        frame.setFixedWidth(WIDTH)
        column.setContentsMargins(4 * GRID, 3 * GRID, 4 * GRID, 3 * GRID)
        self._pages = [self._obstacle_page(), self._secret_page()]
        for page in self._pages:
            column.addWidget(page)
        self._turn(0)
        # An alignment would take the height for one line of text where there are two.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(frame)
        middle.addStretch(1)
        whole = QVBoxLayout(self.body)
        whole.addStretch(2)
        whole.addLayout(middle)
        whole.addStretch(3)

    def _obstacle_page(self) -> QWidget:
        self.create_button.clicked.connect(self._create)
        self.upgrade.clicked.connect(self._upgrade)
        self.again.clicked.connect(self.ready)
        return _page(
            [Sign("database", "accent", 40), self.title, self.sentence, self.place],
            [self.create_button, self.upgrade, self.again],
        )

    def _secret_page(self) -> QWidget:
        self.written.clicked.connect(self._written)
        words = self.tr(
            "Ingrese con el usuario «admin» y esta contraseña, que sirve una sola vez: el programa "
            "le pedirá la suya. No se vuelve a mostrar."
        )
        return _page(
            [
                label(self.tr("Anote esta contraseña"), "title"),
                label(words, wrap=True),
                self.secret,
            ],
            [self.written],
        )


def _page(parts: list[QWidget], buttons: list[QWidget]) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2 * GRID)
    for part in parts:
        column.addWidget(part)
    foot = QHBoxLayout()
    foot.addStretch(1)
    for each in buttons:
        foot.addWidget(each)
    column.addLayout(foot)
    return page


def _nobody(_operation: object, /, *_: Any, **__: Any) -> Any:  # noqa: ANN401  as the desk's own
    raise SessionEnded(reason="signed_out")
