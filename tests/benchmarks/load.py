"""Very many agents at once, ours and the bare SDK's in turns, in one process: ``tox run -e bench -- load``.

Each agent asks, runs the tool that the model calls, and asks again: two requests. The bare SDK sends the same two
bodies and reads the answers its own way, without a history, a loop, or a check of what came.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import anthropic
import httpx2
import openai

import aimu
from aimu import aio
from conformance.scripted import ScriptedServer
from tests.benchmarks.crowd import KINDS, Crowd, crowd
from tests.benchmarks.measure import Cost, Measured
from tests.benchmarks.soak import QUESTION, look_up

SDKS: dict[str, Any] = {"openai": openai, "anthropic": anthropic}
AGENTS, THREADS = 1000, 200
BOUND = 100  # connections
PATIENCE = 120.0  # seconds; the SDKs' own 5 for a connection count the time in which a busy process does other things
WARM = 20  # jobs before the first that is timed
Job = Callable[[], Any]


@dataclass(frozen=True)
class Plan:
    """One comparison: who asks, how many at once, on how many connections at most.

    ``connections`` None leaves both the connections and the time to wait for one as the SDK has them: 1,000, and 5 s.
    """

    wire: str
    surface: str
    stream: bool
    at_once: int
    connections: int | None = None

    @property
    def module(self) -> Any:
        return aimu if self.surface == "sync" else aio

    def settings(self) -> dict[str, Any]:
        """What the SDK's client is given to bound its connections: an HTTP client of its own kind, and patience."""
        if self.connections is None:
            return {}
        kind = "DefaultHttpxClient" if self.surface == "sync" else "DefaultAsyncHttpxClient"
        limits = httpx2.Limits(max_connections=self.connections, max_keepalive_connections=self.connections)
        return {"http_client": getattr(SDKS[self.wire], kind)(limits=limits), "timeout": PATIENCE}

    def ours(self, server: Crowd) -> Any:
        """Our client, with the same settings."""
        settings = self.settings()
        timeout = settings.pop("timeout", None)
        return server.client(self.module, self.wire, timeout=timeout, model_kwargs=settings)

    def sdk(self, server: Crowd) -> Any:
        """The SDK's own client."""
        name = {"openai": "OpenAI", "anthropic": "Anthropic"}[self.wire]
        kind = getattr(SDKS[self.wire], name if self.surface == "sync" else f"Async{name}")
        return kind(base_url=server.base_url(self.wire), api_key="k", max_retries=0, **self.settings())


def bodies(plan: Plan) -> list[dict[str, Any]]:
    """The two requests of one of our agents, as they went over the wire."""
    with ScriptedServer() as server:
        server.script(KINDS["call"], KINDS["text"])
        url = server.url(plan.wire)
        agent = aimu.Agent(aimu.client(f"{plan.wire}:m;tools", base_url=url, api_key="k"), name="a", tools=[look_up])
        answer = agent.run(QUESTION, stream=plan.stream)
        if plan.stream:
            list(answer)
        return [request.body for request in server.requests]


def _create(plan: Plan, sdk: Any) -> Callable[..., Any]:
    found: Callable[..., Any] = sdk.chat.completions.create if plan.wire == "openai" else sdk.messages.create
    return found


def ours_sync(plan: Plan, server: Crowd) -> tuple[Job, Job]:
    """One of our agents' work, and what closes the client."""
    client = plan.ours(server)

    def job() -> None:
        agent = aimu.Agent(client.fork(), name="a", tools=[look_up])
        for _ in agent.run(QUESTION, stream=True) if plan.stream else (agent.run(QUESTION),):
            pass

    return job, client.close


def typed_sync(plan: Plan, server: Crowd) -> tuple[Job, Job]:
    """The same through the SDK."""
    sdk, asked = plan.sdk(server), bodies(plan)
    create = _create(plan, sdk)

    def job() -> None:
        for body in asked:
            answer = create(**body)
            for _ in answer if plan.stream else ():
                pass

    return job, sdk.close


def ours_aio(plan: Plan, server: Crowd) -> tuple[Job, Job]:
    """As ``ours_sync``, awaited."""
    client = plan.ours(server)

    async def job() -> None:
        agent = aio.Agent(client.fork(), name="a", tools=[look_up])
        if not plan.stream:
            await agent.run(QUESTION)
            return
        async for _ in agent.run(QUESTION, stream=True):
            pass

    return job, client.close


def typed_aio(plan: Plan, server: Crowd) -> tuple[Job, Job]:
    """As ``typed_sync``, awaited."""
    sdk, asked = plan.sdk(server), bodies(plan)
    create = _create(plan, sdk)

    async def job() -> None:
        for body in asked:
            answer = await create(**body)
            if plan.stream:
                async for _ in answer:
                    pass

    return job, sdk.close


