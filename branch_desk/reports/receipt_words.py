"""What a receipt calls a member's operation and its state, by the words of the model."""

from typing import Final

KINDS: Final = {
    "OWN": "Transferencia entre cuentas propias",
    "THIRD_PARTY": "Transferencia a terceros",
    "OTHER_BANK": "Transferencia a otro banco",
    "LOAN": "Pago de préstamo",
    "BILL": "Pago de servicio",
    "TOP_UP": "Recarga de prepago",
}

STATES: Final = {
    "DONE": ("Realizada", ""),
    "RECEIVED": ("Recibida", "Se debitó de la cuenta. Saldrá al otro banco en el lote de su día."),
    "BATCHED": ("En lote", "Está en el lote de su día, que todavía no se envió."),
    "SENT": ("Enviada", "El lote se envió. Falta la respuesta del otro banco."),
    "CREDITED": ("Abonada", "El otro banco la abonó."),
    "REJECTED": ("Devuelta", "El otro banco no la aceptó. El dinero volvió a la cuenta."),
    "ACCEPTED": ("Recibida", "Se debitó de la cuenta. Falta la confirmación de la empresa."),
    "CONFIRMED": ("Confirmada", "La empresa confirmó el pago."),
    "FAILED": ("Devuelta", "La empresa no aceptó el pago. El dinero volvió a la cuenta."),
}
"""Word and sentence. States in which no money moved have none: they have no receipt."""

CHANNELS: Final = {"BRANCH": "Agencia", "WEB": "Web", "MOBILE": "Móvil"}

ACCOUNTS: Final = {
    "CA": "Caja de ahorro",
    "CC": "Cuenta corriente",
    "DPF": "Depósito a plazo fijo",
    "PR": "Préstamo",
}


def masked(number: str) -> str:
    """Show an account by its last four digits: «•••• 0030»."""
    return f"•••• {number[-4:]}"


def initials(name: str) -> str:
    """Show a person by the first letters: «A. M. M. R.», for eyes that need not know more."""
    letters = (next((each for each in word if each.isalnum()), "") for word in name.split())
    return " ".join(f"{letter}." for letter in letters if letter)
