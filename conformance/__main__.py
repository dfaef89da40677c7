"""`python -m conformance`: the packaged scenarios against an implementation.

python -m conformance [--target NAME] [--require NAME] [--implementation NAME] [--report DIR] [--baseline FILE]
python -m conformance --profile NAME                        a verdict on that profile alone
python -m conformance --only CHECKID | --scenario PART      a part, so never a verdict
python -m conformance --jobs N | --shard K/N                N processes; one of N parts, for another machine each
python -m conformance merge REPORT.json...                  the reports of all shards made one
python -m conformance report | compare                      a stored report: rendered again, held against another
python -m conformance explain ID                            a requirement or a check, in words
python -m conformance spec [--check] [--write] [--freeze]   the numbered requirements
python -m conformance mutants                               the suite, tried on broken implementations
python -m conformance record [--base-url URL]               cassettes, of what is exchanged
python -m conformance replay DIR                            recordings of anyone's
python -m conformance selfcheck                             the harness, tried on what it has to refuse
"""

import argparse
import importlib
import os
import sys
import warnings
from pathlib import Path
from typing import Final

import pytest

from conformance.crash import terminable
from conformance.index import scenario_folder
from conformance.outcomes import BROKEN, CODES
from conformance.profiles import PROFILES
from conformance.settings import REPORT
from conformance.sharding import processes
from conformance.watch import Journal, Watch, uncaptured

COMMANDS: Final = {
    "spec": "conformance.index",
    "record": "conformance.recorded.command",
    "replay": "conformance.replay",
    "selfcheck": "conformance.selfcheck",
    "merge": "conformance.merging",
    "mutants": "conformance.mutants.command",
    "report": "conformance.rendering.command",
    "compare": "conformance.rendering.comparison",
    "explain": "conformance.explain",
}
PASSED_ON: Final = (
    *("target", "require", "implementation", "baseline", "cassettes"),
    *("profile", "only", "scenario", "timeout", "shard", "claims"),
)
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
    parser = _parser()
    options, rest = parser.parse_known_args(words)
    if stray := [word for word in rest[:1] if not word.startswith("-")]:
        parser.error(f"unknown command {stray[0]!r}; there are {', '.join(COMMANDS)}")
    is_part = bool(options.only or options.scenario or options.shard or rest)
    if is_part and options.jobs not in (None, 1):
        parser.error("--jobs is for all of it; leave it out beside --only, --scenario, --shard and options of pytest")
    count = options.jobs or (1 if is_part else processes())
    if count > 1:
        from conformance.jobs import run

        return run(_words(options, ""), count, Path(options.report))
    given = [*_words(options, "conformance-"), f"--conformance-report={options.report}"]
    return _run([*ENGINE, f"--rootdir={scenario_folder().parent}", *given, *rest], options.journal)


def _run(arguments: list[str], journal: Path | None) -> int:
    with terminable(), Journal.kept(journal) if journal else uncaptured() as meter:
        code = int(pytest.main([*arguments, str(scenario_folder())], plugins=[Watch(meter)]))
    return code if code in CODES else BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conformance",
        description="Judge an implementation on its sync and its async surface.",
        epilog=f"Further commands: {', '.join(COMMANDS)}. Other options are handed to pytest.",
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
        help="write report.json and what is made of it there (default: %(default)s)",
    )
    parser.add_argument("--baseline", metavar="FILE", help="expected failures: check id -> reason, link, expires")
    parser.add_argument("--cassettes", metavar="DIR", help="recordings of -recorded targets (default: the suite's)")
    parser.add_argument(
        "--profile", action="append", metavar="NAME", choices=tuple(PROFILES), help=f"one of {', '.join(PROFILES)}"
    )
    parser.add_argument("--live", action="store_true", help="let targets that talk to real endpoints do so")
    parser.add_argument("--only", metavar="CHECKID", help="run one check; never a verdict")
    parser.add_argument("--scenario", metavar="PART", help="run scenarios whose area/function contains PART")
    parser.add_argument("--timeout", metavar="SECONDS", help="for one check (default: 60)")
    parser.add_argument("--shard", metavar="K/N", help="run the K-th of N parts; no verdict until they are merged")
    parser.add_argument(
        "--jobs", type=_count, metavar="N", help="processes: a number or auto (default: auto, 1 for a part)"
    )
    for name in ("--journal", "--claims"):  # of the processes of one run
        parser.add_argument(name, type=Path, help=argparse.SUPPRESS)
    return parser


def _count(text: str) -> int:
    if text != "auto" and not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; 2 is, or auto")
    return processes() if text == "auto" else int(text)


def _words(options: argparse.Namespace, prefix: str) -> list[str]:
    """The options that decide what is judged, to be handed on; not where the report goes."""
    given = {name: getattr(options, name) for name in PASSED_ON}
    every = [(name, each) for name, value in given.items() for each in (value if isinstance(value, list) else [value])]
    live = [f"--{prefix}live"] if options.live else []
    return [*(f"--{prefix}{name}={each}" for name, each in every if each is not None), *live]


if __name__ == "__main__":
    code = main()
    # an engine may hold files until the process ends; whether it closes them then is not judged here
    warnings.simplefilter("ignore", ResourceWarning)
    sys.exit(code)
