"""Refusals the program expects: facts without sentences.

Every rule that says no raises one of these. The Spanish sentence an officer or member reads is
found by class in `branch_desk.views.kit.wording`; nothing here is shown as it stands.
"""

from typing import ClassVar


class DomainError(Exception):
    """A rule said no. Attributes carry the facts; `field` names the form field it is about.

    An error with `keeps = True` is raised only after what it stands for was written: a wrong
    password must leave its count behind (R45), so its transaction commits before it is raised.
    """

    keeps: ClassVar[bool] = False
    field: str | None = None

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        super().__init__()
        self.field = field or type(self).field
        self.facts = facts

    def __getattr__(self, name: str) -> object:
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)

    def __str__(self) -> str:
        """Name the refusal and the fields of its facts; values may be personal data."""
        names = ", ".join(sorted(self.facts))
        return f"{type(self).__name__}({names})"


class InvalidValue(DomainError):
    """A typed value is not of its kind. Facts: `reason` (a word known to the views), `value`."""


class InvalidCharacter(InvalidValue):
    """One character of a text is not accepted. Facts: `reason`, `position` (from 1)."""


class NotFound(DomainError):
    """The thing asked for does not exist, or not for this person. Facts: `kind`."""


class NotAllowed(DomainError):
    """The actor's role, branch or session does not permit the operation. Facts: `operation`."""


class SessionEnded(DomainError):
    """The session was closed, revoked by a newer one, or grew too old. Facts: `reason`.

    A member's has reasons of its own: `expired`, `newer`, `not_active`, and what ended it while
    nobody looked: `locked`, `suspended`, `closed`, `password_changed`, `pin_changed`.
    """


class SessionLocked(DomainError):
    """The desk is locked; its owner must give the password again."""


class FreshSignInNeeded(DomainError):
    """The operation wants the password (and code) again, not older than five minutes (R13)."""


class ChangedMeanwhile(DomainError):
    """Somebody else saved the same thing first. Facts: `kind`."""


class HeldByAnother(DomainError):
    """Another officer has the request open. Facts: `holder`, `until`."""


class WrongState(DomainError):
    """The thing cannot move there from where it is. Facts: `kind`, `current`, `target`."""


class SignInFailed(DomainError):
    """User, password or code wrong, unknown, inactive or locked: deliberately one text (R2)."""

    keeps = True


class NewPasswordNeeded(DomainError):
    """The one-time password must be replaced before anything else."""


class WeakPassword(DomainError):
    """The password breaks the policy. Facts: `problems`, names of broken rules."""

    field = "password"


class Duplicate(DomainError):
    """The value is already taken. Facts: `kind`, `value`."""


class SelfDealing(DomainError):
    """An officer may not serve self or a declared relative (F7). Facts: `relation`."""


class FourEyes(DomainError):
    """A person who took part may not be the second one (R14, R20). Facts: `person`, `reason`."""


class ReasonMissing(DomainError):
    """The deed needs a reason of at least ten letters."""

    field = "reason"


class CheckListIncomplete(DomainError):
    """A point of the identity check list is not ticked. Facts: `missing`."""


class DifferencesUnexplained(DomainError):
    """Data differ between request, record and card without a reason. Facts: `fields`."""


class CardExpired(DomainError):
    """The identity card is past its date and no supervisor excepted it. Facts: `expired_on`."""


class NoMember(DomainError):
    """Nobody in the cooperative's books has this document. Facts: `document`."""


class NotTheHolder(DomainError):
    """The account does not belong to the member. Facts: `account`."""


class AccountUnfit(DomainError):
    """The account cannot be used so. Facts: `account`, `reason` (a word known to the views)."""


class AboveCeiling(DomainError):
    """A limit is above the cooperative's ceiling. Facts: `kind`, `currency`, `ceiling`, `part`."""


class LimitsInconsistent(DomainError):
    """Per operation <= per day <= per month does not hold. Facts: `kind`, `currency`."""


class NothingChosen(DomainError):
    """The set lacks what it needs. Facts: `kind` (accounts, limits, channels, representatives)."""


class PowerExpired(DomainError):
    """A representative's notarised power is past its date. Facts: `name`, `expired_on`."""


class MissingGlyph(DomainError):
    """A character cannot be printed with the papers' fonts (R78). Facts: `character`."""


class StaleForm(DomainError):
    """The sheet is of an older revision than the request. Facts: `folio`, `revision`, `current`."""


class ForeignForm(DomainError):
    """The sheet belongs to another request. Facts: `folio`."""


class FormUnreadable(DomainError):
    """No folio code could be read on the sheet."""


class SheetsDiffer(DomainError):
    """The pages of one file belong to different forms. Facts: `folios`."""


class UnreadableFile(DomainError):
    """The file is not an acceptable image or PDF. Facts: `reason` (a word known to the views)."""


