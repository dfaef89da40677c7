"""One scenario recorded: its sync body runs before a real or the scripted server, and vcrpy keeps what is said."""

import contextlib
import datetime
import importlib.metadata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from conformance.implementation import Implementation
from conformance.outcomes import HarnessError
from conformance.readings.reading import Reading
from conformance.recorded.canonical import QUERY
from conformance.recorded.cassette import REQUEST_HEADERS, RESPONSE_HEADERS
from conformance.recorded.manifest import Expected
from conformance.recorded.tape import reading_of
from conformance.recorded.target import Behind
from conformance.redaction import without_keys
from conformance.requirement import Scenario
from conformance.scripted import Fault, Gate, Raw, Reply, Request, ScriptedServer, StandIn
from conformance.scripted.connection import parsed
from conformance.scripted.pieces import gates
from conformance.scripted.script import Scripted
from conformance.surfaces import SyncDriver
from conformance.targets import Target

PACKAGES: Final = ("anthropic", "openai", "httpx2", "vcrpy")
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
LIMIT: Final = 120.0  # seconds for one scenario


@dataclass(frozen=True)
class Source:
    """Who answers.

    Args:
        base_url: str, what a client is given; "" is the scripted server.
        model: str, what is asked for.
        server: str, its name and version, as provenance says it; "" is what it calls itself.
        api_key: str, for it.
    """

    base_url: str = ""
    model: str = ScriptedServer.model
    server: str = ""
    api_key: str = ScriptedServer.api_key

    @property
    def is_real(self) -> bool:
        """Whether a server answers that is not ours."""
        return bool(self.base_url)


class Deck(ScriptedServer):
    """The scripted server, for a script that a recording can hold."""

    def script(self, *replies: Scripted) -> None:
        for reply in replies:
            _require_recordable(reply)
        super().script(*replies)


class Endpoint(StandIn):
    """A real server, of which a scenario sees what it was asked.

    Args:
        source: Source, which is real.
        kept: the exchanges so far, as vcrpy has them.
    """

    unanswered = 0

    def __init__(self, source: Source, kept: Any) -> None:
        self.model = source.model
        self.api_key = source.api_key
        self._base_url = source.base_url
        self._kept = kept

    def url(self, wire: str) -> str:  # noqa: ARG002
        """The base URL, whichever wire is spoken there."""
        return self._base_url

    @property
    def requests(self) -> list[Request]:
        """The requests so far."""
        return [_request(each) for each in self._kept.requests]

    @property
    def readings(self) -> list[Reading]:
        return [reading_of(each) for each in _exchanged(self._kept)]


def record(
    expected: Expected, scenario: Scenario, target: Target, implementation: Implementation, source: Source
) -> dict[str, Any]:
    """Run a scenario and keep what was exchanged.

    Args:
        expected: Expected, of the scenario.
        scenario: Scenario.
        target: Target, the provider.
        implementation: Implementation, whose requests are recorded.
        source: Source, who answers.

    Returns:
        dict: the data of a cassette.

    Raises:
        AssertionError: the scenario does not hold before this server.
        HarnessError: what it exchanges cannot be recorded.
    """
    with _kept() as kept:
        behind = Behind(target, lambda _: Endpoint(source, kept) if source.is_real else _started(Deck()))
        behind.uses_network = source.is_real
        driver = SyncDriver(behind, implementation)
        driver.play(scenario.body, LIMIT)
    if not kept.requests:
        raise HarnessError(f"{expected.scenario} exchanged nothing that could be recorded")
    return _data(expected, implementation, source, kept)


def _data(expected: Expected, implementation: Implementation, source: Source, kept: Any) -> dict[str, Any]:
    base = source.base_url or ("http://localhost" if _wire(kept.requests[0]) == "anthropic" else "http://localhost/v1")
    metadata = {
        "scenario": expected.scenario,
        "target": expected.target,
        "requirements": list(expected.requirements),
        "provenance": _provenance(expected, source, kept.responses[0]),
        "implementation": implementation.name,
        "model": source.model,
        "base": _elsewhere(base),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {implementation.name: implementation.version, **_versions()},
    }
    return {"version": 1, "metadata": metadata, "interactions": _exchanged(kept)}


