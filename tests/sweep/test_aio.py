"""Every suspension point of every life on the async surface: cancelled, cancelled late, timed out."""

import asyncio
import gc

import pytest

from conformance.lives import BASIC, WITH_TOOLS
from conformance.sweep import EXPIRES, WAITS, WAKES
from conformance.test_chat_client import model, server_as_default
from tests.sweep.one_shots import ONE_SHOTS
from tests.sweep.places import Some, all_ways, driver, sweep
from tests.sweep.runners import RUNNERS
from tests.sweep.servers import Source, calling, connecting, in_memory, over_stdio

# of what takes long, for processes are started, tokens computed, or nine runners run
ALL_THEN_SOME = {WAKES: 4, EXPIRES: 4}
SOME = {WAITS: 4, WAKES: 4, EXPIRES: 4}
A_FEW = {WAITS: 3, WAKES: 2, EXPIRES: 2}


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
@pytest.mark.parametrize("name", [*BASIC, *ONE_SHOTS])
def test_a_client(wire: str, name: str) -> None:
    assert sweep(wire, name, {**BASIC, **ONE_SHOTS}[name], 2) >= 18


@pytest.mark.parametrize("name", RUNNERS)
def test_a_runner(name: str) -> None:
    assert sweep("openai", name, RUNNERS[name], 1, ALL_THEN_SOME) >= 12


@pytest.mark.parametrize("name", BASIC)
def test_a_model_in_this_process(name: str) -> None:
    assert sweep("llamacpp", name, BASIC[name], 1, some_of(name)) >= 3


def test_a_one_shot_that_is_cancelled_before_it_begins(recwarn: pytest.WarningsRecorder) -> None:
    """Nothing was begun, so there is no coroutine that nobody awaited."""

    async def work() -> None:
        with driver("aio", "openai") as d, server_as_default(d):
            task = asyncio.create_task(d.api.chat("Hi", model=model(d)))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert d.server.requests == []

    asyncio.run(work())
    gc.collect()
    assert [str(found.message) for found in recwarn if found.category is RuntimeWarning] == []


def some_of(name: str) -> Some:
    """The points of a model in this process: some where it calls tools, else all."""
    return SOME if name in WITH_TOOLS else {}


@pytest.mark.parametrize("source", [in_memory, over_stdio])
def test_calls_of_a_server(source: Source) -> None:
    async def work() -> int:
        with driver("aio", "openai") as d:
            async with d.api.MCPClient(**source()) as mcp:
                return await all_ways(lambda: calling(d, mcp), {})

    assert asyncio.run(work()) >= 30


@pytest.mark.parametrize(("source", "some", "least"), [(in_memory, ALL_THEN_SOME, 40), (over_stdio, A_FEW, 3)])
def test_connecting_to_a_server(source: Source, some: dict[str, int], least: int) -> None:
    async def work() -> int:
        with driver("aio", "openai") as d:
            return await all_ways(lambda: connecting(d, source), some)

    assert asyncio.run(work()) >= least
