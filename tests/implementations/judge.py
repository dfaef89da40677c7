"""Judge another implementation, see that nothing of aimu was imported, and hold its outcomes against what is expected.

python tests/implementations/judge.py            exits 0 when all is as expected
python tests/implementations/judge.py --write    writes the expectation anew
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
EXPECTED: Final = HERE / "expected.json"
JUDGED: Final = (
    *("--implementation", "pocket"),
    *("--target", "pocket.target:Pocket", "--target", "pocket.target:PocketLibrary"),
)
IMPORTED: Final = "IMPORTED"  # the environment variable that names the file of what was imported of aimu
WITNESS: Final = f'''"""Started with every interpreter: aimu cannot be imported, and whoever tries is written down."""

import os
import sys


class Witness:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "aimu":
            with open(os.environ["{IMPORTED}"], "a") as told:
                print(name, "by", sys.argv, file=told)
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Witness())
'''


def judged(words: Sequence[str], folder: Path, search: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
    """Run the suite in a folder, from what is installed, with aimu out of reach.

    Args:
        words: what stands behind `python -m conformance`.
        folder: Path, for the run: its report, and what was imported of aimu.
        search: paths from which modules are imported before what is installed.

    Returns:
        subprocess.CompletedProcess: with all that was printed in `stdout`.
    """
    witness = folder / "witness"
    witness.mkdir()
    (witness / "sitecustomize.py").write_text(WITNESS, encoding="utf-8")
    paths = os.pathsep.join(str(path) for path in (witness, *search))
    return subprocess.run(
        [sys.executable, "-m", "conformance", *words, "--report", "report"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, IMPORTED: str(folder / "imported")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def imported(folder: Path) -> str:
    """What was imported of aimu in a run, one line each time."""
    found = folder / "imported"
    return found.read_text(encoding="utf-8") if found.exists() else ""


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """A line for each check whose outcome is not the expected one."""
    names = sorted({*expected, *found})
    told = [(name, expected.get(name, "not declared"), found.get(name, "not declared")) for name in names]
    return [f"{name}: expected {was}, found {now}" for name, was, now in told if was != now]


def main() -> int:
    """Judge, compare, and say what differs."""
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given)
        run = judged(JUDGED, folder)
        print(run.stdout)
        if told := imported(folder):
            print(f"aimu was imported:\n{told}")
            return 1
        if not (folder / "report" / "report.json").exists():
            print(f"there is no report; the run ended with {run.returncode}")
            return 2
        report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    found = {check["id"]: check["outcome"] for check in report["checks"]}
    if "--write" in sys.argv[1:]:
        EXPECTED.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n", encoding="utf-8")
        return 0
    wrong = differences(json.loads(EXPECTED.read_text(encoding="utf-8")), found)
    print(*wrong, f"{len(wrong)} of {len(found)} outcomes differ from {EXPECTED.name}", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
