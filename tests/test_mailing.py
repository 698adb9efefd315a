"""Mail on a real server: what arrives, what is refused, what never gets into a header."""

import re
import ssl
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from branch_desk.mailing import SmtpSender, compose, sender_of
from branch_desk.models.credentials import Secret
from branch_desk.operations.house.outbox import Letter, NotSent, Outcome
from branch_desk.resources import resource
from branch_desk.settings import Settings, Smtp
from tests.smtp import a_certificate, free_port, mail_server

PORTAL = "https://portal.example.coop"
FROM = "cosmartnet@example.coop"
VALUES = {
    "name": "Ana María Méndez Ríos", "user": "amendez",
    "approved": "1", "number": "SC01-2026-000001", "branch": "Central",
    "email": "a•••@example.com", "mobile": "•••• 2345",
    "amount": "Bs 1.234,50", "account": "•••• 0030", "to": "Julio Vaca · Banco Unión",
    "reason": "la cuenta está cerrada", "what": "transfer", "usable": "yes",
    "beneficiary": "Jaime Lazarte Rojas", "day": "2026-11-26",
    "at": "2026-11-23T16:00:00+00:00", "expires_at": "2026-11-24T16:00:00+00:00",
}  # fmt: skip
TEMPLATES = sorted(path.name.removesuffix(".txt.j2") for path in resource("mail").glob("*.txt.j2"))
INJECTIONS = [
    f"{start}{middle}{end}"
    for start in ("ana@example.com", "")
    for middle in ("\r\n", "\n", "\r", "\x00", "%0a", ", ", "; ", " ", "<", "\u2028")
    for end in ("Bcc: ladron@example.com",)
]


def a_letter(
    template: str = "unlocked",
    *,
    recipient: str = "ana@example.com",
    token: str | None = None,
    **values: str,
) -> Letter:
    return Letter(
        id=UUID("01920000-0000-7000-8000-000000000001"), recipient=recipient, template=template, values=VALUES | values,
        token=Secret(token) if token else None, at=datetime(2026, 11, 23, 16, tzinfo=UTC), tries=1,
    )  # fmt: skip


def test_a_mail_arrives_as_it_was_written() -> None:
    with mail_server() as (postbox, smtp):
        sent = SmtpSender(smtp, FROM, PORTAL)(a_letter("set_password", token="tok_en-123"))
    (message,) = postbox.arrived
    assert message["Subject"] == "Establecer contraseña"
    assert message["To"] == "ana@example.com"
    assert message["From"] == f"CosmartNet <{FROM}>"
    assert message["Date"] == "Mon, 23 Nov 2026 16:00:00 +0000"
    assert message["Message-ID"] == "<01920000-0000-7000-8000-000000000001@example.coop>"
    assert postbox.recipients == [["ana@example.com"]]
    assert sent.template_version == "set_password 2026-1"
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert "Ana María Méndez Ríos" in text
        assert f"{PORTAL}/primer-ingreso#tok_en-123" in text
        assert "24/11/2026 a las 12:00" in text


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail_has_subject_version_and_both_bodies(template: str) -> None:
    message, version = compose(
        a_letter(template, token="t" * 43), mail_from=FROM, portal_url=PORTAL
    )
    assert re.fullmatch(rf"{template} \d{{4}}-\d+", version)
    assert message["Subject"]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "<h1 style" in html.get_content()
    for text in (plain.get_content(), html.get_content()):
        assert "Ana María Méndez Ríos" in text
        assert not re.search(r"\{[{%]|[}%]\}|None|undefined", text)
    assert all(len(line) <= 130 for line in plain.get_content().splitlines())


def test_only_the_first_link_says_that_the_request_was_approved() -> None:
    texts = []
    for approved in ("1", ""):
        message, _ = compose(
            a_letter("set_password", token="t", approved=approved),
            mail_from=FROM,
            portal_url=PORTAL,
        )
        body = message.get_body(("plain",))
        assert body is not None
        texts.append(body.get_content())
    assert ["fue aprobada" in text for text in texts] == [True, False]


def test_the_subjects_are_the_manuals() -> None:
    subjects = {
        name: compose(a_letter(name, token="t"), mail_from=FROM, portal_url=PORTAL)[0]["Subject"]
        for name in TEMPLATES
    }
    assert subjects["registered"] == "Registro realizado con éxito"
    assert subjects["set_password"] == "Establecer contraseña"
    assert subjects["unlocked"] == "Su usuario ha sido desbloqueado"


