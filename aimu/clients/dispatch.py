"""Running the tool calls of one reply, on the sync surface."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from contextvars import copy_context
from threading import Thread

from aimu.core.toolcalls import PendingCall, raise_first_failure


def run_tools(calls: Sequence[PendingCall], concurrent: bool) -> None:
    """Run each call: one after the other up to the first failure, or together, each to its own end (TOOLS-8)."""
    if concurrent and len(calls) > 1:
        _run_together(calls)
    else:
        for call in calls:
            run_tool(call)


def run_tool(call: PendingCall) -> None:
    """Run one call here."""
    with call.running():
        call.accept(call.invoke())


def _run_together(calls: Sequence[PendingCall]) -> None:
    # daemons: after Ctrl-C a hung tool holds up neither the caller nor the end of the process
    threads = [Thread(target=copy_context().run, args=(_run_apart, call), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    raise_first_failure(calls)


def _run_apart(call: PendingCall) -> None:
    with suppress(BaseException):  # the call keeps it, to be raised when all are done
        run_tool(call)
