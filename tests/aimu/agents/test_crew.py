"""Generators run at the same time, on both surfaces: their limit, their end, and what is left of them."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from aimu.agents import crew
from aimu.aio.agents import crew as aio_crew
from aimu.core.chunks import GENERATING, StreamChunk

PATIENCE = 10.0
BRIEFLY = 0.2
NUMBER: ContextVar[int] = ContextVar("NUMBER", default=0)


def chunk(text: str) -> StreamChunk:
    return StreamChunk(GENERATING, text)


def telling(*texts: str) -> Generator[StreamChunk, None, None]:
    for text in texts:
        yield chunk(text)


async def atelling(*texts: str) -> AsyncGenerator[StreamChunk, None]:
    for text in texts:
        await asyncio.sleep(0)
        yield chunk(text)


def texts(chunks: Iterator[StreamChunk]) -> list[Any]:
    return [chunk.content for chunk in chunks]


async def atexts(chunks: AsyncGenerator[StreamChunk, None], heard: list[Any] | None = None) -> list[Any]:
    heard = [] if heard is None else heard
    async for told in chunks:
        heard.append(told.content)
    return heard


@contextmanager
def no_threads_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def tasks_left() -> set[Any]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize("limit", [None, 1, 2, 3, 9])
def test_all_is_heard_each_in_its_order(limit: int | None) -> None:
    works = [partial(telling, *(f"{name}{number}" for number in range(5))) for name in "abc"]
    with no_threads_left():
        heard = texts(crew.interleaved(works, limit))
    for name in "abc":
        assert [text for text in heard if text[0] == name] == [f"{name}{number}" for number in range(5)]
    if limit == 1:
        assert heard == sorted(heard)


async def _all_is_heard(limit: int | None) -> None:
    works = [partial(atelling, *(f"{name}{number}" for number in range(5))) for name in "abc"]
    heard = await atexts(aio_crew.interleaved(works, limit))
    for name in "abc":
        assert [text for text in heard if text[0] == name] == [f"{name}{number}" for number in range(5)]
    if limit == 1:
        assert heard == sorted(heard)
    assert not tasks_left()


@pytest.mark.parametrize("limit", [None, 1, 2, 3, 9])
def test_all_is_heard_on_aio(limit: int | None) -> None:
    asyncio.run(_all_is_heard(limit))


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (2, 2), (None, 4), (9, 4)])
def test_so_many_run_at_once(limit: int | None, expected: int) -> None:
    at_work, peak, lock = 0, 0, threading.Lock()
    together = threading.Barrier(expected, timeout=PATIENCE)
    too_many = threading.Event()

    def work() -> Generator[StreamChunk, None, None]:
        nonlocal at_work, peak
        with lock:
            at_work += 1
            peak = max(peak, at_work)
            if peak > expected:
                too_many.set()
        together.wait()
        too_many.wait(BRIEFLY)
        with lock:
            at_work -= 1
        yield chunk("done")

    assert texts(crew.interleaved([work] * 4, limit)) == ["done"] * 4
    assert peak == expected


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (2, 2), (None, 4), (9, 4)])
def test_so_many_run_at_once_on_aio(limit: int | None, expected: int) -> None:
    at_work, peak = 0, 0

    async def work() -> AsyncGenerator[StreamChunk, None]:
        nonlocal at_work, peak
        at_work += 1
        peak = max(peak, at_work)
        for _ in range(20):
            await asyncio.sleep(0)
        yield chunk("done")
        at_work -= 1

    assert asyncio.run(atexts(aio_crew.interleaved([work] * 4, limit))) == ["done"] * 4
    assert peak == expected


def test_a_chunk_is_heard_before_the_next_is_made() -> None:
    heard = threading.Event()

    def work() -> Generator[StreamChunk, None, None]:
        yield chunk("one")
        assert heard.wait(PATIENCE)
        yield chunk("two")

    chunks = crew.interleaved([work], None)
    assert next(chunks).content == "one"
    heard.set()
    assert texts(chunks) == ["two"]


def test_one_that_fails_leaves_the_others_alone() -> None:
    failed = threading.Event()

    def fails() -> Generator[StreamChunk, None, None]:
        yield chunk("before")
        failed.set()
        raise KeyboardInterrupt

    def late() -> Generator[StreamChunk, None, None]:
        assert failed.wait(PATIENCE)
        yield chunk("late")

    with no_threads_left():
        assert sorted(texts(crew.interleaved([fails, late, fails], None))) == ["before", "before", "late"]
        assert sorted(texts(crew.interleaved([fails, late], 1))) == ["before", "late"]


def test_closing_ends_each_at_its_next_chunk_and_begins_no_other() -> None:
    began: list[int] = []
    ended: list[int] = []

    def work(number: int) -> Generator[StreamChunk, None, None]:
        began.append(number)
        try:
            while True:
                yield chunk("on and on")
        finally:
            ended.append(number)

    with no_threads_left():
        chunks = crew.interleaved([partial(work, number) for number in range(3)], 2)
        next(chunks)
        chunks.close()
    assert sorted(began) == sorted(ended)
    assert 2 not in began


def test_an_interruption_waits_for_no_thread() -> None:
    release, ended = threading.Event(), threading.Event()

    def hangs() -> Generator[StreamChunk, None, None]:
        yield chunk("one")
        release.wait(PATIENCE)
        yield chunk("two")
        ended.set()

    chunks = crew.interleaved([hangs], None)
    next(chunks)
    with pytest.raises(KeyboardInterrupt):
        chunks.throw(KeyboardInterrupt())
    assert not release.is_set()
    left = [thread for thread in threading.enumerate() if thread.daemon and "_work_off" in thread.name]
    release.set()
    for thread in left:
        thread.join(PATIENCE)
    assert not ended.is_set()


def test_each_has_the_callers_context_to_itself() -> None:
    def work() -> Generator[StreamChunk, None, None]:
        seen = NUMBER.get()
        NUMBER.set(99)
        yield chunk(str(seen))

    token = NUMBER.set(7)
    try:
        assert texts(crew.interleaved([work] * 3, 1)) == ["7"] * 3
        assert NUMBER.get() == 7
    finally:
        NUMBER.reset(token)


async def hanging(cleaned: list[str]) -> AsyncGenerator[StreamChunk, None]:
    """One chunk, then nothing for ever."""
    yield chunk("one")
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        cleaned.append("clean")


def on_aio(scenario: Callable[[list[str]], Any]) -> None:
    """Run a scenario to its end; both generators have cleaned up and no task is left."""
    cleaned: list[str] = []

    async def run() -> None:
        await scenario(cleaned)
        assert cleaned == ["clean", "clean"]
        assert not tasks_left()

    asyncio.run(run())


def test_a_failure_cancels_the_others_on_aio() -> None:
    async def fails() -> AsyncGenerator[StreamChunk, None]:
        for _ in range(5):
            await asyncio.sleep(0)
        yield chunk("before")
        raise OSError("broken")

    async def scenario(cleaned: list[str]) -> None:
        hang = partial(hanging, cleaned)
        heard: list[Any] = []
        with pytest.raises(ExceptionGroup) as caught:
            await atexts(aio_crew.interleaved([hang, fails, hang], None), heard)
        assert [repr(error) for error in caught.value.exceptions] == ["OSError('broken')"]
        assert heard == ["one", "one", "before"]

    on_aio(scenario)


def test_closing_cancels_them_on_aio() -> None:
    async def scenario(cleaned: list[str]) -> None:
        chunks = aio_crew.interleaved([partial(hanging, cleaned)] * 2, None)
        assert [(await anext(chunks)).content for _ in range(2)] == ["one", "one"]
        await chunks.aclose()

    on_aio(scenario)


def test_cancelling_the_reader_cancels_them_on_aio() -> None:
    async def scenario(cleaned: list[str]) -> None:
        chunks = aio_crew.interleaved([partial(hanging, cleaned)] * 2, None)
        assert [(await anext(chunks)).content for _ in range(2)] == ["one", "one"]
        reading = asyncio.create_task(atexts(chunks))
        await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        assert reading.cancelled()

    on_aio(scenario)


def test_one_that_cancels_itself_leaves_the_others_alone_on_aio() -> None:
    async def cancels_itself() -> AsyncGenerator[StreamChunk, None]:
        yield chunk("one")
        raise asyncio.CancelledError

    heard = asyncio.run(atexts(aio_crew.interleaved([cancels_itself, partial(atelling, "a", "b", "c")], None)))
    assert sorted(heard) == ["a", "b", "c", "one"]
