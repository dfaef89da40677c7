"""What became of a mutant, from what the check said of it and of the implementation as it is. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance.mutants.catalog import Mutant
from conformance.outcomes import FAILED, INCOMPLETE, OK, Outcome


class Verdict(StrEnum):
    """What became of one mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    OTHER_REASON = "killed for another reason"
    NOT_APPLIED = "not applied"
    NO_IMPORT = "does not import"
    MISNAMED = "named wrongly"
    TIMED_OUT = "timed out"
    NO_CONTROL = "the check fails without it"
    COULD_NOT_RUN = "could not run"


@dataclass(frozen=True)
class Answer:
    """How one check ended.

    Args:
        outcome: Outcome of the check, or Verdict where it did not come to that.
        said: str, default "": what it said.
        seconds: float, default 0.0: how long that took.
        loaded: tuple of str, default (): the modules that it had to import, without those of the implementation.
    """

    outcome: Outcome | Verdict
    said: str = ""
    seconds: float = 0.0
    loaded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What became of one mutant.

    Args:
        mutant: Mutant.
        verdict: Verdict.
        said: str, what the check said, or why it was not asked.
        seconds: float, how long it took.
    """

    mutant: Mutant
    verdict: Verdict
    said: str
    seconds: float = 0.0


BEFORE: Final = (Verdict.NOT_APPLIED, Verdict.NO_IMPORT, Verdict.MISNAMED)


def find(mutant: Mutant, answer: Answer, control: Answer) -> Finding:
    """Judge a mutant.

    Args:
        mutant: Mutant.
        answer: Answer of its check.
        control: Answer of the same check to the implementation as it is.

    Returns:
        Finding.
    """
    if answer.outcome in BEFORE:
        return Finding(mutant, Verdict(answer.outcome), answer.said)
    if control.outcome is Outcome.COULD_NOT_RUN:
        return Finding(mutant, Verdict.COULD_NOT_RUN, control.said)
    if control.outcome is not Outcome.PASS:
        return Finding(mutant, Verdict.NO_CONTROL, f"{control.outcome}: {control.said}")
    verdict, said = _of(mutant, answer)
    return Finding(mutant, verdict, said, answer.seconds)


def _of(mutant: Mutant, answer: Answer) -> tuple[Verdict, str]:
    if answer.outcome is Outcome.PASS:
        return Verdict.SURVIVED, "the check passes"
    if answer.outcome is Verdict.TIMED_OUT:
        return Verdict.TIMED_OUT, answer.said
    if answer.outcome is not Outcome.FAIL:
        return Verdict.OTHER_REASON, f"{answer.outcome}: {answer.said}"
    if mutant.reason not in answer.said:
        return Verdict.OTHER_REASON, f"expected {mutant.reason!r}, it said: {answer.said}"
    return Verdict.KILLED, answer.said


def exit_code(findings: list[Finding], missing: list[str]) -> int:
    """What the findings come to.

    Args:
        findings: list of Finding.
        missing: list of str, the requirements without a mutant.

    Returns:
        int: 0 all killed; 1 one was not, or is missing; 3 one could not run, and all others were killed.
    """
    verdicts = {finding.verdict for finding in findings}
    if missing or verdicts - {Verdict.KILLED, Verdict.COULD_NOT_RUN}:
        return FAILED
    return INCOMPLETE if Verdict.COULD_NOT_RUN in verdicts else OK
