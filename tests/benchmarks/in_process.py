"""Models in this process against their own libraries: prompts computed again, speed, our loop, the event loop."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rich.console import Console
from rich.progress import Progress

from aimu import aio
from conformance.models import MICRO_FOLDER, MICRO_GGUF
from conformance.models.conversations import CONVERSATIONS
from tests.benchmarks.engines import ENGINES, Engine, Message

SMOL = "smollm2-135m-instruct"
SYSTEMS = ("You are Zorblat.", "Be brief.")  # a conversation for each: they differ from the first tokens on
QUESTIONS = {
    "micro": [one["content"] for one in CONVERSATIONS["ten_turns"].messages if one["role"] == "user"],
    "smollm2": [
        "What is the sea?",
        "Why is it salty?",
        "Name three animals that live there.",
        "Which of them is the largest?",
        "What does it eat?",
        "How deep can it dive?",
        "How long does it live?",
        "Who sailed the sea first?",
        "What did they look for?",
        "Tell me in one sentence what we talked about.",
    ],
}
LONG_ANSWER = {"micro": "Count to 200.", "smollm2": "Write a long story about a sailor."}
BEAT = 0.005
WAYS = {1: ("ours", "ours, cleared", "bare"), 2: ("ours", "bare")}  # for as many conversations at once
Clock = Callable[[], float]
Timed = tuple[float, int, int]  # seconds, prompt tokens computed, tokens computed for the reply
Advance = Callable[[], None]


class Conversation:
    """A conversation of ours, or of the library's own with its history kept here."""

    def __init__(self, engine: Engine, way: str, system: str, options: argparse.Namespace) -> None:
        self._engine, self._way = engine, way
        self._clock: Clock = options.clock
        self._max_tokens = options.max_tokens
        self._client = engine.client.fork()
        self._client.reset(system)
        self._history: list[Message] = [{"role": "system", "content": system}]

    def ask(self, question: str) -> Timed:
        """One turn, timed and counted."""
        if self._way == "ours, cleared":
            self._engine.forget()
        with self._engine.counted() as computed:
            started = self._clock()
            self._answer(question)
            return self._clock() - started, computed.prompt, computed.reply

    def _answer(self, question: str) -> None:
        if self._way != "bare":
            self._client.chat(question, {"temperature": 0, "max_tokens": self._max_tokens})
            return
        self._history.append({"role": "user", "content": question})
        answer = self._engine.bare(self._history, self._max_tokens)
        self._history.append({"role": "assistant", "content": answer})


def talk(engine: Engine, way: str, at_once: int, options: argparse.Namespace, questions: Sequence[str]) -> list[Timed]:
    """Conversations that take turns; for each turn the mean of theirs."""
    engine.forget()
    conversations = [Conversation(engine, way, system, options) for system in SYSTEMS[:at_once]]
    turns = [[one.ask(question) for one in conversations] for question in questions]
    return [(_mean(turn, 0), round(_mean(turn, 1)), round(_mean(turn, 2))) for turn in turns]


def _mean(turn: Sequence[Timed], place: int) -> float:
    return statistics.fmean(one[place] for one in turn)


def show_reuse(engine: Engine, label: str, options: argparse.Namespace, advance: Advance) -> None:
    """Prompt tokens computed and seconds of each way, at the last turn and in all."""
    questions = QUESTIONS[label.split()[0]][: options.turns]
    cases = [(at_once, way) for at_once, ways in WAYS.items() for way in ways]
    runs: dict[tuple[int, str], list[list[Timed]]] = {case: [] for case in cases}
    for _ in range(options.conversations):
        for at_once, way in cases:
            runs[at_once, way].append(talk(engine, way, at_once, options, questions))
            advance()
    for (at_once, way), repeated in runs.items():
        turns = [_median(turn) for turn in zip(*repeated, strict=True)]
        last, total = turns[-1], [sum(column) for column in zip(*turns, strict=True)]
        print(
            f"{label:17} {way:13} {at_once} at once   turn {len(turns):2}: {last[1]:5} prompt tokens {last[0]:7.3f} s"
            f"   all turns: {total[1]:6.0f} prompt + {total[2]:5.0f} reply tokens {total[0]:8.3f} s"
        )


def _median(turn: Sequence[Timed]) -> Timed:
    seconds, prompt, reply = (statistics.median(column) for column in zip(*turn, strict=True))
    return seconds, round(prompt), round(reply)


def show_speed(engine: Engine, label: str, options: argparse.Namespace, advance: Advance) -> None:
    """Tokens in a second of a long answer to a short prompt, and what we add to a token."""
    with asyncio.Runner() as runner:
        calls = _ways(engine, runner, LONG_ANSWER[label.split()[0]], options.tokens)
        calls = {name: calls[name] for name in ("bare", "ours", "aio")}  # a stream is the same with less to do
        answers = {name: engine.tokens_of(call()) for name, call in calls.items()}
        medians = _interleaved(engine, calls, options.rounds, options.clock, advance)
    bare = len(answers["bare"]) / medians["bare"]
    for name, seconds in medians.items():
        count = len(answers[name])
        added = (seconds - medians["bare"]) / count * 1e6
        same = "" if answers[name] == answers["bare"] else "   ANOTHER ANSWER"
        print(
            f"{label:17} {name:13} {count:4} tokens: {count / seconds:8.1f} a second   of bare "
            f"{count / seconds / bare:6.3f} >= 0.950   adds {added:8.1f} us a token{same}"
        )


