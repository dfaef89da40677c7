"""The generated index of the requirements, which scenario checks which, and `python -m conformance spec`."""

import argparse
import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from conformance import floor, profiles, suite, versions
from conformance.outcomes import BROKEN, OK, HarnessError
from conformance.spec import Requirement, Spec, default_folder, load

INDEX: Final = "index.json"
OBLIGING: Final = ("MUST", "MUST NOT", "REQUIRED", "SHALL", "SHALL NOT", "SHOULD", "SHOULD NOT", "RECOMMENDED")
ELSEWHERE: Final = "replay"  # `Checked by:` this is the replay of the cassettes, not a file


def scenario_folder() -> Path:
    """Where the packaged scenarios lie."""
    return Path(__file__).parent


def render(spec: Spec) -> str:
    """The text of the index."""
    entries = [_entry(requirement) for requirement in spec.requirements.values()]
    index = {"version": 1, "requirements": entries, "retired": sorted(spec.retired)}
    return json.dumps(index, indent=2, ensure_ascii=False) + "\n"


def digest(spec: Spec) -> str:
    """The SHA-256 of the index, by which a report says what it was judged by."""
    return hashlib.sha256(render(spec).encode()).hexdigest()


def write(folder: Path | None = None) -> Path:
    """Generate the index.

    Args:
        folder: Path or None, default None: the folder of the suite's own chapters.

    Returns:
        Path: the file.
    """
    spec = load(folder)
    path = spec.folder / INDEX
    path.write_text(render(spec), encoding="utf-8")
    return path


def check(folder: Path | None = None, scenarios: Path | None = None) -> list[str]:
    """Everything that is wrong with the chapters, the index and what names them.

    Args:
        folder: Path or None, default None: the folder of the suite's own chapters.
        scenarios: Path or None, default None: the folder of the packaged scenarios.

    Returns:
        list of str: one line a problem.
    """
    spec = load(folder)
    problems = list(spec.problems)
    if not spec.requirements:
        problems.append(f"{spec.folder}: there is no requirement")
    path = spec.folder / INDEX
    if not path.is_file() or path.read_text(encoding="utf-8") != render(spec):
        problems.append(f"{path} is stale; run python -m conformance spec --write")
    for identity, names in traceability(scenarios).items():
        if identity not in spec.requirements:
            problems.append(f"{names[0]} names {identity}, which is {_standing(spec, identity)}")
    problems += [found for requirement in spec.requirements.values() for found in _unfound(spec, requirement)]
    if spec.folder == default_folder():
        chapters = {requirement.chapter for requirement in spec.requirements.values()}
        problems += profiles.problems(chapters, _areas(scenarios))
    if spec.folder == default_folder() or (spec.folder / versions.FOLDER).is_dir():
        problems += _drift(spec)
    return problems


def _drift(spec: Spec) -> list[str]:
    try:
        return floor.problems(spec, suite.scenarios())
    except HarnessError as error:
        return [str(error)]


def _areas(folder: Path | None) -> set[str]:
    return {suite.area_of(path) for path in (folder or scenario_folder()).glob("test_*.py")}


def coverage(folder: Path | None = None, scenarios: Path | None = None) -> list[str]:
    """The ids of the requirements that oblige and that nothing checks.

    Args:
        folder: Path or None, default None: the folder of the suite's own chapters.
        scenarios: Path or None, default None: the folder of the packaged scenarios.

    Returns:
        list of str: in the order of the chapters; MAY and OPTIONAL are no obligation.
    """
    named = traceability(scenarios)
    obliging = [r for r in load(folder).requirements.values() if r.keyword in OBLIGING and r.checked_by is None]
    return [requirement.id for requirement in obliging if requirement.id not in named]


def traceability(folder: Path | None = None) -> dict[str, list[str]]:
    """Which scenarios name which requirement, read from the source without importing it.

    Args:
        folder: Path or None, default None: the folder of the packaged scenarios.

    Returns:
        dict of str to list of str: from requirement id to "area/function".
    """
    found: dict[str, list[str]] = {}
    for path in sorted((folder or scenario_folder()).glob("test_*.py")):
        area = suite.area_of(path)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef)):
                for identity in _ids(node):
                    found.setdefault(identity, []).append(f"{area}/{node.name}")
    return found


def main(argv: list[str]) -> int:
    """List, check or generate: `python -m conformance spec [--check] [--write] [--freeze [VERSION]]`.

    Args:
        argv: list of str, without the word "spec".

    Returns:
        int: 0, or 2 when `--check` found something or the version may not be frozen.
    """
    options = _parser().parse_args(argv)
    if options.write:
        print(f"wrote {write(options.folder)}")
    if options.freeze is not None:
        try:
            print(f"froze {versions.freeze(load(options.folder), suite.scenarios(), options.freeze or None)}")
        except HarnessError as error:
            print(error, file=sys.stderr)
            return BROKEN
    if options.check:
        problems = check(options.folder)
        print("\n".join([*problems, f"{len(problems)} problems"]), file=sys.stderr if problems else sys.stdout)
        return BROKEN if problems else OK
    if not options.write and options.freeze is None:
        print("\n".join(_listing(load(options.folder))))
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance spec", description="The numbered requirements.")
    add = parser.add_argument
    add("--check", action="store_true", help="fail when a chapter is malformed, the index stale, or the version broken")
    add("--write", action="store_true", help="generate the index; a frozen version is left as it is")
    add("--freeze", nargs="?", const="", metavar="VERSION", help="write down what a version is, until it is released")
    add("--folder", type=Path, default=default_folder(), help="the chapters (default: the suite's own)")
    return parser


def _listing(spec: Spec) -> Iterator[str]:
    named = traceability()
    for requirement in spec.requirements.values():
        count = len(named.get(requirement.id, ()))
        checks = requirement.checked_by or f"{count} scenario{'' if count == 1 else 's'}"
        surfaces = ", ".join(requirement.surfaces)
        yield f"{requirement.id:12} {requirement.keyword:10} {surfaces:10} {requirement.title}  [{checks}]"
    yield f"{len(spec.requirements)} requirements, {len(spec.retired)} retired"


def _entry(requirement: Requirement) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "title": requirement.title,
        "keyword": requirement.keyword,
        "surfaces": list(requirement.surfaces),
        "capability": requirement.capability,
        "sentence": requirement.sentence,
        "link": requirement.link,
        "checked_by": requirement.checked_by,
    }


def _ids(node: ast.AsyncFunctionDef | ast.FunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).rpartition(".")[2] == "requirement":
            for argument in decorator.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _standing(spec: Spec, identity: str) -> str:
    return "retired" if identity in spec.retired else "in no chapter"


def _unfound(spec: Spec, requirement: Requirement) -> Iterator[str]:
    """Each `Checked by:` that points at nothing; an installed package has no tests to look into."""
    root = spec.folder.parent
    if not (root / "tests").is_dir():
        return
    for test in requirement.tests:
        path, _, name = test.partition("::")
        file = root / path
        is_there = file.is_file() and name.rpartition("::")[2] in file.read_text(encoding="utf-8")
        if test != ELSEWHERE and not is_there:
            yield f"{requirement.link}: checked by {test}, which does not exist"
