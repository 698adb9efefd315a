"""What the authenticator doctor says to member and officer: the cause, and what to do now (F18)."""

from functools import cache

from PySide6.QtCore import QCoreApplication

from branch_desk.models.errors import CodeRefused
from branch_desk.models.totp import Cause, Diagnosis

translate = QCoreApplication.translate


@cache
def doctor_words() -> dict[Cause, str]:
    """Return a sentence for each cause, facts in braces."""
    return {
        Cause.MALFORMED: translate("Doctor", "El código tiene seis dígitos. Escríbalo otra vez."),
        Cause.ALREADY_USED: translate(
            "Doctor", "Ese código ya se usó. Espere a que cambie y escriba el siguiente."
        ),
        Cause.TYPED_LATE: translate(
            "Doctor",
            "Ese código ya había cambiado. Espere el siguiente y escríbalo apenas aparezca.",
        ),
        Cause.CLOCK_OFF: translate(
            "Doctor",
            "El reloj del celular está {direction} {minutes}. En Ajustes, Fecha y hora, active "
            "«Hora automática» y escriba el código nuevo.",
        ),
        Cause.OTHER_PERIOD: translate(
            "Doctor",
            "La aplicación cambia el código cada {period} segundos. Borre esta entrada en el "
            "celular y escanee el QR otra vez.",
        ),
        Cause.OLD_ENTRY: translate(
            "Doctor",
            "Ese código es de una entrada anterior. Borre en el celular la entrada vieja de "
            "CosmartNet y use la nueva.",
        ),
        Cause.UNKNOWN: translate(
            "Doctor",
            "Ese código no es de esta entrada. Compruebe que mira la de CosmartNet y espere el "
            "siguiente.",
        ),
    }


def remedy(diagnosis: Diagnosis) -> str:
    """Write a diagnosis as a sentence with its remedy."""
    minutes = diagnosis.minutes or 0
    words = doctor_words()[diagnosis.cause].format(
        direction=translate("Doctor", "adelantado")
        if minutes > 0
        else translate("Doctor", "atrasado"),
        minutes=_time(abs(minutes)),
        period=diagnosis.period or "",
    )
    if diagnosis.cause is Cause.CLOCK_OFF and diagnosis.period:
        words += " " + translate(
            "Doctor", "Además, la aplicación cambia el código cada {period} segundos."
        ).format(period=diagnosis.period)
    return words


def refused(error: CodeRefused) -> str:
    """Write what a refused code carries."""
    facts = error.facts
    cause = facts.get("diagnosis")
    minutes, period = facts.get("minutes"), facts.get("period")
    return remedy(
        Diagnosis(
            cause if isinstance(cause, Cause) else Cause.UNKNOWN,
            minutes if isinstance(minutes, int) else None,
            period if isinstance(period, int) else None,
        )
    )


def _time(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if hours:
        return translate("Doctor", "{hours} h {minutes} min").format(hours=hours, minutes=rest)
    if rest == 1:
        return translate("Doctor", "1 minuto")
    return translate("Doctor", "{minutes} minutos").format(minutes=rest)
