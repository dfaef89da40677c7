"""What the source of the library may not hold, beyond what ruff's S rules forbid; read as text."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# calls by name, and by the last part of a dotted one
FORBIDDEN = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load", "pickle.loads", "marshal.loads"),
    *("yaml.load", "yaml.unsafe_load", "yaml.full_load", "tempfile.mktemp", "shelve.open", "subprocess.getoutput"),
}
# each place that starts a process or opens a file
ALLOWED = {
    "agents/scripts.py": {"Popen"},
    "aio/agents/scripts.py": {"asyncio.get_running_loop().subprocess_exec"},
    "core/images.py": {"open"},
    "skills/files.py": {"os.open", "os.fdopen"},
    "skills/skill.py": {"read_bytes"},  # that of skills/files.py
    "skills/tools.py": {"read_bytes"},
    "tools/mcp_stdio.py": {"errors.open"},
}
# no file is opened by these
OURS = {"turn.open", "link.open", "connection.open", "self._links.open"}
OPENING = {"open", "fdopen", "read_text", "read_bytes", "write_text", "Popen", "check_output"}
OPENING |= {"create_subprocess_exec", "subprocess_exec", "subprocess_shell", "create_subprocess_shell", "urlopen"}


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def faults(source: str) -> list[str]:
    """The forbidden calls of a source, and any that asks for a shell."""
    found = [name for name, _ in calls(source) if name in FORBIDDEN]
    return found + [name for name, node in calls(source) if any(word.arg == "shell" for word in node.keywords)]


def openers(source: str) -> set[str]:
    names = {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.Attribute, ast.Name))}
    return {name for name in names if name.rpartition(".")[2] in OPENING or name.startswith("subprocess.")} - OURS


def sources() -> dict[str, str]:
    return {path.relative_to(ROOT / "aimu").as_posix(): path.read_text() for path in (ROOT / "aimu").rglob("*.py")}


def test_nothing_is_evaluated_and_no_shell_is_used() -> None:
    assert {name: found for name, source in sources().items() if (found := faults(source))} == {}


@pytest.mark.parametrize(
    "line", ["eval(x)", "os.system(x)", "subprocess.run(x, shell=True)", "pickle.loads(x)", "yaml.load(x)"]
)
def test_what_is_forbidden_is_seen(line: str) -> None:
    assert faults(line)


def test_each_place_that_opens_or_starts_something_is_known() -> None:
    found = {name: names for name, source in sources().items() if (names := openers(source))}
    found = {
        name: names for name, names in found.items() if not name.startswith("engines/")
    }  # model files, by the caller
    assert found == ALLOWED


def test_ruff_looks_for_more_with_few_exceptions() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if re.match(r"S\d", rule)] == ["S101", "S603"]
    assert {place: rules for place, rules in lint["per-file-ignores"].items() if place.startswith("aimu")} == {
        "aimu/core/evaluator_optimizer.py": ["S105"]
    }
    assert not [name for name, source in sources().items() if re.search(r"noqa: .*\bS\d", source)]
