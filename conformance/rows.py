"""Rows of a table that one scenario tries one after the other: each counted, and its failure kept for the end."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from conformance.outcomes import HarnessError

SHOWN: Final = 20  # rows that fell, in the message
LONG: Final = 300  # characters of what is told of one
KEPT: Final = (Exception, pytest.fail.Exception)  # what `pytest.raises` says is no Exception


@dataclass
class Rows:
    """What became of the rows of a scenario.

    Attributes:
        tried: list of str, their names, in order.
        fallen: dict of str to exception, of those that did not hold.
    """

    tried: list[str] = field(default_factory=list)
    fallen: dict[str, BaseException] = field(default_factory=dict)

    @contextlib.contextmanager
    def row(self, name: str) -> Iterator[None]:
        """Try a row; it holds when the block ends without an exception.

        Args:
            name: str, of the row; each once.

        Raises:
            HarnessError: the name was there before, or the harness is at fault.
        """
        if name in self.tried:
            raise HarnessError(f"two rows are called {name!r}; name each fault once")
        self.tried.append(name)
        try:
            yield
        except HarnessError:
            raise
        except KEPT as error:
            self.fallen[name] = error

    def require(self) -> None:
        """See that all rows held.

        Raises:
            AssertionError: some fell; it names them, and has the traceback of the first.
        """
        if not self.fallen:
            return
        told = [f"{name}: {_line(error)}" for name, error in self.fallen.items()]
        more = [f"... and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
        text = "\n  ".join([f"{len(told)} of {len(self.tried)} rows fell:", *told[:SHOWN], *more])
        first = next(iter(self.fallen.values()))
        raise AssertionError(text).with_traceback(first.__traceback__)

    def tally(self) -> dict[str, Any] | None:
        """How many were tried and held, and the names of the others; None where the scenario has no rows."""
        if not self.tried:
            return None
        return {"tried": len(self.tried), "held": len(self.tried) - len(self.fallen), "fallen": list(self.fallen)}


def _line(error: BaseException) -> str:
    """The exception in one line."""
    text = " ".join(str(error).split())
    told = text if isinstance(error, AssertionError) and text else f"{type(error).__name__}: {text}"
    return told if len(told) <= LONG else f"{told[:LONG]}..."
