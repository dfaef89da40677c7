"""What a type checker makes of the public API. Never run: ``test_typing.py`` hands it to mypy.

A line that must be an error says which; when the error is gone, its unused ignore is one.
"""

from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

import aimu
from aimu import aio


@dataclass
class Point:
    """What an answer may be."""

    x: int


Answer = Coroutine[Any, Any, str]


def sync_functions(flag: bool) -> None:
    assert_type(aimu.chat("hi", model="m"), str)
    assert_type(aimu.chat("hi", model="m", stream=False), str)
    assert_type(aimu.chat("hi", model="m", stream=True), aimu.ChunkStream)
    assert_type(aimu.chat("hi", model="m", stream=flag), str | aimu.ChunkStream)
    assert_type(aimu.client("m"), aimu.ModelClient)
    assert_type(aimu.resolve_model_string("m"), aimu.ModelSpec)


def sync_client(client: aimu.ModelClient, flag: bool) -> None:
    assert_type(client.chat("hi"), str)
    assert_type(client.chat("hi", None, True, False), str)
    assert_type(client.chat("hi", stream=True), aimu.ChunkStream)
    assert_type(client.chat("hi", stream=flag), str | aimu.ChunkStream)
    assert_type(client.generate("hi"), str)
    assert_type(client.generate("hi", stream=True), aimu.ChunkStream)
    assert_type(client.generate("hi", stream=flag), str | aimu.ChunkStream)
    assert_type(client.resume(), str)
    assert_type(client.resume(stream=True), aimu.ChunkStream)
    assert_type(client.resume(stream=flag), str | aimu.ChunkStream)
    assert_type(client.fork(), aimu.ModelClient)
    assert_type(client.close(), None)
    with client as same:
        assert_type(same, aimu.ModelClient)


def sync_agent(client: aimu.ModelClient, flag: bool) -> None:
    agent = aimu.Agent(client, tools=[double])
    assert_type(agent.run("go"), str)
    assert_type(agent.run("go", stream=True), aimu.ChunkStream)
    assert_type(agent.run("go", stream=flag), str | aimu.ChunkStream)
    assert_type(agent.resume(), str)
    assert_type(agent.resume(stream=True), aimu.ChunkStream)
    assert_type(agent.messages, aimu.MessageHistory)
    assert_type(agent.as_model_client(), aimu.ModelClient)
    assert_type(aimu.Agent.from_config({}, client), aimu.Agent)
    runner: aimu.Runner = agent
    assert_type(runner.run("go", stream=flag), str | aimu.ChunkStream)


class Person(TypedDict):
    """What an answer may be."""

    name: str


def sync_schema(client: aimu.ModelClient, agent: aimu.Agent, schema: dict[str, Any]) -> None:
    assert_type(aimu.chat("hi", model="m", schema=Point), Point)
    assert_type(client.chat("hi", schema=Point), Point)
    assert_type(client.chat("hi", schema=Person), Person)
    assert_type(client.chat("hi", schema=schema), dict[str, Any])
    assert_type(client.chat("hi", schema=Point, stream=True).result, Point)
    assert_type(client.generate("hi", schema=Point), Point)
    assert_type(client.resume(schema=Point), Point)
    assert_type(agent.run("go", schema=Point), Point)
    assert_type(agent.run("go", schema=Point, stream=True).result, Point)


def sync_workflows(client: aimu.ModelClient, agent: aimu.Agent, flag: bool) -> None:
    chain = aimu.Chain([agent])
    assert_type(chain.run("go"), str)
    assert_type(chain.run("go", stream=flag), str | aimu.ChunkStream)
    assert_type(aimu.Router(agent, {"a": chain}).run("go", schema=Point), Point)
    assert_type(aimu.Parallel.from_client(client, ["a"]), aimu.Parallel)
    assert_type(aimu.EvaluatorOptimizer(agent, chain).run("go"), str)
    assert_type(aimu.PlanExecuteEvaluator.from_client(client), aimu.PlanExecuteEvaluator)
    assert_type(aimu.OrchestratorAgent.assemble(client, "lead", workers=[chain, agent]), aimu.OrchestratorAgent)
    assert_type(chain.fork(), aimu.Chain)
    aimu.Agent(client, tools=[chain.as_tool()])


def sync_stream(stream: aimu.ChunkStream) -> None:
    for chunk in stream:
        assert_type(chunk, aimu.StreamChunk)
        assert_type(chunk.phase, aimu.StreamingContentType)
    assert_type(stream.result, str)
    chunks: Iterator[aimu.StreamChunk] = stream
    with stream as same:
        assert_type(same, aimu.ChunkStream)
    _ = chunks


async def async_functions(flag: bool) -> None:
    _ = assert_type(aio.chat("hi", model="m"), Answer)
    assert_type(await aio.chat("hi", model="m"), str)
    assert_type(aio.chat("hi", model="m", stream=True), aio.ChunkStream)
    assert_type(aio.chat("hi", model="m", stream=flag), Answer | aio.ChunkStream)
    assert_type(aio.client("m"), aio.ModelClient)
    async for chunk in aio.chat("hi", model="m", stream=True):
        assert_type(chunk, aio.StreamChunk)


