"""What is left of a secret in the memory of the process: a figure, for the code cannot promise more (R90)."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HIDE = 0x5A
"""The child tells its secrets under this mask, lest the telling leave the copies that are counted."""

CHILD = """
import gc, os, sys, tempfile, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from branch_desk.background import Background
from branch_desk.models import credentials, totp
from branch_desk.views.users.step_credential import CredentialStep
from branch_desk.views.users.step_token import TokenStep
from branch_desk.views.kit.theme import Theme
from tests.access_builders import an_access
from tests.builders import a_world
from tests.views.screen import a_station

def tell(name, letters):
    os.write(1, (name + " " + bytes(each ^ 0x5A for each in letters).hex() + "\\n").encode())

folder = Path(sys.argv[2])
app = QApplication([])
look = QSettings(str(folder / "look.ini"), QSettings.Format.IniFormat)
theme, background = Theme(app, look), Background()
world = a_world("sqlite:///" + sys.argv[3])
access_id = an_access(world)
station = a_station(world, background, look)
screen = station.member_screen

new, begin = totp.TotpSecret.new, credentials.Secret.__init__
def drawn():
    secret = new()
    tell("key", secret.raw)
    return secret
totp.TotpSecret.new = drawn
def begins(self, text):
    begin(self, text)
    if len(text) == 12:
        tell("clave", self._text)
credentials.Secret.__init__ = begins

def until(held):
    for _ in range(1000):
        if held():
            return
        QTest.qWait(10)
    raise SystemExit("it did not come")

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
window = QWidget()
window.resize(1366, 768)
inside = QVBoxLayout(window)
window.show()
for kind, name, page in ((CredentialStep, "issue_screen", "credential"), (TokenStep, "show_qr", "qr")):
    step = kind(station)
    inside.addWidget(step)
    step.show_access((access_id,))
    until(lambda: background.is_idle and not step.is_busy)
    step.findChild(QPushButton, name).click()
    until(lambda: screen.shown() == page)
    screen.grab()
    QTest.qWait(200)
    os.write(1, b"shown\\n")
    sys.stdin.readline()
    screen.dismiss()
    step.forget()
    step.deleteLater()
    del step
gc.collect()
QTest.qWait(2000)
gc.collect()
os.write(1, b"ready\\n")
sys.stdin.readline()
background.close()
os._exit(0)
"""


def copies(pid: int, wanted: dict[str, bytes]) -> dict[str, int]:
    """How often each text stands in the writable memory of a process."""
    found = dict.fromkeys(wanted, 0)
    ranges = [
        tuple(int(end, 16) for end in line.split()[0].split("-"))
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines()
        if line.split()[1].startswith("rw")
    ]
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for start, end in ranges:
            parts, at = [], start
            with suppress(OSError):  # a mapping of a device
                while at < end:
                    memory.seek(at)
                    parts.append(memory.read(end - at))  # the kernel gives it in pieces
                    at += len(parts[-1]) or end
            content = b"".join(parts)
            for name, text in wanted.items():
                found[name] += content.count(text)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_seconds_after_closing_the_memory_holds_at_most_what_is_written_down(
    sqlite_template: Path, tmp_path: Path
) -> None:
    import base64

    database = tmp_path / "x.sqlite"
    shutil.copyfile(sqlite_template, database)
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(ROOT), str(tmp_path), str(database)],
        cwd=tmp_path,
        env=dict(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        secrets: dict[str, bytes] = {}
        shown: dict[str, int] = {}
        for line in child.stdout:
            if line == "ready\n":
                break
            if line == "shown\n":
                now = copies(child.pid, secrets)
                shown |= {name: shown.get(name, 0) + count for name, count in now.items()}
                child.stdin.write("\n")
                child.stdin.flush()
                continue
            name, _, told = line.strip().partition(" ")
            secrets[name] = bytes(each ^ HIDE for each in bytes.fromhex(told))
        text = base64.b32encode(secrets["key"]).rstrip(b"=")
        wanted = {
            "the key's bytes": secrets["key"],
            "the key as text": text,
            "the key as Qt's text": text.decode().encode("utf-16-le"),
            "the clave": secrets["clave"],
            "the clave as Qt's text": secrets["clave"].decode().encode("utf-16-le"),
        }
        left = copies(child.pid, wanted)
        there = copies(child.pid, {"amendez": b"amendez"})["amendez"]
        child.stdin.write("\n")
        child.stdin.close()
    sys.stdout.write(f"{left}, while shown {shown}\n")  # the figure is the point
    assert there > 0  # the memory that is searched is the child's
    assert shown["clave"] > 0  # and it shows what is there
    assert all(count <= 1 for count in left.values()), left
