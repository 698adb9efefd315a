"""Sends a paper to a print queue and follows it to the end.

The PDF goes by IPP as it is, byte for byte. «Printed» means that the queue itself says so (job
state 9): a queue accepts, and reports success to its sender, also when its filter fails later and
an empty page or nothing comes out. Job names are neutral; nothing is written to disk here.

Everything here waits, so it is called in the background. A desk without IPP queues (Windows without
a print server) gets another `Printer`, one that draws the pages through the system's own dialog; it
can only say that the pages were handed over.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from pyipp import IPP, IPPError
from pyipp.enums import IppOperation
from yarl import URL

NEUTRAL_NAME: Final = "Documento"
_POLL: Final = 0.15  # seconds between two questions about the job
_LOOK_SECONDS: Final = 4  # a queue that is away must not hold up the closing of the window
_ENDED: Final = {7, 8, 9}
_STOPPED: Final = 6


class PrintState(StrEnum):
    """What became of a job; the first three are on the way, the others the end."""

    SENT = "SENT"
    WAITING = "WAITING"
    PRINTING = "PRINTING"
    PRINTED = "PRINTED"
    """The queue says that the job is complete."""
    FAILED = "FAILED"
    """A filter or the printer gave up, or the queue stopped."""
    CANCELLED = "CANCELLED"
    """At the desk, at the printer or at the print server."""
    UNREACHABLE = "UNREACHABLE"
    """The queue did not take the job."""
    UNKNOWN = "UNKNOWN"
    """Sent, but its end was not seen in time: look at the printer before printing again."""


@dataclass(frozen=True, slots=True)
class PrintOutcome:
    """The end of a job. `reason`: the queue's own words, for the log and the detail line."""

    job_id: int
    state: PrintState
    reason: str = ""

    @property
    def printed(self) -> bool:
        """Say whether the paper came out."""
        return self.state is PrintState.PRINTED


class QueueState(StrEnum):
    """How a queue is before anything is sent to it."""

    READY = "READY"
    """Idle or at work, and it takes jobs."""
    STOPPED = "STOPPED"
    """It takes jobs, and nothing comes out."""
    REFUSING = "REFUSING"
    """It takes no jobs."""
    AWAY = "AWAY"
    """No answer, or no such queue."""


@dataclass(frozen=True, slots=True)
class QueueInfo:
    """A queue one can print on."""

    name: str
    uri: str
    accepting: bool
    note: str = ""


class Printer(Protocol):
    """Where papers go."""

    def print(
        self,
        pdf: bytes,
        *,
        job_name: str = NEUTRAL_NAME,
        on_state: Callable[[PrintState], None] | None = None,
    ) -> PrintOutcome:
        """Print and wait for the end; failures are outcomes, not exceptions."""

    def cancel(self) -> None:
        """Ask to cancel the job that another thread is waiting for."""


