"""After a whole first access the database holds none of its secrets, in no form (R23, R24, R41, R49)."""

import base64
import json
from urllib.parse import quote

from sqlalchemy import MetaData, select

from branch_desk.mailing import SmtpSender
from branch_desk.models.access import Delivery
from branch_desk.operations.house import outbox
from branch_desk.operations.users import credential, first_access, member_sign_in, totp
from tests.access_builders import (
    HOME,
    MEMBER_PASSWORD,
    MEMBER_PIN,
    a_phone,
    an_access,
    link_of,
)
from tests.builders import World
from tests.smtp import mail_server

ANSWER = "Capitán Nemo"


def _dump(world: World) -> bytes:
    """Every value of every table: text as UTF-8, bytes as they are and as hex."""
    tables = MetaData()
    engine = world.house.database.engine
    tables.reflect(engine)
    parts: list[bytes] = []
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            for found in connection.execute(select(table)):
                for value in found:
                    if isinstance(value, bytes):
                        parts += [value, value.hex().encode()]
                    else:
                        parts.append(str(value).encode())
    return b"\n".join(parts)


def _forms(secret: str) -> list[bytes]:
    """The ways a careless program writes a text down."""
    raw = secret.encode()
    encoded = base64.b64encode(raw).rstrip(b"=")[:-1]
    return [
        raw, raw.hex().encode(), raw.hex().upper().encode(), encoded, base64.urlsafe_b64encode(raw).rstrip(b"=")[:-1],
        base64.b32encode(raw).rstrip(b"=")[:-1], raw[::-1], json.dumps(secret).strip('"').encode(), quote(secret).encode(),
        secret.encode("utf-16-le"), " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)).encode(), secret.lower().encode(),
    ]  # fmt: skip


def test_a_dump_holds_no_form_of_any_secret(world: World) -> None:
    house, desk = world.house, world.desk()
    access_id = an_access(world)
    waiting_link = link_of(world, access_id)
    clave = credential.issue(desk, access_id, Delivery.SCREEN).reveal()
    token = desk(totp.provision, access_id)
    phone = a_phone(world, token)
    desk(totp.confirm, access_id, phone.code())
    while_waiting = _dump(world)
    with mail_server() as (_, smtp):
        outbox.send_due(house, SmtpSender(smtp, "a@example.coop", "https://portal.example.coop"))
    ticket = first_access.redeem(house, waiting_link, clave).ticket.reveal()
    first_access.set_password(house, ticket, MEMBER_PASSWORD)
    first_access.set_pin(house, ticket, MEMBER_PIN)
    first_access.choose_image(house, ticket, "llama")
    first_access.set_question(house, ticket, "¿Cómo se llamaba su perro?", ANSWER)
    given = member_sign_in.password(house, "amendez", MEMBER_PASSWORD, HOME)
    member_sign_in.pin(house, given, MEMBER_PIN, HOME)
    world.clock.forward(minutes=1)
    code = phone.code()
    house.work(lambda work: totp.verify(work, access_id, code))
    dump = _dump(world)
    assert b"amendez" in dump  # the dump is one
    assert b"$argon2id$" in dump
    secrets = {
        "clave inicial": clave, "link": waiting_link, "ticket": ticket, "token": token.key.reveal(),
        "password": MEMBER_PASSWORD, "answer": ANSWER,
    }  # fmt: skip
    found = [
        (name, form)
        for name, secret in secrets.items()
        for form in _forms(secret)
        if form in dump or form in while_waiting
    ]
    raw = phone.secret.raw
    found += [
        ("token", form)
        for form in (raw, raw.hex().encode(), base64.b64encode(raw)[:-2])
        if form in dump
    ]
    assert found == []
    for short in (MEMBER_PIN, code):  # too short to be looked for among hashes and counters
        assert f'"{short}"'.encode() not in dump
        assert f"\n{short}\n".encode() not in dump
