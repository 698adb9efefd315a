"""Mail as it leaves the house: rendered from fixed templates, handed to a real mail server (F42).

Nothing of a member's reaches a header but the address, and that is validated (R85).
"""

import smtplib
import ssl
from datetime import date, datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from urllib.parse import quote

from email_validator import EmailNotValidError, validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from branch_desk.operations.house.outbox import Letter, NotSent, Outcome, Sent
from branch_desk.resources import resource
from branch_desk.settings import Settings, Smtp

SECONDS = 15
"""How long the mail server may take for each answer."""

_LA_PAZ = timezone(timedelta(hours=-4))
"""Bolivia's own time; it knows no summer time."""

_SENDER_NAME = "CosmartNet"

_REFUSALS = {
    "NotEnoughFunds": "la cuenta no tenía saldo suficiente",
    "NothingDue": "no había nada pendiente de pago",
    "LimitExceeded": "superaba sus montos máximos de ese día",
    "AccountUnfit": "una de las cuentas ya no admite el movimiento",
    "NotGranted": "ya no está entre lo que usted habilitó",
    "NotFound": "el beneficiario, la cuenta o la factura ya no está registrado",
    "WrongState": "su usuario no está activo, o ya estaba pagado",
}
"""Why a payment on the calendar was not made, as its mail says it."""


class SmtpSender:
    """Sends letters through the cooperative's mail server; a `Sender` of the outbox."""

    def __init__(
        self,
        smtp: Smtp,
        mail_from: str,
        portal_url: str | None,
        *,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._smtp = smtp
        self._from = mail_from
        self._portal = portal_url
        self._trust = trust

    def __call__(self, letter: Letter) -> Sent:
        """Send one letter. Raises NotSent with what the server said."""
        message, version = compose(letter, mail_from=self._from, portal_url=self._portal)
        try:
            self._deliver(message)
        except smtplib.SMTPRecipientsRefused as refused:
            raise _of_code(*next(iter(refused.recipients.values()))) from None
        except smtplib.SMTPAuthenticationError as refused:
            # Our password is wrong, not the mail: all of them wait.
            raise NotSent(Outcome.UNREACHABLE, _answer(*_said(refused))) from None
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
            raise _of_code(*_said(refused)) from None
        except (smtplib.SMTPException, OSError) as problem:
            raise NotSent(Outcome.UNREACHABLE, f"{type(problem).__name__}: {problem}") from None
        return Sent(template_version=version, answer="250")

    def _deliver(self, message: EmailMessage) -> None:
        with smtplib.SMTP(self._smtp.host, self._smtp.port, timeout=SECONDS) as server:
            if self._smtp.starttls:
                self._encrypt(server)
            if self._smtp.user is not None:
                server.login(self._smtp.user, self._smtp.password or "")
            server.send_message(message)

    def _encrypt(self, server: smtplib.SMTP) -> None:
        try:
            server.starttls(context=self._trust or ssl.create_default_context())
        except ssl.SSLError:
            server.close()  # a QUIT would wait for an answer that never comes
            raise


def sender_of(settings: Settings) -> SmtpSender | None:
    """Make the sender this machine is set up for; none when it sends no mail."""
    if settings.smtp is None or not settings.mail_from:
        return None
    return SmtpSender(settings.smtp, settings.mail_from, settings.portal_url)


def compose(letter: Letter, *, mail_from: str, portal_url: str | None) -> tuple[EmailMessage, str]:
    """Write the message and tell the version of its template. Raises NotSent if it cannot be."""
    recipient = _address(letter.recipient, "")
    sender = _address(mail_from, _SENDER_NAME)
    values = {**letter.values, "portal": portal_url or "", "link": _link(letter, portal_url)}
    try:
        plain = _templates().get_template(f"{letter.template}.txt.j2")
        text = plain.render(values)
        named = plain.make_module(values)
        html = _templates().get_template(f"{letter.template}.html.j2").render(values)
    except TemplateError as problem:
        raise NotSent(Outcome.REFUSED, f"{letter.template}: {type(problem).__name__}") from None
    version = f"{letter.template} {getattr(named, 'version')}"  # noqa: B009  a template's own name
    message = EmailMessage()
    message["Subject"] = str(getattr(named, "subject"))  # noqa: B009
    message["From"] = sender
    message["To"] = recipient
    message["Date"] = format_datetime(letter.at)
    # The same id at every try: a mail sent twice is seen to be one.
    message["Message-ID"] = f"<{letter.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.strip() + "\n")
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = "es-BO"  # last: new content takes such headers with it
    return message, version


def _link(letter: Letter, portal_url: str | None) -> str:
    if letter.token is None:
        return ""
    if portal_url is None:
        raise NotSent(Outcome.UNREACHABLE, "falta la dirección del portal en la configuración")
    # The part after # never reaches a server's log nor another site's.
    return f"{portal_url.rstrip('/')}/primer-ingreso#{quote(letter.token.reveal(), safe='')}"


def _address(text: str, name: str) -> Address:
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
        return Address(name, addr_spec=found.normalized)
    except (EmailNotValidError, ValueError):
        raise NotSent(Outcome.REFUSED, "dirección de correo no válida") from None


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(resource("mail")),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["instant"] = _instant
    templates.filters["day"] = _day
    templates.filters["refusal"] = _refusal
    return templates


def _instant(text: str) -> str:
    """Write an instant as people in Bolivia do: `23/11/2026 a las 12:00`."""
    return f"{datetime.fromisoformat(text).astimezone(_LA_PAZ):%d/%m/%Y a las %H:%M}"


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def _refusal(name: str) -> str:
    return _REFUSALS.get(name, "las condiciones de la cuenta o del usuario cambiaron")


def _said(problem: smtplib.SMTPResponseException) -> tuple[int, bytes | str]:
    return problem.smtp_code, problem.smtp_error


def _of_code(code: int, said: bytes | str) -> NotSent:
    permanent = 500 <= code < 600  # noqa: PLR2004  RFC 5321: 5xx is for good, 4xx for now
    return NotSent(Outcome.REFUSED if permanent else Outcome.LATER, _answer(code, said))


def _answer(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {text}"
