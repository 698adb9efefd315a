"""The step «Clave»: the clave inicial goes to the member, never to the officer (F15, F16).

On the member's screen for a minute, or on a folded slip sent straight to the printer. The job is
followed to its end; a slip that did not come out whole makes its key void (R28).
"""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from branch_desk.models.access import AccessStatus, Delivery
from branch_desk.models.credentials import Secret
from branch_desk.models.outbox import MailStatus
from branch_desk.operations.request.form_terms import COOPERATIVE
from branch_desk.operations.users import access, credential
from branch_desk.operations.users.access_file import AccessFile
from branch_desk.operations.users.first_steps import FirstAccessSteps, StepKind
from branch_desk.operations.work import Desk
from branch_desk.printing import Printer, PrintOutcome, PrintQueue, PrintState
from branch_desk.reports import credential_slip
from branch_desk.reports.credential_slip import CredentialSlip
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.pieces import ActionRow, StateChip, button, card, label
from branch_desk.views.kit.secret_panel import SECONDS_SHOWN
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed
from branch_desk.views.users.live_steps import AccessStep

_OPEN = (AccessStatus.INVITED, AccessStatus.ENROLLING, AccessStatus.ACTIVE)


def print_slip(
    desk: Desk, printer: Printer, file: AccessFile, secret: Secret, branch: str, portal: str
) -> PrintOutcome:
    """Print the slip of a credential just issued; make it void unless the paper came out whole.

    Runs to its end even when its screen is gone.
    """
    try:
        steps = desk(access.steps, file.row.id)
        expires = steps.credential_expires_at
        if expires is None:  # somebody issued another one in this very moment
            return PrintOutcome(0, PrintState.CANCELLED)
        slip = CredentialSlip(
            cooperative=COOPERATIVE,
            branch=branch,
            member=file.row.person_name,
            user_name=file.row.user_name,
            expires_at=expires.astimezone(formats.LA_PAZ),
            portal=portal,
            secret=secret.reveal(),
        )
        outcome = printer.print(credential_slip.render(slip, training=file.training))
    except Exception:
        desk(credential.not_delivered, file.row.id)
        raise
    finally:
        secret.forget()
    if not outcome.printed:
        desk(credential.not_delivered, file.row.id)
    return outcome


