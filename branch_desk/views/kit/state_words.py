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
        "Status.SUBMITTED": translate("Word", "En proceso de aprobación"),
        "Status.IDENTIFIED": translate("Word", "Identidad verificada"),
        "Status.CONFIGURED": translate("Word", "Productos elegidos"),
        "Status.PRINTED": translate("Word", "Formulario impreso"),
        "Status.SIGNED": translate("Word", "Firmada, espera autorización"),
        "Status.APPROVED": translate("Word", "Autorizada"),
        "Status.REJECTED": translate("Word", "Rechazada"),
        "Status.EXPIRED": translate("Word", "Vencida"),
        "Status.WITHDRAWN": translate("Word", "Retirada"),
        "AccessStatus.INVITED": translate("Word", "Invitado"),
        "AccessStatus.ENROLLING": translate("Word", "En primer ingreso"),
        "AccessStatus.ACTIVE": translate("Word", "Activo"),
        "AccessStatus.SUSPENDED": translate("Word", "Suspendido"),
        "AccessStatus.CLOSED": translate("Word", "Cerrado"),
        "LockReason.PASSWORD": translate("Word", "tres contraseñas equivocadas"),
        "LockReason.PIN": translate("Word", "PIN de seguridad equivocado"),
        "LockReason.CODE": translate("Word", "códigos equivocados"),
        "LockReason.ANSWER": translate("Word", "respuestas secretas equivocadas"),
        "Delivery.SCREEN": translate("Word", "mostrada en pantalla"),
        "Delivery.SLIP": translate("Word", "impresa en sobre"),
        "Delivery.FAILED": translate("Word", "no entregada"),
        "AccountKind.SAVINGS": translate("Word", "Caja de ahorro"),
        "AccountKind.CURRENT": translate("Word", "Cuenta corriente"),
        "AccountKind.TERM_DEPOSIT": translate("Word", "DPF"),
        "AccountKind.LOAN": translate("Word", "Préstamo"),
        "Handling.INDIVIDUAL": translate("Word", "Individual"),
        "Handling.EITHER": translate("Word", "Alterna (cualquier titular)"),
        "Handling.JOINT": translate("Word", "Conjunta (todos firman)"),
        "AccountStatus.ACTIVE": translate("Word", "Activa"),
        "AccountStatus.BLOCKED": translate("Word", "Bloqueada"),
        "AccountStatus.CLOSED": translate("Word", "Cerrada"),
        "HolderRole.HOLDER": translate("Word", "Titular"),
        "HolderRole.CO_HOLDER": translate("Word", "Cotitular"),
        "HolderRole.ATTORNEY": translate("Word", "Apoderado"),
        "HolderRole.REPRESENTATIVE": translate("Word", "Representante"),
        "Channel.BRANCH": translate("Word", "Agencia"),
        "Channel.WEB": translate("Word", "Web"),
        "Channel.MOBILE": translate("Word", "Móvil"),
        "SigningRule.SOLE": translate("Word", "Sola firma"),
        "SigningRule.JOINT_TWO": translate("Word", "Conjunta de dos"),
        "Destination.PRINTER": translate("Word", "Impresora"),
        "Destination.FILE": translate("Word", "Archivo PDF"),
        "Verdict.APPROVED": translate("Word", "Autorizada"),
        "Verdict.RETURNED": translate("Word", "Devuelta para corregir"),
        "Verdict.REJECTED": translate("Word", "Rechazada"),
        "CheckPoint.ORIGINAL_SEEN": translate("Word", "Vi la cédula original"),
        "CheckPoint.PHOTO_MATCHES": translate("Word", "La foto es de esta persona"),
        "CheckPoint.SIGNATURE_MATCHES": translate("Word", "La firma coincide"),
        "CheckPoint.NOT_EXPIRED": translate("Word", "La cédula está vigente"),
        "CheckPoint.DATA_EQUAL": translate(
            "Word", "Los datos coinciden o la diferencia está explicada"
        ),
        "AttachmentKind.CARD_FRONT": translate("Word", "Cédula, anverso"),
        "AttachmentKind.CARD_BACK": translate("Word", "Cédula, reverso"),
        "AttachmentKind.POWER": translate("Word", "Poder"),
        "AttachmentKind.SIGNED_FORM": translate("Word", "Formulario firmado"),
        "MemberKind.PERSON": translate("Word", "Persona"),
        "MemberKind.COMPANY": translate("Word", "Empresa"),
        "DocumentType.CI": translate("Word", "Cédula de identidad"),
        "DocumentType.CIE": translate("Word", "Cédula de extranjero"),
        "DocumentType.PASSPORT": translate("Word", "Pasaporte"),
        "DocumentType.NIT": translate("Word", "NIT"),
        "MailStatus.WAITING": translate("Word", "En espera"),
        "MailStatus.SENT": translate("Word", "Enviado"),
        "MailStatus.FAILED": translate("Word", "No se pudo enviar"),
        "MailStatus.CANCELLED": translate("Word", "Anulado"),
        "LimitKind.OWN": translate("Word", "Entre cuentas propias"),
        "LimitKind.THIRD_PARTY": translate("Word", "A terceros de la cooperativa"),
        "LimitKind.OTHER_BANK": translate("Word", "A otros bancos"),
        "LimitKind.SERVICE": translate("Word", "Pago de servicios"),
        "PasswordProblem.TOO_SHORT": translate("Word", "es muy corta"),
        "PasswordProblem.TOO_LONG": translate("Word", "es muy larga"),
        "PasswordProblem.NO_UPPER": translate("Word", "le falta una mayúscula"),
        "PasswordProblem.NO_LOWER": translate("Word", "le falta una minúscula"),
        "PasswordProblem.NO_DIGIT": translate("Word", "le falta un número"),
        "PasswordProblem.CONTROL_CHARACTER": translate("Word", "tiene un carácter que no se ve"),
        "PasswordProblem.COMMON": translate("Word", "es de las más usadas"),
        "PasswordProblem.HOUSE_WORD": translate("Word", "contiene una palabra de la cooperativa"),
        "PasswordProblem.DOCUMENT": translate("Word", "contiene el número de documento"),
        "PasswordProblem.NAME": translate("Word", "contiene un nombre suyo"),
        "PasswordProblem.USER_NAME": translate("Word", "contiene el usuario"),
        "PasswordProblem.BIRTH_DATE": translate("Word", "contiene la fecha de nacimiento"),
        "PasswordProblem.NOT_DIGITS": translate("Word", "lleva solo números"),
        "PasswordProblem.SEQUENCE": translate("Word", "es una secuencia"),
        "PasswordProblem.REPEATED": translate("Word", "repite el mismo carácter"),
        "PasswordProblem.TRIVIAL": translate("Word", "es demasiado fácil"),
        "Cause.MALFORMED": translate("Word", "debe tener seis dígitos; escríbalo otra vez"),
        "Cause.ALREADY_USED": translate("Word", "ya se usó; espere el siguiente"),
        "Cause.TYPED_LATE": translate(
            "Word", "se escribió tarde; espere el siguiente y escríbalo enseguida"
        ),
        "Cause.CLOCK_OFF": translate(
            "Word",
            "el reloj del teléfono está {minutes} min {direction}; "
            "active la hora automática y pruebe otra vez",
        ),
        "Cause.OTHER_PERIOD": translate(
            "Word",
            "la aplicación cambia el código cada {period} s; "
            "borre la entrada y escanee el QR de nuevo",
        ),
        "Cause.OLD_ENTRY": translate(
            "Word",
            "es de una entrada anterior; borre en el teléfono la entrada vieja de CosmartNet",
        ),
        "Cause.UNKNOWN": translate(
            "Word", "compruebe que sea la entrada de CosmartNet y espere el siguiente"
        ),
    }
