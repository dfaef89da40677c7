"""The harness, tried on bodies that it has to refuse: `python -m conformance selfcheck`.

A suite that lets everything pass proves nothing, so this shows what it refuses, where it is installed. It needs no
implementation: it brings a little one of its own. Nothing here counts for or against a target.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from conformance.check import Check, checks_of
from conformance.driver import Driver
from conformance.implementation import Implementation
from conformance.index import scenario_folder
from conformance.judge import Judge
from conformance.outcomes import BROKEN, OK, Outcome, Result
from conformance.requirement import Scenario
from conformance.targets import Target


@dataclass(frozen=True)
class Case:
    """A body and what the harness has to say of it.

    Args:
        body: the scenario.
        surface: str, the check that is looked at.
        outcome: Outcome, that it must have.
        phrase: str, that must stand in the reason.
        needs: tuple of str, default (): capabilities.
    """

    body: Callable[[Driver], Any]
    surface: str
    outcome: Outcome
    phrase: str = ""
    needs: tuple[str, ...] = ()


class Stub(Target):
    """A target that declares no tools, refuses them, and declares no images, and accepts them."""

    name = "stub"
    capabilities = frozenset({"streaming"})

    def client(self, driver: Driver, **kwargs: Any) -> Any:
        return driver.api.client("stub", **kwargs)


class Client:
    """The sync client of the little implementation."""

    def __init__(self, model: str, tools: object = None) -> None:
        if tools:
            raise ValueError(f"{model} has no tools")

    def chat(self, message: str, images: object = None) -> Any:
        """Answer at once."""
        return f"{message} {'and a picture' if images else 'there'}"

    def close(self) -> None:
        """Nothing to close."""


class AioClient(Client):
    """Its async twin."""

    async def chat(self, message: str, images: object = None) -> Any:
        """Answer at once."""
        return super().chat(message, images)


async def answers(d: Driver) -> None:
    """Passes on both surfaces."""
    assert await d(d.client().chat("hi")) == "hi there"


async def fails(d: Driver) -> None:
    """Fails."""
    assert await d(d.client().chat("hi")) == "bye"


async def calls_nothing(_: Driver) -> None:
    """Proves nothing."""


async def suspends(d: Driver) -> None:
    """Waits for something else than the driver."""
    await d(d.client().chat("hi"))
    await asyncio.sleep(0)


async def takes_an_awaitable(d: Driver) -> None:
    """Gets from the sync surface what belongs to the other."""
    await d(AioClient("stub").chat("hi"))


async def takes_a_value(d: Driver) -> None:
    """Gets from the async surface what belongs to the other."""
    await d(Client("stub").chat("hi"))


async def leaves_a_task(d: Driver) -> None:
    """Leaves a task that never ends."""
    await d(d.client().chat("hi"))
    d.start(lambda: asyncio.Event().wait())


async def differs(d: Driver) -> None:
    """Does something else on each surface."""
    await d(d.client().chat(d.surface))


CASES: Final = (
    Case(answers, "sync", Outcome.PASS),
    Case(answers, "aio", Outcome.PASS),
    Case(answers, "parity", Outcome.PASS),
    Case(fails, "sync", Outcome.FAIL),
    Case(fails, "aio", Outcome.FAIL),
    Case(fails, "parity", Outcome.COULD_NOT_RUN, "nothing to compare"),
    Case(calls_nothing, "sync", Outcome.HARNESS_ERROR, "no library call"),
    Case(calls_nothing, "aio", Outcome.HARNESS_ERROR, "no library call"),
    Case(suspends, "sync", Outcome.HARNESS_ERROR, "suspended"),
    Case(takes_an_awaitable, "sync", Outcome.FAIL, "returned an awaitable"),
    Case(takes_a_value, "aio", Outcome.FAIL, "not awaitable"),
    Case(leaves_a_task, "aio", Outcome.FAIL, "tasks left"),
    Case(differs, "parity", Outcome.FAIL, "did not do the same"),
    Case(answers, "sync", Outcome.NOT_APPLICABLE, "refusal was observed", ("tools",)),
    Case(answers, "aio", Outcome.NOT_APPLICABLE, "refusal was observed", ("tools",)),
    Case(answers, "sync", Outcome.FAIL, "not refused", ("images",)),
    Case(answers, "aio", Outcome.FAIL, "not refused", ("images",)),
)


def main(argv: list[str]) -> int:
    """Try every case and say which the harness got wrong.

    Args:
        argv: list of str, empty.

    Returns:
        int: 0, or 2 when the harness cannot be trusted here.
    """
    if argv:
        print(f"selfcheck takes no arguments, got {argv}", file=sys.stderr)
        return BROKEN
    wrong = [complaint for case in CASES if (complaint := _complaint(case))]
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    print(f"{len(CASES) - len(wrong)} of {len(CASES)} cases judged rightly")
    return BROKEN if wrong else OK


def judged(case: Case) -> Result:
    """How the harness judges a case."""
    scenario = Scenario(case.body, ("SELF-1",), case.needs)
    judge = Judge(_implementation(), {}, limit=10.0)
    checks = {c.surface: c for c in checks_of("selfcheck", scenario, Stub(), scenario_folder() / "selfcheck.py")}
    results: dict[str, Result] = {}
    for check in _up_to(case.surface, checks):
        results[check.id] = judge.judge(check, results)
    return results[checks[case.surface].id]


def _up_to(surface: str, checks: dict[str, Check]) -> list[Check]:
    return list(checks.values()) if surface == "parity" else [checks[surface]]


def _complaint(case: Case) -> str | None:
    found = judged(case)
    if found.outcome is case.outcome and case.phrase in found.reason:
        return None
    return f"{found.id}: {found.outcome} ({found.reason}), expected {case.outcome} ({case.phrase})"


def _implementation() -> Implementation:
    lib, aio = ModuleType("selfcheck_lib"), ModuleType("selfcheck_lib.aio")
    vars(lib)["client"], vars(aio)["client"] = Client, AioClient
    vars(lib)["tool"] = lambda function: function
    return Implementation("selfcheck_lib", lib, aio, None)
