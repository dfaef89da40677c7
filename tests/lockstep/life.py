"""What is alive on one surface: its clients, streams and runners, and what came of a step."""

from __future__ import annotations

import sys
import threading
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from conformance.certificates import one_certificate
from conformance.deadline import DeadlineExceeded, deadline
from conformance.projection import plain
from conformance.scripted import Fault, Gate, Raw, Reply, Request, ScriptedServer
from tests.lockstep.brain import answered, speaker
from tests.lockstep.record import Json, asked, canonical, fault_in, told
from tests.lockstep.surfaces import PATIENCE, Surface
from tests.lockstep.toolbox import Toolbox

P = ParamSpec("P")
Act = Callable[Concatenate["Life", P], Awaitable[Any]]
Answer = Reply | Fault | Raw
AGAIN = 1.0  # seconds after which who was not heard interrupts once more


class Interrupted:
    """In a script: the model is asked, and while it says nothing, who asked is interrupted."""

    def __repr__(self) -> str:
        return "Interrupted()"


Line = Answer | Interrupted


class Trap(Gate):
    """A gate that never opens, and interrupts who waits behind it."""

    def __init__(self, interrupt: Callable[[], None]) -> None:
        super().__init__()
        self._interrupt = interrupt
        self._waited = 0.0

    def wait(self, timeout: float) -> bool:
        if self._waited % AGAIN < timeout:
            self._interrupt()
        self._waited += timeout
        return super().wait(timeout)


class Life:
    """One surface, one scripted server, and all that was made on them.

    Args:
        surface: Surface, on which it is lived.
        server: ScriptedServer, its own.
        wire: str, "openai" or "anthropic".
        abilities: str, of the model, such as "tools,vision"; "" for none.
        settings: keywords of the first client.
    """

    def __init__(self, surface: Surface, server: ScriptedServer, wire: str, abilities: str, **settings: Any) -> None:
        self.surface = surface
        self.server = server
        self.over = threading.Event()
        self.ran: list[str] = []
        self.heard: list[Any] = []
        self.streams: dict[int, Any] = {}
        self.runners: list[Any] = []
        self.races: list[bool] = []  # which of them do several things at the same time
        self.salt = 0
        self.toolbox = Toolbox(self)
        self._script: deque[Line] = deque()
        self._lock = threading.Lock()
        model = f"{wire}:{server.model};{abilities}" if abilities else f"{wire}:{server.model}"
        with one_certificate():
            first = surface.api.client(model, base_url=server.url(wire), api_key=server.api_key, **settings)
        self.clients = [first]

    def client(self, who: int) -> Any:
        """A client that is alive, by any number."""
        return self.clients[who % len(self.clients)]

    def runner(self, who: int) -> Any:
        """A runner that is alive, by any number."""
        return self.runners[who % len(self.runners)]

    async def hear(self, stream: Any, count: int | None = None) -> bool:
        """Read chunks of a stream.

        Args:
            stream: of this surface.
            count: int or None, how many; None for all.

        Returns:
            bool: whether it is at its end.
        """
        while count is None or count > 0:
            try:
                self.heard.append(await self.surface.next(stream))
            except StopAsyncIteration:
                return True
            count = None if count is None else count - 1
        return False

    def live(self, act: Act[P], script: Sequence[Line], *args: P.args, **kwargs: P.kwargs) -> Json:
        """Take one step.

        Args:
            act: what is done.
            script: what the model answers, in turn.

        Returns:
            dict: what came of it, as plain data.
        """
        self._script, self.heard, self.ran = deque(script), [], []
        self.over.clear()
        self.server.clear()
        self.server.always(self._answer)
        with self._watched() as warned:
            outcome = self.surface.run(self._attempt(act(self, *args, **kwargs)))
        self.over.set()
        return {
            "outcome": outcome,
            "chunks": [_chunk(chunk) for chunk in self.heard],
            "requests": [asked(request) for request in self.server.requests],
            "ran": list(self.ran),
            "unasked": len(self._script),
            "warned": warned,
            "troubles": self.surface.troubles,
            **self.state(),
        }

    def state(self) -> Json:
        """What anybody can read of it."""
        return {
            "clients": [_client_state(client) for client in self.clients],
            "runners": [_histories(runner) for runner in self.runners],
            "faults": [fault for told in self._all_histories() if (fault := fault_in(told))],
        }

    def _all_histories(self) -> Iterator[list[Json]]:
        yield from (client.messages for client in self.clients)
        for runner in self.runners:
            yield from runner.messages.values()

    def close(self) -> None:
        """Close all that is alive, and the surface."""
        self.over.set()
        with deadline(PATIENCE):
            self.surface.run(self._close())
        self.surface.close()

    async def _close(self) -> None:
        while self.streams:
            await self.surface.end(self.streams.popitem()[1])
        self.runners.clear()
        while self.clients:
            await self.surface.end(self.clients.pop())
        await self.surface.rest()

    async def _attempt(self, work: Awaitable[Any]) -> Json:
        try:
            outcome = {"gave": plain(await work)}
        except DeadlineExceeded:
            raise
        except BaseException as exc:
            outcome = {"raised": told(exc)}
        if not self.streams:
            await self.surface.rest()
        return outcome

    def _answer(self, request: Request) -> Answer:
        if speaker(request):
            return answered(request, self.salt)
        if "psst" in canonical(request.body.get("messages", [])[-1:]):
            return Reply("hush")
        with self._lock:
            line = self._script.popleft() if self._script else Reply("that is all")
        if isinstance(line, Interrupted):
            return Reply([Trap(self.surface.interrupt), "never"])
        return line

    @contextmanager
    def _watched(self) -> Iterator[list[Json]]:
        """The span of a step: bounded in time, its warnings and what nobody could catch kept."""
        warned: list[Json] = []
        before, sys.unraisablehook = sys.unraisablehook, self._note
        try:
            with warnings.catch_warnings(record=True) as seen, deadline(2 * PATIENCE):
                warnings.simplefilter("always")
                yield warned
            warned += [
                {"type": w.category.__name__, "text": str(w.message), "file": _file_of(w.filename)} for w in seen
            ]
        finally:
            sys.unraisablehook = before

    def _note(self, unraisable: Any) -> None:
        self.surface.troubles.append(f"{unraisable.err_msg}: {unraisable.exc_value!r}")


def _file_of(path: str) -> str:
    """The folder where a warning is for who takes the steps, wherever on the surface that waits for them."""
    found = Path(path)
    return "lockstep" if found.parent == Path(__file__).parent else found.name


def _chunk(chunk: Any) -> Json:
    return {"phase": str(chunk.phase), "content": plain(chunk.content), "agent": chunk.agent, "round": chunk.iteration}


def _client_state(client: Any) -> Json:
    return {
        "messages": plain(client.messages),
        "system": client.system_message,
        "usage": plain(client.last_usage),
        "thinking": client.last_thinking,
        "stop": client.stop_reason,
        "tools": [made.__tool_spec__ for made in client.tools],
        "limits": [client.max_iterations, client.concurrent_tool_calls, client.on_tool_error],
        "kwargs": plain(client.default_generate_kwargs),
        "repr": repr(client),
    }


def _histories(runner: Any) -> Json:
    return {"messages": plain(runner.messages), "attempts": plain(getattr(runner, "last_attempts", None))}
