"""Scenarios of spec/colour.md, and of the requirements of spec/tools.md that are about colour."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from conformance.driver import Driver
from conformance.requirement import LIBRARY, requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools")


def answers(client: Any) -> list[str]:
    """The tool messages of a history, in order."""
    return [message["content"] for message in client.messages if message["role"] == "tool"]


def plain(number: int) -> int:
    """Do it."""
    return number


async def awaited(number: int) -> int:
    """Do it."""
    return number


class Plain:
    """Do it."""

    def __call__(self, number: int) -> int:
        """Do it."""
        return number

    def method(self, number: int) -> int:
        """Do it."""
        return number


class Awaited:
    """Do it."""

    async def __call__(self, number: int) -> int:
        """Do it."""
        return number

    async def method(self, number: int) -> int:
        """Do it."""
        return number


def finished(function: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    """A plain function around an async one, which runs it to its end."""

    @functools.wraps(function)
    def wrapper(number: int) -> Any:
        return asyncio.run(function(number))  # type: ignore[arg-type]

    return wrapper


def delayed(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """An async function around a plain one."""

    @functools.wraps(function)
    async def wrapper(number: int) -> Any:
        return function(number)

    return wrapper


@requirement("COLOUR-1", subject=LIBRARY)
async def test_colour_is_recorded(d: Driver) -> None:
    """A bool on the function."""

    def sync_tool() -> None:
        """Do it."""

    async def async_tool() -> None:
        """Do it."""

    assert d.direct(d.api.tool(sync_tool)).__tool_is_async__ is False
    assert d.direct(d.api.tool(async_tool)).__tool_is_async__ is True


@requirement("COLOUR-3", subject=LIBRARY)
async def test_colour_of_every_kind_of_callable(d: Driver) -> None:
    """Partials, callable objects, bound methods and wrappers, each in both colours."""
    kinds: list[tuple[Any, bool]] = [
        (functools.partial(plain), False),
        (functools.partial(awaited), True),
        (functools.partial(functools.partial(awaited)), True),
        (functools.partial(Awaited()), True),
        (Plain(), False),
        (Awaited(), True),
        (Plain().method, False),
        (Awaited().method, True),
        (finished(awaited), False),
        (delayed(plain), True),
    ]
    colours = [d.direct(d.lib.tool(function)).__tool_is_async__ for function, _ in kinds]
    assert colours == [is_async for _, is_async in kinds]


@requirement("COLOUR-3", "TOOLS-1", needs=NEEDS)
async def test_every_kind_of_callable_is_called(d: Driver) -> None:
    """A partial, a callable object, a bound method and a wrapper run as tools and keep what they are bound to."""
    tools = [d.lib.tool(tool) for tool in (functools.partial(plain), Plain(), Plain().method, finished(awaited))]
    names = [tool.__tool_spec__["function"]["name"] for tool in tools]
    assert names == ["plain", "Plain", "method", "awaited"]
    d.script(Reply(calls=[Call(name, {"number": n}) for n, name in enumerate(names)]), Reply("Done"))
    client = d.client(tools=tools)
    await d(client.chat("go"))
    assert answers(client) == ["0", "1", "2", "3"]


@requirement("COLOUR-2", ledger="LEDGER-COLOUR")
async def test_client_of_the_other_surface_is_refused(d: Driver) -> None:
    """At construction and at the start of a run; the message names the twin of the agent and of the client."""
    other = d.target.client(d.twin("aio" if d.on_sync else "sync"))
    here, there = d.api.__name__, d.twin("aio" if d.on_sync else "sync").api.__name__
    twins = f"use {here}.client\\(\\), or {there}.Agent"
    with d.raises(d.lib.errors.ColourError, match=twins) as caught:
        d.api.Agent(other)
    assert isinstance(caught.value, ValueError)
    agent = d.api.Agent(d.client())
    agent.model_client = other
    with d.raises(ValueError, match=twins):
        await d(agent.run("go"))
    with d.raises(ValueError, match=twins):
        await d.collect(agent.run("go", stream=True))
    with d.raises(ValueError, match=twins):
        d.api.Agent.from_config({}, other)


@requirement("TOOLS-5", needs=NEEDS, surfaces=("sync",), ledger="LEDGER-COLOUR")
async def test_async_tool_is_refused_before_any_call(d: Driver) -> None:
    """Nothing runs, nothing of the round is recorded, and the rounds before it stay."""
    ran: list[int] = []

    def first(number: int) -> str:
        """Do it."""
        ran.append(number)
        return "ok"

    tools = [d.lib.tool(first), d.lib.tool(awaited)]
    for concurrent in (False, True):
        ran.clear()
        calls = [Call("first", {"number": 2}), Call("awaited", {"number": 3})]
        d.script(Reply(calls=[Call("first", {"number": 1})]), Reply(calls=calls), Reply("Mended"))
        client = d.client(tools=tools, concurrent_tool_calls=concurrent, on_tool_error="report")
        with d.raises(d.lib.errors.ColourError, match=rf"'awaited' .*{d.lib.__name__}\.aio") as caught:
            await d(client.chat("go"))
        assert isinstance(caught.value, ValueError)
        assert ran == [1]
        assert [message["role"] for message in client.messages] == ["user", "assistant", "tool"]
        assert await d(client.resume()) == "Mended"


@requirement("COLOUR-6", needs=NEEDS, surfaces=("sync",), ledger="LEDGER-COLOUR")
async def test_awaitable_result_is_refused_on_sync(d: Driver) -> None:
    """A plain function that returns a coroutine raises the colour error, and the coroutine is closed."""
    made: list[Any] = []

    def disguised() -> Any:
        """Do it."""
        made.append(awaited(1))
        return made[-1]

    for options in ({}, {"on_tool_error": "report"}, {"concurrent_tool_calls": True}):
        d.script(Reply(calls=[Call("disguised")]))
        client = d.client(tools=[d.lib.tool(disguised)], **options)
        with d.raises(d.lib.errors.ColourError, match=rf"'disguised' .*{d.lib.__name__}\.aio"):
            await d(client.chat("go"))
        assert inspect.getcoroutinestate(made[-1]) == inspect.CORO_CLOSED
    assert len(d.server.requests) == 3


@requirement("COLOUR-7", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_awaitable_result_is_awaited_on_aio(d: Driver) -> None:
    """On the loop of the turn; what it gives is the result."""
    seen: list[object] = []

    async def inner() -> dict[str, int]:
        seen.append(asyncio.get_running_loop())
        return {"answer": 42}

    def disguised() -> Any:
        """Do it."""
        return inner()

    d.script(Reply(calls=[Call("disguised")]), Reply("Done"))
    client = d.client(tools=[d.lib.tool(disguised)])
    await d(client.chat("go"))
    assert answers(client) == ['{"answer":42}']
    assert seen == [asyncio.get_running_loop()]


@requirement("INPROCESS-10", needs=("wire",), surfaces=("aio",))
async def test_a_wire_client_is_not_wrapped(d: Driver) -> None:
    """The error shows the async client to make instead."""
    sync_client = d.target.client(d.twin("sync"))
    with d.raises(ValueError, match=r"aio\.client\("):
        d.api.client(sync_client)
    sync_client.close()
