"""A file of recordings, in the form of vcrpy, and the interactions in it."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import yaml

ChatWire = Literal["openai", "anthropic"]
MANIFEST: Final = "manifest.json"  # of our own cassettes
SUFFIXES: Final = (".yaml", ".yml", ".json")
PATHS: Final[dict[str, ChatWire]] = {"/messages": "anthropic", "/chat/completions": "openai"}
HOSTS: Final = {
    "api.openai.com": "openai",
    "openrouter.ai": "openrouter",
    "generativelanguage.googleapis.com": "gemini",
    "api.groq.com": "groq",
    "api.deepseek.com": "deepseek",
    "api.mistral.ai": "mistral",
    "api.together.xyz": "together",
    "localhost:11434": "ollama",
}
GZIP: Final = b"\x1f\x8b"
GZIP_BITS: Final = 16 + zlib.MAX_WBITS
MOST_BYTES: Final = 64 * 2**20  # of one body
MOST_PARTS: Final = 10_000_000  # values of a file
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableError(Exception):
    """A file or an interaction that cannot be replayed; its text says why."""


@dataclass(frozen=True)
class Interaction:
    """One request and its reply, as far as a replay needs them.

    Args:
        wire: "openai" or "anthropic", told by the path.
        provider: str, told by the host.
        streamed: bool, whether the request asked for a stream.
        status: int.
        content_type: str.
        request_id: str, the provider's own, or one made up.
        body: bytes, without any content encoding.
    """

    wire: ChatWire
    provider: str
    streamed: bool
    status: int
    content_type: str
    request_id: str
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def is_event_stream(self) -> bool:
        """Whether the body is server-sent events."""
        return self.status == 200 and self.streamed and self.media_type == "text/event-stream"


def recordings(folder: Path) -> list[Path]:
    """The files of a folder and its subfolders that may be recordings, in order; our own manifest is none."""
    found = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return sorted(path for path in found if path.name != MANIFEST)


def interactions(path: Path) -> list[Interaction | UnreadableError]:
    """Read a file.

    Args:
        path: Path, YAML or JSON.

    Returns:
        list: an Interaction for each that was recorded, or why it cannot be replayed.

    Raises:
        UnreadableError: the file as a whole is no recording.
    """
    try:
        text = path.read_bytes()
        # nothing but plain data is loaded: a recording may come from anywhere
        data = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=Loader)  # noqa: S506 - it is safe
        if _weight(data, {}) > MOST_PARTS:
            raise UnreadableError(f"it stands for more than {MOST_PARTS} values, by aliases of aliases")
    except (OSError, RecursionError, ValueError, yaml.YAMLError) as error:
        raise UnreadableError(" ".join(str(error).split())) from error
    recorded = data.get("interactions") if isinstance(data, dict) else None
    if not isinstance(recorded, list) or not recorded:
        raise UnreadableError("it has no list of interactions")
    return [interaction_of(each) for each in recorded]


def interaction_of(recorded: Any) -> Interaction | UnreadableError:
    """One interaction of a file, or why it cannot be replayed."""
    try:
        request, response = recorded["request"], recorded["response"]
        url = urlsplit(str(request["uri"]))
        wire = _wire(str(request.get("method", "POST")), url.path)
        status = response["status"]
        headers = _headers(response.get("headers") or {})
        body = _decoded(_octets(response.get("body")), headers.get("content-encoding", ""))
        return Interaction(
            wire=wire,
            provider="anthropic"
            if wire == "anthropic"
            else HOSTS.get(url.netloc) or HOSTS.get(url.hostname or "", "openai"),
            streamed=_asked_for_stream(request.get("body")),
            status=int(status["code"] if isinstance(status, Mapping) else status),
            content_type=headers.get("content-type") or _guessed_type(body),
            request_id=headers.get("request-id") or headers.get("x-request-id") or "req_replayed",
            body=body,
        )
    except UnreadableError as reason:
        return reason
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        return UnreadableError(f"the interaction has an unexpected shape: {error!r}")


def _wire(method: str, path: str) -> ChatWire:
    found = next((wire for end, wire in PATHS.items() if path.endswith(end)), None)
    if method.upper() != "POST" or found is None or "/threads/" in path:
        raise UnreadableError(f"{method} {path!r} belongs to neither wire")
    return found


def _weight(data: Any, known: dict[int, int]) -> int:
    """How many values are written in a file's data when each alias is written out; one inside itself has no end."""
    if not isinstance(data, (dict, list)):
        return 1
    if id(data) not in known:
        known[id(data)] = MOST_PARTS + 1
        inner = data.values() if isinstance(data, dict) else data
        known[id(data)] = 1 + sum(_weight(one, known) for one in inner)
    return known[id(data)]


def _headers(recorded: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value[0] if isinstance(value, list) else value) for name, value in recorded.items()}


def _octets(body: Any) -> bytes:
    """A body in any of the forms that recorders write."""
    if isinstance(body, Mapping) and "base64_string" in body:
        return base64.b64decode(body["base64_string"])
    if isinstance(body, Mapping) and "string" in body:
        body = body["string"]
    if isinstance(body, Mapping | list):
        return json.dumps(body).encode()
    return body if isinstance(body, bytes) else (body or "").encode()


def _decoded(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding, which many recorders undo and leave named in the header."""
    try:
        if body.startswith(GZIP):
            return _inflated(body, GZIP_BITS)
        if encoding == "deflate" and not _is_text(body):
            return _inflated(body, zlib.MAX_WBITS)
    except zlib.error as error:
        raise UnreadableError(f"the body is not {encoding or 'gzip'}: {error}") from error
    if encoding not in ("", "identity", "gzip", "deflate") and not _is_text(body):
        raise UnreadableError(f"a body in content-encoding {encoding} cannot be decoded here")
    return body


def _inflated(body: bytes, bits: int) -> bytes:
    """What was packed, which may be a thousand times as much: as far as a body can go."""
    found = b""
    while body:
        unpacking = zlib.decompressobj(bits)
        found += unpacking.decompress(body, MOST_BYTES + 1 - len(found))
        if len(found) > MOST_BYTES:
            raise UnreadableError(f"the body unpacks to more than {MOST_BYTES} bytes")
        if not unpacking.eof:
            raise zlib.error("it is cut off")
        body = unpacking.unused_data
    return found


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _asked_for_stream(body: Any) -> bool:
    try:
        asked = json.loads(_octets(body) or b"{}")
    except (ValueError, binascii.Error) as error:
        raise UnreadableError(f"the request is not JSON: {error}") from error
    return isinstance(asked, dict) and asked.get("stream") is True


def _guessed_type(body: bytes) -> str:
    return "application/json" if body.lstrip()[:1] in (b"{", b"[") else "text/event-stream"
