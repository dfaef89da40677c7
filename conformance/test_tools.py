"""Scenarios of spec/tools.md: from the arguments of a call to the tool, or to what the model is told instead."""

from typing import Any

from pydantic import BaseModel

from conformance.driver import Driver
from conformance.props import on_wire
from conformance.requirement import requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools")


class Point(BaseModel):
    """A place."""

    x: int
    y: int = 0


def answers(client: Any) -> list[str]:
    """The tool messages of a history, in order."""
    return [message["content"] for message in client.messages if message["role"] == "tool"]


def recorder(d: Driver) -> tuple[Any, list[Any]]:
    """A tool, and the arguments it was run with."""
    seen: list[Any] = []

    def note(number: int, point: Point | None = None, word: str = "none") -> str:
        """Note a number."""
        seen.append((number, point, word))
        return "noted"

    return d.direct(d.lib.tool(note)), seen


@requirement("TOOLS-11", needs=NEEDS)
async def test_arguments_are_coerced(d: Driver) -> None:
    """B-15: "5" arrives as 5, a nested dict as a model, and what was not given keeps its default."""
    tool, seen = recorder(d)
    d.script(
        Reply(calls=[Call("note", {"number": "5"}), Call("note", {"number": 6, "point": {"x": "1"}, "word": "w"})]),
        Reply("Done"),
    )
    client = d.client(tools=[tool])
    assert await d(client.chat("go")) == "Done"
    assert seen == [(5, None, "none"), (6, Point(x=1), "w")]
    assert type(seen[0][0]) is int
    assert answers(client) == ["noted", "noted"]


@requirement("TOOLS-3", needs=NEEDS)
async def test_optional_parameter_accepts_null(d: Driver) -> None:
    """A null for `T | None` arrives as None."""
    tool, seen = recorder(d)
    d.script(Reply(calls=[Call("note", {"number": 1, "point": None})]), Reply("Done"))
    await d(d.client(tools=[tool]).chat("go"))
    assert seen == [(1, None, "none")]


@requirement("TOOLS-11", needs=NEEDS)
async def test_bad_arguments_are_named_and_the_body_does_not_run(d: Driver) -> None:
    """Wrong, missing and extra arguments each become a message about that argument."""
    tool, seen = recorder(d)
    bad: list[tuple[dict[str, Any], str]] = [
        ({"number": "abc"}, "number"),
        ({"word": "w"}, "number"),
        ({"number": 1, "colour": "red"}, "colour"),
        ({"number": 1, "point": {"y": 2}}, "point.x"),
    ]
    d.script(Reply(calls=[Call("note", arguments) for arguments, _ in bad]), Reply("Sorry"))
    client = d.client(tools=[tool])
    assert await d(client.chat("go")) == "Sorry"
    assert seen == []
    for answer, (_, name) in zip(answers(client), bad, strict=True):
        assert f"'{name}'" in answer
        assert "note" in answer
    assert "'abc'" in answers(client)[0]


@requirement("TOOLS-6", needs=NEEDS)
async def test_arguments_reach_parameters_of_any_name(d: Driver) -> None:
    """Names with underscores and names of pydantic's are filled, and named when they are wrong."""
    seen: list[Any] = []

    def f(schema: int, _hidden: int, model_config: int = 0, copy: int = 0) -> str:
        """Do it."""
        seen.append((schema, _hidden, model_config, copy))
        return "ok"

    d.script(
        Reply(calls=[Call("f", {"schema": 1, "_hidden": "2", "model_config": 3}), Call("f", {"schema": 1})]),
        Reply("Done"),
    )
    client = d.client(tools=[d.lib.tool(f)])
    await d(client.chat("go"))
    assert seen == [(1, 2, 3, 0)]
    assert "'_hidden'" in answers(client)[1]


