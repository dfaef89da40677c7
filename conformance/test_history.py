"""Scenarios of spec/history.md: the shapes of history, and what may be assigned to it."""

import copy
import json
from typing import Any

from conformance.driver import Driver
from conformance.props import adder, answered, arguments, asked, on_wire, outcome, said, sum_round, sums, told
from conformance.requirement import requirement
from conformance.scripted import Call, Reply

USER = {"role": "user", "content": "Hi"}
ASKING = {"role": "assistant", "content": None, "tool_calls": [asked("sum1", "{}")]}


@requirement("HISTORY-1", needs=("scripted", "tools", "parallel_tools"))
async def test_tool_round_in_openai_format(d: Driver) -> None:
    """Calls with their ids and JSON strings, one tool message a call in call order, then the answer: plain data."""
    for streamed in (False, True):
        d.script(sums((1, 2), (3, 4)), Reply("3 and 7"))
        client = d.client(system="Be brief.", tools=[adder(d)])
        assert await outcome(d, client, "Add", streamed=streamed) == "3 and 7"
        calls = [asked("sum1", arguments(1, 2)), asked("sum2", arguments(3, 4))]
        expected = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Add"},
            {"role": "assistant", "content": None, "tool_calls": calls},
            answered("sum1", "3"),
            answered("sum2", "7"),
            {"role": "assistant", "content": "3 and 7"},
        ]
        assert type(client.messages) is list
        assert told(d, client.messages) == told(d, expected)
        assert json.loads(json.dumps(client.messages)) == client.messages


@requirement("HISTORY-1", needs=("scripted", "tools"))
async def test_text_beside_calls_is_kept(d: Driver) -> None:
    """What the model says beside its calls is the content of that message, and is sent back with it."""
    for streamed in (False, True):
        d.server.clear()
        d.script(sums((1, 2), text="Let me add."), Reply("3"))
        client = d.client(tools=[adder(d)])
        await outcome(d, client, "Add", streamed=streamed)
        assert client.messages[1]["content"] == "Let me add."
        assert said(d.server.requests[1])[1] == ("assistant", "Let me add.")


@requirement("HISTORY-2", needs=("scripted", "tools", "thinking"))
async def test_thinking_stands_with_its_own_message(d: Driver) -> None:
    """Each assistant message carries what was thought for it, under `thinking`; without a thought there is no key."""
    for streamed in (False, True):
        call = Call("add", arguments(1, 2), id="sum1")
        d.script(Reply(thinking="I must add.", calls=[call]), Reply("3", thinking="Easy."), Reply("Bye"))
        client = d.client(tools=[adder(d)])
        await outcome(d, client, "Add", streamed=streamed)
        await outcome(d, client, "Bye", streamed=streamed)
        thoughts = [message.get("thinking") for message in client.messages if message["role"] == "assistant"]
        assert thoughts == ["I must add.", "Easy.", None]
        assert [index for index, message in enumerate(client.messages) if "thinking" in message] == [1, 3]


@requirement("HISTORY-14", needs=("scripted",))
async def test_other_keys_stay_and_are_not_sent(d: Driver) -> None:
    """Keys that the wire does not know remain in the history and reach no request."""
    d.script(Reply("Hello"))
    client = d.client()
    given = [
        {**USER, "timestamp": "noon"},
        {"role": "assistant", "content": "Yes?", "thinking": "A guest.", "provider_state": {"provider": "other"}},
    ]
    client.messages = given
    await d(client.chat("Well"))
    assert client.messages[:2] == given
    raw = d.server.requests[0].raw
    assert not [key for key in (b"timestamp", b"noon", b"guest", b"provider_state", b"thinking") if key in raw]
    assert said(d.server.requests[0]) == [("user", "Hi"), ("assistant", "Yes?"), ("user", "Well")]


@requirement("HISTORY-13", needs=("scripted", "tools", "parallel_tools", "wire"))
async def test_missing_and_doubled_ids_are_made(d: Driver) -> None:
    """A call without an id gets one, so does the second of two with the same; all ids of the history differ."""
    d.script(Reply(calls=[Call("add", arguments(1, n), id=given) for n, given in enumerate(("", "sum1", "sum1", ""))]))
    d.script(Reply(calls=[Call("add", arguments(5, 5), id="")]), Reply("Done"))
    client = d.client(tools=[adder(d)])
    await d(client.chat("Add"))
    ids = [call["id"] for message in client.messages for call in message.get("tool_calls", ())]
    assert len(set(ids)) == 5
    assert all(ids)
    assert ids[1] == "sum1"
    results = [(m["tool_call_id"], m["content"]) for m in client.messages if m["role"] == "tool"]
    assert results == list(zip(ids, ("1", "2", "3", "4", "10"), strict=True))


