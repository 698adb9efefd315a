"""The step «Token»: QR on the member's screen alone, a code as proof, the doctor (F17, F18).

The officer's widgets never hold the secret: it goes from the operation into the member's screen,
where it is painted and overwritten.
"""

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout

from branch_desk.models.access import AccessStatus
from branch_desk.models.credentials import Secret
from branch_desk.models.errors import CodeRefused, NotFound
from branch_desk.models.totp import Diagnosis
from branch_desk.operations.users import totp
from branch_desk.operations.users.access_file import AccessFile
from branch_desk.operations.users.first_steps import FirstAccessSteps, StepKind
from branch_desk.operations.users.totp import Confirmed, ProvisionedToken
from branch_desk.views.kit import formats
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.pieces import ActionRow, StateChip, button, card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed
from branch_desk.views.users import doctor_words
from branch_desk.views.users.live_steps import AccessStep

_OPEN = (AccessStatus.INVITED, AccessStatus.ENROLLING, AccessStatus.ACTIVE)
READY_MILLISECONDS: Final = 5_000
"""How long «Listo» stays where the member's screen covers the desk."""


class TokenStep(AccessStep):
    """Show the QR to the member, take a code of the phone, name what is wrong with it."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        self._key: Secret | None = None
        self._only_tries = False
        self._proved = False
        self._token_card()
        self._doctor_card()
        self.column.addStretch(1)
        self.provide = button(self.tr("&Mostrar QR al socio"), "primary", "show_qr", "qr-code")
        self.ask_code = button(self.tr("Pedir el &código"), name="ask_code", sign="keyboard")
        self.show_key = button(self.tr("Mostrar c&lave para escribir"), name="show_key")
        self.provide.clicked.connect(self._provide)
        self.ask_code.clicked.connect(self._ask_code)
        self.show_key.clicked.connect(self._show_key)
        self.column.addWidget(ActionRow(self.provide, self.show_key, self.ask_code))
        screen = station.member_screen
        screen.key_asked.connect(self._key_asked)
        screen.code_seen.connect(self._code_seen)
        screen.code_typed.connect(self._try)
        screen.ended.connect(self._screen_ended)
        screen.left.connect(self._screen_left)
        self._ready = QTimer(self)
        self._ready.setSingleShot(True)
        self._ready.setInterval(READY_MILLISECONDS)
        self._ready.timeout.connect(self._give_back)
        self._enable()

    def _token_card(self) -> None:
        frame, column = card("token_card")
        top = QHBoxLayout()
        top.addWidget(label(self.tr("Token en el celular"), "section"), 1)
        self.chip = StateChip()
        top.addWidget(self.chip)
        column.addLayout(top)
        self.state = label("", name="token_state", wrap=True)
        column.addWidget(self.state)
        self.how = label(
            self.tr(
                "1. Muestre el QR en la pantalla del socio.\n"
                "2. El socio lo escanea con Google Authenticator.\n"
                "3. El socio escribe los seis dígitos que ve en su celular."
            ),
            "muted",
            wrap=True,
        )
        column.addWidget(self.how)
        self.column.addWidget(frame)

    def _doctor_card(self) -> None:
        self.doctor, column = card("doctor_card")
        column.addWidget(label(self.tr("Doctor del token"), "section"))
        self.diagnosis = label(
            self.tr("Si un código falla, aquí se dice por qué y qué hacer."),
            name="diagnosis",
            wrap=True,
        )
        column.addWidget(self.diagnosis)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, GRID // 2, 0, 0)
        self.probe = button(self.tr("P&robar un código que falló"), name="probe", sign="activity")
        self.probe.clicked.connect(self._probe)
        foot.addWidget(self.probe)
        foot.addStretch(1)
        column.addLayout(foot)
        self.column.addWidget(self.doctor)

    # -- what is shown

    def show_file(self, file: AccessFile) -> None:
        """Show another user."""
        self._forget_key()
        self._proved = False
        self.diagnosis.setText(self.tr("Si un código falla, aquí se dice por qué y qué hacer."))

    def show_progress(self, steps: FirstAccessSteps) -> None:
        """Show how far the authenticator is."""
        shown, proved = steps.at(StepKind.TOKEN_PROVISIONED), steps.at(StepKind.TOKEN_PROVED)
        if proved is not None:
            self.chip.show_state(self.tr("Token probado"), Meaning.GOOD)
            words = self.tr("El celular confirmó un código el {at}.").format(
                at=formats.instant(proved)
            )
            if steps.next is not None:
                words += " " + self.tr("Al socio le faltan otros pasos de su primer ingreso.")
        elif shown is not None:
            self.chip.show_state(self.tr("Falta un código"), Meaning.ATTENTION)
            words = self.tr(
                "El QR se mostró el {at}; cuenta recién con un código aceptado."
            ).format(at=formats.instant(shown))
        else:
            self.chip.show_state(self.tr("Sin token"), Meaning.NEUTRAL)
            words = self.tr("El socio todavía no tiene token.")
        self.state.setText(words)
        self._enable()
        if proved is not None and not self._proved and self.file is not None:
            self._proved = True
            self.finished.emit(self.file.row.id)

    def _enable(self) -> None:
        steps = self.live.steps
        can = steps is not None and steps.status in _OPEN and steps.locked_at is None
        shown = steps is not None and steps.at(StepKind.TOKEN_PROVISIONED) is not None
        proved = steps is not None and steps.at(StepKind.TOKEN_PROVED) is not None
        self.provide.setEnabled(can)
        self.provide.setText(
            self.tr("&Mostrar un QR nuevo") if shown else self.tr("&Mostrar QR al socio")
        )
        self.ask_code.setEnabled(can and shown and not proved)
        self.show_key.setEnabled(can and self._key is not None)
        self.probe.setEnabled(can and proved)
        self.probe.setVisible(proved)

    # -- the secret, on the member's screen

    def _provide(self) -> None:
        file, steps = self.file, self.live.steps
        if file is None or steps is None:
            return
        if steps.at(StepKind.TOKEN_PROVED) is not None and not Confirmation.ask(
            self,
            self.tr("Cambiar el token"),
            self.tr("El token que el socio usa hoy deja de servir ahora mismo."),
            self.tr("&Cambiar token"),
            meaning=Meaning.STOP,
        ):
            return
        self.ask(self._show_qr, totp.provision, file.row.id)

    def _show_qr(self, token: ProvisionedToken) -> None:
        self._forget_key()
        self._key = token.key
        self._proved = False
        self._only_tries = False
        screen = self.station.member_screen
        second = self.present()
        screen.show_qr(token.uri.take())
        self.say(
            Meaning.INFORMATION,
            self.tr("El QR está en la pantalla del socio.")
            if second
            else self.tr("Gire el monitor hacia el socio."),
        )
        self.ask_steps()
        self._enable()

    def _show_key(self) -> None:
        if self._key is None:
            return
        screen = self.station.member_screen
        key, self._key = self._key, None
        self.present()
        screen.show_key(key.take())
        self._enable()

    def _key_asked(self) -> None:
        if self.shows:
            self._show_key()

    def _code_seen(self) -> None:
        if self.shows:
            self._ask_code()

    def _ask_code(self) -> None:
        self._only_tries = False
        self._turn_to_code()

    def _probe(self) -> None:
        self._only_tries = True
        self._turn_to_code()

    def _turn_to_code(self) -> None:
        if self.file is None:
            return
        self.present()
        self.station.member_screen.ask_code()

    def _try(self, code: str) -> None:
        if self.file is None or not self.shows:
            return
        if self._only_tries:
            self.ask(self._tried, totp.diagnose, self.file.row.id, code)
        else:
            self.ask(self._confirmed, totp.confirm, self.file.row.id, code)

    def _confirmed(self, confirmed: Confirmed) -> None:
        self._forget_key()
        self._say_ready()
        words = self.tr("Token probado.")
        if confirmed.active:
            words += " " + self.tr("El usuario quedó activo.")
        self.diagnosis.setText(
            self.tr("El código sirvió; el celular cambia de código cada {period} segundos.").format(
                period=confirmed.period
            )
        )
        self.succeed(words)
        self.ask_steps()
        self.changed.emit(Changed.ACCESS)

    def _say_ready(self) -> None:
        if self.shows:
            self.station.member_screen.show_ready()
            self._ready.start()

    def _tried(self, found: Diagnosis | None) -> None:
        if found is None:
            self.diagnosis.setText(self.tr("Ese código sí sirve: el token está bien."))
            self._say_ready()
            return
        self._tell_both(doctor_words.remedy(found))

    def show_problem(self, error: Exception) -> None:
        """Tell the member, too, why a code was not accepted."""
        if isinstance(error, CodeRefused):
            self._tell_both(doctor_words.refused(error))
            return
        if isinstance(error, NotFound) and self.shows:
            self._give_back()
            self.say(
                Meaning.STOP,
                self.tr(
                    "Ese QR ya no sirve después de tantos códigos fallidos. Muestre uno nuevo."
                ),
            )
            self.ask_steps()
            return
        if self.shows:
            self._give_back()
        super().show_problem(error)

    def _tell_both(self, words: str) -> None:
        self.diagnosis.setText(words)
        self.say(Meaning.ATTENTION, words)
        if self.shows:
            self.station.member_screen.ask_code(words)

    # -- the end

    def _screen_ended(self) -> None:
        if not self.shows:
            return
        self._forget_key()
        self._give_back()
        self._enable()

    def _screen_left(self) -> None:
        if self.shows:
            self.station.member_screen.presented_by = None
            self._forget_key()
            self._enable()
            self.provide.setFocus()

    def _give_back(self) -> None:
        self._ready.stop()
        if self.shows:
            self.give_back()
            self.provide.setFocus()

    def _forget_key(self) -> None:
        key, self._key = self._key, None
        if key is not None:
            key.forget()

    def forget(self) -> None:
        """Show nobody."""
        super().forget()
        self._forget_key()
        self._proved = False
        self._enable()
