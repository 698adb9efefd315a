"""Work off the window's thread, its result back on it.

Whatever touches the database waits in one line: a desk's actions happen in the order they were
asked for. Papers, printing and password hashes go to a second, free line, so that a slow printer
never holds up a search. Results come home through a single queued signal.
"""

import gc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Asked:
    """One question: who asked, and what to do with the answer."""

    owner: QObject
    done: Callable[[Any], object]
    failed: Callable[[Exception], object]
    slot: str | None


SWEEP_MILLISECONDS: Final = 1000


class Sweeper(QObject):
    """Collects cyclic garbage in the window's own thread alone.

    Python collects in whichever thread its counter runs out. A widget that dies in a worker takes
    the whole program with it [measured: within some twenty windows], so while there are workers
    the automatic collection is off and a timer of the window's thread does it.
    """

    _alive: ClassVar[int] = 0

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        Sweeper._alive += 1
        self._timer = QTimer(self)
        self._timer.setInterval(SWEEP_MILLISECONDS)
        self._timer.timeout.connect(self.sweep)
        self._timer.start()

    def sweep(self) -> None:
        """Collect the oldest generation that is due, as Python itself would."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Leave it to Python again: the workers have ended."""
        if self._timer.isActive():
            self._timer.stop()
            Sweeper._alive -= 1
        if not Sweeper._alive:
            gc.enable()


class Background(QObject):
    """The two lines of work beside the window's own thread.

    An answer is dropped when its owner is gone. An answer is also dropped when the same owner has
    since asked something newer for the same `slot`: the search for «men» must not overwrite the
    search for «mend». Without a slot every answer arrives, in the order asked.
    """

    _landed = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self._free = ThreadPoolExecutor(max_workers=2, thread_name_prefix="papers")
        self._newest: WeakKeyDictionary[QObject, dict[str, tuple[int, Future[Any]]]] = (
            WeakKeyDictionary()
        )
        self._sweeper = Sweeper(self)
        self._count = 0
        # By their tokens, and here alone: a worker that held a screen's callbacks might be the
        # last to do so, and the screen would be destroyed in the wrong thread.
        self._asked: dict[int, Asked] = {}
        self._closed = False
        self._open: set[Future[Any]] = set()
        # Queued always: a job that ends before its callback is attached would otherwise answer
        # inside the very call that asked.
        self._landed.connect(self._land, Qt.ConnectionType.QueuedConnection)

    def ask(
        self,
        owner: QObject,
        done: Callable[[R], object],
        failed: Callable[[Exception], object],
        function: Callable[P, R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Run `function` in the database's line; every answer arrives, in order."""
        self._start(self._database, owner, done, failed, None, partial(function, *args, **kwargs))

    def ask_newest(
        self,
        owner: QObject,
        slot: str,
        done: Callable[[R], object],
        failed: Callable[[Exception], object],
        function: Callable[P, R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Run a read in the database's line; only the newest answer of this slot arrives.

        A read of the same slot that has not begun yet is taken out of the line. So this is for
        reads alone: a write must not be dropped because another one was asked for.
        """
        self._start(self._database, owner, done, failed, slot, partial(function, *args, **kwargs))

    def run(
        self,
        owner: QObject,
        slot: str,
        done: Callable[[R], object],
        failed: Callable[[Exception], object],
        function: Callable[P, R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Run pure work (a PDF, an image, a print job) in the free line; the newest counts."""
        self._start(self._free, owner, done, failed, slot, partial(function, *args, **kwargs))

    @property
    def is_idle(self) -> bool:
        """Whether every answer that was asked for has arrived."""
        return all(future.cancelled() for future in self._open)

    def close(self) -> None:
        """Let what was begun end, then stop both lines; later questions and answers are dropped."""
        self._closed = True
        self._landed.disconnect(self._land)
        self._free.shutdown(wait=True, cancel_futures=True)
        self._database.shutdown(wait=True, cancel_futures=False)
        self._asked.clear()
        self._sweeper.stop()

    def _start(
        self,
        pool: ThreadPoolExecutor,
        owner: QObject,
        done: Callable[[Any], object],
        failed: Callable[[Exception], object],
        slot: str | None,
        work: Callable[[], Any],
    ) -> None:
        if self._closed:
            return  # a timer of a screen may still run while the program ends
        self._count += 1
        token = self._count
        self._asked[token] = Asked(owner, done, failed, slot)
        future = pool.submit(work)
        self._open = {each for each in self._open if not each.cancelled()} | {future}
        if slot is not None:
            slots = self._newest.setdefault(owner, {})
            if slot in slots and slots[slot][1].cancel():
                del self._asked[slots[slot][0]]
            slots[slot] = (token, future)
        future.add_done_callback(partial(self._bring_home, token))

    def _bring_home(self, token: int, future: "Future[Any]") -> None:
        # Runs in the worker. A cancelled future has nothing to tell. After the window is gone the
        # signal's C++ side may be gone too.
        if not future.cancelled() and shiboken6.isValid(self):
            self._landed.emit(token, future)

    @Slot(object, object)
    def _land(self, token: int, future: "Future[Any]") -> None:
        self._open.discard(future)
        asked = self._asked.pop(token, None)
        if asked is None or not shiboken6.isValid(asked.owner):
            return
        if asked.slot is not None:
            slots = self._newest.get(asked.owner, {})
            if asked.slot not in slots or slots[asked.slot][0] != token:
                return
            del slots[asked.slot]
        error = future.exception()
        if error is None:
            asked.done(future.result())
        elif isinstance(error, Exception):
            asked.failed(error)
        else:
            raise error
