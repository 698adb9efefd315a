"""Which steps of a request are done, current, waiting or voided: derived, never stored."""

from typing import Final

from PySide6.QtCore import QCoreApplication

from branch_desk.models.enrolment import Status
from branch_desk.operations.request.enrolment_file import EnrolmentFile
from branch_desk.operations.users.first_steps import FirstAccessSteps, StepKind
from branch_desk.views.kit.steps_track import Progress, Step

translate = QCoreApplication.translate

STEPS: Final = (
    "identity",
    "accounts",
    "limits",
    "services",
    "form",
    "signature",
    "approval",
    "credential",
    "token",
)
_REACHED: Final = {
    Status.SUBMITTED: 0,
    Status.IDENTIFIED: 1,
    Status.CONFIGURED: 4,
    Status.PRINTED: 5,
    Status.SIGNED: 6,
    Status.APPROVED: 7,
}
"""How many steps are behind a request in this state."""

_OPEN_TOGETHER: Final = frozenset({"accounts", "limits", "services"})
"""Three pages of one set: whoever may enter one may enter all."""


def current_step(file: EnrolmentFile) -> str:
    """Name the step at which a request is to be continued."""
    form = file.valid_form
    if file.status is Status.PRINTED and form is not None and not form.came_out:
        return "form"  # made, and not yet on paper
    return STEPS[_REACHED.get(file.status, 0)]


def steps_of(file: EnrolmentFile, first: FirstAccessSteps | None = None) -> list[Step]:
    """Say of every step how far it is and whether one may go there; `first` knows the last two."""
    ended = file.status not in _REACHED
    at = current_step(file)
    reached = STEPS.index(at)
    if first is not None and file.status is Status.APPROVED:
        reached = _reached_with(first)
    voided = {"form", "signature"} if file.forms and file.valid_form is None else set()
    titles = _titles()
    steps = []
    for place, name in enumerate(STEPS):
        progress = Progress.WAITING
        if ended:
            progress = Progress.VOIDED if place else Progress.DONE
        elif place < reached:
            progress = Progress.DONE
        elif place == reached:
            progress = Progress.CURRENT
        elif name in voided:
            progress = Progress.VOIDED
        steps.append(
            Step(
                name,
                titles[name],
                progress,
                note=_note(file, name, progress),
                allowed=not ended and _allowed(file, name, place, reached),
            )
        )
    return steps


def _reached_with(first: FirstAccessSteps) -> int:
    handed = first.at(StepKind.CREDENTIAL_ISSUED) or first.at(StepKind.CREDENTIAL_USED)
    if first.at(StepKind.TOKEN_PROVED) is not None:
        return len(STEPS)
    return STEPS.index("token" if handed else "credential")


def _allowed(file: EnrolmentFile, name: str, place: int, reached: int) -> bool:
    if place <= reached:
        return True
    if name == "token":
        return file.status is Status.APPROVED
    if name == "signature":
        return file.valid_form is not None
    return name in _OPEN_TOGETHER and reached >= 1


def _note(file: EnrolmentFile, name: str, progress: Progress) -> str:
    if progress is Progress.VOIDED and name in {"form", "signature"}:
        return translate("RequestSteps", "anulado por un cambio")
    form = file.valid_form
    if name == "form" and form is not None:
        if not form.came_out:
            return translate("RequestSteps", "sin imprimir")
        return translate("RequestSteps", "revisión {revision}").format(revision=form.revision)
    return ""


def _titles() -> dict[str, str]:
    return {
        "identity": translate("RequestSteps", "Identidad"),
        "accounts": translate("RequestSteps", "Cuentas"),
        "limits": translate("RequestSteps", "Límites"),
        "services": translate("RequestSteps", "Servicios"),
        "form": translate("RequestSteps", "Formulario"),
        "signature": translate("RequestSteps", "Firma"),
        "approval": translate("RequestSteps", "Autorización"),
        "credential": translate("RequestSteps", "Clave"),
        "token": translate("RequestSteps", "Token"),
    }
