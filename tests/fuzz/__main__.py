"""Run the targets, each in a program of its own, which a finding ends: `python -m tests.fuzz --minutes 5 [TARGET]`."""

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.fuzz.corpus_seeds import written

CORPUS = Path(__file__).parent / "corpus"
LARGEST = 4096  # bytes of one input


def main() -> int:
    """Fuzz, and say how often each target was tried.

    Returns:
        int: 1 when something was found.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="default all")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target; default 1")
    parser.add_argument("--seed", action="store_true", help="only write the corpus anew")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given, rest = parser.parse_known_args()
    if given.seed:
        return written(CORPUS)
    if given.one:
        return _fuzz(given.one, [*rest, *given.targets])
    from tests.fuzz.targets import TARGETS

    return max([_run(name, given.minutes) for name in given.targets or TARGETS])


def _run(name: str, minutes: float) -> int:
    with tempfile.TemporaryDirectory() as found:
        options = [f"-max_total_time={int(60 * minutes)}", f"-max_len={LARGEST}", f"-artifact_prefix={found}/crash-"]
        command = [
            sys.executable,
            "-m",
            "tests.fuzz",
            "--one",
            name,
            *options,
            "-timeout=20",
            found,
            str(CORPUS / name),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        told = done.stderr + done.stdout
        tried = re.findall(r"(?m)^(?:Done (\d+) runs|#(\d+))", told)
        count = max((int(number) for pair in tried for number in pair if number), default=0)
        print(f"{name}: {count} executions, {'nothing found' if done.returncode == 0 else 'FOUND'}", flush=True)
        if done.returncode:
            print(told[-3000:])
            for crash in Path(found).glob("crash-*"):
                print(f"{crash.name}: {crash.read_bytes()!r}")
    return int(done.returncode != 0)


def _fuzz(name: str, options: list[str]) -> int:
    atheris: Any = importlib.import_module("atheris")  # there for who fuzzes, and for nobody else
    with atheris.instrument_imports(include=["aimu"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
