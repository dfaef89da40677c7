"""Generators run at the same time, in threads, and what they yield in one stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from aimu.core.chunks import StreamChunk

Work = Callable[[], Generator[StreamChunk, None, None]]
_END = object()


def interleaved(works: Sequence[Work], limit: int | None) -> Generator[StreamChunk, None, None]:
    """What the works yield, as they yield it; each runs to its own end, whatever becomes of the others (PARALLEL-4).

    Args:
        works: Make the generators; what one raises is its own affair.
        limit: How many run at the same time; None for all.
    """
    said: SimpleQueue[Any] = SimpleQueue()
    stopped = Event()
    waiting = deque((copy_context(), work) for work in works)
    # daemons: after Ctrl-C a hung worker holds up neither the caller nor the end of the process
    threads = [Thread(target=_work_off, args=(waiting, said, stopped), daemon=True) for _ in works[:limit]]
    try:
        for thread in threads:
            thread.start()
        yield from _heard(said, len(threads))
    except GeneratorExit:
        stopped.set()
        _join(threads)
        raise
    except BaseException:
        stopped.set()
        raise
    _join(threads)


def _heard(said: SimpleQueue[Any], speaking: int) -> Generator[StreamChunk, None, None]:
    while speaking:
        if (chunk := said.get()) is _END:
            speaking -= 1
        else:
            yield chunk


def _work_off(waiting: deque[tuple[Context, Work]], said: SimpleQueue[Any], stopped: Event) -> None:
    try:
        while not stopped.is_set():
            context, work = waiting.popleft()
            context.run(_say, work, said, stopped)
    except IndexError:
        pass  # another thread took the last one
    finally:
        said.put(_END)


def _say(work: Work, said: SimpleQueue[Any], stopped: Event) -> None:
    with suppress(BaseException), closing(work()) as chunks:  # whoever made the work keeps what it raised
        for chunk in chunks:
            if stopped.is_set():
                return
            said.put(chunk)


def _join(threads: Sequence[Thread]) -> None:
    for thread in threads:
        thread.join()
