"""The sync surface: Ctrl-C or an alarm at every event of a provider, and while tools and workers hang in threads."""

import threading
import time
from collections.abc import Coroutine, Iterator
from functools import cache
from typing import Any

import pytest

from aimu.errors import ProviderError
from conformance.driver import Driver
from conformance.implementation import load
from conformance.lives import BASIC, DROPPED, Live, Making, Trap, lived, tools
from conformance.props import said
from conformance.residue import ThreadWatch
from conformance.scripted import Call, Gate, Reply
from conformance.surfaces import DRIVERS, step
from conformance.targets import Target
from conformance.test_workflows import member
from tests.sweep.bell import AlarmError, Bell, RingingEngine, RingingWire
from tests.sweep.one_shots import ONE_SHOTS
from tests.sweep.places import descriptors, every
from tests.sweep.runners import RUNNERS

# a socket that Python had made and not yet connected when Ctrl-C came is lost in its own create_connection
pytestmark = pytest.mark.filterwarnings(r"ignore:unclosed <socket\.socket .*laddr=\('0\.0\.0\.0', 0\)>:ResourceWarning")
BELL = Bell()
PATIENCE = 10.0  # seconds
APART = 5  # events
SOME = 12  # tokens of a life of a model in this process, spread evenly


@cache
def ringing(name: str) -> Target:
    """A target that passes the bell; a model is loaded once."""
    made = RingingEngine(name) if name == "llamacpp" else RingingWire(name)
    made.bell = BELL
    return made


