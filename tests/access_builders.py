"""E-banking users as an approval leaves them, and one brought through its first access."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from branch_desk.models.access import Access, Delivery
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import (
    Channel,
    ChosenAccount,
    ChosenBiller,
    ChosenLimit,
    Enrolment,
    Representative,
    SigningRule,
    Status,
    UserName,
)
from branch_desk.models.form import Decision, PrintedForm, Verdict
from branch_desk.models.identity import Attachment, AttachmentKind
from branch_desk.models.member import Member, MemberKind
from branch_desk.models.money import Currency
from branch_desk.models.outbox import Mail
from branch_desk.models.parameter import Biller, ContractTerms, LimitKind
from branch_desk.models.staff import Role, Staff
from branch_desk.models.totp import TotpSecret, step_at
from branch_desk.operations.portal import Portal
from branch_desk.operations.users import access, credential, first_access, member_sign_in, totp
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import Desk, Work
from tests.builders import World

MEMBER_PASSWORD = "Lapacho47ro"
MEMBER_PIN = "8305"
HOME = Origin(Channel.WEB, "200.87.1.2")


@dataclass
class Phone:
    """A phone with an authenticator, at the world's clock."""

    world: World
    secret: TotpSecret
    period: int = 30

    def code(self, ahead: int = 0) -> str:
        """What it shows, `ahead` steps later."""
        return self.secret.code(step_at(self.world.clock.now, self.period) + ahead)


_WAY = (Status.IDENTIFIED, Status.CONFIGURED, Status.PRINTED, Status.SIGNED)


def walk(session: Session, enrolment_id: UUID, status: Status) -> None:
    """Bring a submitted request to a state, by the moves the database allows."""
    way = _WAY[: _WAY.index(status) + 1] if status in _WAY else (status,)
    for each in way if status is not Status.SUBMITTED else ():
        session.execute(
            update(Enrolment)
            .where(Enrolment.id == enrolment_id)
            .values(status=each)
            .execution_options(synchronize_session="fetch")
        )


def an_enrolment(
    world: World, member_id: UUID, *, user_name: str = "amendez", status: Status = Status.SIGNED
) -> UUID:
    """A request in an open state, with nothing chosen and no paper yet."""

    def store(work: Work) -> UUID:
        member = work.session.get_one(Member, member_id)
        terms = work.session.scalars(select(ContractTerms)).first()
        assert terms is not None
        number = f"SC01-2026-{len(work.session.scalars(select(Enrolment.id)).all()) + 1:06}"
        company = member.kind is MemberKind.COMPANY
        enrolment = Enrolment(
            id=new_id(),
            number=number,
            status=Status.SUBMITTED,
            channel=Channel.BRANCH,
            branch_id=world.branch_id,
            member_id=member_id,
            user_name="" if company else user_name,
            signing_rule=SigningRule.SOLE if company else None,
            submitted_at=work.now,
            changed_at=work.now,
            terms_version=terms.version,
            terms_sha256=terms.sha256,
            terms_accepted_at=work.now,
            terms_channel=Channel.BRANCH,
            kind=member.kind,
            document_type=member.document_type,
            document_number=member.document_number,
            complement=member.complement,
            issued_in=member.issued_in,
            document_expiry=member.document_expiry,
            first_names=member.first_names,
            first_surname=member.first_surname,
            second_surname=member.second_surname,
            company_name=member.company_name,
            trade_registry=member.trade_registry,
            birth_date=member.birth_date,
            email=member.email,
            mobile=member.mobile,
        )
        work.session.add(enrolment)
        work.session.flush()
        if not company:
            work.session.add(UserName(folded=user_name, enrolment_id=enrolment.id))
        walk(work.session, enrolment.id, status)
        return enrolment.id

    return world.house.work(store)


def choose(
    world: World,
    enrolment_id: UUID,
    account_id: UUID,
    representative_id: UUID | None = None,
    per_day: int = 200_000,
) -> None:
    """Choose an account, limits and the first biller."""

    def store(work: Work) -> None:
        if work.session.get(ChosenAccount, (enrolment_id, account_id)) is None:
            work.session.add(
                ChosenAccount(
                    enrolment_id=enrolment_id,
                    account_id=account_id,
                    consult=True,
                    debit=True,
                    web=True,
                    mobile=False,
                )
            )
            biller = work.session.scalars(select(Biller.code).order_by(Biller.position)).first()
            work.session.add(ChosenBiller(enrolment_id=enrolment_id, biller_code=biller))
        work.session.add(
            ChosenLimit(
                enrolment_id=enrolment_id,
                representative_id=representative_id,
                kind=LimitKind.THIRD_PARTY,
                currency=Currency.BOB,
                per_operation=100_000,
                per_day=per_day,
                per_month=900_000,
                count_per_day=5,
            )
        )

    world.house.work(store)


def a_representative(
    world: World, enrolment_id: UUID, *, document: str, user_name: str, name: str
) -> UUID:
    """A person who acts for the company."""
    representative = Representative(
        id=new_id(),
        enrolment_id=enrolment_id,
        position=int(document[-1]),
        document_type="CI",
        document_number=document,
        complement="",
        first_names=name,
        first_surname="Flores",
        email=f"{user_name}@example.com",
        mobile="70055555",
        user_name=user_name,
        power_number="123/2024",
        power_date=world.clock.now.date(),
        notary="N° 8",
        faculties="banca electrónica",
    )
    world.house.work(lambda work: work.session.add(representative))
    return representative.id


