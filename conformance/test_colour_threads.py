"""Scenarios of spec/colour.md: in which thread a tool runs, and what it sees there."""

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools")
PATIENCE = 10.0
TENANT: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="nobody")


def answers(client: Any) -> list[str]:
    """The tool messages of a history, in order."""
    return [message["content"] for message in client.messages if message["role"] == "tool"]


@requirement("COLOUR-4", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_async_tool_runs_on_the_loop(d: Driver) -> None:
    """In the loop and the thread of the turn, alone and concurrent."""
    seen: list[tuple[object, int]] = []

    async def where() -> str:
        """Do it."""
        seen.append((asyncio.get_running_loop(), threading.get_ident()))
        return "here"

    for concurrent in (False, True):
        d.script(Reply(calls=[Call("where")]), Reply("Done"))
        client = d.client(tools=[d.lib.tool(where)], concurrent_tool_calls=concurrent)
        await d(client.chat("go"))
        assert answers(client) == ["here"]
    assert seen == [(asyncio.get_running_loop(), threading.get_ident())] * 2


@requirement("COLOUR-5", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_sync_tool_does_not_block_the_loop(d: Driver) -> None:
    """It runs in another thread, and waits for what only a running loop can do."""
    for concurrent in (False, True):
        entered, released = threading.Event(), threading.Event()
        threads: list[int] = []
        tool = d.lib.tool(waiting(entered, released, threads))
        d.script(Reply(calls=[Call("wait")]), Reply("Done"))
        client = d.client(tools=[tool], concurrent_tool_calls=concurrent)
        handle = d.start(functools.partial(client.chat, "go"))
        await d.wait(entered)
        released.set()
        assert await handle.result() == "Done"
        assert answers(client) == ["released"]
        assert threads != [threading.get_ident()]


def waiting(entered: threading.Event, released: threading.Event, threads: list[int]) -> Callable[[], str]:
    """A sync tool that says it has begun and waits to be released."""

    def wait() -> str:
        """Do it."""
        threads.append(threading.get_ident())
        entered.set()
        return "released" if released.wait(PATIENCE) else "forgotten"

    return wait


@requirement("COLOUR-8", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_cancelled_caller_does_not_wait_for_a_thread(d: Driver) -> None:
    """The caller is free while the tool still runs, and the late result changes nothing."""
    entered, released, ended = threading.Event(), threading.Event(), threading.Event()

    def wait() -> str:
        """Do it."""
        entered.set()
        outcome = "released" if released.wait(PATIENCE) else "forgotten"
        ended.set()
        return outcome

    d.script(Reply(calls=[Call("wait")]), Reply("Done"))
    client = d.client(tools=[d.lib.tool(wait)])
    handle = d.start(lambda: client.chat("go"))
    await d.wait(entered)
    handle.cancel()
    with d.raises(asyncio.CancelledError):
        await handle.result()
    assert not ended.is_set()
    told = answers(client)
    assert "cancelled" in told[0]
    released.set()
    await d.wait(ended)
    assert await d(client.resume()) == "Done"
    assert answers(client) == told


@requirement("COLOUR-9", needs=(*NEEDS, "parallel_tools"))
async def test_context_variables_reach_tools(d: Driver) -> None:
    """Whether one call runs or two at the same time."""

    def who() -> str:
        """Do it."""
        return TENANT.get()

    token = TENANT.set("acme")
    try:
        for concurrent in (False, True):
            d.script(Reply(calls=[Call("who"), Call("who")]), Reply("Done"))
            client = d.client(tools=[d.lib.tool(who)], concurrent_tool_calls=concurrent)
            await d(client.chat("go"))
            assert answers(client) == ["acme", "acme"]
    finally:
        TENANT.reset(token)
