"""The supervisor's turn: what an officer sees of it while the request waits (F14)."""

from PySide6.QtWidgets import QVBoxLayout

from branch_desk.models.enrolment import Status
from branch_desk.models.staff import Role
from branch_desk.operations.request.enrolment_file import EnrolmentFile
from branch_desk.views.kit import formats
from branch_desk.views.kit.pieces import ActionRow, Flag, FlagList, button, card, label
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.request.step import RequestScreen, StepPage


class ApprovalStep(StepPage):
    """Waiting, approved, or sent back with its reason."""

    name = "approval"

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        frame, inside = card("approval_panel")
        inside.setSpacing(2 * GRID)
        inside.addWidget(label(self.tr("Autorización del supervisor"), "section"))
        self.state = FlagList(self.tr("Estado de la autorización"))
        inside.addWidget(self.state)
        self.what = label("", "muted", "approval_next", wrap=True)
        inside.addWidget(self.what)
        self.primary.clicked.connect(self._go)
        self.again = button(self.tr("&Actualizar"), name="approval_refresh", sign="refresh-cw")
        self.again.clicked.connect(screen.refresh)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(frame)
        column.addStretch(1)
        column.addWidget(ActionRow(self.primary, self.again))

    def show_file(self, file: EnrolmentFile) -> None:
        """Say whose turn it is."""
        flags = []
        opening = self.screen_.opening
        if opening is not None and opening.returned and file.status is not Status.APPROVED:
            reason, who, when = opening.returned
            flags.append(
                Flag(
                    self.tr("Devuelta antes por {who}, el {when}: {reason}").format(
                        who=who, when=formats.instant(when), reason=reason
                    )
                )
            )
        if file.status is Status.APPROVED:
            flags.append(Flag(self.tr("Autorizada."), Meaning.GOOD))
            self.what.setText(
                self.tr("El acceso está creado. Entregue ahora la clave inicial al socio.")
            )
        elif file.status is Status.SIGNED:
            flags.append(
                Flag(
                    self.tr("Espera a un supervisor que no haya intervenido en la solicitud."),
                    Meaning.INFORMATION,
                )
            )
            self.what.setText(
                self.tr(
                    "El supervisor la encuentra en Autorizaciones. Mientras tanto atienda a "
                    "otro socio: la solicitud vuelve a la lista cuando se decide."
                )
            )
        else:
            self.what.setText(self.tr("Llega aquí cuando la hoja firmada está archivada."))
        self.state.show_flags(flags)
        approved = file.status is Status.APPROVED
        supervisor = self.screen_.station.may(Role.SUPERVISOR)
        if approved:
            self.call_primary(self.tr("&Continuar a la clave"))
        elif supervisor:
            self.call_primary(self.tr("Abrir en a&utorizaciones"))
        else:
            self.call_primary(self.tr("&Volver a las solicitudes"))
        self.primary.setObjectName("approval_go")
        self.again.setVisible(not approved)

    def _go(self) -> None:
        if self.file.status is Status.APPROVED:
            self.screen_.show_step("credential")
        elif self.screen_.station.may(Role.SUPERVISOR):
            self.screen_.go.emit("approvals", self.file.id)
        else:
            self.screen_.go.emit("requests", None)