class ColumnsMissing(DomainError):
    """A file of the core system lacks columns, or has them twice. Facts: `columns`."""


class NothingScanned(DomainError):
    """The scanner left nothing in its folder."""


class NotSaved(DomainError):
    """The paper could not be written where it was to go."""


class NotWhatWasSigned(DomainError):
    """The terms to approve are not those of the signed sheet (R16)."""


class AlreadyDone(DomainError):
    """The deed was already done by somebody. Facts: `what`."""


class AlreadyEnrolled(DomainError):
    """The person already has an e-banking user or an open request. Facts: `what`."""


class SupervisorNeeded(DomainError):
    """A second person, a supervisor, must take part (R20, F23). Facts: `reason`."""


class CodeRefused(DomainError):
    """The authenticator code was not accepted. Facts: `diagnosis`."""

    keeps = True
    field = "code"


class NotLocked(DomainError):
    """There is nothing to unlock: the user is not locked."""


class UnlockFirst(DomainError):
    """The user is locked: unlocking comes before a new credential or token (F21)."""


class LinkInvalid(DomainError):
    """The mail link is unknown, used, revoked or too old: deliberately one text."""


class CredentialRefused(DomainError):
    """The initial credential is wrong, used, revoked, expired, or tried too often: one text."""

    keeps = True


class LockedOut(DomainError):
    """The user is locked; says no more than the manual does."""

    keeps = True


class StepMissing(DomainError):
    """First access must follow its order. Facts: `step`."""


class NotGranted(DomainError):
    """The user may not do that with it: not chosen on the form. Facts: `kind`."""


class LimitExceeded(DomainError):
    """More than the user's maximum amounts, or than the first days allow (F9, F25).

    Facts: `kind`, `part` (as the columns of the limit, `starter` for the first days), `limit` and
    `left` (Money, or a number of operations), `until`: when a starter limit is over, or None.
    """

    field = "amount"


class NotEnoughFunds(DomainError):
    """The account would go below zero or its agreed overdraft. Facts: `available`."""

    field = "amount"


class CurrencyDiffers(DomainError):
    """Money, account and payee are not of one currency. Facts: `currency`, `wanted`."""

    field = "amount"


class AmountDiffers(DomainError):
    """The amount is not what the bill or the instalments come to. Facts: `wanted`, a Money."""

    field = "amount"


class InstalmentsUnfit(DomainError):
    """These instalments are not the ones that can be paid now (F32).

    Facts: `reason` (a word known to the views) and `number`, of the instalment it is about.
    """

    field = "instalments"


class BillUnpayable(DomainError):
    """The bill is not there to be paid: somebody pays it, it is paid or withdrawn (F33).

    Facts: `reason` (a word known to the views).
    """


class BelowMinimum(DomainError):
    """The top-up is smaller than the company takes (manual: Bs 5). Facts: `minimum`, a Money."""

    field = "amount"


class NotWhatWasShown(DomainError):
    """What is to be carried out is not what was shown and confirmed with the code."""


class KeyUsed(DomainError):
    """The key belongs to an order with other data (R61)."""


class PromiseChanged(DomainError):
    """The day promised for another bank has passed its cut-off. Facts: `day`, the new one."""


class TotalsDiffer(DomainError):
    """A batch, its file and the postings do not tell the same sum. Facts: `day`, `currency`."""


class TooMany(DomainError):
    """As often as a day allows. Facts: `kind`, `most`."""


class PaymentsDiffer(DomainError):
    """A biller's payments of a day and the postings do not tell the same sum.

    Facts: `biller`, `day`, `currency`.
    """


class NothingDue(DomainError):
    """There is nothing to pay on that day. Facts: `kind` (bill, instalment)."""


class NotASigner(DomainError):
    """The operation does not wait for this user's signature."""


class KeysUnusable(DomainError):
    """The key outside the database is missing, wrong or exposed. Facts: `reason`."""


class WrongSchema(DomainError):
    """Program and database do not fit. Facts: `reason`, one of `newer`, `older`, `empty`."""


class UnsafeServer(DomainError):
    """The PostgreSQL server could lose committed data (R64). Facts: `setting`, `value`."""


class OutcomeUnknown(DomainError):
    """The connection broke at COMMIT: done or not is to be asked, not assumed (R67)."""


class DatabaseUnreachable(DomainError):
    """The database did not answer in time."""


class BackupFailed(DomainError):
    """A backup could not be made or restored. Facts: `reason`, `file`, sometimes `said`."""


class BackupDamaged(DomainError):
    """A backup is not what was signed. Facts: `reason` (manifest, file, unreadable), `file`."""


class RightsNotGranted(DomainError):
    """This user of PostgreSQL may not make the program's role or give it its rights.

    Facts: `program`, the role; `reason`: `nothing_done`, or `restored` when a backup is back and
    only the rights are missing.
    """


class DatabaseInUse(DomainError):
    """There is something in the database that must not be overwritten."""
