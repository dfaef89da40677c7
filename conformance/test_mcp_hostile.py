"""Scenarios of spec/security.md: an MCP server that means harm is contained, and its client goes on."""

import json
import logging
import re
import sys
import time
from typing import Any, Final

import pytest

from conformance.driver import Driver
from conformance.mcp_servers import hostile
from conformance.props import Records
from conformance.requirement import LIBRARY, requirement
from conformance.scripted import Call, Reply

NEEDS: Final = ("wire", "scripted", "tools")
PATIENCE: Final = 0.5  # seconds, of a client whose server is known not to answer; a harmless call takes a thousandth
SOON: Final = 1.0  # seconds of this process; without a limit it would be days
LIMIT: Final = 2**20
KEY: Final = "key-0123456789-abcdef"
# results that are none, and what is told of each
WRONG: Final = ("unknown", "odd_type", "typeless", "not_a_list", "empty", "lies")


async def hostile_client(d: Driver, kind: str = "calls", **options: Any) -> Any:
    """A client of this surface, connected to a hostile server of that kind."""
    entry = {"command": sys.executable, "args": [hostile.SCRIPT, kind], "env": {"SERVER_KEY": KEY}}
    return d.track(await d(d.api.MCPClient.connect(config={"mcpServers": {"hostile": entry}}, **options)))


async def goes_on(d: Driver, mcp: Any) -> bool:
    """Whether a harmless tool of the same server can be called."""
    return bool((await d(mcp.call_tool("fine"))).content[0].text == "fine")


@requirement("SECURITY-4", subject=LIBRARY)
async def test_answers_that_are_none(d: Driver) -> None:
    """Each is a ToolError of a few words; the connection stays, and no second process is started."""
    mcp = await hostile_client(d)
    first = mcp.client
    for name in WRONG:
        with d.raises(d.lib.ToolError, match="none of the protocol's") as caught:
            await d(mcp.call_tool(name))
        assert len(str(caught.value)) < 300
        assert await goes_on(d, mcp)
    with d.raises(d.lib.ToolError) as caught:
        await d(mcp.call_tool("huge_failure"))
    assert len(str(caught.value)) < LIMIT + 100
    assert mcp.client is first


@requirement("SECURITY-4", needs=NEEDS)
async def test_a_model_reads_what_a_hostile_tool_gave(d: Driver) -> None:
    """Every answer, however wrong or large, is a tool message of bounded length; the turn ends and history is whole."""
    mcp = await hostile_client(d)
    names = [*WRONG, "no_image", "no_base64", "local_image", "local_link", "huge", "garbage"]
    d.script(Reply(calls=[Call(name, {}, id=f"c{n}") for n, name in enumerate(names)]), Reply("Enough"))
    client = d.client(tools=await d(mcp.as_tools()))
    assert await d(client.chat("go")) == "Enough"
    told = {entry["tool_call_id"]: entry["content"] for entry in client.messages if entry["role"] == "tool"}
    assert list(told) == [f"c{n}" for n in range(len(names))]
    assert all(isinstance(text, str) and len(text) < LIMIT + 200 for text in told.values())
    assert "[image/png, 13 bytes]" in told[f"c{names.index('local_image')}"]


@requirement("SECURITY-5", subject=LIBRARY)
async def test_a_server_that_does_not_answer(d: Driver) -> None:
    """A call and a listing end when the time is up; what cannot be read is no answer; the next call works."""
    mcp = await hostile_client(d, timeout=PATIENCE)
    for name in ("endless", "deep"):
        with d.raises(d.lib.errors.MCPConnectionError, match="timed out") as caught:
            await d(mcp.call_tool(name))
        assert caught.value.__cause__ is not None
        assert await goes_on(d, mcp)
    silent = await hostile_client(d, "silent", timeout=PATIENCE)
    with d.raises(d.lib.errors.MCPConnectionError, match="timed out"):
        await d(silent.list_tools())
    for wrong in (0, -1.0):
        with d.raises(ValueError, match="timeout="):
            d.api.MCPClient(server="http://127.0.0.1:9/mcp", timeout=wrong)


