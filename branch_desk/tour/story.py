"""The story of the tour: a member comes to the counter and leaves with e-banking that works.

Officer, supervisor, auditor and administrator use the window; the member uses the portal's own
ceremonies, for that half has no window here. No deed of the desk is done but through its widgets.
"""

import re
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import pyotp
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QTableView, QWidget

from branch_desk.models.account import AccountKind, AccountStatus
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import SignInFailed
from branch_desk.models.member import DocumentType, MemberKind
from branch_desk.operations.books import members, search
from branch_desk.operations.books.members import MemberRecord
from branch_desk.operations.books.search import HitKind
from branch_desk.operations.house import jobs
from branch_desk.operations.practice.demo_papers import card_picture
from branch_desk.operations.practice.demo_story import TrainingUser
from branch_desk.operations.users import first_access, member_sign_in
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import House
from branch_desk.tour import dialogs
from branch_desk.tour.clock import TourClock
from branch_desk.tour.eyes import read_code, read_letters
from branch_desk.tour.paperwork import signed_copy
from branch_desk.tour.player import Player, TourStopped
from branch_desk.tour.post import MailFolder
from branch_desk.views.request.card_images import CardPicture
from branch_desk.views.window.shell import Shell

OFFICER: Final = "cvargas"
SUPERVISOR: Final = "psuarez"
_LINK: Final = re.compile(r"/primer-ingreso#(\S+)")
_PHONE_AT_HOME: Final = Origin(Channel.WEB, "200.58.80.21")
_NEXT_CODE_SECONDS: Final = 31
_NEW_MOBILE: Final = "77712345"


