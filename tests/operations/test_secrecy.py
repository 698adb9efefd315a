"""After a day of work no secret is left anywhere it can be read (R58)."""

import base64
import json
import logging
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyotp
import pytest
from sqlalchemy import MetaData, select

from branch_desk.models.access import Delivery
from branch_desk.models.credentials import Secret
from branch_desk.models.errors import DomainError
from branch_desk.models.member import DocumentType
from branch_desk.models.staff import Role
from branch_desk.operations.house import outbox, sign_in, staff
from branch_desk.operations.house.outbox import Letter, Sender, Sent
from branch_desk.operations.request import approval, configuration, drafts, forms
from branch_desk.operations.users import (
    access,
    credential,
    first_access,
    links,
    member_sign_in,
    totp,
    unlock,
)
from branch_desk.operations.users.unlock import POINTS_NEEDED
from branch_desk.operations.work import Desk
from tests.access_builders import HOME, a_phone, link_of
from tests.builders import PASSWORD, World
from tests.journey import (
    approve,
    carry,
    view,
)
from tests.postgres import Postgres
from tests.short_ways import REASON, everybody_fresh

STAFF_PASSWORD = "canario amarillo vuela 31"
WRONG_PASSWORD = "Zorzal88yerra"
MEMBER_PASSWORD = "Tucan73verde"
PIN = "83051947"
WRONG_PIN = "61840275"
ANSWER = "Doña Canaria Petrona"
QUESTION = "¿Cómo se llamaba su primera maestra?"
DRAFTED = "borrador con Guacamayo"


