"""The laws of the tree, each a test that names the offender. Read from the source, so nothing is imported."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
AIMU = ROOT / "aimu"

# what may wait, or reach out; none of it on the pure floor
WAITING = frozenset(
    [
        "asyncio",
        "threading",
        "_thread",
        "concurrent",
        "multiprocessing",
        "queue",
        "selectors",
        "select",
        "signal",
        "socket",
        "socketserver",
        "ssl",
        "subprocess",
        "http",
        "urllib",
    ]
)
# each third-party package, and the only modules that may import it
THIRD_PARTY = {
    "anthropic": {"clients/anthropic.py", "aio/clients/anthropic.py"},
    "openai": {"clients/openai.py", "aio/clients/openai.py"},
    "httpx2": {"clients/http.py", "aio/clients/http.py"},
    "llama_cpp": {"engines/llamacpp.py", "engines/grammars.py", "clients/llamacpp.py", "aio/clients/llamacpp.py"},
    "numpy": {"engines/llamacpp.py"},
    "torch": {"engines/huggingface.py"},
    "transformers": {"engines/huggingface.py"},
    "anyio": {"tools/mcp_client.py"},
    "fastmcp": {"tools/mcp_stdio.py", "tools/mcp_transport.py"},
    "mcp": {"tools/mcp_failure.py", "tools/mcp_stdio.py"},
    "jsonschema": {"core/structured.py", "tools/mcp_format.py"},
    "referencing": {"core/structured.py", "tools/mcp_format.py"},
    "pydantic": {"core/structured.py", "tools/schema.py", "tools/mcp_failure.py", "tools/mcp_transport.py"},
    "pydantic_core": {"core/structured.py", "core/toolcalls.py", "tools/mcp_format.py", "wire/errors.py"},
    "typing_extensions": {"core/structured.py", "core/typed_dicts.py"},
    "docstring_parser": {"tools/schema.py"},
    "yaml": {"skills/frontmatter.py"},
    "conformance": {"testing.py"},
}
# an async module that names its sync twin, and why it may
WRAPPERS = {
    "aio/clients/huggingface.py": "the weights are loaded once, by the sync client, which this one wraps",
    "aio/clients/inprocess.py": "as huggingface",
    "aio/clients/llamacpp.py": "as huggingface",
}
# classes and functions that one side of a pair of twins has alone, and why
ONE_SIDED = {
    ("clients/llamacpp.py", "LlamaCppClient.__init__"): "one loads weights, the other takes the client that did",
    ("clients/huggingface.py", "HuggingFaceClient.__init__"): "as LlamaCppClient",
    ("clients/inprocess.py", "InProcessClient.__init__"): "as LlamaCppClient",
    ("clients/inprocess.py", "InProcessClient._init_weights"): "as LlamaCppClient",
    ("clients/generation.py", "Generation._put"): "a thread hands an event to a loop in one more step",
    ("clients/generation.py", "Generation._tell"): "as _put",
    (
        "clients/dispatch.py",
        "_run_apart",
    ): "a thread keeps its failure until the others are done; a task group does not",
    (
        "clients/dispatch.py",
        "offered_by",
    ): "on aio, a sync MCP client is asked in a thread",
    ("agents/crew.py", "_heard"): "threads are told to stop, end one by one and are waited for; tasks are cancelled",
    ("agents/crew.py", "_work_off"): "as _heard",
    ("agents/crew.py", "_say"): "as _heard",
    ("agents/crew.py", "_join"): "as _heard",
    ("agents/crew.py", "_speak"): "as _heard",
    ("agents/crew.py", "_forward"): "as _heard",
    ("tools/mcp_client.py", "Portal"): "sync brings a loop in a thread of its own; aio is in a loop already",
    ("tools/mcp_client.py", "_close_running"): "as Portal",
    ("agents/scripts.py", "_kill_all"): "a thread that is given up kills nothing; a loop cancels its tasks",
    ("agents/scripts.py", "_Output"): "a loop calls when the script ends, a thread asks",
    ("agents/scripts.py", "_Pipes"): "as _Output",
    ("agents/scripts.py", "_came"): "as _Output",
    ("stream.py", "finished"): "what a thread does nobody cancels half-way",
    ("stream.py", "closing"): "sync closes with a with block; a coroutine that is not awaited yet cannot",
}
# the same thing in the other colour
TWIN_NAMES = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "aclose": "close",
    "AsyncHuggingFaceClient": "HuggingFaceClient",
    "AsyncLlamaCppClient": "LlamaCppClient",
    "sync_client": "model",
}
NAMELESS = frozenset(["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"])
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Import(NamedTuple):
    """One imported module, as written in one module of ours."""

    where: str
    module: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def modules(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found, f"nothing to look at in {folders}"
    return found


def name_of(path: Path) -> str:
    return path.relative_to(AIMU).as_posix()


def imports(path: Path) -> Iterator[Import]:
    """What a module imports, lazily or not; what only a type checker sees is left out."""
    unseen = [node for node in ast.walk(tree(path)) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node)]
    hidden = {id(inner) for node in unseen for inner in ast.walk(node)}
    for node in ast.walk(tree(path)):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (Import(name_of(path), alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno} has a relative import"
            yield from (Import(name_of(path), f"{node.module}.{alias.name}") for alias in node.names)


def is_pure(name: str) -> bool:
    return name == "errors.py" or (
        name.startswith(("core/", "wire/", "tools/", "skills/")) and "mcp_client" not in name
    )


def is_within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def parameters(function: Function) -> list[tuple[str, str, str]]:
    """Kind, name and default of each parameter."""
    spec = function.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [*([None] * (len(positional) - len(spec.defaults))), *spec.defaults]
    found = [("positional", given, default) for given, default in zip(positional, defaults, strict=True)]
    found += [("keyword", given, default) for given, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)]
    found += [(kind, given, None) for kind, given in (("*", spec.vararg), ("**", spec.kwarg)) if given]
    return [(kind, given.arg, "" if default is None else ast.unparse(default)) for kind, given, default in found]


def outline(path: Path, rel: str) -> list[tuple[str, object]]:
    """The classes, methods and functions of a module in their order, under the names both surfaces share."""
    found: list[tuple[str, object]] = []
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef):
            owner = TWIN_NAMES.get(node.name, node.name)
            found.append((owner, "class"))
            methods = [inner for inner in node.body if isinstance(inner, Function)]
            found += [(f"{owner}.{TWIN_NAMES.get(inner.name, inner.name)}", parameters(inner)) for inner in methods]
        elif isinstance(node, Function):
            found.append((TWIN_NAMES.get(node.name, node.name), parameters(node)))
    alone = {name for module, name in ONE_SIDED if module == rel}
    return [entry for entry in found if entry[0] not in alone and entry[0].partition(".")[0] not in alone]


def coloured() -> list[str]:
    """The sync modules that have a twin, by path."""
    found = [name_of(path) for path in modules("aimu") if not name_of(path).startswith("aio/")]
    alone = ("client.py", "stream.py", "tools/__init__.py", "tools/mcp_client.py")
    return [name for name in found if name in alone or name.startswith(("clients/", "agents/"))]


def test_each_sync_module_has_its_twin_and_each_async_one_too() -> None:
    twins = [name_of(path).removeprefix("aio/") for path in modules("aimu/aio") if path.parent != AIMU / "aio"]
    twins += [path.name for path in (AIMU / "aio").glob("*.py") if path.name != "__init__.py"]
    assert sorted(twins) == sorted(coloured())


@pytest.mark.parametrize("name", coloured())
def test_twins_have_the_same_classes_methods_and_parameters_in_the_same_order(name: str) -> None:
    assert outline(AIMU / name, name) == outline(AIMU / "aio" / name, name)


def test_every_exception_for_twins_is_still_needed() -> None:
    def defined(path: Path) -> set[str]:
        found = {node.name for node in ast.walk(tree(path)) if isinstance(node, (ast.ClassDef, Function))}
        return {TWIN_NAMES.get(name, name) for name in found}

    for name, member in ONE_SIDED:
        one, other = defined(AIMU / name), defined(AIMU / "aio" / name)
        last = member.rpartition(".")[2]
        assert (last in one) != (last in other) or last == "__init__", f"{name} {member} needs no exception"
    for name in WRAPPERS:
        assert any(is_within(found.module, twin_module(name)) for found in imports(AIMU / name)), name


def twin_module(name: str) -> str:
    return "aimu." + name.removeprefix("aio/").removesuffix(".py").replace("/", ".")


def test_the_pure_floor_imports_nothing_that_waits_and_nothing_above_it() -> None:
    above = {
        "errors.py": (),
        "core/": ("aimu.core", "aimu.errors"),
        "wire/": ("aimu.core", "aimu.wire", "aimu.errors"),
        "tools/": ("aimu.core", "aimu.tools", "aimu.errors"),
        "skills/": ("aimu.core", "aimu.skills", "aimu.errors"),
    }
    for path in filter(lambda path: is_pure(name_of(path)), modules("aimu")):
        below = next(allowed for start, allowed in above.items() if name_of(path).startswith(start))
        for found in imports(path):
            assert found.top not in WAITING, f"{found.where} is pure and imports {found.module}"
            assert found.top != "aimu" or is_within(found.module, *below), f"{found.where} imports {found.module}"


def test_no_sync_module_imports_asyncio_or_the_async_surface() -> None:
    for path in modules("aimu"):
        if not name_of(path).startswith("aio/"):
            for found in imports(path):
                assert not is_within(found.module, "asyncio", "aimu.aio"), f"{found.where} imports {found.module}"


def test_no_async_module_imports_its_sync_twin() -> None:
    for path in modules("aimu/aio"):
        for found in imports(path):
            name = found.where
            if found.top != "aimu" or (name in WRAPPERS and is_within(found.module, twin_module(name))):
                continue
            pure = ("aimu.core", "aimu.wire", "aimu.errors", "aimu.tools", "aimu.skills", "aimu.engines")
            assert is_within(found.module, "aimu.aio", *pure), f"{name} imports {found.module}"


def test_no_async_module_imports_anyio() -> None:
    for path in modules("aimu/aio"):
        for found in imports(path):
            assert found.top != "anyio", f"{found.where} imports anyio; use asyncio"


def test_each_third_party_package_is_imported_in_its_own_modules_only() -> None:
    for path in modules("aimu"):
        for found in imports(path):
            if found.top != "aimu" and found.top not in sys.stdlib_module_names:
                allowed = THIRD_PARTY.get(found.top, set())
                assert found.where in allowed, f"{found.where} imports {found.module}; only {sorted(allowed)} may"


def harness() -> list[Path]:
    return [path for path in modules("aimu", "conformance") if not path.name.startswith("test_")]


def test_no_module_has_more_than_250_lines() -> None:
    too_long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in harness()}
    assert {name: lines for name, lines in too_long.items() if lines > 250} == {}


def test_no_function_has_more_than_40_lines() -> None:
    too_long = {}
    for path in harness():
        for node in ast.walk(tree(path)):
            if isinstance(node, Function) and (lines := _lines(node)) > 40:
                too_long[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = lines
    assert too_long == {}


def _lines(function: Function) -> int:
    docstring = ast.get_docstring(function, clean=False)
    return (function.end_lineno or 0) - function.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


def packages() -> list[Path]:
    return [path.parent for path in modules("aimu", "conformance") if path.name == "__init__.py"]


@pytest.mark.parametrize("package", packages(), ids=lambda package: package.relative_to(ROOT).as_posix())
def test_each_package_says_what_each_of_its_modules_is_for(package: Path) -> None:
    text = _described(package)
    for path in sorted(package.iterdir()):
        name = path.stem
        is_ours = path.suffix == ".py" or (path / "__init__.py").exists()
        if is_ours and not name.startswith(("__", "test_")):
            listed = re.search(rf"(?m)^{name} +\S|(?<![\w.]){name}(\.py|/)(?!\w)", text)
            assert listed, f"{package.relative_to(ROOT)} does not say what {name} is for"


def _described(package: Path) -> str:
    """A package's docstring and README; those of the sync twin speak for an async package too."""
    text = ast.get_docstring(tree(package / "__init__.py")) or ""
    if (package / "README.md").exists():
        text += (package / "README.md").read_text()
    is_mirror = package.is_relative_to(AIMU / "aio")
    return text + (_described(AIMU / package.relative_to(AIMU / "aio")) if is_mirror else "")


