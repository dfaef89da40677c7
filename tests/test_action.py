"""The composite GitHub Action: its steps, run as they stand, by the shell that it names."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
ACTION: Final[dict[str, Any]] = yaml.safe_load(
    (ROOT / ".github" / "actions" / "conformance" / "action.yml").read_text(encoding="utf-8")
)
STEPS: Final[dict[str, dict[str, Any]]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
INPUT: Final = re.compile(r"^\$\{\{ inputs\.(\w+) }}$")
SHELL: Final = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")  # what the runner starts for `shell: bash`


def judged(folder: Path, **inputs: str) -> tuple[int, dict[str, str]]:
    """Run the step that judges, and read its outputs."""
    given = {name: about["default"] for name, about in ACTION["inputs"].items()} | inputs
    step = STEPS["Judge"]
    variables = {name: given[found[1]] for name, text in step["env"].items() if (found := INPUT.match(text))}
    assert variables.keys() == step["env"].keys()
    output, summary = folder / "output", folder / "summary"
    variables |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    output.unlink(missing_ok=True)
    done = subprocess.run([*SHELL, step["run"]], cwd=folder, env=os.environ | variables, capture_output=True, text=True)
    pairs = (line.partition("=") for line in output.read_text(encoding="utf-8").splitlines())
    return done.returncode, {name: value for name, _, value in pairs}


def test_shards_are_well_without_a_verdict_and_their_union_has_it(tmp_path: Path) -> None:
    for number in (1, 2):
        code, outputs = judged(
            tmp_path, target="openai\nanthropic", profile="streaming", shard=f"{number}/2", report=f"shards/{number}"
        )
        assert (code, outputs) == (0, {"exit-code": "3", "verdict": ""})
    code, outputs = judged(tmp_path, merge="shards/*/report.json")
    assert (code, outputs) == (0, {"exit-code": "0", "verdict": "conformant in streaming"})
    assert "conformant in streaming" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert (tmp_path / "conformance-report" / "report.json").is_file()
    (tmp_path / "shards" / "2" / "report.json").unlink()
    code, outputs = judged(tmp_path, merge="shards/*/report.json", report="half")
    assert (code, outputs) == (2, {"exit-code": "2", "verdict": ""})


@pytest.mark.parametrize("name", ["target", "require", "profile", "implementation", "baseline", "cassettes", "shard"])
def test_every_input_reaches_the_suite_as_one_word(tmp_path: Path, name: str) -> None:
    inputs = {"target": "openai-recorded"} | {name: "no such; touch taken; $(touch taken)"}
    code, outputs = judged(tmp_path, **inputs)
    assert (code, outputs["exit-code"]) == (2, "2")
    assert not (tmp_path / "taken").exists()


def test_no_input_is_read_as_a_command() -> None:
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


def test_every_input_and_output_is_used() -> None:
    text = str(ACTION["runs"])
    assert [name for name in ACTION["inputs"] if f"inputs.{name}" not in text] == []
    assert ACTION["outputs"].keys() == {"exit-code", "verdict"}


def test_the_workflow_runs_every_environment_of_the_gate() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    run = {row["environment"] for row in workflow["jobs"]["tox"]["strategy"]["matrix"]["include"]}
    listed = re.search(r"^env_list = (.*)$", (ROOT / "tox.ini").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed is not None
    assert run | {"conformance"} == set(listed[1].split(", "))
