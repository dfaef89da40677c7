"""How the outcome of one check is found."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import pytest

from conformance.baseline import Excuse
from conformance.check import Check
from conformance.explanation import HINT
from conformance.implementation import Implementation
from conformance.outcomes import HarnessError, Outcome, Result
from conformance.projection import difference
from conformance.surfaces import DRIVERS
from conformance.targets import Target
from conformance.vocabulary import PARITY

GOES_THROUGH: Final = (KeyboardInterrupt, pytest.exit.Exception)


@dataclass
class Judge:
    """Runs checks and says how they ended.

    Args:
        implementation: Implementation under test.
        excuses: the baseline.
        limit: float, seconds that one check may take.
        is_live: bool, default False: whether targets on a real endpoint may run.
    """

    implementation: Implementation
    excuses: Mapping[str, Excuse]
    limit: float
    is_live: bool = False
    _probed: dict[tuple[str, str, str], str | None] = field(default_factory=dict)

    def judge(self, check: Check, results: Mapping[str, Result]) -> Result:
        """Run a check.

        Args:
            check: Check.
            results: the ends of the checks before it, by id.

        Returns:
            Result: whatever happened; only an interruption by the user is raised.
        """
        begin = time.perf_counter()
        found = self._compare(check, results) if check.surface == PARITY else self._run(check)
        return self._excused(replace(found, seconds=time.perf_counter() - begin))

    def _run(self, check: Check) -> Result:
        if reason := self._unavailable(check.target):
            return _result(check, Outcome.COULD_NOT_RUN, f"{check.target.name}: {reason}")
        missing = check.scenario.lacks(check.target.capabilities)
        for capability in missing:
            if complaint := self._probe(check, capability):
                return _failure(check, AssertionError(complaint))
        if missing:
            reason = f"{check.target.name} declares no {', '.join(missing)}; the documented refusal was observed"
            return _result(check, Outcome.NOT_APPLICABLE, reason)
        return self._play(check)

    def _play(self, check: Check) -> Result:
        driver = DRIVERS[check.surface](check.target, self.implementation, check)
        try:
            driver.play(check.scenario.body, self.limit)
        except GOES_THROUGH:
            raise
        except BaseException as error:
            return replace(_ended(check, error), trace=driver.trace(), rows=driver.rows.tally())
        return replace(_result(check, Outcome.PASS), projection=driver.projection, rows=driver.rows.tally())

    def _unavailable(self, target: Target) -> str | None:
        """Why a target cannot run here, or None; it is not asked of one whose endpoint was not allowed."""
        if target.uses_network and not self.is_live:
            return "it talks to a real endpoint; add --live to let it"
        return target.unavailable()

    def _probe(self, check: Check, capability: str) -> str | None:
        """Why the refusal of a capability was not observed, or None; asked once for a target and a surface."""
        key = (check.target.name, check.surface, capability)
        if key not in self._probed:
            self._probed[key] = self._observe_refusal(check, capability)
        return self._probed[key]

    def _observe_refusal(self, check: Check, capability: str) -> str | None:
        driver = DRIVERS[check.surface](check.target, self.implementation)
        try:
            driver.play(lambda d: check.target.probe(d, capability), self.limit)
        except GOES_THROUGH:
            raise
        except BaseException as error:
            return f"{capability}: declared unsupported but not refused: {_line(error)}"
        return None

    def _compare(self, check: Check, results: Mapping[str, Result]) -> Result:
        sides = [results.get(side) for side in check.sides]
        for identity, result in zip(check.sides, sides, strict=True):
            if result is None:
                return _result(check, Outcome.COULD_NOT_RUN, f"{identity} did not run before it")
        left, right = (side for side in sides if side is not None)
        for side in (left, right):
            if side.outcome is Outcome.NOT_APPLICABLE:
                return _result(check, Outcome.NOT_APPLICABLE, side.reason)
        for side in (left, right):
            if side.projection is None:
                reason = f"nothing to compare: {side.id} ended in {side.outcome}"
                return replace(_result(check, Outcome.COULD_NOT_RUN, reason), is_derived=True)
        diff = difference(left.projection or [], right.projection or [])
        if diff:
            return _failure(check, AssertionError(f"the two surfaces did not do the same:\n{diff}"))
        return _result(check, Outcome.PASS)

    def _excused(self, result: Result) -> Result:
        excuse = self.excuses.get(result.id)
        if excuse is None:
            return result
        if result.outcome is Outcome.FAIL:
            return replace(result, outcome=Outcome.EXPECTED_FAIL, reason=f"{excuse.reason} ({excuse.link})")
        if result.outcome is Outcome.PASS:
            reason = f"passes, although the baseline {excuse.file} expects a failure: {excuse.reason}; remove the entry"
            return replace(result, outcome=Outcome.UNEXPECTED_PASS, reason=reason, error=AssertionError(reason))
        if result.outcome is Outcome.NOT_APPLICABLE:
            reason = f"the baseline {excuse.file} has a stale entry; remove it: not applicable: {result.reason}"
            return replace(result, outcome=Outcome.HARNESS_ERROR, reason=reason, error=HarnessError(reason))
        return result


def _result(check: Check, outcome: Outcome, reason: str = "", error: BaseException | None = None) -> Result:
    return Result(check.id, check.target.name, outcome, reason, error=error)


def _ended(check: Check, error: BaseException) -> Result:
    """How a check ended whose body raised."""
    if isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception)):
        wrong = HarnessError("a scenario may not skip or excuse itself; declare what it needs, or use a baseline")
        wrong.__cause__ = error
        return _result(check, Outcome.HARNESS_ERROR, str(wrong), wrong)
    if isinstance(error, HarnessError):
        return _result(check, Outcome.HARNESS_ERROR, str(error), error)
    return _failure(check, error)


def _failure(check: Check, error: BaseException) -> Result:
    return _result(check, Outcome.FAIL, _line(error), error)


def _line(error: BaseException) -> str:
    text = str(error).strip().removesuffix(HINT).rstrip()
    kind = type(error).__name__
    return text if isinstance(error, AssertionError) and text else f"{kind}: {text}" if text else kind
