"""What the service form shows: plain values, fit for print, with no table behind them."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from branch_desk.reports.paper import Letterhead

DECLARATIONS: Final = (
    (
        "1. Declaro que los datos de este formulario son verdaderos y que corresponden a mi "
        "documento de identidad original, que presenté en este acto."
    ),
    (
        "2. Elegí las cuentas, los montos máximos, los servicios y los canales que constan en "
        "este formulario y autorizo a la Cooperativa a habilitarlos."
    ),
    (
        "3. Entiendo que los montos máximos solo pueden aumentarse en agencia, con mi firma, "
        "y que puedo reducirlos cuando lo decida."
    ),
    (
        "4. Leí los términos y condiciones de la versión indicada, recibí explicación sobre "
        "ellos y los acepto."
    ),
    (
        "5. Declaro que los fondos que moveré por los canales electrónicos tienen origen "
        "lícito y que informaré su origen y destino cuando se me solicite."
    ),
    (
        "6. Sé que ningún empleado de la Cooperativa me pedirá mi contraseña, mi PIN, mi "
        "respuesta secreta ni el código del Authenticator."
    ),
    (
        "7. Me comprometo a avisar de inmediato la pérdida o el robo de mi teléfono y el "
        "cambio de mi número de celular o de mi correo electrónico."
    ),
    "8. Recibí un ejemplar firmado de este formulario.",
)
MEMBER_COPY: Final = "Ejemplar del socio"
COOPERATIVE_COPY: Final = "Ejemplar de la cooperativa"


@dataclass(frozen=True, slots=True)
class Power:
    """A representative's notarised power; texts as the notary wrote them."""

    number: str
    granted_on: date
    notary: str
    faculties: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class FormRepresentative:
    """One who acts for a company and signs for it."""

    name: str
    document: str
    user_name: str
    power: Power
    mobile: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class FormMember:
    """A person, or a company when `representatives` are named.

    `document` is written as on the card («4567891-1B SC») or the NIT. An expiry of None means
    «indefinida».
    """

    name: str
    document: str
    member_number: str
    mobile: str
    email: str
    address: str
    user_name: str = ""
    document_type: str = "Carnet de identidad"
    document_expires_on: date | None = None
    birth_date: date | None = None
    trade_registry: str = ""
    signing_rule: str = ""
    representatives: tuple[FormRepresentative, ...] = ()


@dataclass(frozen=True, slots=True)
class FormAccount:
    """An account and what may be done with it. `kind` and `handling` are the model's values."""

    number: str
    kind: str
    currency: str
    handling: str
    consult: bool
    debit: bool
    web: bool
    mobile: bool


@dataclass(frozen=True, slots=True)
class FormLimit:
    """Maximum amounts in centavos, and operations a day. `holder`: the representative, if any."""

    kind: str
    currency: str
    per_operation: int
    per_day: int
    per_month: int
    count_per_day: int
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """Whole centavos of a currency."""

    centavos: int
    currency: str


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """The contract text in force; a paragraph in capitals is a title."""

    version: str
    title: str
    sha256: str
    text: str


@dataclass(frozen=True, slots=True)
class EnrolmentForm:
    """Everything the form shows. `worst_day`: what could leave in one day, per currency."""

    folio: str
    revision: int
    terms_sha256: str
    form_version: str
    issued_on: date
    letterhead: Letterhead
    officer: str
    member: FormMember
    accounts: tuple[FormAccount, ...]
    limits: tuple[FormLimit, ...]
    worst_day: tuple[Amount, ...]
    billers: tuple[tuple[str, bool], ...]
    web: bool
    mobile: bool
    contract: ContractTerms
    officer_document: str = ""
    supervisor: str = ""
    declarations: tuple[str, ...] = DECLARATIONS
    copies: tuple[str, ...] = (MEMBER_COPY, COOPERATIVE_COPY)
