"""Start to the painted sign-in against start to a painted empty window.

    python -m benchmarks.start [--rounds 11]

Each start is a process of its own with bytecode cached and a settings folder of its own; sides
take turns; medians count. The clock runs from before the process is made to the first picture on
the screen. Without a display it is measured offscreen, where drawing costs less than under X11.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

_EMPTY = """
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication(["empty"])
window = QMainWindow()
window.resize(1366, 768)
window.show()
while not window.windowHandle().isExposed():
    app.processEvents()
app.processEvents()
"""
_DESK = """
import sys
from branch_desk import app
app.require_display = lambda *_: None
painted = app._paint_first
class Painted(Exception): pass
def stop(*about):
    painted(*about)
    raise Painted
app._paint_first = stop
from branch_desk import __main__
sys.argv = ["branch-desk"]
try:
    __main__.main([])
except Painted:
    pass
"""
_TELL = """
import os, sys, time
sys.stdout.write(str(time.monotonic()) + "\\n")
sys.stdout.flush()
os._exit(0)
"""


def main() -> None:
    """Measure and print one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=11)
    rounds: int = options.parse_args().rounds
    environ = dict(os.environ)
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not environ.get("DISPLAY") and not environ.get("WAYLAND_DISPLAY"):
        environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    taken: dict[str, list[float]] = {"empty": [], "desk": []}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            environ[name] = folder
        for number in range(rounds + 1):
            for side, code in (("empty", _EMPTY), ("desk", _DESK)):
                seconds = _start(code, environ)
                if number:  # the first one writes bytecode and warms the disk cache
                    taken[side].append(seconds)
    empty, desk = (statistics.median(taken[side]) for side in ("empty", "desk"))
    print(
        json.dumps(
            {
                "platform": environ.get("QT_QPA_PLATFORM") or "screen",
                "rounds": rounds,
                "empty_ms": round(1000 * empty),
                "sign_in_ms": round(1000 * desk),
                "ratio": round(desk / empty, 2),
            }
        )
    )


def _start(code: str, environ: dict[str, str]) -> float:
    before = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code + _TELL],
        env=environ,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return float(done.stdout.strip()) - before


if __name__ == "__main__":
    main()
