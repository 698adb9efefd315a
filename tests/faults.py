"""A line to the server that can be long, cut, or swallow the answer to COMMIT."""

import asyncio
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.postgres import Postgres

T = TypeVar("T")

_CHUNK: Final = 65_536
_SECONDS: Final = 10
_WRITES: Final = b"INSERT INTO"
"""In every deed: its audit record."""


class Line:
    """A TCP port of this machine behind which the server sits; it runs in a thread of its own."""

    def __init__(self, socket: Path, milliseconds: float) -> None:
        self._socket = socket
        self._delay = milliseconds / 2_000  # each way
        self._calls: set[asyncio.Task[None]] = set()
        self._lose = 0
        self._every = 1
        self._commits = 0
        self.swallowed = 0
        """Answers to COMMIT that nobody got."""
        self.cut_off = 0
        """Connections that were cut."""
        self.turns = 0
        """Round trips: how often somebody spoke after having heard the server. True of a line long
        enough that what is sent together arrives before the answer to its beginning."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._call, "127.0.0.1", 0))
        self._port = self._server.sockets[0].getsockname()[1]

    def url(self, database: str) -> str:
        """Name a database at the end of this line."""
        return (
            f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/{database}"
            "?sslmode=disable&gssencmode=disable"
        )

    @property
    def address(self) -> str:
        """Give it as `host:port`."""
        return f"127.0.0.1:{self._port}"

    def lose_commits(self, count: int, every: int = 1) -> None:
        """Let the answers to the next `count` COMMITs of something written be lost, each `every`-th.

        The line is cut with it: the server has committed, and the client never hears.
        """
        self._lose, self._every, self._commits = count, every, 0

    def cut(self) -> None:
        """Cut every connection there is, wherever it stands; new ones may come."""
        self._do(self._cut())

    def close(self) -> None:
        """Take the line away."""
        self._do(self._cut())
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(what, self._loop)
        return done.result(_SECONDS)

    async def _close(self) -> None:
        self._server.close()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _cut(self) -> None:
        self.cut_off += len(self._calls)
        for call in list(self._calls):
            call.cancel()

    async def _call(self, heard: asyncio.StreamReader, said: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        assert call is not None
        self._calls.add(call)
        writers = [said]
        try:
            back, forth = await asyncio.open_unix_connection(str(self._socket))
            writers.append(forth)
            talk = _Talk(self)
            ways = [
                asyncio.ensure_future(self._carry(heard, forth, talk.asked)),
                asyncio.ensure_future(self._carry(back, said, talk.answered)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass  # the server is not there: the caller sees his line closed
        except asyncio.CancelledError:
            pass  # cut
        finally:
            for writer in writers:
                writer.transport.abort()
            self._calls.discard(call)

    async def _carry(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        follow: Callable[[bytes], bytes | None],
    ) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arrival = asyncio.ensure_future(self._arrive(under_way, target)) if self._delay else None
        try:
            with suppress(OSError):
                while data := await source.read(_CHUNK):
                    passed = follow(data)
                    if passed is None:
                        return
                    if arrival is None:
                        target.write(passed)
                        await target.drain()
                    else:
                        under_way.put_nowait((self._loop.time() + self._delay, passed))
        finally:
            if arrival is not None:
                arrival.cancel()

    async def _arrive(
        self, under_way: "asyncio.Queue[tuple[float, bytes]]", target: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(max(0, due - self._loop.time()))
                target.write(data)

    def loses(self) -> bool:
        """Say whether the answer to this COMMIT is lost."""
        if not self._lose:
            return False
        self._commits += 1
        if self._commits % self._every:
            return False
        self._lose -= 1
        self.swallowed += 1
        return True


class _Talk:
    """What is said on one connection, message by message."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._asked = b""
        self._answered = b""
        self._begun = False
        self._writing: dict[bytes, bool] = {}
        """Of each prepared statement, whether it writes."""
        self._wrote = False
        self._heard = True

    def asked(self, data: bytes) -> bytes:
        """Note what the client says; all of it goes on."""
        self._line.turns += self._heard
        self._heard = False
        self._asked += data
        if not self._begun and len(self._asked) >= 4:  # the first message has no kind
            self._asked = b"?" + self._asked
            self._begun = True
        messages, self._asked = _messages(self._asked)
        for kind, body in messages:
            if kind == b"Q":
                self._wrote |= _WRITES in body
            elif kind == b"P":
                name, _, query = body.partition(b"\0")
                self._writing[name] = _WRITES in query
            elif kind == b"B":
                self._wrote |= self._writing.get(body.split(b"\0", 2)[1], False)
        return data

    def answered(self, data: bytes) -> bytes | None:
        """Give what may go on to the client, whole messages only; None: the rest is lost."""
        self._heard = True
        data = self._answered + data
        messages, self._answered = _messages(data)
        for kind, body in messages:
            if kind == b"C" and body.startswith((b"COMMIT", b"ROLLBACK")):
                wrote, self._wrote = self._wrote, False
                if wrote and body.startswith(b"COMMIT") and self._line.loses():
                    return None
        return data[: len(data) - len(self._answered)]


def _messages(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Give the whole messages, each a kind and a body, and what is left of one more."""
    found, at = [], 0
    while len(data) - at >= 5:
        end = at + 1 + struct.unpack_from("!i", data, at + 1)[0]
        if end > len(data):
            break
        found.append((data[at : at + 1], data[at + 5 : end]))
        at = end
    return found, data[at:]


@contextmanager
def a_line(server: Postgres, milliseconds: float = 0) -> Iterator[Line]:
    """A line whose round trip takes so many milliseconds longer than a local one."""
    line = Line(server.socket, milliseconds)
    try:
        yield line
    finally:
        line.close()
