"""The Spanish word of every state, role and kind, by `Enum.MEMBER`."""

from functools import cache

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


@cache
def state_words() -> dict[str, str]:
    """Return the words, in the language of the window."""
    return {
        "Currency.BOB": translate("Word", "bolivianos"),
        "Currency.USD": translate("Word", "dólares"),
        "Role.OFFICER": translate("Word", "oficial"),
        "Role.SUPERVISOR": translate("Word", "supervisor"),
        "Role.AUDITOR": translate("Word", "auditor"),
        "Role.ADMINISTRATOR": translate("Word", "administrador"),
    }
