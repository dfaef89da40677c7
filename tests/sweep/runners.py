"""A life of each kind of runner, written once for both surfaces."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from conformance.driver import Driver
from conformance.lives import Live, Making, Trap, tools
from conformance.test_skills import PDF, manager, write
from conformance.test_workflows import member, perfect, team

SKILLS: Final = Path(tempfile.mkdtemp(prefix="sweep-skills-"))


def skills() -> Path:
    """A folder of one skill, called pdf."""
    write(SKILLS / "pdf" / "SKILL.md", PDF)
    return SKILLS


def agent(d: Driver, trap: Trap) -> Any:
    return member(d, "agent", tools=tools(d, trap))


def orchestrator_agent(d: Driver, trap: Trap) -> Any:
    workers = [member(d, "helper", tools=tools(d, trap)), member(d, "aide")]
    return d.api.OrchestratorAgent.assemble(d.client(), "I am boss", workers=workers, name="boss")


def skill_agent(d: Driver, _trap: Trap) -> Any:
    return d.api.SkillAgent(d.client(), "I am skilled", "skilled", skill_manager=manager(d, skills()))


def chain(d: Driver, trap: Trap) -> Any:
    return d.api.Chain([member(d, "a", tools=tools(d, trap)), member(d, "b")])


def evaluator_optimizer(d: Driver, trap: Trap) -> Any:
    return d.api.EvaluatorOptimizer(member(d, "writer", tools=tools(d, trap)), member(d, "critic"))


def parallel(d: Driver, trap: Trap) -> Any:
    workers = [member(d, name, tools=tools(d, trap)) for name in ("a", "b")]
    return d.api.Parallel([*workers, member(d, "c")], "crew", member(d, "e"), "+", 2, True)


def plan_execute_evaluator(d: Driver, trap: Trap) -> Any:
    team_of = [member(d, "planner"), member(d, "executor", tools=tools(d, trap))]
    return d.api.PlanExecuteEvaluator(*team_of, perfect, "Be true")


def router(d: Driver, trap: Trap) -> Any:
    return d.api.Router(member(d, "to it"), {"it": member(d, "a", tools=tools(d, trap))})


def nest(d: Driver, trap: Trap) -> Any:
    """All of them in one: Chain, Router, Parallel, and in that one the others."""
    drafts = d.api.EvaluatorOptimizer(*team(d, "writer", "critic"))
    plans = d.api.PlanExecuteEvaluator(*team(d, "planner", "executor"), perfect, "Be true")
    boss = orchestrator_agent(d, trap)
    crew = d.api.Parallel([drafts, plans, boss], "crew", member(d, "last"), "+", None, True)
    post = d.api.Router(member(d, "to crew"), {"crew": crew, "none": member(d, "clerk")}, "post")
    return d.api.Chain([skill_agent(d, trap), post], "line")


KINDS: Final = (
    *(agent, orchestrator_agent, skill_agent, chain, evaluator_optimizer, parallel, plan_execute_evaluator, router),
    nest,
)


def _run(make: Any) -> Making:
    def life(d: Driver, trap: Trap) -> tuple[Any, Live]:
        runner = make(d, trap)
        return runner, lambda: d(runner.run("go"))

    return life


def _streamed(make: Any) -> Making:
    def life(d: Driver, trap: Trap) -> tuple[Any, Live]:
        runner = make(d, trap)
        return runner, lambda: d.collect(runner.run("go", stream=True))

    return life


def _closed(make: Any) -> Making:
    def life(d: Driver, trap: Trap) -> tuple[Any, Live]:
        runner = make(d, trap)

        async def live() -> None:
            stream = runner.run("go", stream=True)
            async for _ in d.stream(stream):
                break
            await d.close(stream)

        return runner, live

    return life


RUNNERS: Final[Mapping[str, Making]] = {
    f"{make.__name__}{how}": way(make)
    for make in KINDS
    for how, way in (("", _run), (" streamed", _streamed), (" closed", _closed))
}
