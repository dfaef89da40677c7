"""Scenarios of spec/history.md: what is recorded can be sent, and is resumed once."""

import json

from conformance import Driver, requirement
from conformance.exchanges import chat_stream, chunk
from conformance.props import adder, outcome, said, sums
from conformance.scripted import Call, Reply, Usage

HALF = "\udce9"


@requirement("HISTORY-15", needs=("scripted", "tools"))
async def test_half_a_character_from_a_tool_is_replaced(d: Driver) -> None:
    """As in a file name that is not UTF-8: the round is recorded, and the next turn is sent."""

    @d.lib.tool  # type: ignore[untyped-decorator]
    def names() -> str:
        """List the files."""
        return f"caf{HALF}.txt"

    client = d.client(tools=[names])
    d.script(Reply(calls=[Call("names", id="n1")]), Reply("One file"), Reply("Bye"))
    assert await d(client.chat("Which files?")) == "One file"
    assert client.messages[2]["content"] == "caf\ufffd.txt"
    assert await d(client.chat("Thanks")) == "Bye"


@requirement("HISTORY-15", needs=("scripted", "streaming", "openai_wire"))
async def test_a_character_sent_in_halves_is_joined(d: Driver) -> None:
    """No chunk holds half of it, and streamed text is what is recorded."""
    d.script(
        chat_stream(chunk({"content": "a\ud83d"}), chunk({"content": "\ude00 b"}), chunk({}, "stop")), Reply("Bye")
    )
    client = d.client()
    chunks = await d.collect(client.chat("Smile", stream=True))
    assert "".join(each.content for each in chunks) == "a\U0001f600 b" == client.messages[-1]["content"]
    assert all(each.content.encode() for each in chunks)
    assert await d(client.chat("Thanks")) == "Bye"


@requirement("HISTORY-15")
async def test_half_a_character_from_the_user_is_refused(d: Driver) -> None:
    """In a message, streamed or not, and in an assigned history."""
    client = d.client()
    for streamed in (False, True):
        with d.raises(ValueError, match="surrogate"):
            client.chat(f"caf{HALF}", stream=streamed)
    with d.raises(ValueError, match=r"messages\[0\].*surrogate"):
        client.messages = [{"role": "user", "content": f"caf{HALF}"}]
    assert json.dumps(client.messages) == "[]"


@requirement("HISTORY-16", needs=("scripted", "streaming"))
async def test_a_history_is_resumed_once(d: Driver) -> None:
    """Two streams are made while there is something to resume; the second finds nothing."""
    d.script(Reply("Hello"))
    client = d.client()
    client.messages = [{"role": "user", "content": "Hi"}]
    first, second = client.resume(stream=True), client.resume(stream=True)
    assert "".join(chunk.content for chunk in await d.collect(first)) == "Hello"
    with d.raises(ValueError, match="nothing to resume"):
        await d.collect(second)
    assert [message["role"] for message in client.messages] == ["user", "assistant"]


@requirement("TURN-5", needs=("scripted", "tools", "wire"))
async def test_own_tool_choice_does_not_lift_the_ban(d: Driver) -> None:
    """Two requests are allowed; the second forbids calls all the same, and none is asked for without tools."""
    wish = {"tool_choice": {"type": "any"} if "anthropic_wire" in d.target.capabilities else "required"}
    none = [{"type": "none"}, "none"]
    client = d.client(tools=[adder(d)], max_iterations=2)
    d.script(sums((1, 1)), Reply("2"), Reply("No tools"))
    assert await d(client.chat("Add", wish)) == "2"
    assert d.server.requests[0].body["tool_choice"] == wish["tool_choice"]
    assert d.server.requests[1].body["tool_choice"] in none
    client.reset()
    await d(client.chat("Add", wish, use_tools=False))
    assert d.server.requests[2].body.get("tool_choice") in [None, *none]


@requirement("AGENT-5", needs=("scripted", "tools"))
async def test_an_agent_on_an_agents_client_keeps_the_inner_one(d: Driver) -> None:
    """The outer agent has neither instructions nor tools; those of the inner one are sent."""
    inner = d.api.Agent(d.client(), "You add.", name="inner", tools=[adder(d)])
    outer = d.api.Agent(inner.as_model_client(), name="outer")
    d.script(Reply("Hello"))
    assert await outcome(d, _Runs(outer), "Hi", streamed=False) == "Hello"
    assert said(d.server.requests[0]) == [("system", "You add."), ("user", "Hi")]
    assert "add" in json.dumps(d.server.requests[0].body["tools"])


class _Runs:
    """A runner where a client's ``chat`` is expected."""

    def __init__(self, runner: object) -> None:
        self.chat = runner.run  # type: ignore[attr-defined]


@requirement("USAGE-5", needs=("scripted", "tools", "usage", "wire"))
async def test_generate_in_a_tool_leaves_the_turns_usage_alone(d: Driver) -> None:
    """A turn of two requests, a generate between them, and a generate stream that is dropped afterwards."""
    client = d.client()
    seen: list[int] = []

    async def ask_aio() -> str:
        """Ask again."""
        answer = str(await client.generate("inside"))
        seen.append(client.last_usage["input_tokens"])
        return answer

    def ask_sync() -> str:
        """Ask again."""
        answer = str(client.generate("inside"))
        seen.append(client.last_usage["input_tokens"])
        return answer

    ask = ask_sync if d.on_sync else ask_aio
    ask.__name__ = "ask"
    client.tools = [d.lib.tool(ask)]
    d.script(
        Reply(calls=[Call("ask", id="a1")], usage=Usage(input=100, output=10)),
        Reply("inner", usage=Usage(input=1, output=1)),
        Reply("done", usage=Usage(input=10, output=5)),
        Reply("aside", usage=Usage(input=7, output=7)),
        Reply("later", usage=Usage(input=3, output=3)),
    )
    await d(client.chat("Go"))
    assert seen == [100]
    assert (client.last_usage["input_tokens"], client.last_usage["output_tokens"]) == (110, 15)
    client.tools = []
    aside = client.generate("Aside", stream=True)
    await d.collect(aside)
    await d(client.chat("Later"))
    del aside
    assert client.last_usage["input_tokens"] == 3
