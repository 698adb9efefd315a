"""One e-banking user: what it may do, its first access, its token, its mails, and its end (F24)."""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QScrollArea, QTabWidget, QVBoxLayout

from branch_desk.models.access import AccessStatus
from branch_desk.models.outbox import MailStatus
from branch_desk.models.staff import Role
from branch_desk.operations.house import outbox
from branch_desk.operations.house.outbox import MailRow
from branch_desk.operations.users import access
from branch_desk.operations.users.access_file import AccessFile
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.fields import FoldedText, row
from branch_desk.views.kit.pieces import HeaderCard, button, card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed, View
from branch_desk.views.users.limits_panel import LimitsPanel
from branch_desk.views.users.step_credential import CredentialStep
from branch_desk.views.users.step_token import TokenStep

translate = QCoreApplication.translate

_MEANINGS = {
    AccessStatus.INVITED: Meaning.INFORMATION,
    AccessStatus.ENROLLING: Meaning.INFORMATION,
    AccessStatus.ACTIVE: Meaning.GOOD,
    AccessStatus.SUSPENDED: Meaning.STOP,
    AccessStatus.CLOSED: Meaning.NEUTRAL,
}
_MAILS = {MailStatus.SENT: Meaning.GOOD, MailStatus.FAILED: Meaning.STOP}


@cache
def template_words() -> dict[str, str]:
    """Return what each mail is about."""
    return {
        "registered": translate("Mail", "Solicitud recibida"),
        "set_password": translate("Mail", "Establecer contraseña"),
        "new_credential": translate("Mail", "Clave inicial nueva"),
        "new_token": translate("Mail", "Token cambiado"),
        "unlocked": translate("Mail", "Su usuario ha sido desbloqueado"),
        "password_changed": translate("Mail", "Contraseña cambiada"),
        "pin_changed": translate("Mail", "PIN cambiado"),
        "image_changed": translate("Mail", "Imagen de seguridad cambiada"),
        "question_changed": translate("Mail", "Pregunta secreta cambiada"),
        "contact_changed": translate("Mail", "Correo o celular cambiado"),
        "beneficiary_added": translate("Mail", "Beneficiario registrado"),
        "signature_wanted": translate("Mail", "Operación que espera su firma"),
        "schedule_failed": translate("Mail", "Pago agendado que no se hizo"),
        "operation_returned": translate("Mail", "Dinero devuelto a su cuenta"),
        "suspended": translate("Mail", "Usuario suspendido"),
        "resumed": translate("Mail", "Usuario reanudado"),
        "closed": translate("Mail", "Usuario cerrado"),
    }


