"""What every runner is, but for the waiting: who speaks in it, forks of it, and how it becomes a tool."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Self

from aimu.core.colour import colour_of
from aimu.core.conversation import Conversation
from aimu.core.messages import Message
from aimu.core.options import Images, Kwargs
from aimu.core.structured import OutputSchema, Schema, wire_name
from aimu.core.toolcalls import Tool
from aimu.errors import ColourError, ToolError

MessageHistory = dict[str, list[Message]]


@dataclass(frozen=True)
class Task:
    """What a run is asked to do."""

    text: str
    generate_kwargs: Kwargs = None
    stream: bool = False
    images: Images = None
    schema: Schema | None = None


class RunnerState:
    """What is asked of any runner; one that speaks itself answers for itself, one that has members for them."""

    name: str | None = None
    _stands_in = False  # for another runner, while that one is at work

    @property
    def messages(self) -> MessageHistory:
        """The history of each speaker by its name."""
        raise NotImplementedError

    def speakers(self) -> list[RunnerState]:
        """Who speaks in this runner: itself, or those it is made of, each once."""
        return unique_speakers([self])

    def conversations(self) -> list[Conversation]:
        """The conversations this runner speaks in; two runners that share one may not run together (RUNNER-1)."""
        return conversations_of(self.speakers())

    def fork(self, suffix: str = "") -> Self:
        """The same runner with conversations of its own (RUNNER-6).

        Args:
            suffix: Put behind the name of each speaker.

        Raises:
            TypeError: this kind of runner cannot be forked.
        """
        return self._fork(suffix, {})

    def _fork(self, suffix: str, forks: dict[int, Any]) -> Self:  # noqa: ARG002 - those that can use them
        raise TypeError(f"{type(self).__name__} brings no fork; it can do one task at a time, or needs a fork(suffix)")

    def _parts(self) -> Iterable[Any]:
        """Itself where it speaks, and the runners it is made of or may call."""
        brings_own = type(self).speakers is not RunnerState.speakers
        return self.speakers() if brings_own else [self]

    def _own_conversation(self) -> Conversation | None:
        return None

    def _own_messages(self) -> MessageHistory:
        return self.messages

    def _can_constrain(self, schema: OutputSchema) -> bool:  # noqa: ARG002 - those that can look at it
        """Whether the provider itself keeps answers to the schema."""
        return False

    def _can_resume(self) -> bool:
        return False


def unique_speakers(runners: Iterable[Any]) -> list[RunnerState]:
    """Who speaks in these runners, each once; runners that call each other in a circle end the search."""
    found: list[RunnerState] = []
    seen: set[int] = set()

    def visit(runner: Any) -> None:
        seen.add(id(runner))
        for part in runner._parts():
            if part is runner:
                found.append(runner)
            elif id(part) not in seen:
                visit(part)

    for runner in runners:
        if id(runner) not in seen:
            visit(runner)
    return found


def conversations_of(speakers: Iterable[RunnerState]) -> list[Conversation]:
    """The conversations these speak in."""
    return [held for speaker in speakers if (held := speaker._own_conversation())]


def merged_messages(speakers: Iterable[RunnerState]) -> MessageHistory:
    """The histories of all speakers in one dict (WORKFLOW-3).

    Raises:
        ValueError: two speakers have one name.
    """
    told = [(speaker, *item) for speaker in speakers for item in speaker._own_messages().items()]
    given: set[str] = set()
    for name in (name for speaker, name, _ in told if not speaker._stands_in):
        if name in given:
            raise ValueError(f"two speakers are called {name!r}; give one another name")
        given.add(name)
    merged: MessageHistory = {}
    for speaker, name, history in told:
        merged[_free_name(name, given | set(merged)) if speaker._stands_in else name] = history
    return merged


def _free_name(name: str, taken: set[str]) -> str:
    """``name``, or where it is taken the next one of its kind: ``writer-3`` after ``writer-2`` (RUNNER-6)."""
    stem = name.rpartition("-")[0] or name
    return name if name not in taken else next(free for n in count(2) if (free := f"{stem}-{n}") not in taken)


def forked_once(runner: RunnerState, suffix: str, forks: dict[int, Any]) -> Any:
    """The fork of ``runner`` in this copying; one that is met twice has one fork."""
    if id(runner) not in forks:
        own = type(runner)._fork is RunnerState._fork  # a runner of the user's own has `fork` at most
        forks[id(runner)] = runner.fork(suffix) if own else runner._fork(suffix, forks)
    return forks[id(runner)]


def forked_tools(tools: Iterable[Tool], suffix: str, forks: dict[int, Any]) -> list[Tool]:
    """``tools`` with each runner behind them forked; one that brings no fork goes on doing one task at a time."""

    def forked(tool: Tool) -> Tool:
        runner: Any = understudies.runner if (understudies := getattr(tool, "__aimu_runner__", None)) else None
        if runner is None or (type(runner)._fork, type(runner).fork) == (RunnerState._fork, RunnerState.fork):
            return tool
        told = tool.__tool_spec__["function"]  # type: ignore[attr-defined]
        again: Tool = forked_once(runner, suffix, forks).as_tool(told["name"], told["description"])
        return again

    return [forked(tool) for tool in tools]


def require_colour(thing: object, owner: object, what: str, kind: type) -> None:
    """Refuse a part of ``owner`` that is of the other surface, or is no such thing at all (COLOUR-2).

    Args:
        thing: The part.
        owner: What it is a part of, or its class, whose colour it must have.
        what: What to call it in an error.
        kind: RunnerState or ClientState.

    Raises:
        ColourError: it belongs to the other surface.
        TypeError: it is none.
    """
    colour, wanted = colour_of(thing), colour_of(owner) or "sync"
    if colour is None or not isinstance(thing, kind):
        noun, how = ("runner", "Agent(client)") if kind is RunnerState else ("client", "client()")
        how = "its as_model_client()" if noun == "client" and hasattr(thing, "as_model_client") else how
        raise TypeError(f"{what} must be a {noun} of this library, not {type(thing).__name__}; {how} is one")
    if colour != wanted:
        here, there = ("aimu.aio", "aimu") if wanted == "async" else ("aimu", "aimu.aio")
        made = _library_name(type(thing)) if kind is RunnerState else "client()"
        raise ColourError(
            f"{what} is {colour} and this is {here}, the {wanted} surface; "
            f"use {here}.{made}, or {there}.{_library_name(owner if isinstance(owner, type) else type(owner))}"
        )


def _library_name(made_of: type) -> str:
    """The name of a class in the front door; one of the user's own goes by what it extends."""
    return next(base.__name__ for base in made_of.__mro__ if base.__module__.partition(".")[0] == "aimu")


