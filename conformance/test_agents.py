"""Scenarios of spec/agents.md: what an agent is, and what it puts over its client."""

import inspect
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Fault, Reply

FIELDS = (
    "model_client",
    "system_message",
    "name",
    "tools",
    "max_iterations",
    "continuation_prompt",
    "reset_messages_on_run",
    "concurrent_tool_calls",
    "on_tool_error",
)


def ping() -> str:
    """Do it."""
    return "pong"


def system_of(body: dict[str, Any]) -> str | None:
    """The system message of a request, on either wire."""
    head = body["messages"][0]
    return head["content"] if head["role"] == "system" else body.get("system")


def said(body: dict[str, Any]) -> list[str]:
    """The roles of a request's messages, without the system message."""
    return [message["role"] for message in body["messages"] if message["role"] != "system"]


@requirement("AGENT-1")
async def test_fields_and_defaults(d: Driver) -> None:
    """The fields in order; by default an agent changes nothing of its client's ways."""
    assert tuple(inspect.signature(d.api.Agent).parameters) == FIELDS
    client = d.client()
    agent = d.api.Agent(client)
    d.enter()
    assert agent.model_client is client
    assert (agent.system_message, agent.tools, agent.max_iterations) == (None, [], 10)
    assert (agent.reset_messages_on_run, agent.concurrent_tool_calls, agent.on_tool_error) == (False, None, None)
    assert agent.continuation_prompt.strip()
    assert d.api.Agent(client).tools is not agent.tools


@requirement("AGENT-1")
async def test_fields_are_taken_by_position(d: Driver) -> None:
    """All of them, and each is an attribute; the list of tools is copied."""
    tools = [d.lib.tool(ping)]
    values = [d.client(), "Be brief.", "scout", tools, 4, "Go on.", True, True, "report"]
    agent = d.api.Agent(*values)
    d.enter()
    assert [getattr(agent, name) for name in FIELDS] == values
    tools.clear()
    assert len(agent.tools) == 1


@requirement("AGENT-2", needs=("scripted",))
async def test_run_answers(d: Driver) -> None:
    """The text is returned, and the history goes on from run to run."""
    d.script(Reply("One"), Reply("Two"))
    agent = d.api.Agent(d.client(), name="scout")
    d.check_text(await d(agent.run("First")), "One")
    d.check_text(await d(agent.run("Second")), "Two")
    assert [message["role"] for message in agent.messages["scout"]] == ["user", "assistant"] * 2


@requirement("AGENT-2", "AGENT-9")
async def test_run_streams_under_the_name(d: Driver) -> None:
    """Every chunk carries the name of the agent; what the client says itself carries none."""
    d.script(Reply("One two three"), Reply("Four five"))
    client = d.client()
    chunks = await d.collect(d.api.Agent(client, name="scout").run("Count", stream=True))
    assert {(chunk.agent, chunk.iteration) for chunk in chunks} == {("scout", 0)}
    d.check_text("".join(chunk.content for chunk in chunks if chunk.phase == "generating"), "One two three")
    chunks = await d.collect(client.chat("Go on", stream=True))
    assert {(chunk.agent, chunk.iteration) for chunk in chunks} == {(None, 0)}


@requirement("AGENT-2", needs=("scripted", "images"))
async def test_run_takes_images_and_generate_kwargs(d: Driver) -> None:
    """They reach the request of that run, by position too, and no other."""
    d.script(Reply("A cat"), Reply("Yes"))
    agent = d.api.Agent(d.client())
    await d(agent.run("What is it?", {"temperature": 0.5}, False, ["https://example.com/cat.png"]))
    await d(agent.run("Sure?"))
    first, second = (request.body for request in d.server.requests)
    assert first["temperature"] == 0.5
    assert "https://example.com/cat.png" in str(first["messages"][-1])
    assert "temperature" not in second
    assert "cat.png" not in str(second["messages"][-1])


@requirement("AGENT-3", needs=("scripted",))
async def test_instructions_are_an_overlay(d: Driver) -> None:
    """Two agents and their client each send their own system message; the client's entry never changes."""
    d.script(Reply("1"), Reply("2"), Reply("3"))
    client = d.client(system="own")
    first, second = d.api.Agent(client, "first"), d.api.Agent(client, "second")
    await d(first.run("a"))
    assert client.messages[0] == {"role": "system", "content": "own"}
    await d(second.run("b"))
    await d(client.chat("c"))
    assert [system_of(request.body) for request in d.server.requests] == ["first", "second", "own"]
    assert client.system_message == "own"
    assert [message["role"] for message in client.messages] == ["system"] + ["user", "assistant"] * 3
    assert client.messages[0] == {"role": "system", "content": "own"}


