"""A real print server of one's own: cupsd as an ordinary user, and a printer that keeps what it gets.

`cups` gives the queue's address and, for each job, the very bytes that reached the printer. Its
backend does what `cups.behave(…)` says: print, fail, hang, or break before sending.
"""

import asyncio
import grp
import os
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyipp import IPP
from pyipp.enums import IppOperation

CUPSD = shutil.which("cupsd") or "/usr/sbin/cupsd"
_SYSTEM_BIN = Path("/usr/lib/cups")

_BACKEND = """#!/bin/sh
# argv: job user title copies options [file]; without arguments CUPS asks what devices there are
[ $# -eq 0 ] && exit 0
BEHAVIOUR=$(cat "{root}/behaviour")
case "$BEHAVIOUR" in
  fail) echo "ERROR: out of toner" >&2; exit 4 ;;
  abort) echo "ERROR: paper jam" >&2; exit 1 ;;
  hang) while [ "$(cat "{root}/behaviour")" = hang ]; do sleep 0.05; done; exit 1 ;;
esac
if [ $# -ge 6 ]; then cat "$6"; else cat; fi > "{root}/captured/.$1" || exit 1
printf '%s' "$3" > "{root}/captured/$1.title"
mv "{root}/captured/.$1" "{root}/captured/$1.pdf"
exit 0
"""


@dataclass
class Cups:
    """A running print server. `uri` is its queue."""

    uri: str
    root: Path

    def behave(self, how):
        """Make the printer «print», «fail» (the queue stops), «abort» (the job dies) or «hang»."""
        (self.root / "behaviour").write_text(how)

    @property
    def captured(self):
        """The bytes of every job that came out, oldest first."""
        jobs = sorted((self.root / "captured").glob("*.pdf"), key=lambda job: int(job.stem))
        return [job.read_bytes() for job in jobs]

    @property
    def titles(self):
        """The names the jobs had."""
        jobs = sorted((self.root / "captured").glob("*.title"), key=lambda job: int(job.stem))
        return [job.read_text() for job in jobs]

    def forget(self):
        """Make the printer work again, let waiting jobs go, empty the tray."""
        self.behave("abort")
        asyncio.run(self._restart())
        for job in (self.root / "captured").iterdir():
            job.unlink()
        self.behave("print")

    async def _restart(self):
        async with IPP(self.uri, ipp_version=(2, 0)) as queue:
            await queue.execute(IppOperation.RESUME_PRINTER, {})
            for _ in range(200):
                answer = await queue.execute(
                    IppOperation.GET_JOBS,
                    {"operation-attributes-tag": {"which-jobs": "not-completed"}},
                )
                if not answer["jobs"]:
                    return
                await asyncio.sleep(0.05)
            pytest.fail("jobs of an earlier test are still waiting")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _lay_out(root, port, user):
    binaries = root / "bin"
    for name in ("backend", "filter", "daemon", "notifier", "captured"):
        (root / name if name == "captured" else binaries / name).mkdir(parents=True)
    for name in ("cache", "spool", "state", "tmp", "data", "conf"):
        (root / name).mkdir()
    for program in (_SYSTEM_BIN / "daemon").iterdir():
        (binaries / "daemon" / program.name).symlink_to(program)
    backend = binaries / "backend" / "capture"
    backend.write_text(_BACKEND.format(root=root))
    backend.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    (root / "behaviour").write_text("print")
    mime = root / "data" / "mime"
    mime.mkdir()
    (mime / "mime.types").write_text("application/pdf pdf string(0,%PDF)\n")
    (mime / "mime.convs").write_text("")
    conf = root / "conf"
    (conf / "cupsd.conf").write_text(
        f"Listen 127.0.0.1:{port}\nBrowsing Off\nWebInterface No\nLogLevel debug\n"
        "DefaultAuthType None\nJobKillDelay 1\nMultipleOperationTimeout 10\n"
        "PreserveJobFiles No\n"
        "MaxLogSize 0\nDefaultLanguage en\n"
        "<Location />\nOrder allow,deny\nAllow all\n</Location>\n"
        "<Policy default>\n"
        "JobPrivateAccess all\nJobPrivateValues none\n"
        "<Limit All>\nOrder allow,deny\nAllow all\n</Limit>\n</Policy>\n"
    )
    (conf / "cups-files.conf").write_text(
        f"User {user.pw_name}\nGroup {_group(user)}\nSystemGroup {_group(user)}\n"
        f"ServerRoot {conf}\nServerBin {binaries}\nDataDir {root / 'data'}\n"
        f"CacheDir {root / 'cache'}\nStateDir {root / 'state'}\nRequestRoot {root / 'spool'}\n"
        f"TempDir {root / 'tmp'}\nDocumentRoot {root / 'data'}\n"
        f"AccessLog {root / 'access_log'}\nErrorLog {root / 'error_log'}\n"
        f"PageLog {root / 'page_log'}\nServerKeychain {conf}\nFileDevice Yes\n"
    )
    (conf / "printers.conf").write_text(
        "<DefaultPrinter caja>\nInfo Ventanilla\nDeviceURI capture:/caja\nState Idle\nType 4\n"
        "Accepting Yes\nShared No\nJobSheets none none\nQuotaPeriod 0\nPageLimit 0\nKLimit 0\n"
        "OpPolicy default\nErrorPolicy abort-job\n</DefaultPrinter>\n"
    )
    if os.getuid() == 0:  # cupsd runs its printers as another person when it is started as root
        subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", str(root)], check=True)


def _group(user):
    return grp.getgrgid(user.pw_gid).gr_name


def _answers(port):
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def cups_server():
    """One print server for the whole run."""
    if not Path(CUPSD).exists():
        pytest.fail("cupsd is not installed (Debian package cups-daemon); ./desk test installs it")
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    root = Path(tempfile.mkdtemp(prefix="bdcups"))  # short: socket paths have a limit
    root.chmod(0o755)
    port = _free_port()
    _lay_out(root, port, user)
    command: list[str | Path] = [
        CUPSD,
        "-f",
        "-c",
        root / "conf/cupsd.conf",
        "-s",
        root / "conf/cups-files.conf",
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user.pw_uid if os.getuid() == 0 else None,
        group=user.pw_gid if os.getuid() == 0 else None,
        extra_groups=[] if os.getuid() == 0 else None,
    )
    try:
        deadline = time.monotonic() + 15
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                log = root / "error_log"
                pytest.fail("cupsd did not start: " + (log.read_text() if log.exists() else ""))
            time.sleep(0.05)
        yield Cups(f"ipp://127.0.0.1:{port}/printers/caja", root)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def cups(cups_server):
    """The print server with an empty tray and a printer that works."""
    cups_server.forget()
    return cups_server
