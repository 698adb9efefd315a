"""The form of the e-banking service, which the member signs at the counter (F11, F12).

Plain values in, PDF bytes out: the same values give the same bytes. One file holds the member's
copy and the cooperative's. The legal sentences stand here beside the drawing and belong to the
form's version; the contract text comes from outside with its own version and hash.
"""

from datetime import date
from typing import Final

from branch_desk.reports import fonts, words
from branch_desk.reports.blocks import (
    Column,
    Fields,
    Grid,
    Headed,
    Row,
    Signatures,
    Signer,
    SmallPrint,
    Statement,
    Ticks,
    Title,
    Together,
)
from branch_desk.reports.form_values import (
    COOPERATIVE_COPY,
    DECLARATIONS,
    MEMBER_COPY,
    Amount,
    ContractTerms,
    EnrolmentForm,
    FormAccount,
    FormLimit,
    FormMember,
    FormRepresentative,
    Power,
)
from branch_desk.reports.paper import (
    LEFT,
    RIGHT,
    Block,
    Letterhead,
    Marks,
    PageSize,
    compose,
)

__all__ = [
    "COOPERATIVE_COPY",
    "DECLARATIONS",
    "MEMBER_COPY",
    "Amount",
    "ContractTerms",
    "EnrolmentForm",
    "FormAccount",
    "FormLimit",
    "FormMember",
    "FormRepresentative",
    "Letterhead",
    "PageSize",
    "Power",
    "render",
    "worst_case",
]

ACCOUNT_KINDS: Final = {
    "CA": "Caja de ahorro",
    "CC": "Cuenta corriente",
    "DPF": "Depósito a plazo fijo",
    "PR": "Préstamo",
}
HANDLINGS: Final = {
    "INDIVIDUAL": "Individual",
    "ALTERNA": "Alterna o indistinta",
    "CONJUNTA": "Conjunta",
}
LIMIT_KINDS: Final = {
    "OWN": "Entre cuentas propias",
    "THIRD_PARTY": "A terceros de la Cooperativa",
    "OTHER_BANK": "A otros bancos",
    "SERVICE": "Pago de servicios",
}
SIGNING_RULES: Final = {"SOLE": "Sola firma", "JOINT": "Firma conjunta de dos representantes"}
CURRENCIES: Final = {"BOB": "Bs", "USD": "USD"}


def worst_case(amounts: tuple[Amount, ...]) -> str:
    """Say what could leave the accounts in one day, as screen and paper both do (F9)."""
    shown = [
        f"{words.amount(each.centavos, each.currency)} "
        f"({words.amount_in_words(each.centavos, each.currency).lower()})"
        for each in amounts
    ]
    if not shown:
        return "Con estas opciones no puede salir dinero de sus cuentas."
    return f"Como máximo podrían salir de sus cuentas {' y '.join(shown)} por día."


def render(
    form: EnrolmentForm, *, size: PageSize, copy_number: int = 0, training: bool = False
) -> bytes:
    """Draw every copy of the form into one PDF.

    `copy_number` above 0 marks a reprint («COPIA 2»), `training` a paper without value. Raises
    `MissingGlyph` when a value holds a character that cannot be printed.
    """
    watermarks = [f"COPIA {copy_number}"] if copy_number else []
    if training:
        watermarks.append("SIN VALOR")
    copies = [
        Marks(
            form_version=form.form_version,
            folio=form.folio,
            revision=form.revision,
            terms_sha256=form.terms_sha256,
            copy_label=label + (f" · copia {copy_number}" if copy_number else ""),
            issued=words.day(form.issued_on),
        )
        for label in form.copies
    ]
    return compose(
        _sections(form, size),
        form.letterhead,
        copies,
        size=size,
        title=f"Formulario de servicio {form.folio}",
        watermarks=watermarks,
    )


def _sections(form: EnrolmentForm, size: PageSize) -> list[Block]:
    width = size.value[0] - LEFT - RIGHT
    member = form.member
    parts: list[tuple[str, Fields | Grid | Statement | SmallPrint | Signatures | Ticks]] = [
        ("Datos de la empresa" if member.representatives else "Datos del socio", _member(member))
    ]
    if member.representatives:
        parts.append(("Representantes legales", _representatives(member)))
    parts += [
        ("Cuentas habilitadas", _accounts(form.accounts)),
        ("Montos máximos", _limits(form.limits)),
        ("Máximo por día", _worst(form)),
        ("Servicios que puede pagar", Ticks(form.billers, columns=5)),
        (
            "Canales",
            Ticks((("Portal web CosmartNet", form.web), ("Aplicación móvil", form.mobile))),
        ),
        (
            f"{form.contract.title} · versión {form.contract.version}",
            SmallPrint.of(
                (
                    *_paragraphs(form.contract.text),
                    f"Huella del texto: {form.contract.sha256[:32]} {form.contract.sha256[32:]}",
                ),
                width,
            ),
        ),
        ("Declaraciones", SmallPrint.of(form.declarations, width)),
        ("Firmas", _signatures(form)),
    ]
    sections = [Headed(f"{n}. {name}", body) for n, (name, body) in enumerate(parts, 1)]
    title = Title("Formulario del servicio de banca electrónica CosmartNet")
    return [title, *sections[:-2], Together(tuple(sections[-2:]))]


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _expiry(value: date | None) -> str:
    return words.day(value) if value else "Indefinida"


