"""What a check scripts: the server on loopback or the target's own stand-in, made when it is first asked for."""

from typing import TYPE_CHECKING, cast

from conformance.outcomes import Projection, Trace
from conformance.projection import canonical, decoded

if TYPE_CHECKING:
    from conformance.check import Check
    from conformance.scripted import ScriptedServer, StandIn
    from conformance.targets import Target


class Stage:
    """Holds what a check scripts, so that a check which needs none has none.

    Args:
        target: Target, which may bring a stand-in for the server.
        check: Check or None, what is run; None where a refusal is observed.
    """

    def __init__(self, target: "Target", check: "Check | None") -> None:
        self._target = target
        self._check = check
        self._server: ScriptedServer | None = None
        self._stand_in: StandIn | None = None

    @property
    def server(self) -> "ScriptedServer":
        """The server, running; or what the target has in its place, which has the same face as far as it goes."""
        if self._server is None:
            self._stand_in = self._target.stand_in(self._check)
            self._server = cast("ScriptedServer", self._stand_in) if self._stand_in else _started()
        return self._server

    def record(self, is_ordered: bool) -> Projection:
        """What was asked of the model, as entries of a projection.

        Args:
            is_ordered: bool, False sorts the requests, for scenarios whose requests race each other.

        Returns:
            list: one entry a request, then how much of the script was not asked for.

        Raises:
            AssertionError: the script was used up, or a recording not played to its end.
            HarnessError: it was wrong.
        """
        self.raise_problem()
        if self._server is None:
            return []
        if self._stand_in is not None:
            self._stand_in.require_all()
        entries = [("request", {"path": r.path, "body": decoded(r.raw)}) for r in self._server.requests]
        if not is_ordered:
            entries.sort(key=canonical)
        return [*entries, ("unanswered", self._server.unanswered)]

    def trace(self) -> Trace:
        """What was asked and answered, for who has to explain a failure."""
        from conformance.trace import trace

        return [] if self._server is None else trace(self._server)

    def raise_problem(self) -> None:
        """Raise what a stand-in could not raise where it happened."""
        if self._stand_in is not None:
            self._stand_in.raise_problem()

    def let_go(self) -> None:
        """Tell a stand-in that what waits for it is leaving; a server sees that for itself."""
        if self._stand_in is not None:
            self._stand_in.let_go()

    def stop(self) -> None:
        """Stop the server, if there is one."""
        self.let_go()
        if self._server is not None:
            self._server.stop()


def _started() -> "ScriptedServer":
    from conformance.scripted import ScriptedServer

    server = ScriptedServer()
    server.start()
    return server
