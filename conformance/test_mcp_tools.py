"""Scenarios of spec/mcp.md: tools, arguments, results and errors, on every transport."""

import re
import sys
from typing import Any

from conformance.driver import Driver
from conformance.mcp_servers import BARE, LONG, SCHEMAS, SCRIPT, Loopback, example_server, strange_server
from conformance.requirement import LIBRARY, requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools")
LIMIT = 2**20


async def connected(d: Driver, **source: Any) -> Any:
    """A connected MCP client of this surface, closed when the check ends."""
    return d.track(await d(d.api.MCPClient.connect(**source)))


async def tools_of(d: Driver, mcp: Any) -> dict[str, Any]:
    """The tools of an MCP client by their names."""
    return {tool.__tool_spec__["function"]["name"]: tool for tool in await d(mcp.as_tools())}


@requirement("MCP-4", subject=LIBRARY)
async def test_a_tool_stays_that_of_the_server(d: Driver) -> None:
    """A tool that the server gets later, and that takes the name a model was told, is not called in its place."""
    server = example_server()
    server.tool(lambda: "the first", name="files.read")
    mcp = await connected(d, server=server)
    first = (await tools_of(d, mcp))["files_read"]
    server.tool(lambda: "the second", name="files_read")
    second = (await tools_of(d, mcp))["files_read"]
    assert await d(first()) == "the first"
    assert await d(second()) == "the second"


@requirement("MCP-3", subject=LIBRARY)
async def test_specs_are_openais(d: Driver) -> None:
    """Name, description and schema are the server's; the public function makes the same of list_tools()."""
    mcp = await connected(d, server=example_server())
    specs = await d(mcp.get_tools())
    add = next(spec for spec in specs if spec["function"]["name"] == "add")
    assert add["type"] == "function"
    assert add["function"]["description"] == "Add two numbers."
    assert add["function"]["parameters"]["properties"]["b"] == {"type": "integer", "default": 1}
    assert add["function"]["parameters"]["required"] == ["a"]
    assert specs == d.lib.tools.mcp_format.mcp_tools_to_openai(await d(mcp.list_tools()))


@requirement("MCP-3", subject=LIBRARY)
async def test_names_are_legal_and_unique(d: Driver) -> None:
    """Legal ones are kept; call_tool takes the name that was shown, and the server's own."""
    mcp = await connected(d, server=strange_server())
    names = [spec["function"]["name"] for spec in await d(mcp.get_tools())]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in names)
    assert len(set(names)) == len(names) == 4 + len(SCHEMAS)
    assert names[1] == "files_read"
    meant = [(await d(mcp.call_tool(name))).data for name in names]
    assert meant == ["files.read", "files_read", "files/read", LONG, *SCHEMAS]
    assert (await d(mcp.call_tool("files/read"))).data == "files/read"


@requirement("MCP-4", needs=NEEDS)
async def test_tools_of_a_server_are_tools(d: Driver) -> None:
    """They stand in tools= of a client and of an agent, and have the colour of theirs."""
    mcp = await connected(d, server=example_server())
    tools = await tools_of(d, mcp)
    assert {tool.__tool_is_async__ for tool in tools.values()} == {d.on_aio}
    assert await d(tools["add"](a=2, b=3)) == "5"
    d.script(*[Reply(calls=[Call("add", {"a": 2}, id="c1")]), Reply("Three")] * 2)
    client = d.client(tools=list(tools.values()))
    assert await d(client.chat("2 + 1?")) == "Three"
    assert client.messages[-2]["content"] == "3"
    assert await d(d.api.Agent(d.client(), tools=[tools["add"]]).run("2 + 1?")) == "Three"


@requirement("MCP-4", needs=NEEDS)
async def test_arguments_are_checked_before_the_server_is_called(d: Driver) -> None:
    """The model is told which is wrong; of a type, missing, or one too many."""
    mcp = await connected(d, server=example_server())
    for arguments, name in (({"a": "two"}, "'a'"), ({"b": 1}, "'a'"), ({"a": 1, "c": 1}, "'c'")):
        d.script(Reply(calls=[Call("add", arguments, id="c1")]), Reply("I see"))
        client = d.client(tools=await d(mcp.as_tools()))
        assert await d(client.chat("go")) == "I see"
        told = client.messages[-2]["content"]
        assert "was not run" in told
        assert name in told


