"""Where lives are lived: a driver of each surface, and how a life is swept there."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from conformance.driver import Driver
from conformance.implementation import Implementation, load
from conformance.lives import DROPPED, Making, Trap, lived
from conformance.surfaces import DRIVERS, step
from conformance.sweep import WAITS, WAYS, Life, once, swept
from conformance.targets import Target, find

Some: TypeAlias = Mapping[str, int]

DESCRIPTORS: Final = Path("/dev/fd")


@cache
def implementation() -> Implementation:
    """What is broken into."""
    return load("aimu")


@cache
def target(name: str) -> Target:
    """The target of that name; a model is loaded once."""
    return find(name)


@contextmanager
def driver(surface: str, name: str) -> Iterator[Driver]:
    """A driver whose server runs in the block."""
    made = DRIVERS[surface](target(name), implementation())
    made.server.clear()
    try:
        yield made
    finally:
        made._stage.stop()


def sweep(name: str, life: str, making: Making, rounds: int = 1, some: Some | None = None) -> int:
    """Break into a life of a target at each of its points; how often that was done.

    Args:
        name: str, the target.
        life: str, its name.
        making: what makes it.
        rounds: int, default 1: how many rounds of tools the model asks for.
        some: dict or None, default None: how many points of a way, where it is not every one.
    """

    async def work() -> int:
        with driver("aio", name) as d:
            return await all_ways(lambda: lived(d, making, Trap(), rounds), some or {}, may_drop=life == DROPPED)

    return asyncio.run(work())


async def all_ways(life: Life, some: Some, *, may_drop: bool = False) -> int:
    """Break into a life in every way, and see that no file or socket is left open; how often that was done."""
    folder = str(Path(implementation().lib.__file__ or "").parent)
    await once(life, folder, WAITS, None, may_drop)  # what is made once is there now
    before, count = descriptors(), 0
    for way in WAYS:
        count += await swept(life, folder, ways=(way,), at_most=some.get(way), may_drop=may_drop)
    assert descriptors() <= before, f"{descriptors()} files and sockets are open, {before} were before"
    return count


def perform(d: Driver, body: Coroutine[Any, Any, None]) -> None:
    """Run a body as the surface of the driver does."""
    if d.on_sync:
        step(body)
    else:
        asyncio.run(body)


def every(once: Callable[[int], bool]) -> int:
    """Call with 1, 2, 3 ... until it says that there is no such point; how many there are."""
    at = 1
    while once(at):
        at += 1
    return at - 1


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir(DESCRIPTORS))
