"""A real mail server of the test's own, that can refuse as real ones do."""

import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from branch_desk.settings import Smtp

PASSWORD = "clave del correo"


class Postbox:
    """What arrived; addresses in `answers` are refused with these words."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.encrypted: list[bool] = []
        self.answers: dict[str, str] = {}
        self.at_the_end = ""

    async def handle_RCPT(  # noqa: N802  the server's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  the server's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.at_the_end:
            return self.at_the_end
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.arrived.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        return "250 2.0.0 taken"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def mail_server(
    certificate: tuple[Path, Path] | None = None, user: str | None = None
) -> Iterator[tuple[Postbox, Smtp]]:
    """Run a server; with a certificate it wants STARTTLS, with a user a sign-in as well."""
    postbox = Postbox()
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*certificate)

    def known(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            (user or "").encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=right, handled=False)  # not handled: the server answers 535

    controller = Controller(
        postbox, hostname="127.0.0.1", port=free_port(), tls_context=tls, require_starttls=tls is not None,
        authenticator=known if user else None, auth_required=user is not None,
    )  # fmt: skip
    said = logging.getLogger("mail.log")  # it warns of itself, and of a client that hangs up
    level = said.level
    said.setLevel(logging.CRITICAL)
    controller.start()
    try:
        yield (
            postbox,
            Smtp(
                host="127.0.0.1",
                port=controller.port,
                starttls=tls is not None,
                user=user,
                password=PASSWORD if user else None,
            ),
        )
    finally:
        controller.stop()
        said.setLevel(level)


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that only who trusts it accepts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today)
        .not_valid_after(today + timedelta(days=36500))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "mail.crt", folder / "mail.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_path, key_path
