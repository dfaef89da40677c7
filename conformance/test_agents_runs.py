"""Scenarios of spec/agents.md: tools, bounds, failures and resuming."""

import asyncio
import threading
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Fault, Gate, Reply

NEEDS = ("scripted", "tools")
FORBIDDEN = ("none", {"type": "none"})


def ping() -> str:
    """Do it."""
    return "pong"


def own() -> str:
    """Do it."""
    return "own"


def offered(body: dict[str, Any]) -> list[str]:
    """The names of the tools that a request offers, on either wire."""
    return [tool.get("function", tool)["name"] for tool in body.get("tools", ())]


def system_of(body: dict[str, Any]) -> str | None:
    """The system message of a request, on either wire."""
    head = body["messages"][0]
    return head["content"] if head["role"] == "system" else body.get("system")


def roles(messages: list[dict[str, Any]]) -> list[str]:
    """The roles of a history."""
    return [message["role"] for message in messages]


def scout(d: Driver, **options: Any) -> Any:
    """An agent with a tool and instructions."""
    return d.api.Agent(d.client(), "Be brief.", "scout", [d.lib.tool(ping)], **options)


@requirement("AGENT-2", "AGENT-9", needs=NEEDS)
async def test_run_with_tools_is_two_requests(d: Driver) -> None:
    """B-27: one tool round and an answer, and nothing said in between; chunks count the rounds."""
    d.script(Reply("Let me see.", calls=[Call("ping", id="c1")]), Reply("It answers"))
    agent = scout(d)
    chunks = await d.collect(agent.run("Ping it", stream=True))
    assert len(d.server.requests) == 2
    assert roles(agent.messages["scout"]) == ["system", "user", "assistant", "tool", "assistant"]
    assert {chunk.agent for chunk in chunks} == {"scout"}
    rounds = [(str(chunk.phase), chunk.iteration) for chunk in chunks]
    assert list(dict.fromkeys(rounds)) == [("generating", 0), ("tool_calling", 0), ("generating", 1)]


@requirement("AGENT-8", needs=NEEDS)
async def test_tools_are_the_agents_in_its_turns_only(d: Driver) -> None:
    """B-30: the next agent and the client offer what is theirs, and client.tools never changes."""
    d.script(Reply(calls=[Call("ping")]), Reply("1"), Reply("2"), Reply("3"), Reply("4"))
    client = d.client()
    client.tools = [mine := d.lib.tool(own)]
    first, second = d.api.Agent(client, tools=[d.lib.tool(ping)]), d.api.Agent(client)
    await d(first.run("a"))
    assert client.tools == [mine]
    await d(second.run("b"))
    await d(client.chat("c"))
    client.tools = []
    await d(second.run("d"))
    bodies = [request.body for request in d.server.requests]
    assert [offered(body) for body in bodies[:4]] == [["ping"], ["ping"], ["own"], ["own"]]
    # one wire wants the tools that a history used to be named, and forbids to call them
    assert "tools" not in bodies[4] or bodies[4]["tool_choice"] in FORBIDDEN


@requirement("AGENT-8", needs=(*NEEDS, "wire"))
async def test_failed_run_leaves_the_clients_tools(d: Driver) -> None:
    """Also when a run fails or is closed half-way."""
    d.script(Fault(400), Reply(["one ", "two"]))
    client = d.client()
    client.tools = [mine := d.lib.tool(own)]
    agent = d.api.Agent(client, name="scout", tools=[d.lib.tool(ping)])
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(agent.run("a"))
    assert client.tools == [mine]
    chunks = agent.run("b", stream=True)
    async for _ in d.stream(chunks):
        assert client.tools == [mine]
        break
    await d.close(chunks)
    assert client.tools == [mine]


@requirement("AGENT-10", needs=NEEDS)
async def test_max_iterations_of_the_agent(d: Driver) -> None:
    """Its own limit holds above and below the client's; the last request forbids calls, and text ends the run."""
    for limit, clients in ((3, 2), (2, 10)):
        done = len(d.server.requests)
        d.script(*[Reply(calls=[Call("ping")])] * limit)
        agent = scout(d, max_iterations=limit)
        agent.model_client.max_iterations = clients
        with d.raises(d.lib.errors.IterationLimitError, match=f"max_iterations={limit}"):
            await d(agent.run("go"))
        bodies = [request.body for request in d.server.requests[done:]]
        assert len(bodies) == limit
        assert [body.get("tool_choice") in FORBIDDEN for body in bodies] == [False] * (limit - 1) + [True]
        assert roles(agent.messages["scout"]) == ["system", "user"] + ["assistant", "tool"] * (limit - 1)
        assert agent.model_client.max_iterations == clients


@requirement("AGENT-10", needs=NEEDS)
async def test_max_iterations_that_allow_nothing_are_refused(d: Driver) -> None:
    """Below two with tools, below one without; nothing is sent."""
    d.script(Reply("Fine"))
    with d.raises(ValueError, match="max_iterations=1"):
        await d(scout(d, max_iterations=1).run("go"))
    with d.raises(ValueError, match="max_iterations=0"):
        await d(d.api.Agent(d.client(), max_iterations=0).run("go"))
    assert d.server.requests == []
    assert await d(d.api.Agent(d.client(), max_iterations=1).run("go")) == "Fine"


