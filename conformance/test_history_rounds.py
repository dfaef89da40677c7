"""Scenarios of spec/history.md: history grows by whole rounds, whatever happens."""

import asyncio
import copy
import threading
from functools import partial
from typing import Any

from conformance.driver import Driver
from conformance.props import adder, answered, arguments, asked, breaker, outcome, seen_to_leave, sum_round, sums, told
from conformance.requirement import requirement
from conformance.scripted import Call, Fault, Gate, Reply

USER = {"role": "user", "content": "Add"}
TWO_ROUNDS = [USER, *sum_round(1, 1, "sum1"), *sum_round(2, 2, "sum2")]
FIVE_REPLIES = (sums((1, 1)), sums((2, 2), start=2), sums((3, 3), start=3), sums((4, 4), start=4), Reply("Done"))
WHOLE_RUN = [*TWO_ROUNDS, *sum_round(3, 3, "sum3"), *sum_round(4, 4, "sum4"), {"role": "assistant", "content": "Done"}]
FAILURES = (Fault(400), Fault(kind="reset"), Reply("Half a reply", ends=False), Reply("Half a reply", drops=True))


@requirement("HISTORY-3", needs=("scripted", "wire"))
async def test_failed_first_request_leaves_history_as_it_was(d: Driver) -> None:
    """Refused, broken off before or in the reply, streamed or not: nothing is recorded, and a retry just works."""
    for streamed in (False, True):
        client = d.client(system="Be brief.")
        for failure in FAILURES:
            d.script(failure)
            with d.raises(d.lib.errors.ProviderError):
                await outcome(d, client, "Hi", streamed=streamed)
            assert client.messages == []
        d.script(Reply("Hello"))
        assert await outcome(d, client, "Hi", streamed=streamed) == "Hello"
        assert [message["role"] for message in client.messages] == ["system", "user", "assistant"]


@requirement("HISTORY-3", needs=("scripted", "wire"))
async def test_failure_leaves_an_earlier_conversation_alone(d: Driver) -> None:
    """A later turn whose first request fails adds nothing to the turns before it."""
    d.script(Reply("Hello"))
    client = d.client()
    await d(client.chat("Hi"))
    before = copy.deepcopy(client.messages)
    for streamed in (False, True):
        for failure in FAILURES:
            d.script(failure)
            with d.raises(d.lib.errors.ProviderError):
                await outcome(d, client, "Again", streamed=streamed)
            assert client.messages == before


@requirement("HISTORY-4", "HISTORY-5", needs=("scripted", "tools", "wire"))
async def test_failure_in_round_three_keeps_two(d: Driver) -> None:
    """The connection breaks in round three of five: two whole rounds stay, and resume() brings the rest."""
    for streamed in (False, True):
        ran: list[tuple[int, int]] = []
        client = d.client(tools=[adder(d, ran)])
        d.script(*FIVE_REPLIES[:2], Reply("Torn", calls=FIVE_REPLIES[2].calls, drops=True))
        with d.raises(d.lib.errors.ModelConnectionError):
            await outcome(d, client, "Add", streamed=streamed)
        assert told(d, client.messages) == told(d, TWO_ROUNDS)
        assert ran == [(1, 1), (2, 2)]
        client.messages = client.messages
        d.script(*FIVE_REPLIES[2:])
        assert await resumed(d, client, streamed=streamed) == "Done"
        assert told(d, client.messages) == told(d, WHOLE_RUN)
        assert ran == [(1, 1), (2, 2), (3, 3), (4, 4)]


@requirement("HISTORY-5", needs=("scripted",))
async def test_resume_answers_a_history_that_waits(d: Driver) -> None:
    """An assigned history that ends in a user message is answered, without another message."""
    d.script(Reply("Hello"))
    client = d.client()
    client.messages = [USER]
    assert await d(client.resume()) == "Hello"
    assert client.messages == [USER, {"role": "assistant", "content": "Hello"}]


@requirement("HISTORY-5")
async def test_nothing_to_resume(d: Driver) -> None:
    """An empty history and one that ends in an answer are refused in the call itself."""
    d.script(Reply("Hello"))
    client = d.client(system="Be brief.")
    for _ in range(2):
        for streamed in (False, True):
            with d.raises(ValueError, match="nothing to resume"):
                client.resume(stream=streamed)
        if not client.messages:
            await d(client.chat("Hi"))
    assert [message["role"] for message in client.messages] == ["system", "user", "assistant"]


@requirement("HISTORY-8", needs=("scripted", "tools", "parallel_tools"))
async def test_failing_tool_settles_its_round(d: Driver) -> None:
    """The tool's exception rises; results before it stay, and each other call says why it has none."""
    for streamed in (False, True):
        client = d.client(tools=[adder(d), breaker(d, lambda: LookupError("no such shelf"))])
        d.script(mixed_calls())
        with d.raises(LookupError, match="no such shelf"):
            await outcome(d, client, "Add", streamed=streamed)
        failed, unstarted = check_mixed(d, client)
        assert "failed" in failed
        assert "no such shelf" in failed
        assert "not started" in unstarted
        d.script(Reply("Sorry"))
        assert await d(client.resume()) == "Sorry"


@requirement("HISTORY-9", needs=("scripted", "tools", "parallel_tools"), surfaces=("sync",))
async def test_interrupted_tool_settles_its_round(d: Driver) -> None:
    """Ctrl-C in a tool: the finished result stays, the interrupted and the unstarted call say so."""
    client = d.client(tools=[adder(d), breaker(d, KeyboardInterrupt)])
    d.script(mixed_calls(), Reply("Sorry"))
    with d.raises(KeyboardInterrupt):
        await d(client.chat("Add"))
    check_interrupted(d, client)
    assert await d(client.resume()) == "Sorry"


