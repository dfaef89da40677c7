"""What lockstep found, each as straight code: it fails without its mend."""

import json
from collections.abc import Iterator

import pytest

from conformance.scripted import Call, Raw, Reply, ScriptedServer
from tests.lockstep import steps
from tests.lockstep.life import Interrupted
from tests.lockstep.pair import DivergedError, Pair
from tests.lockstep.troupes import Part
from tests.lockstep.words import Ask

WIRES = pytest.mark.parametrize("wire", ["openai", "anthropic"])


@pytest.fixture(scope="module")
def servers() -> Iterator[list[ScriptedServer]]:
    with ScriptedServer() as one, ScriptedServer() as other:
        yield [one, other]


@pytest.fixture
def pair(servers: list[ScriptedServer], wire: str) -> Iterator[Pair]:
    found = Pair(servers, wire)
    yield found
    found.close()


@WIRES
@pytest.mark.parametrize("report", [False, True])
def test_stop_iteration_of_an_async_tool_names_the_tool_as_that_of_a_sync_one(pair: Pair, report: bool) -> None:
    """It said "coroutine raised StopIteration" on aio, and "tool 'stop' raised StopIteration" on sync."""
    pair.do(steps.set_tools, 0, [("stop", True)])
    pair.do(steps.set_one, 0, "on_tool_error", "report" if report else "raise")
    record = pair.do(steps.stream, 0, Ask("go"), script=[Reply(calls=[Call("stop", id="c1")]), Reply("so be it")])
    told = record["clients"][0]["messages"][2]["content"]
    assert told == "Tool 'stop' failed: RuntimeError: tool 'stop' raised StopIteration"
    assert record["outcome"].get("gave") == ("so be it" if report else None)


@WIRES
@pytest.mark.parametrize("arguments", ['{"text": "\\ud83d"}', '{"text": "a", "\\ud83d": 1}'])
def test_half_a_character_in_arguments_does_not_stop_the_conversation(pair: Pair, arguments: str) -> None:
    """On the anthropic wire each later request failed with UnicodeEncodeError: arguments are an object there."""
    pair.do(steps.set_tools, 0, [("echo", False)])
    asked = [Reply(calls=[Call("echo", arguments, "c1", pieces=[arguments])]), Reply("done")]
    assert pair.do(steps.stream, 0, Ask("go"), script=asked)["outcome"] == {"gave": "done"}
    assert pair.do(steps.chat, 0, Ask("and now?"), script=[Reply("more")])["outcome"] == {"gave": "more"}


@pytest.mark.parametrize("wire", ["anthropic"])
def test_half_a_character_in_a_key_of_a_thoughtful_reply_is_replaced(pair: Pair) -> None:
    """Such a reply is kept as the provider sent it, so that its signature holds."""
    found = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "tool_use", "id": "c1", "name": "echo", "input": {"text": "a", "\ud83d": 1}},
    ]
    body = {"type": "message", "role": "assistant", "content": found, "stop_reason": "tool_use", "usage": {}}
    pair.do(steps.set_tools, 0, [("echo", False)])
    line = Raw(json.dumps(body).encode(), content_type="application/json")
    assert pair.do(steps.chat, 0, Ask("go"), script=[line, Reply("done")])["outcome"] == {"gave": "done"}


@WIRES
def test_history_says_what_failed_in_a_group(pair: Pair) -> None:
    """It said "ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)" on aio."""
    pair.do(steps.set_tools, 0, [("crowd", False)])
    pair.do(steps.set_one, 0, "on_tool_error", "report")
    record = pair.do(steps.chat, 0, Ask("go"), script=[Reply(calls=[Call("crowd", id="c1")]), Reply("oh")])
    assert record["clients"][0]["messages"][2]["content"] == "Tool 'crowd' failed: ValueError: one; TypeError: two"


@pytest.mark.parametrize("wire", ["anthropic"])
def test_a_warning_is_for_who_called_the_library(pair: Pair) -> None:
    """It named the library's own file, another one on each surface."""
    seed = Ask("go", {"generate_kwargs": {"seed": 1}})
    for part in (Part("agent"), Part("chain", (Part("agent"),))):
        pair.do(steps.make_troupe, part)
        warned = pair.do(steps.run, len(pair.first.runners) - 1, seed, 0)["warned"]
        assert [warning["file"] for warning in warned] == ["lockstep"]
    assert [warning["file"] for warning in pair.do(steps.chat, 0, seed)["warned"]] == ["lockstep"]


@WIRES
def test_ctrl_c_and_cancelling_leave_the_same(pair: Pair) -> None:
    """While the model is waited for nothing of the round is kept; in a tool, the round is."""
    pair.do(steps.set_tools, 0, [("add", True), ("wait", False)])
    first = Reply(calls=[Call("add", {"a": 1}, "c1")])
    record = pair.do(steps.stream, 0, Ask("go"), script=[first, Interrupted()])
    assert [message["role"] for message in record["clients"][0]["messages"]] == ["user", "assistant", "tool"]
    second = Reply(calls=[Call("wait", {}, "c2"), Call("add", {"a": 2}, "c3")])
    record = pair.do(steps.resume, 0, Ask(""), script=[second])
    assert record["outcome"]["raised"]["type"] == "KeyboardInterrupt"
    assert [message["content"] for message in record["clients"][0]["messages"][-2:]] == [
        "Tool 'wait' was cancelled before it finished.",
        "Tool 'add' was not started: the turn was interrupted.",
    ]


@WIRES
def test_a_twin_that_differs_is_found(pair: Pair) -> None:
    pair.lives[1].client(0).max_iterations = 9
    with pytest.raises(DivergedError, match="set_system"):
        pair.do(steps.set_system, 0, "Be brief.")
    pair.lives[1].client(0).max_iterations = 10