def show_loop(engine: Engine, label: str, options: argparse.Namespace, advance: Advance) -> None:
    """What a call and a token cost without the model: an answer played back, once and twice in a row."""
    question = LONG_ANSWER[label.split()[0]]
    tokens = engine.tokens_of(engine.bare([{"role": "user", "content": question}], options.tokens))
    medians = []
    with asyncio.Runner() as runner:
        for played in (tokens, tokens * 2):
            calls = _ways(engine, runner, question, len(played))
            if not engine.has_loop:
                del calls["bare"]
            with engine.played(played):
                medians.append(_interleaved(engine, calls, options.rounds * 10, options.clock, advance))
    count = len(tokens)
    for name, once in medians[0].items():
        twice = medians[1][name]
        print(
            f"{label:17} {name:13} without the model: {count:3} tokens {once * 1e3:6.2f} ms, {2 * count:3} tokens "
            f"{twice * 1e3:6.2f} ms: {(twice - once) / count * 1e6:6.1f} us for one more"
        )


def _ways(engine: Engine, runner: asyncio.Runner, question: str, max_tokens: int) -> dict[str, Callable[[], str]]:
    kwargs = {"temperature": 0, "max_tokens": max_tokens}
    awaited = aio.client(engine.client)
    return {
        "bare": lambda: engine.bare([{"role": "user", "content": question}], max_tokens),
        "ours": lambda: str(engine.client.generate(question, kwargs)),
        "aio": lambda: str(runner.run(awaited.generate(question, kwargs))),
        "ours, stream": lambda: _joined(engine.client.generate(question, kwargs, stream=True)),
        "aio, stream": lambda: runner.run(_awaited(awaited.generate(question, kwargs, stream=True))),
    }


def _joined(stream: Any) -> str:
    return "".join(chunk.content for chunk in stream)


async def _awaited(stream: Any) -> str:
    return "".join([chunk.content async for chunk in stream])


def _interleaved(
    engine: Engine, calls: dict[str, Callable[[], str]], rounds: int, clock: Clock, advance: Advance
) -> dict[str, float]:
    """Median seconds of each, taking turns so that a slow moment hits all of them; the first round is not counted.

    Each round begins with another one: who goes first, or follows the bare library, would have it easier.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        names = list(calls)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            engine.forget()
            started = clock()
            calls[name]()
            if number:
                times[name].append(clock() - started)
    advance()
    return {name: statistics.median(each) for name, each in times.items()}


def show_heartbeat(engine: Engine, label: str, options: argparse.Namespace, advance: Advance) -> None:
    """How long a task that wakes every 5 ms was kept waiting while the model read a long prompt and answered."""
    prompt = " ".join(QUESTIONS[label.split()[0]] * options.prompt)
    kwargs = {"temperature": 0, "max_tokens": options.tokens}
    gaps: list[float] = []
    for _ in range(options.beats):
        engine.forget()
        gaps += asyncio.run(_beaten(aio.client(engine.client).generate(prompt, kwargs)))
        advance()
    idle = asyncio.run(_beaten(asyncio.sleep(1)))
    print(
        f"{label:17} event loop: largest gap {max(gaps) * 1000:6.1f} ms < 250   99 % within {_most(gaps) * 1000:6.1f}"
        f"   of {len(gaps)} beats   (nothing running: {max(idle) * 1000:.1f})"
    )


async def _beaten(work: Any) -> list[float]:
    """The time between two beats, for as long as the work goes on."""
    gaps: list[float] = []

    async def beat() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(BEAT)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    beating = asyncio.create_task(beat())
    await work
    await asyncio.sleep(2 * BEAT)
    beating.cancel()
    return gaps


def _most(gaps: Sequence[float]) -> float:
    return sorted(gaps)[int(len(gaps) * 0.99)]


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench in-process", description=__doc__)
    add = partial(parser.add_argument, metavar="N", type=int)
    parser.add_argument("--models", nargs="+", choices=sorted(QUESTIONS), default=["micro", "smollm2"])
    parser.add_argument("--engines", nargs="+", choices=sorted(ENGINES), default=["llamacpp", "hf"])
    add("--conversations", default=1, help="runs of each conversation (default: %(default)s)")
    add("--turns", default=10, help="turns of a conversation (default: %(default)s)")
    add("--max-tokens", default=32, help="longest answer of a turn (default: %(default)s)")
    add("--rounds", default=5, help="timed long answers of each contender (default: %(default)s)")
    add("--tokens", default=64, help="tokens of a long answer (default: %(default)s)")
    add("--beats", default=1, help="runs of the heartbeat (default: %(default)s)")
    add("--prompt", default=8, help="how often the heartbeat's prompt says all questions (default: %(default)s)")
    add("--threads", default=None, help="threads of an engine (default: its own choice)")
    parser.add_argument(
        "--cpu",
        dest="clock",
        action="store_const",
        const=time.process_time,
        default=time.perf_counter,
        help="seconds of this process's CPU time in place of the clock's: for a busy machine, with --threads 1",
    )
    parser.add_argument("--micro-folder", default=MICRO_FOLDER, help="the micro model as a folder")
    parser.add_argument("--micro-gguf", default=MICRO_GGUF, help="the micro model as a GGUF file")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Print every comparison."""
    options = _options(argv)
    micro = {"hf": options.micro_folder, "llamacpp": options.micro_gguf}
    steps = options.conversations * sum(map(len, WAYS.values())) + options.beats + 3
    console = Console()
    print("models in this process; medians, aims behind values; 'bare' is the engine's own call with the whole history")
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for model, name in [(model, engine) for model in options.models for engine in options.engines]:
            advance = partial(progress.advance, progress.add_task(f"{model} {name}", total=steps))
            engine = ENGINES[name](str(micro[name]) if model == "micro" else SMOL, options.threads)
            for show in (show_reuse, show_speed, show_loop, show_heartbeat):
                show(engine, f"{model} {name}", options, advance)
                sys.stdout.flush()
            engine.client.close()


if __name__ == "__main__":
    main()
