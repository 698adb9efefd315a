"""What was begun and not finished: offered again, to be continued or thrown away (F2)."""

from datetime import datetime

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from branch_desk.operations.request.drafts import DraftView
from branch_desk.views.kit import formats
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.kit.theme import GRID


class DraftBar(QFrame):
    """One line above the empty form; hidden while there is no draft."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("draft_bar")
        self.setProperty("kind", "card")
        self.words = label("", name="draft_words")
        self.resume = button(self.tr("Continuar el &borrador"), "primary", "resume_draft")
        self.discard = button(self.tr("Descartar"), name="discard_draft")
        line = QHBoxLayout(self)
        line.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        line.addWidget(self.words, 1)
        line.addWidget(self.discard)
        line.addWidget(self.resume)
        self.hide()

    def show_draft(self, draft: DraftView, now: datetime) -> None:
        """Say how old it is and whom it is about."""
        said = draft.content
        name = f"{said.get('first_names') or ''} {said.get('first_surname') or ''}".strip()
        whom = name or said.get("company_name") or said.get("document_number") or "—"
        self.words.setText(
            self.tr("Hay un borrador de hace {age}: {whom}").format(
                age=formats.span(now - draft.saved_at), whom=whom
            )
        )
        self.resume.setFocus()
