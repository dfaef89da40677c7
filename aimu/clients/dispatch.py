"""Running the tool calls of one reply, on the sync surface."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import copy_context

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
    from concurrent.futures import ThreadPoolExecutor, wait

    pool = ThreadPoolExecutor(len(calls), thread_name_prefix="aimu-tool")
    try:
        wait([pool.submit(copy_context().run, run_tool, call) for call in calls])
    finally:
        # every tool is done, or Ctrl-C came: then a hung tool must not hold the caller
        pool.shutdown(wait=False, cancel_futures=True)
    raise_first_failure(calls)
