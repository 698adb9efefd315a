"""What the three pages of one set share: the same choices, one draft, one save (F8-F10)."""

from collections.abc import Mapping

from PySide6.QtWidgets import QPushButton

from branch_desk.models.enrolment import Status
from branch_desk.operations.request import configuration
from branch_desk.operations.request.enrolment_file import EnrolmentFile
from branch_desk.views.kit.pieces import button
from branch_desk.views.request.choices import Choices
from branch_desk.views.request.opening import CONFIGURATION
from branch_desk.views.request.step import RequestScreen, StepPage


class ChoiceStep(StepPage):
    """A page of the set: the primary action goes on, or saves on the last page."""

    drafted = CONFIGURATION
    next = ""
    """The page after this one; empty on the last."""

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self.primary.setObjectName(f"{self.name}_go")
        self.primary.clicked.connect(self._go)
        self.save = button(self.tr("&Guardar cambios"), name=f"{self.name}_save", sign="save")
        self.save.clicked.connect(self._save)
        if not self.next:
            self.save.hide()

    def others(self) -> list[QPushButton]:
        """Give the buttons left of the primary one."""
        return [self.save] if self.next else []

    def show_file(self, file: EnrolmentFile) -> None:
        """Show the choices of the request."""
        choices = self.screen_.choices
        if choices is not None and file.status is not Status.SUBMITTED:
            self.show_choices(choices)
        self._show_actions()

    def enter(self) -> None:
        """Show what the other pages changed meanwhile."""
        choices = self.screen_.choices
        if choices is not None:
            self.show_choices(choices)
        self._show_actions()

    def show_choices(self, choices: Choices) -> None:
        """Show the set on this page."""
        raise NotImplementedError  # for the heirs: Qt's metaclass and ABCMeta do not go together

    def problem(self) -> bool:
        """Mark what cannot stay so on this page; say whether there was any."""
        return False

    def content(self) -> Mapping[str, object]:
        """Give the whole set, for the draft."""
        choices = self.screen_.choices
        return choices.content() if choices is not None else {}

    def touched(self) -> None:
        """Note that a person changed something of the set."""
        if self.screen_.choices is not None:
            self.screen_.choices.touched = True
        self.keep_soon()
        self._show_actions()

    @property
    def chosen(self) -> Choices:
        """The choices; a page is shown only with them."""
        choices = self.screen_.choices
        if choices is None:
            raise LookupError("no request is open")
        return choices

    def _show_actions(self) -> None:
        file = self.screen_.file
        choices = self.screen_.choices
        if file is None or choices is None:
            return
        saved = file.status not in {Status.SUBMITTED, Status.IDENTIFIED}
        if self.next:
            self.call_primary(self.tr("&Continuar"))
            self.save.setVisible(saved and choices.touched and self.may_edit)
        elif saved and not choices.touched:
            self.call_primary(self.tr("&Continuar al formulario"))
        else:
            self.call_primary(self.tr("&Guardar lo elegido"))
            self.primary.setEnabled(self.may_edit)
        if not (saved and not choices.touched) and not self.next:
            return
        self.primary.setEnabled(True)

    def _go(self) -> None:
        if self.problem():
            return
        if self.next:
            self.screen_.show_step(self.next)
        elif self.chosen.touched or self.file.status is Status.IDENTIFIED:
            self._save()
        else:
            self.screen_.show_step("form")

    def _save(self) -> None:
        if self.problem() or not self.may_void():
            return
        self.screen_.ask(
            self._saved,
            configuration.configure,
            self.file.id,
            self.file.version,
            self.chosen.configuration(),
        )

    def _saved(self, nothing: object) -> None:
        self.chosen.touched = False
        self.drop_draft(
            lambda: self.screen_.changed_here(
                "form", self.tr("Cuentas, montos, servicios y canales guardados.")
            )
        )
