"""The scripted server of one check, started when it is first asked for."""

from typing import TYPE_CHECKING

from conformance.outcomes import Projection
from conformance.projection import canonical, decoded

if TYPE_CHECKING:
    from conformance.scripted import ScriptedServer


class Stage:
    """Holds the server of a check, so that a check which needs none has none."""

    def __init__(self) -> None:
        self._server: ScriptedServer | None = None

    @property
    def server(self) -> "ScriptedServer":
        """The server, running."""
        if self._server is None:
            from conformance.scripted import ScriptedServer

            self._server = ScriptedServer()
            self._server.start()
        return self._server

    def record(self, is_ordered: bool) -> Projection:
        """What was asked of the server, as entries of a projection.

        Args:
            is_ordered: bool, False sorts the requests, for scenarios whose requests race each other.

        Returns:
            list: one entry a request, then how much of the script was not asked for.
        """
        if self._server is None:
            return []
        entries = [("request", {"path": r.path, "body": decoded(r.raw)}) for r in self._server.requests]
        if not is_ordered:
            entries.sort(key=canonical)
        return [*entries, ("unanswered", self._server.unanswered)]

    def stop(self) -> None:
        """Stop the server, if there is one."""
        if self._server is not None:
            self._server.stop()
