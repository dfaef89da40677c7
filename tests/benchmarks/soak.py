"""Very many short turns in one process, and what it holds between them: nothing may grow.

A life is one of each thing that a turn can be: a chat, a stream, a stream left half-way, a tool round, a fork, an
error, a client of one question. By hand 100,000 turns: ``tox run -e bench -- soak --turns 100000``; 2,000 in each run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import aimu
from aimu import aio
from aimu.errors import ProviderError
from tests.benchmarks.crowd import ERROR, Crowd, crowd
from tests.benchmarks.measure import Held, held, slope

SAMPLES = 10
WARM = 3  # samples before which caches fill
TURNS = 7  # of one life
ONE_SHOTS = 10  # lives between two clients of one question, which cost as much as a whole life
MEMORY = 4.0  # MiB by which resident memory may vary
BLOCKS = 0.05  # small allocations that one turn may keep
QUESTION = "Say something."


@aimu.tool
def look_up(place: str) -> str:
    """Look a place up.

    Args:
        place: Its name.
    """
    return f"{place} is a city."


class Life:
    """The turns of one sync client."""

    def __init__(self, server: Crowd, wire: str) -> None:
        self._server, self._wire, self._lives = server, wire, 0
        self._client = server.client(aimu, wire, tools=[look_up])

    def live(self) -> None:
        """One of each kind of turn."""
        self._client.reset()
        self._client.chat(QUESTION, use_tools=False)
        for _ in self._client.chat(QUESTION, use_tools=False, stream=True):
            pass
        with self._client.chat(QUESTION, use_tools=False, stream=True) as left:
            next(left)
        next(dropped := self._client.chat(QUESTION, use_tools=False, stream=True))
        del dropped
        self._fail(self._client.fork())
        with self._client.fork() as fork:
            aimu.Agent(fork, name="agent").run(QUESTION)
        for _ in aimu.Agent(self._client.fork(), name="agent").run(QUESTION, stream=True):
            pass
        self._lives += 1
        if self._lives % ONE_SHOTS == 0:
            with self._server.client(aimu, self._wire) as one_shot:
                one_shot.chat(QUESTION)

    def close(self) -> None:
        self._client.close()

    def tasks(self) -> int:
        return 0

    def _fail(self, client: aimu.ModelClient) -> None:
        try:
            client.chat(ERROR)
        except ProviderError:
            return
        raise RuntimeError("the server did not fail")


class AsyncLife:
    """The same turns of an async client, on a loop that goes on."""

    def __init__(self, server: Crowd, wire: str) -> None:
        self._server, self._wire, self._lives = server, wire, 0
        self._client = server.client(aio, wire, tools=[look_up])
        self._runner = asyncio.Runner()

    def live(self) -> None:
        """One of each kind of turn."""
        self._runner.run(self._live())

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()

    def tasks(self) -> int:
        return len(asyncio.all_tasks(self._runner.get_loop()))

    async def _live(self) -> None:
        self._client.reset()
        await self._client.chat(QUESTION, use_tools=False)
        async for _ in self._client.chat(QUESTION, use_tools=False, stream=True):
            pass
        async with self._client.chat(QUESTION, use_tools=False, stream=True) as left:
            await anext(left)
        await anext(dropped := self._client.chat(QUESTION, use_tools=False, stream=True))
        del dropped
        await self._fail(self._client.fork())
        async with self._client.fork() as fork:
            await aio.Agent(fork, name="agent").run(QUESTION)
        async for _ in aio.Agent(self._client.fork(), name="agent").run(QUESTION, stream=True):
            pass
        self._lives += 1
        if self._lives % ONE_SHOTS == 0:
            async with self._server.client(aio, self._wire) as one_shot:
                await one_shot.chat(QUESTION)

    async def _fail(self, client: aio.ModelClient) -> None:
        try:
            await client.chat(ERROR)
        except ProviderError:
            return
        raise RuntimeError("the server did not fail")


def sampled(life: Life | AsyncLife, turns: int, tell: Callable[[Held], None]) -> list[Held]:
    """Live for so many turns, with a look at what is held after each tenth of them."""
    lives = max(1, round(turns / TURNS / SAMPLES / ONE_SHOTS)) * ONE_SHOTS
    samples = []  # as long strings: a Held would be some twenty small allocations more
    for number in range(1, SAMPLES + 1):
        for _ in range(lives):
            life.live()
        now = held(number * lives * TURNS, life.tasks())
        tell(now)
        samples.append(json.dumps(asdict(now)))
    return [Held(**json.loads(sample)) for sample in samples]


def grown(samples: list[Held]) -> list[str]:
    """What grew once the caches were full, each in words; empty when nothing did."""
    samples = samples[WARM - 1 :]
    first, last = samples[0], samples[-1]
    pairs = {name: (getattr(first, name), getattr(last, name)) for name in ("descriptors", "threads", "tasks")}
    pairs |= {name: (first.ours.get(name, 0), last.ours.get(name, 0)) for name in sorted({*first.ours, *last.ours})}
    found = [f"{name}: {before}, then {now}" for name, (before, now) in pairs.items() if before != now]
    if (blocks := slope([(each.turns, each.blocks) for each in samples])) > BLOCKS:
        found.append(f"small allocations: {blocks:.3f} more with each turn")
    if (more := slope([(each.turns, each.memory) for each in samples]) * (last.turns - first.turns)) > MEMORY:
        found.append(f"memory: {more:.1f} MiB more")
    return found


def soak(turns: int, wire: str, surface: str) -> dict[str, Any]:
    """Live, and tell what was held and what grew."""
    began = time.perf_counter(), time.process_time()
    with crowd() as server:
        life = (Life if surface == "sync" else AsyncLife)(server, wire)
        samples = sampled(life, turns, _show)
        life.close()
        at_end = server.counts()
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    told = {"wire": wire, "surface": surface, "turns": samples[-1].turns, "requests": at_end["requests"]}
    return {**told, "wall": wall, "cpu": cpu, "samples": [asdict(each) for each in samples], "grown": grown(samples)}


def _show(now: Held) -> None:
    count = sum(now.ours.values())
    print(
        f"{now.turns:8} turns  {now.memory:7.1f} MiB  {now.blocks:8} blocks  {now.descriptors:3} descriptors  "
        f"{now.threads} threads  {now.tasks} tasks  {count} objects",
        flush=True,
    )


def main(arguments: list[str]) -> None:
    """Soak one surface on one wire; exit 1 when something grew."""
    parser = argparse.ArgumentParser(prog="bench soak", description=__doc__)
    parser.add_argument("--turns", type=int, default=100_000, help="in all (default: %(default)s)")
    parser.add_argument("--wire", choices=["openai", "anthropic"], default="openai")
    parser.add_argument("--surface", choices=["sync", "aio"], default="sync")
    parser.add_argument("--json", help="a file for what was held")
    options = parser.parse_args(arguments)
    told = soak(options.turns, options.wire, options.surface)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(told, file, indent=1)
    print(f"{told['turns']} turns, {told['requests']} requests, {told['wall']:.1f} s, {told['cpu']:.1f} s of CPU")
    for line in told["grown"]:
        print(f"GREW {line}")
    sys.exit(bool(told["grown"]))


if __name__ == "__main__":
    main(sys.argv[1:])
