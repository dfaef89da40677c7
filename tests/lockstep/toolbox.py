"""The tools there are, in the colour of each surface: those that work, and one for each way to fail."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from aimu import tool
from aimu.core.toolcalls import Tool
from aimu.errors import ToolError
from tests.lockstep.surfaces import PATIENCE

if TYPE_CHECKING:
    from tests.lockstep.life import Life


class Point(BaseModel):
    x: int
    y: float = 0.0


def add(a: int, b: int = 1) -> int:
    """Add two numbers.

    Args:
        a: One of them.
    """
    return a + b


def place(at: Point, kind: Literal["flag", "pin"] = "pin", tags: list[str] | None = None) -> dict[str, Any]:
    """Put something somewhere."""
    return {"at": at, "kind": kind, "tags": tags}


def echo(text: str) -> str:
    """Say it again."""
    return text


def half() -> str:
    """Half of a character."""
    return "\ud83d"


def sulk(text: str = "no") -> str:
    """Tell the model that it failed."""
    raise ToolError(text)


def moan(text: str = "ouch") -> str:
    """Fail."""
    raise ValueError(text)


def chain() -> str:
    """Fail for a reason."""
    raise OSError("the disk") from KeyError("the key")


def crowd() -> str:
    """Fail in two ways."""
    raise ExceptionGroup("both", [ValueError("one"), TypeError("two")])


def stop() -> str:
    """Fail in the way that ends a generator."""
    raise StopIteration


def odd() -> object:
    """A result without a JSON form."""
    return object()


def leave() -> str:
    """End the program."""
    raise KeyboardInterrupt


PLAIN: tuple[Callable[..., Any], ...] = (add, place, echo, half, sulk, moan, chain, crowd, stop, odd, leave)
FAIL = frozenset(["moan", "chain", "crowd", "stop", "odd", "leave", "meddle", "gossip", "wait"])
COMPANY = "not in company"
NAMES = (*(function.__name__ for function in PLAIN), "meddle", "gossip", "wait")


class Toolbox:
    """The tools of one life; each notes that it ran.

    Args:
        life: Life, in which they run.
    """

    def __init__(self, life: Life) -> None:
        self._life = life
        self._made: dict[tuple[str, bool], Tool] = {}

    def pick(self, name: str, awaited: bool) -> Tool:
        """A tool, the same object each time.

        Args:
            name: str, of NAMES.
            awaited: bool, whether it is an async function where the surface can have one.
        """
        awaited = awaited and self._life.surface.name == "aio"
        if (name, awaited) not in self._made:
            self._made[name, awaited] = self._make(name, awaited)
        return self._made[name, awaited]

    def _make(self, name: str, awaited: bool) -> Tool:
        for function in PLAIN:
            if function.__name__ == name:
                noted = self._noted(function)
                return tool(_async_twin(noted) if awaited else noted)
        on_aio = self._life.surface.name == "aio"
        # what waits itself is of the colour of its surface, whatever is asked for
        made: dict[str, Callable[..., Any]] = {
            "meddle": self._meddle,
            "gossip": self._gossip_aio if on_aio else self._gossip,
        }
        made["wait"] = self._wait_aio if on_aio else self._wait
        return tool(_named(made[name], name))

    def _noted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def noted(**arguments: Any) -> Any:
            self._life.ran.append(f"{function.__name__} {arguments!r}")
            return function(**arguments)

        return noted

    def _is_crowded(self) -> bool:
        """Whether other tools may run at the same time, so that what a tool does beside its result is a race."""
        return any(client.concurrent_tool_calls for client in self._life.clients)

    def _meddle(self, who: int = 0) -> str:
        """Change what stands still during a turn."""
        if self._is_crowded():
            return COMPANY
        self._life.client(who).reset()
        return "reset"

    def _gossip(self, who: int = 0) -> str:
        """Talk to another client."""
        if self._is_crowded():
            return COMPANY
        return str(self._life.client(who).chat("psst"))

    async def _gossip_aio(self, who: int = 0) -> str:
        """Talk to another client."""
        if self._is_crowded():
            return COMPANY
        return str(await self._life.client(who).chat("psst"))

    def _wait(self) -> str:
        """Be interrupted while it waits."""
        if self._is_crowded():
            return COMPANY
        self._life.surface.interrupt()
        self._life.over.wait(PATIENCE)
        return "nobody came"

    async def _wait_aio(self) -> str:
        """Be interrupted while it waits."""
        if self._is_crowded():
            return COMPANY
        self._life.surface.interrupt()
        await asyncio.wait_for(asyncio.Event().wait(), PATIENCE)
        return "nobody came"


def _async_twin(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def twin(**arguments: Any) -> Any:
        await asyncio.sleep(0)
        return function(**arguments)

    return twin


def _named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The method as a function of that name, so that both surfaces offer the same."""
    if asyncio.iscoroutinefunction(function):

        @functools.wraps(function)
        async def twin(**arguments: Any) -> Any:
            return await function(**arguments)

        twin.__name__ = twin.__qualname__ = name
        return twin

    @functools.wraps(function)
    def plain(**arguments: Any) -> Any:
        return function(**arguments)

    plain.__name__ = plain.__qualname__ = name
    return plain
