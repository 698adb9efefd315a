"""The identity check at the counter: read the card, tick what was looked at, explain (F4, F5)."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.enrolment import Status
from branch_desk.models.errors import DomainError, InvalidValue
from branch_desk.models.identity import CheckPoint
from branch_desk.models.member import MemberKind
from branch_desk.models.staff import Role
from branch_desk.operations.request import identity
from branch_desk.operations.request.enrolment_file import EnrolmentFile
from branch_desk.operations.request.identity import CardReading, CardState
from branch_desk.views.kit.paper_preview import PaperPreview
from branch_desk.views.kit.pieces import ActionRow, Flag, FlagList, button, label
from branch_desk.views.kit.scan import ScanBox
from branch_desk.views.kit.theme import GRID
from branch_desk.views.request.card_images import CardImages, Powers
from branch_desk.views.request.card_sentences import (
    card_flag,
    duplicate_flags,
    no_member_flag,
    power_flags,
)
from branch_desk.views.request.check_list import CardExceptionPanel, CheckList
from branch_desk.views.request.comparison_table import ComparisonTable
from branch_desk.views.request.opening import IDENTITY
from branch_desk.views.request.step import RequestScreen, StepPage

SIDE_WIDTH = 276


class IdentityStep(StepPage):
    """Three columns at the left; pictures, check list and the card's date at the right."""

    name = "identity"
    drafted = IDENTITY

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self._shown: tuple[UUID, int, bool] | None = None
        self._code: str | None = None
        self.flags = FlagList(self.tr("Avisos de la identidad"))
        self.table = ComparisonTable()
        self.table.edited.connect(self._edited)
        self.same = button(
            self.tr("La cédula dice lo &mismo que el registro"), "link", "same_as_record", "check"
        )
        self.same.clicked.connect(self.table.take_over_records)
        self.images = CardImages(screen, self._filed)
        self.images.enlarged.connect(self._enlarge)
        self.images.code_read.connect(self._code_read)
        self.powers = Powers(screen, self._filed)
        self.powers.enlarged.connect(self._enlarge)
        self.code = ScanBox("card_code")
        self.code.setAccessibleName(self.tr("Código QR de la cédula"))
        self.code.setPlaceholderText(self.tr("QR de la cédula: escanéelo aquí"))
        self.code.scanned.connect(self._code_read)
        self.points = CheckList()
        self.points.edited.connect(self.keep_soon)
        self.exception = CardExceptionPanel()
        self.exception.granted.connect(self._except)
        self.call_primary(self.tr("Identidad &verificada"))
        self.primary.setObjectName("identify")
        self.primary.clicked.connect(self._identify)
        self.amend = button(self.tr("Corregir &datos de la solicitud"), name="amend", sign="pencil")
        self.amend.clicked.connect(lambda: self.screen_.show_step("applicant"))
        self._lay_out()

    def _lay_out(self) -> None:
        left = QWidget()
        left_column = QVBoxLayout(left)
        left_column.setContentsMargins(GRID, GRID, 0, GRID)
        left_column.addWidget(self.flags)
        left_column.addWidget(self.table)
        left_column.addWidget(self.same, 0, Qt.AlignmentFlag.AlignRight)
        left_column.addStretch(1)
        frame = QFrame()
        frame.setProperty("kind", "card")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(_scrolled(left, self.tr("Comparación de datos")))
        right = QWidget()
        right_column = QVBoxLayout(right)
        right_column.setContentsMargins(0, 0, GRID, 0)
        right_column.setSpacing(GRID)
        for part in (self.images, self.code, self.powers):
            right_column.addWidget(part)
        right_column.addWidget(label(self.tr("Lista de verificación"), "section"))
        right_column.addWidget(self.points)
        right_column.addWidget(self.exception)
        right_column.addStretch(1)
        side = _scrolled(right, self.tr("Imágenes y lista de verificación"))
        side.setFixedWidth(SIDE_WIDTH)
        across = QHBoxLayout()
        across.setSpacing(2 * GRID)
        across.addWidget(frame, 1)
        across.addWidget(side)
        check = QWidget()
        column = QVBoxLayout(check)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(across, 1)
        column.addWidget(ActionRow(self.primary, self.amend))
        self.layers = QStackedWidget()
        self.layers.addWidget(check)
        self.layers.addWidget(self._large())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.layers)

    def _large(self) -> QWidget:
        self.large = PaperPreview("card_large", "", self.screen_)
        self.large_title = label("", "section")
        back = button(self.tr("&Volver a la verificación"), name="large_back", sign="arrow-left")
        back.clicked.connect(self._close_large)
        ground = QWidget()
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.large_title)
        column.addWidget(self.large, 1)
        column.addWidget(back, 0, Qt.AlignmentFlag.AlignRight)
        return ground

    # -- showing

    def show_file(self, file: EnrolmentFile) -> None:
        """Show the comparison; what is being typed stays while the data stay."""
        opening = self.screen_.opening
        if opening is None:
            return
        shown = (file.id, file.revision, opening.identity.member_known)
        if shown != self._shown:
            self._shown = shown
            self._fill(opening.identity, opening.drafts.get(IDENTITY))
        company = file.application.values.kind is MemberKind.COMPANY
        edit = self.may_edit
        self.images.show_attachments(file.attachments, may_edit=edit)
        self.powers.show_attachments(file.attachments, may_edit=edit)
        self.powers.setVisible(company)
        self.code.setVisible(not company)
        self.points.name_document(company=company)
        self.same.setText(
            self.tr("El documento dice lo &mismo que el registro")
            if company
            else self.tr("La cédula dice lo &mismo que el registro")
        )
        self.table.set_editable(editable=edit)
        self.points.set_editable(editable=edit)
        self.same.setVisible(edit and opening.identity.member_known)
        self.code.setEnabled(edit)
        self.amend.setVisible(edit)
        self.primary.setEnabled(edit and opening.identity.member_known)
        done = file.status is not Status.SUBMITTED
        self.call_primary(
            self.tr("&Verificar de nuevo") if done else self.tr("Identidad &verificada")
        )
        self._show_flags()

    def enter(self) -> None:
        """Read the filed pictures."""
        self.images.load()

    def forget(self) -> None:
        """Drop everything: it is a member's."""
        self._shown = None
        self._code = None
        self.table.show_rows((), member_known=True)
        self.flags.show_flags([])
        self.images.forget()
        self.large.clear()
        self.layers.setCurrentIndex(0)

    def take_file(self, data: bytes) -> bool:
        """File a dropped picture of the card, or a company's power when it is a PDF."""
        if not self.may_edit:
            return False
        if data.startswith(b"%PDF-"):
            if self.file.application.values.kind is not MemberKind.COMPANY:
                return False
            self.powers.file_power(data)
        else:
            self.images.file_picture(data)
        return True

    def take_scan(self, text: str) -> bool:
        """Take the card's QR from a scanner that types."""
        wanted = self.may_edit and not self.code.isHidden()
        if wanted:
            self._code_read(text)
        return wanted

    def content(self) -> Mapping[str, object]:
        """Give what was typed and ticked. The QR's text is not kept: only its hash ever is."""
        ticked = sorted(point.name for point in self.points.ticked)
        return {**self.table.content(), "points": ticked}

    def _fill(self, view: identity.IdentityView, draft: Mapping[str, Any] | None) -> None:
        self.table.show_rows(view.rows, member_known=view.member_known)
        self._code = None
        self._show_code()
        if draft is not None:
            self.table.restore(draft["card"], draft["reasons"], indefinite=draft["indefinite"])
        else:
            card = {row.field: row.card for row in view.rows}
            known = any(card.values())
            self.table.restore(
                card,
                {row.field: row.reason for row in view.rows},
                indefinite=known and not card.get("document_expiry", ""),
            )
        names = set(draft["points"]) if draft else {p.name for p in CheckPoint if view.checked}
        self.points.tick(frozenset(point for point in CheckPoint if point.name in names))

    def _edited(self) -> None:
        self._show_flags()
        self.keep_soon()

    def _show_flags(self) -> None:
        opening = self.screen_.opening
        if opening is None:
            return
        flags: list[Flag] = []
        values = opening.file.application.values
        if not opening.identity.member_known:
            flags.append(no_member_flag(opening.file.document))
        state = self._card_state()
        company = values.kind is MemberKind.COMPANY
        if company:
            flags += power_flags(opening.file.representatives, self.screen_.station.today())
        expiry = self._expiry()
        excepted = opening.identity.exception and expiry == values.document_expiry
        if state is not None and not company:
            flag = card_flag(state, expiry, excepted=excepted)
            if flag is not None:
                flags.append(flag)
        flags += duplicate_flags(opening.duplicates)
        count = len(self.table.differing())
        if count:
            flags.append(
                Flag(
                    self.tr(
                        "Hay {count} datos que no coinciden: escriba el motivo de cada uno."
                    ).format(count=count)
                    if count > 1
                    else self.tr("Un dato no coincide: escriba el motivo debajo de él.")
                )
            )
        self.flags.show_flags(flags)
        self.flags.setVisible(bool(flags))
        good = (
            company
            or excepted
            or state
            in {
                CardState.VALID,
                CardState.EXPIRES_SOON,
                CardState.INDEFINITE,
            }
        )
        self.points.judge(in_force=bool(good))
        stuck = state is CardState.EXPIRED and not excepted and not company
        grant = stuck and self.may_edit and self.screen_.station.may(Role.SUPERVISOR)
        self.exception.setVisible(grant)

    def _expiry(self) -> date | None:
        cell = self.table.cells.get("document_expiry")
        try:
            return date.fromisoformat(cell.value()) if cell and cell.value() else None
        except ValueError:
            return None

    def _card_state(self) -> CardState | None:
        """Judge the card's date as it is typed; None while there is nothing to judge."""
        cell = self.table.cells.get("document_expiry")
        if cell is None or not cell.answered:
            return None
        if cell.value() and self._expiry() is None:
            return None
        birth = self.file.application.values.birth_date
        return identity.card_state(self._expiry(), birth, self.screen_.station.today())

    # -- deeds

    def _identify(self) -> None:
        problem = self._unread()
        if problem is not None:
            self.screen_.show_problem(problem)
            return
        if not self.may_void():
            return
        reading = CardReading(
            points=self.points.ticked,
            card=self.table.reading(),
            reasons=self.table.explanations(),
            card_code=self._code,
        )
        self.screen_.ask(
            self._identified, identity.identify, self.file.id, self.file.version, reading
        )

    def _unread(self) -> DomainError | None:
        """Refuse a card that was not read: an empty expiry would pass for «indefinida»."""
        for name in ("document_number", "document_expiry"):
            cell = self.table.cells.get(name)
            if cell is not None and not cell.answered:
                return InvalidValue(field=f"card_{name}", reason="missing")
        return None

    def _identified(self, nothing: object) -> None:
        self.drop_draft(
            lambda: self.screen_.changed_here("accounts", self.tr("Identidad verificada."))
        )

    def _except(self, reason: str) -> None:
        self.screen_.ask(self._excepted, identity.except_card, self.file.id, reason)

    def _excepted(self, nothing: object) -> None:
        self.exception.reason.set_value("")
        self.screen_.changed_here("identity", self.tr("Excepción concedida para esta cédula."))

    def _filed(self) -> None:
        self.screen_.changed_here("identity", self.tr("Documento archivado."))

    def _code_read(self, text: str) -> None:
        self._code = text
        self._show_code()

    def _show_code(self) -> None:
        self.code.setText("")
        self.code.setPlaceholderText(
            self.tr("QR de la cédula: leído ✓")
            if self._code
            else self.tr("QR de la cédula: escanéelo aquí")
        )

    def _enlarge(self, title: str, media_type: str, data: bytes) -> None:
        self.large_title.setText(title)
        self.large.show_picture(data, media_type)
        self.layers.setCurrentIndex(1)
        self.large.area.setFocus()

    def _close_large(self) -> None:
        self.large.clear()
        self.layers.setCurrentIndex(0)


def _scrolled(ground: QWidget, name: str) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(ground)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    area.setAccessibleName(name)
    return area