class PrintQueue:
    """A queue of CUPS or of a network printer, by its `ipp://` or `ipps://` address.

    `patience`: seconds after which a job whose end was not seen is called UNKNOWN.
    """

    def __init__(self, uri: str, *, patience: float = 120, user: str = "branch-desk") -> None:
        self._uri = uri
        self._patience = patience
        self._user = user
        self._cancelled = threading.Event()

    def print(
        self,
        pdf: bytes,
        *,
        job_name: str = NEUTRAL_NAME,
        on_state: Callable[[PrintState], None] | None = None,
    ) -> PrintOutcome:
        """Print and wait for the end; failures are outcomes, not exceptions."""
        self._cancelled.clear()
        return asyncio.run(self._print(pdf, job_name, on_state or _nobody))

    def cancel(self) -> None:
        """Ask to cancel the job that another thread is waiting for."""
        self._cancelled.set()

    def look(self) -> QueueState:
        """Ask the queue how it is; no answer is an answer."""
        return asyncio.run(self._look())

    def printers(self) -> list[QueueInfo]:
        """List the queues of this address's print server, by name; empty when it is away."""
        return asyncio.run(self._printers())

    async def _print(
        self, pdf: bytes, job_name: str, on_state: Callable[[PrintState], None]
    ) -> PrintOutcome:
        async with IPP(self._uri, ipp_version=(2, 0)) as queue:
            try:
                answer = await queue.execute(
                    IppOperation.PRINT_JOB,
                    {
                        "operation-attributes-tag": {
                            "requesting-user-name": self._user,
                            "job-name": job_name,
                            "document-format": "application/pdf",
                        },
                        "data": pdf,
                    },
                )
                job_id = int(answer["jobs"][0]["job-id"])
            except (IPPError, LookupError) as error:
                return PrintOutcome(0, PrintState.UNREACHABLE, _words(error))
            on_state(PrintState.SENT)
            return await self._follow(queue, job_id, on_state)

    async def _follow(
        self, queue: IPP, job_id: int, on_state: Callable[[PrintState], None]
    ) -> PrintOutcome:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        last: PrintState | None = None
        reason = ""
        cancel_sent = stopped = False
        while loop.time() < deadline:
            if self._cancelled.is_set() and not cancel_sent:
                cancel_sent = True
                await self._ask(queue, IppOperation.CANCEL_JOB, job_id)
            job = await self._ask(queue, IppOperation.GET_JOB_ATTRIBUTES, job_id)
            number = int(job.get("job-state", 0))
            reason = reason if stopped else _reason(job) or reason
            if number in _ENDED or number == _STOPPED:
                state = PrintState.FAILED if stopped else _end(number)
                on_state(state)
                return PrintOutcome(job_id, state, "" if state is PrintState.PRINTED else reason)
            if "printer-stopped" in reason and not cancel_sent:
                # The queue gave up and keeps the job: printed hours later, with nobody there to
                # take the paper, it would lie open. It is taken back instead.
                stopped = cancel_sent = True
                await self._ask(queue, IppOperation.CANCEL_JOB, job_id)
            state = PrintState.PRINTING if number == 5 else PrintState.WAITING  # noqa: PLR2004
            if number and state is not last:
                on_state(state)
                last = state
            await asyncio.sleep(_POLL)
        on_state(PrintState.UNKNOWN)
        return PrintOutcome(job_id, PrintState.UNKNOWN, reason or "timeout")

    async def _ask(self, queue: IPP, operation: IppOperation, job_id: int) -> dict[str, Any]:
        """Ask about the job; a queue that does not answer now is asked again."""
        message: dict[str, Any] = {
            "operation-attributes-tag": {"requesting-user-name": self._user, "job-id": job_id}
        }
        if operation is IppOperation.GET_JOB_ATTRIBUTES:
            message["operation-attributes-tag"]["requested-attributes"] = [
                "job-state",
                "job-state-reasons",
                "job-printer-state-message",
            ]
        try:
            answer = await queue.execute(operation, message)
        except IPPError:
            return {}
        jobs: list[dict[str, Any]] = answer["jobs"]
        return jobs[0] if jobs else {}

    async def _look(self) -> QueueState:
        wanted = ["printer-state", "printer-is-accepting-jobs"]
        async with IPP(self._uri, ipp_version=(2, 0), request_timeout=_LOOK_SECONDS) as queue:
            try:
                answer = await queue.execute(
                    IppOperation.GET_PRINTER_ATTRIBUTES,
                    {"operation-attributes-tag": {"requested-attributes": wanted}},
                )
                about = answer["printers"][0]
            except (IPPError, LookupError):
                return QueueState.AWAY
        if not about.get("printer-is-accepting-jobs", True):
            return QueueState.REFUSING
        # RFC 8011, 5.4.11: 3 idle, 4 processing, 5 stopped.
        return QueueState.STOPPED if int(about.get("printer-state", 3)) == 5 else QueueState.READY  # noqa: PLR2004

    async def _printers(self) -> list[QueueInfo]:
        server = URL(self._uri).with_path("/")
        async with IPP(str(server), ipp_version=(2, 0)) as queue:
            try:
                answer = await queue.execute(
                    IppOperation.CUPS_GET_PRINTERS,
                    {"operation-attributes-tag": {"requesting-user-name": self._user}},
                )
            except IPPError:
                return []
        found = [
            QueueInfo(
                name=str(each["printer-name"]),
                uri=str(server.with_path(f"/printers/{each['printer-name']}")),
                accepting=bool(each.get("printer-is-accepting-jobs", True)),
                note=str(each.get("printer-info", "")),
            )
            for each in answer["printers"]
            if "printer-name" in each
        ]
        return sorted(found, key=lambda each: each.name)


def _end(number: int) -> PrintState:
    # RFC 8011, 5.3.7: 6 processing-stopped, 7 canceled, 8 aborted, 9 completed.
    return {7: PrintState.CANCELLED, 9: PrintState.PRINTED}.get(number, PrintState.FAILED)


def _reason(job: dict[str, Any]) -> str:
    message = str(job.get("job-printer-state-message") or "")
    reasons = job.get("job-state-reasons") or ""
    if isinstance(reasons, list):
        reasons = ", ".join(map(str, reasons))
    return " · ".join(part for part in (message, str(reasons)) if part and part != "none")


def _words(error: Exception) -> str:
    return " ".join(str(part) for part in error.args) or type(error).__name__


def _nobody(state: PrintState) -> None:
    """Nobody watches this job."""
