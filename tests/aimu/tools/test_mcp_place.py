"""Where a server is, and what is not shown of it."""

from pathlib import Path
from typing import Any

import pytest

from aimu.errors import MCPConnectionError
from aimu.tools.mcp_place import Place, read_places


def place(**source: Any) -> Place:
    (found,) = read_places(**{"config": None, "server": None, "file": None, **source})
    return found


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8000/mcp", "http://127.0.0.1:8000"),
        ("https://example.org", "https://example.org"),
        ("https://me:secret@example.org:8443/secret?key=secret#secret", "https://example.org:8443"),
        ("https://[::1]:80/secret", "https://[::1]:80"),
    ],
)
def test_of_a_url_only_the_address_is_shown(url: str, shown: str) -> None:
    found = place(server=url)
    assert found.target == url
    assert found.shown == f"MCP server {shown}"


@pytest.mark.parametrize(
    "url", ["", "http:///x", "http://me:key@/x", "ftp://example.org", "http://a b/", "example.org", "file:///x"]
)
def test_a_str_that_is_no_http_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(MCPConnectionError, match="http") as caught:
        place(server=url)
    assert not url or url not in str(caught.value)


def test_a_script_given_as_server_is_sent_to_file() -> None:
    with pytest.raises(MCPConnectionError, match="file="):
        place(server="server.py")


def test_every_piece_of_a_url_is_quiet() -> None:
    found = place(server="https://me:pass-word@example.org/path-key/mcp?api_key=query-key&page=1")
    for told in ("at https://me:pass-word@example.org/path-key/mcp?api_key=query-key&page=1", "pass-word", "query-key"):
        assert not any(secret in found.quiet(told) for secret in ("pass-word", "path-key", "query-key"))
    assert found.quiet("page 1 of example.org") == "page 1 of example.org"
    assert found.quiet("see http://other.org/path-key/mcp") == "see http://other.org/***"
    assert found.quiet("see http://other.org/path-key/x") == "see http://other.org/***/x"
    assert (
        place(server="http://h/search?query-key").quiet("no search for query-key in search") == "no *** for *** in ***"
    )
    assert place(server="http://h/api/search/mcp").quiet("search failed in mcp") == "search failed in mcp"


def test_values_of_env_headers_and_auth_are_quiet() -> None:
    entry = {"url": "http://h/mcp", "headers": {"Authorization": "Bearer header-key"}, "auth": "auth-key"}
    found = place(config={"mcpServers": {"far": entry}})
    assert found.quiet("header-key auth-key Bearer header-key") == "*** *** ***"
    entry = {"url": "http://h/mcp", "headers": {"X": "read-from-a-file\n", "Y": "of\ntwo lines"}}
    found = place(config={"mcpServers": {"far": entry}})
    assert found.quiet(f"{b'read-from-a-file'!r}, {'of' + chr(10) + 'two lines'!r}") == "b'***', '***'"
    found = place(config={"mcpServers": {"near": {"command": "x", "env": {"KEY": "env-key", "DEBUG": "1"}}}})
    assert found.quiet("1 env-key") == "1 ***"
    assert "key" not in repr(found)


def test_names_prefix_only_where_there_are_several() -> None:
    entry = {"command": "x"}
    assert place(config={"mcpServers": {"one": entry}}).public_name("add") == "add"
    several = read_places({"mcpServers": {"one": entry, "two": entry}}, None, None)
    assert [found.public_name("add") for found in several] == ["one_add", "two_add"]


def test_what_runs_as_a_process(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.touch()
    assert place(file=script).is_process
    assert place(config={"mcpServers": {"a": {"command": "x"}}}).is_process
    assert not place(config={"mcpServers": {"a": {"url": "http://h"}}}).is_process
    assert not place(server=object()).is_process


@pytest.mark.parametrize(
    "config", [{}, [], {"mcpServers": []}, {"mcpServers": {"a": 3}}, {"mcpServers": {"a": {"url": 3}}}], ids=str
)
def test_a_config_that_names_no_server_is_refused(config: Any) -> None:
    with pytest.raises(MCPConnectionError, match=r"mcpServers|'a'"):
        read_places(config, None, None)