def _exchanged(kept: Any) -> list[dict[str, Any]]:
    pairs = zip(kept.requests, kept.responses, strict=True)
    return [{"request": _asked(request), "response": _answered(response)} for request, response in pairs]


def _provenance(expected: Expected, source: Source, response: Mapping[str, Any]) -> str:
    if not source.is_real:
        return expected.synthetic
    named = next((values[0] for name, values in response["headers"].items() if name.lower() == "server"), None)
    return f"recorded: {source.server or named or urlsplit(source.base_url).hostname}"


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _asked(request: Any) -> dict[str, Any]:
    body = request.body_bytes or b""
    return {
        "method": request.method,
        "uri": _elsewhere(request.uri),
        "headers": _heads({name: [value] for name, value in request.headers.items()}, REQUEST_HEADERS),
        "body": _text(body),
    }


def _answered(response: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": {"code": response["status"]["code"], "message": response["status"]["message"] or ""},
        "headers": _heads(response["headers"], RESPONSE_HEADERS),
        "body": {"string": _text(response["body"]["string"])},
    }


def _heads(headers: Mapping[str, list[str]], kept: frozenset[str]) -> dict[str, list[str]]:
    found = {name.lower(): [str(value) for value in values] for name, values in headers.items()}
    return {name: found[name] for name in sorted(found) if name in kept}


def _text(body: bytes) -> str | bytes:
    try:
        return without_keys(body.decode())
    except UnicodeDecodeError:
        return body


def _elsewhere(url: str) -> str:
    """The URL without a port that is another one every time, without user, and of the query what counts."""
    parts = urlsplit(url)
    host = "localhost" if parts.hostname in LOOPBACK else parts.netloc.rpartition("@")[2]
    query = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] in QUERY])
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _wire(kept: Any) -> str:
    return "anthropic" if kept.path.endswith("/messages") else "openai"


def _request(kept: Any) -> Request:
    raw = kept.body_bytes or b""
    headers = {name.lower(): value for name, value in kept.headers.items()}
    return Request(_wire(kept), kept.method, kept.path, headers, raw, parsed(raw), urlsplit(kept.uri).query)


def _started(deck: Deck) -> Deck:
    deck.start()
    return deck


@contextlib.contextmanager
def _kept() -> Iterator[Any]:
    """What vcrpy keeps of every exchange inside, in memory."""
    try:
        import vcr
        from vcr.persisters.filesystem import CassetteNotFoundError
    except ImportError as error:
        raise HarnessError("recording needs vcrpy; install aimu[conformance]") from error

    class Nowhere:
        """Loads nothing, and leaves the writing to us."""

        @staticmethod
        def load_cassette(*_: Any, **__: Any) -> Any:
            raise CassetteNotFoundError

        @staticmethod
        def save_cassette(*_: Any, **__: Any) -> None:
            """Nothing to do: what is written is cleaned first."""

    recorder = vcr.VCR(record_mode="all", decode_compressed_response=True)
    recorder.register_persister(Nowhere)
    with recorder.use_cassette("in-memory") as kept:
        yield kept


def _require_recordable(reply: Scripted) -> None:
    """A recording holds whole answers: no gate, no connection that breaks."""
    answer = reply if isinstance(reply, (Reply, Fault, Raw)) else None
    held: list[Gate] = []
    if isinstance(answer, Reply):
        held = [*gates(answer.text), *gates(answer.thinking), *([answer.before] if answer.before else [])]
    if isinstance(answer, Raw) and not isinstance(answer.body, bytes):
        held = [item for item in answer.body if isinstance(item, Gate)]
    is_broken = getattr(answer, "drops", False) or not getattr(answer, "ends", True) or getattr(answer, "kind", None)
    if held or is_broken:
        raise HarnessError("a recording holds whole answers; this script waits at a gate or breaks a connection")
