"""What the tests themselves stand on."""

import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest

from tests.postgres import Postgres, postgres_server

ROOT = Path(__file__).resolve().parent.parent


def _setting(url: str, name: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        assert row is not None
        return str(row[0])


def test_a_copied_database_holds_what_its_template_held(postgres: Postgres) -> None:
    template = postgres.create()
    with psycopg.connect(postgres.url(template).replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('año')")
    copy = postgres.create(template)
    with psycopg.connect(postgres.url(copy).replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT upper(word) FROM kept").fetchone() == ("AÑO",)
        postgres.drop(copy)  # even while somebody is connected
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    postgres.drop(template)


def test_a_durable_server_waits_for_the_disk(postgres: Postgres) -> None:
    assert _setting(postgres.url(), "fsync") == "off"
    with postgres_server(durable=True) as durable:
        assert _setting(durable.url(), "fsync") == "on"
        assert _setting(durable.url(), "synchronous_commit") == "on"
        folder = durable.folder
    assert not folder.exists()


def test_a_warning_in_the_log_fails_a_test_unless_it_was_announced(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(
        textwrap.dedent("""
        import logging
        import pytest

        def test_silent():
            logging.getLogger("x").info("all is well")

        def test_noisy():
            logging.getLogger("x").warning("the disk is full")

        @pytest.mark.logs("disk")
        def test_announced():
            logging.getLogger("x").warning("the disk is full")

        @pytest.mark.logs("disk")
        def test_announced_in_vain():
            pass
        """),
        encoding="utf-8",
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"),
            *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-rA", "-q"),
            str(tmp_path / "test_sample.py"),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    outcome = {line for line in done.stdout.splitlines() if line.startswith(("PASSED", "ERROR"))}
    failed = {line.partition("::")[2].split()[0] for line in outcome if line[:5] == "ERROR"}
    assert failed == {"test_noisy", "test_announced_in_vain"}, done.stdout + done.stderr
