"""In what order the tour goes, on which cooperative, and what must be so at its end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from branch_desk.mailing import sender_of
from branch_desk.models import database as databases
from branch_desk.models.access import AccessStatus
from branch_desk.models.database import Database
from branch_desk.models.errors import WrongSchema
from branch_desk.models.keys import Keys
from branch_desk.models.operation import Operation, OperationStatus
from branch_desk.models.outbox import MailStatus
from branch_desk.models.passwords import Hasher, HashParameters
from branch_desk.models.staff import Role
from branch_desk.operations.books import members
from branch_desk.operations.house import install, outbox, verification
from branch_desk.operations.money import ledger
from branch_desk.operations.practice import demo
from branch_desk.operations.practice.demo_story import TrainingUser
from branch_desk.operations.users import access
from branch_desk.operations.work import House
from branch_desk.settings import Settings
from branch_desk.tour import gallery, payments
from branch_desk.tour.clock import TourClock
from branch_desk.tour.player import Player
from branch_desk.tour.post import MailFolder
from branch_desk.tour.story import OFFICER, SUPERVISOR, Story

MAILS: Final = ("registered", "set_password", "unlocked", "beneficiary_added")


@dataclass
class Made:
    """Everything that stands ready when the curtain rises."""

    player: Player
    house: House
    people: dict[str, TrainingUser]
    clock: TourClock
    settings: Settings
    folder: Path
    story: Story | None = None
    post: MailFolder | None = None


def found(
    settings: Settings, count: int, memory_kib: int
) -> tuple[House, dict[str, TrainingUser], TourClock]:
    """Found a cooperative of invented people in an empty database."""
    database = Database(settings.database_url)
    try:
        databases.require_schema(database)
    except WrongSchema:
        databases.upgrade(settings.database_url)
    hasher = Hasher(HashParameters(memory_kib=memory_kib)) if memory_kib else Hasher()
    house = House(database, Keys.ephemeral(), hasher)
    first = install.install(house, training=True)
    people = demo.create(house, first, members=count)
    first.forget()
    clock = TourClock(database.now())
    database.clock = clock
    return house, {each.user_name: each for each in people}, clock


def play(made: Made) -> None:
    """Play everything, one step after the other."""
    settings = made.settings
    made.post = MailFolder(
        made.folder / "mails",
        settings.mail_from,
        settings.portal_url or "",
        sender_of(settings),
    )
    story = made.story = Story(
        made.player, made.house, made.clock, made.people, made.post, made.folder / "papers"
    )
    _to_the_signed_sheet(story)
    _to_the_working_token(story)
    _locked_and_back(story)
    _others(story)


def _to_the_signed_sheet(story: Story) -> None:
    player = story.player
    with player.step("Ingresa la oficial"):
        player.settle()
        story.sign_in(OFFICER, "sign-in")
        player.settle()
        player.picture("queue")
    story.choose_member()
    with player.step("F3: llega un socio; los libros llenan la solicitud"):
        story.walk_in()
    with player.step("Identidad: cédula, comparación, lista de verificación"):
        story.identify()
    with player.step("Cuentas, montos, servicios, canales"):
        story.configure()
    with player.step("Formulario: hecho, visto y guardado como PDF"):
        story.form()
    with player.step("Vuelve la hoja firmada; su código la lleva a la solicitud"):
        story.signature()


def _to_the_working_token(story: Story) -> None:
    player = story.player
    with player.step("Ctrl+L: el puesto se bloquea e ingresa el supervisor, con su código"):
        story.change_person(SUPERVISOR)
    with player.step("F6: el supervisor autoriza, con contraseña y código nuevos"):
        story.approve()
    with player.step("Salen los correos"):
        story.send_mail()
    with player.step("Vuelve la oficial"):
        story.sign_out("sign-out")
        story.sign_in(OFFICER)
    with player.step("Clave inicial en la pantalla del socio"):
        clave = story.credential()
    with player.step("El socio abre el enlace y elige contraseña, PIN, imagen y pregunta"):
        story.redeem(clave)
    with player.step("Token: el QR se lee de la pantalla y su código lo prueba"):
        story.token()


def _locked_and_back(story: Story) -> None:
    player = story.player
    with player.step("En casa: tres contraseñas equivocadas"):
        story.three_wrong()
    with player.step("F4: desbloqueo con identidad, motivo y contraseña fresca"):
        story.unlock()
    with player.step("Sale el correo «desbloqueado»; el socio ingresa"):
        story.send_mail()
        story.enter_again()
    with player.step("El socio registra un tercero y le transfiere a otro banco"):
        payments.send(story)
        story.send_mail()


def _others(story: Story) -> None:
    player = story.player
    with player.step("Socios, usuario, empresa"):
        gallery.member_and_user(story)
        payments.look(story)
        gallery.company(story)
        story.sign_out()
    with player.step("El auditor verifica el registro"):
        gallery.audit(story, gallery.one_of(story.people, Role.AUDITOR))
        story.sign_out()
    with player.step("El administrador mira funcionarios y agencias"):
        gallery.administration(story, gallery.one_of(story.people, Role.ADMINISTRATOR))
        story.sign_out()
    with player.step("La oficial ingresa por última vez"):
        story.sign_in(OFFICER)


def proofs(made: Made) -> list[tuple[str, bool]]:
    """Say what must be so, and whether it is, as the operations read it."""
    story, post = made.story, made.post
    assert story is not None
    assert post is not None
    desk = story.shell.station.desk
    users = desk(members.member, story.member.id).users
    mails = desk(outbox.for_subject, story.member.id)
    verdict = verification.verify(made.house.database, keys=made.house.keys)
    return [
        ("El usuario está activo y sin bloqueo", _active(users, story)),
        ("Hay exactamente un acceso", len(users) == 1),
        (
            "Primer ingreso completo, token probado",
            desk(access.steps, story.access_id).next is None,
        ),
        (
            f"Salieron los correos: {', '.join(MAILS)}",
            {each.template for each in mails if each.status is MailStatus.SENT} >= set(MAILS)
            and set(post.templates) >= set(MAILS),
        ),
        ("La transferencia espera su lote", _received(made, story)),
        ("El libro mayor cuadra con los saldos", made.house.job(ledger.check).sound),
        (f"El registro está intacto ({verdict.events} registros)", verdict.intact),
    ]


def _received(made: Made, story: Story) -> bool:
    found = made.house.work(lambda work: work.session.get(Operation, story.operation_id))
    return found is not None and found.status is OperationStatus.RECEIVED


def _active(users: "tuple[members.MemberUser, ...]", story: Story) -> bool:
    return [(each.user_name, each.status, each.locked) for each in users] == [
        (story.user_name, AccessStatus.ACTIVE, False)
    ]