CONTENDERS: dict[str, dict[str, Callable[[Plan, Crowd], tuple[Job, Job]]]] = {
    "sync": {"ours": ours_sync, "typed": typed_sync},
    "aio": {"ours": ours_aio, "typed": typed_aio},
}


def run_sync(plan: Plan, server: Crowd, rounds: int) -> dict[str, Any]:
    """Threads, each doing one job after the other until all are done: two for each thread."""
    with ThreadPoolExecutor(plan.at_once) as pool:

        def together(job: Job, count: int) -> int:
            futures = [pool.submit(job) for _ in range(count)]
            return sum(future.exception() is not None for future in futures)

        return interleaved(plan, server, rounds, together, plan.at_once * 2)


def run_aio(plan: Plan, server: Crowd, rounds: int) -> dict[str, Any]:
    """Tasks, all begun at once."""

    async def gathered(job: Job, count: int) -> int:
        ended = await asyncio.gather(*(job() for _ in range(count)), return_exceptions=True)
        return sum(isinstance(each, BaseException) for each in ended)

    with asyncio.Runner() as runner:
        return interleaved(plan, server, rounds, lambda job, count: runner.run(gathered(job, count)), plan.at_once)


def interleaved(
    plan: Plan, server: Crowd, rounds: int, together: Callable[[Job, int], int], count: int
) -> dict[str, dict[str, float]]:
    """What each contender costs, the median of rounds in which they take turns, each time with a new client."""
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS[plan.surface]}
    for _ in range(rounds):
        for name, contender in CONTENDERS[plan.surface].items():
            job, close = contender(plan, server)
            together(job, WARM)
            server.counts()
            with Measured() as work:
                failed = together(job, count)
            seen[name].append(_told(work.cost, server.counts(), failed))
            together(close, 1)
    return {name: {key: statistics.median(one[key] for one in told) for key in told[0]} for name, told in seen.items()}


def _told(cost: Cost, counts: dict[str, int], failed: int) -> dict[str, float]:
    requests = max(1, counts["requests"])
    figures = {"requests": counts["requests"], "failed": failed, "wall": cost.wall, "cpu": cost.cpu}
    rates = {
        "per_second": requests / cost.wall,
        "cpu_ms": cost.cpu / requests * 1000,
        "bytes": counts["bytes"] / requests,
    }
    return {**figures, **rates, "memory": cost.memory, "descriptors": cost.descriptors, "peak": counts["peak"]}


def show(plan: Plan, told: dict[str, dict[str, float]]) -> None:
    """One line for each contender, and the ratio."""
    how = f"{plan.wire:9} {plan.surface:4} {'stream' if plan.stream else 'whole ':6} x{plan.at_once}"
    bound = f" <={plan.connections}" if plan.connections else ""
    for name, one in told.items():
        print(
            f"{how}{bound:6} {name:5} {one['requests']:6.0f} requests {one['failed']:3.0f} failed  "
            f"{one['per_second']:6.0f}/s  {one['wall']:6.2f} s  {one['cpu_ms']:6.2f} ms CPU each  "
            f"{one['memory']:5.0f} MiB  {one['descriptors']:5.0f} descriptors  {one['peak']:5.0f} connections",
            flush=True,
        )
    ratio = told["ours"]["cpu_ms"] / told["typed"]["cpu_ms"]
    print(f"{how}{bound:6} ours/typed {ratio:.2f} of the CPU", flush=True)


def plans(agents: int, threads: int) -> list[Plan]:
    """Every comparison."""
    kinds = [(wire, stream) for wire in SDKS for stream in (False, True)]
    tasks = [Plan(wire, "aio", stream, agents, BOUND) for wire, stream in kinds]
    return [*tasks, *(Plan(wire, "sync", stream, threads, BOUND) for wire, stream in kinds)]


def main(arguments: list[str]) -> None:
    """Print every comparison."""
    parser = argparse.ArgumentParser(prog="bench load", description=__doc__)
    parser.add_argument("--agents", type=int, default=AGENTS, help="async agents at once (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=THREADS, help="threads at once (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="timed rounds of each contender (default: %(default)s)")
    parser.add_argument("--json", help="a file for the figures")
    parser.add_argument("--as-is", action="store_true", help="the SDKs' own connection limits, one comparison only")
    options = parser.parse_args(arguments)
    found = []
    with crowd() as server:
        as_is = [Plan("openai", "aio", False, options.agents)]
        for plan in as_is if options.as_is else plans(options.agents, options.threads):
            told = (run_sync if plan.surface == "sync" else run_aio)(plan, server, options.rounds)
            show(plan, told)
            found.append({**vars(plan), "rounds": options.rounds, **told})
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
