"""What a process holds and what it has used: memory, descriptors, threads, objects, seconds of CPU."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, GeneratorType, TracebackType
from typing import Any, Self

PAGE = os.sysconf("SC_PAGE_SIZE")
INTERVAL = 0.05  # seconds between two looks at memory and descriptors
POOL = "asyncio_"  # how the threads of a loop's own pool are called
SUSPENDED = (AsyncGeneratorType, CoroutineType, GeneratorType)


def memory() -> float:
    """Resident memory in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def descriptors() -> int:
    """Open descriptors, but for the one this look needs."""
    return len(os.listdir("/proc/self/fd")) - 1


@dataclass(frozen=True)
class Held:
    """What a process holds at one moment, garbage collected.

    ``blocks`` are Python's own allocations of up to 512 bytes: one more for each string or number that is kept.
    ``threads`` leaves out those of an event loop's pool, which has as many as it once needed at a time.
    ``ours`` counts objects of the library and whatever is suspended in it, by type.
    """

    turns: int
    memory: float
    blocks: int
    descriptors: int
    threads: int
    tasks: int
    ours: dict[str, int]


def held(turns: int, tasks: int = 0) -> Held:
    """What is held after so many turns."""
    _forget()
    ours = Counter(name for thing in gc.get_objects() if (name := _our_name(thing)))
    threads = sum(not thread.name.startswith(POOL) for thread in threading.enumerate())
    return Held(turns, memory(), sys.getallocatedblocks(), descriptors(), threads, tasks, dict(ours))


def _forget() -> None:
    """Let the interpreter drop what nobody needs, and the names that it remembers of attributes looked up."""
    clear: Any = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
    clear()
    gc.collect()
    gc.collect()  # what a finalizer has let go


def _our_name(thing: Any) -> str:
    kind = type(thing)
    if kind in SUSPENDED:
        return f"{kind.__name__} {thing.__qualname__}"
    return f"{kind.__module__}.{kind.__qualname__}" if str(kind.__module__).startswith("aimu") else ""


def slope(points: list[tuple[float, float]]) -> float:
    """By how much the second number grows with the first: the median over all pairs, which no single point moves."""
    slopes = sorted((y2 - y1) / (x2 - x1) for i, (x1, y1) in enumerate(points) for x2, y2 in points[i + 1 :])
    return slopes[len(slopes) // 2]


@dataclass
class Cost:
    """What a piece of work took: seconds, seconds of CPU in this process, and the most it held at once."""

    wall: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    descriptors: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Measured:
    """A context in which work is measured; its ``cost`` is known at the end."""

    def __init__(self) -> None:
        self.cost = Cost()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        gc.collect()
        self._watch.start()
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cost.wall, self.cost.cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(INTERVAL):
            self.cost.memory = max(self.cost.memory, memory())
            self.cost.descriptors = max(self.cost.descriptors, descriptors())