@requirement("HISTORY-6")
async def test_unsendable_history_is_refused_with_its_index(d: Driver) -> None:
    """Every kind of message that no provider would take is refused at once, and the history stays as it was."""
    client = d.client()
    client.messages = [USER]
    for index, broken in unsendable():
        before = copy.deepcopy(broken)
        with d.raises(ValueError, match=rf"messages\[{index}\]"):
            client.messages = broken
        assert broken == before
    assert client.messages == [USER]


@requirement("HISTORY-6")
async def test_sendable_history_is_taken_as_it_is(d: Driver) -> None:
    """Text, parts, an empty answer and an answered call pass unchanged, as dicts of the client's own."""
    d.enter()
    client = d.client()
    parts = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "https://images.example/a"}}]
    given: list[dict[str, Any]] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": ""},
        USER,
        *sum_round(1, 2),
        {"role": "assistant", "content": "3"},
    ]
    client.messages = given
    assert client.messages == given
    client.messages[3]["content"] = "Changed"
    client.messages.append(USER)
    assert given[3]["content"] == "Hi"
    assert len(given) == 7


@requirement("HISTORY-7", needs=("scripted", "tools"))
async def test_dict_arguments_become_json_strings(d: Driver) -> None:
    """Arguments given as a dict are stored and sent as a JSON string; the caller's dicts stay as they were."""
    d.script(Reply("Hello"))
    call = {"id": "sum1", "function": {"name": "add", "arguments": {"a": 1, "b": 2}}}
    given = [USER, {"role": "assistant", "content": None, "tool_calls": [call]}, answered("sum1", "3")]
    before = copy.deepcopy(given)
    client = d.client(tools=[adder(d)])
    client.messages = given
    assert given == before
    stored: dict[str, Any] = client.messages[1]["tool_calls"][0]
    assert stored == {"id": "sum1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}
    await d(client.resume())
    assert given == before
    called = d.server.requests[0].body["messages"][1]
    assert not on_wire(d) or "sum1" in str(called)
    assert '"a": 1' in str(called) or "'a': 1" in str(called)


def unsendable() -> list[tuple[int, list[Any]]]:
    """Each broken history with the index of the message at fault."""
    call = asked("sum1", "{}")
    unserialisable = {"id": "sum1", "function": {"name": "add", "arguments": {"a": object}}}
    return [
        (0, [{"content": "no role"}]),
        (1, [USER, {"role": "robot", "content": "Hi"}]),
        (0, ["text"]),
        (0, [{"role": "user", "content": 7}]),
        (1, [USER, {"role": "user", "content": ""}]),
        (0, [{"role": "user"}]),
        (0, [{"role": "user", "content": ["Hi"]}]),
        (0, [{"role": "system", "content": None}]),
        (1, [USER, {"role": "assistant", "content": None}]),
        (1, [USER, {"role": "tool", "content": "3"}]),
        (1, [USER, answered("sum1", "3")]),
        (2, [USER, ASKING, answered("other", "3")]),
        (3, [USER, ASKING, answered("sum1", "3"), answered("sum1", "3")]),
        (1, [USER, ASKING]),
        (1, [USER, ASKING, USER]),
        (1, [USER, {**ASKING, "tool_calls": [call, asked("sum2", "{}")]}, answered("sum1", "3")]),
        (1, [USER, {**ASKING, "tool_calls": [call, call]}, answered("sum1", "3"), answered("sum1", "3")]),
        (1, [USER, {**ASKING, "tool_calls": [asked("", "{}")]}]),
        (1, [USER, {**ASKING, "tool_calls": [asked("sum1", "{}", name="")]}]),
        (1, [USER, {**ASKING, "tool_calls": ["add"]}]),
        (1, [USER, {**ASKING, "tool_calls": 5}]),
        (1, [USER, {**ASKING, "tool_calls": [unserialisable]}, answered("sum1", "3")]),
        (0, [{**USER, "tool_calls": [call]}, answered("sum1", "3")]),
    ]