@requirement("MCP-4", subject=LIBRARY)
async def test_broken_schemas_check_nothing(d: Driver) -> None:
    """Whatever the schema of a server holds, its tool can be called."""
    tools = await tools_of(d, await connected(d, server=strange_server()))
    for name in SCHEMAS:
        assert await d(tools[name](**tools[name].__tool_validate__({"a": "v"}))) == name


@requirement("MCP-5", subject=LIBRARY)
async def test_result_as_text(d: Driver) -> None:
    """Texts by line, notes of what is none, structured content where there is no text."""
    tools = await tools_of(d, await connected(d, server=example_server()))
    lines = (await d(tools["mixed"]())).split("\n")
    assert lines[:2] == ["one", "two"]
    assert lines[2:4] == ["[image/png, 8 bytes]", "[audio/wav, 3 bytes]"]
    assert lines[4:] == ["notes: file:///notes.txt", "inside", "[resource, 4 bytes]"]
    assert await d(tools["structured"]()) == '{"low": 11.5, "city": "Zürich"}'


@requirement("MCP-5", subject=LIBRARY)
async def test_large_result_is_cut(d: Driver) -> None:
    """At the limit it is whole; beyond it the text says how much is missing."""
    tools = await tools_of(d, await connected(d, server=example_server()))
    assert len(await d(tools["large"](size=LIMIT))) == LIMIT
    text = await d(tools["large"](size=LIMIT + 7))
    assert text.startswith("x" * LIMIT)
    assert "7 more characters" in text[LIMIT:]
    assert len(text) < LIMIT + 100


@requirement("MCP-6", subject=LIBRARY)
async def test_call_tool(d: Driver) -> None:
    """The result is fastmcp's; a failure, an unknown tool and bad arguments are ToolErrors with the server's words."""
    mcp = await connected(d, server=example_server())
    result = await d(mcp.call_tool("add", {"a": 2, "b": 3}))
    assert result.content[0].text == "5"
    for name, params, words in (("fail", {"why": "because"}, "failed: because"), ("nowhere", None, "nowhere")):
        with d.raises(d.lib.ToolError, match=words):
            await d(mcp.call_tool(name, params))
    with d.raises(d.lib.ToolError, match="integer"):
        await d(mcp.call_tool("add", {"a": "two"}))
    with d.raises(TypeError, match="'add'"):
        await d(mcp.call_tool("add", {"a": object()}))
    assert (await d(mcp.call_tool("add", {"a": 1}))).data == 2
    assert await d(mcp.ping()) is None


@requirement("MCP-6", needs=NEEDS)
async def test_failure_of_a_tool_is_told_to_the_model(d: Driver) -> None:
    """The turn goes on."""
    mcp = await connected(d, server=example_server())
    d.script(Reply(calls=[Call("fail", {"why": "rain"}, id="c1")]), Reply("A pity"))
    client = d.client(tools=await d(mcp.as_tools()))
    assert await d(client.chat("go")) == "A pity"
    assert "failed: rain" in client.messages[-2]["content"]


@requirement("MCP-18", "MCP-6", subject=LIBRARY)
async def test_transports_agree(d: Driver) -> None:
    """In memory, a script, a command and streamable HTTP: the same tools, results and errors."""
    with Loopback(example_server()) as server:
        seen = []
        for source in (
            {"server": example_server()},
            {"file": SCRIPT},
            {"config": {"mcpServers": {"only": {"command": sys.executable, "args": [BARE]}}}},
            {"server": server.url},
            {"config": {"mcpServers": {"only": {"url": server.url}}}},
        ):
            mcp = await connected(d, **source)
            tools = [tool for tool in await d(mcp.get_tools()) if tool["function"]["name"] in ("add", "fail")]
            result = await d(mcp.call_tool("add", {"a": 2, "b": 3}))
            with d.raises(d.lib.ToolError) as caught:
                await d(mcp.call_tool("fail", {"why": "x"}))
            seen.append((tools, result.data, result.content[0].text, str(caught.value)))
            await d.close(mcp)
    assert seen == seen[:1] * 5
