"""The card that says what a member who cannot enter needs (F21): three deeds, never mixed."""

from collections.abc import Mapping
from functools import cache

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from branch_desk.models.access import LockReason
from branch_desk.operations.users.unlock import Advice, Option, Remedy, Triage
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.pieces import StateChip, button, label
from branch_desk.views.kit.theme import GRID, Meaning

translate = QCoreApplication.translate

_CHIPS: Mapping[Advice, Meaning] = {
    Advice.FITS: Meaning.GOOD,
    Advice.IF_LOST: Meaning.INFORMATION,
    Advice.AFTER_UNLOCK: Meaning.ATTENTION,
    Advice.NOT_NEEDED: Meaning.NEUTRAL,
    Advice.IMPOSSIBLE: Meaning.STOP,
}


@cache
def advice_words() -> dict[Advice, str]:
    """Return the word of each advice."""
    return {
        Advice.FITS: translate("Triage", "Es lo que corresponde"),
        Advice.IF_LOST: translate("Triage", "Solo si lo perdió"),
        Advice.AFTER_UNLOCK: translate("Triage", "Después de desbloquear"),
        Advice.NOT_NEEDED: translate("Triage", "No hace falta"),
        Advice.IMPOSSIBLE: translate("Triage", "No se puede"),
    }


@cache
def reason_words() -> dict[tuple[Remedy, Advice], str]:
    """Return why a remedy fits or does not."""
    gone = translate("Triage", "El usuario está suspendido o cerrado.")
    return {
        (Remedy.UNLOCK, Advice.FITS): translate(
            "Triage",
            "Está bloqueado. Si recuerda su contraseña y tiene su celular, basta con esto.",
        ),
        (Remedy.UNLOCK, Advice.NOT_NEEDED): translate(
            "Triage", "No está bloqueado: desbloquear no cambiaría nada."
        ),
        (Remedy.NEW_CREDENTIAL, Advice.FITS): translate(
            "Triage", "Todavía no tiene contraseña: le falta su clave inicial."
        ),
        (Remedy.NEW_CREDENTIAL, Advice.IF_LOST): translate(
            "Triage", "Solo si olvidó su contraseña: elegirá otra con una clave nueva."
        ),
        (Remedy.NEW_CREDENTIAL, Advice.AFTER_UNLOCK): translate(
            "Triage", "Si además olvidó su contraseña, primero desbloquee y después emita la clave."
        ),
        (Remedy.NEW_TOKEN, Advice.FITS): translate(
            "Triage", "Tiene contraseña, pero su token no está probado."
        ),
        (Remedy.NEW_TOKEN, Advice.IF_LOST): translate(
            "Triage", "Solo si perdió o cambió su celular: el token de hoy deja de servir."
        ),
        (Remedy.NEW_TOKEN, Advice.AFTER_UNLOCK): translate(
            "Triage", "Si además perdió su celular, primero desbloquee y después cambie el token."
        ),
        **{(remedy, Advice.IMPOSSIBLE): gone for remedy in Remedy},
    }


@cache
def title_words() -> dict[Remedy, str]:
    """Return the name of each remedy."""
    return {
        Remedy.UNLOCK: translate("Triage", "Desbloquear"),
        Remedy.NEW_CREDENTIAL: translate("Triage", "Clave inicial nueva"),
        Remedy.NEW_TOKEN: translate("Triage", "Token nuevo"),
    }


@cache
def counter_words() -> dict[LockReason, str]:
    """Return what a lock came from, as the subject of a sentence."""
    return {
        LockReason.PASSWORD: translate("Triage", "tres contraseñas equivocadas seguidas"),
        LockReason.PIN: translate("Triage", "tres PIN de seguridad equivocados seguidos"),
        LockReason.CODE: translate("Triage", "cinco códigos de token equivocados seguidos"),
        LockReason.ANSWER: translate("Triage", "tres respuestas secretas equivocadas seguidas"),
    }


def why_locked(seen: Triage) -> str:
    """Say why, since when and from where a user is locked; or that it is not."""
    if not seen.locked or seen.lock_reason is None or seen.locked_at is None:
        return translate("Triage", "El usuario no está bloqueado. Estado: {state}.").format(
            state=wording.word(seen.status).lower()
        )
    return translate("Triage", "Bloqueado por {reason}, el {at}{place}.").format(
        reason=counter_words()[seen.lock_reason],
        at=formats.instant(seen.locked_at),
        place=_place(seen.locked_from),
    )


def _place(locked_from: str) -> str:
    channel, _, address = locked_from.partition(" ")
    words = {
        "WEB": translate("Triage", ", desde la web"),
        "MOBILE": translate("Triage", ", desde el celular"),
        "BRANCH": translate("Triage", ", en agencia"),
    }.get(channel, "")
    return f"{words} ({address})" if words and address else words


def history(seen: Triage) -> list[str]:
    """Tell of earlier unlocks and fresh changes, newest first."""
    told = [
        translate("Triage", "Desbloqueado el {at}{by}: {reason}").format(
            at=formats.instant(past.unlocked_at),
            by=translate("Triage", " por el propio socio") if past.by_member else "",
            reason=past.reason or counter_words()[past.lock_reason],
        )
        for past in seen.unlocks
    ]
    if seen.contact_changed_at is not None:
        told.append(
            translate("Triage", "Su celular o correo cambió el {at}.").format(
                at=formats.instant(seen.contact_changed_at)
            )
        )
    return told


class RemedyCard(QFrame):
    """One remedy: how far it fits, why, and its own button."""

    def __init__(self, remedy: Remedy, go: QPushButton) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setObjectName(f"remedy_{remedy.lower()}")
        self.remedy = remedy
        self.go = go
        self.chip = StateChip()
        self.why = label("", name=f"why_{remedy.lower()}", wrap=True)
        self.supervisor = label("", "wrong", wrap=True)
        top = QHBoxLayout()
        top.addWidget(label(title_words()[remedy], "section"), 1)
        top.addWidget(self.chip)
        foot = QHBoxLayout()
        foot.addWidget(self.supervisor, 1)
        foot.addWidget(go)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(top)
        column.addWidget(self.why)
        column.addLayout(foot)

    def show_option(self, option: Option) -> None:
        """Show how far the remedy fits."""
        self.chip.show_state(advice_words()[option.advice], _CHIPS[option.advice])
        self.why.setText(reason_words()[option.remedy, option.advice])
        self.supervisor.setText(
            translate("Triage", "Interviene un supervisor: {reason}.").format(
                reason=wording.reason(option.supervisor)
            )
            if option.supervisor
            else ""
        )
        self.go.setEnabled(option.advice in (Advice.FITS, Advice.IF_LOST))


class TriageCards(QWidget):
    """The three remedies; `chosen` carries the one whose button was pressed."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        verbs = {
            Remedy.UNLOCK: button(self.tr("Ir a &desbloquear"), name="go_unlock"),
            Remedy.NEW_CREDENTIAL: button(self.tr("Ir a la &clave"), name="go_credential"),
            Remedy.NEW_TOKEN: button(self.tr("Ir al &token"), name="go_token"),
        }
        self.cards = {remedy: RemedyCard(remedy, go) for remedy, go in verbs.items()}
        for each in self.cards.values():
            column.addWidget(each)
            each.go.clicked.connect(self._choose)

    def show_triage(self, seen: Triage) -> None:
        """Show what fits a user."""
        for remedy, each in self.cards.items():
            each.show_option(seen.option(remedy))

    def _choose(self) -> None:
        for remedy, each in self.cards.items():
            if each.go is self.sender():
                self.chosen.emit(remedy)
