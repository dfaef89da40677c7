"""What a check can end in, and what the ends of all checks together say. Pure.

0  conformant        every required check passed
1  not conformant    a check failed, or passed although the baseline expects a failure
2  no verdict        the harness or its use is wrong: nothing is said about the target
3  no verdict        something required could not run, only part of the suite ran, or a profile showed nothing
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, TypeAlias

Projection: TypeAlias = list[tuple[str, Any]]
Trace: TypeAlias = list[dict[str, Any]]

OK: Final = 0
FAILED: Final = 1
BROKEN: Final = 2
INCOMPLETE: Final = 3
CODES: Final = (OK, FAILED, BROKEN, INCOMPLETE)


class Outcome(StrEnum):
    """How one check ended."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    COULD_NOT_RUN = "could-not-run"
    EXPECTED_FAIL = "expected-fail"
    UNEXPECTED_PASS = "unexpected-pass"
    HARNESS_ERROR = "harness-error"


RAN: Final = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.EXPECTED_FAIL, Outcome.UNEXPECTED_PASS})


class HarnessError(Exception):
    """The suite or its use is at fault, not the implementation."""


@dataclass(frozen=True)
class Result:
    """The end of one check.

    Args:
        id: str, the check.
        target: str, the name of its target.
        outcome: Outcome.
        reason: str, default "": why, in words; empty for a pass.
        seconds: float, default 0.0.
        is_derived: bool, default False: True for an outcome that only repeats that of another check.
        error: the exception to show, or None.
        projection: what the scenario did, as plain data, or None.
        trace: what was exchanged with the model in one that did not pass, as `trace.trace` gives it, or None.
        rows: dict or None, what became of its rows, as `conformance.rows.Rows.tally` has it.
    """

    id: str
    target: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    is_derived: bool = False
    error: BaseException | None = field(default=None, compare=False)
    projection: Projection | None = field(default=None, compare=False)
    trace: Trace | None = field(default=None, compare=False)
    rows: dict[str, Any] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Conclusion:
    """What a run says.

    Args:
        code: int, the exit code.
        sentence: str, why.
        verdict: "conformant" or "not conformant", with "in" and the profiles where only these were judged, or None
            where nothing can be said.
    """

    code: int
    sentence: str
    verdict: str | None = None


def tally(results: Sequence[Result]) -> dict[str, int]:
    """How many results there are of each outcome, every outcome named."""
    counts = Counter(result.outcome for result in results)
    return {outcome.value: counts[outcome] for outcome in Outcome}


def conclude(
    results: Sequence[Result],
    declared: int,
    required: Collection[str],
    partial: str | None = None,
    errors: Sequence[str] = (),
) -> Conclusion:
    """Draw the conclusion of a run; the first of these that holds decides: broken, failed, incomplete, conformant.

    Args:
        results: the ends of the checks that have one.
        declared: int, how many checks there are.
        required: names of the targets that have to be able to run.
        partial: str or None, default None: why this was not a whole run.
        errors: what went wrong outside of any check.

    Returns:
        Conclusion: with a verdict only when every declared check has an outcome.
    """
    if broken := _broken(results, declared, partial, errors):
        return Conclusion(BROKEN, broken)
    failed = [r for r in results if r.outcome in (Outcome.FAIL, Outcome.UNEXPECTED_PASS)]
    if failed:
        verdict = None if partial else "not conformant"
        return Conclusion(FAILED, _counted(len(failed), "failed") + (f"; {partial}" if partial else ""), verdict)
    if incomplete := partial or _incomplete(results, required):
        return Conclusion(INCOMPLETE, incomplete)
    return Conclusion(OK, "every required check passed", "conformant")


def qualify(
    whole: Conclusion, parts: Mapping[str, Conclusion], asked: Sequence[str] = (), missing: Collection[str] = ()
) -> Conclusion:
    """Let the profiles have their say in the conclusion of a run.

    Args:
        whole: Conclusion, of all checks that count.
        parts: the conclusions of the profiles that count, by name; one that has nothing to say is named.
        asked: the profiles asked for; the verdict is on these and says so, and each has to show something. None
            asked for is all.
        missing: the profiles that have no check at all, although they have requirements.

    Returns:
        Conclusion.
    """
    silent = [name for name, part in parts.items() if part.verdict is None]
    if whole.code == OK and (blank := silent if asked else [name for name in silent if name in missing]):
        whole = Conclusion(INCOMPLETE, f"no check passed in {', '.join(blank)}")
    elif whole.code == OK and silent:
        whole = replace(whole, sentence=f"{whole.sentence}; nothing was shown in {', '.join(silent)}")
    if not asked:
        return whole
    named = ", ".join(asked)
    verdict = f"{whole.verdict} in {named}" if whole.verdict else None
    return replace(whole, verdict=verdict, sentence=f"{whole.sentence}; only {named} asked for")


def _broken(results: Sequence[Result], declared: int, partial: str | None, errors: Sequence[str]) -> str | None:
    if errors:
        return errors[0]
    count = sum(result.outcome is Outcome.HARNESS_ERROR for result in results)
    if count:
        return _counted(count, "had a harness error")
    if not partial and len(results) != declared:
        return f"{declared} checks were declared and {len(results)} have an outcome"
    return None


def _incomplete(results: Sequence[Result], required: Collection[str]) -> str | None:
    if not results:
        return "no check was collected"
    stuck = [r for r in results if r.outcome is Outcome.COULD_NOT_RUN and r.target in required and not r.is_derived]
    if stuck:
        return f"{_counted(len(stuck), 'of a required target could not run')}: {stuck[0].reason}"
    if not any(result.outcome is Outcome.PASS for result in results):
        return "no check passed: nothing was shown"
    return None


def _counted(count: int, what: str) -> str:
    return f"{count} {'check' if count == 1 else 'checks'} {what}"
