"""Signing in: user, password, code; the first time also one's own password and authenticator.

It paints before the database is loaded: nothing here imports tables, and what is typed meanwhile
waits in the database's line behind the opening. Every refusal has one text (R2).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from branch_desk.background import Background
from branch_desk.models.errors import DomainError, SessionEnded
from branch_desk.views.kit import wording
from branch_desk.views.kit.fields import CodeField, PasswordField, TextField, mark, row
from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.picture import QrView
from branch_desk.views.kit.pieces import button, card, label
from branch_desk.views.kit.secret_panel import SecretPanel, overwrite
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import View

if TYPE_CHECKING:
    from branch_desk.models.credentials import Secret
    from branch_desk.operations.house.sign_in import SignedIn
    from branch_desk.operations.work import Desk, House

WIDTH = 460
QR_SIDE = 220
KEY_SECONDS = 180


class SignInView(View):
    """Whoever comes to the desk. `entered` carries the desk and who sits at it."""

    entered = Signal(object, object)

    def __init__(
        self,
        open_house: "Callable[[], House]",
        background: Background,
        *,
        cooperative: str = "Cosmart",
        branch: str = "",
    ) -> None:
        super().__init__(_nobody, background)
        self._open_house = open_house
        self._signed: Desk | None = None
        self._person: SignedIn | None = None
        self._one_time = ""
        self.user = TextField("user_name", required=True, longest=60, rule="address")
        self.password = PasswordField("password")
        self.code = CodeField("code")
        self.enter = button(self.tr("&Ingresar"), "primary", "enter")
        self.new_password = PasswordField("new_password")
        self.again = PasswordField("new_password_again")
        self.keep = button(self.tr("&Guardar mi contraseña"), "primary", "keep_password")
        self.qr = QrView(self.tr("Código QR de su autenticador"), QR_SIDE)
        self.key = SecretPanel(self.tr("Clave de su autenticador"))
        self.no_camera = button(self.tr("No puedo &escanear"), "link", "no_camera")
        self.proof = CodeField("proof")
        self.prove = button(self.tr("&Probar código"), "primary", "prove")
        self._secret_key = bytearray()
        self._pages: list[QWidget] = []
        self._build(cooperative, branch)
        self.turned_away.connect(self._sent_back)
        self._turn(0)

    # -- what the window calls

    def begin(self, reason: str = "") -> None:
        """Wait for somebody; `reason` says why the last session ended."""
        self._signed = self._person = None
        self.desk = _nobody
        self._wipe()
        self._turn(0)
        self.problem_bar.clear()
        if reason:
            self.say(Meaning.ATTENTION, reason)
        self.user.setFocus()
        self.user.selectAll()

    # -- user, password, code

    def _walk(self) -> None:
        """Go on to the next empty field; with both filled, to the code, which may stay empty."""
        if self.sender() is self.user:
            self.password.setFocus()
        else:
            self.code.setFocus()

    def _enter(self) -> None:
        for field in (self.user, self.password):
            if not mark(field, field.problem()):
                field.setFocus()
                return
        code = self.code.take()
        self.perform(
            self._entered, _sign_in, self._open_house, self.user.typed(), self.password.text(), code
        )

    def _entered(self, answer: "tuple[Desk, SignedIn]") -> None:
        self._signed, self._person = answer
        self.desk = self._signed
        if self._person.new_password_needed:
            self._one_time = self.password.take()
            self._ask_new_password(self._person)
        else:
            self._go_on(self._person)

    def _go_on(self, person: "SignedIn") -> None:
        self._person = person
        self._wipe()
        if person.authenticator_needed:
            from branch_desk.operations.house.sign_in import provision_authenticator

            self.ask(self._show_qr, provision_authenticator)
        else:
            self.entered.emit(self._signed, person)

    # -- one's own password

    def _ask_new_password(self, person: "SignedIn") -> None:
        from branch_desk.models.passwords import STAFF_POLICY, STAFF_POLICY_WITHOUT_CODE
        from branch_desk.models.staff import SECOND_FACTOR_ROLES

        alone = person.role not in SECOND_FACTOR_ROLES
        policy = STAFF_POLICY_WITHOUT_CODE if alone else STAFF_POLICY
        self._rule.setText(
            self.tr(
                "Al menos {count} caracteres. Varias palabras seguidas sirven bien; "
                "su nombre y los datos de la cooperativa, no."
            ).format(count=policy.shortest)
        )
        self._turn(1)
        self.new_password.setFocus()

    def _check_new(self) -> None:
        mark(self.new_password, self._against_new() if self.new_password.text() else "")
        if self.again.text():
            mark(self.again, self._against_again())

    def _against_new(self) -> str:
        from branch_desk.operations.house.sign_in import check_staff_password

        person = self._person
        if person is None:
            return ""
        problems = check_staff_password(
            person.role, self.new_password.text(), person.name, person.user_name
        )
        if not problems:
            return ""
        reasons = wording.written(problems)
        return self.tr("Todavía no sirve: {reasons}.").format(reasons=reasons)

    def _against_again(self) -> str:
        if self.again.text() == self.new_password.text():
            return ""
        return self.tr("No es igual a la de arriba. Escríbala otra vez.")

    def _keep(self) -> None:
        for field, problem in (
            (self.new_password, self.new_password.problem() or self._against_new()),
            (self.again, self._against_again()),
        ):
            if not mark(field, problem):
                field.setFocus()
                return
        from branch_desk.operations.house.sign_in import change_password

        desk = cast("Desk", self._signed)
        self.perform(self._kept, change_password, desk, self._one_time, self.new_password.text())

    def _kept(self, _: object) -> None:
        from branch_desk.operations.house.sign_in import whoami

        self._wipe()
        self.ask(self._go_on, whoami)

    # -- one's own authenticator

    def _show_qr(self, uri: "Secret") -> None:
        content = uri.take()
        begin = content.index(b"secret=") + len(b"secret=")
        overwrite(self._secret_key)
        self._secret_key = bytearray(content[begin : content.index(b"&", begin)])
        self.qr.show_content(content)
        overwrite(content)
        self._token_words.setText(
            self.tr(
                "Abra el autenticador de su teléfono, escanee este código y escriba los seis "
                "dígitos que muestra."
            )
        )
        self.qr.show()
        self.key.hide()
        self.no_camera.show()
        self._turn(2)
        self.proof.setFocus()

    def _show_key(self) -> None:
        self._token_words.setText(
            self.tr(
                "En el autenticador de su teléfono elija ingresar una clave, escriba esta y "
                "después los seis dígitos que muestra."
            )
        )
        self.qr.hide()
        self.no_camera.hide()
        self.key.show()
        self.key.show_secret(bytearray(self._secret_key), KEY_SECONDS)
        self.proof.setFocus()

    def _prove(self) -> None:
        if not mark(self.proof, self.proof.problem()):
            self.proof.setFocus()
            return
        from branch_desk.operations.house.sign_in import confirm_authenticator

        self.ask(self._proved, confirm_authenticator, self.proof.take())

    def _proved(self, _: object) -> None:
        from branch_desk.operations.house.sign_in import whoami

        self.ask(self._go_on, whoami)

    # -- inside

    def _turn(self, number: int) -> None:
        # One below the other and not in a stack: the card is as high as what it shows.
        for place, page in enumerate(self._pages):
            page.setVisible(place == number)
        self._page = number

    def show_problem(self, error: Exception) -> None:
        """Empty what was typed in secret; a wrong code wants another code, all else the user."""
        page = self._page
        super().show_problem(error)
        if page == 0:
            self.password.wipe()
            self.password.setFocus()
        elif page == 2 and isinstance(error, DomainError):  # noqa: PLR2004  the third page
            self.say(
                Meaning.STOP,
                self.tr(
                    "El código no sirvió. Compruebe que la hora del teléfono sea automática "
                    "y escriba el código siguiente."
                ),
            )
            self.proof.setFocus()

    def _sent_back(self, error: DomainError) -> None:
        self.begin(wording.problem(error))

    def _wipe(self) -> None:
        for field in (self.password, self.new_password, self.again):
            field.wipe()
        for code in (self.code, self.proof):
            code.set_value("")
        self._one_time = ""
        overwrite(self._secret_key)
        self.qr.wipe()
        self.key.wipe()

    def _build(self, cooperative: str, branch: str) -> None:
        frame, column = card("sign_in_card")
        frame.setFixedWidth(WIDTH)
        column.setContentsMargins(4 * GRID, 3 * GRID, 4 * GRID, 3 * GRID)
        heading = QHBoxLayout()
        heading.setSpacing(2 * GRID)
        heading.addWidget(Sign("landmark", "accent", 40))
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(label(cooperative, "title", "cooperative"))
        names.addWidget(label(branch or self.tr("Apertura de banca electrónica"), "muted"))
        heading.addLayout(names, 1)
        column.addLayout(heading)
        column.addSpacing(GRID)
        self._pages = [self._who_page(), self._password_page(), self._token_page()]
        for page in self._pages:
            column.addWidget(page)
        # An alignment would take the height for one line of text where there are two.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(frame)
        middle.addStretch(1)
        whole = QVBoxLayout(self.body)
        whole.addStretch(2)
        whole.addLayout(middle)
        whole.addStretch(3)

    def _who_page(self) -> QWidget:
        self.user.returnPressed.connect(self._walk)
        self.password.returnPressed.connect(self._walk)
        self.code.returnPressed.connect(self._enter)
        self.code.complete.connect(self._enter)
        self.enter.clicked.connect(self._enter)
        return _page(
            [
                (self.tr("&Usuario"), self.user, ""),
                (self.tr("&Contraseña"), self.password, ""),
                (
                    self.tr("C&ódigo"),
                    self.code,
                    self.tr("El de su autenticador. Si no usa uno, deje vacío."),
                ),
            ],
            self.enter,
        )

    def _password_page(self) -> QWidget:
        self.new_password.textEdited.connect(self._check_new)
        self.again.textEdited.connect(self._check_new)
        self.new_password.returnPressed.connect(self.again.setFocus)
        self.again.returnPressed.connect(self._keep)
        self.keep.clicked.connect(self._keep)
        self._rule = label("", "muted", "password_rule", wrap=True)
        return _page(
            [
                (self.tr("Contraseña &nueva"), self.new_password, ""),
                (self.tr("&Otra vez"), self.again, ""),
            ],
            self.keep,
            label(self.tr("Elija su contraseña"), "section"),
            self._rule,
        )

    def _token_page(self) -> QWidget:
        self.no_camera.clicked.connect(self._show_key)
        self.proof.complete.connect(self._prove)
        self.prove.clicked.connect(self._prove)
        self._token_words = label("", "muted", "token_words", wrap=True)
        return _page(
            [(self.tr("&Código"), self.proof, "")],
            self.prove,
            label(self.tr("Su autenticador"), "section"),
            self._token_words,
            self.qr,
            self.key,
            self.no_camera,
        )


def _page(fields: list[tuple[str, QLineEdit, str]], go: QWidget, *above: QWidget) -> QFrame:
    page = QFrame()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID)
    for each in above:
        column.addWidget(each)
    form = QFormLayout()
    form.setVerticalSpacing(GRID)
    for words, field, hint in fields:
        row(form, words, field, hint)
    column.addLayout(form)
    column.addStretch(1)
    foot = QHBoxLayout()
    foot.addStretch(1)
    foot.addWidget(go)
    column.addLayout(foot)
    return page


def _sign_in(
    open_house: "Callable[[], House]", user: str, password: str, code: str
) -> "tuple[Desk, SignedIn]":
    """Sign in and tell who it is. Runs in the database's line; loads the tables if need be."""
    import platform

    from branch_desk.operations.house import sign_in

    desk = sign_in.sign_in(open_house(), user, password, code, desk_name=platform.node())
    return desk, desk(sign_in.whoami)


def _nobody(_operation: object, /, *_: Any, **__: Any) -> Any:  # noqa: ANN401  as the desk's own
    """Refuse: nobody has signed in yet."""
    raise SessionEnded(reason="signed_out")