class CredentialStep(AccessStep):
    """Issue the clave inicial, and see what became of the mail with the link."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        self._issue_card()
        self._mail_card()
        self.column.addStretch(1)
        self.on_slip = button(self.tr("&Imprimir en sobre"), name="issue_slip", sign="printer")
        self.on_screen = button(self.tr("&Emitir en la pantalla del socio"), name="issue_screen")
        self.on_slip.clicked.connect(self._issue_on_slip)
        self.on_screen.clicked.connect(self._issue_on_screen)
        self.column.addWidget(ActionRow(self.on_screen, self.on_slip))
        screen = station.member_screen
        screen.ended.connect(self._screen_ended)
        screen.left.connect(self._screen_ended)
        self._enable()

    def _issue_card(self) -> None:
        frame, column = card("credential_card")
        top = QHBoxLayout()
        top.addWidget(label(self.tr("Clave inicial"), "section"), 1)
        self.chip = StateChip()
        top.addWidget(self.chip)
        column.addLayout(top)
        self.state = label("", name="credential_state", wrap=True)
        column.addWidget(self.state)
        self.rule = label(
            self.tr(
                "Se muestra una sola vez, sirve 72 horas y un solo uso. Solo la ve el socio: "
                "nadie de la cooperativa puede volver a verla."
            ),
            "muted",
            wrap=True,
        )
        column.addWidget(self.rule)
        self.printer_note = label("", "small", "printer_note", wrap=True)
        column.addWidget(self.printer_note)
        self.column.addWidget(frame)

    def _mail_card(self) -> None:
        frame, column = card("mail_card")
        top = QHBoxLayout()
        top.addWidget(label(self.tr("Correo «Establecer contraseña»"), "section"), 1)
        self.mail_chip = StateChip()
        top.addWidget(self.mail_chip)
        column.addLayout(top)
        self.mail_state = label("", name="mail_state", wrap=True)
        column.addWidget(self.mail_state)
        foot = QHBoxLayout()
        self.resend = button(self.tr("En&viar otra vez"), name="resend", sign="mail")
        self.resend.clicked.connect(self._resend)
        foot.addWidget(self.resend)
        foot.addStretch(1)
        holder = QVBoxLayout()
        holder.setContentsMargins(0, GRID // 2, 0, 0)
        holder.addLayout(foot)
        column.addLayout(holder)
        self.column.addWidget(frame)

    # -- what is shown

    def show_file(self, file: AccessFile) -> None:
        """Show another user."""
        queue = self.station.settings.printer_uri
        self.printer_note.setText(
            ""
            if queue
            else self.tr("Este puesto no tiene impresora: el sobre no se puede imprimir aquí.")
        )

    def show_progress(self, steps: FirstAccessSteps) -> None:
        """Show what became of credential and mail."""
        issued, used = steps.at(StepKind.CREDENTIAL_ISSUED), steps.at(StepKind.CREDENTIAL_USED)
        expires = steps.credential_expires_at
        if expires is not None and issued is not None:
            self.chip.show_state(self.tr("Emitida, sin usar"), Meaning.ATTENTION)
            words = self.tr("Emitida el {issued}. Vence el {expires}.").format(
                issued=formats.instant(issued), expires=formats.instant(expires)
            )
        elif used is not None and issued is not None:
            self.chip.show_state(self.tr("Usada"), Meaning.GOOD)
            words = self.tr("El socio la usó el {used}.").format(used=formats.instant(used))
        else:
            self.chip.show_state(self.tr("Sin emitir"), Meaning.NEUTRAL)
            words = self.tr("El socio todavía no tiene clave. Entréguela con él presente.")
        self.state.setText(words)
        self._show_mail(steps)
        self._enable()

    def _show_mail(self, steps: FirstAccessSteps) -> None:
        address = self.file.email if self.file else ""
        sent = steps.at(StepKind.LINK_SENT)
        status = steps.mail_status
        meanings = {
            MailStatus.SENT: Meaning.GOOD,
            MailStatus.WAITING: Meaning.INFORMATION,
            MailStatus.FAILED: Meaning.STOP,
        }
        self.mail_chip.show_state(
            self.tr("Sin correo") if status is None else wording.word(status),
            Meaning.NEUTRAL if status is None else meanings.get(status, Meaning.NEUTRAL),
        )
        if status is MailStatus.SENT and sent is not None:
            words = self.tr("Enviado a {address} el {sent}.").format(
                address=address, sent=formats.instant(sent)
            )
        elif status is MailStatus.FAILED:
            words = self.tr("No llegó a {address}: {answer}. Revise el correo del socio.").format(
                address=address or "—", answer=steps.mail_answer or self.tr("sin respuesta")
            )
        elif status is MailStatus.WAITING:
            words = self.tr("En la bandeja de salida para {address}.").format(address=address)
            if steps.mail_answer:
                words += " " + self.tr("El servidor respondió: {answer}.").format(
                    answer=steps.mail_answer
                )
        else:
            words = self.tr("No hay ningún enlace enviado.")
        if steps.link_expires_at is not None:
            words += " " + self.tr("El enlace vence el {expires}.").format(
                expires=formats.instant(steps.link_expires_at)
            )
        self.mail_state.setText(words)

    def _enable(self) -> None:
        steps = self.live.steps
        can = steps is not None and steps.status in _OPEN and steps.locked_at is None
        self.on_screen.setEnabled(can)
        self.on_slip.setEnabled(can and bool(self.station.settings.printer_uri))
        waits = steps is not None and steps.credential_expires_at is not None
        self.resend.setEnabled(
            can and steps is not None and (waits or steps.status is AccessStatus.INVITED)
        )

    # -- issuing

    def _sure(self) -> bool:
        steps = self.live.steps
        if steps is None or (
            steps.at(StepKind.CREDENTIAL_ISSUED) is None
            and steps.at(StepKind.CREDENTIAL_USED) is None
        ):
            return True
        return Confirmation.ask(
            self,
            self.tr("Emitir otra clave inicial"),
            self.tr(
                "La clave anterior y su enlace dejan de servir, y el socio recibe un correo nuevo. "
                "El socio debe estar presente."
            ),
            self.tr("&Emitir clave"),
        )

    def _issue_on_screen(self) -> None:
        file = self.file
        if file is not None and self._sure():
            self.perform(
                self._show_member, credential.issue, self.station.desk, file.row.id, Delivery.SCREEN
            )

    def _show_member(self, secret: Secret) -> None:
        screen = self.station.member_screen
        second = self.present()
        screen.show_credential(secret.take(), SECONDS_SHOWN)
        self._told(
            self.tr("La clave está en la pantalla del socio durante un minuto.")
            if second
            else self.tr("Gire el monitor hacia el socio.")
        )

    def _screen_ended(self) -> None:
        if self.shows:
            self.give_back()
            self._handed_over()

    def _handed_over(self) -> None:
        self.say(
            Meaning.INFORMATION,
            self.tr(
                "La clave ya no se puede ver. Si el socio no llegó a anotarla, hay que emitir otra."
            ),
        )
        if self.file is not None:
            self.finished.emit(self.file.row.id)

    def _issue_on_slip(self) -> None:
        file = self.file
        if file is not None and self._sure():
            self.perform(
                self._print, credential.issue, self.station.desk, file.row.id, Delivery.SLIP
            )

    def _print(self, secret: Secret) -> None:
        file, settings = self.file, self.station.settings
        if file is None or settings.printer_uri is None:
            secret.forget()
            return
        self.on_slip.setEnabled(False)
        self.on_screen.setEnabled(False)
        self.say(Meaning.INFORMATION, self.tr("Imprimiendo el sobre. Espere junto a la impresora."))
        self.run(
            self._printed,
            print_slip,
            self.station.desk,
            PrintQueue(settings.printer_uri),
            file,
            secret,
            self.station.person.branch,
            settings.portal_url or self.tr("la página de la cooperativa"),
        )

    def _printed(self, outcome: PrintOutcome) -> None:
        self.ask_steps()
        self.changed.emit(Changed.ACCESS)
        if outcome.printed:
            self.succeed(self.tr("El sobre salió completo. Entréguelo cerrado al socio."))
            if self.file is not None:
                self.finished.emit(self.file.row.id)
            return
        self.say(Meaning.STOP, self._not_delivered(outcome))

    def _not_delivered(self, outcome: PrintOutcome) -> str:
        cause = {
            PrintState.UNREACHABLE: self.tr("La impresora no responde."),
            PrintState.CANCELLED: self.tr("La impresión se canceló."),
            PrintState.UNKNOWN: self.tr("No se supo si el papel salió; si está, destrúyalo."),
        }.get(outcome.state, self.tr("La impresora falló; si salió una hoja, destrúyala."))
        return self.tr(
            "{cause} Esa clave quedó anulada y anotada como no entregada. "
            "Revise la impresora y emita otra."
        ).format(cause=cause)

    def _told(self, sentence: str) -> None:
        self.say(Meaning.INFORMATION, sentence)
        self.ask_steps()
        self.changed.emit(Changed.ACCESS)

    # -- mail

    def _resend(self) -> None:
        if self.file is not None:
            self.ask(self._resent, credential.send_link, self.file.row.id)

    def _resent(self, _: None) -> None:
        self.succeed(self.tr("Un enlace nuevo está en la bandeja de salida; el anterior no sirve."))
        self.ask_steps()
        self.changed.emit(Changed.OUTBOX)