async def async_schema(client: aio.ModelClient, agent: aio.Agent, schema: dict[str, Any]) -> None:
    assert_type(await aio.chat("hi", model="m", schema=Point), Point)
    assert_type(await client.chat("hi", schema=Point), Point)
    assert_type(await client.chat("hi", schema=schema), dict[str, Any])
    assert_type(client.chat("hi", schema=Point, stream=True).result, Point)
    assert_type(await client.generate("hi", schema=Point), Point)
    assert_type(await agent.run("go", schema=Point), Point)


async def async_workflows(client: aio.ModelClient, agent: aio.Agent) -> None:
    chain = aio.Chain([agent])
    assert_type(await chain.run("go"), str)
    assert_type(chain.run("go", stream=True), aio.ChunkStream)
    assert_type(await aio.Router(agent, {"a": chain}).run("go", schema=Point), Point)
    assert_type(aio.OrchestratorAgent.assemble(client, "lead", workers=[chain, agent]), aio.OrchestratorAgent)


async def async_client(client: aio.ModelClient, flag: bool) -> None:
    _ = assert_type(client.chat("hi"), Answer)
    assert_type(await client.chat("hi"), str)
    assert_type(client.chat("hi", stream=True), aio.ChunkStream)
    assert_type(client.chat("hi", stream=flag), Answer | aio.ChunkStream)
    assert_type(await client.generate("hi"), str)
    assert_type(client.generate("hi", stream=True), aio.ChunkStream)
    assert_type(client.generate("hi", stream=flag), Answer | aio.ChunkStream)
    assert_type(await client.resume(), str)
    assert_type(client.resume(stream=True), aio.ChunkStream)
    assert_type(client.resume(stream=flag), Answer | aio.ChunkStream)
    assert_type(client.fork(), aio.ModelClient)
    closing = assert_type(client.close(), Coroutine[Any, Any, None])
    await closing
    async with client as same:
        assert_type(same, aio.ModelClient)


async def async_agent(client: aio.ModelClient, flag: bool) -> None:
    agent = aio.Agent(client, tools=[double])
    _ = assert_type(agent.run("go"), Answer)
    assert_type(await agent.run("go"), str)
    assert_type(agent.run("go", stream=True), aio.ChunkStream)
    assert_type(agent.run("go", stream=flag), Answer | aio.ChunkStream)
    assert_type(await agent.resume(), str)
    assert_type(agent.resume(stream=True), aio.ChunkStream)
    assert_type(agent.messages, aio.MessageHistory)
    assert_type(agent.as_model_client(), aio.ModelClient)
    assert_type(aio.Agent.from_config({}, client), aio.Agent)
    runner: aio.Runner = agent
    assert_type(runner.run("go", stream=flag), Answer | aio.ChunkStream)
    async for chunk in agent.run("go", stream=True):
        assert_type(chunk, aio.StreamChunk)


async def async_stream(stream: aio.ChunkStream) -> None:
    assert_type(stream.result, str)
    chunks: AsyncIterator[aio.StreamChunk] = stream
    assert_type(await anext(chunks), aio.StreamChunk)
    async with stream as same:
        assert_type(same, aio.ChunkStream)
    await stream.aclose()


@aimu.tool
def double(number: int) -> int:
    """A decorated function keeps its type."""
    return 2 * number


assert_type(double(2), int)


async def what_must_be_refused(client: aio.ModelClient, agent: aio.Agent, sync: aimu.ModelClient) -> None:
    # an await that was forgotten
    forgotten: str = client.chat("hi")  # type: ignore[assignment]
    client.chat("hi").upper()  # type: ignore[attr-defined]
    client.chat("hi")  # type: ignore[unused-coroutine]
    agent.run("go")  # type: ignore[unused-coroutine]
    client.close()  # type: ignore[unused-coroutine]
    # an await too many
    await client.chat("hi", stream=True)  # type: ignore[misc]
    await agent.run("go", stream=True)  # type: ignore[misc]
    await sync.chat("hi")  # type: ignore[misc]
    # the wrong kind of loop
    for _ in client.chat("hi", stream=True):  # type: ignore[attr-defined]
        pass
    async for _ in sync.chat("hi", stream=True):  # type: ignore[attr-defined]
        pass
    async for _ in await client.chat("hi", stream=True):  # type: ignore[misc]
        pass
    # the other surface
    aimu.Agent(client)  # type: ignore[arg-type]
    aio.Agent(sync)  # type: ignore[arg-type]
    # what nobody takes
    aimu.chat("hi")  # type: ignore[call-overload]
    client.chat("hi", streaming=True)  # type: ignore[call-overload]
    double("2")  # type: ignore[arg-type]
    _ = forgotten