def approved(world: World, enrolment_id: UUID) -> list[UUID]:
    """Approve a request as far as the database asks for it: a paper, its sheet, a decision."""
    supervisor = world.staff("visadora", Role.SUPERVISOR, document="6999999").staff_id
    form_id = new_id()

    def decide(work: Work) -> list[UUID]:
        enrolment = work.session.get_one(Enrolment, enrolment_id)
        form = PrintedForm(
            id=form_id,
            enrolment_id=enrolment_id,
            revision=enrolment.revision,
            form_version="1",
            terms=b"",
            terms_sha256="t" * 64,
            pdf=b"",
            pdf_sha256="p" * 64,
            page_size="A4",
            staff_id=supervisor,
            made_at=work.now,
        )
        sheet = Attachment(
            id=new_id(),
            enrolment_id=enrolment_id,
            kind=AttachmentKind.SIGNED_FORM,
            form_id=form_id,
            media_type="image/jpeg",
            content=b"",
            sha256="s" * 64,
            staff_id=supervisor,
            filed_at=work.now,
        )
        decision = Decision(
            id=new_id(),
            enrolment_id=enrolment_id,
            verdict=Verdict.APPROVED,
            revision=enrolment.revision,
            form_id=form_id,
            terms_sha256=form.terms_sha256,
            sheet_sha256=sheet.sha256,
            supervisor_id=supervisor,
            person=work.session.get_one(Staff, supervisor).person,
            decided_at=work.now,
        )
        for row in (form, sheet, decision):
            work.session.add(row)
            work.session.flush()
        enrolment.move(Status.APPROVED)
        return access.create_for(work, enrolment)

    return world.house.work(decide)


def an_access(
    world: World, *, number: str = "000123", user_name: str = "amendez", **member: object
) -> UUID:
    """A user just approved: invited, nothing set."""
    made = world.member(number, **member)
    return approved(world, an_enrolment(world, made, user_name=user_name))[0]


def link_of(world: World, access_id: UUID) -> str:
    """The token in the waiting mail, as only the sender sees it."""

    def look(work: Work) -> str:
        mail = work.session.scalars(
            select(Mail).where(
                Mail.access_id == access_id,
                Mail.template == "set_password",
                Mail.secret.is_not(None),
            )
        ).one()
        assert mail.secret is not None
        return work.keys.open(mail.secret, purpose="mail", row=mail.id).decode()

    return world.house.work(look)


def redeemed(world: World, desk: Desk, access_id: UUID) -> str:
    """The ticket of a member who came with link and clave inicial."""
    clave = credential.issue(desk, access_id, Delivery.SCREEN).reveal()
    return first_access.redeem(world.house, link_of(world, access_id), clave).ticket.reveal()


def with_secrets(world: World, ticket: str) -> None:
    """Password, PIN, image and question."""
    house = world.house
    first_access.set_password(house, ticket, MEMBER_PASSWORD)
    first_access.set_pin(house, ticket, MEMBER_PIN)
    first_access.choose_image(house, ticket, "condor")
    first_access.set_question(house, ticket, "¿Cómo se llamaba su primera maestra?", "Doña Petrona")


def a_phone(world: World, token: totp.ProvisionedToken, period: int = 30) -> Phone:
    """A phone that took the QR's secret."""
    import base64

    text = token.key.reveal()
    return Phone(world, TotpSecret(base64.b32decode(text + "=" * (-len(text) % 8))), period)


def an_active(world: World, desk: Desk, **about: object) -> tuple[UUID, Phone]:
    """A user who went through the whole first access, and the phone."""
    access_id = an_access(world, **about)  # type: ignore[arg-type]
    ticket = redeemed(world, desk, access_id)
    with_secrets(world, ticket)
    phone = a_phone(world, first_access.provision(world.house, ticket))
    assert first_access.confirm(world.house, ticket, phone.code()).active
    world.clock.forward(minutes=2)
    return access_id, phone


def a_portal(world: World, access_id: UUID) -> Portal:
    """The member signed in: user, password, PIN."""
    user_name = row(world, access_id).user_name
    given = member_sign_in.password(world.house, user_name, MEMBER_PASSWORD, HOME)
    token = member_sign_in.pin(world.house, given, MEMBER_PIN, HOME)
    return Portal(world.house, token.reveal())


def row(world: World, access_id: UUID) -> Access:
    """The user as the database has it."""
    return world.house.work(lambda work: work.session.get_one(Access, access_id))


def change(world: World, access_id: UUID, **values: object) -> None:
    """Set columns of the user behind the program's back."""
    world.house.work(
        lambda work: work.session.execute(
            update(Access).where(Access.id == access_id).values(**values)
        )
    )


def mails(world: World, access_id: UUID) -> list[str]:
    """The templates of the user's mails, oldest first."""
    return world.house.work(
        lambda work: list(
            work.session.scalars(
                select(Mail.template)
                .where(Mail.access_id == access_id)
                .order_by(Mail.created_at, Mail.id)
            )
        )
    )


def events(world: World, subject: UUID) -> list[str]:
    """The events about somebody, in order."""
    from branch_desk.models.audit import AuditEvent

    return world.house.work(
        lambda work: list(
            work.session.scalars(
                select(AuditEvent.event)
                .where(AuditEvent.subject_id == subject)
                .order_by(AuditEvent.number)
            )
        )
    )
