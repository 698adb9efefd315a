"""BEGIN with a statement, a statement with COMMIT: said to PostgreSQL as one message.

The driver's own pipeline sends each command by itself and asks in between what became of it. Every
such piece wakes the server up for nothing, and what follows COMMIT costs a round trip more.
"""

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import send


class Together(psycopg.Pipeline):
    """A pipeline that is sent whole when it is left; only then its answers come, and its errors."""

    def _communicate_gen(self) -> PQGen[None]:
        yield from ()

    def _sync_gen(self) -> PQGen[None]:
        yield from ()

    def _exit_gen(self) -> PQGen[None]:
        while self.command_queue:
            self.command_queue.popleft()()
        self.pgconn.pipeline_sync()
        self.result_queue.append(None)
        yield from send(self.pgconn)
        yield from self._fetch_gen(flush=False)
