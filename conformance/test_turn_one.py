"""Scenarios of spec/turn.md: one turn at a time."""

import threading
from typing import Any

from conformance.driver import Driver
from conformance.props import breaker, outcome
from conformance.requirement import requirement
from conformance.scripted import Call, Fault, Gate, Reply


@requirement("TURN-13", needs=("scripted",))
async def test_second_turn_is_refused(d: Driver) -> None:
    """While a turn waits for its answer another one raises, streamed or not, and names fork(); the first goes on."""
    gate = Gate()
    d.script(Reply(["One", gate]), Reply("Two"))
    client = d.client()
    first = d.start(lambda: client.chat("First"))
    await d.wait(gate.reached)
    for streamed in (False, True):
        with d.raises(d.lib.errors.ConcurrentTurnError, match=r"fork\(\)"):
            await outcome(d, client, "Second", streamed=streamed)
    assert issubclass(d.lib.errors.ConcurrentTurnError, RuntimeError)
    gate.open()
    assert await first.result() == "One"
    assert await d(client.chat("Second")) == "Two"
    assert [message["content"] for message in client.messages] == ["First", "One", "Second", "Two"]
    assert len(d.server.requests) == 2


@requirement("TURN-13", needs=("scripted",), ledger="LEDGER-CONCURRENCY")
async def test_of_many_turns_at_once_one_wins(d: Driver) -> None:
    """Eight callers start together and one of them is answered; the other seven are refused while it waits."""
    gate, all_refused, refused = Gate(), threading.Event(), []
    d.script(Reply(["One", gate]))
    client = d.client()

    async def attempt() -> None:
        try:
            assert await d(client.chat("Race")) == "One"
        except d.lib.errors.ConcurrentTurnError as error:
            refused.append(error)
            if len(refused) == 7:
                all_refused.set()

    racers = [d.start(attempt) for _ in range(8)]
    await d.wait(all_refused)
    gate.open()
    for racer in racers:
        await racer.result()
    assert len(refused) == 7
    assert [message["content"] for message in client.messages] == ["Race", "One"]


@requirement("TURN-18", needs=("scripted", "wire"))
async def test_fork_talks_during_a_turn(d: Driver) -> None:
    """A fork made while a turn is open answers before that turn does."""
    gate = Gate()
    d.script(Reply(["One", gate]), Reply("Two"))
    client = d.client()
    first = d.start(lambda: client.chat("First"))
    await d.wait(gate.reached)
    assert await d(client.fork().chat("Second")) == "Two"
    assert not first.done
    gate.open()
    assert await first.result() == "One"
    assert [message["content"] for message in client.messages] == ["First", "One"]


@requirement("TURN-14", needs=("streaming",))
async def test_settings_stand_still_during_a_turn(d: Driver) -> None:
    """reset() and assigning messages, tools or the system message raise; the turn is not disturbed."""
    d.script(Reply("Hello there"))
    client = d.client(system="Be brief.")
    stream = client.chat("Hi", stream=True)
    chunks = aiter(d.stream(stream))
    await anext(chunks)
    for change in changes(client):
        with d.raises(d.lib.errors.ConcurrentTurnError, match="turn is open"):
            change()
    assert (client.messages, client.tools, client.system_message) == ([], [], "Be brief.")
    assert [chunk async for chunk in chunks]
    d.check_text(d.direct(stream.result), "Hello there")
    client.reset("Be long.")
    assert client.system_message == "Be long."


@requirement("TURN-14", needs=("scripted", "tools"))
async def test_a_tool_cannot_change_its_own_turn(d: Driver) -> None:
    """From inside a tool the same changes are refused, and so is another turn on the client."""
    seen: list[str] = []

    def meddle() -> str:
        """Try everything that a turn forbids."""
        for change in changes(client):
            try:
                change()
            except d.lib.errors.ConcurrentTurnError as error:
                seen.append(type(error).__name__)
        return "meddled"

    client = d.client(system="Be brief.", tools=[d.lib.tool(meddle)])
    d.script(Reply(calls=[Call("meddle")]), Reply("Done"))
    assert await d(client.chat("Meddle")) == "Done"
    assert seen == ["ConcurrentTurnError"] * 4
    assert client.messages[0]["content"] == "Be brief."


@requirement("TURN-15", needs=("streaming",))
async def test_turn_opens_with_its_first_chunk(d: Driver) -> None:
    """Of two streams the one that is iterated first has the turn; the other is refused until it is over."""
    d.script(Reply("Hello there"), Reply("Again"))
    client = d.client()
    earlier, later = client.chat("One", stream=True), client.chat("Two", stream=True)
    chunks = aiter(d.stream(later))
    await anext(chunks)
    with d.raises(d.lib.errors.ConcurrentTurnError):
        await anext(aiter(d.stream(earlier)))
    assert [chunk async for chunk in chunks]
    assert [message["content"] for message in client.messages if message["role"] == "user"] == ["Two"]


@requirement("TURN-15", surfaces=("aio",))
async def test_turn_opens_with_await(d: Driver) -> None:
    """A call that is not awaited yet holds nothing: another goes first."""
    d.script(Reply("First"), Reply("Second"))
    client = d.client()
    pending = client.chat("Later")
    await d(client.chat("Now"))
    await d(pending)
    assert [message["content"] for message in client.messages if message["role"] == "user"] == ["Now", "Later"]


@requirement("TURN-16", needs=("scripted", "tools", "wire"))
async def test_failed_turn_is_over(d: Driver) -> None:
    """After a refusal, a broken connection, an empty reply or a failing tool the next turn runs."""
    errors = d.lib.errors
    failures: list[tuple[list[Any], type[BaseException]]] = [
        ([Fault(400)], errors.InvalidRequestError),
        ([Reply("Half", drops=True)], errors.ModelConnectionError),
        ([Reply("", stop="length")], errors.TruncatedReplyError),
        ([Reply(""), Reply("")], errors.EmptyReplyError),
        ([Reply(calls=[Call("fail")])], LookupError),
    ]
    for streamed in (False, True):
        for replies, expected in failures:
            client = d.client(tools=[breaker(d, lambda: LookupError("gone"))])
            d.script(*replies, Reply("Fine"))
            with d.raises(expected):
                await outcome(d, client, "Hi", streamed=streamed)
            client.reset()
            assert await outcome(d, client, "Hi", streamed=streamed) == "Fine"


@requirement("TURN-17", needs=("scripted", "streaming", "wire"))
async def test_generate_is_no_turn(d: Driver) -> None:
    """It runs while a turn is open, and a turn runs while it streams; neither disturbs the other."""
    d.script(Reply(["One", Gate()]), Reply("Aside"), Reply(["Long", Gate()]), Reply("Two"))
    client = d.client()
    turn = client.chat("First", stream=True)
    await anext(aiter(d.stream(turn)))
    assert await d(client.generate("Something")) == "Aside"
    await d.close(turn)
    aside = client.generate("Something long", stream=True)
    await anext(aiter(d.stream(aside)))
    client.reset("Be brief.")
    assert await d(client.chat("Second")) == "Two"
    await d.close(aside)
    assert [message["content"] for message in client.messages] == ["Be brief.", "Second", "Two"]


def changes(client: Any) -> list[Any]:
    """What may not be done to a client while its turn is open."""
    return [
        client.reset,
        lambda: setattr(client, "messages", []),
        lambda: setattr(client, "tools", []),
        lambda: setattr(client, "system_message", "Be long."),
    ]
