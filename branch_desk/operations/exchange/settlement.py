"""What is answered from outside to what was sent: done, or refused and returned (F30, F33).

A ceremony of many transactions. Which lines are done is told by the operations themselves, so a
run that was stopped is simply run again: what is settled the same way is passed over.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, update

from branch_desk.models.errors import InvalidValue, WrongState
from branch_desk.models.event import Event
from branch_desk.models.operation import Operation, OperationKind, OperationStatus
from branch_desk.models.validation import clean_text, required_text
from branch_desk.operations.books.import_rejects import Rejected, RejectsFile
from branch_desk.operations.exchange.answer_lines import AnswerLine, answer_lines
from branch_desk.operations.money.reversal import give_back
from branch_desk.operations.work import House, Work

COLUMNS: Final = ("operation_id", "outcome", "answer")
"""Of the file; `answer` is the reference of who answers, or the reason why it refused."""
_LINES_AT_ONCE: Final = 500


def _none_early(_work: Work, _ids: Collection[UUID]) -> Collection[UUID]:
    return ()


def _nothing_else(_work: Work, _ids: Collection[UUID], _end: OperationStatus) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who answers, and what an answer makes of an operation."""

    kinds: frozenset[OperationKind]
    waits: OperationStatus
    """The state in which an operation waits for the answer."""
    good: OperationStatus
    bad: OperationStatus
    """Money of these is given back."""
    unknown: str
    """Word of the reason for an operation that is none of these kinds."""
    early: str
    """Word of the reason for one that was not sent yet."""
    good_event: Event
    read_event: Event
    not_sent: Callable[[Work, Collection[UUID]], Collection[UUID]] = _none_early
    """Which of the waiting were not sent yet, where their state does not tell."""
    ended: Callable[[Work, Collection[UUID], OperationStatus], None] = _nothing_else
    """What else changes with the end of these operations."""


OTHER_BANKS: Final = Party(
    kinds=frozenset({OperationKind.OTHER_BANK}),
    waits=OperationStatus.SENT,
    good=OperationStatus.CREDITED,
    bad=OperationStatus.REJECTED,
    unknown="unknown_operation",
    early="not_sent",
    good_event=Event.OPERATIONS_CREDITED,
    read_event=Event.ANSWERS_READ,
)


@dataclass(frozen=True, slots=True)
class SettleResult:
    """What a file of answers did."""

    lines: int
    """Read in all, header and blank lines aside."""
    credited: int
    """Ended well: credited by the other bank, confirmed by the biller."""
    returned: int
    """Refused; the money is back."""
    unchanged: int
    """Settled the same way before."""
    wrong: int
    """Kept out, each named in the file at `wrong_path`."""
    wrong_path: Path | None


@dataclass(frozen=True, slots=True)
class _Answer:
    line: AnswerLine
    operation_id: UUID
    outcome: OperationStatus
    """One of the party's two."""
    text: str


