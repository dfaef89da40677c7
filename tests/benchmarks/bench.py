"""Our overhead against the typed SDKs and a bare HTTP client, interleaved in one run on a loopback server.

``in-process``, ``load``, ``growth``, ``soak`` or ``page`` as the first argument runs that instead.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.contenders import AsyncCall, Call, aio_contenders, sync_contenders
from tests.benchmarks.loopback import CHUNKS, loopback

AT_ONCE = 64
OTHERS = {"in-process": "in_process", **{name: name for name in ("load", "growth", "soak", "page")}}
AIMS = {
    ("openai", "chat"): "<= 0.80",
    ("anthropic", "chat"): "<= 0.80",
    ("openai", "stream"): "<= 0.20",
    ("anthropic", "stream"): "<= 0.55",
}


def interleaved(calls: dict[str, Call], rounds: int) -> dict[str, float]:
    """Median milliseconds of each contender, taking turns so that a slow moment hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 3):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if number >= 3:
                times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(each) for name, each in times.items()}


def show(wire: str, what: str, how: str, medians: dict[str, float]) -> None:
    """One line: milliseconds, and our ratios."""
    ours, typed, bare = (medians[name] for name in ("ours", "typed", "bare"))
    aim = AIMS[wire, what] if how in ("sync", "aio") else ""
    print(
        f"{wire:10} {what:7} {how:8} ours {ours:8.2f} ms   typed {typed:8.2f}   bare {bare:8.2f}   "
        f"ours/typed {ours / typed:5.2f} {aim:8} ours/bare {ours / bare:5.2f} <= 2.20"
    )


def run_sync(wire: str, url: str, rounds: int) -> None:
    """One at a time, then many threads at once."""
    for what, calls in sync_contenders(wire, url).items():
        show(wire, what, "sync", interleaved(calls, rounds))


def run_aio(wire: str, url: str, rounds: int) -> None:
    """One at a time, then many tasks at once."""
    with asyncio.Runner() as runner:
        for what, calls in aio_contenders(wire, url).items():
            alone = {name: _blocking(runner, call, 1) for name, call in calls.items()}
            show(wire, what, "aio", interleaved(alone, rounds))
            together = {name: _blocking(runner, call, AT_ONCE) for name, call in calls.items()}
            show(wire, what, f"aio x{AT_ONCE}", interleaved(together, max(3, rounds // 20)))


def _blocking(runner: asyncio.Runner, call: AsyncCall, at_once: int) -> Callable[[], None]:
    async def gathered() -> None:
        await asyncio.gather(*(call() for _ in range(at_once)))

    return lambda: runner.run(gathered())


def run_threads(wire: str, url: str, rounds: int) -> None:
    """Sync, with a client per thread."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        clients = [sync_contenders(wire, url) for _ in range(AT_ONCE)]
        for what in ("chat", "stream"):
            calls: dict[str, Call] = {
                name: partial(_all, pool, [each[what][name] for each in clients]) for name in ("ours", "typed", "bare")
            }
            show(wire, what, f"sync x{AT_ONCE}", interleaved(calls, max(3, rounds // 20)))


def _all(pool: ThreadPoolExecutor, calls: list[Call]) -> None:
    list(pool.map(lambda call: call(), calls))


def run_imports(rounds: int = 9) -> None:
    """What an import costs on top of bare Python, and on top of asyncio for the async surface."""
    code = {
        "nothing": "pass",
        "aimu": "import aimu",
        "asyncio": "import asyncio",
        "aimu.aio": "import asyncio, aimu.aio",
    }
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    calls: dict[str, Call] = {
        name: partial(subprocess.run, [sys.executable, "-c", line], check=True, env=environment)
        for name, line in code.items()
    }
    medians = interleaved(calls, rounds)
    print(f"import aimu      adds {medians['aimu'] - medians['nothing']:6.1f} ms to bare Python   < 60")
    print(f"import aimu.aio  adds {medians['aimu.aio'] - medians['asyncio']:6.1f} ms to asyncio       < 60")


def main() -> None:
    """Print every comparison."""
    if sys.argv[1:2] and (other := OTHERS.get(sys.argv[1])):
        import_module(f"tests.benchmarks.{other}").main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="timed calls of each contender (default: %(default)s)")
    rounds = parser.parse_args().rounds
    print(f"medians of {rounds} interleaved rounds; a stream has {CHUNKS} chunks; aims behind the ratios")
    with loopback() as url:
        for wire in ("openai", "anthropic"):
            run_sync(wire, url, rounds)
            run_aio(wire, url, rounds)
            run_threads(wire, url, rounds)
    run_imports()


if __name__ == "__main__":
    main()
