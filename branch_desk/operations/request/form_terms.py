"""What the service form says: the one place that reads the tables for it (F11, F12)."""

from datetime import date

from sqlalchemy import select

from branch_desk.models.account import Account
from branch_desk.models.enrolment import Enrolment, SigningRule
from branch_desk.models.form import FORM_VERSION
from branch_desk.models.member import DocumentType, Member
from branch_desk.models.parameter import Biller, ContractTerms
from branch_desk.models.staff import Branch
from branch_desk.operations.request.configuration import configuration_of, worst_day
from branch_desk.operations.work import Work, allowed
from branch_desk.reports import enrolment_form as paper
from branch_desk.reports.paper import Letterhead

COOPERATIVE = "Cooperativa de Ahorro y Crédito «San Martín de Porres» R.L."

_DOCUMENTS = {
    DocumentType.CI: "Cédula de identidad",
    DocumentType.CIE: "Cédula de identidad de extranjero",
    DocumentType.PASSPORT: "Pasaporte",
    DocumentType.NIT: "NIT",
}
_SIGNING = {SigningRule.SOLE: "SOLE", SigningRule.JOINT_TWO: "JOINT"}


@allowed()
def form_values(
    work: Work, enrolment: Enrolment, issued_on: date, *, officer: str, officer_document: str
) -> paper.EnrolmentForm:
    """Read everything the member signs. The terms' hash is still empty: it is made of these."""
    session = work.session
    branch = session.get_one(Branch, enrolment.branch_id)
    terms = session.get_one(ContractTerms, enrolment.terms_version)
    chosen = configuration_of(enrolment)
    names = {each.id: each.person_name for each in enrolment.representatives}
    accounts = {
        account.id: account
        for account in session.scalars(
            select(Account).where(Account.id.in_([each.account_id for each in chosen.accounts]))
        )
    }
    billers = session.scalars(select(Biller).where(Biller.active).order_by(Biller.position))
    worst = worst_day(
        chosen.limits,
        debits=any(each.debit for each in chosen.accounts),
        billers=bool(chosen.billers),
    )
    return paper.EnrolmentForm(
        folio=enrolment.number,
        revision=enrolment.revision,
        terms_sha256="",
        form_version=FORM_VERSION,
        issued_on=issued_on,
        letterhead=Letterhead(COOPERATIVE, branch.name, branch.city),
        officer=officer,
        officer_document=officer_document,
        member=_member(session.get_one(Member, enrolment.member_id), enrolment),
        accounts=tuple(
            paper.FormAccount(
                number=accounts[each.account_id].number,
                kind=accounts[each.account_id].kind.value,
                currency=accounts[each.account_id].currency.value,
                handling=accounts[each.account_id].handling.value,
                consult=each.consult,
                debit=each.debit,
                web=each.web,
                mobile=each.mobile,
            )
            for each in sorted(chosen.accounts, key=lambda each: accounts[each.account_id].number)
        ),
        limits=tuple(
            paper.FormLimit(
                kind=each.kind.value,
                currency=each.currency.value,
                per_operation=each.per_operation,
                per_day=each.per_day,
                per_month=each.per_month,
                count_per_day=each.count_per_day,
                holder=names.get(each.representative_id, "") if each.representative_id else "",
            )
            for each in chosen.limits
        ),
        worst_day=tuple(
            paper.Amount(centavos, currency.value) for currency, centavos in worst.items()
        ),
        billers=tuple((biller.name, biller.code in chosen.billers) for biller in billers),
        web=chosen.by_web,
        mobile=chosen.by_mobile,
        contract=paper.ContractTerms(
            version=terms.version,
            title="Términos y condiciones para el uso de canales electrónicos",
            sha256=terms.sha256,
            text=terms.text,
        ),
    )


def _member(member: Member, enrolment: Enrolment) -> paper.FormMember:
    return paper.FormMember(
        name=enrolment.name,
        document=enrolment.document,
        member_number=member.number,
        mobile=enrolment.mobile,
        email=enrolment.email,
        address=enrolment.address,
        user_name=enrolment.user_name,
        document_type=_DOCUMENTS[enrolment.document_type],
        document_expires_on=enrolment.document_expiry,
        birth_date=enrolment.birth_date,
        trade_registry=enrolment.trade_registry,
        signing_rule=_SIGNING[enrolment.signing_rule] if enrolment.signing_rule else "",
        representatives=tuple(
            paper.FormRepresentative(
                name=each.person_name,
                document=each.document,
                user_name=each.user_name,
                power=paper.Power(
                    number=each.power_number,
                    granted_on=each.power_date,
                    notary=each.notary,
                    faculties=each.faculties,
                    expires_on=each.power_expiry,
                ),
                mobile=each.mobile,
                email=each.email,
            )
            for each in enrolment.representatives
        ),
    )
