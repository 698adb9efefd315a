"""Clients of a benchmark: each its own process, all let go at once; and pgbench beside them."""

import gc
import multiprocessing
import statistics
import subprocess
import tempfile
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from tests.postgres import Postgres

_WARM = 20
"""Deeds before the clock starts: a connection prepares what it has seen five times, and the server
plans that anew five times more. Who serves members keeps its connections."""
_AT_MOST = 1_500
"""Deeds a second that one client is prepared for, and half of all clients together."""

Deed = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What clients did together in one turn."""

    rate: float
    """Deeds a second."""
    milliseconds: Sequence[float]
    """What each deed took."""

    def quantile(self, share: float) -> float:
        """Give the time that so great a share of the deeds did not exceed, milliseconds."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def orders_for(clients: int, seconds: float) -> int:
    """Say how many deeds each client is to have ready for a turn."""
    return int(seconds * min(_AT_MOST, 4 * _AT_MOST / clients)) + _WARM + 1


def drive(prepare: Callable[[int], Deed], clients: int, seconds: float) -> Run:
    """Let `clients` do for `seconds` what `prepare` gives each, by its number.

    Forked, for importing takes longer than measuring: nobody may be connected at that moment.
    """
    context = multiprocessing.get_context("fork")
    ready: Barrier = context.Barrier(clients)
    done: Queue[tuple[float, bytes]] = context.Queue()
    people = [
        context.Process(target=_client, args=(prepare, number, seconds, ready, done))
        for number in range(clients)
    ]
    for person in people:
        person.start()
    told = [done.get(timeout=120 + 4 * seconds) for _ in people]
    for person in people:
        person.join()
    taken = [array("d", times) for _, times in told]
    # Each by its own watch: whoever began its last deed in time finishes it.
    rate = sum(len(times) / elapsed for times, (elapsed, _) in zip(taken, told, strict=True))
    return Run(rate, [each * 1_000 for times in taken for each in times])


def _client(
    prepare: Callable[[int], Deed],
    number: int,
    seconds: float,
    ready: "Barrier",
    done: "Queue[tuple[float, bytes]]",
) -> None:
    deed = prepare(number)
    for _ in range(_WARM):
        deed()
    gc.collect()
    gc.freeze()  # what was prepared is not the deeds' own
    ready.wait()
    times = array("d")
    began = now = time.perf_counter()
    while now - began < seconds:
        try:
            deed()
        except StopIteration:
            break  # done with all that was prepared
        before, now = now, time.perf_counter()
        times.append(now - before)
    done.put((now - began, times.tobytes()))


def pgbench(
    server: Postgres, database: str, clients: int, seconds: float, *words: str, host: str = ""
) -> Run:
    """Run pgbench for a turn on a database of `pgbench_tables`; `host` is `address:port`."""
    with tempfile.TemporaryDirectory() as folder:
        at = host.split(":") if host else [str(server.folder), "5432"]
        said = subprocess.run(
            [
                *(str(server.programs / "pgbench"), "-h", at[0], "-p", at[1], "-U", "postgres"),
                *("-n", "-c", str(clients), "-j", str(min(clients, 2))),
                *("-T", str(max(1, round(seconds))), "-l", "--log-prefix", f"{folder}/log"),
                *words,
                database,
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        rate = next(line.split()[2] for line in said.splitlines() if line.startswith("tps = "))
        logs = [path.read_text().splitlines() for path in Path(folder).glob("log*")]
    return Run(float(rate), [int(line.split()[2]) / 1_000 for log in logs for line in log])


def pgbench_tables(server: Postgres, scale: int) -> str:
    """Make a database with pgbench's tables and give its name."""
    database = server.create()
    subprocess.run(
        [
            *(str(server.programs / "pgbench"), "-h", str(server.folder), "-U", "postgres"),
            *("-i", "-q", "-I", "dtGvp", "-s", str(scale), database),
        ],
        check=True,
        capture_output=True,
    )
    return database


def middle(values: Iterable[float]) -> float:
    """Give the median."""
    return statistics.median(values)
