"""The time of the tour: it runs like the clock on the wall, and skips what nobody wants to wait."""

import time
from datetime import datetime, timedelta


class TourClock:
    """Counts on from an instant; `pass_by` lets a while go by at once."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began = time.monotonic()
        self._passed = timedelta()

    def __call__(self) -> datetime:
        """Give the present of the story, UTC."""
        return self._start + self._passed + timedelta(seconds=time.monotonic() - self._began)

    def wall(self) -> float:
        """Give the present in seconds since the epoch, for the watch of the idle desk."""
        return self().timestamp()

    def pass_by(self, seconds: int) -> None:
        """Let so many seconds go by."""
        self._passed += timedelta(seconds=seconds)
