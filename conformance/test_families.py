"""Scenarios of spec/families.md: what a model in this process writes, and how it is shown what was written."""

from typing import Any

from conformance import Driver, requirement
from conformance.props import adder, answered, asked, outcome, sums, until
from conformance.scripted import Call, Gate, Reply

NEEDS = ("in_process", "scripted", "tools", "streaming")
LOOKALIKE = 'Write <tool_ or </tool_call>, {"name": "add", "arguments": {}} and <think>é</think>.'
CALL_IN_A_THOUGHT = 'I could <tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call> here'
SUM = {"a": 1, "b": 2}


def texts(chunks: list[Any], phase: str) -> list[str]:
    """The contents of the chunks of a phase."""
    return [chunk.content for chunk in chunks if str(chunk.phase) == phase]


@requirement("FAMILY-1", needs=NEEDS)
async def test_the_family_is_the_templates(d: Driver) -> None:
    """The micro model's template shows <tool_call> and JSON."""
    client = d.client()
    assert d.direct(client.family) == "hermes"


@requirement("FAMILY-2", "FAMILY-3", needs=(*NEEDS, "parallel_tools"))
async def test_text_and_calls_stand_side_by_side(d: Driver) -> None:
    """A thought, a sentence and two calls: each where it belongs, streamed or not; line ends between belong to none."""
    for streamed in (False, True):
        client = d.client(tools=[adder(d)])
        reply = sums((1, 2), (3, 4), text="Let me see.\n\nTwo sums: é.")
        d.script(Reply(reply.text, thinking="Add twice.", calls=reply.calls), Reply("3 and 7"))
        assert await outcome(d, client, "Add", streamed=streamed) == "3 and 7"
        said = client.messages[1]
        assert (said["content"], said["thinking"]) == ("Let me see.\n\nTwo sums: é.", "Add twice.")
        assert [call["function"]["arguments"] for call in said["tool_calls"]] == [
            '{"a": 1, "b": 2}',
            '{"a": 3, "b": 4}',
        ]
        assert [message["content"] for message in client.messages[2:4]] == ["3", "7"]


@requirement("FAMILY-4", "FAMILY-9", needs=NEEDS)
async def test_what_looks_like_a_call_is_text(d: Driver) -> None:
    """Tags that are no tags, and JSON outside of one: said as it is, and no tool runs."""
    ran: list[tuple[int, int]] = []
    client = d.client(tools=[adder(d, ran)])
    d.script(Reply(LOOKALIKE), Reply(LOOKALIKE))
    assert await d(client.chat("How?")) == LOOKALIKE
    chunks = await d.collect(client.chat("How?", stream=True))
    assert "".join(texts(chunks, "generating")) == LOOKALIKE
    assert ran == []


@requirement("FAMILY-5", needs=NEEDS)
async def test_a_call_that_is_torn_runs_nothing(d: Driver) -> None:
    """A string that is never closed: kept as the model wrote it, answered with what is wrong, shown as {}."""
    ran: list[tuple[int, int]] = []
    client = d.client(tools=[adder(d, ran)])
    d.script(Reply(calls=[Call("add", '{"a": 1, "b": "2')]), Reply("Sorry"))
    assert await d(client.chat("Add")) == "Sorry"
    call = client.messages[1]["tool_calls"][0]["function"]
    assert call["name"] == "add"
    assert call["arguments"].startswith('{"a": 1, "b": "2')
    assert "not a JSON object" in client.messages[2]["content"]
    assert ran == []
    shown = d.server.requests[1].body["messages"][1]["tool_calls"][0]["function"]
    assert shown == {"name": "add", "arguments": "{}"}


@requirement("FAMILY-5", needs=NEEDS)
async def test_a_call_that_is_cut_off_runs_nothing(d: Driver) -> None:
    """The limit comes in the middle of a call: what is there is a call, and its tool does not run."""
    ran: list[tuple[int, int]] = []
    client = d.client(tools=[adder(d, ran)])
    for limit in (24, 32):
        client.reset()
        d.script(Reply(calls=[Call("add", SUM)]), Reply("Sorry"))
        await d(client.chat("Add", {"max_tokens": limit}))
        assert client.messages[1]["tool_calls"]
        assert "was not run" in client.messages[2]["content"]
    assert ran == []


@requirement("FAMILY-5", needs=NEEDS)
async def test_other_keys_than_arguments(d: Driver) -> None:
    """Arguments that the tool does not have are refused by name, and the model hears of it."""
    client = d.client(tools=[adder(d)])
    d.script(Reply(calls=[Call("add", {"colour": 1})]), Reply("Sorry"))
    assert await d(client.chat("Add")) == "Sorry"
    assert "was not run" in (refused := client.messages[2]["content"])
    assert "colour" in refused


