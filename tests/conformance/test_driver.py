"""The driver: what it refuses on each surface, and what it records."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from conformance import driver as driver_module
from conformance.deadline import DeadlineExceeded
from conformance.driver import Driver
from conformance.outcomes import HarnessError
from conformance.projection import difference, plain
from conformance.residue import ThreadWatch
from conformance.surfaces import step

Drive = Callable[[str], Driver]
Body = Callable[[Driver], Awaitable[None]]

BOTH = pytest.mark.parametrize("surface", ["sync", "aio"])
LIMIT = 20.0


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def failing() -> None:
    raise ValueError("broken")


def fail() -> Any:
    raise ValueError("broken")


def given(d: Driver, value: Any) -> Any:
    """What a library call of the surface returns."""
    return later(value) if d.on_aio else value


def chunks_of(d: Driver, *values: Any) -> Any:
    def whole() -> Iterator[Any]:
        yield from values

    async def awaited() -> AsyncIterator[Any]:
        for value in values:
            yield await later(value)

    return awaited() if d.on_aio else whole()


@BOTH
def test_a_call_gives_and_records_its_result(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        assert await d(given(d, {"text": "hi"})) == {"text": "hi"}

    d = drive(surface)
    d.play(body, LIMIT)
    assert d.projection == [("result", {"text": "hi"})]
    call = d.calls[0]
    assert (call.surface, call.thread, call.in_loop) == (surface, threading.get_ident(), surface == "aio")


def test_the_sync_surface_may_not_return_an_awaitable(drive: Drive) -> None:
    async def body(d: Driver) -> None:
        await d(later(1))

    with pytest.raises(AssertionError, match="the sync surface returned an awaitable"):
        drive("sync").play(body, LIMIT)


def test_the_async_surface_must_return_an_awaitable(drive: Drive) -> None:
    async def body(d: Driver) -> None:
        await d("hi")

    with pytest.raises(AssertionError, match="returned str, which is not awaitable"):
        drive("aio").play(body, LIMIT)


def test_a_body_that_suspends_on_sync_is_a_harness_error(drive: Drive) -> None:
    closed: list[bool] = []

    async def body(d: Driver) -> None:
        await d(1)
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    with pytest.raises(HarnessError, match="suspended"):
        drive("sync").play(body, LIMIT)
    assert closed == [True]


@BOTH
def test_a_body_without_a_call_is_a_harness_error(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        d.observe("nothing", d.surface)

    with pytest.raises(HarnessError, match=f"no library call on the {surface} surface"):
        drive(surface).play(body, LIMIT)


@BOTH
def test_direct_records_a_call_that_waits_on_neither_surface(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        assert d.direct(3) == 3
        with pytest.raises(AssertionError, match="returned an awaitable"):
            d.direct(later(3))

    d = drive(surface)
    d.play(body, LIMIT)
    assert d.projection == [("result", 3)]


@BOTH
def test_raises_records_what_was_raised_once(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        with d.raises(ValueError, match="brok") as caught:
            await d(failing() if d.on_aio else fail())
        assert str(caught.value) == "broken"

    d = drive(surface)
    d.play(body, LIMIT)
    assert d.projection == [("raises", {"type": "ValueError", "message": "broken"})]


@BOTH
def test_raises_fails_when_nothing_is_raised(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        with d.raises(ValueError):
            await d(given(d, 1))

    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        drive(surface).play(body, LIMIT)


@BOTH
def test_a_stream_is_recorded_chunk_by_chunk(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        assert await d.collect(chunks_of(d, "a", "b")) == ["a", "b"]
        async for chunk in d.stream(chunks_of(d, "c", "d")):
            assert chunk == "c"
            break

    d = drive(surface)
    d.play(body, LIMIT)
    assert d.projection == [("chunk", "a"), ("chunk", "b"), ("chunk", "c")]


@BOTH
def test_a_stream_of_the_other_surface_is_refused(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        other = SimpleNamespace(on_aio=d.on_sync)
        with pytest.raises(AssertionError, match=f"a stream of the {surface} surface is an"):
            d.stream(chunks_of(other, "a"))  # type: ignore[arg-type]
        with pytest.raises(AssertionError, match=f"a stream of the {surface} surface is an"):
            d.stream(later("a"))

    drive(surface).play(body, LIMIT)


def test_a_stream_that_is_both_is_refused(drive: Drive) -> None:
    class Both:
        def __next__(self) -> int:
            return 1

        async def __anext__(self) -> int:
            return 1

    async def body(d: Driver) -> None:
        with pytest.raises(AssertionError):
            d.stream(Both())

    drive("sync").play(body, LIMIT)
    drive("aio").play(body, LIMIT)


def test_a_stream_that_is_left_is_not_kept(drive: Drive) -> None:
    dropped: list[str] = []

    class Chunks:
        def __init__(self, name: str) -> None:
            self.name = name

        def __del__(self) -> None:
            dropped.append(self.name)

    class SyncChunks(Chunks):
        def __next__(self) -> int:
            return 1

    class AioChunks(Chunks):
        async def __anext__(self) -> int:
            return 1

    async def body(d: Driver) -> None:
        async for _ in d.stream(SyncChunks("sync") if d.on_sync else AioChunks("aio")):
            break
        assert dropped[-1:] == [d.surface]

    drive("sync").play(body, LIMIT)
    drive("aio").play(body, LIMIT)


@BOTH
def test_clients_are_closed_last_first_and_their_state_is_recorded(drive: Drive, surface: str) -> None:
    closed: list[str] = []

    class Client:
        def __init__(self, name: str) -> None:
            self.messages = [name]

        def close(self) -> None:
            closed.append(self.messages[0])

    class AioClient(Client):
        async def aclose(self) -> None:
            closed.append(self.messages[0])

        def close(self) -> None:
            raise AssertionError("aclose comes first")

    async def body(d: Driver) -> None:
        for name in ("first", "second"):
            d.track(d.direct((AioClient if d.on_aio else Client)(name)))

    d = drive(surface)
    d.play(body, LIMIT)
    assert closed == ["second", "first"]
    recorded = dict(d.projection)
    assert recorded["client 1"] == {
        "messages": ["second"],
        "last_usage": None,
        "last_thinking": None,
        "stop_reason": None,
    }


@BOTH
def test_clients_are_closed_when_the_body_fails(drive: Drive, surface: str) -> None:
    closed: list[str] = []

    async def body(d: Driver) -> None:
        d.track(SimpleNamespace(close=lambda: closed.append("it")))
        raise RuntimeError("the body's own")

    with pytest.raises(RuntimeError, match="the body's own"):
        drive(surface).play(body, LIMIT)
    assert closed == ["it"]


@BOTH
def test_a_started_call_runs_beside_the_body(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        begun, go = threading.Event(), threading.Event()

        def blocking() -> str:
            begun.set()
            assert go.wait(10)
            return "done"

        handle = d.start(blocking if d.on_sync else lambda: asyncio.to_thread(blocking))
        await d.wait(begun)
        assert not handle.done
        go.set()
        assert await handle.result() == "done"
        assert handle.done

    d = drive(surface)
    d.play(body, LIMIT)
    assert d.projection == [("started", "done")]


@BOTH
def test_a_started_body_uses_the_driver(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        async def beside() -> list[Any]:
            return await d.collect(chunks_of(d, 1, 2))

        assert await d.start(beside).result() == [1, 2]
        assert await d.start(lambda: d(given(d, 3))).result() == 3

    drive(surface).play(body, LIMIT)


@BOTH
def test_a_started_call_hands_its_failure_on(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        handle = d.start(failing if d.on_aio else fail)
        with d.raises(ValueError, match="broken"):
            await handle.result()

    drive(surface).play(body, LIMIT)


def test_a_started_task_can_be_cancelled_and_a_thread_cannot(drive: Drive) -> None:
    async def body(d: Driver) -> None:
        handle = d.start(lambda: asyncio.Event().wait())
        with pytest.raises(AssertionError, match="did not end within"):
            await handle.result(timeout=0.01)
        handle.cancel()
        with d.raises(asyncio.CancelledError):
            await handle.result()

    async def cancels(d: Driver) -> None:
        handle = d.start(lambda: 1)
        with pytest.raises(TypeError, match="cannot be cancelled"):
            handle.cancel()
        await handle.result()

    drive("aio").play(body, LIMIT)
    drive("sync").play(cancels, LIMIT)


@BOTH
def test_waiting_for_an_event_is_bounded(drive: Drive, surface: str) -> None:
    async def body(d: Driver) -> None:
        await d.wait(threading.Event(), timeout=0.01)

    with pytest.raises(AssertionError, match=r"Event.* was not set within 0\.01 s"):
        drive(surface).play(body, LIMIT)


def test_a_task_that_is_left_fails_the_check(drive: Drive) -> None:
    async def body(d: Driver) -> None:
        d.start(lambda: asyncio.Event().wait())
        await d(later(1))

    with pytest.raises(AssertionError, match=r"tasks left: conformance-start"):
        drive("aio").play(body, LIMIT)


def test_a_task_that_is_just_ending_does_not(drive: Drive) -> None:
    async def body(d: Driver) -> None:
        d.start(lambda: later(1))

    drive("aio").play(body, LIMIT)


@BOTH
@pytest.mark.parametrize("is_daemon", [True, False])
def test_a_thread_that_is_left_fails_the_check(
    drive: Drive, surface: str, is_daemon: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    class Impatient(ThreadWatch):
        def left(self, patience: float = 0.05) -> list[str]:
            return super().left(patience)

    async def body(d: Driver) -> None:
        threading.Thread(target=go.wait, name="stray", daemon=is_daemon).start()
        await d(given(d, 1))

    monkeypatch.setattr(driver_module, "ThreadWatch", Impatient)
    with pytest.raises(AssertionError, match="threads left: stray"):
        drive(surface).play(body, LIMIT)
    go.set()


@BOTH
def test_an_event_loop_under_the_sync_surface_is_a_harness_error(drive: Drive, surface: str) -> None:
    async def outside() -> None:
        drive("sync").enter()

    if surface == "sync":
        with pytest.raises(HarnessError, match="an event loop is running"):
            asyncio.run(outside())
    drive("aio").enter()


def test_a_body_that_hangs_is_ended(drive: Drive) -> None:
    async def body(d: Driver) -> None:
        d.enter()
        threading.Event().wait(10)

    for surface in ("sync", "aio"):
        with pytest.raises(DeadlineExceeded, match=r"did not end within 0\.2 s"):
            drive(surface).play(body, 0.2)


@BOTH
def test_what_was_sent_is_recorded(drive: Drive, surface: str) -> None:
    import http.client

    from conformance.scripted import Reply

    def post(host: str, number: int) -> int:
        connection = http.client.HTTPConnection(host)
        connection.request("POST", "/v1/chat/completions", f'{{"b": {number}, "a": "http://{host}"}}')
        status = connection.getresponse().status
        connection.close()
        return status

    async def body(d: Driver) -> None:
        d.script(Reply("one"), Reply("two"), Reply("three"))
        host = d.server.url("openai").split("/")[2]
        assert [d.direct(post(host, number)) for number in (2, 1)] == [200, 200]
        d.is_ordered = False

    d = drive(surface)
    d.play(body, LIMIT)
    sent = [data["body"] for kind, data in d.projection if kind == "request"]
    assert sent == [{"b": number, "a": "http://127.0.0.1:PORT"} for number in (1, 2)]
    assert d.projection[-1] == ("unanswered", 1)


def test_step_gives_the_result_of_a_coroutine_that_never_waits() -> None:
    async def value() -> int:
        return 3

    assert step(value()) == 3


def test_a_projection_is_plain_data() -> None:
    class Phase(Enum):
        TEXT = "text"

    @dataclass
    class Chunk:
        phase: Phase
        content: object

    group = ExceptionGroup("two", [ValueError("a"), OSError("b")])
    value = {"chunk": Chunk(Phase.TEXT, (b"x", {2, 1})), "at": "<f at 0x7f00aa>", "type": Chunk, "error": group}
    assert plain(value) == {
        "chunk": {"phase": "text", "content": ["x", [1, 2]]},
        "at": "<f at 0xADDRESS>",
        "type": "<Chunk>",
        "error": {
            "type": "ExceptionGroup",
            "message": "two (2 sub-exceptions)",
            "exceptions": [{"type": "ValueError", "message": "a"}, {"type": "OSError", "message": "b"}],
        },
    }


def test_a_difference_is_readable_and_ignores_the_order_of_keys() -> None:
    assert difference([("request", {"a": 1, "b": 2})], [("request", {"b": 2, "a": 1})]) == ""
    diff = difference([("result", "x"), ("result", "y")], [("result", "x"), ("result", "z")])
    assert '-    "data": "y",' in diff
    assert '+    "data": "z",' in diff
    assert difference([("result", 1), ("result", 2)], [("result", 2), ("result", 1)]) != ""
