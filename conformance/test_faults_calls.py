"""The fault matrix: calls whose arguments cannot be used or are very large, and very many calls."""

import copy
import json
from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import WAYS, ask, tools_of
from conformance.faulting import FINE, ROUND, ROUNDS, SENT
from conformance.scripted import Call, Reply

WIRE: Final = ("wire", "scripted", "streaming", "tools")
MANY: Final = 200
LARGE: Final = 10 * 1024 * 1024
LONG: Final = 2000  # characters of a result that says why

UNUSABLE: Final = {
    "text": "sunny",
    "torn": '{"city": "Os',
    "torn in an escape": '{"city": "\\u00',
    "two objects": '{"city": "Oslo"}{}',
    "a list": '["Oslo"]',
    "a number": "5",
    "a string": '"Oslo"',
    "deep": '{"city": ' + "[" * 100_000,
    "5,000 digits": '{"city": ' + "9" * 5000 + "}",
    "another key": '{"town": "Oslo"}',
    "another type": '{"city": {"name": "Oslo"}}',
}


@requirement("FAULTS-1", "FAULTS-3", "HISTORY-1", needs=(*WIRE, "spec_wire"))
async def test_arguments_that_cannot_be_used(d: Driver) -> None:
    """The tool is not run, the model is told why in few words, and the history can be sent and stored."""
    client = d.client(tools=tools_of(d))
    for name, arguments in UNUSABLE.items():
        for stream, later in ((False, False), (True, False), (True, True)):
            with d.row(f"{name}, {SENT[stream]}, {ROUNDS[later]}"):
                client.messages = []
                d.script(*([ROUND] if later else []), Reply(calls=[Call("weather", arguments)]), Reply(FINE))
                assert (await ask(d, client, stream=stream)).endswith(FINE)
                result = client.messages[-2]["content"]
                is_told = 0 < len(result) < LONG and "sunny in" not in result
                assert is_told, f"{len(result)} characters: {result[:LONG]}"
                client.messages = json.loads(json.dumps(client.messages))
                if not later:
                    d.script(Reply(FINE))
                    assert await d(client.chat("again")) == FINE
    client.messages = []


@requirement("FAULTS-1", "TOOLS-8", needs=(*WIRE, "parallel_tools"))
async def test_very_many_calls(d: Driver) -> None:
    """200 calls in one reply run once each, one after the other or at once, and have their results in order."""
    for concurrent in WAYS:
        client, stream = d.client(tools=tools_of(d), concurrent_tool_calls=concurrent), concurrent
        with d.row(f"{MANY} calls, {SENT[stream]}, {'at once' if concurrent else 'one by one'}"):
            calls = [Call("weather", {"city": f"town {number}"}) for number in range(MANY)]
            d.script(Reply(calls=calls), Reply(FINE))
            assert await ask(d, client, stream=stream) == FINE
            results = [message["content"] for message in client.messages if message["role"] == "tool"]
            assert results == [f"sunny in town {number}" for number in range(MANY)]
            ids = [call["id"] for call in client.messages[1]["tool_calls"]]
            assert [message["tool_call_id"] for message in client.messages[2:-1]] == ids
        client.messages = []


@requirement("FAULTS-1", "FAULTS-3", needs=(*WIRE, "spec_wire"))
async def test_very_large_arguments(d: Driver) -> None:
    """10 MB of arguments reach the tool; where they are torn, what says so is short."""
    sizes: list[int] = []

    @d.lib.tool  # type: ignore[untyped-decorator]
    def weigh(text: str) -> int:
        """Say how long a text is."""
        sizes.append(len(text))
        return len(text)

    client = d.client(tools=[weigh])
    whole = json.dumps({"text": "x" * LARGE})
    rows: list[tuple[str, bool, Any]] = [
        ("10 MB", False, Call("weigh", {"text": "x" * LARGE})),
        ("10 MB, torn", True, Call("weigh", pieces=[whole[: LARGE // 2], whole[LARGE // 2 : -1]])),
    ]
    for name, stream, call in rows:
        with d.row(f"{name}, {SENT[stream]}"):
            sizes.clear()
            d.script(Reply(calls=[call]), Reply(FINE))
            result = await weighed(client, d, stream)
            assert sizes == ([] if "torn" in name else [LARGE])
            is_short = len(result) < LONG
            assert is_short, f"{len(result)} characters are the result"
            assert (result == str(LARGE)) is ("torn" not in name)
        d.server.clear()  # what was sent is too long to be compared


async def weighed(client: Any, d: Driver, stream: bool) -> str:
    """The result of the one call; the chunks, which hold the arguments, are not recorded."""
    client.messages = []
    d.enter()
    turn = client.chat("hi", stream=stream)
    if stream and d.on_sync:
        said = "".join(str(chunk.content) for chunk in turn if chunk.phase == "generating")
    elif stream:
        said = "".join([str(chunk.content) async for chunk in turn if chunk.phase == "generating"])
    else:
        said = str(await d(turn))
    assert said == FINE
    result = copy.copy(client.messages[2]["content"])
    client.messages = []
    return str(result)
