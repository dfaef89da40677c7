"""`python -m tests.mutation [--out DIR] [--jobs N] [--only PART] [--again] [--publish]`: the sample, break by break.

The parent imports what does not change (pytest, Hypothesis, the SDKs) and nothing of `aimu`; a child begins from there.
Ends in `results.json`, and in the score and the survivors on the terminal. Killed is a break that a test failed for, or
that a test did not end for.
"""

import argparse
import gc
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.mutation import fresh, loaded, mutants, report, settings
from tests.mutation.coverage_map import CoverageMap
from tests.mutation.invocation import targets
from tests.mutation.trial import Attempt, Trial, run

PRELOADED: Final = (
    *("hypothesis", "pytest_asyncio", "yaml", "jsonschema", "pydantic", "docstring_parser"),
    *("openai", "anthropic", "fastmcp", "rich", "asyncio"),
)


def main() -> int:
    """Run the sample.

    Returns:
        int: 0 when the score is reached and no equivalent was noticed after all, 1 when not.

    Raises:
        SystemExit: something fails although nothing is broken, or a trial ended as no trial should.
    """
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    what = settings.load()
    found, sample = mutants.drawn(what)
    covered = _covered(options)
    wanted = [mutant for mutant in sample if options.only in f"{mutant.file}:{mutant.line}"]
    print(f"{len(wanted)} of {found} breaks, seed {what.seed}", flush=True)
    trials = [Trial(mutant, options.out / f"{n:04}") for n, mutant in enumerate([mutants.unbroken(what), *wanted])]
    if not options.again:
        for trial in trials:
            trial.forget()
    _try(trials, covered, what, options.jobs)
    results = _results(trials)
    text = json.dumps({"places": found, "results": results}, indent=1)
    (options.out / "results.json").write_text(text, encoding="utf-8")
    told = report.made(what, found, results)
    print("\n".join(told.lines()))
    if options.publish:
        report.publish(told)
    return 0 if told.score >= report.WANTED and not told.disproved else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Random breaks, and who notices.")
    parser.add_argument("--out", type=Path, default=settings.ROOT / "build" / "mutation", help="default: %(default)s")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="PART", help="breaks whose file:line contains PART")
    parser.add_argument("--again", action="store_true", help="go on with the last run, that was interrupted")
    parser.add_argument("--publish", action="store_true", help="put the report on docs/mutation.md")
    return parser.parse_args()


def _covered(options: argparse.Namespace) -> CoverageMap:
    path = options.out / "map.json"
    if not options.again:
        subprocess.run([sys.executable, "-m", "tests.mutation.coverage_map", str(path)], check=True, cwd=settings.ROOT)
    return CoverageMap(**json.loads(path.read_text(encoding="utf-8")))


def _preload() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    if loaded := [name for name in sys.modules if name.partition(".")[0] == "aimu"]:
        raise SystemExit(f"the parent has loaded {loaded[0]}; a broken module could not take its place")


def _try(trials: Sequence[Trial], covered: CoverageMap, what: settings.Settings, jobs: int) -> None:
    """Try all, quickly where that can be done; with a fresh import what is not in functions, or runs at the import."""
    _preload()
    process = os.fork()
    if not process:
        loaded.run([trial for trial in trials if trial.verdict is None], covered, what, jobs)
        os._exit(0)
    if os.waitpid(process, 0)[1]:
        raise SystemExit("the quick trials came to no end")
    _require_sound(trials)
    again = [trial for trial in trials if _is_open(trial, covered)]
    print(f"{len(again)} with a fresh import", flush=True)
    gc.freeze()  # children have nothing to look for in it
    run(((trial, _fresh(trial.mutant, covered, what)) for trial in again), jobs)
    _require_sound(trials)


def _is_open(trial: Trial, covered: CoverageMap) -> bool:
    mutant, verdict = trial.mutant, trial.verdict
    if verdict is None or not mutant.line:
        return True
    return verdict.outcome == "survived" and covered.is_imported(mutant.file, mutant.line)


def _fresh(mutant: mutants.Mutant, covered: CoverageMap, what: settings.Settings) -> Attempt:
    limits = covered.limits(mutant.file, mutant.line, what)
    return partial(fresh.attempt, mutant, limits, covered.seconds, targets(what))


def _require_sound(trials: Sequence[Trial]) -> None:
    for trial in trials:
        verdict = trial.verdict
        if verdict and verdict.outcome == "crash":
            raise SystemExit(f"no verdict, see {trial.folder / 'out'}: {verdict.reason}")
        if verdict and not trial.mutant.line and verdict.outcome != "survived":
            raise SystemExit(f"nothing is broken, and yet {verdict.by} says: {verdict.reason}")


def _results(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    results = []
    for trial in trials[1:]:
        assert trial.verdict is not None
        told = {key: value for key, value in asdict(trial.mutant).items() if key != "source"}
        results.append({**told, **asdict(trial.verdict)})
    return sorted(results, key=lambda result: (result["file"], result["line"], result["new"]))


if __name__ == "__main__":
    sys.exit(main())
