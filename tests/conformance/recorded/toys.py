"""Scenarios of a few lines, to be recorded and replayed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance import targets
from conformance.driver import Driver
from conformance.recorded.command import Job, Session
from conformance.recorded.manifest import Expected
from conformance.recorded.recording import Source
from conformance.requirement import Scenario
from conformance.scripted import Fault, Reply
from tests.conformance.recorded.shelf import implementation

Body = Callable[[Driver], Awaitable[Any]]


@dataclass
class Toy:
    """One question and its scripted answer, or a body of one's own."""

    question: str = "hi"
    answer: str = "hello"
    wire: str = "openai"
    headers: dict[str, str] = field(default_factory=dict)
    body: Body | None = None
    facts: str = "A1"

    @property
    def expected(self) -> Expected:
        """What is to be on record of it."""
        return Expected(self.wire, "toy/test_toy", ("RECORDED-1",), self.facts)

    @property
    def scenario(self) -> Scenario:
        """The scenario."""
        return Scenario(self.body or self._asks, ("RECORDED-1",), recorded=self.facts)

    def recorded(self, folder: Path, source: Source | None = None, *, force: bool = True) -> str:
        """Record it in a folder, as the command does; the line that the command says."""
        session = Session(folder, implementation(), source or Source(), force)
        return session.run(Job(self.expected, self.scenario, targets.find(self.wire)))

    async def _asks(self, d: Driver) -> None:
        if not self.headers:
            d.script(Reply(self.answer))
            await d(d.client().chat(self.question))
            return
        d.script(Fault(400, headers=self.headers))
        with d.raises(d.lib.errors.InvalidRequestError):
            await d(d.client().chat(self.question))
