"""Scenarios of spec/models.md about importing: each looks at a fresh interpreter."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.driver import Driver
from conformance.requirement import LIBRARY, requirement

SDKS = ("openai", "anthropic", "llama_cpp", "torch", "transformers", "fastmcp", "httpx", "httpx2")
PYDANTIC = ("pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection")
DECLARED = (*PYDANTIC, "docstring_parser")

BLOCKER = """
class Blocker:
    def __init__(self, is_blocked):
        self.is_blocked = is_blocked

    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if self.is_blocked(root):
            raise ModuleNotFoundError(f"No module named {root!r}", name=root)
"""

CLIENT = """
import {lib}, {api}

class Client({api}.ModelClient):
    def __init__(self, model, **options):
        self.given = str(model), options
"""

PROVIDER = """
from {lib} import Provider

PROVIDER = Provider("mine", client="mine_client:Client", aio_client="mine_client:Client", any_id=True)
"""


def fresh(d: Driver, code: str, files: Mapping[str, str] | None = None) -> Any:
    """Run code in a new interpreter, with packages of its own put before all others.

    Args:
        d: the driver; `{lib}` and `{api}` in code and files become the names of its modules.
        code: it sets `told` to what it found, which is JSON data.
        files: text by path, in the folder of those packages.

    Returns:
        What `told` was.
    """
    d.enter()
    names = {"{lib}": d.lib.__name__, "{api}": d.api.__name__}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (files or {}).items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(named(text, names), encoding="utf-8")
        script = "\n".join(["import json, sys", textwrap.dedent(code), "print('told', json.dumps(told))"])
        search = os.pathsep.join([folder, *(part or os.getcwd() for part in sys.path)])
        done = subprocess.run(
            [sys.executable, "-c", named(script, names)],
            env={**os.environ, "PYTHONPATH": search},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.rpartition("told ")[2])


def modules(d: Driver) -> list[str]:
    """The public modules: those that the spec names, and the agents' where they have one of their own."""
    doors = [d.lib.__name__, d.implementation.aio.__name__]
    agents = [f"{door}.agents" for door in doors if is_there(f"{door}.agents")]
    return [*doors, f"{doors[0]}.tools", f"{doors[0]}.errors", *agents]


def is_there(module: str) -> bool:
    """Whether there is such a module; what is above it need not be a package."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def named(text: str, names: Mapping[str, str]) -> str:
    """The text with the names of the modules put in."""
    for word, name in names.items():
        text = text.replace(word, name)
    return text


@requirement("IMPORT-1", subject=LIBRARY, surfaces=("sync",), ledger="LEDGER-CONSTRUCTION")
async def test_import_is_light(d: Driver) -> None:
    """No asyncio, no async surface, no pydantic and no SDK."""
    code = """
    before = set(sys.modules)
    import {lib}
    told = sorted({name for name in set(sys.modules) - before})
    """
    loaded = fresh(d, code)
    assert d.lib.__name__ in loaded
    heavy = ("asyncio", f"{d.lib.__name__}.aio", "pydantic", "pydantic_core", *SDKS)
    assert [name for name in heavy if name in loaded] == []


@requirement("IMPORT-2", subject=LIBRARY, surfaces=("aio",), ledger="LEDGER-CONSTRUCTION")
async def test_import_of_aio_loads_no_sdk(d: Driver) -> None:
    """No pydantic and no SDK."""
    code = """
    before = set(sys.modules)
    import {api}
    told = sorted({name for name in set(sys.modules) - before})
    """
    loaded = fresh(d, code)
    assert d.api.__name__ in loaded
    assert [name for name in ("pydantic", "pydantic_core", *SDKS) if name in loaded] == []


@requirement("IMPORT-3", subject=LIBRARY)
async def test_nothing_undeclared_is_needed(d: Driver) -> None:
    """B-26: with the declared dependencies alone all is imported, ids are read, and a tool is made."""
    code = f"""
    {textwrap.indent(BLOCKER, "    ").strip()}
    allowed = {{*sys.stdlib_module_names, *{DECLARED!r}, "{{lib}}"}}
    sys.meta_path.insert(0, Blocker(lambda root: root not in allowed and root[0] != "_"))
    import importlib
    import {{lib}}
    modules = [importlib.import_module(name) for name in {modules(d)!r}]
    from {{api}} import tool

    @tool
    def add(a: int) -> int:
        "Add."
        return a

    found = [getattr({{lib}}, name) for name in {{lib}}.__all__ if name.endswith("Model") and name != "Model"]
    told = [min(len(list(catalogue)) for catalogue in found) > 0, add(3)]
    told += [add.__tool_spec__["function"]["name"], "openai" in sys.modules]
    """
    assert fresh(d, code) == [True, 3, "add", False]


MISSING = f"""
{BLOCKER}
sys.meta_path.insert(0, Blocker(lambda root: root == PACKAGE))
import {{lib}}, {{api}}
import {{lib}}.errors
try:
    {{api}}.client(MODEL, **OPTIONS)
    told = ["nothing was raised", "", "", False]
