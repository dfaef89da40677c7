"""Where an MCP server is: read from what the user gave, and shown without its secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aimu.errors import MCPConnectionError

HTTP_URL = re.compile(
    r"(?P<scheme>https?)://(?:(?P<user>[^/?#]*)@)?(?P<host>[^/?#@\s]+)(?:/*(?P<beyond>(?<=/)\S*|[?#]\S*))?"
)
SHORTEST_SECRET = 4  # characters; hiding "1" or "en" would only garble a message
SHORTEST_SEGMENT = 8  # of a path, which may hold a key, and mostly holds "mcp" or "search"


@dataclass(frozen=True, repr=False)
class Place:
    """One MCP server.

    Args:
        target: A server object, a URL, the path of a script, or the entry of a config.
        shown: What errors and reprs call it.
        name: Its name in a config of several, which prefixes its tools; else "".
        secrets: What must not be read in an error.
    """

    target: Any
    shown: str
    name: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def is_process(self) -> bool:
        """Whether it is started as a subprocess of this one."""
        return isinstance(self.target, Path) or (isinstance(self.target, dict) and "url" not in self.target)

    def public_name(self, tool: str) -> str:
        """What one of its tools is called here."""
        return f"{self.name}_{tool}" if self.name else tool

    def quiet(self, text: str) -> str:
        """The text without the server's secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def read_places(config: Mapping[str, Any] | None, server: Any, file: str | os.PathLike[str] | None) -> list[Place]:
    """The servers that the parameters of an MCPClient name (MCP-1).

    Raises:
        MCPConnectionError: not exactly one is given, or it can be no server.
    """
    given = [name for name, value in (("config", config), ("server", server), ("file", file)) if value is not None]
    if len(given) != 1:
        raise MCPConnectionError(f"give exactly one of config=, server= and file=, not {' and '.join(given) or 'none'}")
    if config is not None:
        return _of_config(config)
    return [_of_file(file) if file is not None else _of_server(server)]


def _of_file(file: str | os.PathLike[str]) -> Place:
    path = Path(file)
    if path.suffix != ".py" or not path.is_file():
        raise MCPConnectionError(f"file={str(file)!r} is not the path of a Python script (.py) that exists")
    return Place(path, f"MCP server {str(file)!r}")


def _of_server(server: Any) -> Place:
    if not isinstance(server, str):
        return Place(server, f"MCP server {str(getattr(server, 'name', ''))!r} in memory")
    url = _read_url(server)
    # keys stand before the host, in the path and in the query
    return Place(server, f"MCP server {url['scheme']}://{url['host']}", secrets=_sorted(_secrets(url)))


def _of_config(config: Mapping[str, Any]) -> list[Place]:
    servers = config.get("mcpServers") if isinstance(config, Mapping) else None
    if not isinstance(servers, Mapping) or not servers:
        raise MCPConnectionError("config= must be {'mcpServers': {name: {'command': ...} or {'url': ...}}}")
    return [_of_entry(str(name), entry, len(servers) > 1) for name, entry in servers.items()]


def _of_entry(name: str, entry: Any, has_siblings: bool) -> Place:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("url", entry.get("command")), str):
        raise MCPConnectionError(f"MCP server {name!r} of config= needs a 'command' or a 'url'")
    secrets = [str(value) for part in ("env", "headers") for value in _values(entry.get(part))]
    secrets += [secret.removeprefix("Bearer ").strip() for secret in secrets]
    if isinstance(auth := entry.get("auth"), str) and auth != "oauth":
        secrets.append(auth)
    secrets += [repr(secret)[1:-1] for secret in secrets]
    if "url" in entry:
        secrets += _secrets(_read_url(entry["url"], f" {name!r}"))
    return Place(dict(entry), f"MCP server {name!r}", name if has_siblings else "", _sorted(secrets))


def _read_url(text: str, name: str = "") -> re.Match[str]:
    if url := HTTP_URL.fullmatch(text):
        return url
    hint = "; a script is file=" if text.endswith(".py") else ""
    raise MCPConnectionError(f"the MCP server{name} is a str that is no http:// or https:// URL{hint}")


def _secrets(url: re.Match[str]) -> list[str]:
    """The URL whole, so that no piece of it is overlooked, and the pieces that may stand alone."""
    user, beyond = url["user"] or "", url["beyond"] or ""
    path, *pieces = re.split(r"[?&#]", beyond)
    values = [piece.split("=", 1)[-1] for piece in pieces]
    segments = [segment for segment in path.split("/") if len(segment) >= SHORTEST_SEGMENT]
    return [url[0], user, user.partition(":")[2], beyond, path.strip("/"), *segments, *values]


def _values(part: Any) -> list[Any]:
    return list(part.values()) if isinstance(part, Mapping) else []


def _sorted(secrets: Iterable[str]) -> tuple[str, ...]:
    """The longest first, since one may hold another."""
    return tuple(sorted({one for one in secrets if len(one) >= SHORTEST_SECRET}, key=len, reverse=True))
