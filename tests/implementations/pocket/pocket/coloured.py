"""The async surface: plays the same scripts by awaiting on the loop of the caller."""

import asyncio
import contextlib
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Self

from pocket.clients import Settings
from pocket.effects import Effect, Emit, Head, Open, Read, Run, Script, Shut, StreamChunk, Wait
from pocket.faults import failure_of, translated
from pocket.gate import refuse_schema
from pocket.jobs import Job
from pocket.runners import AgentBase, RunnerBase

LEAVING: Final[set[asyncio.Task[None]]] = set()  # a loop holds its tasks weakly


class ChunkStream(AsyncIterator[StreamChunk]):
    """The chunks of a turn as they come, and its result behind the last one."""

    def __init__(self, script: Script, line: "Line", then: Callable[[], Awaitable[None]] | None = None) -> None:
        self._script, self._line, self._then = script, line, then
        self._is_over, self._has_result = False, False
        self._result: Any = None

    async def __anext__(self) -> StreamChunk:
        if self._is_over:
            raise StopAsyncIteration
        try:
            effect = self._script.send(None)
            while not isinstance(effect, Emit):
                try:
                    answer = await self._line.perform(effect)
                except BaseException as error:
                    effect = self._script.throw(error)
                else:
                    effect = self._script.send(answer)
        except StopIteration as end:
            self._result, self._has_result = end.value, True
            await self.aclose()
            raise StopAsyncIteration from None
        except BaseException:
            await self.aclose()
            raise
        return effect.chunk

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not self._is_over:
            self._script.close()
            with contextlib.suppress(RuntimeError):  # without a loop there is nobody to close the response
                task = asyncio.get_running_loop().create_task(self._let_go(self._line, self._then))
                LEAVING.add(task)
                task.add_done_callback(LEAVING.discard)

    @property
    def result(self) -> Any:
        """The final text; RuntimeError as long as the stream is not exhausted."""
        if not self._has_result:
            raise RuntimeError("there is no result before the stream is exhausted; read it to its end")
        return self._result

    async def aclose(self) -> None:
        """End the turn."""
        if not self._is_over:
            self._is_over = True
            self._script.close()
            await self._let_go(self._line, self._then)

    @staticmethod
    async def _let_go(line: "Line", then: Callable[[], Awaitable[None]] | None) -> None:
        await line.shut()
        if then is not None:
            await then()


class Line:
    """What performs the effects of one script: a request at a time, and the jobs.

    Args:
        client: Settings, whose connection is used.
    """

    def __init__(self, client: Settings) -> None:
        self._client = client
        self._response: Any = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def perform(self, effect: Effect) -> Any:
        """Do what a script asks for."""
        match effect:
            case Open(body):
                return await self._open(json.dumps(body, ensure_ascii=False).encode())
            case Read():
                with translated(self._client.provider):
                    return await anext(self._pieces, None) if self._pieces is not None else None
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Run(jobs, together):
                await (run_together(jobs) if together else run_in_order(jobs))
            case Shut():
                await self.shut()
        return None

    async def shut(self) -> None:
        """Let the response go."""
        response, self._response = self._response, None
        if response is not None:
            await response.aclose()

    async def _open(self, body: bytes) -> Head:
        await self.shut()
        http, client = self._client._http, self._client
        request = http.build_request("POST", client._url, content=body, headers=client.headers)
        with translated(client.provider):
            self._response = await http.send(request, stream=True)
        self._pieces = self._response.aiter_bytes()
        return Head(self._response.status_code, self._response.headers, failure_of(self._response))


class ModelClient(Settings):
    """A model and a conversation with it; the class itself makes the client of the model's provider."""

    _on_aio = True
    __signature__ = inspect.signature(Settings)

    def __new__(cls, *_: Any, **__: Any) -> Any:
        return object.__new__(ChatClient if cls is ModelClient else cls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connection; that of a fork is not its own."""
        was_closed, self._is_closed = self._is_closed, True
        if not was_closed and not self._is_fork:
            await self._http.aclose()

    def _played(self, script: Script, stream: bool, then: Callable[[], Awaitable[None]] | None = None) -> Any:
        chunks = ChunkStream(script, Line(self), then)
        return chunks if stream else _exhausted(chunks)


async def _exhausted(chunks: ChunkStream) -> Any:
    async for _ in chunks:
        pass
    return chunks.result


class ChatClient(ModelClient):
    """A client of a server that speaks Chat Completions."""


class Runner(RunnerBase):
    """What runs tasks."""


class Agent(AgentBase, Runner):
    """A client with a name, instructions, tools and a bound."""

    _on_aio = True


def client(model: Any, *, system: str | None = None, **kwargs: Any) -> ModelClient:
    """Make a client.

    Args:
        model: str, Model or ModelSpec.
        system: str or None, default None: the system message.
        kwargs: those of ChatClient.
    """
    made: ModelClient = ModelClient(model, system_message=system, **kwargs)
    return made


def chat(
    user_message: str,
    *,
    model: Any,
    system: str | None = None,
    tools: Any = None,
    generate_kwargs: dict[str, Any] | None = None,
    stream: bool = False,
    images: Any = None,
    include: Any = None,
    schema: Any = None,
) -> Any:
    """One turn on a client of its own, which is closed behind it."""
    made = client(model, system=system, tools=tools)
    try:
        refuse_schema(schema)
        script = made._chat(user_message, generate_kwargs, True, stream, images, include)
    except BaseException:
        made._is_closed = True  # it never connected
        raise
    return made._played(script, stream, made.close)


async def run_in_order(jobs: list[Job]) -> None:
    """Run jobs up to the first whose failure rises."""
    for job in jobs:
        await run(job)
        if job.rising is not None:
            return


async def run_together(jobs: list[Job]) -> None:
    """Run all jobs at the same time; the first failure that rises cancels the others."""
    tasks = {asyncio.create_task(run(job)) for job in jobs}
    try:
        waiting = tasks
        while waiting:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(_is_failure(job.rising) for job in jobs):
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_failure(error: BaseException | None) -> bool:
    return error is not None and not isinstance(error, asyncio.CancelledError)


async def run(job: Job) -> None:
    """Run one job, and keep what comes of it."""
    if not job.prepare():
        return
    try:
        result = job.call() if job.is_async else await asyncio.to_thread(job.call)
        job.end(await result if inspect.isawaitable(result) else result)
    except BaseException as error:
        job.fail(error)
