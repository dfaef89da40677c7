"""The sync surface: plays scripts by waiting in the thread that calls."""

import contextvars
import inspect
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from pocket.clients import Settings
from pocket.effects import Effect, Emit, Head, Open, Read, Run, Script, Shut, StreamChunk, Wait
from pocket.errors import ColourError
from pocket.faults import failure_of, translated
from pocket.gate import refuse_schema
from pocket.jobs import Job
from pocket.runners import AgentBase, RunnerBase


class ChunkStream(Iterator[StreamChunk]):
    """The chunks of a turn as they come, and its result behind the last one."""

    def __init__(self, script: Script, line: "Line", then: Callable[[], None] = lambda: None) -> None:
        self._script, self._line, self._then = script, line, then
        self._is_over, self._has_result = False, False
        self._result: Any = None

    def __next__(self) -> StreamChunk:
        if self._is_over:
            raise StopIteration
        try:
            effect = self._script.send(None)
            while not isinstance(effect, Emit):
                try:
                    answer = self._line.perform(effect)
                except BaseException as error:
                    effect = self._script.throw(error)
                else:
                    effect = self._script.send(answer)
        except StopIteration as end:
            self._result, self._has_result = end.value, True
            self.close()
            raise StopIteration from None
        except BaseException:
            self.close()
            raise
        return effect.chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    @property
    def result(self) -> Any:
        """The final text; RuntimeError as long as the stream is not exhausted."""
        if not self._has_result:
            raise RuntimeError("there is no result before the stream is exhausted; read it to its end")
        return self._result

    def close(self) -> None:
        """End the turn."""
        if not self._is_over:
            self._is_over = True
            self._script.close()
            self._line.shut()
            self._then()


class Line:
    """What performs the effects of one script: a request at a time, and the jobs.

    Args:
        client: Settings, whose connection is used.
    """

    def __init__(self, client: Settings) -> None:
        self._client = client
        self._response: Any = None
        self._pieces: Iterator[bytes] = iter(())

    def perform(self, effect: Effect) -> Any:
        """Do what a script asks for."""
        match effect:
            case Open(body):
                return self._open(json.dumps(body, ensure_ascii=False).encode())
            case Read():
                with translated(self._client.provider):
                    return next(self._pieces, None)
            case Wait(seconds):
                time.sleep(seconds)
            case Run(jobs, together):
                run_together(jobs) if together else run_in_order(jobs)
            case Shut():
                self.shut()
        return None

    def shut(self) -> None:
        """Let the response go."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def _open(self, body: bytes) -> Head:
        self.shut()
        http, client = self._client._http, self._client
        request = http.build_request("POST", client._url, content=body, headers=client.headers)
        with translated(client.provider):
            self._response = http.send(request, stream=True)
        self._pieces = self._response.iter_bytes()
        return Head(self._response.status_code, self._response.headers, failure_of(self._response))


class ModelClient(Settings):
    """A model and a conversation with it; the class itself makes the client of the model's provider."""

    _on_aio = False
    __signature__ = inspect.signature(Settings)

    def __new__(cls, *_: Any, **__: Any) -> Any:
        return object.__new__(ChatClient if cls is ModelClient else cls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; that of a fork is not its own."""
        if not self._is_closed and not self._is_fork:
            self._http.close()
        self._is_closed = True

    def _played(self, script: Script, stream: bool, then: Callable[[], None] = lambda: None) -> Any:
        chunks = ChunkStream(script, Line(self), then)
        if stream:
            return chunks
        for _ in chunks:
            pass
        return chunks.result


class ChatClient(ModelClient):
    """A client of a server that speaks Chat Completions."""


class Runner(RunnerBase):
    """What runs tasks."""


class Agent(AgentBase, Runner):
    """A client with a name, instructions, tools and a bound."""

    _on_aio = False


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
        made.close()
        raise
    return made._played(script, stream, made.close)


def run_in_order(jobs: list[Job]) -> None:
    """Run jobs up to the first whose failure rises."""
    for job in jobs:
        run(job)
        if job.rising is not None:
            return


def run_together(jobs: list[Job]) -> None:
    """Run all jobs at the same time, each to its end."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        for job in jobs:
            pool.submit(contextvars.copy_context().run, run, job)


def run(job: Job) -> None:
    """Run one job, and keep what comes of it."""
    if not job.prepare():
        return
    try:
        result = job.call()
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            raise ColourError(f"tool {job.name!r} returned an awaitable; use {__package__}.aio")
        job.end(result)
    except BaseException as error:
        job.fail(error)