@requirement("TOOLS-12", needs=NEEDS)
async def test_empty_and_null_arguments_are_none_at_all(d: Driver) -> None:
    """`""` and `null` call the tool without arguments."""
    ran: list[int] = []

    def ping() -> str:
        """Do it."""
        ran.append(1)
        return "pong"

    d.script(Reply(calls=[Call("ping", ""), Call("ping", "null"), Call("ping", "{}")]), Reply("Done"))
    client = d.client(tools=[d.lib.tool(ping)])
    await d.collect(client.chat("go", stream=True))
    assert answers(client) == ["pong", "pong", "pong"]
    assert len(ran) == 3


@requirement("TOOLS-12", needs=NEEDS)
async def test_arguments_that_are_no_object_are_told_to_the_model(d: Driver) -> None:
    """Torn JSON, a list and a string become messages; history keeps what came; the next request is sound."""
    tool, seen = recorder(d)
    sent = ['{"number": 1, "wo', "[1]", '"number"', "{'number': 1}"]
    came = sent if on_wire(d) else [text.strip('"') for text in sent]  # what a model writes may stand in quotes
    d.script(Reply(calls=[Call("note", text) for text in sent]), Reply("Sorry"))
    client = d.client(tools=[tool])
    chunks = await d.collect(client.chat("go", stream=True))
    assert chunks[-1].content
    assert seen == []
    for answer, text in zip(answers(client), came, strict=True):
        assert "not a JSON object" in answer
        assert repr(text) in answer
    kept = [call["function"]["arguments"] for call in client.messages[1]["tool_calls"]]
    assert kept == came
    assert resent(d.server.requests[1].body) == resent_as(d, sent)


def resent(body: dict[str, Any]) -> list[Any]:
    """The arguments of the calls in a request, on either wire."""
    message = body["messages"][1]
    if "tool_calls" in message:
        return [call["function"]["arguments"] for call in message["tool_calls"]]
    return [block["input"] for block in message["content"] if block["type"] == "tool_use"]


def resent_as(d: Driver, sent: list[str]) -> list[Any]:
    """Strings as they came where the wire has strings; `{}` where it wants objects, as templates do."""
    instead = {"anthropic": {}, "inprocess": "{}"}.get(d.server.requests[0].wire)
    return list(sent) if instead is None else [instead for _ in sent]


@requirement("TOOLS-13", needs=NEEDS)
async def test_unknown_tool_is_answered_with_the_tools_there_are(d: Driver) -> None:
    """The message lists the tools, and the other call of the reply runs."""
    tool, seen = recorder(d)

    def other() -> str:
        """Do it."""
        return "other"

    d.script(Reply(calls=[Call("nope", {"a": 1}), Call("note", {"number": 1})]), Reply("Done"))
    client = d.client(tools=[tool, d.lib.tool(other)])
    assert await d(client.chat("go")) == "Done"
    unknown, known = answers(client)
    assert "'nope'" in unknown
    assert "note, other" in unknown
    assert (known, len(seen)) == ("noted", 1)


@requirement("TOOLS-9", needs=NEEDS)
async def test_tools_put_in_the_list_are_checked_at_the_turn(d: Driver) -> None:
    """What bypassed the assignment raises before anything is sent."""
    tool, _ = recorder(d)
    client = d.client(tools=[tool])
    client.tools.append(tool)
    with d.raises(ValueError, match="'note'"):
        await d(client.chat("go"))
    assert d.server.requests == []
    assert client.messages == []


@requirement("TOOLS-23", needs=("scripted", "wire"))
async def test_tools_need_the_capability(d: Driver) -> None:
    """A model without tools refuses a turn with tools, and goes through with use_tools=False."""
    tool, _ = recorder(d)
    provider = d.client().provider
    client = d.track(d.api.client(f"{provider}:plain;vision", base_url=d.server.url(provider), api_key="test-key"))
    client.tools = [tool]
    with d.raises(ValueError, match="does not support tools"):
        await d(client.chat("go"))
    with d.raises(ValueError, match=";tools"):
        await d(d.api.Agent(client, tools=[tool]).run("go"))
    assert d.server.requests == []
    assert client.messages == []
    d.script(Reply("Fine"))
    assert await d(client.chat("go", use_tools=False)) == "Fine"
    assert "tools" not in d.server.requests[0].body