def settle_file(house: House, path: Path, party: Party = OTHER_BANKS) -> SettleResult:
    """Settle the operations a file answers; lines that are wrong go to `FILE.rejected.csv`.

    Raises ColumnsMissing, UnreadableFile, OSError.
    """
    rejects = RejectsFile(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        run = _Run(house, party, path.name, digest, rejects)
        lines = answer_lines(file, COLUMNS)
        first = next(lines, None)  # reads the header, before any file is made
        rejects.open(0)
        try:
            run.take(() if first is None else (first,))
            while block := tuple(islice(lines, _LINES_AT_ONCE)):
                run.take(block)
            run.end()
        finally:
            rejects.close()
    return SettleResult(
        lines=run.lines,
        credited=run.credited,
        returned=run.returned,
        unchanged=run.lines - run.credited - run.returned - run.wrong,
        wrong=run.wrong,
        wrong_path=rejects.finish(run.wrong),
    )


class _Run:
    """One file under way: its counts and its transactions."""

    def __init__(
        self, house: House, party: Party, name: str, digest: str, rejects: RejectsFile
    ) -> None:
        self._house = house
        self._party = party
        self._name = name
        self._digest = digest
        self._rejects = rejects
        self.lines = self.credited = self.returned = self.wrong = 0

    def take(self, lines: Iterable[AnswerLine | Rejected]) -> None:
        """Settle some lines: what ended well together, each returned one by itself."""
        party = self._party
        answers, wrong = _read(party, lines)
        credited, returning, contrary = self._house.work(
            lambda work: _credit(work, party, answers, self._name, self._digest)
        )
        returned = 0
        for answer in returning:
            found = self._house.work(partial(_return, party=party, answer=answer))
            if isinstance(found, Rejected):
                contrary.append(found)
            else:
                returned += found
        rejected = sorted(wrong + contrary, key=lambda each: each.line)
        self._rejects.write(rejected)
        self._rejects.confirm()
        self.lines += len(answers) + len(wrong)
        self.credited += credited
        self.returned += returned
        self.wrong += len(rejected)

    def end(self) -> None:
        """Record what the file was and did."""
        self._house.work(
            lambda work: work.record(
                self._party.read_event,
                None,
                file=self._name,
                sha256=self._digest,
                count=self.lines,
                accepted=self.credited + self.returned,
                rejected=self.wrong,
            )
        )


def _read(
    party: Party, lines: Iterable[AnswerLine | Rejected]
) -> tuple[list[_Answer], list[Rejected]]:
    answers: list[_Answer] = []
    wrong: list[Rejected] = []
    for line in lines:
        if isinstance(line, Rejected):
            wrong.append(line)
            continue
        try:
            answers.append(_answer(party, line))
        except InvalidValue as refusal:
            position = refusal.facts.get("position")
            wrong.append(
                line.wrong(
                    refusal.field or "",
                    str(refusal.reason),
                    position if isinstance(position, int) else None,
                )
            )
    return answers, wrong


def _answer(party: Party, line: AnswerLine) -> _Answer:
    try:
        operation_id = UUID(line.cells["operation_id"])
    except ValueError:
        raise InvalidValue(field="operation_id", reason=party.unknown) from None
    said = line.cells["outcome"].upper()
    outcome = next((each for each in (party.good, party.bad) if each.value == said), None)
    if outcome is None:
        raise InvalidValue(field="outcome", reason="choice")
    cleaned = clean_text if outcome is party.good else required_text
    try:
        text = cleaned("reason", line.cells["answer"])
    except InvalidValue as refusal:
        refusal.field = "answer"
        raise
    return _Answer(line, operation_id, outcome, text)


def _credit(
    work: Work, party: Party, answers: list[_Answer], name: str, digest: str
) -> tuple[int, list[_Answer], list[Rejected]]:
    """Mark what ended well; give how many, what is to be returned, and what contradicts."""
    states = _states(work, party, answers)
    early = party.not_sent(work, [id_ for id_, now in states.items() if now is party.waits])
    credited: list[_Answer] = []
    returning: list[_Answer] = []
    contrary: list[Rejected] = []
    for answer in answers:
        state = states.get(answer.operation_id)
        if answer.operation_id in early:
            contrary.append(answer.line.wrong("operation_id", party.early))
            continue
        if state is not party.waits:
            contrary += _contradiction(party, answer, state)
            continue
        (credited if answer.outcome is party.good else returning).append(answer)
        # A later line of this file sees what this one does.
        states[answer.operation_id] = answer.outcome
    if credited:
        work.session.connection().execute(
            update(Operation)
            .where(Operation.id == bindparam("which"))
            .values(status=party.good, answer=bindparam("said"), ended_at=work.now),
            [{"which": each.operation_id, "said": each.text} for each in credited],
        )
        party.ended(work, [each.operation_id for each in credited], party.good)
        work.record(party.good_event, None, file=name, sha256=digest, count=len(credited))
    return len(credited), returning, contrary


def _return(work: Work, party: Party, answer: _Answer) -> int | Rejected:
    """Give the money of one operation back; 0 when somebody was quicker to do the same."""
    try:
        give_back(work, answer.operation_id, party.bad, answer.text)
    except WrongState:
        state = _states(work, party, [answer]).get(answer.operation_id)
        return next(iter(_contradiction(party, answer, state)), 0)
    party.ended(work, [answer.operation_id], party.bad)
    return 1


def _states(work: Work, party: Party, answers: list[_Answer]) -> dict[UUID, OperationStatus]:
    """Lock the operations that are answered, in the order of their ids, and read their states."""
    rows = work.session.execute(
        select(Operation.id, Operation.status)
        .where(
            Operation.id.in_([each.operation_id for each in answers]),
            Operation.kind.in_(party.kinds),
        )
        .order_by(Operation.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row.status for row in rows}


def _contradiction(
    party: Party, answer: _Answer, state: OperationStatus | None
) -> Iterator[Rejected]:
    """Say why an answer does not fit; nothing for one that was settled so before."""
    if state is None:
        yield answer.line.wrong("operation_id", party.unknown)
    elif state in (party.good, party.bad):
        if state is not answer.outcome:
            yield answer.line.wrong("outcome", "other_outcome")
    else:
        yield answer.line.wrong("operation_id", party.early)
