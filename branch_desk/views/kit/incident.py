"""Problems nobody foresaw: written to the log under a number the officer can read to support.

The screen shows the number alone. The log gets where it happened, never the message or the values
at hand, which may quote what was typed (R58, R75).
"""

import logging
import traceback

LOG = logging.getLogger("branch_desk.incident")

# Without letters and digits that are misheard over the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def record(error: BaseException) -> str:
    """Log the place of an unforeseen error and return the incident's number, e.g. «7KD-2FM»."""
    import secrets  # drags in what the sign-in need not wait for

    number = "".join(secrets.choice(ALPHABET) for _ in range(6))
    number = f"{number[:3]}-{number[3:]}"
    LOG.error("incident %s\n%s", number, place(error))
    return number


def place(error: BaseException) -> str:
    """Where an error arose: classes of errors and lines of code, without messages or locals."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        lines.append(f"{kind.__module__}.{kind.__qualname__}")
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)
        ]
        current = current.__cause__ or current.__context__
    return "\n".join(lines)
