"""A request that begins at the counter: the same form as on the web, filled in standing (F1, F2).

The document comes first: what the books know fills the rest when the officer says so. Every
keystroke is kept as a draft, so that a power cut or a lock loses nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPlainTextEdit,
    QRadioButton,
    QStackedWidget,
    QVBoxLayout,
)

from branch_desk.models.enrolment import SigningRule
from branch_desk.models.member import MemberKind
from branch_desk.operations.books import members
from branch_desk.operations.books.members import MemberRecord
from branch_desk.operations.request import drafts, enrolment
from branch_desk.operations.request.application import Application, RepresentativeValues
from branch_desk.operations.request.drafts import DraftView
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.fields import FoldedText, mark, row
from branch_desk.views.kit.pieces import ActionRow, button, card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed, View
from branch_desk.views.request.applicant_form import ApplicantForm, hide_empty_hint
from branch_desk.views.request.draft_bar import DraftBar
from branch_desk.views.request.record_card import RecordCard
from branch_desk.views.request.representative_form import (
    RepresentativeForm,
    RepresentativeList,
    from_draft,
    to_draft,
)

SUBJECT: Final = "new"
SAVE_MILLISECONDS: Final = 600
PROPOSE_MILLISECONDS: Final = 400
SIDE_WIDTH: Final = 336


class NewRequestView(View):
    """The form of a new request, persons and companies."""

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self._station = station
        self.person = QRadioButton(self.tr("P&ersona"))
        self.company = QRadioButton(self.tr("Empre&sa"))
        self.form = ApplicantForm()
        self.user_name = FoldedText("user_name", longest=30)
        self.signing_rule = QComboBox()
        self.signing_rule.setObjectName("signing_rule")
        self.representatives = RepresentativeList()
        self.representative = RepresentativeForm()
        self.record = RecordCard()
        self.draft_bar = DraftBar()
        self.terms_text = QPlainTextEdit()
        self.terms = QCheckBox()
        self.terms.setObjectName("terms_version")
        self.submit = button(self.tr("Crear so&licitud"), name="submit")
        self.empty = button(self.tr("Vaciar"), name="empty_form")
        self.saved = label("", "small", "draft_saved")
        self._version = ""
        self._editing = -1
        self._looked_up: tuple[object, str, str] | None = None
        self._proposed = ""
        self._draft: DraftView | None = None
        self._save = _timer(self, SAVE_MILLISECONDS, self._save_draft)
        self._propose_later = _timer(self, PROPOSE_MILLISECONDS, self._propose)
        self._pages = QStackedWidget()
        self._build()
        self._show_kind()

    # -- what the window calls

    def refresh(self) -> None:
        """Ask for the terms in force, and for a draft when nothing is typed yet."""
        self.form.today = self.representative.today = self._station.today()
        self.search(self._show_terms, enrolment.current_terms)
        if self._is_empty():
            self.search(self._offer_draft, drafts.load, SUBJECT)

    def come_to_front(self) -> None:
        """Begin with the document; offer the draft again to who comes back to an empty form."""
        super().come_to_front()
        if self._is_empty():
            self.form.document.setFocus()
        if self._is_empty() and self._version:
            self.refresh()

    def open(self, member_id: UUID) -> None:
        """Begin a request for a member of the books."""
        self.refresh()
        self.ask(self._begin_for, members.member, member_id)

    def forget(self) -> None:
        """Drop what is on the screen; the draft stays with who typed it, up to the last letter."""
        if self._save.isActive():
            self._save.stop()
            self._keep_draft(_nothing, _nothing)
        self._clear()

    # -- draft

    def _edited(self) -> None:
        if self._draft is not None:
            self._leave_draft_bar()
        if not self._save.isActive():
            self._save.start()

    def _save_draft(self) -> None:
        self._keep_draft(self._saved, self._failed_search)

    def _keep_draft(self, done: Callable[[Any], object], failed: Callable[[Any], object]) -> None:
        if self._is_empty():
            return
        self.background.ask(
            self,
            done,
            failed,
            self._station.desk,
            drafts.save,
            SUBJECT,
            self._content(),
        )

    def _saved(self, _: object) -> None:
        hour = formats.hour(self._station.now())
        self.saved.setText(self.tr("Borrador guardado a las {hour}").format(hour=hour))

    def _offer_draft(self, draft: DraftView | None) -> None:
        self._draft = draft if self._is_empty() else None
        self.draft_bar.setVisible(self._draft is not None)
        if self._draft is None:
            return
        self.draft_bar.show_draft(self._draft, self._station.now())

    def _resume_draft(self) -> None:
        draft = self._draft
        self._leave_draft_bar()
        if draft is None:
            return
        self._show_content(draft.content)
        self._look_up()
        self.form.document.setFocus()

    def _drop_draft(self) -> None:
        self._leave_draft_bar()
        self.ask(self._dropped, drafts.drop, SUBJECT)

    def _dropped(self, _: object) -> None:
        self.saved.setText("")
        self.form.document.setFocus()

    def _leave_draft_bar(self) -> None:
        self._draft = None
        self.draft_bar.hide()

    def _content(self) -> dict[str, object]:
        return {
            **self.form.content(),
            "user_name": self.user_name.text(),
            "signing_rule": str(self.signing_rule.currentData()),
            "representatives": [to_draft(each) for each in self.representatives.people],
        }

    def _show_content(self, content: Mapping[str, object]) -> None:
        self.form.show_content(content)
        self.user_name.set_value(str(content.get("user_name") or ""))
        at = self.signing_rule.findData(content.get("signing_rule"))
        self.signing_rule.setCurrentIndex(max(0, at))
        people: Any = content.get("representatives") or []
        self.representatives.show_people([from_draft(each) for each in people])
        self._show_kind()

    # -- the books

    def _look_up(self) -> None:
        wanted = self.form.document_now()
        if wanted is None or wanted == self._looked_up:
            return
        self._looked_up = wanted
        self.record.forget()
        kind, number, complement = wanted
        # Not `search`: that a record was looked at is itself recorded.
        self.background.ask(
            self,
            self._matched,
            self._failed_search,
            self._station.desk,
            members.member_match,
            kind,
            number,
            complement,
        )

    def _matched(self, record: MemberRecord | None) -> None:
        if self.form.document_now() == self._looked_up:
            self.record.show_record(record)

    def _use_record(self) -> None:
        if self.record.record is None:
            return
        self.form.show_record(self.record.record, whole=False)
        self._propose()
        self._edited()
        self.terms.setFocus()

    def _begin_for(self, record: MemberRecord) -> None:
        self._clear()
        self.form.show_record(record, whole=True)
        self._looked_up = self.form.document_now()
        self.record.show_record(record)
        self._show_kind()
        self._propose()
        self._edited()

    def _open_user(self, access_id: UUID) -> None:
        self.go.emit("access", access_id)

    # -- user name and terms

    def _propose(self) -> None:
        texts = self.form.texts
        first = texts["first_names"].text().strip()
        surname = texts["first_surname"].text().strip() or texts["second_surname"].text().strip()
        untouched = self.user_name.value() in ("", self._proposed)
        if first and surname and untouched and self.form.kind is MemberKind.PERSON:
            self.search(self._show_proposal, enrolment.propose_user_name, first, surname)

    def _show_proposal(self, name: str) -> None:
        if self.user_name.value() in ("", self._proposed):
            self._proposed = name
            self.user_name.set_value(name)
            mark(self.user_name, "")

    def _show_terms(self, terms: tuple[str, str]) -> None:
        version, text = terms
        if version != self._version:
            self.terms.setChecked(False)
        self._version = version
        self.terms_text.setPlainText(text)
        self.terms.setText(self.tr("Leyó &y acepta los términos {version}").format(version=version))

    # -- representatives

    def _edit_representative(self, place: int) -> None:
        self._editing = place
        known = self.representatives.people[place] if place >= 0 else None
        self._pages.setCurrentIndex(1)
        self._foot.setEnabled(False)
        self.representative.show_values(known)

    def _keep_representative(self, values: RepresentativeValues) -> None:
        self._leave_representative()
        self.representatives.keep(values, self._editing)
        self.representatives.setFocus()

    def _leave_representative(self) -> None:
        self._pages.setCurrentIndex(0)
        self._foot.setEnabled(True)
        self.representatives.setFocus()

    # -- submitting

    def _submit(self) -> None:
        if not self.form.check():
            self.say(Meaning.STOP, self.tr("Complete los datos marcados."))
            return
        if not mark(self.user_name, self.user_name.problem()):
            self.user_name.setFocus()
            return
        company = self.form.kind is MemberKind.COMPANY
        if company and not self.representatives.people:
            words = self.tr("Falta quien firma por la empresa. Agregue al menos un representante.")
            self.say(Meaning.STOP, words)
            self.representatives.setFocus()
            return
        if not self.terms.isChecked():
            words = self.tr("El socio todavía no aceptó los términos. Léalos con él y marque.")
            self.say(Meaning.STOP, words)
            self.terms.setFocus()
            return
        self._save.stop()
        application = Application(
            values=self.form.applicant(),
            terms_version=self._version,
            user_name="" if company else self.user_name.value(),
            signing_rule=SigningRule(self.signing_rule.currentData()) if company else None,
            representatives=tuple(self.representatives.people) if company else (),
        )
        self.ask(self._submitted, enrolment.submit, application)

    def _submitted(self, enrolment_id: UUID) -> None:
        self._clear()
        self.background.ask(
            self, _nothing, self._failed_search, self._station.desk, drafts.drop, SUBJECT
        )
        self.changed.emit(Changed.ENROLMENT)
        self.go.emit("enrolment", enrolment_id)

    def _empty_form(self) -> None:
        self._save.stop()
        self._clear()
        self.background.ask(
            self, self._dropped, self._failed_search, self._station.desk, drafts.drop, SUBJECT
        )

    # -- inside

    def _is_empty(self) -> bool:
        return self.form.is_empty and not self.representatives.people

    def _clear(self) -> None:
        self.form.clear()
        self.representatives.show_people(())
        self.user_name.set_value("")
        mark(self.user_name, "")
        self.terms.setChecked(False)
        self.record.forget()
        self.saved.setText("")
        self._looked_up = None
        self._proposed = ""
        self._leave_draft_bar()
        self.problem_bar.clear()
        self._pages.setCurrentIndex(0)
        self._foot.setEnabled(True)
        self._show_kind()

    def _kind_chosen(self) -> None:
        self.form.show_kind(MemberKind.COMPANY if self.company.isChecked() else MemberKind.PERSON)
        self.form.document.set_value(None)  # a person's number is no company's
        self.record.forget()
        self._looked_up = None
        self._show_kind()
        self._edited()

    def _show_kind(self) -> None:
        company = self.form.kind is MemberKind.COMPANY
        (self.company if company else self.person).setChecked(True)
        right = self.form.right
        right.setRowVisible(self._user_row, not company)
        right.setRowVisible(self._rule_row, company)
        for field in (self.user_name, self.signing_rule):
            hide_empty_hint(field)
        self.representatives.setVisible(company)

    def _user_typed(self) -> None:
        mark(self.user_name, self.user_name.problem())
        self._edited()

    def _build(self) -> None:
        for rule in SigningRule:
            self.signing_rule.addItem(wording.word(rule), rule)
        right = self.form.right
        self._user_row = right.rowCount()
        row(right, self.tr("Usuar&io"), self.user_name, self.tr("Propuesto; se puede cambiar"))
        self._rule_row = right.rowCount()
        row(right, self.tr("&Firma"), self.signing_rule)
        self.user_name.edited.connect(self._user_typed)
        self.signing_rule.activated.connect(self._edited)
        self._connect()
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Nuevo trámite"), "title"))
        head.addSpacing(3 * GRID)
        kinds = QButtonGroup(self)
        for each in (self.person, self.company):
            kinds.addButton(each)
            head.addWidget(each)
            each.clicked.connect(self._kind_chosen)
        head.addStretch(1)
        head.addWidget(self.saved)
        left, column = card("applicant_card")
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        column.addWidget(self.form)
        column.addWidget(self.representatives, 1)
        column.addStretch(0)
        second, other = card("representative_card")
        other.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        other.addWidget(self.representative)
        self._pages.addWidget(left)
        self._pages.addWidget(second)
        middle = QHBoxLayout()
        middle.setSpacing(2 * GRID)
        middle.addWidget(self._pages, 1)
        middle.addLayout(self._side())
        self._foot = ActionRow(self.submit, self.empty)
        whole = QVBoxLayout(self.body)
        whole.setContentsMargins(0, GRID, 0, 0)
        whole.setSpacing(GRID)
        whole.addLayout(head)
        whole.addWidget(self.draft_bar)
        whole.addLayout(middle, 1)
        whole.addWidget(self._foot)

    def _connect(self) -> None:
        self.form.edited.connect(self._edited)
        self.form.document_given.connect(self._look_up)
        self.form.names_given.connect(self._propose)
        self.form.edited.connect(self._propose_later.start)
        self.record.use_asked.connect(self._use_record)
        self.record.user_asked.connect(self._open_user)
        self.representatives.edit_asked.connect(self._edit_representative)
        self.representatives.changed.connect(self._edited)
        self.representative.kept.connect(self._keep_representative)
        self.representative.left.connect(self._leave_representative)
        self.draft_bar.resume.clicked.connect(self._resume_draft)
        self.draft_bar.discard.clicked.connect(self._drop_draft)
        self.submit.clicked.connect(self._submit)
        self.empty.clicked.connect(self._empty_form)

    def _side(self) -> QVBoxLayout:
        self.record.setFixedWidth(SIDE_WIDTH)
        ground, column = card("terms_card")
        ground.setFixedWidth(SIDE_WIDTH)
        self.terms_text.setReadOnly(True)
        self.terms_text.setTabChangesFocus(True)
        self.terms_text.setAccessibleName(self.tr("Términos del servicio"))
        column.addWidget(label(self.tr("Términos del servicio"), "muted"))
        column.addWidget(self.terms_text, 1)
        column.addWidget(self.terms)
        side = QVBoxLayout()
        side.setSpacing(2 * GRID)
        side.addWidget(self.record)
        side.addWidget(ground, 1)
        return side


def _timer(owner: View, milliseconds: int, do: Any) -> QTimer:  # noqa: ANN401  a slot
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(do)
    return timer


def _nothing(_: object) -> None:
    """Expect no answer."""
