"""A check as pytest sees it: an item of its own, without fixtures, so that no plugin for async tests touches it."""

from os import PathLike
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.check import Check
from conformance.outcomes import Outcome
from conformance.redaction import redact
from conformance.run import Run

HARNESS: Final = Path(__file__).parent
ENGINE: Final = ("_pytest", "pluggy")


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
        result = self.run.perform(self.check)
        if result.outcome is Outcome.PASS:
            return
        if result.outcome in (Outcome.NOT_APPLICABLE, Outcome.COULD_NOT_RUN):
            pytest.skip(redact(f"{result.outcome}: {result.reason}"))
        if result.outcome is Outcome.EXPECTED_FAIL:
            pytest.xfail(redact(result.reason))
        raise result.error or AssertionError(result.reason)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Where the scenario stands."""
        code = getattr(self.check.scenario.body, "__code__", None)
        return self.path, code.co_firstlineno - 1 if code else None, self.check.id

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002
        """What is shown of a failure: the requirements, what happened, and how to see it again."""
        lines = [self.check.id, ""]
        for identity in self.check.scenario.requirements:
            requirement = self.run.spec.requirements[identity]
            lines += [f"  {identity}  {requirement.sentence}", f"  {' ' * len(identity)}  {requirement.link}"]
        command = self.run.reproduce(self.check, self.nodeid)
        return redact("\n".join([*lines, "", self._told(excinfo), "", f"reproduce: {command}"]))

    def _told(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        if not self._from_scenario(excinfo):
            kind = "" if isinstance(excinfo.value, AssertionError) else f"{excinfo.typename}: "
            return "\n".join(f"E   {line}" for line in f"{kind}{excinfo.value}".splitlines())
        return str(excinfo.getrepr(style="short", tbfilter=self._from_scenario))

    def _from_scenario(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        """The part of a traceback from the scenario on, without the frames of the harness and of pytest."""
        return excinfo.traceback.cut(path=self.path).filter(_is_told)


def _is_told(entry: Any) -> bool:
    path = Path(entry.path)
    is_harness = path.parent == HARNESS and not path.name.startswith("test_")
    return not is_harness and not any(part in ENGINE for part in path.parts)