@requirement("SECURITY-5", subject=LIBRARY)
async def test_a_server_that_dies(d: Driver) -> None:
    """In the middle of an answer: the call fails, the next one starts the server anew."""
    mcp = await hostile_client(d)
    with d.raises(d.lib.errors.MCPConnectionError, match="'die'"):
        await d(mcp.call_tool("die"))
    assert await goes_on(d, mcp)


@requirement("SECURITY-6", subject=LIBRARY)
async def test_what_a_server_says_unasked(d: Driver) -> None:
    """Bytes that are no text, lines that are no messages, answers to nothing: the real answer is found among them."""
    mcp = await hostile_client(d, timeout=20.0)
    first = mcp.client
    assert (await d(mcp.call_tool("garbage"))).content[0].text == "garbage"
    assert await goes_on(d, mcp)
    assert mcp.client is first


@requirement("SECURITY-6", subject=LIBRARY)
async def test_what_a_server_asks_of_its_client(d: Driver) -> None:
    """A model, the user, folders: each is refused."""
    mcp = await hostile_client(d)
    answers = json.loads((await d(mcp.call_tool("ask"))).content[0].text)
    assert answers == dict.fromkeys(hostile.ASKED, "refused")


@requirement("SECURITY-6", subject=LIBRARY)
async def test_what_a_server_logs(d: Driver) -> None:
    """Nobody sees it who did not ask; the logger `aimu.mcp` has it at DEBUG, on a line, without colours and secrets."""
    mcp = await hostile_client(d)
    with Records() as seen:
        await d(mcp.call_tool("flood"))
    notes = [record for record in seen if re.search(r"\b31m\d", record.getMessage())]
    assert {record.name for record in notes} == {"aimu.mcp"}
    assert {record.levelno for record in notes} == {logging.DEBUG}
    assert not [text for text in map(logging.LogRecord.getMessage, notes) if re.search("[\x1b\n]", text) or KEY in text]


@requirement("SECURITY-7", subject=LIBRARY)
async def test_lists_of_tools_that_are_none(d: Driver) -> None:
    """Schemas and lists of another shape are refused, soon; a page that is its own next one ends it."""
    wrong = [f"schema:{name}" for name in ("is_text", "bad_required")]
    for kind in (*wrong, "bad_list", "pages"):
        mcp = await hostile_client(d, kind)
        with pytest.raises(d.lib.errors.MCPConnectionError) as caught:
            await d(mcp.get_tools())
        assert len(str(caught.value)) < 1000
    mcp = await hostile_client(d, "same_page")
    assert len(await d(mcp.get_tools())) == 1


def add(a: int) -> str:
    """The user's."""
    return f"mine {a}"


@requirement("SECURITY-8", subject=LIBRARY)
async def test_schemas_without_an_end(d: Driver) -> None:
    """Patterns, references and properties without end: arguments are let through, soon, and the tool can be called."""
    for name in ("endless", "doubled", "wide", "slow", "far"):
        mcp = await hostile_client(d, f"schema:{name}")
        (tool,) = await d(mcp.as_tools())
        arguments = {"a": "a" * 40 + "!"}
        started = time.process_time()
        assert tool.__tool_validate__(arguments) == arguments
        assert time.process_time() - started < SOON
        assert await d(tool()) == "odd"


@requirement("SECURITY-7", needs=NEEDS)
async def test_names_and_descriptions_of_tools(d: Driver) -> None:
    """A tool of the user's wins, twins are one, no name breaks out of its place, a book of a description is cut."""
    mcp = await hostile_client(d, "names")
    client = d.client(tools=[d.lib.tool(add)], mcp_client=mcp)
    d.script(Reply(calls=[Call("add", {"a": 1}, id="c1")]), Reply("Done"))
    assert await d(client.chat("go")) == "Done"
    assert client.messages[-2]["content"] == "mine 1"
    names = [spec["function"]["name"] for spec in await d(mcp.get_tools())]
    assert len(names) == len(set(names)) == len(set(hostile.NAMES))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in names)
    (spec,) = await d((await hostile_client(d, "described")).get_tools())
    assert len(spec["function"]["description"]) < 2**14 + 100
    assert f"{hostile.MIB - 2**14} more characters" in spec["function"]["description"]