@dataclass
class Heard:
    """Everything the scenario gave back or refused, as it would show in a log."""

    shown: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    def ask(self, deed: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do something, and note how its answer or its refusal would look when written down."""
        try:
            answer = deed(*args, **kwargs)
        except DomainError as refusal:
            self.shown += [repr(refusal), str(refusal), repr(refusal.facts), repr(vars(refusal))]
            return None
        self.shown += [repr(answer), str(answer), f"{answer}"]
        return answer

    def code(self, name: str, code: str) -> str:
        self.codes[f"{name} {len(self.codes)}"] = code
        return code


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """Listens at the places where secrets are drawn; they are drawn as ever."""
    made = Heard()

    def listen(module: Any, name: str, reveal: Callable[[Any], str]) -> None:
        drawn = getattr(module, name)

        def draw(*args: Any, **kwargs: Any) -> Any:
            answer = drawn(*args, **kwargs)
            made.secrets[f"{module.__name__}.{name} {len(made.secrets)}"] = reveal(answer)
            return answer

        monkeypatch.setattr(module, name, draw)

    for module in (sign_in, links):
        listen(module, "new_link_token", lambda answer: answer[0].reveal())
    for module in (staff, credential):
        listen(module, "new_initial_credential", lambda answer: answer.reveal())
    return made


def _staff_side(world: World, heard: Heard) -> None:
    """A new supervisor gets the one-time password, replaces it, proves a phone, mistypes."""
    house = world.house
    admin = world.desk("administra", Role.ADMINISTRATOR)
    new = staff.NewStaff(
        user_name="nueva",
        full_name="Nueva Jefa",
        document_type=DocumentType.CI,
        document_number="9988776",
        role=Role.SUPERVISOR,
        branch_id=world.branch_id,
    )
    once = heard.ask(staff.create, admin, new).reveal()
    heard.ask(sign_in.sign_in, house, "nueva", WRONG_PASSWORD)
    heard.ask(sign_in.sign_in, house, WRONG_PASSWORD, once)  # into the wrong field
    desk = heard.ask(sign_in.sign_in, house, "nueva", once)
    heard.ask(sign_in.change_password, desk, WRONG_PASSWORD, STAFF_PASSWORD)
    heard.ask(sign_in.change_password, desk, once, "corta")
    heard.ask(sign_in.change_password, desk, once, STAFF_PASSWORD)
    uri = heard.ask(desk, sign_in.provision_authenticator).reveal()
    phone = pyotp.parse_uri(uri)
    assert isinstance(phone, pyotp.TOTP)
    heard.secrets |= {"staff uri": uri, "staff key": phone.secret}
    heard.raw["staff key"] = phone.byte_secret()
    heard.ask(desk, sign_in.confirm_authenticator, "000001")
    code = heard.code("staff", phone.at(world.clock.now))
    heard.ask(desk, sign_in.confirm_authenticator, code)
    heard.ask(sign_in.reauthenticate, desk, WRONG_PASSWORD, "000002")
    heard.ask(admin, staff.everybody)
    heard.ask(desk, sign_in.whoami)
    heard.shown += [
        repr(desk),
        repr(vars(desk)),
        repr(house),
        repr(house.keys),
        repr(once and desk),
    ]


def _request_side(world: World, heard: Heard) -> Any:
    """A request from the counter to the approval, with a draft and a real scan."""
    officer = world.desk("oficial")
    supervisor = world.desk("jefa", Role.SUPERVISOR)
    ana = world.member()
    world.account(ana)
    heard.ask(officer, drafts.save, "new", {"first_names": DRAFTED})
    heard.ask(officer, drafts.load, "new")
    enrolment_id = carry(world, officer)
    heard.ask(officer, configuration.options, enrolment_id)
    heard.ask(view, officer, enrolment_id)
    form = view(officer, enrolment_id).valid_form
    assert form is not None
    heard.ask(officer, forms.start_printing, form.id, "FILE")
    heard.ask(supervisor, approval.case, enrolment_id)
    (access_id,) = approve(world, supervisor, "jefa", enrolment_id)
    return officer, supervisor, access_id


def _member_side(
    world: World, heard: Heard, officer: Desk, supervisor: Desk, access_id: Any
) -> None:
    """First access with slips of the finger, a new authenticator, a lock and an unlock."""
    house = world.house
    link = link_of(world, access_id)
    heard.secrets["link in the mail"] = link
    clave = heard.ask(credential.issue, officer, access_id, Delivery.SCREEN).reveal()
    token = heard.ask(officer, totp.provision, access_id)
    phone = a_phone(world, token)
    heard.secrets |= {"member uri": token.uri.reveal(), "member key": token.key.reveal()}
    heard.raw["member key"] = phone.secret.raw
    heard.ask(officer, totp.confirm, access_id, heard.code("too late", phone.code(-9)))
    heard.ask(officer, totp.confirm, access_id, heard.code("right", phone.code()))
    heard.ask(first_access.redeem, house, link, WRONG_PASSWORD)
    begun = heard.ask(first_access.redeem, house, link, clave)
    ticket = begun.ticket.reveal()
    heard.ask(first_access.set_password, house, ticket, WRONG_PASSWORD.lower())
    heard.ask(first_access.set_password, house, ticket, MEMBER_PASSWORD)
    heard.ask(first_access.set_pin, house, ticket, PIN)
    heard.ask(first_access.choose_image, house, ticket, "llama")
    heard.ask(first_access.set_question, house, ticket, QUESTION, ANSWER)
    given = heard.ask(member_sign_in.password, house, "amendez", MEMBER_PASSWORD, HOME)
    heard.ask(member_sign_in.pin, house, given, WRONG_PIN, HOME)
    world.clock.forward(minutes=2)
    heard.ask(officer, totp.diagnose, access_id, heard.code("wrong", phone.code(7)))
    for _ in range(3):
        heard.ask(member_sign_in.password, house, "amendez", WRONG_PASSWORD, HOME)
    heard.ask(officer, unlock.triage, access_id)
    everybody_fresh(house)
    heard.ask(officer, unlock.unlock, access_id, reason=REASON, points=POINTS_NEEDED)
    again = heard.ask(world.countersigned(supervisor), totp.provision, access_id)
    heard.secrets["second key"] = again.key.reveal()
    heard.ask(supervisor, access.file, access_id)
    heard.ask(officer, outbox.for_subject, access_id)
    heard.ask(credential.issue, world.countersigned(supervisor), access_id, Delivery.SCREEN)
    heard.shown += [repr(x) for x in (token, begun, given, Secret(clave))]


def _letters(heard: Heard) -> Sender:
    def take(letter: Letter) -> Sent:
        heard.shown.append(repr(letter))
        return Sent("1", "250 2.0.0 taken")

    return take


def _every_form(secret: bytes) -> list[bytes]:
    """The ways a careless program writes a secret down."""
    forms_ = [secret, secret[::-1], secret.hex().encode(), secret.hex().upper().encode()]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # Inside a longer text a base64 begins at one of three places.
        forms_ += [encode(b"x" * n + secret)[4 if n else 0 : -4] for n in range(3)]
    forms_.append(base64.b32encode(secret).rstrip(b"=")[:-1])
    return forms_


def _all_forms(heard: Heard) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    fixed = {
        "staff password": STAFF_PASSWORD,
        "everybody's password": PASSWORD,
        "wrong password": WRONG_PASSWORD,
        "member password": MEMBER_PASSWORD,
        "pin": PIN,
        "wrong pin": WRONG_PIN,
        "answer": ANSWER,
        "folded answer": ANSWER.casefold(),
        "draft": DRAFTED,
    }
    for name, secret in (heard.secrets | fixed).items():
        for written in (secret, secret.lower(), " ".join(re.findall("....", secret))):
            found |= dict.fromkeys(_every_form(written.encode()), name)
        found[json.dumps(secret).strip('"').encode()] = name
        found[quote(secret).encode()] = name
        found[secret.encode("utf-16-le")] = name
    for name, raw in heard.raw.items():
        found |= dict.fromkeys(_every_form(raw), name)
    return found


def _dumped(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, bytes]:
    """The whole database as a thief has it, and each of its values as it was stored."""
    tables = MetaData()
    engine = world.house.database.engine
    tables.reflect(engine)
    values: list[bytes] = []
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)):
                values += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    dumps = {"values": b"\n".join(values)}
    if world.house.database.is_postgresql:
        server: Postgres = request.getfixturevalue("postgres")
        url = world.house.database.url
        command = [
            *(str(server.programs / "pg_dump"), "-h", str(server.folder), "-p", "5432"),
            *("-U", "postgres", "--inserts", str(url.database)),
        ]
        dumps["pg_dump"] = subprocess.run(command, check=True, capture_output=True).stdout
    else:
        for path in tmp_path.rglob("*.sqlite*"):
            dumps[path.name] = path.read_bytes()
    return dumps


def test_no_secret_of_a_whole_day_is_left_anywhere(
    world: World,
    heard: Heard,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    caplog.set_level(logging.DEBUG)
    _staff_side(world, heard)
    officer, supervisor, access_id = _request_side(world, heard)
    _member_side(world, heard, officer, supervisor, access_id)
    outbox.send_due(world.house, _letters(heard))
    places = _dumped(world, tmp_path, request)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            places[f"file {path.name}"] = path.read_bytes()
    places["log"] = caplog.text.encode()
    places["answers and refusals"] = "\n".join(heard.shown).encode()
    forms_ = _all_forms(heard)
    assert len(heard.secrets) > 12
    assert len(heard.shown) > 100
    assert b"amendez" in places["values"]
    left = {
        (where, name)
        for where, content in places.items()
        for written, name in forms_.items()
        if written in content
        # An answer handed to the one who asked is no leak; a draft is the officer's own.
        if (where, name) != ("answers and refusals", "draft")
    }
    assert left == set()
    for where, content in places.items():
        for name, code in heard.codes.items():
            # Six digits alone; inside a hash or a counter they are chance.
            alone = rb"(?<![0-9A-Za-z+/._-])" + code.encode() + rb"(?![0-9A-Za-z+/=._-])"
            assert not re.search(alone, content), (where, name)
