"""A server that answers from a cassette, and nothing but what was recorded."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from conformance.outcomes import HarnessError
from conformance.readings.oracle import plain
from conformance.readings.reading import Reading
from conformance.readings.recording import Interaction, interaction_of
from conformance.recorded.canonical import canonical, difference, digest
from conformance.recorded.cassette import RESPONSE_HEADERS, Cassette, Exchange
from conformance.scripted import Request, ScriptedServer
from conformance.scripted.answer import Answer
from conformance.scripted.script import Scripted


class Tape(ScriptedServer):
    """Plays a cassette once, from its first exchange to its last; a request that is not the recorded one ends it.

    It is a server on loopback, so whatever client asks, asks over a real connection. A scenario scripts what it
    scripted when it was recorded, and what a synthetic cassette holds has to be that still.

    Args:
        cassette: Cassette.
    """

    def __init__(self, cassette: Cassette) -> None:
        super().__init__()
        self.model = str(cassette.metadata["model"])
        self._cassette = cassette
        self._problem: Exception | None = None

    def script(self, *replies: Scripted) -> None:
        if self._cassette.is_synthetic:
            super().script(*replies)

    @property
    def unanswered(self) -> int:
        """How many recorded exchanges are still to be asked for."""
        return max(0, len(self._cassette.exchanges) - len(self.requests))

    @property
    def readings(self) -> list[Reading]:
        return [reading_of(each) for each in self._cassette.data["interactions"][: len(self.requests)]]

    def raise_problem(self) -> None:
        """Raise what a client was only told as an HTTP 500.

        Raises:
            AssertionError: a request was not the recorded one, or there were more of them.
            HarnessError: the script of the scenario is not what was recorded any more.
        """
        if self._problem is not None:
            raise self._problem from None

    def require_all(self) -> None:
        """See that all was asked for.

        Raises:
            AssertionError: some exchanges were not.
        """
        count = len(self._cassette.exchanges)
        if self.unanswered:
            raise AssertionError(
                f"{self.unanswered} of {count} recorded exchanges were not asked for, from the request after "
                f"{count - self.unanswered} on; {self._owner}"
            )

    def _respond(self, request: Request) -> Answer:
        scripted = super()._respond(request)
        number = len(self.requests)
        if self._problem is None:
            self._problem = self._wrong(request, number, scripted)
        if self._problem is not None:
            return self._broken(f"not on record: {self._problem}", request, number)
        exchange = self._cassette.exchanges[number - 1]
        return answer_of(exchange)

    def _wrong(self, request: Request, number: int, scripted: Answer) -> Exception | None:
        if number > len(self._cassette.exchanges):
            return AssertionError(
                f"request {number} is not on record, which ends after {number - 1}; {self._owner}\n"
                f"sent: {request.method} {request.path}"
            )
        exchange = self._cassette.exchanges[number - 1]
        base = urlsplit(self.url(request.wire)).path if request.wire else ""
        sent = canonical(request.method, request.path.removeprefix(base), request.query, request.raw)
        if digest(sent) != digest(exchange.request):
            told = difference(exchange.request, sent)
            return AssertionError(f"request {number} is not the recorded one; {self._owner}\n{told}")
        if self._cassette.is_synthetic and (wrong := _unlike(exchange, scripted)):
            return HarnessError(f"the script says other than what was recorded of it: {wrong} {number}; {self._owner}")
        return None

    @property
    def _owner(self) -> str:
        return f"{self._cassette.path} is the record of {self._cassette.metadata['scenario']}"


def reading_of(recorded: Mapping[str, Any]) -> Reading:
    """What a recorded answer says, read without the implementation and its SDK.

    Args:
        recorded: mapping, a request and its answer as vcrpy writes them.

    Raises:
        HarnessError: it is of neither wire.
    """
    interaction = interaction_of(recorded)
    if not isinstance(interaction, Interaction):
        raise HarnessError(str(interaction))
    return plain(interaction)


def answer_of(exchange: Exchange) -> Answer:
    """The recorded answer, to be sent again."""
    headers = {**exchange.headers, "content-length": str(len(exchange.body))}
    return Answer(status=exchange.status, headers=headers, items=[exchange.body])


def _unlike(exchange: Exchange, scripted: Answer) -> str | None:
    """What of a scripted answer is not the recorded one."""
    if scripted.status != exchange.status:
        return "the status of answer"
    if {name: value for name, value in scripted.headers.items() if name in RESPONSE_HEADERS} != exchange.headers:
        return "the headers of answer"
    body = b"".join(item for item in scripted.items if isinstance(item, bytes))
    return None if body == exchange.body else "the body of answer"
