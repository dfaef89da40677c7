"""What importing costs: asked in a fresh interpreter, because this one has loaded everything."""

import importlib
import json
import subprocess
import sys

import pytest

HEAVY = [
    "anthropic",
    "anyio",
    "concurrent.futures.thread",
    "docstring_parser",
    "fastmcp",
    "httpx",
    "httpx2",
    "importlib.metadata",
    "jinja2",
    "jsonschema",
    "llama_cpp",
    "logging",
    "openai",
    "pydantic",
    "pydantic_core",
    "torch",
    "transformers",
    "yaml",
]
PUBLIC = (
    "aimu",
    "aimu.aio",
    "aimu.agents",
    "aimu.aio.agents",
    "aimu.errors",
    "aimu.testing",
    "aimu.tools",
    "aimu.aio.tools",
    "aimu.skills",
)


def loaded_after(statement: str, *wanted: str) -> list[str]:
    """Those of the wanted modules that a fresh interpreter has loaded after the statement."""
    script = f"import json, sys\n{statement}\nprint(json.dumps([name for name in {wanted!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_importing_the_sync_surface_loads_neither_the_async_one_nor_anything_heavy() -> None:
    assert loaded_after("import aimu", "aimu.aio", "asyncio", *HEAVY) == []


def test_importing_the_async_surface_adds_asyncio_and_nothing_else() -> None:
    # asyncio itself brings a thread pool and logging
    heavy = [name for name in HEAVY if name not in ("concurrent.futures.thread", "logging")]
    assert loaded_after("from aimu import aio", "asyncio", "aimu.aio", *heavy) == ["asyncio", "aimu.aio"]


def test_the_async_surface_is_loaded_when_it_is_asked_for() -> None:
    assert loaded_after("import aimu; aimu.aio", "aimu.aio") == ["aimu.aio"]


def test_a_model_is_resolved_without_its_sdk() -> None:
    statement = "import aimu; aimu.resolve_model_string('anthropic:claude-sonnet-5'); aimu.OpenAIModel.GPT_5"
    assert loaded_after(statement, "anthropic", "openai", "httpx2", "asyncio") == []


@pytest.mark.parametrize("module", PUBLIC)
def test_every_listed_name_is_there(module: str) -> None:
    loaded = importlib.import_module(module)
    assert {name for name in loaded.__all__ if not hasattr(loaded, name)} == set()


@pytest.mark.parametrize("module", PUBLIC)
def test_a_star_import_brings_the_listed_names_and_no_others(module: str) -> None:
    space: dict[str, object] = {}
    exec(f"from {module} import *", space)
    assert sorted(set(space) - {"__builtins__"}) == sorted(importlib.import_module(module).__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import aimu

    with pytest.raises(AttributeError, match="no attribute 'clinet'"):
        aimu.clinet  # noqa: B018
