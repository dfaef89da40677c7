"""`python -m conformance record`: the exchanges of every recorded scenario, from a server or from its own script."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from conformance import suite, targets
from conformance.implementation import Implementation, load
from conformance.outcomes import BROKEN, FAILED, OK, HarnessError
from conformance.progress import told
from conformance.recorded import cassette, manifest
from conformance.recorded.cassette import Cassette
from conformance.recorded.comparison import changes
from conformance.recorded.manifest import Expected
from conformance.recorded.recording import Source, record
from conformance.recorded.target import Behind
from conformance.redaction import redact
from conformance.requirement import SERVER, Scenario
from conformance.targets import Target

ABOUT: Final = (
    "Record what is exchanged in the scenarios that are replayed: before the server at --base-url those that need a "
    "real one, else those with a script of their own."
)
EXITS: Final = "Exits with 0 when all is recorded, 1 when a scenario does not hold, 2 when nothing can be recorded."


@dataclass(frozen=True)
class Job:
    """One cassette to be recorded."""

    expected: Expected
    scenario: Scenario
    target: Target


class Session:
    """One run of the command.

    Args:
        folder: Path, of all cassettes.
        implementation: Implementation, whose requests are recorded.
        source: Source, who answers.
        has_force: bool, whether files that exist are replaced.
    """

    def __init__(self, folder: Path, implementation: Implementation, source: Source, has_force: bool) -> None:
        self._folder = folder
        self._implementation = implementation
        self._source = source
        self._has_force = has_force
        self._known = manifest.rows(folder)
        self.failed = 0
        self.recorded: list[str] = []

    def run(self, job: Job) -> str:
        """Record one cassette; the line that tells how it went."""
        path = self._folder / job.expected.name
        if not self._has_force and path.exists() and job.expected.name in self._known:
            return f"{job.expected.name}  kept; --force replaces it"
        try:
            return f"{job.expected.name}  {self._recorded(job, path)}"
        except (Exception, pytest.fail.Exception) as error:  # whatever came of it, the others are recorded
            self.failed += 1
            return redact(f"{job.expected.name}  NOT RECORDED: {type(error).__name__}: {error}")

    def _recorded(self, job: Job, path: Path) -> str:
        data = record(job.expected, job.scenario, job.target, self._implementation, self._source)
        made = Cassette(path, data)
        if found := made.secrets(self._source.api_key if self._source.is_real else ""):
            raise HarnessError(f"it would hold what looks like {', '.join(found)}")
        line = _compared(path, data)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            draft = Path(folder) / path.name
            draft.write_text(made.text, encoding="utf-8")
            cassette.load(draft)  # what is there is lost for nothing less
            draft.replace(path)
        self.recorded.append(job.expected.name)
        return line


def main(argv: list[str]) -> int:
    """Record.

    Args:
        argv: list of str, the words after `record`.

    Returns:
        int: 0 all recorded, 1 a scenario does not hold before this server, 2 nothing can be recorded.
    """
    options = _options(argv)
    try:
        source = _source(options)
        implementation = load(options.implementation)
        jobs = [
            job
            for job in _jobs(options.target or targets.WIRES, source)
            if options.scenario in job.expected.scenario and not set(options.without) & set(job.scenario.needs)
        ]
        if not jobs:
            raise HarnessError("no scenario fits; --base-url selects those that a real server has to answer")
        session = Session(options.cassettes, implementation, source, options.force)
        try:
            with told("record", jobs) as (walk, say):
                for job in walk:
                    say(session.run(job))
        finally:
            manifest.write(options.cassettes, implementation.name, session.recorded)
    except HarnessError as error:
        print(f"record: {error}", file=sys.stderr)
        return BROKEN
    print(f"{len(jobs) - session.failed} of {len(jobs)} recorded or kept in {options.cassettes}")
    return FAILED if session.failed else OK


def recorded_scenarios() -> Iterator[tuple[str, Scenario]]:
    """The packaged scenarios that are recorded, each with its area."""
    for name, scenario in suite.scenarios().items():
        area = name.partition("/")[0]
        if scenario.recorded and scenario.body.__module__ == f"conformance.test_{area}":  # not where it is imported
            yield area, scenario


def expectations(target: Target) -> Iterator[tuple[Expected, Scenario]]:
    """What has to be on record of a target, and the scenarios."""
    for area, scenario in recorded_scenarios():
        if Behind.records(target, scenario):
            yield Expected.of(target.name, area, scenario), scenario


def _jobs(names: Sequence[str], source: Source) -> Iterator[Job]:
    for target in map(targets.find, names):
        Behind.require_wire(target)
        if reason := target.unavailable():
            raise HarnessError(f"{target.name}: {reason}")
        for expected, scenario in expectations(target):
            if (scenario.recorded == SERVER) == source.is_real:
                yield Job(expected, scenario, target)


def _source(options: argparse.Namespace) -> Source:
    variable = options.api_key_env
    if variable is not None and not os.environ.get(variable):
        raise HarnessError(f"--api-key-env {variable}: that variable is not set")
    given = {"--model": options.model, "--server": options.server, "--api-key-env": variable}
    if not options.base_url and (idle := [name for name, value in given.items() if value]):
        raise HarnessError(f"{idle[0]} is about a real server; it needs --base-url")
    if options.base_url and len(options.target or targets.WIRES) > 1:
        raise HarnessError("--base-url is where one wire is spoken; name one --target")
    key = os.environ[variable] if variable else Source.api_key
    return Source(options.base_url or "", options.model or Source.model, options.server or "", key)


def _compared(path: Path, data: dict[str, object]) -> str:
    count = len(data["interactions"])  # type: ignore[arg-type]
    exchanges = f"{count} exchange{'' if count == 1 else 's'}"
    try:
        before = cassette.load(path)
    except HarnessError:
        return f"recorded, {exchanges}"
    diff = redact(changes(before.data, data))
    return f"recorded again, {exchanges}, " + (f"changed:\n{diff}" if diff else "the same but for what is volatile")


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m conformance record", description=ABOUT, epilog=EXITS)
    add = parser.add_argument
    add("--target", action="append", metavar="NAME", help="openai, anthropic, module:Class (default: both wires)")
    add("--base-url", metavar="URL", help="the server that answers; without it, the scenarios' own scripts do")
    add("--model", metavar="NAME", help="what is asked for there")
    add("--api-key-env", metavar="NAME", help="the environment variable that holds the key for it")
    add("--server", metavar="TEXT", help="name and version of that server, for the record (default: what it says)")
    add("--scenario", metavar="PART", default="", help="only those whose area/function contains PART")
    add("--without", action="append", default=[], metavar="CAPABILITY", help="leave out what needs it")
    add("--cassettes", type=Path, default=Path("cassettes"), metavar="DIR", help="the folder (default: %(default)s)")
    add("--implementation", default="aimu", metavar="NAME", help="whose requests (default: %(default)s)")
    add("--force", action="store_true", help="replace what is there, and say what changed")
    return parser.parse_args(argv)
