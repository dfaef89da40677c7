"""How often each life is broken into, as the table of docs/cancellation.md: `python -m tests.sweep`."""

import asyncio
from functools import partial

from conformance.lives import BASIC
from tests.sweep.one_shots import ONE_SHOTS
from tests.sweep.places import all_ways, driver, sweep
from tests.sweep.runners import RUNNERS
from tests.sweep.servers import calling, connecting, in_memory, over_stdio
from tests.sweep.test_aio import A_FEW, ALL_THEN_SOME, some_of


def main() -> None:
    """Sweep all lives on the async surface, and print a row for each."""
    print("| life | broken into |\n|---|---|")
    for wire in ("openai", "anthropic"):
        for name, making in {**BASIC, **ONE_SHOTS}.items():
            row(f"{name}, {wire}", sweep(wire, name, making, 2))
    for name, making in RUNNERS.items():
        row(name, sweep("openai", name, making, 1, ALL_THEN_SOME))
    for name, making in BASIC.items():
        row(f"{name}, llamacpp", sweep("llamacpp", name, making, 1, some_of(name)))
    asyncio.run(servers())


async def servers() -> None:
    """The lives with a server."""
    with driver("aio", "openai") as d:
        for source in (in_memory, over_stdio):
            async with d.api.MCPClient(**source()) as mcp:
                row(f"calling a server {source.__name__}", await all_ways(partial(calling, d, mcp), {}))
        for source, points in ((in_memory, ALL_THEN_SOME), (over_stdio, A_FEW)):
            count = await all_ways(partial(connecting, d, source), points)
            row(f"connecting to a server {source.__name__}", count)


def row(life: str, count: int) -> None:
    """A row of the table."""
    print(f"| {life.replace('_', ' ')} | {count} |", flush=True)


if __name__ == "__main__":
    main()
