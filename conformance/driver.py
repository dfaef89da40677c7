"""What a scenario talks to instead of a library: one vocabulary for both surfaces.

A scenario makes its library calls through the driver, which waits where its surface waits, refuses what does not
belong to its surface, and keeps a plain record, the projection, in which the two surfaces must agree.
"""

import contextlib
import copy
import gc
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Self, cast

from conformance.deadline import deadline
from conformance.implementation import Implementation
from conformance.network import offline
from conformance.outcomes import HarnessError, Trace
from conformance.recorder import Recorder
from conformance.residue import ThreadWatch
from conformance.rows import Rows
from conformance.stage import Stage

if TYPE_CHECKING:
    from conformance.check import Check
    from conformance.handles import Handle
    from conformance.readings.reading import Reading
    from conformance.requirement import Body
    from conformance.scripted import ScriptedServer, StandIn
    from conformance.targets import Target

STATE: Final = ("messages", "last_usage", "last_thinking", "stop_reason")


class Driver(Recorder):
    """Runs one check.

    Args:
        target: Target, what provides clients.
        implementation: Implementation, whose surfaces are called.
        check: Check or None, default None: what is run; None where a refusal is observed.

    Attributes:
        lib: the implementation's root module.
        api: the module of this surface, where `client`, `chat` and the classes are.
        is_ordered: bool, default True; a scenario whose requests race each other sets it to False.
        home: str, the module of the scenario that is running.
        rows: Rows, those that the scenario has tried so far.
    """

    def __init__(self, target: "Target", implementation: Implementation, check: "Check | None" = None) -> None:
        super().__init__()
        self.target = target
        self.implementation = implementation
        self.check = check
        self.lib = implementation.lib
        self.api = implementation.front_door(self.surface)
        self.is_ordered = True
        self.home = ""
        self.rows = Rows()
        self._stage = Stage(target, check)
        self._clients: list[Any] = []

    @property
    def server(self) -> "ScriptedServer":
        """The scripted server of this check; for a target in this process the forced model in its place."""
        return self._stage.server

    @property
    def readings(self) -> "list[Reading]":
        """What each answer of a recorded server says, read without the implementation."""
        return cast("StandIn", self.server).readings

    def trace(self) -> Trace:
        """What was asked of the model and answered so far, for who has to explain a failure; costs nothing before."""
        return self._stage.trace()

    def script(self, *replies: Any) -> None:
        """Say what the model answers; where the target is not scripted, do nothing.

        Args:
            replies: what `conformance.scripted.ScriptedServer.script` takes.
        """
        if "scripted" in self.target.capabilities:
            self.server.script(*replies)

    def client(self, **kwargs: Any) -> Any:
        """A client of the target on this surface, closed when the check ends.

        Args:
            kwargs: keywords of the implementation's `client()`.
        """
        return self.track(self.target.client(self, **kwargs))

    def track(self, client: Any) -> Any:
        """Close a client that the scenario made when the check ends, and compare its state; returns the client."""
        self._clients.append(client)
        return client

    @contextlib.contextmanager
    def row(self, name: str) -> Iterator[None]:
        """Try one row of a table: its failure is kept, the scenario goes on, and the check fails at its end.

        Args:
            name: str, such as "429, streamed, in a later round".
        """
        with self.rows.row(name):
            yield
        self.observe("row", name)
        if name in self.rows.fallen and "scripted" in self.target.capabilities:
            self.server.unscript()  # what the row did not ask for

    def leave(self) -> None:
        """Say that a call is being given up, so that a model in this process is not held at a gate meanwhile."""
        self._stage.let_go()

    def check_text(self, observed: str, scripted: str) -> None:
        """Compare a text with the scripted one, as strictly as the target permits."""
        self.target.check_text(observed, scripted)

    def twin(self, surface: str) -> Self:
        """This driver with the front door of another surface; for targets that must make a client of the other one."""
        other = copy.copy(self)
        other.api = self.implementation.front_door(surface)
        return other

    def play(self, body: "Body", limit: float) -> None:
        """Run a body to its end, on a stage of its own, and see that nothing is left.

        Args:
            body: the scenario.
            limit: float, seconds it may take.

        Raises:
            AssertionError: a task or a thread is left, or the network was used.
            HarnessError: the body made no library call, or suspended on the sync surface.
        """
        self.home = body.__module__
        watch = ThreadWatch()
        try:
            guard = contextlib.nullcontext() if self.target.uses_network else offline()
            with guard, deadline(limit):
                self._perform(body)
            self.projection += self._stage.record(self.is_ordered)
        except Exception:
            self._stage.raise_problem()
            raise
        finally:
            self._stage.stop()
        gc.collect(1)  # what was dropped unclosed warns now, in this check and not in a later one
        if left := watch.left():
            raise AssertionError(f"threads left: {', '.join(left)}")

    @abstractmethod
    async def wait(self, event: threading.Event, timeout: float = 20.0) -> None:
        """Wait for an event, without blocking the loop on aio; AssertionError when it does not come."""

    @abstractmethod
    def start(self, fn: Callable[[], Any]) -> "Handle":
        """Run something beside the body: in a thread on sync, as a task on aio.

        Args:
            fn: makes one library call and returns what it returned, or is an `async def` that uses the driver.
        """

    @abstractmethod
    def _perform(self, body: "Body") -> None: ...

    async def _act(self, body: "Body") -> None:
        try:
            await body(self)
            self.rows.require()
            if not self.calls:
                raise HarnessError(f"the body made no library call on the {self.surface} surface; see d.direct()")
            for number, client in enumerate(self._clients):
                self.observe(f"client {number}", self._state(client))
        except BaseException:
            with contextlib.suppress(Exception):
                await self._close_clients()
            raise
        await self._close_clients()

    def _state(self, client: Any) -> dict[str, Any]:
        """What is compared of a client; who races for a cache in this process finds more or less of it."""
        state = {name: getattr(client, name, None) for name in STATE}
        if not self.is_ordered and "wire" not in self.target.capabilities and state["last_usage"]:
            counts = state["last_usage"].items()
            state["last_usage"] = {name: count for name, count in counts if not name.startswith("cache_")}
        return state

    async def _close_clients(self) -> None:
        while self._clients:
            await self.close(self._clients.pop())