@requirement("AGENT-12", "AGENT-13", needs=(*NEEDS, "wire"))
async def test_messages_after_a_failure(d: Driver) -> None:
    """B-25: the finished round is there, and resume goes on from it under the agent's conditions."""
    d.script(Reply(calls=[Call("ping", id="c1")]), Fault(400), Reply("Mended"))
    agent = scout(d)
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(agent.run("go"))
    kept = agent.messages["scout"]
    assert roles(kept) == ["system", "user", "assistant", "tool"]
    assert kept[0]["content"] == "Be brief."
    assert await d(agent.resume()) == "Mended"
    body = d.server.requests[2].body
    assert system_of(body) == "Be brief."
    assert offered(body) == ["ping"]
    assert agent.messages["scout"][:4] == kept
    assert agent.messages["scout"][-1]["content"] == "Mended"


@requirement("AGENT-12", needs=NEEDS)
async def test_messages_after_an_abandoned_stream(d: Driver) -> None:
    """B-25: closed or dropped in its second round, a run leaves the first, and the next run works."""
    for is_closed in (True, False):
        d.script(Reply(calls=[Call("ping", id="c1")]), Reply(["one ", Gate()]), Reply("Again"))
        agent = scout(d)
        chunks = agent.run("go", stream=True)
        async for chunk in d.stream(chunks):
            if chunk.phase == "generating":
                d.leave()
                break
        if is_closed:
            await d.close(chunks)
        del chunks
        assert roles(agent.messages["scout"]) == ["system", "user", "assistant", "tool"]
        assert await d(agent.run("once more")) == "Again"


@requirement("AGENT-12", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_messages_after_a_cancellation(d: Driver) -> None:
    """B-25: cancelled while it waits for the second reply, a run leaves its first round."""
    gate = Gate()
    d.script(Reply(calls=[Call("ping", id="c1")]), Reply("Late", before=gate), Reply("Again"))
    agent = scout(d)
    handle = d.start(lambda: agent.run("go"))
    await d.wait(gate.reached)
    handle.cancel()
    with d.raises(asyncio.CancelledError):
        await handle.result()
    assert roles(agent.messages["scout"]) == ["system", "user", "assistant", "tool"]
    gate.open()
    assert await d(agent.resume()) == "Again"


@requirement("AGENT-13", needs=(*NEEDS, "wire"))
async def test_resume_streams_and_keeps_the_limits(d: Driver) -> None:
    """Chunks carry the name; the limit is the agent's; without anything to resume it is a ValueError."""
    agent = scout(d, max_iterations=2)
    with d.raises(ValueError, match="nothing to resume"):
        await d(agent.resume())
    d.script(Reply(calls=[Call("ping")]), Fault(400), Reply(calls=[Call("ping")]), Reply(calls=[Call("ping")]))
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(agent.run("go"))
    with d.raises(d.lib.errors.IterationLimitError):
        async for chunk in d.stream(agent.resume(stream=True)):
            assert chunk.agent == "scout"
    assert len(d.server.requests) == 4
    d.script(Reply("Done"))
    chunks = await d.collect(agent.resume(stream=True))
    assert {chunk.agent for chunk in chunks} == {"scout"}
    with d.raises(ValueError, match="nothing to resume"):
        await d(agent.resume())


@requirement("AGENT-15", needs=NEEDS)
async def test_on_tool_error_of_the_agent(d: Driver) -> None:
    """It wins over the client's in both directions; None leaves the client's."""

    def fail() -> str:
        """Do it."""
        raise OSError("gone")

    for agents, clients, is_reported in (("report", "raise", True), ("raise", "report", False), (None, "report", True)):
        d.script(Reply(calls=[Call("fail")]), *[Reply("I see")] * is_reported)
        client = d.client()
        client.on_tool_error = clients
        agent = d.api.Agent(client, tools=[d.lib.tool(fail)], on_tool_error=agents)
        if is_reported:
            assert await d(agent.run("go")) == "I see"
        else:
            with d.raises(OSError, match="gone"):
                await d(agent.run("go"))
        assert client.on_tool_error == clients


@requirement("AGENT-15", needs=(*NEEDS, "parallel_tools"))
async def test_concurrent_tool_calls_of_the_agent(d: Driver) -> None:
    """Two tools meet although the client runs one at a time, and when only the client says so."""
    for agents, clients in ((True, False), (None, True)):
        tool = d.lib.tool(meeting(threading.Barrier(2, timeout=10.0)))
        d.script(Reply(calls=[Call("one", {"number": 1}), Call("one", {"number": 2})]), Reply("Done"))
        client = d.client()
        client.concurrent_tool_calls = clients
        agent = d.api.Agent(client, tools=[tool], concurrent_tool_calls=agents)
        assert await d(agent.run("go")) == "Done"
        assert [m["content"] for m in client.messages if m["role"] == "tool"] == ["met 1", "met 2"]
        assert client.concurrent_tool_calls is clients


def meeting(barrier: threading.Barrier) -> Any:
    """A tool that ends when two calls of it run."""

    def one(number: int) -> str:
        """Do it."""
        barrier.wait()
        return f"met {number}"

    return one