class Understudies:
    """A runner behind a tool, and the forks of it that take the calls made while it is busy (RUNNER-6)."""

    def __init__(self, runner: RunnerState) -> None:
        self.runner = runner
        self._runners = {1: runner}
        self._numbers = count(2)
        # popping from and pushing on a heap is one step for other threads
        self._free = [1]

    @classmethod
    def of(cls, runner: RunnerState) -> Self:
        """The understudies of a runner, whatever number of tools it is; a copy of the runner has its own."""
        understudies: Self = vars(runner).setdefault("_understudies", cls(runner))
        if understudies.runner is not runner:
            understudies = vars(runner)["_understudies"] = cls(runner)
        return understudies

    def conversations(self) -> list[Conversation]:
        return conversations_of(unique_speakers([self]))

    def _parts(self) -> Iterable[RunnerState]:
        return [self._runners[number] for number in sorted(self._runners)]

    @contextmanager
    def one(self, task: str) -> Iterator[Any]:
        """A runner for one call: the first that is free, or another one.

        Raises:
            ToolError: there is no task.
        """
        if not task.strip():
            raise ToolError("argument 'task' is empty; say what to do")
        try:
            number = heapq.heappop(self._free)
        except IndexError:
            number = next(self._numbers)
            self._runners[number] = self.runner.fork(f"-{number}")
            for speaker in unique_speakers([self._runners[number]]):
                speaker._stands_in = True
        try:
            yield self._runners[number]
        finally:
            heapq.heappush(self._free, number)


def runner_tool(tool: Tool, understudies: Understudies, name: str | None, description: str | None) -> Tool:
    """``tool`` under the name and description a model shall know it by (RUNNER-5)."""
    runner = understudies.runner
    made = wire_name(name or getattr(runner, "name", None), "worker")
    instructions = str(getattr(runner, "system_message", None) or "").strip()
    told = description or instructions.partition("\n")[0] or f"Give {made} a task and get its answer."
    tool.__name__ = tool.__qualname__ = made
    tool.__tool_spec__["function"].update(name=made, description=told)  # type: ignore[attr-defined]
    tool.__aimu_runner__ = understudies  # type: ignore[attr-defined]
    return tool
