"""A process that is ended from within: not without a word, and not with an exit code that says something else."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from conformance.outcomes import BROKEN


@contextmanager
def told_exits(where: Callable[[], str], uncaptured: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Within it, who ends this process by `os._exit` ends it with the code for a broken run, and is named.

    Args:
        where: tells what runs just now.
        uncaptured: a context in which what is printed is seen.
    """
    real, process = os._exit, os.getpid()

    def leave(status: int) -> None:
        if os.getpid() != process:  # a child, forked to run something else, leaves as it likes
            real(status)
        with uncaptured():
            print(f"no verdict (os._exit({status}) was called in {where()})", file=sys.stderr, flush=True)
        real(BROKEN)

    os._exit = leave  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit = real


@contextmanager
def terminable() -> Iterator[None]:
    """Within it, a request to terminate is an interruption by the user: nothing is left behind, and no verdict."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
