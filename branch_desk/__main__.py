"""`python -m branch_desk`, and the program `branch-desk`."""

import gc
import os
import sys
import threading
from collections.abc import Sequence
from types import TracebackType


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code."""
    _close()
    # A start makes much and drops nothing: looking for garbage every 700 objects is wasted.
    gc.set_threshold(5_000, 10, 10)
    from branch_desk import cli

    return cli.run(argv)


def _close() -> None:
    """Leave nothing behind for others: no core dumps, no open files, no values in tracebacks."""
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    sys.excepthook = _unforeseen
    # Python writes what breaks in a thread, or while a thing is destroyed, message and all.
    threading.excepthook = _unforeseen_elsewhere
    sys.unraisablehook = _unforeseen_elsewhere


def _unforeseen(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Say where it happened and what class it was; a message may quote what was typed (R75)."""
    if issubclass(kind, KeyboardInterrupt):
        return
    from branch_desk.views.kit import incident

    sys.stderr.write(
        "Ocurrió algo que el programa no esperaba. Avise a soporte con estas líneas:\n"
        f"{incident.place(error)}\n"
    )


def _unforeseen_elsewhere(about: "threading.ExceptHookArgs | sys.UnraisableHookArgs") -> None:
    if about.exc_value is not None:
        _unforeseen(about.exc_type, about.exc_value, about.exc_traceback)


if __name__ == "__main__":
    sys.exit(main())
