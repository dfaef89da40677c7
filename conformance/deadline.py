"""A bound on the time of a check, also for one that blocks its thread."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final, NoReturn

AGAIN: Final = 5.0  # seconds after which a check that swallowed the first alarm gets another


class DeadlineExceeded(BaseException):
    """A check took too long. No `Exception`, so that code under test cannot handle it as a failure of its own."""


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise in the block when it takes longer; where the platform has no alarm, do nothing.

    Args:
        seconds: float, how long the block may take.

    Raises:
        DeadlineExceeded: it took longer.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> NoReturn:
        raise DeadlineExceeded(f"the check did not end within {seconds:g} s")

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