def _member(member: FormMember) -> Fields:
    contact = (
        ("Celular", member.mobile),
        ("Correo electrónico", member.email),
        ("Domicilio", member.address),
    )
    if member.representatives:
        return Fields(
            (
                ("Razón social", member.name),
                ("NIT", member.document),
                ("Matrícula de comercio", member.trade_registry),
                ("Número de socio", member.member_number),
                ("Regla de firma", SIGNING_RULES.get(member.signing_rule, member.signing_rule)),
                *contact,
            ),
            wide=frozenset({"Razón social", "Domicilio"}),
        )
    return Fields(
        (
            ("Nombre completo", member.name),
            (member.document_type, member.document),
            ("Vencimiento del documento", _expiry(member.document_expires_on)),
            ("Fecha de nacimiento", words.day(member.birth_date) if member.birth_date else ""),
            ("Número de socio", member.member_number),
            ("Usuario", member.user_name),
            *contact,
        ),
        wide=frozenset({"Nombre completo", "Domicilio"}),
    )


def _representatives(member: FormMember) -> Grid:
    return Grid(
        (
            Column("Nombre", 34),
            Column("Documento", 17),
            Column("Usuario", 15, font=fonts.MONO),
            Column("Poder N°", 14),
            Column("Fecha", 13),
            Column("Vence", 13),
        ),
        tuple(
            Row(
                (
                    each.name,
                    each.document,
                    each.user_name,
                    each.power.number,
                    words.day(each.power.granted_on),
                    _expiry(each.power.expires_on),
                ),
                " · ".join(
                    part
                    for part in (
                        f"Notaría: {each.power.notary}",
                        each.power.faculties and f"Facultades: {each.power.faculties}",
                        each.mobile and f"Celular: {each.mobile}",
                        each.email,
                    )
                    if part
                ),
            )
            for each in member.representatives
        ),
    )


def _accounts(accounts: tuple[FormAccount, ...]) -> Grid:
    def mark(chosen: bool) -> str:  # noqa: FBT001 - one cell of a table
        return "Sí" if chosen else "No"

    return Grid(
        (
            Column("Cuenta", 26, font=fonts.MONO),
            Column("Tipo", 28),
            Column("Moneda", 11, "center"),
            Column("Manejo", 26),
            Column("Consulta", 13, "center"),
            Column("Débito", 11, "center"),
            Column("Web", 9, "center"),
            Column("Móvil", 10, "center"),
        ),
        tuple(
            Row(
                (
                    each.number,
                    ACCOUNT_KINDS[each.kind],
                    CURRENCIES[each.currency],
                    HANDLINGS[each.handling],
                    mark(each.consult),
                    mark(each.debit),
                    mark(each.web),
                    mark(each.mobile),
                )
            )
            for each in accounts
        ),
    )


def _limits(limits: tuple[FormLimit, ...]) -> Grid:
    by_holder = any(each.holder for each in limits)
    columns: tuple[Column, ...] = (
        Column("Operación", 34),
        Column("Moneda", 11, "center"),
        Column("Por operación", 20, "right"),
        Column("Por día", 20, "right"),
        Column("Por mes", 22, "right"),
        Column("N.º por día", 15, "right"),
    )
    if by_holder:
        columns = (Column("Representante", 34), *columns)
    rows = []
    for each in limits:
        per_operation, per_day, per_month = (
            words.amount_in_words(centavos, each.currency).lower()
            for centavos in (each.per_operation, each.per_day, each.per_month)
        )
        cells = (
            LIMIT_KINDS[each.kind],
            CURRENCIES[each.currency],
            words.figure(each.per_operation),
            words.figure(each.per_day),
            words.figure(each.per_month),
            str(each.count_per_day),
        )
        rows.append(
            Row(
                (each.holder, *cells) if by_holder else cells,
                f"Por operación {per_operation}; por día {per_day}; por mes {per_month}.",
            )
        )
    return Grid(columns, tuple(rows))


def _worst(form: EnrolmentForm) -> Statement:
    return Statement(
        worst_case(form.worst_day),
        "Es la suma de los montos máximos por día de todas las operaciones que salen de sus "
        "cuentas hacia terceros, otros bancos y servicios.",
    )


def _signatures(form: EnrolmentForm) -> Signatures:
    member = form.member
    if member.representatives:
        signers = [
            Signer("Representante legal", each.name, each.document, thumb=True)
            for each in member.representatives
        ]
    else:
        signers = [Signer("Socio", member.name, member.document, thumb=True)]
    signers.append(Signer("Oficial de captaciones", form.officer, form.officer_document))
    signers.append(Signer("Supervisor", form.supervisor))
    return Signatures(tuple(signers))
