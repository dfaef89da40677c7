"""A check as pytest sees it: an item of its own, without fixtures, so that no plugin for async tests touches it."""

from os import PathLike
from typing import Any

import pytest

from conformance.check import Check
from conformance.explanation import COMPARED, Explanation, details
from conformance.outcomes import Outcome
from conformance.redaction import redact
from conformance.reproduction import command
from conformance.run import Run


class CheckItem(pytest.Item):
    """Runs one check.

    Args:
        check: Check.
        run: Run, that keeps how it ended.
    """

    def __init__(self, *, check: Check, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check
        self.run = run

    def runtest(self) -> None:
        """Run the check; raise what makes pytest show its outcome."""
        self.config.stash[COMPARED] = ""
        result = self.run.perform(self.check)
        if result.outcome is Outcome.PASS:
            return
        if result.outcome in (Outcome.NOT_APPLICABLE, Outcome.COULD_NOT_RUN):
            pytest.skip(redact(f"{result.outcome}: {result.reason}"))
        error = result.error or AssertionError(result.reason)
        self._explain(error)
        if result.outcome is Outcome.EXPECTED_FAIL:
            pytest.xfail(redact(result.reason))
        raise error

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Where the scenario stands."""
        code = getattr(self.check.scenario.body, "__code__", None)
        return self.path, code.co_firstlineno - 1 if code else None, self.check.id

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002
        """What is shown of a failure; one that came to light after the body is explained by itself."""
        found = self.run.explanations.get(self.check.id)
        return (found or self._explain(excinfo.value)).text

    def _explain(self, error: BaseException) -> Explanation:
        ended = self.run.results.get(self.check.id)
        told = details(self.check, self.run.spec, error, self.config.stash.get(COMPARED, ""))
        explanation = Explanation(told, ended.trace or None if ended else None, redact(command(self.run, self)))
        self.run.explanations[self.check.id] = explanation
        return explanation
