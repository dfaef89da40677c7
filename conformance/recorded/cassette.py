"""A cassette: recorded exchanges with what is known of them, in the form of vcrpy, read strictly."""

import contextlib
import functools
import hashlib
import json
import operator
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from conformance.outcomes import HarnessError
from conformance.recorded.canonical import Canonical, canonical, digest, leaves
from conformance.recorded.secrets import secrets
from conformance.requirement import FACTS

SUFFIX: Final = ".yaml"
LARGEST: Final = 256 * 1024  # bytes of a file
WIDTH: Final = 2**31  # lines of a body stay whole
PROVENANCE: Final = re.compile(rf"recorded: \S.*|synthetic: wire-facts {FACTS.pattern}")
KNOWN: Final = (
    "scenario",
    "target",
    "requirements",
    "provenance",
    "implementation",
    "model",
    "base",
    "date",
    "versions",
)
# what a server says in these is part of its answer; nothing else of a head is kept
REQUEST_HEADERS: Final = frozenset({"content-type", "anthropic-version", "anthropic-beta"})
RESPONSE_HEADERS: Final = frozenset(
    ("content-type", "request-id", "x-request-id", "retry-after", "retry-after-ms", "x-should-retry")
)


class CassetteError(HarnessError):
    """A cassette that cannot be trusted; its text says which and why."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer.

    Args:
        request: dict, in its canonical form.
        status: int, of the answer.
        headers: mapping of str to str, of the answer, names in lower case.
        body: bytes, of the answer.
    """

    request: Canonical
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def answer_digest(self) -> str:
        """The SHA-256 of the answer."""
        head = [str(self.status), *(f"{name}: {value}" for name, value in sorted(self.headers.items()))]
        return hashlib.sha256("\n".join([*head, ""]).encode() + self.body).hexdigest()


@dataclass(frozen=True)
class Cassette:
    """What was exchanged in one scenario.

    Args:
        path: Path, where it is kept.
        data: dict, what the file holds.
    """

    path: Path
    data: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What is known of the recording: `KNOWN`."""
        found: Mapping[str, Any] = self.data["metadata"]
        return found

    @property
    def is_synthetic(self) -> bool:
        """Whether the scripted server answered, and no real one."""
        return str(self.metadata["provenance"]).startswith("synthetic")

    @cached_property
    def text(self) -> str:
        """The text of the file."""
        return dumped(self.data)

    def held(self) -> Iterator[str | bytes]:
        """All that it says: its text; what streams say piece by piece; the bytes that YAML breaks into lines."""
        yield self.text
        for each in self.data["interactions"]:
            for body in (each["request"]["body"], each["response"]["body"]["string"]):
                if isinstance(body, bytes):
                    yield body
                elif "data:" in body:
                    yield from _joined(body)

    def secrets(self, known: str = "") -> list[str]:
        """What in it looks like a secret; `known` is one by itself."""
        return list(dict.fromkeys(kind for part in self.held() for kind in secrets(part, known)))

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges, in order."""
        base = urlsplit(self.metadata["base"]).path
        return tuple(_exchange(each, base) for each in self.data["interactions"])

    @cached_property
    def row(self) -> dict[str, Any]:
        """What the manifest holds of it."""
        return {
            **{name: self.metadata[name] for name in ("scenario", "requirements", "provenance")},
            "requests": [digest(each.request) for each in self.exchanges],
            "responses": [each.answer_digest for each in self.exchanges],
            "sha256": hashlib.sha256(self.text.encode()).hexdigest(),
        }


def load(path: Path) -> Cassette:
    """Read a cassette.

    Args:
        path: Path.

    Returns:
        Cassette.

    Raises:
        CassetteError: there is none, or it is not one that `record` wrote: too large, not plain data, not in its
            form, with a header that is not kept, or without something that has to be known of it.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CassetteError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > LARGEST:
        raise CassetteError(f"{path} has {len(raw)} bytes; at most {LARGEST} are kept")
    try:
        data = yaml.load(raw, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader, and stricter
        cassette = Cassette(path, data)
        wrong = next(_faults(cassette, raw), None)
    except (yaml.YAMLError, RecursionError) as error:
        raise CassetteError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CassetteError(f"{path} does not have the shape of a cassette: {error!r}") from error
    if wrong:
        raise CassetteError(f"{path}: {wrong}")
    return cassette


def dumped(data: Mapping[str, Any]) -> str:
    """The text of a cassette: the same data is the same text."""
    return yaml.dump(data, Dumper=_LineDumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _joined(stream: str) -> Iterator[str]:
    """The texts of a stream, put together from all its events by the keys that they stand under."""
    pieces: dict[tuple[str | int, ...], list[str]] = {}
    for line in stream.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line.removeprefix("data:"))
            for path in leaves(event):
                value = functools.reduce(operator.getitem, path, event)
                pieces.setdefault(path, []).append(str(value))
    yield from map("".join, pieces.values())


def _faults(cassette: Cassette, raw: bytes) -> Iterator[str]:
    metadata = cassette.metadata
    if tuple(metadata) != KNOWN:
        yield f"its metadata are {', '.join(metadata)}; {', '.join(KNOWN)} are expected"
    if not PROVENANCE.fullmatch(metadata["provenance"]):
        yield f"provenance {metadata['provenance']!r}; 'recorded: SERVER' or 'synthetic: wire-facts A7' is expected"
    if not cassette.exchanges:
        yield "it holds no exchange"
    for number, each in enumerate(cassette.data["interactions"], 1):
        for side, kept in (("request", REQUEST_HEADERS), ("response", RESPONSE_HEADERS)):
            if strange := sorted(set(each[side]["headers"]) - kept):
                yield f"{side} {number} has the header {strange[0]!r}, which is not kept"
    if cassette.text != raw.decode():
        yield "it is not in the form that `python -m conformance record` writes: was it edited by hand?"


def _exchange(recorded: Mapping[str, Any], base: str) -> Exchange:
    request, response = recorded["request"], recorded["response"]
    url = urlsplit(request["uri"])
    path = url.path.removeprefix(base.rstrip("/"))
    headers = {name: values[0] for name, values in response["headers"].items()}
    sent = canonical(request["method"], path, url.query, _octets(request["body"]))
    return Exchange(sent, int(response["status"]["code"]), headers, _octets(response["body"]["string"]))


def _octets(body: str | bytes | None) -> bytes:
    return body if isinstance(body, bytes) else (body or "").encode()


class _PlainLoader(yaml.SafeLoader):
    """Reads what JSON could hold, and bytes; refuses tags, aliases, and keys that stand twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := [key for number, key in enumerate(keys) if key in keys[:number]]:
            raise yaml.YAMLError(f"the key {twice[0]!r} stands twice")
        return super().construct_mapping(node, deep)


class _LineDumper(yaml.SafeDumper):
    """Writes a body of several lines as these lines."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_LineDumper.add_representer(str, _text)