@pytest.fixture
def d(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """A driver of the sync surface; the parameter is the target."""
    made = DRIVERS["sync"](ringing(getattr(request, "param", "openai")), load("aimu"))
    made.server.clear()
    BELL.set(0)
    yield made
    made._stage.stop()


def interrupted(d: Driver, making: Making, at: int, raises: type[BaseException] = KeyboardInterrupt) -> bool:
    """Live once, interrupted at one event; whether it came to that event."""
    BELL.set(at, raises)
    watch, before = ThreadWatch(), set(threading.enumerate())
    until = until_alarm if raises is AlarmError else until_ctrl_c

    async def body() -> None:
        async with lived(d, making, Trap(), 1) as live:
            await until(live)
            join_since(before)

    where = f"{raises.__name__} at event {at}"
    noted(body(), where)
    assert watch.left() == [], where
    return BELL.rang


async def until_ctrl_c(live: Live) -> None:
    """Live, and see that Ctrl-C comes out when it is rung."""
    try:
        with BELL.armed():
            await live()
    except KeyboardInterrupt:
        assert BELL.rang
    else:
        assert not BELL.rang, "Ctrl-C was swallowed"


async def until_alarm(live: Live) -> None:
    """Live, and see that the alarm comes out; the SDKs make a connection error of what is raised while they wait."""
    told: list[BaseException] = []
    try:
        with BELL.armed():
            await live()
    except (AlarmError, ProviderError) as error:
        told += causes(error)
    assert any(isinstance(one, AlarmError) for one in told) is BELL.rang, f"the alarm was made {told}"


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def join_since(before: set[threading.Thread]) -> None:
    """Wait for the workers that were left at work, to their end."""
    end = time.monotonic() + PATIENCE
    while (left := [one for one in threading.enumerate() if one not in before and one.name != "scripted"]) and (
        time.monotonic() < end
    ):
        for thread in left:
            if thread.ident is not None:  # it may be about to start
                thread.join(PATIENCE)


def noted(body: Coroutine[Any, Any, None], where: str) -> None:
    """Run a body of the sync surface; say where, when it fails."""
    try:
        step(body)
    except BaseException as error:
        error.add_note(where)
        raise


@pytest.mark.parametrize("d", ["openai", "anthropic"], indirect=True)
@pytest.mark.parametrize("name", [*BASIC, *ONE_SHOTS])
def test_ctrl_c_at_every_event(d: Driver, name: str) -> None:
    making = {**BASIC, **ONE_SHOTS}[name]
    interrupted(d, making, 0)
    before = descriptors()
    assert every(lambda at: interrupted(d, making, at)) >= 2
    assert descriptors() <= before


@pytest.mark.parametrize("d", ["openai", "anthropic"], indirect=True)
@pytest.mark.parametrize("name", [name for name in BASIC if name != DROPPED])  # a one-shot is tried again by the SDK
def test_an_alarm_at_every_event(d: Driver, name: str) -> None:
    assert every(lambda at: interrupted(d, BASIC[name], at, AlarmError)) >= 2


@pytest.mark.parametrize("name", RUNNERS)
def test_an_alarm_at_events_of_a_runner(d: Driver, name: str) -> None:
    """At each that comes `APART` events behind the last."""
    assert every(lambda at: interrupted(d, RUNNERS[name], 1 + (at - 1) * APART, AlarmError)) >= 1


@pytest.mark.parametrize("name", RUNNERS)
def test_ctrl_c_at_every_event_of_a_runner(d: Driver, name: str) -> None:
    assert every(lambda at: interrupted(d, RUNNERS[name], at)) >= 2


@pytest.mark.parametrize("d", ["llamacpp"], indirect=True)
@pytest.mark.parametrize("name", [name for name in BASIC if name != DROPPED])  # Python swallows it in a finalizer
def test_ctrl_c_at_tokens(d: Driver, name: str) -> None:
    interrupted(d, BASIC[name], 0)
    last = BELL.count
    rang = [interrupted(d, BASIC[name], at) for at in spread(last)]
    assert rang[0]


def spread(last: int) -> list[int]:
    """Some of the numbers from 1 to the last, evenly."""
    return sorted({1 + round(number * (last - 1) / SOME) for number in range(SOME)})


def test_a_hung_tool_does_not_hold_ctrl_c(d: Driver) -> None:
    """Of two tools in threads one has ended and one hangs: the history says so, and the client goes on."""
    hung, gone_on = threading.Event(), threading.Event()

    def hang() -> str:
        """Hang."""
        BELL.ring()
        hung.wait(PATIENCE)
        gone_on.set()
        return "late"

    client = d.client(tools=[*tools(d, Trap()), d.lib.tool(hang)], concurrent_tool_calls=True)
    d.server.script(Reply(calls=[Call("look", {"number": 1}), Call("hang")]), Reply("Done"))

    async def body() -> None:
        await until_ctrl_c(lambda: d(client.chat("Hi")))
        assert BELL.rang
        assert not gone_on.is_set()
        answers = ["seen", "Tool 'hang' was cancelled before it finished."]
        assert [message["content"] for message in client.messages[-2:]] == answers
        hung.set()
        assert await d(client.resume()) == "Done"
        assert gone_on.wait(PATIENCE)
        await d.close(client)

    step(body())


@pytest.mark.parametrize("streamed", [False, True])
def test_workers_that_ctrl_c_left_at_work(d: Driver, streamed: bool) -> None:
    """Until they have ended the Parallel refuses another run; then it goes on, and asks nobody who was done."""
    gates, asked, both = [Gate(), Gate()], list[str](), threading.Barrier(2)

    def speak(request: Any) -> Reply:
        asked.append(said(request)[0][1])
        if asked[-1] == "I am c" or len(asked) > 2:
            return Reply("fine")
        if both.wait(PATIENCE) == 0:
            threading.Thread(target=BELL.ring, daemon=True).start()
        return Reply("fine", before=gates["ab".index(asked[-1][-1])])

    d.server.always(speak)
    crew = d.api.Parallel([member(d, "a"), member(d, "b")], "crew", member(d, "c"), stream_workers=True)
    before = set(threading.enumerate())

    async def body() -> None:
        await until_ctrl_c(lambda: d.collect(crew.run("x", stream=True)) if streamed else d(crew.run("x")))
        assert BELL.rang
        for go_on in (crew.resume, lambda: crew.run("y")):
            with pytest.raises(d.lib.errors.ConcurrentTurnError, match="interrupted"):
                await d(go_on())
        for gate in gates:
            gate.open()
        join_since(before)
        assert await d(crew.resume()) == "fine"
        assert sorted(asked) == sorted(["I am a", "I am b", "I am c", *(["I am a", "I am b"] if streamed else [])])
        await d._close_clients()

    step(body())
