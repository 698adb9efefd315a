"""Writers of SQLite's file take turns: who waits comes soon after the one before has ended."""

import sqlite3
import threading
import time

import pytest
from sqlalchemy import text

from branch_desk.models import database
from branch_desk.models.database import Database
from branch_desk.models.errors import DatabaseUnreachable

_HELD = 0.35
"""Seconds. SQLite's own waiting looks again after 0.33 and 0.43 of them."""
_SOON = 0.03


def test_who_waits_for_another_writer_comes_soon_after_it(sqlite_url: str) -> None:
    file = Database(sqlite_url)
    file.write(lambda session: session.execute(text("SELECT 1")))
    late = []
    for _ in range(5):
        holder = sqlite3.connect(
            file.url.database or "", isolation_level=None, check_same_thread=False
        )
        holder.execute("BEGIN IMMEDIATE")
        ended: list[float] = []

        def let_go(holder: sqlite3.Connection = holder, ended: list[float] = ended) -> None:
            ended.append(time.monotonic())
            holder.execute("ROLLBACK")

        timer = threading.Timer(_HELD, let_go)
        timer.start()
        came = file.write(lambda _session: time.monotonic())
        timer.join()
        holder.close()
        late.append(came - ended[0])
    assert min(late) >= 0
    assert min(late) < _SOON, late
    file.close()


def test_a_writer_that_never_ends_is_waited_for_no_longer_than_five_seconds(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0)
    monkeypatch.setattr(database, "ATTEMPTS", 2)
    file = Database(sqlite_url)
    holder = sqlite3.connect(file.url.database or "", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnreachable):
        file.write(lambda session: session.execute(text("SELECT 1")))
    holder.execute("ROLLBACK")
    holder.close()
    file.write(lambda session: session.execute(text("SELECT 1")))
    file.close()
