"""The kit on one window of 1366×768, light and dark, as pictures to look at."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from branch_desk.background import Background
from branch_desk.models.money import Currency, Money
from branch_desk.views.kit import formats
from branch_desk.views.kit.card_field import CardNumber, IdentityCardField
from branch_desk.views.kit.dialogs import Confirmation, IncidentDialog
from branch_desk.views.kit.difference import DifferenceLabel
from branch_desk.views.kit.fields import DateField, FoldedText, MoneyField, PhoneField, row
from branch_desk.views.kit.member_screen import MemberScreen
from branch_desk.views.kit.pieces import (
    ActionRow,
    Flag,
    FlagList,
    HeaderCard,
    StateChip,
    button,
    card,
    label,
)
from branch_desk.views.kit.steps_track import Progress, Step, StepsTrack
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import Meaning, Scheme, Theme
from branch_desk.views.kit.view import View
from branch_desk.views.window.lock_overlay import LockOverlay
from branch_desk.views.window.rail import Place, Rail
from branch_desk.views.window.status_line import StatusLine
from branch_desk.views.window.top_bar import TopBar
from tests.views.kit.accessibility import doubled_mnemonics, nameless

PLACES = (
    Place("requests", "Solicitudes", "inbox", "F2"),
    Place("new_request", "Nuevo trámite", "file-plus", "F3"),
    Place("unlocks", "Desbloqueos", "lock-open", "F4"),
    Place("members", "Socios", "users", "F5"),
    Place("approvals", "Autorizaciones", "stamp", "F6"),
    Place("register", "Registro del día", "book-open-text", "F7"),
    Place("audit", "Auditoría", "scroll-text", "F8"),
    Place("administration", "Administración", "settings", "F9"),
)


@dataclass(frozen=True)
class Waiting:
    number: int
    name: str
    card: str
    centavos: int
    meaning: Meaning
    state: str


ROWS = [
    Waiting(
        1,
        "Ñahui Quispe, María de los Ángeles",
        "4567891-1B SC",
        123450,
        Meaning.INFORMATION,
        "Identidad verificada",
    ),
    Waiting(2, "Méndez O'Connor, Luis", "812345 LP", 2000000, Meaning.ATTENTION, "Espera firma"),
    Waiting(3, "Sociedad <b>Comercial</b> & Cía.", "1023456021", 99, Meaning.GOOD, "Autorizada"),
    Waiting(4, "Arce, Ana", "7654321 CB", 1000000000, Meaning.STOP, "Devuelta"),
]

COLUMNS = [
    Column[Waiting]("name", "Socio", lambda r: r.name, width=280, sortable=True),
    Column[Waiting]("card", "Documento", lambda r: r.card, width=130, code=True),
    Column[Waiting]("state", "Estado", lambda r: r.state, width=180, meaning=lambda r: r.meaning),
    Column[Waiting](
        "amount", "Tope diario", lambda r: formats.amount(r.centavos, "BOB"), right=True
    ),
]


class Window(QMainWindow):
    """A window made of the whole kit."""

    def __init__(
        self, desk: Callable[..., Any], background: Background, settings: QSettings
    ) -> None:
        super().__init__()
        self.rail = Rail(PLACES, settings)
        self.top = TopBar()
        self.status = StatusLine()
        self.view = View(desk, background)
        whole = QWidget()
        self.setCentralWidget(whole)
        across = QHBoxLayout(whole)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self.rail)
        down = QVBoxLayout()
        down.setSpacing(0)
        down.addWidget(self.top)
        down.addWidget(self.view, 1)
        down.addWidget(self.status)
        across.addLayout(down, 1)
        self.overlay = LockOverlay(self)
        self.rail.show_place("requests")
        self.rail.show_counts({"requests": 12, "approvals": 130})
        self.top.show_person("Rosa Vaca Díez", "oficial", "Agencia Plan 3000")
        self.status.tell("database", "Base de datos al día")
        self.status.tell("printer", "Impresora sin papel", Meaning.ATTENTION, "Cargue papel")
        self.status.tell("mail", "3 correos en espera", Meaning.INFORMATION)
        self.status.tell("clock", "Reloj exacto")
        self.status.tell("version", "0.1.0", Meaning.NEUTRAL)
        self._fill(settings)

    def _fill(self, settings: QSettings) -> None:
        body = QVBoxLayout(self.view.body)
        body.setContentsMargins(0, 0, 0, 0)
        self.header = HeaderCard()
        self.header.show_person(
            "Ñahui Quispe, María de los Ángeles",
            [
                ("CI", "4567891-1B SC"),
                ("Socio", "104.233"),
                ("La tiene", "Rosa Vaca"),
                ("Espera", "12 min"),
            ],
            "Identidad verificada",
            Meaning.INFORMATION,
        )
        body.addWidget(self.header)
        middle = QHBoxLayout()
        self.steps = StepsTrack("Pasos")
        self.steps.show_steps(
            [
                Step("identity", "Identidad", Progress.DONE, "R. Vaca · 09:14", allowed=True),
                Step("accounts", "Cuentas", Progress.CURRENT, allowed=True),
                Step("limits", "Límites"),
                Step("services", "Servicios"),
                Step("form", "Formulario", Progress.VOIDED, "cambió el celular"),
                Step("sign", "Firma"),
            ],
            shown="accounts",
        )
        middle.addWidget(self.steps)
        right = QVBoxLayout()
        self.table = PagedTable(
            "waiting",
            "Solicitudes en espera",
            COLUMNS,
            key=lambda r: r.number,
            empty="Nadie espera. Con F3 empieza un trámite.",
            settings=settings,
        )
        self.table.show_rows(ROWS)
        right.addWidget(self.table, 1)
        frame, column = card("details")
        column.addWidget(label("Datos del socio", "section"))
        form = QFormLayout()
        self.name = FoldedText("first_names", required=True)
        self.name.set_value("María de los Ángeles")
        self.card = IdentityCardField()
        self.card.set_value(CardNumber("4567891", "1B"))
        self.amount = MoneyField("per_day", Currency.BOB)
        self.amount.set_value(Money(123450, Currency.BOB))
        self.born = DateField("birth_date")
        self.phone = PhoneField("mobile")
        row(form, "&Nombres", self.name)
        row(form, "Cé&dula", self.card)
        row(form, "To&pe por día", self.amount, "Tope de la cooperativa: Bs 20.000,00")
        row(form, "Nac&imiento", self.born)
        row(form, "C&elular", self.phone)
        self.phone.setText("12345678")
        self.phone.mark()
        column.addLayout(form)
        right.addWidget(frame)
        middle.addLayout(right, 2)
        side, lines = card("side")
        lines.addWidget(label("Diferencias", "section"))
        lines.addWidget(DifferenceLabel("Ñahui Quizpe María", "Ñahui Quispe Maria"))
        lines.addWidget(DifferenceLabel("4567891", "45678911"))
        self.flags = FlagList("Advertencias")
        self.flags.show_flags(
            [
                Flag(
                    "Sube el límite diario de Bs 2.000 a Bs 20.000; el celular cambió hace 2 días."
                ),
                Flag("La cédula venció el 14/03/2025.", Meaning.STOP),
            ]
        )
        lines.addWidget(self.flags)
        for meaning in Meaning:
            lines.addWidget(StateChip(meaning.value, meaning))
        lines.addStretch(1)
        side.setFixedWidth(290)
        middle.addWidget(side)
        body.addLayout(middle, 1)
        body.addWidget(
            ActionRow(
                button("&Guardar y seguir", name="go"),
                button("De&volver", "stop"),
                button("Ver &historial", "link"),
            )
        )


@pytest.fixture
def window(
    themed: Theme,
    plain_desk: Callable[..., Any],
    background: Background,
    settings: QSettings,
    qtbot: Any,
) -> Window:
    made = Window(plain_desk, background, settings)
    made.resize(1366, 768)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


@pytest.mark.parametrize("look", [Scheme.LIGHT, Scheme.DARK])
def test_the_whole_kit_fits_1366_by_768(
    window: Window, themed: Theme, look: Scheme, tmp_path: Path, qtbot: Any
) -> None:
    themed.choose(look)
    window.name.setFocus()
    window.view.say(
        Meaning.STOP,
        "La cédula venció el 14/03/2025. Pida la renovada o solicite la excepción a su supervisor (F6).",
    )
    window.grab().save(str(tmp_path / f"kit-{look}.png"))
    assert window.size().width() == 1366
    assert window.size().height() == 768
    window.rail.fold()
    window.table.show_rows([])
    window.view.succeed("Solicitud firmada.", action="Deshacer", do=lambda: None)
    window.steps.buttons[0].setFocus()
    window.grab().save(str(tmp_path / f"kit-{look}-2.png"))
    for dialog in (
        Confirmation(
            "Emitir clave inicial",
            "La clave anterior deja de servir. El socio debe estar presente.",
            "&Emitir clave",
            parent=window,
        ),
        IncidentDialog("7KD-2FM", window),
    ):
        dialog.show()
        dialog.grab().save(str(tmp_path / f"{dialog.objectName()}-{look}.png"))
        dialog.close()
        dialog.deleteLater()
    window.overlay.lock("Rosa Vaca Díez", needs_code=True)
    window.grab().save(str(tmp_path / f"lock-{look}.png"))
    window.overlay.unlock()
    member = MemberScreen("Cooperativa Cosmart")
    qtbot.addWidget(member)
    member.resize(1366, 768)
    member.show()
    pages: dict[str, Callable[[], None]] = {
        "welcome": member.rest,
        "credential": lambda: member.show_credential(bytearray(b"kR7mWq3ZtB9x")),
        "qr": lambda: member.show_qr(
            bytearray(
                b"otpauth://totp/CosmartNet:lmendez?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=CosmartNet"
            )
        ),
        "key": lambda: member.show_key(bytearray(b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")),
        "code": lambda: member.ask_code(
            "Ese código no sirve: el reloj del teléfono va 3 minutos atrasado."
        ),
        "ready": member.show_ready,
    }
    for name, turn in pages.items():
        turn()
        assert member.shown() == name
        member.grab().save(str(tmp_path / f"member-{name}-{look}.png"))
    assert len(list(tmp_path.glob("*.png"))) == 11


def test_everything_usable_in_the_kit_has_a_name(window: Window) -> None:
    assert nameless(window) == []


def test_no_mnemonic_of_the_kit_is_claimed_twice(window: Window) -> None:
    assert doubled_mnemonics(window) == []