class Story:
    """What everybody does, in order. `member_user` is the user the story opened."""

    def __init__(
        self,
        player: Player,
        house: House,
        clock: TourClock,
        people: dict[str, TrainingUser],
        post: MailFolder,
        papers: Path,
    ) -> None:
        self.player = player
        self.house = house
        self.clock = clock
        self.people = people
        self.post = post
        self.papers = papers
        self.random = Random(7)  # noqa: S311  how crooked a sheet lies, no secret
        self.member: MemberRecord
        self.number = ""
        self.user_name = ""
        self.access_id: UUID
        self.operation_id: UUID
        self._password = "Quirquincho7"  # noqa: S105  of a person who does not exist

    # -- coming and going

    @property
    def shell(self) -> Shell:
        """The desk of whoever is signed in."""
        shell = self.player.window.shell
        if shell is None:
            raise TourStopped("nobody is signed in")
        return shell

    def code_of(self, uri: str) -> str:
        """Read the code an authenticator shows now."""
        authenticator = pyotp.parse_uri(uri)
        assert isinstance(authenticator, pyotp.TOTP)
        return authenticator.at(self.clock())

    def next_code(self, person: TrainingUser) -> str:
        """Wait for a code that was not used yet, and read it."""
        self.clock.pass_by(seconds=_NEXT_CODE_SECONDS)
        return self.code_of(person.totp_uri)

    def sign_in(self, user: str, picture: str = "") -> None:
        """Sign in with password, and code for those who have an authenticator."""
        player, person = self.player, self.people[user]
        player.write("user_name", person.user_name)
        player.write("password", person.password)
        if picture:
            player.picture(picture)
        if person.totp_uri:
            player.write("code", self.next_code(person))
        else:
            player.click("enter")
        player.settle(lambda: player.window.shell is not None, "the desk")

    def sign_out(self, picture: str = "") -> None:
        """Close the session by the name in the bar, and confirm."""
        player = self.player

        def confirm(dialog: Any) -> None:  # noqa: ANN401  any dialog that confirms
            if picture:
                player.picture(picture)
            QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)

        menu = f"{picture}-menu" if picture else ""
        dialogs.answering(
            player, confirm, lambda: dialogs.pick(player, "top_person", "Cerrar", menu)
        )
        player.settle(lambda: player.window.shell is None, "the sign-in")

    def change_person(self, user: str) -> None:
        """Lock with Ctrl+L; somebody else signs in over the lock."""
        player = self.player
        player.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        player.settle(lambda: player.window.overlay.is_locked, "the lock")
        player.picture("lock")
        player.click("lock_leave")
        player.settle(lambda: player.window.shell is None, "the sign-in")
        self.sign_in(user)

    def place(self, key: Qt.Key, name: str) -> None:
        """Go to a place by its key."""
        self.player.key(key)
        self.player.settle(lambda: self.shell.shown == name, name)

    def find_everywhere(self, text: str, screen: str, picture: str = "") -> None:
        """Search from wherever one is, and open the first that is found."""
        player = self.player
        player.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        player.keys(player.find(QLineEdit, "global_search"), text)
        player.settle(lambda: self.shell.results.first() is not None, "what was searched for")
        if picture:
            player.picture(picture)
        QTest.keyClick(player.find(QLineEdit, "global_search"), Qt.Key.Key_Return)
        player.settle(lambda: self.shell.shown == screen, screen)

    # -- who comes

    def choose_member(self) -> None:
        """Find in the books somebody with an account and without e-banking: who comes today."""
        desk = self.shell.station.desk
        today = self.shell.station.today()
        page = desk(members.members, limit=100)
        for row in page.rows:
            if row.kind is not MemberKind.PERSON or row.users or row.branch_code != "CEN":
                continue
            record: MemberRecord = desk(members.member, row.id)
            good = (
                record.document_type is DocumentType.CI
                and record.email
                and (record.document_expiry is None or (record.document_expiry - today).days > 100)  # noqa: PLR2004
                and any(
                    each.kind is AccountKind.SAVINGS and each.status is AccountStatus.ACTIVE
                    for each in record.accounts
                )
            )
            hits = desk(search.find, record.document_number)
            if good and not any(hit.kind is HitKind.REQUEST for hit in hits):
                self.member = record
                return
        raise TourStopped("nobody in the books can be served")

    # -- the officer opens e-banking

    def walk_in(self) -> None:
        """F3: the document, what the books know, the number of today, the terms."""
        player = self.player
        self.place(Qt.Key.Key_F3, "new_request")
        player.picture("new-request-empty")
        player.type(self.member.document)
        player.key(Qt.Key.Key_Tab)
        player.settle(lambda: player.seen("use_record"), "the record")
        player.click("use_record")
        player.write("mobile", _NEW_MOBILE)
        player.settle(lambda: bool(player.find(QLineEdit, "user_name").text()), "a user name")
        player.tick("terms_version")
        player.picture("new-request")
        player.go_on()
        player.settle(lambda: self.shell.shown == "enrolment" and player.seen("page_identity"))
        self.number = self.shell.current.windowTitle()

    def identify(self) -> None:
        """Both sides of the card, the comparison, the reason for what differs, the check list."""
        player = self.player
        for side in ("front", "back"):
            path = self.papers / f"card-{side}.jpg"
            path.write_bytes(card_picture(self.member.name, self.member.document))
        dialogs.choose_file(player, "choose_card_front", self.papers / "card-front.jpg")
        player.settle(lambda: not self._side_is_empty(0), "the front of the card")
        player.drop(self.papers / "card-back.jpg")
        player.settle(lambda: not self._side_is_empty(1), "the back of the card")
        player.picture("identity-begun")
        player.click("same_as_record")
        for reason in player.named(QLineEdit, "reason_"):
            player.write(reason.objectName(), "El socio cambió de número; mostró su teléfono")
        for box in player.named(QCheckBox, "point_"):
            if box.isEnabled():
                player.tick(box.objectName())
        player.picture("identity")
        player.go_on()
        player.settle(lambda: player.seen("page_accounts"), "the accounts")

    def _side_is_empty(self, place: int) -> bool:
        pictures = self.player.named(CardPicture, "")
        return len(pictures) <= place or pictures[place].is_empty

    def configure(self) -> None:
        """Accounts, maximum amounts with the worst day, services, channels."""
        player = self.player
        player.picture("accounts")
        player.go_on()
        player.settle(lambda: player.seen("page_limits"))
        player.click("limits_propose")
        amount = next(
            each for each in player.named(QLineEdit, "limit_") if "per_day" in each.objectName()
        )
        player.write(amount.objectName(), amount.text())
        player.picture("limits")
        player.go_on()
        player.settle(lambda: player.seen("page_services"))
        for box in player.named(QCheckBox, "biller_")[:3]:
            player.tick(box.objectName())
        player.picture("services")
        player.go_on()
        player.settle(lambda: player.seen("page_form"), "the form")

    def form(self) -> None:
        """Make the form, look at it, save it as PDF."""
        player = self.player
        player.go_on()
        player.settle(lambda: player.seen("print_form"), "the form")
        player.picture("form")
        dialogs.choose_file(player, "save_pdf", self.form_path)
        player.settle(lambda: player.seen("to_signature"), "the saved form")

    @property
    def form_path(self) -> Path:
        """Where the officer saves the form."""
        return self.papers / f"formulario-{self.number}.pdf"

    def signature(self) -> None:
        """Let both sign; the copy comes back crooked from the scanner and is dropped."""
        player = self.player
        player.go_on()
        player.settle(lambda: player.seen("page_signature"))
        sheet = self.papers / f"formulario-{self.number}-firmado.pdf"
        sheet.write_bytes(signed_copy(self.form_path.read_bytes(), self.random))
        player.drop(sheet)
        player.settle(lambda: player.find(QPushButton, "to_approval").isEnabled(), "the sheet")
        player.picture("signature")
        player.go_on()
        player.settle(lambda: player.seen("page_approval"))
        player.picture("waits-for-approval")

    # -- the supervisor

    def approve(self) -> None:
        """F6: the case with its flags, own password and code, approved."""
        player, person = self.player, self.people[SUPERVISOR]
        self.place(Qt.Key.Key_F6, "approvals")
        player.picture("approvals")
        player.open_row("approvals", self.number)
        player.settle(lambda: player.seen("approve"), "the case")
        player.picture("case")
        player.write("password", person.password)
        player.write("code", self.next_code(person))
        player.go_on()
        player.settle(lambda: self.member.name in self._told(), "the decision")
        player.picture("approved-next-case")

    def _told(self) -> str:
        return self.shell.current.problem_bar.sentence

    def send_mail(self) -> None:
        """Send what waits in the outbox, as a timer does every minute."""
        self.player.settle()
        done = jobs.run_due(self.house, self.post).mails
        if done.failed or done.later:
            raise TourStopped(f"{done.failed} mails failed, {done.later} wait")

    # -- credential and first access

    def credential(self) -> str:
        """Show the clave inicial on the member's screen; the member reads it."""
        player = self.player
        self.find_everywhere(self.number, "enrolment", "search")
        player.settle(lambda: player.find(QPushButton, "issue_screen").isEnabled(), "the user")
        self.access_id = self.shell.current.credential.file.row.id  # type: ignore[attr-defined]  # EnrolmentView is built by its name
        player.picture("credential")
        player.click("issue_screen")
        screen = player.window.member_screen
        player.settle(lambda: screen.isVisible() and screen.shown() == "credential")
        player.picture("member-credential")
        clave = read_letters(screen.credential)
        QTest.keyClick(screen, Qt.Key.Key_Escape)
        player.settle(lambda: player.seen("show_qr"), "the token step")
        return clave

    def redeem(self, clave: str) -> None:
        """At the portal: the mailed link and the clave; password, PIN, picture, question."""
        link = _LINK.search(self.post.last("set_password"))
        if link is None:
            raise TourStopped("no link in the mail")
        token = link[1]
        self.user_name = first_access.open_link(self.house, token).user_name
        ticket = first_access.redeem(self.house, token, clave).ticket.reveal()
        first_access.set_password(self.house, ticket, self._password)
        first_access.set_pin(self.house, ticket, "730519")
        first_access.choose_image(self.house, ticket, "llama")
        question, answer = "¿Cómo se llamaba mi primera maestra?", "Doña Petrona Justiniano"
        first_access.set_question(self.house, ticket, question, answer)

    def token(self) -> None:
        """Read the QR on the member's screen as a phone does; its code proves the token."""
        player, screen = self.player, self.player.window.member_screen
        player.settle(lambda: player.find(QPushButton, "show_qr").isEnabled())
        player.picture("token")
        player.click("show_qr")
        player.settle(lambda: screen.isVisible() and screen.shown() == "qr", "the QR")
        player.picture("member-qr")
        uri = self._phone = read_code(player.grab())
        player.click("member_qr_seen")
        player.settle(lambda: screen.shown() == "code")
        player.picture("member-code")
        player.keys(player.find(QLineEdit, "member_code"), self.code_of(uri))
        player.settle(lambda: screen.shown() == "ready", "«Listo»")
        player.picture("member-ready")
        QTest.keyClick(screen, Qt.Key.Key_Escape)
        player.settle(
            lambda: "completo" in player.find(QLabel, "live_steps_note").text(), "the last step"
        )
        player.settle(
            lambda: player.find(QWidget, "step_token").accessibleName().endswith("hecho"),
            "the tick beside the last step",
        )
        player.picture("token-proved")

    # -- locked out, and back

    def three_wrong(self) -> None:
        """At home: three wrong passwords lock the user."""
        for wrong in ("Quirquincho1", "Quirquincho2", "Quirquincho3"):
            try:
                member_sign_in.password(self.house, self.user_name, wrong, _PHONE_AT_HOME)
            except SignInFailed:
                continue
            raise TourStopped("a wrong password was taken")

    def unlock(self) -> None:
        """F4: what fits, who it is, why; and the officer's own password again."""
        player = self.player
        for _ in range(2):  # the password given at the sign-in is not fresh any more
            self.clock.pass_by(seconds=150)
            self.place(Qt.Key.Key_F2, "requests")
        player.picture("requests")
        self.place(Qt.Key.Key_F4, "unlocks")
        player.write("text", self.user_name)
        player.settle(lambda: self._rows("users") > 0, "the user")
        player.picture("unlock-search")
        QTest.keyClick(player.find(QLineEdit, "text"), Qt.Key.Key_Return)
        player.settle(lambda: player.seen("unlock"), "the user")
        for box in player.named(QCheckBox, "point_"):
            player.tick(box.objectName())
        player.write("reason", "Olvidó la contraseña nueva; cédula y rostro comprobados")
        player.picture("unlock")
        player.go_on()
        player.settle(lambda: player.seen("password_panel"), "the question for the password")
        player.write("fresh_password", self.people[OFFICER].password)
        player.picture("password-again")
        player.click("fresh_go")
        player.settle(lambda: self._told().startswith("Desbloqueado"), "the unlocking")
        player.picture("unlocked")

    def enter_again(self) -> None:
        """Sign in at the portal as the member, with the right password."""
        given = member_sign_in.password(self.house, self.user_name, self._password, _PHONE_AT_HOME)
        self.session = member_sign_in.pin(self.house, given, "730519", _PHONE_AT_HOME).reveal()

    def members_code(self) -> str:
        """Wait for a code of the member's phone that was not used yet, and read it."""
        self.clock.pass_by(seconds=_NEXT_CODE_SECONDS)
        return self.code_of(self._phone)

    def _rows(self, name: str) -> int:
        return self.player.find(QTableView, name).model().rowCount()
