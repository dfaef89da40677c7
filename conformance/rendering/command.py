"""`python -m conformance report REPORT.json`: a stored report, rendered again."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.characters import one_line
from conformance.matrix import lines
from conformance.outcomes import BROKEN, OK, HarnessError
from conformance.rendering import RENDERINGS, WIDTH
from conformance.rendering.reading import outcomes_of, read


def _expected(report: Mapping[str, Any]) -> str:
    return json.dumps(outcomes_of(report), indent=2) + "\n"


KINDS: Final[dict[str, tuple[Callable[[Mapping[str, Any]], str], str]]] = {
    "html": (RENDERINGS["matrix.html"], "the matrix, in one file"),
    "markdown": (RENDERINGS["summary.md"], "the summary for CI"),
    "junit": (RENDERINGS["junit.xml"], "the checks as JUnit's test cases"),
    "badge": (RENDERINGS["badge.svg"], "the badge, which prints n/m"),
    "outcomes": (_expected, "an object from check id to outcome, to be kept and compared with"),
}


def main(argv: list[str]) -> int:
    """Render a stored report; without an option its matrix is printed.

    Args:
        argv: list of str, without the word "report".

    Returns:
        int: 0, or 2 where the report cannot be read, is not valid or a file cannot be written.
    """
    options = vars(_parser().parse_args(argv))
    try:
        report = read(options["report"])
        asked = {options[kind]: render(report) for kind, (render, _) in KINDS.items() if options[kind]}
        for path, text in asked.items():
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
        if not asked:
            print("\n".join(lines(report, WIDTH)))
    except (HarnessError, OSError) as error:
        print(one_line(str(error)), file=sys.stderr)
        return BROKEN
    return OK


def _parser() -> argparse.ArgumentParser:
    description = "Render a stored report; without an option its matrix is printed."
    parser = argparse.ArgumentParser(prog="python -m conformance report", description=description)
    parser.add_argument("report", type=Path, metavar="REPORT.json", help="as a run wrote it")
    for kind, (_, told) in KINDS.items():
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=told)
    return parser