@requirement("FAMILY-6", needs=(*NEEDS, "parallel_tools"))
async def test_the_prompt_shows_what_was_called_and_what_came_of_it(d: Driver) -> None:
    """The next prompt has the sentence, the calls and their results in order, as the template writes them."""
    client = d.client(tools=[adder(d)])
    d.script(sums((1, 2), (3, 4), text="So."), Reply("Done"), Reply("Bye"))
    await d(client.chat("Add"))
    await d(client.chat("Bye"))
    shown = d.server.requests[2].body["messages"]
    assert [message["role"] for message in shown] == ["user", "assistant", "tool", "tool", "assistant", "user"]
    assert shown[1]["content"].strip() == "So."
    calls = [call["function"] for call in shown[1]["tool_calls"]]
    assert [(call["name"], call["arguments"]) for call in calls] == [
        ("add", '{"a": 1, "b": 2}'),
        ("add", '{"a": 3, "b": 4}'),
    ]
    assert [message["content"] for message in shown[2:5]] == ["3", "7", "Done"]


@requirement("FAMILY-6", needs=NEEDS)
async def test_a_history_from_elsewhere_is_shown_too(d: Driver) -> None:
    """Calls that another provider made, with ids of its own and arguments that are none."""
    client = d.client()
    torn = {"role": "assistant", "content": None, "tool_calls": [asked("toolu_1", "[1")]}
    history = [
        {"role": "user", "content": "Add"},
        torn,
        answered("toolu_1", "no"),
        {"role": "assistant", "content": "No"},
    ]
    client.messages = history
    d.script(Reply("Yes"))
    assert await d(client.chat("Again")) == "Yes"
    shown = d.server.requests[0].body["messages"]
    assert [message["content"] for message in shown[2:]] == ["no", "No", "Again"]
    assert shown[1]["tool_calls"][0]["function"] == {"name": "add", "arguments": "{}"}
    assert client.messages[:4] == history


@requirement("FAMILY-7", needs=(*NEEDS, "thinking"))
async def test_thinking_is_asked_for_in_the_template(d: Driver) -> None:
    """Off unless asked, on for True, a level and a budget; off for False."""
    client = d.client()
    wishes: list[Any] = [None, True, "high", 1024, False]
    for wish in wishes:
        d.script(Reply("Yes"))
        await d(client.chat("Think?", {"thinking": wish}))
    asked_for = [request.body.get("enable_thinking", False) for request in d.server.requests]
    assert asked_for == [False, True, True, True, False]


@requirement("FAMILY-8", needs=(*NEEDS, "thinking"))
async def test_a_call_in_a_thought_is_a_thought(d: Driver) -> None:
    """It is shown as thinking, and does not run."""
    ran: list[tuple[int, int]] = []
    client = d.client(tools=[adder(d, ran)])
    d.script(Reply("No.", thinking=CALL_IN_A_THOUGHT))
    chunks = await d.collect(client.chat("Add?", stream=True))
    assert "".join(texts(chunks, "thinking")).strip() == CALL_IN_A_THOUGHT
    assert "".join(texts(chunks, "generating")) == "No."
    assert ran == []


@requirement("FAMILY-8", needs=(*NEEDS, "thinking"))
async def test_a_thought_that_is_cut_off_is_no_answer(d: Driver) -> None:
    """The limit comes before the end of the thought: there is no text, and the error says what to raise."""
    client = d.client()
    d.script(Reply("No.", thinking="one two three four five six seven eight nine ten"))
    with d.raises(d.lib.errors.TruncatedReplyError, match="max_tokens"):
        await d(client.chat("Think", {"max_tokens": 8}))
    assert d.direct(client.messages) == []


@requirement("FAMILY-9", needs=NEEDS)
async def test_text_before_a_call_leaves_before_the_call_is_whole(d: Driver) -> None:
    """The sentence is there while the model has not gone on; of the call no piece is text."""
    gate = Gate()
    client = d.client(tools=[adder(d)])
    d.script(Reply(["Let me see", gate, "."], calls=[Call("add", SUM)]), Reply("3"))
    stream = aiter(d.stream(client.chat("Add", stream=True)))
    await until(d, stream, "Let me see")
    gate.open()
    chunks = [chunk async for chunk in stream]
    assert "".join(texts(chunks, "generating")) == ".3"
    assert [chunk.content["arguments"] for chunk in chunks if str(chunk.phase) == "tool_calling"] == [SUM]


@requirement("FAMILY-10", needs=NEEDS)
async def test_a_stop_string_across_tokens(d: Driver) -> None:
    """The one that is complete first ends the reply; what only begins like one is said."""
    client = d.client()
    for stop, text in ((["3, 4", "2, "], "1, "), (["4, 6", "x"], "1, 2, 3, 4"), ("4!", "1, 2, 3, 4")):
        d.script(Reply("1, 2, 3, 4"))
        assert await d(client.chat("Count", {"stop": stop})) == text


@requirement("FAMILY-13", needs=NEEDS)
async def test_without_tools_nothing_is_a_call(d: Driver) -> None:
    """A model that writes a call although it was offered none has said a text, all of it; streamed or not."""
    for streamed in (False, True):
        client = d.client()
        d.script(Reply("Let me see.", calls=[Call("add", SUM)]))
        text = await outcome(d, client, "Add", streamed=streamed)
        assert text.startswith("Let me see.")
        assert '{"name": "add", "arguments": {"a": 1, "b": 2}}' in text
        assert "tool_calls" not in client.messages[-1]
        assert client.stop_reason == "stop"
