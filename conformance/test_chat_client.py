"""Scenarios of spec/chat.md: the life of a client, from the one-shot chat to fork and close."""

import contextlib
import copy
import os
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

from conformance.driver import Driver
from conformance.props import adder, inside, offered, said, sums
from conformance.requirement import requirement
from conformance.scripted import Fault, Gate, Reply


@requirement("CHAT-5", needs=("wire", "scripted"))
async def test_one_shot_chat_closes_its_client(d: Driver) -> None:
    """Answered, failed, streamed to the end or left half-way: the client of aimu.chat() is closed once it is over."""
    d.script(Reply("Whole"), Reply("Streamed"), Reply(["Half", Gate()]), Fault(400))
    with server_as_default(d), closings(d) as closed:
        assert await d(d.api.chat("Hi", model=model(d))) == "Whole"
        assert len(closed) == 1
        stream = d.api.chat("Hi", model=model(d), stream=True)
        assert len(await d.collect(stream)) > 1
        assert d.direct(stream.result) == "Streamed"
        assert len(closed) == 2
        stream = d.api.chat("Hi", model=model(d), stream=True)
        async with inside(d, stream):
            await anext(aiter(d.stream(stream)))
        assert len(closed) == 3
        with d.raises(d.lib.errors.InvalidRequestError):
            await d(d.api.chat("Hi", model=model(d)))
        assert len(closed) == 4
    assert len({id(client) for client in closed}) == 4


@requirement("CHAT-5", needs=("wire", "scripted", "tools"))
async def test_one_shot_chat_takes_system_and_tools(d: Driver) -> None:
    """aimu.chat() runs a whole turn, with a system message and tools."""
    d.script(sums((1, 2)), Reply("3"))
    with server_as_default(d):
        text = await d(d.api.chat("Add", model=model(d), system="Be brief.", tools=[adder(d)]))
    assert text == "3"
    assert said(d.server.requests[0]) == [("system", "Be brief."), ("user", "Add")]
    assert offered(d.server.requests[0]) == ["add"]


@requirement("CHAT-7")
async def test_fork_starts_empty_and_stays_apart(d: Driver) -> None:
    """A fork has the settings and none of the history, and what happens to one does not reach the other."""
    d.script(Reply("One"), Reply("Two"), Reply("Three"))
    client = d.client(system="Be brief.", max_iterations=4)
    await d(client.chat("First"))
    before = copy.deepcopy(client.messages)
    fork = client.fork()
    assert type(fork) is type(client)
    assert (fork.model, fork.system_message, fork.max_iterations) == (client.model, "Be brief.", 4)
    assert fork.messages == []
    await d(fork.chat("Second"))
    assert client.messages == before
    assert [message["content"] for message in fork.messages[:2]] == ["Be brief.", "Second"]
    fork.reset("Be long.")
    fork.max_iterations = 9
    assert (client.messages, client.system_message, client.max_iterations) == (before, "Be brief.", 4)


@requirement("CHAT-7", needs=("tools",))
async def test_fork_copies_tools_and_defaults(d: Driver) -> None:
    """Tools, tool settings and generate_kwargs are equal in the fork; changing them there leaves the client alone."""
    add = adder(d)
    d.enter()
    client = d.client(tools=[add], concurrent_tool_calls=True, on_tool_error="report")
    client.default_generate_kwargs = {"max_tokens": 7}
    fork = client.fork()
    assert (fork.tools, fork.concurrent_tool_calls, fork.on_tool_error) == ([add], True, "report")
    assert fork.default_generate_kwargs == {"max_tokens": 7}
    fork.tools = []
    fork.default_generate_kwargs["max_tokens"] = 8
    assert client.tools == [add]
    assert client.default_generate_kwargs == {"max_tokens": 7}


@requirement("CHAT-7")
async def test_closing_a_fork_closes_nothing_shared(d: Driver) -> None:
    """After a fork is closed, the client it came from and another fork still answer."""
    d.script(Reply("One"), Reply("Two"), Reply("Three"))
    client = d.client()
    fork, other = client.fork(), d.track(client.fork())
    d.check_text(await d(fork.chat("First")), "One")
    await d.close(fork)
    d.check_text(await d(client.chat("Second")), "Two")
    d.check_text(await d(other.chat("Third")), "Three")


@requirement("CHAT-8", "CHAT-15")
async def test_closed_client_refuses(d: Driver) -> None:
    """close() may be called twice; after it, chat and generate raise in the call itself and say what to do."""
    client = d.client().fork()
    await d.close(client)
    await d.close(client)
    for ask in (client.chat, client.generate):
        for streamed in (False, True):
            with d.raises(RuntimeError, match=r"closed.*client\(\)"):
                ask("Hi", stream=streamed)
    assert client.messages == []


@requirement("CHAT-8", needs=("wire", "scripted"))
async def test_close_lets_go_of_the_connection(d: Driver) -> None:
    """The connection that was kept for the next request is closed."""
    d.script(Reply("Hello"))
    client = d.client()
    threads = set(threading.enumerate())
    await d(client.chat("Hi"))
    serving = [thread for thread in threading.enumerate() if thread not in threads and thread.name == "scripted"]
    assert len(serving) == 1
    assert serving[0].is_alive()
    await d.close(client)
    serving[0].join(10)
    assert not serving[0].is_alive()


@requirement("CHAT-14")
async def test_client_is_a_context_manager(d: Driver) -> None:
    """Leaving the block closes the client, also by an exception; entering gives the client itself."""
    d.script(Reply("Hello"))
    root = d.client()
    client = root.fork()
    async with inside(d, client) as entered:
        assert entered is client
        await d(entered.chat("Hi"))
    with d.raises(RuntimeError, match="closed"):
        client.chat("Hi")
    other = root.fork()
    with d.raises(LookupError):
        await leave_by_exception(d, other)
    with d.raises(RuntimeError, match="closed"):
        other.chat("Hi")


@requirement("CHAT-13")
async def test_deepcopy_of_a_client_is_the_client(d: Driver) -> None:
    """A client inside a structure that is copied stays the one client."""
    d.enter()
    client = d.client()
    assert copy.deepcopy({"client": client})["client"] is client


async def leave_by_exception(d: Driver, client: Any) -> None:
    """Enter a client as a context manager and raise in its block."""
    async with inside(d, client):
        raise LookupError("out")


def model(d: Driver) -> str:
    """The model string of the scripted wire."""
    return f"{d.target.provider}:scripted-model;tools"


@contextlib.contextmanager
def server_as_default(d: Driver) -> Iterator[None]:
    """Let the SDKs find the scripted server where they look for a server of their own."""
    name = d.target.provider.upper()
    with mock.patch.dict(
        os.environ, {f"{name}_BASE_URL": d.server.url(d.target.provider), f"{name}_API_KEY": "test-key"}
    ):
        yield


@contextlib.contextmanager
def closings(d: Driver) -> Iterator[list[Any]]:
    """The clients of this surface on which close() is called in the block."""
    closed: list[Any] = []
    real = d.api.ModelClient.close

    def close(client: Any) -> Any:
        closed.append(client)
        return real(client)

    with mock.patch.object(d.api.ModelClient, "close", close):
        yield closed