@requirement("HISTORY-9", needs=("scripted", "tools", "parallel_tools"), surfaces=("aio",))
async def test_cancelled_tool_settles_its_round(d: Driver) -> None:
    """A task cancelled while a tool runs: the finished result stays, the others say why they have none."""
    running = threading.Event()

    async def fail() -> str:
        """Wait."""
        running.set()
        await asyncio.Event().wait()
        return "never"

    client = d.client(tools=[adder(d), d.lib.tool(fail)])
    d.script(mixed_calls(), Reply("Sorry"))
    turn = d.start(lambda: client.chat("Add"))
    await d.wait(running)
    turn.cancel()
    with d.raises(asyncio.CancelledError):
        await turn.result()
    check_interrupted(d, client)
    assert await d(client.resume()) == "Sorry"


@requirement("HISTORY-10", "HISTORY-5", needs=("scripted", "tools"), surfaces=("aio",))
async def test_cancelled_request_records_nothing_of_its_round(d: Driver) -> None:
    """A task cancelled while it waits for round three keeps two, lets the connection go, and can be resumed."""
    for streamed in (False, True):
        gate = Gate()
        client = d.client(tools=[adder(d)])
        d.server.clear()
        d.script(*FIVE_REPLIES[:2], Reply(["Half", gate, " way"]))
        turn = d.start(partial(outcome, d, client, "Add", streamed=streamed))
        await d.wait(gate.reached)
        turn.cancel()
        with d.raises(asyncio.CancelledError):
            await turn.result()
        assert told(d, client.messages) == told(d, TWO_ROUNDS)
        await seen_to_leave(d)
        d.script(*FIVE_REPLIES[2:])
        assert await resumed(d, client, streamed=streamed) == "Done"
        assert told(d, client.messages) == told(d, WHOLE_RUN)


@requirement("HISTORY-11", "HISTORY-5", needs=("scripted", "tools", "streaming"))
async def test_consumer_that_stops_keeps_whole_rounds(d: Driver) -> None:
    """A stream left in round three records two rounds and nothing of the third; resume() goes on from there."""
    gate = Gate()
    client = d.client(tools=[adder(d)])
    d.script(*FIVE_REPLIES[:2], Reply(["Half", gate, " way"]))
    async for chunk in d.stream(client.chat("Add", stream=True)):
        if chunk.is_text():
            d.leave()
            break
    assert told(d, client.messages) == told(d, TWO_ROUNDS)
    d.script(*FIVE_REPLIES[2:])
    assert await resumed(d, client, streamed=True) == "Done"
    assert told(d, client.messages) == told(d, WHOLE_RUN)


@requirement("HISTORY-11", needs=("scripted", "tools", "streaming"))
async def test_round_is_recorded_when_its_tool_chunk_comes(d: Driver) -> None:
    """A consumer that leaves at a TOOL_CALLING chunk finds that round whole in the history."""
    client = d.client(tools=[adder(d)])
    d.script(sums((1, 2), (3, 4)))
    async for chunk in d.stream(client.chat("Add", stream=True)):
        assert chunk.is_tool_call()
        break
    assert [message["role"] for message in client.messages] == ["user", "assistant", "tool", "tool"]


@requirement("HISTORY-12", needs=("scripted", "tools", "parallel_tools"), surfaces=("sync",))
async def test_colour_error_records_nothing_of_its_round(d: Driver) -> None:
    """An async tool among the calls: no call runs, the round before stays, and this one leaves no trace."""
    ran: list[tuple[int, int]] = []

    async def fail() -> str:
        """Wait."""
        return "never"

    client = d.client(tools=[adder(d, ran), d.lib.tool(fail)])
    d.script(sums((1, 1)), mixed_calls())
    with d.raises(ValueError, match=rf"async.*{d.lib.__name__}\.aio"):
        await d(client.chat("Add"))
    assert told(d, client.messages) == told(d, [USER, *sum_round(1, 1)])
    assert ran == [(1, 1)]


def mixed_calls() -> Reply:
    """A reply with three calls: the adder, a tool called fail, the adder again."""
    first, second = Call("add", arguments(1, 2), id="sum1"), Call("add", arguments(3, 4), id="sum2")
    return Reply(calls=[first, Call("fail", "{}", id="bad"), second])


def mixed_entries() -> list[dict[str, Any]]:
    """The calls of `mixed_calls` as history holds them."""
    return [asked("sum1", arguments(1, 2)), asked("bad", "{}", name="fail"), asked("sum2", arguments(3, 4))]


def check_mixed(d: Driver, client: Any) -> tuple[str, str]:
    """The round of `mixed_calls` with the adder's first result; what the two other calls were answered."""
    assert [message["role"] for message in client.messages] == ["user", "assistant", "tool", "tool", "tool"]
    failed, unstarted = (message["content"] for message in client.messages[3:])
    answers = [answered("sum1", "3"), answered("bad", failed, "fail"), answered("sum2", unstarted)]
    asking = {"role": "assistant", "content": None, "tool_calls": mixed_entries()}
    assert told(d, client.messages) == told(d, [USER, asking, *answers])
    return failed, unstarted


def check_interrupted(d: Driver, client: Any) -> None:
    """The round of `mixed_calls`, interrupted in its second call."""
    cancelled, unstarted = check_mixed(d, client)
    assert "cancelled" in cancelled
    assert "not started" in unstarted


async def resumed(d: Driver, client: Any, *, streamed: bool) -> str:
    """The final text of resume(), streamed or not."""
    if not streamed:
        return str(await d(client.resume()))
    stream = client.resume(stream=True)
    await d.collect(stream)
    return str(d.direct(stream.result))
