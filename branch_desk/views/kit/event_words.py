"""Each event of the audit trail in words, and the facts beside it (F41)."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from PySide6.QtCore import QCoreApplication

from branch_desk.models.event import Event
from branch_desk.operations.house.verification import Finding, Problem

translate = QCoreApplication.translate


class EventGroup(StrEnum):
    """What a reader filters by."""

    REFUSALS = "REFUSALS"
    REQUESTS = "REQUESTS"
    USERS = "USERS"
    SECRETS = "SECRETS"
    STAFF = "STAFF"
    LOOKS = "LOOKS"
    MONEY = "MONEY"
    MAILS = "MAILS"
    HOUSE = "HOUSE"


_OF_MONEY = ("operation", "beneficiary", "schedule", "interbank", "biller", "subscription")


@cache
def group_words() -> dict[EventGroup, str]:
    """Return the name of each group."""
    return {
        EventGroup.REFUSALS: translate("Audit", "Rechazos"),
        EventGroup.REQUESTS: translate("Audit", "Solicitudes y formularios"),
        EventGroup.USERS: translate("Audit", "Usuarios y bloqueos"),
        EventGroup.SECRETS: translate("Audit", "Claves, enlaces y tokens"),
        EventGroup.STAFF: translate("Audit", "Funcionarios y sesiones"),
        EventGroup.LOOKS: translate("Audit", "Consultas de datos"),
        EventGroup.MONEY: translate("Audit", "Transferencias y pagos"),
        EventGroup.MAILS: translate("Audit", "Correos"),
        EventGroup.HOUSE: translate("Audit", "Sistema"),
    }


def group_of(event: str) -> EventGroup:
    """Say which group an event belongs to."""
    if event == Event.REFUSED or event.endswith(("_failed", ":failed", ":refused")):
        return EventGroup.MAILS if event == Event.MAIL_FAILED else EventGroup.REFUSALS
    if event.endswith(":viewed"):
        return EventGroup.LOOKS
    return {
        "enrolment": EventGroup.REQUESTS,
        "card": EventGroup.REQUESTS,
        "attachment": EventGroup.REQUESTS,
        "form": EventGroup.REQUESTS,
        "receipt": EventGroup.LOOKS,
        "access": EventGroup.USERS,
        "member": EventGroup.USERS,
        "credential": EventGroup.SECRETS,
        "link": EventGroup.SECRETS,
        "totp": EventGroup.SECRETS,
        "staff": EventGroup.STAFF,
        "desk": EventGroup.STAFF,
        "branch": EventGroup.STAFF,
        "mail": EventGroup.MAILS,
        **dict.fromkeys(_OF_MONEY, EventGroup.MONEY),
    }.get(event.split(":", 1)[0], EventGroup.HOUSE)


def events_of(group: EventGroup) -> tuple[str, ...]:
    """List the events of a group, for the filter."""
    return tuple(each.value for each in Event if group_of(each) is group)


@cache
def event_words() -> dict[str, str]:
    """Return what each event says."""
    return {
        Event.REFUSED: translate("Audit", "No se permitió"),
        Event.STAFF_SIGNED_IN: translate("Audit", "Ingresó al puesto"),
        Event.STAFF_SIGN_IN_FAILED: translate("Audit", "Intento de ingreso fallido"),
        Event.STAFF_SIGNED_OUT: translate("Audit", "Salió del puesto"),
        Event.STAFF_LOCKED: translate("Audit", "Funcionario bloqueado"),
        Event.STAFF_UNLOCKED: translate("Audit", "Funcionario desbloqueado"),
        Event.STAFF_REAUTHENTICATED: translate("Audit", "Se identificó de nuevo"),
        Event.STAFF_REAUTHENTICATION_FAILED: translate("Audit", "No pudo identificarse de nuevo"),
        Event.STAFF_COUNTERSIGNED: translate("Audit", "Autorizó en el puesto de otra persona"),
        Event.STAFF_CREATED: translate("Audit", "Funcionario creado"),
        Event.STAFF_CHANGED: translate("Audit", "Funcionario modificado"),
        Event.STAFF_PASSWORD_CHANGED: translate("Audit", "Cambió su contraseña"),
        Event.STAFF_PASSWORD_RESET: translate("Audit", "Contraseña de un solo uso nueva"),
        Event.STAFF_TOTP_PROVISIONED: translate("Audit", "Autenticador del funcionario mostrado"),
        Event.STAFF_TOTP_CONFIRMED: translate("Audit", "Autenticador del funcionario probado"),
        Event.DESK_LOCKED: translate("Audit", "Puesto bloqueado"),
        Event.DESK_UNLOCKED: translate("Audit", "Puesto desbloqueado"),
        Event.BRANCH_CREATED: translate("Audit", "Agencia creada"),
        Event.CALENDAR_DAY_ADDED: translate("Audit", "Feriado agregado"),
        Event.CALENDAR_DAY_REMOVED: translate("Audit", "Feriado quitado"),
        Event.ENROLMENT_SUBMITTED: translate("Audit", "Solicitud recibida"),
        Event.ENROLMENT_AMENDED: translate("Audit", "Solicitud corregida"),
        Event.ENROLMENT_VIEWED: translate("Audit", "Solicitud consultada"),
        Event.ENROLMENT_HELD: translate("Audit", "Solicitud tomada"),
        Event.ENROLMENT_RELEASED: translate("Audit", "Solicitud soltada"),
        Event.ENROLMENT_IDENTIFIED: translate("Audit", "Identidad verificada"),
        Event.ENROLMENT_CONFIGURED: translate("Audit", "Productos y montos elegidos"),
        Event.ENROLMENT_SIGNED: translate("Audit", "Hoja firmada archivada"),
        Event.ENROLMENT_APPROVED: translate("Audit", "Solicitud autorizada"),
        Event.ENROLMENT_RETURNED: translate("Audit", "Solicitud devuelta"),
        Event.ENROLMENT_REJECTED: translate("Audit", "Solicitud rechazada"),
        Event.ENROLMENT_EXPIRED: translate("Audit", "Solicitud vencida"),
        Event.ENROLMENT_WITHDRAWN: translate("Audit", "Solicitud retirada"),
        Event.CARD_EXCEPTED: translate("Audit", "Excepción por cédula vencida"),
        Event.ATTACHMENT_FILED: translate("Audit", "Imagen o documento archivado"),
        Event.ATTACHMENT_VIEWED: translate("Audit", "Imagen o documento consultado"),
        Event.FORM_MADE: translate("Audit", "Formulario generado"),
        Event.FORM_PRINTED: translate("Audit", "Formulario enviado a imprimir"),
        Event.FORM_PRINT_ENDED: translate("Audit", "Fin de la impresión"),
        Event.FORM_VOIDED: translate("Audit", "Formulario anulado"),
        Event.ACCESS_CREATED: translate("Audit", "Usuario creado"),
        Event.ACCESS_LOCKED: translate("Audit", "Usuario bloqueado"),
        Event.ACCESS_UNLOCKED: translate("Audit", "Usuario desbloqueado"),
        Event.ACCESS_UNLOCK_FAILED: translate("Audit", "Desbloqueo por el socio fallido"),
        Event.ACCESS_VIEWED: translate("Audit", "Usuario consultado"),
        Event.ACCESS_ACTIVATED: translate("Audit", "Usuario activo"),
        Event.ACCESS_SUSPENDED: translate("Audit", "Usuario suspendido"),
        Event.ACCESS_RESUMED: translate("Audit", "Usuario reanudado"),
        Event.ACCESS_CLOSED: translate("Audit", "Usuario cerrado"),
        Event.CREDENTIAL_ISSUED: translate("Audit", "Clave inicial emitida"),
        Event.CREDENTIAL_NOT_DELIVERED: translate("Audit", "Clave inicial no entregada"),
        Event.CREDENTIAL_USED: translate("Audit", "Clave inicial usada"),
        Event.CREDENTIAL_FAILED: translate("Audit", "Clave inicial equivocada"),
        Event.CREDENTIAL_EXPIRED: translate("Audit", "Clave inicial vencida"),
        Event.LINK_ISSUED: translate("Audit", "Enlace enviado"),
        Event.LINK_USED: translate("Audit", "Enlace usado"),
        Event.LINK_FAILED: translate("Audit", "Enlace inválido"),
        Event.LINK_EXPIRED: translate("Audit", "Enlace vencido"),
        Event.FIRST_ACCESS_STEP: translate("Audit", "Paso del primer ingreso"),
        Event.TOTP_PROVISIONED: translate("Audit", "QR del token mostrado"),
        Event.TOTP_CONFIRMED: translate("Audit", "Token probado"),
        Event.TOTP_ACCEPTED: translate("Audit", "Código de token aceptado"),
        Event.TOTP_REFUSED: translate("Audit", "Código de token rechazado"),
        Event.TOTP_REVOKED: translate("Audit", "Token anulado"),
        Event.TOTP_RESYNCED: translate("Audit", "Token sincronizado"),
        Event.MEMBER_SIGN_IN_FAILED: translate("Audit", "Ingreso del socio fallido"),
        Event.MEMBER_SIGNED_IN: translate("Audit", "El socio ingresó"),
        Event.MEMBER_SIGNED_OUT: translate("Audit", "El socio salió"),
        Event.MEMBER_PASSWORD_CHANGED: translate("Audit", "El socio cambió su contraseña"),
        Event.MEMBER_PIN_CHANGED: translate("Audit", "El socio cambió su PIN"),
        Event.MEMBER_IMAGE_CHANGED: translate("Audit", "El socio cambió su imagen de seguridad"),
        Event.MEMBER_QUESTION_CHANGED: translate("Audit", "El socio cambió su pregunta secreta"),
        Event.MEMBER_CONTACT_CHANGED: translate("Audit", "El socio cambió su correo o celular"),
        Event.MEMBER_VIEWED: translate("Audit", "Socio consultado"),
        Event.MOVEMENTS_VIEWED: translate("Audit", "Movimientos consultados"),
        Event.OPERATIONS_VIEWED: translate("Audit", "Operaciones consultadas"),
        Event.BENEFICIARIES_VIEWED: translate("Audit", "Beneficiarios consultados"),
        Event.SCHEDULES_VIEWED: translate("Audit", "Agenda consultada"),
        Event.LOAN_VIEWED: translate("Audit", "Plan de pagos consultado"),
        Event.PAYMENTS_HANDED_OVER: translate("Audit", "Pagos entregados a la empresa"),
        Event.PAYMENTS_CONFIRMED: translate("Audit", "Pagos confirmados por la empresa"),
        Event.PAYMENT_ANSWERS_READ: translate("Audit", "Respuestas de las empresas leídas"),
        Event.SUBSCRIPTION_ADDED: translate("Audit", "Servicio suscrito"),
        Event.SUBSCRIPTION_REMOVED: translate("Audit", "Suscripción retirada"),
        Event.RECEIPT_REPRINTED: translate("Audit", "Copia de un comprobante"),
        Event.OPERATION_PLACED: translate("Audit", "Operación realizada"),
        Event.OPERATION_PREPARED: translate("Audit", "Operación en espera de firmas"),
        Event.OPERATION_SIGNED: translate("Audit", "Operación firmada por otro titular"),
        Event.OPERATION_CANCELLED: translate("Audit", "Operación retirada antes de las firmas"),
        Event.OPERATION_LAPSED: translate("Audit", "Operación sin efecto por falta de firmas"),
        Event.BENEFICIARY_LOOKED_UP: translate("Audit", "Consultó el titular de una cuenta"),
        Event.BENEFICIARY_ADDED: translate("Audit", "Beneficiario registrado"),
        Event.BENEFICIARY_REMOVED: translate("Audit", "Beneficiario retirado"),
        Event.SCHEDULE_MADE: translate("Audit", "Pago agendado"),
        Event.SCHEDULE_RUN: translate("Audit", "Pago agendado realizado"),
        Event.SCHEDULE_FAILED: translate("Audit", "Pago agendado que no se hizo"),
        Event.SCHEDULE_SKIPPED: translate("Audit", "Pago agendado omitido una vez"),
        Event.SCHEDULE_CANCELLED: translate("Audit", "Agenda cancelada"),
        Event.OPERATION_RETURNED: translate("Audit", "Operación devuelta a la cuenta"),
        Event.OPERATIONS_CREDITED: translate("Audit", "Transferencias abonadas en otros bancos"),
        Event.DAY_SHUT: translate("Audit", "Día cerrado para otros bancos"),
        Event.BATCH_CLOSED: translate("Audit", "Lote interbancario cerrado"),
        Event.BATCH_WRITTEN: translate("Audit", "Archivo del lote interbancario escrito"),
        Event.ANSWERS_READ: translate("Audit", "Respuestas de otros bancos leídas"),
        Event.MAIL_SENT: translate("Audit", "Correo enviado"),
        Event.MAIL_FAILED: translate("Audit", "Correo no entregado"),
        Event.IMPORTED: translate("Audit", "Libros importados"),
        Event.JOB_DONE: translate("Audit", "Tarea automática"),
        Event.EXPORTED: translate("Audit", "Lista exportada"),
        Event.AUDIT_ANCHORED: translate("Audit", "Cierre del registro firmado"),
        Event.BACKUP_MADE: translate("Audit", "Copia de seguridad"),
        Event.INSTALLED: translate("Audit", "Instalación creada"),
    }


def event_word(event: str) -> str:
    """Return what an event says; one of a newer program shows as it is written."""
    return event_words().get(event, event)


def facts_text(facts: Mapping[str, object]) -> str:
    """Write the facts beside an event on one line, as they stand in the record."""
    return " · ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in sorted(facts.items())
        if value not in (None, "", [])
    )


@cache
def problem_words() -> dict[Problem, str]:
    """Return what each finding of the check means."""
    return {
        Problem.ALTERED: translate("Audit", "un registro fue modificado"),
        Problem.COLUMNS: translate("Audit", "las columnas de un registro no dicen lo que su texto"),
        Problem.MISSING: translate("Audit", "falta un registro o cambió de lugar"),
        Problem.TAIL_CUT: translate("Audit", "se cortaron los últimos registros"),
        Problem.TAIL_ADDED: translate("Audit", "hay registros después del último sellado"),
        Problem.HEAD_ALTERED: translate("Audit", "el último sello fue modificado"),
        Problem.HEAD_MISSING: translate("Audit", "falta el último sello"),
        Problem.BEFORE_ANCHOR: translate(
            "Audit", "termina antes de un cierre: parece una copia vieja"
        ),
        Problem.NOT_AS_ANCHORED: translate("Audit", "no es la que se firmó en un cierre"),
        Problem.ANCHOR_FORGED: translate("Audit", "un cierre no lleva la firma de esta casa"),
    }


def finding_text(found: Finding) -> str:
    """Write a finding with its place."""
    words = problem_words()[found.problem]
    if found.chain is None:
        return words[:1].upper() + words[1:] + "."
    return translate("Audit", "Cadena {chain}, registro {number}: {words}.").format(
        chain=found.chain, number="—" if found.number is None else found.number, words=words
    )
