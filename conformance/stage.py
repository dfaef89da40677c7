"""What a check scripts: the server on loopback or the target's own stand-in, made when it is first asked for."""

from typing import TYPE_CHECKING, cast

from conformance.outcomes import Projection
from conformance.projection import canonical, decoded

if TYPE_CHECKING:
    from conformance.scripted import ForcedModel, ScriptedServer
    from conformance.targets import Target


class Stage:
    """Holds what a check scripts, so that a check which needs none has none.

    Args:
        target: Target, which may bring a stand-in for the server.
    """

    def __init__(self, target: "Target") -> None:
        self._target = target
        self._server: ScriptedServer | None = None
        self._model: ForcedModel | None = None

    @property
    def server(self) -> "ScriptedServer":
        """The server, running; or what the target has in its place, which has the same face as far as it goes."""
        if self._model is None and self._server is None and (model := self._target.stand_in()):
            self._model = model
        if self._model is not None:
            return cast("ScriptedServer", self._model)
        if self._server is None:
            from conformance.scripted import ScriptedServer

            self._server = ScriptedServer()
            self._server.start()
        return self._server

    def record(self, is_ordered: bool) -> Projection:
        """What was asked of the model, as entries of a projection.

        Args:
            is_ordered: bool, False sorts the requests, for scenarios whose requests race each other.

        Returns:
            list: one entry a request, then how much of the script was not asked for.

        Raises:
            AssertionError: the script was used up.
            HarnessError: it was wrong.
        """
        self.raise_problem()
        asked = self._model or self._server
        if asked is None:
            return []
        entries = [("request", {"path": r.path, "body": decoded(r.raw)}) for r in asked.requests]
        if not is_ordered:
            entries.sort(key=canonical)
        return [*entries, ("unanswered", asked.unanswered)]

    def raise_problem(self) -> None:
        """Raise what a stand-in could not raise where it happened."""
        if self._model is not None:
            self._model.raise_problem()

    def let_go(self) -> None:
        """Tell a stand-in that what waits for it is leaving; a server sees that for itself."""
        if self._model is not None:
            self._model.let_go()

    def stop(self) -> None:
        """Stop the server, if there is one."""
        self.let_go()
        if self._server is not None:
            self._server.stop()
