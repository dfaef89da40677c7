"""The help page of each check, made from its clauses: `python -m conformance explain NAME`."""

import argparse
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from conformance import suite
from conformance.mutants import catalog
from conformance.outcomes import BROKEN, OK, HarnessError
from conformance.profiles import longest, profile_of
from conformance.requirement import LIBRARY, SERVER, Scenario
from conformance.spec import Requirement, Spec, load
from conformance.vocabulary import SURFACES

SPEC: Final = "../../spec/"  # from the folder of the pages
LEDGER: Final = f"{SPEC}parity.md"
INDEX: Final = "README.md"
HEAD: Final = """# Every check, explained

What a failing check says of its clauses, of every check, by chapter. The pages are made of the spec, its scenarios and
the mutants by `python -m conformance explain --write docs/checks`. In a terminal `python -m conformance explain NAME`
shows one, by the name of a requirement, a scenario or a check.

| chapter | scenarios |
|---|---|"""


@dataclass(frozen=True)
class Pages:
    """What can be told of each scenario.

    Args:
        spec: Spec.
        scenarios: dict of str to Scenario, by "area/function".
        breaks: tuple of Mutant, breaks of the reference implementation that checks are known to see.
    """

    spec: Spec
    scenarios: dict[str, Scenario]
    breaks: tuple[catalog.Mutant, ...]

    @cached_property
    def chapters(self) -> dict[str, list[str]]:
        """The names of the scenarios of each chapter, in the order of their files."""
        known = {requirement.chapter for requirement in self.spec.requirements.values()}
        found: dict[str, list[str]] = {}
        for name in self.scenarios:
            chapter = longest(name.partition("/")[0], known)
            found.setdefault(chapter or name.partition("/")[0], []).append(name)
        return dict(sorted(found.items()))

    def page(self, name: str) -> str:
        """The page of a scenario, as Markdown.

        Args:
            name: str, "area/function".
        """
        scenario = self.scenarios[name]
        lines = [f"## {name}", "", inspect.getdoc(scenario.body) or "", ""]
        for identity in scenario.requirements:
            lines += [_clause(self.spec.requirements[identity]), ""]
        lines += [f"* {fact}" for fact in self._facts(name, scenario)]
        return "\n".join(lines) + "\n"

    def files(self) -> Iterator[tuple[str, str]]:
        """The names and contents of all pages: one for each chapter, and their index."""
        for chapter, names in self.chapters.items():
            head = f"# The checks of [{chapter}]({SPEC}{chapter}.md)\n"
            yield f"{chapter}.md", "\n".join([head, *(self.page(name) for name in names)])
        rows = [f"| [{chapter}]({chapter}.md) | {len(names)} |" for chapter, names in self.chapters.items()]
        yield INDEX, "\n".join([HEAD, *rows, ""])

    def _facts(self, name: str, scenario: Scenario) -> Iterator[str]:
        yield f"Where: {_surfaces(scenario)}; {_targets(scenario)}; profile {profile_of(name.partition('/')[0])}."
        if scenario.recorded is not None:
            whose = "a real server's answers" if scenario.recorded == SERVER else f"facts {scenario.recorded}"
            yield f"On record: {whose}, replayed by the `-recorded` targets."
        seen = [each.broken for each in self.breaks if each.check.partition("[")[0] == name]
        for broken in seen:
            yield f"A break that it sees: {broken}."
        yield f"Run it: `python -m conformance --scenario {name}`"


def pages() -> Pages:
    """Load what there is to tell."""
    return Pages(load(), suite.scenarios(), catalog.load().mutants)


def explained(name: str) -> str:
    """What there is to say of one thing.

    Args:
        name: str, a requirement such as "TOOLS-4", a scenario "area/function", or the id of a check.

    Returns:
        str: Markdown; of a requirement its whole clause, and the pages of its scenarios.

    Raises:
        HarnessError: there is no such thing.
    """
    known = pages()
    if requirement := known.spec.requirements.get(name):
        clause = f"# {requirement.id} {requirement.title}\n\n{requirement.body}\n"
        own = [known.page(each) for each, scenario in known.scenarios.items() if name in scenario.requirements]
        return "\n".join([clause, *own])
    scenario = name.partition("[")[0]
    if scenario not in known.scenarios:
        raise HarnessError(f"{name!r} is no requirement, scenario or check; `python -m conformance spec` lists them")
    return known.page(scenario)


def stale(folder: Path) -> list[str]:
    """The pages in a folder that are not what they would be if they were made now, and strangers among them."""
    made = dict(pages().files())
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def write(folder: Path) -> int:
    """Make all pages anew.

    Args:
        folder: Path, for the pages; one that is no longer made is removed.

    Returns:
        int: how many there are.
    """
    made = dict(pages().files())
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return len(made)


def main(argv: list[str]) -> int:
    """Explain one thing, or make the pages of all: `python -m conformance explain NAME | --write DIR | --check DIR`.

    Args:
        argv: list of str, without the word "explain".

    Returns:
        int: 0, or 2 when there is no such thing or a page is stale.
    """
    parser = argparse.ArgumentParser(prog="python -m conformance explain", description="What a check is about.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", help="a requirement, a scenario or a check")
    which.add_argument("--write", type=Path, metavar="DIR", help="make the pages of all checks")
    which.add_argument("--check", type=Path, metavar="DIR", help="fail when one of them is stale")
    options = parser.parse_args(argv)
    try:
        return _done(options)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return BROKEN


def _done(options: argparse.Namespace) -> int:
    if options.write:
        print(f"wrote {write(options.write)} pages to {options.write}")
    elif options.check:
        if found := stale(options.check):
            remedy = f"run python -m conformance explain --write {options.check}"
            raise HarnessError(f"stale in {options.check}: {', '.join(found)}; {remedy}")
        print(f"every page in {options.check} is as it should be")
    else:
        print(explained(options.name))
    return OK


def _clause(requirement: Requirement) -> str:
    link = f"{SPEC}{requirement.chapter}.md#{requirement.anchor}"
    return f"**[{requirement.id}]({link}) {requirement.title}.** {requirement.sentence}"


def _surfaces(scenario: Scenario) -> str:
    if scenario.has_parity:
        return f"on {' and '.join(SURFACES)}, and both have to do the same"
    if scenario.ledger:
        return f"on {' and '.join(scenario.surfaces)}; [{scenario.ledger}]({LEDGER}) permits them to differ"
    return f"on {' and '.join(scenario.surfaces)}"


def _targets(scenario: Scenario) -> str:
    if scenario.subject == LIBRARY:
        return "once, for the library alone"
    if not scenario.needs:
        return "for every target"
    return f"for every target that declares {', '.join(scenario.needs)}; of another the refusal is observed"
