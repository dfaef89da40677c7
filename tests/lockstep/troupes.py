"""Nested runners: a plan of them that Hypothesis makes, built on each surface."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import strategies as st

import aimu
import aimu.aio
from tests.lockstep.life import Life

Options = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A runner of a troupe.

    Attributes:
        kind: str, of MAKERS.
        members: tuple of Part, what it is made of.
        options: dict, more of its fields.
    """

    kind: str
    members: tuple[Part, ...] = ()
    options: Options = field(default_factory=dict)

    @property
    def is_concurrent(self) -> bool:
        """Whether something in it runs at the same time as something else."""
        own = self.kind == "parallel" or self.options.get("concurrent_tool_calls", self.kind == "boss")
        return bool(own) or any(part.is_concurrent for part in self.members)


class Parrot(aimu.Runner):
    """A runner of the user's own, on the sync surface."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, task: str, *_: Any, **__: Any) -> Any:
        return f"{self.name} heard {task}"

    @property
    def messages(self) -> dict[str, list[dict[str, Any]]]:
        return {}


class AioParrot(aimu.aio.Runner):
    """A runner of the user's own, on the async surface."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def run(self, task: str, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        return f"{self.name} heard {task}"

    @property
    def messages(self) -> dict[str, list[dict[str, Any]]]:
        return {}


AioParrot.__name__ = Parrot.__name__  # errors name it


class Builder:
    """Makes the runners of a plan on the surface of a life.

    Args:
        life: Life.
    """

    def __init__(self, life: Life) -> None:
        self._life = life
        self._api = life.surface.api
        self._names = count()

    def build(self, part: Part) -> Any:
        """The runner, and all it is made of."""
        name = f"{part.kind}{next(self._names)}"
        members = [self.build(member) for member in part.members]
        return getattr(self, f"_{part.kind}")(name, members, dict(part.options))

    def _agent(self, name: str, members: list[Any], options: Options) -> Any:
        tools = [self._life.toolbox.pick(*wanted) for wanted in options.pop("tools", ())]
        tools += [member.as_tool() for member in members]
        client = self._life.clients[0].fork()
        return self._api.Agent(client, f"I am {name}", name, tools, **options)

    def _boss(self, name: str, members: list[Any], options: Options) -> Any:
        client = self._life.clients[0]
        return self._api.OrchestratorAgent.assemble(client, f"I am {name}", workers=members, name=name, **options)

    def _mask(self, name: str, members: list[Any], _: Options) -> Any:
        """An agent that speaks through another one."""
        return self._api.Agent(members[0].as_model_client(), f"I am {name}", name)

    def _parrot(self, name: str, *_: Any) -> Any:
        return AioParrot(name) if self._life.surface.name == "aio" else Parrot(name)

    def _chain(self, name: str, members: list[Any], _: Options) -> Any:
        return self._api.Chain(members, name)

    def _parallel(self, name: str, members: list[Any], options: Options) -> Any:
        aggregator = members.pop() if options.pop("aggregates", False) and len(members) > 1 else None
        return self._api.Parallel(members, name, aggregator, **options)

    def _router(self, name: str, members: list[Any], options: Options) -> Any:
        routing, *rest = members
        fallback = rest.pop() if options.get("falls_back") and len(rest) > 1 else None
        return self._api.Router(routing, {f"route{n}": one for n, one in enumerate(rest)}, name, fallback)

    def _improver(self, name: str, members: list[Any], options: Options) -> Any:
        return self._api.EvaluatorOptimizer(members[0], members[1], name, **options)

    def _planner(self, name: str, members: list[Any], options: Options) -> Any:
        scorer = self._api.LLMJudgeScorer(self._life.clients[0].fork())
        return self._api.PlanExecuteEvaluator(members[0], members[1], scorer, name=name, **options)


AGENTS = st.builds(
    Part,
    st.just("agent"),
    options=st.fixed_dictionaries(
        {},
        optional={
            "tools": st.sampled_from([[("add", False)], [("add", True), ("moan", False)], [("sulk", True)]]),
            "reset_messages_on_run": st.booleans(),
            "max_iterations": st.sampled_from([2, 3]),
            "on_tool_error": st.sampled_from(["raise", "report"]),
            "concurrent_tool_calls": st.sampled_from([False, False, True]),
        },
    ),
)


def _of(kind: str, inner: st.SearchStrategy[Part], least: int, most: int, **options: Any) -> st.SearchStrategy[Part]:
    members = st.lists(inner, min_size=least, max_size=most).map(tuple)
    return st.builds(Part, st.just(kind), members, st.fixed_dictionaries({}, optional=options))


def _nested(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    rounds = st.sampled_from([1, 2, 3])
    talkers = AGENTS  # what has to be a client, or to keep to a protocol
    return st.one_of(
        _of("chain", inner, 0, 3),
        _of("router", inner, 2, 4, falls_back=st.booleans()),
        _of("improver", inner, 2, 2, max_rounds=rounds),
        _of("planner", inner, 2, 2, max_rounds=rounds, criteria=st.just("short")),
        _of("agent", inner, 1, 2),
        _of("boss", inner, 1, 3, concurrent_tool_calls=st.booleans()),
        _of("mask", talkers, 1, 1),
        _of("parallel", inner, 1, 3, aggregates=st.booleans(), stream_workers=st.booleans(), max_workers=st.just(2)),
    )


PARTS = st.recursive(st.one_of(AGENTS, AGENTS, AGENTS, st.just(Part("parrot"))), _nested, max_leaves=5)
TROUPES = PARTS.filter(lambda part: part.kind != "parrot")  # which has no stream
