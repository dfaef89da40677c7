"""What may stand where a scenario expects the scripted server."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.readings.reading import Reading
    from conformance.scripted.answer import Answer
    from conformance.scripted.script import Request


class StandIn:
    """Has the face of `ScriptedServer` as far as it goes, and may complain of what no client could tell."""

    @property
    def requests(self) -> "list[Request]":
        """What was asked so far, in order."""
        raise NotImplementedError(f"{type(self).__name__}.requests")

    @property
    def exchanges(self) -> "Sequence[tuple[Request, Answer | None]]":
        """What was asked so far, each with its answer; None where only its client knows that."""
        return [(request, None) for request in self.requests]

    @property
    def readings(self) -> "list[Reading]":
        """What each answer so far says, read without the implementation; of answers that are on record."""
        raise NotImplementedError(f"{type(self).__name__}.readings")

    def raise_problem(self) -> None:
        """Raise what went wrong where an exception would have been lost."""

    def require_all(self) -> None:
        """See, when a body has ended, that nothing is left that it had to ask for."""

    def let_go(self) -> None:
        """Hold nothing back any longer: who waits for it is leaving."""

    def stop(self) -> None:
        """Release what it holds."""
