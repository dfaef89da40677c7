"""`python -m conformance`: the packaged scenarios against an implementation.

python -m conformance [--target NAME] [--require NAME] [--implementation NAME] [--report DIR] [--baseline FILE]
python -m conformance --profile NAME                        a verdict on that profile alone
python -m conformance --only CHECKID | --scenario PART      a part, so never a verdict
python -m conformance spec [--check] [--write]              the numbered requirements
python -m conformance record [--base-url URL]              cassettes, of what is exchanged
python -m conformance replay DIR                            recordings of anyone's
python -m conformance selfcheck                             the harness, tried on what it has to refuse
"""

import argparse
import importlib
import os
import sys
import warnings
from typing import Final

import pytest

from conformance.index import scenario_folder
from conformance.outcomes import BROKEN, FAILED, INCOMPLETE, OK
from conformance.profiles import PROFILES

COMMANDS: Final = {
    "spec": "conformance.index",
    "record": "conformance.recorded.command",
    "replay": "conformance.replay",
    "selfcheck": "conformance.selfcheck",
}
PASSED_ON: Final = (
    *("target", "require", "implementation", "report", "baseline", "cassettes"),
    *("profile", "only", "scenario", "timeout"),
)
REPORT: Final = "conformance-report"
ENGINE: Final = (
    "--disable-plugin-autoload",
    *("-p", "conformance.plugin"),
    *("-p", "no:cacheprovider"),
    *("-W", "error"),
    *("-c", os.devnull),
    "--noconftest",
    *("-qq", "-rN"),
    *("-o", "console_output_style=classic"),
    "--conformance-command",
)


def main(argv: list[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: list of str or None, default None: the words after `python -m conformance`.

    Returns:
        int: 0 conformant, 1 not conformant, 2 the harness or its use is wrong, 3 incomplete.
    """
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] in COMMANDS:
        code: int = importlib.import_module(COMMANDS[words[0]]).main(words[1:])
        return code
    options, rest = _parser().parse_known_args(words)
    if stray := [word for word in rest[:1] if not word.startswith("-")]:
        _parser().error(f"unknown command {stray[0]!r}; there are {', '.join(COMMANDS)}")
    return _run([*ENGINE, f"--rootdir={scenario_folder().parent}", *_engine_options(options), *rest])


def _run(arguments: list[str]) -> int:
    folder = str(scenario_folder())
    if sys.stdout.isatty():
        from conformance.progress import ProgressBar, uncaptured

        with uncaptured() as console:
            code = int(pytest.main([*arguments, folder], plugins=[ProgressBar(console)]))
    else:
        code = int(pytest.main([*arguments, folder]))
    return code if code in (OK, FAILED, BROKEN, INCOMPLETE) else BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conformance",
        description="Judge an implementation on its sync and its async surface.",
        epilog="Further commands: spec, record, replay, selfcheck. Other options are handed to pytest.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--target", action="append", metavar="NAME", help="openai, anthropic-recorded, hf, module:Class"
    )
    parser.add_argument("--require", action="append", metavar="NAME", help="a target that must run (default: all)")
    parser.add_argument("--implementation", metavar="NAME", help="the top-level module under test (default: aimu)")
    parser.add_argument(
        "--report",
        metavar="DIR",
        default=REPORT,
        help="write report.json, junit.xml and matrix.txt there (default: %(default)s)",
    )
    parser.add_argument("--baseline", metavar="FILE", help="expected failures: check id -> reason, link, expires")
    parser.add_argument("--cassettes", metavar="DIR", help="recordings of -recorded targets (default: the suite's)")
    parser.add_argument(
        "--profile", action="append", metavar="NAME", choices=tuple(PROFILES), help=f"one of {', '.join(PROFILES)}"
    )
    parser.add_argument("--only", metavar="CHECKID", help="run one check; never a verdict")
    parser.add_argument("--scenario", metavar="PART", help="run scenarios whose area/function contains PART")
    parser.add_argument("--timeout", metavar="SECONDS", help="for one check (default: 60)")
    return parser


def _engine_options(options: argparse.Namespace) -> list[str]:
    words: list[str] = []
    for name in PASSED_ON:
        value = getattr(options, name)
        for each in value if isinstance(value, list) else [value]:
            words += [f"--conformance-{name}={each}"] if each is not None else []
    return words


if __name__ == "__main__":
    code = main()
    # an engine may hold files until the process ends; whether it closes them then is not judged here
    warnings.simplefilter("ignore", ResourceWarning)
    sys.exit(code)