except ImportError as error:
    told = [type(error).__name__, str(error), type(error.__cause__).__name__]
    told += [isinstance(error, {{lib}}.errors.AimuError)]
"""


def missing(d: Driver, package: str, model: str, **options: str) -> Any:
    """What is told when a client is made and a package is not there."""
    return fresh(d, f"PACKAGE, MODEL, OPTIONS = {package!r}, {model!r}, {options!r}\n{MISSING}")


@requirement("IMPORT-4", subject=LIBRARY)
async def test_missing_sdk_is_named(d: Driver) -> None:
    """The package and the extra that installs it, caused by the original error."""
    models = {"openai:gpt-5": "openai", "vllm:some-model": "openai", "anthropic:claude-sonnet-5": "anthropic"}
    for model, package in models.items():
        kind, text, cause, is_ours = missing(d, package, model, api_key="k")
        assert (kind, cause, is_ours) == ("MissingDependencyError", "ModuleNotFoundError", True)
        assert f"'{package}'" in text
        assert f"pip install '{d.lib.__name__}[{package}]'" in text


@requirement("IMPORT-4", subject=LIBRARY, surfaces=("sync",), ledger="LEDGER-INPROCESS")
async def test_missing_engine_is_named(d: Driver) -> None:
    """Likewise for a model in this process, which is named on the sync surface only."""
    kind, text, cause, is_ours = missing(d, "llama_cpp", "llamacpp:smollm2-135m-instruct")
    assert (kind, cause, is_ours) == ("MissingDependencyError", "ModuleNotFoundError", True)
    assert f"pip install '{d.lib.__name__}[llamacpp]'" in text


@requirement("IMPORT-6", subject=LIBRARY)
async def test_error_inside_a_provider_is_not_hidden(d: Driver) -> None:
    """B-17: an AttributeError while the SDK is imported reaches the caller."""
    code = """
    import {api}
    try:
        {api}.client("openai:gpt-5", api_key="k")
        told = "nothing was raised"
    except Exception as error:
        told = [type(error).__name__, str(error)]
    """
    files = {"openai/__init__.py": "raise AttributeError('broken inside')\n"}
    assert fresh(d, code, files) == ["AttributeError", "broken inside"]


@requirement("IMPORT-5", subject=LIBRARY)
async def test_every_listed_name_is_there(d: Driver) -> None:
    """B-53: in every public module, and by a star import."""
    code = f"""
    import importlib
    told = {{}}
    for name in {modules(d)!r}:
        module = importlib.import_module(name)
        missing = [each for each in module.__all__ if not hasattr(module, each)]
        names = {{}}
        exec("from " + name + " import *", names)
        told[name] = [missing, [each for each in module.__all__ if each not in names], len(module.__all__) > 0]
    """
    told = fresh(d, code)
    assert list(told) == modules(d)
    assert all(found == [[], [], True] for found in told.values()), told


@requirement("IMPORT-5", subject=LIBRARY)
async def test_star_import_comes_first(d: Driver) -> None:
    """B-53: also where nothing else was imported before, and so for `aio` as an attribute."""
    code = """
    from {lib} import *
    told = [chat.__module__.partition(".")[0], aio.__name__]
    """
    assert fresh(d, code) == [d.lib.__name__, f"{d.lib.__name__}.aio"]
    assert fresh(d, "import {lib}\ntold = {lib}.aio.__name__") == f"{d.lib.__name__}.aio"


def installed(name: str) -> dict[str, str]:
    """The files of a package that brings a provider under a name."""
    return {
        "mine-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n",
        "mine-1.0.dist-info/entry_points.txt": f"[{{lib}}.providers]\n{name} = mine:PROVIDER\n",
        "mine.py": PROVIDER,
        "mine_client.py": CLIENT,
    }


@requirement("MODELS-6", subject=LIBRARY)
async def test_provider_of_another_package(d: Driver) -> None:
    """Found by its entry point; its client is imported when one is made, and is the class it named."""
    code = """
    import {lib}, {api}
    spec = {lib}.resolve_model_string("mine:some/model:8b")
    told = [spec.id, "mine_client" in sys.modules]
    for make in ({api}.client, {api}.ModelClient):
        client = make("mine:some/model:8b", colour="red")
        told += [type(client).__name__, isinstance(client, {api}.ModelClient), *client.given]
    """
    made = ["Client", True, "mine:some/model:8b", {"colour": "red"}]
    assert fresh(d, code, installed("mine")) == ["some/model:8b", False, *made, *made]


@requirement("MODELS-6", subject=LIBRARY)
async def test_provider_may_not_take_a_name(d: Driver) -> None:
    """A package that calls its provider openai is refused, whatever model is asked for."""
    code = """
    import {api}
    try:
        {api}.client("openai:gpt-5", api_key="k")
        told = "nothing was raised"
    except ValueError as error:
        told = str(error)
    """
    assert "second provider called 'openai'" in fresh(d, code, installed("openai"))
