"""Why a check did not pass, told to who did not write it: clauses, what happened, a diff, the wire, one command."""

import dataclasses
import difflib
import gc
import json
from pathlib import Path
from pprint import pformat
from typing import Any, Final

import pytest

from conformance.check import Check
from conformance.outcomes import Trace
from conformance.projection import plain
from conformance.redaction import withhold
from conformance.spec import Spec
from conformance.trace import told

HARNESS: Final = Path(__file__).parent
ENGINE: Final = ("_pytest", "pluggy")
HINT: Final = "Use -v to get more diff"  # of pytest; the diff stands below
LINES: Final = 60  # of a diff
COMPARED: Final = pytest.StashKey[str]()


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What is shown of a check that did not pass.

    Args:
        details: str, the clauses, what happened, and observed against expected.
        trace: list of dict or None, what was exchanged with the model; None where nothing is known of it.
        command: str, what runs the check again.
    """

    details: str
    trace: Trace | None
    command: str

    @property
    def text(self) -> str:
        """All of it, for a terminal."""
        wire = ["", "on the wire:", *(f"  {line}" for line in told(self.trace))] if self.trace else []
        return "\n".join([self.details, *wire, "", f"reproduce: {self.command}"])


def details(check: Check, spec: Spec, error: BaseException, difference: str = "") -> str:
    """The clauses that a check is of, and what happened instead.

    Args:
        check: Check.
        spec: Spec, that has its requirements.
        error: the exception that ended it, or that stands for its end.
        difference: str, default "": observed against expected, where that is known.
    """
    lines = [check.id, ""]
    for identity in check.scenario.requirements:
        requirement = spec.requirements[identity]
        lines += [f"  {identity}  {requirement.sentence}", f"  {' ' * len(identity)}  {requirement.link}"]
    lines += ["", happened(error, check.path)]
    if difference and isinstance(error, AssertionError):
        lines += ["", difference]
    return withhold("\n".join(lines))


def happened(error: BaseException, scenario: Path) -> str:
    """What happened, without the frames of the harness and of pytest.

    Args:
        error: the exception; one that was never raised is told by its message.
        scenario: Path, the file from which on frames are shown.
    """

    def from_scenario(excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        return excinfo.traceback.cut(path=scenario).filter(_is_told)

    caught = pytest.ExceptionInfo.from_exception(error) if error.__traceback__ else None
    if caught is None or not from_scenario(caught):
        kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        return "\n".join(f"E   {line}".rstrip() for line in f"{kind}{error}".splitlines())
    gc.collect()  # a finalizer that runs while pytest parses the source makes CPython 3.11 fail
    shown = str(caught.getrepr(style="short", tbfilter=from_scenario))
    return "\n".join(line.rstrip() for line in shown.splitlines() if not line.endswith(HINT))


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Keep what differs in the comparison that fails now; what pytest says of it stays as it is."""
    config.stash[COMPARED] = difference(left, right) if op == "==" else ""


def difference(observed: object, expected: object) -> str:
    """A unified diff of two values, or "" where one line each says it all.

    Args:
        observed: what was there.
        expected: what should have been there.
    """
    left, right = _lines(plain(expected)), _lines(plain(observed))
    if left == right:  # as data they are equal, so what differs is a type
        left, right = pformat(expected).splitlines(), pformat(observed).splitlines()
    if max(len(left), len(right)) < 2:
        return ""
    lines = list(difflib.unified_diff(left, right, "expected", "observed", lineterm=""))
    if len(lines) > LINES:
        lines = [*lines[:LINES], f"... {len(lines) - LINES} lines of the diff left out"]
    return "\n".join(lines)


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str).splitlines()


def _is_told(entry: Any) -> bool:
    path = Path(entry.path)
    is_harness = path.parent == HARNESS and not path.name.startswith("test_")
    return not is_harness and not any(part in ENGINE for part in path.parts)