@pytest.mark.parametrize(
    "name",
    [
        "<b>Ana</b>",
        "<script>alert(1)</script>",
        'Ana & "Hijos"',
        "O'Connor",
        "{{ 7*7 }}",
        "José\r\nBcc: x@example.com",
    ],
)
def test_a_name_is_text_in_every_mail_and_never_a_header(name: str) -> None:
    message, _ = compose(a_letter(name=name), mail_from=FROM, portal_url=PORTAL)
    html = message.get_body(("html",))
    assert html is not None
    text = html.get_content()
    assert "<b>Ana" not in text
    assert "<script" not in text
    assert "49" not in text
    assert message["Bcc"] is None
    assert sorted(set(message.keys())) == [
        "Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To",
    ]  # fmt: skip


@pytest.mark.parametrize("recipient", INJECTIONS)
def test_no_address_smuggles_in_a_header_or_a_recipient(recipient: str) -> None:
    with pytest.raises(NotSent) as refused:
        compose(a_letter(recipient=recipient), mail_from=FROM, portal_url=PORTAL)
    assert refused.value.outcome is Outcome.REFUSED
    assert "ladron" not in refused.value.answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("550 5.1.1 no such user", Outcome.REFUSED),
        ("452 4.2.2 mailbox full", Outcome.LATER),
        ("450 greylisted", Outcome.LATER),
    ],
)
def test_a_refused_recipient_is_for_good_or_for_now(answer: str, outcome: Outcome) -> None:
    with mail_server() as (postbox, smtp):
        postbox.answers["ana@example.com"] = answer
        with pytest.raises(NotSent) as refused:
            SmtpSender(smtp, FROM, PORTAL)(a_letter())
    assert refused.value.outcome is outcome
    assert refused.value.answer == answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("554 5.7.1 spam", Outcome.REFUSED), ("451 4.3.0 try later", Outcome.LATER)],
)
def test_a_refused_message_is_for_good_or_for_now(answer: str, outcome: Outcome) -> None:
    with mail_server() as (postbox, smtp):
        postbox.at_the_end = answer
        with pytest.raises(NotSent) as refused:
            SmtpSender(smtp, FROM, PORTAL)(a_letter())
    assert refused.value.outcome is outcome


def test_mail_goes_encrypted_and_signed_in_where_the_server_asks(tmp_path: Path) -> None:
    certificate = a_certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    with mail_server(certificate, user="cosmartnet") as (postbox, smtp):
        SmtpSender(smtp, FROM, PORTAL, trust=trust)(a_letter())
        assert postbox.encrypted == [True]
        wrong = Smtp(host=smtp.host, port=smtp.port, user="cosmartnet", password="otra")
        with pytest.raises(NotSent) as refused:
            SmtpSender(wrong, FROM, PORTAL, trust=trust)(a_letter())
        assert refused.value.outcome is Outcome.UNREACHABLE
        assert "otra" not in refused.value.answer
        # A server nobody vouches for gets neither mail nor password.
        with pytest.raises(NotSent) as refused:
            SmtpSender(smtp, FROM, PORTAL)(a_letter())
        assert refused.value.outcome is Outcome.UNREACHABLE
        assert len(postbox.arrived) == 1


def test_a_server_that_cannot_encrypt_gets_no_mail_meant_to_be_encrypted() -> None:
    with mail_server() as (postbox, smtp):
        strict = Smtp(host=smtp.host, port=smtp.port, starttls=True)
        with pytest.raises(NotSent) as refused:
            SmtpSender(strict, FROM, PORTAL)(a_letter())
    assert refused.value.outcome is Outcome.UNREACHABLE
    assert postbox.arrived == []


def test_no_server_means_all_mail_waits() -> None:
    with pytest.raises(NotSent) as refused:
        SmtpSender(Smtp(host="127.0.0.1", port=free_port(), starttls=False), FROM, PORTAL)(
            a_letter()
        )
    assert refused.value.outcome is Outcome.UNREACHABLE


def test_a_link_without_a_portal_waits_for_the_settings() -> None:
    with pytest.raises(NotSent) as refused:
        compose(a_letter("set_password", token="t"), mail_from=FROM, portal_url=None)
    assert refused.value.outcome is Outcome.UNREACHABLE


def test_a_mail_nobody_can_write_fails_instead_of_stopping_the_others() -> None:
    for letter in (a_letter("nosuch"), a_letter("../../etc/passwd")):
        with pytest.raises(NotSent) as refused:
            compose(letter, mail_from=FROM, portal_url=PORTAL)
        assert refused.value.outcome is Outcome.REFUSED


def test_a_machine_without_mail_settings_has_no_sender(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="sqlite://")
    assert sender_of(settings) is None
    smtp = Smtp(host="127.0.0.1")
    assert (
        sender_of(Settings(data_dir=tmp_path, database_url="sqlite://", smtp=smtp, mail_from=FROM))
        is not None
    )
