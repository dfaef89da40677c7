"""A planted secret is in no repr of anything public: each public class is made with it, and looked at."""

import asyncio
import base64
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import aimu
from aimu import aio
from aimu.errors import MCPConnectionError
from aimu.skills import SkillManager
from conformance.mcp_servers import hostile

KEY = "canary-key-0123456789"
SECRETS = {
    "key": KEY,
    "header": "canary-header-0123456789",
    "query": "canary-query-0123456789",
    "password": "canary-password-0123456789",
    "basic": base64.b64encode(b"me:canary-password-0123456789").decode(),
    "variable": "canary-variable-0123456789",
    "url": "canary-url-0123456789",
}
SETTINGS = {
    "default_headers": {"Authorization-Proxy": SECRETS["header"]},
    "default_query": {"token": SECRETS["query"]},
}
ADDRESS = f"http://me:{SECRETS['password']}@127.0.0.1:9/v1"
MCP_URL = f"http://me:{SECRETS['password']}@127.0.0.1:9/{SECRETS['url']}?key={SECRETS['url']}"
# public classes without a client, a connection or an address in them
BARE = {
    *("AnthropicModel", "HuggingFaceModel", "LlamaCppModel", "Model", "OpenAIModel", "Provider"),
    *("MessageHistory", "ScoredRow", "Scorer", "StreamChunk", "StreamingContentType", "ToolError"),
}
ABSTRACT = {"BaseModelClient", "Runner", "ModelClient"}  # what is made of them is looked at
SURFACES = pytest.mark.parametrize("module", [aimu, aio], ids=["sync", "aio"])


def shown(thing: Any) -> list[str]:
    text = f"{thing!r} {thing!s} {thing}"
    return [name for name, secret in SECRETS.items() if secret in text]


def client_of(module: ModuleType, provider: str) -> Any:
    return module.client(f"{provider}:m;tools,vision", api_key=KEY, base_url=ADDRESS, model_kwargs=SETTINGS)


def made_of(module: ModuleType, client: Any) -> dict[str, Any]:
    """One of each public class that can hold a client, on one that holds the secrets."""
    agent = module.Agent(client, "Be brief.", tools=[])
    return {
        "Agent": agent,
        "SkillAgent": module.SkillAgent(client, skill_manager=SkillManager([Path(__file__).parent])),
        "OrchestratorAgent": type("Lead", (module.OrchestratorAgent,), {"_worker": agent})(client.fork()),
        "Chain": module.Chain([agent]),
        "Router": module.Router(agent, {"a": agent}),
        "Parallel": module.Parallel([agent]),
        "EvaluatorOptimizer": module.EvaluatorOptimizer(agent, agent),
        "PlanExecuteEvaluator": module.PlanExecuteEvaluator(agent, agent, module.LLMJudgeScorer(client)),
        "LLMJudgeScorer": module.LLMJudgeScorer(client),
        "ModelSpec": client.model,
        "ChunkStream": client.fork().chat("hi", stream=True),
    }


@SURFACES
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_no_client_and_nothing_made_of_one_shows_a_secret(module: ModuleType, provider: str) -> None:
    client = client_of(module, provider)
    made = made_of(module, client)
    tool = made["Agent"].as_tool()
    held = {"client": client, "fork": client.fork(), "tool": tool, "as client": made["Agent"].as_model_client(), **made}
    assert {name: names for name, thing in held.items() if (names := shown(thing))} == {}


@SURFACES
def test_every_public_class_is_looked_at(module: ModuleType) -> None:
    public = {name for name in module.__all__ if inspect.isclass(getattr(module, name))}
    looked_at = {*made_of(module, client_of(module, "openai")), "MCPClient"}
    assert public - BARE - ABSTRACT == looked_at


def sources() -> dict[str, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {SECRETS['header']}"}
    process = {"command": sys.executable, "args": [hostile.SCRIPT, "calls"], "env": {"KEY": SECRETS["variable"]}}
    return {
        "url": {"server": MCP_URL},
        "headers": {"config": {"mcpServers": {"far": {"url": MCP_URL, "headers": headers, "auth": KEY}}}},
        "process": {"config": {"mcpServers": {"near": process}}},
        "no process": {"config": {"mcpServers": {"near": {**process, "command": f"no-such-{SECRETS['variable']}"}}}},
    }


@contextmanager
def kept(found: list[Any]) -> Iterator[None]:
    """What cannot be reached is an error to look at."""
    try:
        yield
    except MCPConnectionError as exc:
        found += [exc, exc.__cause__, exc.__context__, getattr(exc, "__notes__", "")]


@pytest.mark.parametrize("source", sources().values(), ids=sources())
def test_no_mcp_client_shows_a_secret(source: dict[str, Any]) -> None:
    async def asynchronous() -> None:
        client = aio.MCPClient(**source)
        found.append(client)
        async with client:
            found.extend([*await client.as_tools(), *await client.list_tools()])

    found: list[Any] = []
    with kept(found), aimu.MCPClient(**source) as client:
        found += [client, *client.as_tools(), *client.list_tools()]
    with kept(found):
        asyncio.run(asynchronous())
    assert found
    assert [names for thing in found if (names := shown(thing))] == []