def test_the_readme_of_the_tests_names_each_file_and_folder() -> None:
    text = (ROOT / "tests/README.md").read_text()
    for path in sorted((ROOT / "tests").rglob("*.py")):
        shown = path.relative_to(ROOT / "tests").as_posix()
        folder = f"{shown.rpartition('/')[0]}/"
        assert path.name == "__init__.py" or f"`{shown}`" in text or f"`{folder}`" in text, f"{shown} is not named"


def test_no_module_is_called_by_what_says_nothing() -> None:
    for path in modules("aimu", "conformance", "tests"):
        for part in path.relative_to(ROOT).with_suffix("").parts:
            assert not NAMELESS.intersection(part.split("_")), f"{path.relative_to(ROOT)}: {part!r} is no noun"


def test_every_requirement_that_a_docstring_names_is_in_the_spec() -> None:
    heading = re.compile(r"(?m)^## ([A-Z]+(?:-[A-Z]+)*-\d+)\b")
    known = {found for path in (ROOT / "spec").glob("*.md") for found in heading.findall(path.read_text())}
    assert {where: sorted(named - known) for where, named in _named_requirements() if named - known} == {}


def _named_requirements() -> Iterator[tuple[str, set[str]]]:
    identifier = r"[A-Z]+(?:-[A-Z]+)*-\d+"
    for path in modules("aimu"):
        for node in ast.walk(tree(path)):
            if isinstance(node, (ast.Module, ast.ClassDef, Function)) and (text := ast.get_docstring(node)):
                lists = re.findall(rf"\(((?:{identifier})(?:, {identifier})*)\)", text)
                yield (
                    f"{name_of(path)} {getattr(node, 'name', '')}",
                    {one for many in lists for one in many.split(", ")},
                )
