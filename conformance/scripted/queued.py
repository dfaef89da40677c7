"""A script and the record of what was asked, as every stand-in has them that is scripted."""

import threading
from collections import deque

from conformance.scripted.script import Request, Scripted
from conformance.scripted.standin import StandIn


class Queued(StandIn):
    """Answers from a script, and keeps what it is asked; any thread may do either."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Scripted] = deque()
        self._default: Scripted | None = None
        self._requests: list[Request] = []

    @property
    def requests(self) -> list[Request]:
        """What was asked so far, in order of arrival."""
        with self._lock:
            return list(self._requests)

    @property
    def unanswered(self) -> int:
        """How many replies of the script are still to be asked for."""
        with self._lock:
            return len(self._queue)

    def script(self, *replies: Scripted) -> None:
        """Add replies to the script; each request takes the next one, in order of arrival.

        Args:
            replies: Reply, Fault, Raw, or a callable that takes the Request and returns one of these.
        """
        with self._lock:
            self._queue.extend(replies)

    def always(self, reply: Scripted) -> None:
        """Say what to answer when the script is used up; without it that is an HTTP 500.

        Args:
            reply: Reply, Fault, Raw, or a callable that takes the Request and returns one of these.
        """
        with self._lock:
            self._default = reply

    def unscript(self) -> None:
        """Forget the script and what `always` said."""
        with self._lock:
            self._queue.clear()
            self._default = None

    def clear(self) -> None:
        """Forget the script, what `always` said, and the requests."""
        self.unscript()
        with self._lock:
            self._requests.clear()

    def _keep(self, request: Request) -> int:
        """Keep a request, and say how many there are by now; the lock is held."""
        self._requests.append(request)
        return len(self._requests)

    def _next(self) -> Scripted | None:
        """The next reply of the script, or None where it is used up; the lock is held."""
        return self._queue.popleft() if self._queue else self._default
