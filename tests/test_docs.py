"""Every Python example of the README and the docs, executed as it stands against a scripted provider.

The blocks of one page share a namespace per surface, as a reader would type them one after the other.
"""

import ast
import asyncio
import inspect
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

import aimu
from aimu import aio
from conformance.scripted import Call, Reply, Request, ScriptedServer

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(page.relative_to(ROOT).as_posix() for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```python([ \w]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# pages whose examples talk to a server of their own, or to none
QUIET = ("docs/conformance.md", "docs/implementations.md", "docs/in-process.md", "docs/providers.md", "docs/testing.md")
HAS_ENGINES = all(map(find_spec, ("llama_cpp", "torch", "transformers")))


def blocks(page: str, surface: str) -> list[str]:
    """The code of one surface on a page, in order."""
    found = BLOCK.findall((ROOT / page).read_text())
    return [
        code
        for words, code in found
        if ("aio" in words.split()) == (surface == "aio") and ("inprocess" not in words or HAS_ENGINES)
    ]


def sample(schema: dict[str, Any]) -> Any:
    """A value that fits the schema."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: sample(part) for name, part in schema.get("properties", {}).items()}
    return {"integer": 1, "number": 1.5, "boolean": True, "array": []}.get(schema.get("type", ""), "Rome")


def wanted_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """The schema the answer is to fit, on either wire."""
    if "response_format" in body:
        found: dict[str, Any] = body["response_format"]["json_schema"]["schema"]
        return found
    kept: dict[str, Any] | None = body.get("output_config", {}).get("format", {}).get("schema")
    return kept


def answer(request: Request) -> Reply:
    """Call the first tool that is offered, once; else say something, or what fits the schema."""
    body = request.body
    tools = (
        []
        if body["messages"][-1]["role"] == "tool" or "tool_result" in str(body["messages"][-1])
        else body.get("tools")
    )
    if not tools:
        schema = wanted_schema(body)
        return Reply(json.dumps(sample(schema)) if schema else "Something said.")
    function = tools[0].get("function") or {"name": tools[0]["name"], "parameters": tools[0]["input_schema"]}
    parts = function["parameters"]["properties"]
    given = {name: sample(part) for name, part in parts.items() if "enum" not in part}
    return Reply(calls=[Call(function["name"], given)])


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """Both official SDKs find the scripted provider where they look for the real one."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "examples" / "acme"))  # the target that a page speaks of
    with ScriptedServer() as server:
        for name, url in (("OPENAI", server.openai_url), ("ANTHROPIC", server.anthropic_url)):
            monkeypatch.setenv(f"{name}_BASE_URL", url)
            monkeypatch.setenv(f"{name}_API_KEY", "test-key")
        server.always(answer)
        yield server


def code_of(page: str, surface: str) -> CodeType:
    source = "\n".join(blocks(page, surface))
    code: CodeType = compile(source, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return code


def tracked(monkeypatch: pytest.MonkeyPatch, surface: ModuleType) -> list[Any]:
    """The clients that examples make; a reader's session would end with its process."""
    made: list[Any] = []
    make = surface.client

    def client(*args: Any, **options: Any) -> Any:
        made.append(make(*args, **options))
        return made[-1]

    monkeypatch.setattr(surface, "client", client)
    return made


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sync")])
def test_sync_examples_run(page: str, provider: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = tracked(monkeypatch, aimu)
    exec(code_of(page, "sync"), _namespace())
    for client in clients:
        client.close()
    assert provider.requests or page in QUIET


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "aio")])
def test_aio_examples_run(page: str, provider: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = tracked(monkeypatch, aio)

    async def run() -> None:
        result = eval(code_of(page, "aio"), _namespace())
        if inspect.isawaitable(result):
            await result
        for client in clients:
            await client.close()

    asyncio.run(run())
    assert provider.requests or page in QUIET


def _namespace() -> dict[str, Any]:
    @aimu.tool
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    return {"aimu": aimu, "aio": aio, "add": add}


def test_every_page_is_reachable_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)", readme))
    assert linked == {page for page in PAGES if page.startswith("docs/")}


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_hold(page: str) -> None:
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_the_readmes_two_commands_are_tox_environments() -> None:
    readme, tox = (ROOT / "README.md").read_text(), (ROOT / "tox.ini").read_text()
    assert "python -m pip install tox && python -m tox run -e conformance\n" in readme
    assert "\npython -m tox run-parallel\n" in readme
    assert "[testenv:conformance]" in tox