@requirement("AGENT-3")
async def test_instructions_do_not_become_the_clients(d: Driver) -> None:
    """A client without a system message has none after a run either."""
    d.script(Reply("1"))
    client = d.client()
    await d(d.api.Agent(client, "Be brief.").run("Hello"))
    assert client.system_message is None
    assert [message["role"] for message in client.messages] == ["user", "assistant"]


@requirement("AGENT-4")
async def test_messages_show_the_instructions(d: Driver) -> None:
    """Under the name, with the agent's own system entry; a copy of what the client has."""
    d.script(Reply("1"))
    client = d.client(system="own")
    agent, other = d.api.Agent(client, "Be brief.", "scout"), d.api.Agent(client, name="plain")
    assert agent.messages == {"scout": []}
    await d(agent.run("Hello"))
    assert agent.messages == {"scout": [{"role": "system", "content": "Be brief."}, *client.messages[1:]]}
    assert other.messages == {"plain": client.messages}
    other.messages["plain"].clear()
    agent.messages["scout"].clear()
    assert len(client.messages) == 3


@requirement("AGENT-7")
async def test_name_is_made_up(d: Driver) -> None:
    """It starts with agent-, stays, labels the messages, and is not that of another agent."""
    client = d.client()
    agents = [d.api.Agent(client) for _ in range(20)]
    d.enter()
    names = [agent.name for agent in agents]
    assert len(set(names)) == 20
    assert all(name.startswith("agent-") for name in names)
    assert [agent.name for agent in agents] == names
    assert [list(agent.messages) for agent in agents] == [[name] for name in names]


@requirement("AGENT-11", needs=("scripted",))
async def test_reset_on_run_starts_over(d: Driver) -> None:
    """The second run sends nothing of the first one, and the client's own system message stays."""
    d.script(Reply("1"), Reply("2"))
    client = d.client(system="own")
    agent = d.api.Agent(client, name="scout", reset_messages_on_run=True)
    await d(agent.run("first"))
    await d(agent.run("second"))
    assert said(d.server.requests[1].body) == ["user"]
    assert system_of(d.server.requests[1].body) == "own"
    contents = [message["content"] for message in client.messages]
    assert contents == ["own", "second", "2"]
    assert client.system_message == "own"


@requirement("AGENT-11", needs=("scripted", "wire"))
async def test_reset_on_run_loses_nothing_when_the_run_fails(d: Driver) -> None:
    """The old history is there until the first round of the new run is."""
    d.script(Reply("1"), Fault(400))
    client = d.client(system="own")
    agent = d.api.Agent(client, "Be brief.", "scout", reset_messages_on_run=True)
    await d(agent.run("first"))
    before = list(client.messages)
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(agent.run("second"))
    assert client.messages == before
    assert len(before) == 3


@requirement("AGENT-14")
async def test_what_is_no_client_is_refused(d: Driver) -> None:
    """At construction and when it was set later; a runner is no client."""
    client = d.client()
    agent = d.api.Agent(client)
    for thing in ("openai:gpt-5", None, object(), client.model, agent):
        with d.raises(TypeError, match=f"not {type(thing).__name__}"):
            d.api.Agent(thing)
    agent.model_client = object()
    with d.raises(TypeError, match="not object"):
        await d(agent.run("go"))


@requirement("AGENT-16", needs=("scripted",))
async def test_continuation_prompt_of_the_agent(d: Driver) -> None:
    """It is what an empty reply is answered with, and is not recorded."""
    d.script(Reply(""), Reply("Now I speak"))
    client = d.client()
    agent = d.api.Agent(client, continuation_prompt="Speak up.")
    assert await d(agent.run("Hello")) == "Now I speak"
    assert "Speak up." in str(d.server.requests[1].body["messages"][-1])
    assert [message["content"] for message in client.messages] == ["Hello", "Now I speak"]


@requirement("RUNNER-1")
async def test_what_a_runner_is(d: Driver) -> None:
    """Agent is one, Runner itself cannot be made, and runners say which conversations are theirs."""
    assert issubclass(d.api.Agent, d.api.Runner)
    with d.raises(TypeError, match="abstract"):
        d.api.Runner()
    client = d.client()
    first, second = d.api.Agent(client), d.api.Agent(client)
    apart = d.api.Agent.from_config({}, client)
    assert len(first.conversations()) == 1
    assert first.conversations()[0] is second.conversations()[0]
    assert first.conversations()[0] is not apart.conversations()[0]
    names = ["task", "generate_kwargs", "stream", "images", "schema"]
    assert list(inspect.signature(d.api.Runner.run).parameters)[1:] == names
