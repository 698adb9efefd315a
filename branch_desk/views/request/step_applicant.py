"""Correcting what the applicant said; identity, paper and signature are then to be done again."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.enrolment import SigningRule
from branch_desk.models.errors import DomainError
from branch_desk.models.member import MemberKind
from branch_desk.operations.request import enrolment
from branch_desk.operations.request.application import Application, RepresentativeValues
from branch_desk.operations.request.enrolment_file import EnrolmentFile
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.fields import FoldedText, row
from branch_desk.views.kit.pieces import ActionRow, button, label
from branch_desk.views.kit.theme import GRID
from branch_desk.views.request.applicant_form import ApplicantForm
from branch_desk.views.request.representative_form import RepresentativeForm, RepresentativeList
from branch_desk.views.request.step import RequestScreen, StepPage

FIELD_WIDTH = 328


class ApplicantStep(StepPage):
    """The form of the request, filled with what stands in it."""

    name = "applicant"

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self._shown: tuple[UUID, int] | None = None
        self._place = -1
        self._filled: dict[str, object] = {}
        self.form = ApplicantForm()
        self.form.today = screen.station.today()
        self.user_name = FoldedText("user_name", rule="user_name", longest=30)
        self.user_name.setMaximumWidth(FIELD_WIDTH)
        self.signing_rule = QComboBox()
        self.signing_rule.setMaximumWidth(FIELD_WIDTH)
        self.signing_rule.setObjectName("signing_rule")
        for rule in SigningRule:
            self.signing_rule.addItem(wording.word(rule), rule)
        more = QFormLayout()
        more.setContentsMargins(0, 0, 0, 0)
        self._user_label = row(more, self.tr("&Usuario propuesto"), self.user_name)
        self._rule_label = row(more, self.tr("Regla de &firma"), self.signing_rule)
        self._more = more
        self.people = RepresentativeList()
        self.people.edit_asked.connect(self._edit_person)
        self.one = RepresentativeForm()
        self.one.today = screen.station.today()
        self.one.kept.connect(self._keep_person)
        self.one.left.connect(self._leave_person)
        self.call_primary(self.tr("Guardar dato&s"))
        self.primary.setObjectName("amend_save")
        self.primary.clicked.connect(self._save)
        back = button(self.tr("&Volver sin guardar"), name="amend_back")
        back.clicked.connect(self._back)
        self._lay_out(more, back)

    def _lay_out(self, more: QFormLayout, back: QPushButton) -> None:
        ground = QWidget()
        inside = QVBoxLayout(ground)
        inside.setContentsMargins(0, 0, GRID, 0)
        inside.setSpacing(GRID)
        inside.addWidget(label(self.tr("Datos de la solicitud"), "section"))
        inside.addWidget(
            label(
                self.tr("Al guardar hay que verificar la identidad otra vez e imprimir de nuevo."),
                "muted",
                wrap=True,
            )
        )
        inside.addWidget(self.form)
        inside.addLayout(more)
        inside.addWidget(self.people, 1)
        inside.addStretch(0)
        scroll = QScrollArea()
        scroll.setWidget(ground)
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName(self.tr("Datos de la solicitud"))
        whole = QWidget()
        tall = QVBoxLayout(whole)
        tall.setContentsMargins(0, 0, 0, 0)
        tall.addWidget(scroll, 1)
        tall.addWidget(ActionRow(self.primary, back))
        self.layers = QStackedWidget()
        self.layers.addWidget(whole)
        self.layers.addWidget(self.one)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.layers)

    def show_file(self, file: EnrolmentFile) -> None:
        """Show what stands in the request; what is being typed stays while that stays."""
        shown = (file.id, file.revision)
        if shown != self._shown:
            same = self._shown is not None and self._shown[0] == file.id
            typed = self._typed() if same else {}
            people = self.people.people if "people" in typed else None
            self._shown = shown
            self._fill(file.application)
            self._put_back(typed, people)
        self.primary.setEnabled(self.may_edit)

    def enter(self) -> None:
        """Begin with the first field."""
        self.layers.setCurrentIndex(0)
        self.form.document.setFocus()

    def forget(self) -> None:
        """Drop the data: they are a member's."""
        self._shown = None
        self._filled = {}
        self.form.clear()
        self.people.show_people(())
        self.user_name.clear()

    def field_of(self, error: DomainError) -> str | None:
        """Point to the card's number where the document itself is refused."""
        return "document_number_digits" if error.field == "document_number" else error.field

    def _content(self) -> dict[str, object]:
        return {
            **self.form.content(),
            "user_name": self.user_name.value(),
            "signing_rule": self.signing_rule.currentData(),
            "people": tuple(self.people.people),
        }

    def _typed(self) -> dict[str, object]:
        """Give what a person changed here since the page was filled and has not saved."""
        return {
            name: value for name, value in self._content().items() if value != self._filled[name]
        }

    def _put_back(
        self, typed: dict[str, object], people: list[RepresentativeValues] | None
    ) -> None:
        """Leave what was typed over what somebody else saved meanwhile (R19)."""
        if not typed:
            return
        self.form.show_content({**self.form.content(), **typed})
        if "user_name" in typed:
            self.user_name.set_value(str(typed["user_name"]))
        if "signing_rule" in typed:
            self.signing_rule.setCurrentIndex(self.signing_rule.findData(typed["signing_rule"]))
        if people is not None:
            self.people.show_people(people)

    def _fill(self, application: Application) -> None:
        values = application.values
        content: dict[str, object] = {
            name: formats.day(value) if isinstance(value, date) else value
            for name in values.__dataclass_fields__
            if (value := getattr(values, name)) is not None
        }
        self.form.show_content(content)
        company = values.kind is MemberKind.COMPANY
        self.user_name.set_value(application.user_name)
        if application.signing_rule is not None:
            self.signing_rule.setCurrentIndex(self.signing_rule.findData(application.signing_rule))
        self._more.setRowVisible(0, not company)
        self._more.setRowVisible(1, company)
        self.people.setVisible(company)
        self.people.show_people(application.representatives)
        self._filled = self._content()

    def _save(self) -> None:
        if not self.form.check() or not self.may_void():
            return
        before = self.file.application
        company = before.values.kind is MemberKind.COMPANY
        application = replace(
            before,
            values=self.form.applicant(),
            user_name="" if company else self.user_name.value(),
            signing_rule=SigningRule(self.signing_rule.currentData()) if company else None,
            representatives=tuple(self.people.people),
        )
        self.screen_.ask(self._saved, enrolment.amend, self.file.id, self.file.version, application)

    def _saved(self, nothing: object) -> None:
        self._shown = None  # what is saved is shown as it was saved
        self.screen_.changed_here(
            "identity", self.tr("Datos guardados. Verifique la identidad con ellos.")
        )

    def _back(self) -> None:
        self._fill(self.file.application)
        self.screen_.show_step("identity")

    def _edit_person(self, place: int) -> None:
        self._place = place
        self.one.show_values(self.people.people[place] if place >= 0 else None)
        self.layers.setCurrentIndex(1)

    def _keep_person(self, values: RepresentativeValues) -> None:
        self.people.keep(values, self._place)
        self._leave_person()

    def _leave_person(self) -> None:
        self.layers.setCurrentIndex(0)
