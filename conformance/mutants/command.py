"""`python -m conformance mutants`: is every requirement seen to be broken when it is?

python -m conformance mutants                       all of them; a requirement without one is an error
python -m conformance mutants TOOLS-4 [ID ...]      those of some requirements
python -m conformance mutants --chapter tools       those of a chapter
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from conformance import spec
from conformance.index import scenario_folder
from conformance.mutants import matrix
from conformance.mutants.bench import Bench
from conformance.mutants.catalog import Catalog, default_folder, load
from conformance.mutants.telling import Teller, table
from conformance.mutants.verdicts import exit_code
from conformance.outcomes import BROKEN, HarnessError
from conformance.settings import IMPLEMENTATION


def main(argv: list[str] | None = None) -> int:
    """Try mutants.

    Args:
        argv: list of str or None, default None: the words after `mutants`; None are those of this process.

    Returns:
        int: 0 each was killed; 1 one was not, or a requirement has none; 2 the catalogue or its use is wrong;
            3 one could not run here.
    """
    options = _parser().parse_args(argv)
    is_part = bool(options.ids or options.chapter)
    try:
        if options.write and is_part:
            raise HarnessError("--write is for all mutants; leave out ids and --chapter, or use --json")
        catalog = load(options.catalog).of(options.ids, options.chapter)
        return _try(catalog, options, is_part)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return BROKEN


def _try(catalog: Catalog, options: argparse.Namespace, is_part: bool) -> int:
    console = Console()
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        teller = Teller(console, len(catalog.mutants))
        chapters = spec.load(options.spec)
        bench = Bench(
            catalog=catalog,
            name=options.implementation,
            spec=chapters,
            scenarios=options.scenarios,
            place=Path(place),
            limit=options.timeout,
            count=options.jobs,
            targets=tuple(options.target or ()),
            tell=teller,
        )
        with teller.shown():
            _start(bench)
        problems = bench.problems(is_whole=not is_part)
        _conclude(console, bench, problems)
        if options.write:
            matrix.write(options.write, catalog, bench.findings)
        if options.json:
            matrix.save(options.json, matrix.data(catalog, bench.findings, problems))
    return exit_code(bench.findings, problems)


def _start(bench: Bench) -> None:
    """Collect the checks that are named; where it is tests alone, there is nothing to collect."""
    from conformance.__main__ import ENGINE

    if not bench.files:
        bench.run({})
        return
    words = [f"--conformance-target={name}" for name in bench.targets]
    words += [f"--conformance-implementation={bench.name}", f"--conformance-spec={bench.spec.folder}"]
    files = [str(path) for path in bench.files]
    code = pytest.main(
        [*ENGINE, "-s", "--color=no", f"--rootdir={bench.scenarios.parent}", *words, *files], plugins=[bench]
    )
    if len(bench.findings) != len(bench.catalog.mutants):
        raise HarnessError(f"the checks could not be collected: pytest ended with {code}")


def _conclude(console: Console, bench: Bench, problems: list[str]) -> None:
    console.print(table(bench.catalog, bench.findings))
    for problem in problems:
        console.print(problem, markup=False, highlight=False, soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conformance mutants",
        description="Break the implementation in one place for each requirement; the named check has to see it.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("ids", nargs="*", metavar="ID", help="a requirement or a mutant, such as TOOLS-4 or TOOLS-4.2 (default: all)")
    add("--chapter", metavar="NAME", help="those of one chapter")
    add("--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N", help="at a time (default: %(default)s)")
    add("--timeout", type=float, default=60.0, metavar="SECONDS", help="for one check (default: %(default)g)")
    add("--write", type=Path, metavar="FILE.md", help="write the kill matrix")
    add("--json", type=Path, metavar="FILE", help="write what became of each")
    add("--implementation", default=IMPLEMENTATION, metavar="NAME", help="the package to break (default: %(default)s)")
    add("--target", action="append", metavar="NAME", help="a target of the checks (default: the built-in ones named)")
    add("--catalog", type=Path, default=default_folder(), metavar="DIR", help="the mutants (default: the suite's own)")
    add("--spec", type=Path, default=spec.default_folder(), metavar="DIR", help="the chapters (default: the suite's)")
    add("--scenarios", type=Path, default=scenario_folder(), metavar="DIR", help="the scenarios (default: the suite's)")
    return parser


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} at a time; at least 1 is expected")
    return number


if __name__ == "__main__":
    sys.exit(main())
