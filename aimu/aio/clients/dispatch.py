"""Running the tool calls of one reply, on the async surface."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from typing import Any

from aimu.core.colour import colour_of
from aimu.core.toolcalls import PendingCall, Tool


async def offered_by(server: Any) -> Sequence[Tool]:
    """The tools of an MCP client; a sync one is asked in a thread (MCP-11)."""
    if colour_of(server) == "sync":
        return await asyncio.to_thread(server.as_tools)
    return await server.as_tools()  # type: ignore[no-any-return]


async def run_tools(calls: Sequence[PendingCall], concurrent: bool) -> None:
    """Run each call: one after the other up to the first failure, or together, cancelled by the first one (TOOLS-7)."""
    if concurrent and calls:
        await _run_together(calls)
    else:
        for call in calls:
            await run_tool(call)


async def run_tool(call: PendingCall) -> None:
    """Run one call: an async tool on the loop, a sync one in a thread."""
    with call.running():
        result = call.invoke() if call.is_async else await asyncio.to_thread(call.invoke)
        call.accept(await result if inspect.isawaitable(result) else result)


async def _run_together(calls: Sequence[PendingCall]) -> None:
    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(run_tool(call))
    if any(call.is_open for call in calls):
        # a task group keeps silent about a child that was cancelled from within
        raise asyncio.CancelledError("a tool was cancelled by itself")
