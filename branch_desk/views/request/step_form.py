"""The service form: made, looked at in the window, printed and followed to its end (F11, F12)."""

from uuid import UUID

from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.models.enrolment import Status
from branch_desk.operations.request import forms
from branch_desk.operations.request.enrolment_file import EnrolmentFile, FormView
from branch_desk.reports.paper import PageSize
from branch_desk.views.kit import formats
from branch_desk.views.kit.paper_preview import PaperPreview
from branch_desk.views.kit.pieces import ActionRow, button, card, label
from branch_desk.views.kit.printing_panel import PrintingPanel
from branch_desk.views.kit.theme import GRID
from branch_desk.views.request.step import RequestScreen, StepPage

PANEL_WIDTH = 270


class FormStep(StepPage):
    """Preview at the left, what to do with the paper at the right."""

    name = "form"

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self._shown: UUID | None = None
        self.preview = PaperPreview(
            "form_preview",
            self.tr("Todavía no hay formulario de esta revisión."),
            screen,
        )
        self.size_ = QComboBox()
        self.size_.setObjectName("page_size")
        self.size_.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.size_.addItem(self.tr("A4"), PageSize.A4)
        self.size_.addItem(self.tr("Oficio"), PageSize.OFICIO)
        self.primary.setObjectName("make_form")
        self.facts = label("", name="form_facts", wrap=True)
        self.warning = label(
            self.tr(
                "El papel vale mientras nada cambie: cualquier corrección de datos, cuentas, "
                "montos o servicios lo anula y hay que imprimir y firmar de nuevo."
            ),
            "small",
            wrap=True,
        )
        self.printing = PrintingPanel(screen, screen.station)
        self.printing.ended.connect(self._printed)
        self.printing.moved.connect(self._show_actions)
        self.again = button(self.tr("Imprimir otra c&opia"), name="print_again", sign="printer")
        self.again.clicked.connect(self.printing.print_form)
        self._make = QFormLayout()
        self._make.setContentsMargins(0, 0, 0, 0)
        self._make.addRow(self.tr("&Tamaño de hoja"), self.size_)
        self.make_part = QWidget()
        self.make_part.setLayout(self._make)
        frame, inside = card("form_panel")
        frame.setFixedWidth(PANEL_WIDTH)
        inside.addWidget(label(self.tr("Formulario del servicio"), "section"))
        inside.addWidget(self.facts)
        inside.addWidget(self.make_part)
        inside.addWidget(self.printing)
        inside.addWidget(self.warning)
        inside.addStretch(1)
        across = QHBoxLayout()
        across.setSpacing(2 * GRID)
        across.addWidget(self.preview, 1)
        across.addWidget(frame)
        self.primary.clicked.connect(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(across, 1)
        column.addWidget(ActionRow(self.primary, self.again))

    def show_file(self, file: EnrolmentFile) -> None:
        """Show the paper of the current revision, if there is one."""
        form = file.valid_form
        if form is None:
            voided = [each for each in file.forms if each.voided_at is not None]
            self.preview.clear(
                self.tr("El formulario anterior quedó anulado por un cambio. Haga el nuevo.")
                if voided
                else self.tr("Todavía no hay formulario. Elija la hoja y hágalo.")
            )
            self._shown = None
            self.facts.setText("")
        else:
            self.facts.setText(_facts(self, form))
        self.facts.setVisible(form is not None)
        self.make_part.setVisible(form is None)
        self.printing.setVisible(form is not None and file.status is not Status.APPROVED)
        self.printing.show_form(form.id if form else None, file.number)
        self._show_actions()

    def enter(self) -> None:
        """Draw the preview and look for printers."""
        form = self.file.valid_form
        if form is not None and form.id != self._shown:
            self._shown = form.id
            self.screen_.search(self.preview.show_pdf, forms.paper, form.id)
        if form is not None:
            self.printing.look_for_printers()

    def forget(self) -> None:
        """Drop the paper: it is a member's."""
        self._shown = None
        self.preview.clear()
        self.printing.show_form(None, "")

    # -- the one action there is now

    def _show_actions(self) -> None:
        file = self.screen_.file
        if file is None:
            return
        form = file.valid_form
        out = form is not None and form.came_out
        if form is None:
            words, name = self.tr("&Hacer el formulario"), "make_form"
            free = self.may_edit and file.status is Status.CONFIGURED
        elif not out:
            words, name = self.tr("Im&primir"), "print_form"
            free = self.may_edit and self.printing.can_print
        else:
            words, name = self.tr("&Continuar a la firma"), "to_signature"
            free = not self.printing.is_printing
        self.call_primary(words)
        self.primary.setObjectName(name)
        self.primary.setEnabled(free)
        self.again.setVisible(out and self.may_edit)
        self.again.setEnabled(self.printing.can_print)

    def _go(self) -> None:
        form = self.file.valid_form
        if form is None:
            self.screen_.perform(
                self._made,
                forms.make,
                self.screen_.station.desk,
                self.file.id,
                self.file.version,
                self.size_.currentData(),
            )
        elif not form.came_out:
            self.printing.print_form()
        else:
            self.screen_.show_step("signature")

    def _made(self, form_id: UUID) -> None:
        self.screen_.changed_here("form", self.tr("Formulario hecho. Revíselo e imprímalo."))

    def _printed(self, out: bool) -> None:  # noqa: FBT001  a signal's only argument
        self.screen_.changed_here("form", self.tr("Entregue las hojas para firmar.") if out else "")


def _facts(step: FormStep, form: FormView) -> str:
    if not form.came_out:
        out = step.tr("Todavía no salió en papel.")
    elif form.copies == 1:
        out = step.tr("Salió 1 vez.")
    else:
        out = step.tr("Se envió {copies} veces; las repetidas dicen «COPIA».")
    return step.tr("Revisión {revision}, hecha el {made}. {out}").format(
        revision=form.revision,
        made=formats.instant(form.made_at),
        out=out.format(copies=form.copies),
    )