class AccessFileView(View):
    """Everything about one user; each deed that changes it has its own place."""

    cares_about = frozenset({Changed.ACCESS, Changed.OUTBOX})

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.station = station
        self.file: AccessFile | None = None
        self._id: UUID | None = None
        self.header = HeaderCard()
        self.tabs = QTabWidget()
        self.tabs.setObjectName("user_tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Partes del usuario"))
        self.credential, self.token = CredentialStep(station), TokenStep(station)
        self.tabs.addTab(self._build_facts(), self.tr("Lo que puede hacer"))
        if station.may(Role.OFFICER, Role.SUPERVISOR):
            self.tabs.addTab(self.credential, self.tr("Clave inicial"))
            self.tabs.addTab(self.token, self.tr("Token"))
        self.tabs.addTab(self._build_mails(), self.tr("Correos"))
        for step in (self.credential, self.token):
            step.changed.connect(self.changed)
            step.go.connect(self.go)
            step.turned_away.connect(self.turned_away)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.header)
        column.addWidget(self.tabs, 1)
        column.addWidget(self._build_deeds())

    # -- building

    def _build_facts(self) -> QScrollArea:
        self.facts = QScrollArea()
        self.facts.setWidgetResizable(True)
        self.facts.setAccessibleName(self.tr("Lo que puede hacer"))
        return self.facts

    def _build_mails(self) -> PagedTable[MailRow]:
        self.mails = PagedTable[MailRow](
            "mails",
            self.tr("Correos enviados a este usuario"),
            [
                Column("at", self.tr("Cuándo"), lambda m: formats.instant(m.created_at), width=150),
                Column(
                    "template",
                    self.tr("Correo"),
                    lambda m: template_words().get(m.template, m.template),
                    width=260,
                ),
                Column("to", self.tr("Para"), lambda m: m.recipient, width=220),
                Column(
                    "state",
                    self.tr("Estado"),
                    lambda m: wording.word(m.status),
                    width=160,
                    meaning=lambda m: _MAILS.get(m.status, Meaning.INFORMATION),
                ),
                Column("answer", self.tr("Respuesta"), lambda m: m.answer, width=260),
            ],
            key=lambda m: m.id,
            empty=self.tr("Ningún correo todavía."),
            settings=self.station.look,
        )
        return self.mails

    def _build_deeds(self) -> QFrame:
        self.deeds, column = card("deeds")
        line = QHBoxLayout()
        line.setSpacing(GRID)
        form = QFormLayout()
        self.reason = FoldedText("reason", longest=300)
        row(form, self.tr("Mo&tivo"), self.reason)
        line.addLayout(form, 1)
        self.unlock = button(self.tr("&Desbloquear o ayudar"), name="help", sign="lock-open")
        self.suspend = button(self.tr("&Suspender"), "stop", "suspend")
        self.resume = button(self.tr("Rea&nudar"), name="resume")
        self.close_user = button(self.tr("Cerr&ar usuario"), "stop", "close_user")
        self.unlock.clicked.connect(self._help)
        self.suspend.clicked.connect(self._suspend)
        self.resume.clicked.connect(self._resume_user)
        self.close_user.clicked.connect(self._close)
        for each in (self.unlock, self.suspend, self.resume, self.close_user):
            line.addWidget(each)
        column.addLayout(line)
        if not self.station.may(Role.OFFICER, Role.SUPERVISOR):
            self.deeds.hide()
        return self.deeds

    # -- reading

    def open(self, access_id: UUID) -> None:
        """Open a user; the look is recorded."""
        self._id = access_id
        self.reason.set_value("")
        self.tabs.setCurrentIndex(0)
        self.refresh()

    def refresh(self) -> None:
        """Look anew."""
        if self._id is not None:
            self.search(self._show, access.file, self._id)
            self.search(self._show_mails, outbox.for_subject, self._id)

    def forget(self) -> None:
        """Show nobody."""
        self._id = self.file = None
        self.header.forget()
        self.facts.setWidget(QFrame())
        self.mails.show_rows([])
        self.credential.forget()
        self.token.forget()

    def _show_mails(self, mails: tuple[MailRow, ...]) -> None:
        self.mails.show_rows(mails)

    def _show(self, file: AccessFile) -> None:
        self.file = file
        who = file.row
        self.header.show_person(
            who.person_name,
            [
                (self.tr("Usuario"), who.user_name),
                (self.tr("Documento"), who.document),
                (
                    self.tr("Socio"),
                    f"{who.member_number} {who.member_name if who.is_company else ''}".strip(),
                ),
                (self.tr("Celular"), file.mobile),
                (self.tr("Correo"), file.email),
            ],
            self.tr("Bloqueado") if who.locked else wording.word(who.status),
            Meaning.STOP if who.locked else _MEANINGS[who.status],
        )
        self.facts.setWidget(self._facts_of(file))
        for step in (self.credential, self.token):
            step.show_files((file,))
        supervisor = self.station.may(Role.SUPERVISOR)
        self.suspend.setEnabled(who.status is AccessStatus.ACTIVE)
        self.resume.setEnabled(supervisor and who.status is AccessStatus.SUSPENDED)
        self.close_user.setEnabled(supervisor and who.status is not AccessStatus.CLOSED)

    def _facts_of(self, file: AccessFile) -> QFrame:
        frame, column = card("access_facts")
        form = QFormLayout()
        form.setVerticalSpacing(GRID)
        channels = [
            name
            for name, may in ((self.tr("web"), file.by_web), (self.tr("móvil"), file.by_mobile))
            if may
        ]
        accounts = "\n".join(
            self.tr("{number} · {kind} {currency} · {rights}").format(
                number=formats.groups(each.number),
                kind=wording.word(each.kind),
                currency=each.currency.symbol,
                rights=self.tr("consulta y débito") if each.debit else self.tr("solo consulta"),
            )
            for each in file.accounts
        )
        since = formats.instant(file.active_since) if file.active_since else self.tr("todavía no")
        for name, value in (
            (self.tr("Activo desde"), since),
            (self.tr("Canales"), ", ".join(channels)),
            (self.tr("Firman"), wording.word(file.signing_rule) if file.signing_rule else ""),
            (self.tr("Cuentas"), accounts),
            (self.tr("Servicios"), ", ".join(file.billers)),
        ):
            if value:
                form.addRow(label(name, "muted"), label(value, wrap=True))
        if file.limits:
            limits = LimitsPanel(file.limits, self.station.now())
            form.addRow(label(self.tr("Montos máximos"), "muted"), limits)
        column.addLayout(form)
        column.addStretch(1)
        return frame

    # -- deeds

    def _help(self) -> None:
        if self._id is not None:
            self.go.emit("unlocks", self._id)

    def _suspend(self) -> None:
        self._do(
            access.suspend,
            self.tr("Suspender a este usuario"),
            self.tr("Deja de poder ingresar y operar ahora mismo. Un supervisor puede reanudarlo."),
            self.tr("&Suspender"),
        )

    def _resume_user(self) -> None:
        self._do(
            access.resume,
            self.tr("Reanudar a este usuario"),
            self.tr("Vuelve a ingresar con su contraseña y su token de antes."),
            self.tr("&Reanudar"),
        )

    def _close(self) -> None:
        self._do(
            access.close,
            self.tr("Cerrar este usuario para siempre"),
            self.tr("Su contraseña, su token y sus enlaces dejan de servir; no se puede deshacer."),
            self.tr("&Cerrar usuario"),
        )

    def _do(
        self, deed: Callable[[Any, UUID, str], None], title: str, words: str, verb: str
    ) -> None:
        if self._id is not None and Confirmation.ask(
            self, title, words, verb, meaning=Meaning.STOP
        ):
            self.ask(self._done, deed, self._id, self.reason.value())

    def _done(self, _: None) -> None:
        self.reason.set_value("")
        self.succeed(self.tr("Hecho. El socio recibirá un correo."))
        self.refresh()
        for kind in (Changed.ACCESS, Changed.OUTBOX):
            self.changed.emit(kind)
