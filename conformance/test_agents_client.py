"""Scenarios of spec/agents.md: an agent as a client, and an agent from plain data."""

from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools")


def ping() -> str:
    """Do it."""
    return "pong"


def system_of(body: dict[str, Any]) -> str | None:
    """The system message of a request, on either wire."""
    head = body["messages"][0]
    return head["content"] if head["role"] == "system" else body.get("system")


@requirement("AGENT-5", needs=NEEDS)
async def test_chat_of_the_view_runs_the_agent(d: Driver) -> None:
    """With its instructions, tools, name and limit; streamed as well."""
    d.script(Reply(calls=[Call("ping", id="c1")]), Reply("Done"), Reply("More"))
    client = d.client(system="own")
    view = d.api.Agent(client, "Be brief.", "scout", [d.lib.tool(ping)]).as_model_client()
    assert isinstance(view, d.api.ModelClient)
    assert await d(view.chat("go")) == "Done"
    assert [system_of(request.body) for request in d.server.requests] == ["Be brief."] * 2
    assert view.messages is client.messages
    assert client.messages[0]["content"] == "own"
    assert [message["role"] for message in client.messages][1:] == ["user", "assistant", "tool", "assistant"]
    chunks = await d.collect(view.chat("go on", stream=True))
    assert {chunk.agent for chunk in chunks} == {"scout"}


@requirement("AGENT-5")
async def test_view_shares_the_clients_state(d: Driver) -> None:
    """What is set on either is set on both."""
    d.script(Reply("1"))
    client = d.client()
    view = d.api.Agent(client, "Be brief.").as_model_client()
    view.system_message = "own"
    assert client.system_message == "own"
    view.default_generate_kwargs = {"max_tokens": 8, "temperature": 0}
    client.max_iterations = 7
    client.concurrent_tool_calls = True
    assert (client.default_generate_kwargs, view.max_iterations) == ({"max_tokens": 8, "temperature": 0}, 7)
    assert (view.model, view.tools, view.concurrent_tool_calls) == (client.model, client.tools, True)
    d.check_text(await d(view.chat("Hello")), "1")
    assert view.messages is client.messages
    assert len(client.messages) == 3
    assert (view.last_usage, view.stop_reason) == (client.last_usage, client.stop_reason)
    view.reset()
    assert (client.messages, view.messages, client.system_message) == ([], [], "own")


@requirement("AGENT-5", needs=NEEDS)
async def test_generate_of_the_view_is_the_clients(d: Driver) -> None:
    """Without instructions, tools or history."""
    d.script(Reply("Plain"))
    client = d.client()
    view = d.api.Agent(client, "Be brief.", tools=[d.lib.tool(ping)]).as_model_client()
    assert await d(view.generate("Say it")) == "Plain"
    body = d.server.requests[0].body
    assert system_of(body) is None
    assert "tools" not in body
    assert client.messages == []


@requirement("AGENT-5", needs=("scripted",))
async def test_fork_of_the_view_is_the_agent_on_a_fork(d: Driver) -> None:
    """The same instructions, another conversation."""
    d.script(Reply("1"), Reply("2"))
    client = d.client()
    view = d.api.Agent(client, "Be brief.", "scout").as_model_client()
    await d(view.chat("a"))
    fork = view.fork()
    assert isinstance(fork, d.api.ModelClient)
    assert await d(fork.chat("b")) == "2"
    assert system_of(d.server.requests[1].body) == "Be brief."
    assert [message["content"] for message in client.messages] == ["a", "1"]
    assert [message["content"] for message in fork.messages] == ["b", "2"]


@requirement("AGENT-5", "AGENT-13", needs=NEEDS)
async def test_resume_of_the_view_is_the_agents(d: Driver) -> None:
    """It goes on with the agent's instructions and tools."""
    d.script(Reply("Go on"))
    client = d.client()
    client.messages = [{"role": "user", "content": "Hello"}]
    view = d.api.Agent(client, "Be brief.", tools=[d.lib.tool(ping)]).as_model_client()
    assert await d(view.resume()) == "Go on"
    body = d.server.requests[0].body
    assert system_of(body) == "Be brief."
    assert len(body["tools"]) == 1


@requirement("AGENT-4", "AGENT-5", needs=NEEDS)
async def test_agents_stand_on_agents(d: Driver) -> None:
    """Each adds what it has; what the ones above lack is kept from below, and shown, run and resumed."""
    d.script(Reply(calls=[Call("ping", id="c1")]), Reply("Done"), Reply("More"))
    low = d.api.Agent(d.client(system="own"), "Be brief.", "low", [d.lib.tool(ping)])
    middle = d.api.Agent(low.as_model_client(), name="middle")
    top = d.api.Agent(middle.as_model_client(), name="top")
    assert await d(top.run("go")) == "Done"
    for agent in (low, middle, top):
        assert agent.messages[agent.name][0] == {"role": "system", "content": "Be brief."}
    del low.model_client.messages[-1:]
    assert await d(top.resume()) == "More"
    assert [system_of(request.body) for request in d.server.requests] == ["Be brief."] * 3
    assert [len(request.body["tools"]) for request in d.server.requests] == [1] * 3


@requirement("AGENT-5", needs=("scripted",))
async def test_closing_the_view_closes_the_client(d: Driver) -> None:
    """They are one client; what is closed by either is closed for both."""
    client = d.client()
    await d.close(d.api.Agent(client).as_model_client())
    with d.raises(RuntimeError, match="closed"):
        await d(client.chat("go"))


@requirement("AGENT-6")
async def test_agent_from_a_config(d: Driver) -> None:
    """The fields of the dict, on a fork: the client's own conversation is not touched."""
    d.script(Reply("1"))
    client = d.client(system="own")
    config = {"name": "scout", "system_message": "Be brief.", "max_iterations": 3, "reset_messages_on_run": True}
    agent = d.api.Agent.from_config(config, client)
    d.enter()
    assert isinstance(agent, d.api.Agent)
    assert {name: getattr(agent, name) for name in config} == config
    assert agent.model_client is not client
    assert agent.model_client.model == client.model
    d.check_text(await d(agent.run("Hello")), "1")
    assert client.messages == []
    assert [message["role"] for message in agent.messages["scout"]] == ["system", "user", "assistant"]
    assert agent.model_client.system_message == "own"


@requirement("AGENT-6")
async def test_unknown_key_of_a_config_is_refused(d: Driver) -> None:
    """The message names the key and those there are; the client of the fields is not one."""
    client = d.client()
    for key in ("tolls", "model_client", "skill_dirs"):
        with d.raises(ValueError, match=f"{key}.*system_message.*on_tool_error"):
            d.api.Agent.from_config({"name": "scout", key: []}, client)
