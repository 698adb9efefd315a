"""Spanish for `FILE.rejected.csv`: why a line of the core system's files was not taken (F39)."""

from typing import Final

REJECTED_HEADER: Final = ("línea", "columna", "motivo", "fila")

REASONS: Final[dict[str, str]] = {
    "missing": "falta",
    "too_long": "es demasiado largo",
    "format": "no tiene la forma debida",
    "invisible": "no se ve",
    "character": "no corresponde en este dato",
    "beginning": "así no empieza este dato",
    "complement": "el complemento tiene hasta cinco letras o dígitos",
    "mobile": "el celular tiene ocho dígitos y empieza con 6 o 7",
    "email": "el correo se escribe como nombre@correo.com",
    "user_name": "el usuario tiene de 3 a 30 letras sin acento o dígitos y empieza con una letra",
    "digits": "lleva solo dígitos",
    "account_number": "la cuenta tiene de 4 a 24 dígitos",
    "branch_code": "el código de agencia tiene de 2 a 8 letras o dígitos",
    "ci": "la cédula tiene de 4 a 8 dígitos; el complemento va aparte",
    "cie": "la cédula de extranjero tiene de 4 a 12 letras o dígitos",
    "passport": "el pasaporte tiene de 5 a 12 letras o dígitos",
    "nit": "el NIT tiene de 5 a 15 dígitos",
    "future": "la fecha aún no llegó",
    "too_old": "la fecha es demasiado antigua",
    "too_far": "la fecha es demasiado lejana",
    "not_of_this_kind": "no corresponde a esta clase de persona o documento",
    "choice": "no es uno de los valores admitidos",
    "date": "la fecha debe venir como 2026-11-23",
    "core_amount": "el monto debe venir como 1234.50",
    "amount_too_large": "el monto es demasiado grande",
    "negative": "el saldo no puede ser negativo en esta clase de cuenta",
    "unknown_branch": "esa agencia no existe",
    "unknown_account": "esa cuenta no existe",
    "unknown_member": "ese socio no existe",
    "repeated": "ya apareció en una línea anterior de este archivo",
    "document_taken": "el documento ya es de otro socio",
    "encoding": "la línea no está en UTF-8",
    "columns": "la línea no tiene tantas columnas como el encabezado",
    "quotes": "las comillas no se cierran",
    "line_too_long": "la línea es demasiado larga",
    "negative_amount": "el monto no puede ser negativo",
    "not_positive": "el monto debe ser mayor que cero",
    "only_current": "solo una cuenta corriente puede tener sobregiro",
    "below_overdraft": "el saldo está por debajo del sobregiro convenido",
    "currency_changed": "la moneda de una cuenta con movimientos no cambia",
    "kind_changed": "una cuenta con movimientos no se vuelve préstamo ni deja de serlo",
    "rate": "la tasa debe venir como 11.50",
    "count": "debe ser un número entero, desde 1",
    "not_a_loan": "esa cuenta no es un préstamo",
    "other_currency": "no es la moneda de la cuenta",
    "unknown_loan": "ese préstamo no vino todavía en loans.csv",
    "fewer_instalments": "el plan ya tiene más cuotas",
    "beyond_plan": "el préstamo no tiene tantas cuotas",
    "instalment_paid": "la cuota ya consta como pagada con otros datos",
    "unknown_biller": "esa empresa no existe",
    "prepaid": "esa empresa es de recargas: no tiene facturas",
    "client_code": "no tiene la forma de los códigos de esa empresa",
    "bill_id": "lleva letras sin acento, dígitos, punto, guion o barra",
    "unknown_operation": "no es una transferencia a otro banco de esta casa",
    "not_sent": "esa transferencia todavía no se envió",
    "other_outcome": "esa operación ya tiene otro resultado",
    "unknown_payment": "no es un pago de servicios de esta casa",
    "not_handed_over": "ese pago todavía no se entregó a la empresa",
}
"""By the reason a refusal carries."""


def why(reason: str, position: int | None = None) -> str:
    """Write a reason, with the place of the character it is about (from 1)."""
    words = REASONS[reason]
    return words if position is None else f"el carácter {position} {words}"
