"""Whole runs on damaged cassettes: which exit code, and that the file is named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.outcomes import BROKEN, FAILED
from tests.conformance.recorded.shelf import REAL, SHIPPED, SYNTHETIC, Data, Shelf
from tests.conformance.toy import ROOT

SCENARIO = "wire_openai/test_stream_asks_for_usage"


@pytest.fixture
def cassettes(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "cassettes"))


def run(cassettes: Path, *words: str) -> subprocess.CompletedProcess[str]:
    options = ["--target", "openai-recorded", "--cassettes", str(cassettes), "--report", str(cassettes.parent / "out")]
    command = [sys.executable, "-m", "conformance", *options, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def told(ran: subprocess.CompletedProcess[str]) -> str:
    """What was said, without the line breaks of the terminal."""
    return " ".join(ran.stdout.split())


def test_an_orphan_and_a_lost_file_end_a_whole_run_with_2(cassettes: Path) -> None:
    """A cassette that no scenario is replayed from, or one that is gone, in a run that is called conformant."""
    shutil.copyfile(cassettes / SYNTHETIC, cassettes / "openai" / "orphan.yaml")
    (cassettes / REAL).unlink()
    ran = run(cassettes, "--profile", "wire")
    assert ran.returncode == BROKEN, ran.stdout
    assert f"{cassettes}/openai/orphan.yaml is an orphan" in told(ran)
    assert f"{cassettes / REAL} is missing; make it with `python -m conformance record`, with --base-url" in told(ran)


def test_a_request_that_drifted_ends_a_run_with_1(cassettes: Path) -> None:
    """A record that says another request than is sent, and is told as a fault of the harness, or not at all."""
    shelf = Shelf(cassettes.parent / "edited", SYNTHETIC)
    shelf.change(SYNTHETIC, drift)
    shelf.settle()
    ran = run(shelf.folder, "--scenario", SCENARIO)
    assert ran.returncode == FAILED, ran.stdout
    assert "request 1 is not the recorded one" in told(ran)
    assert f"{shelf.folder / SYNTHETIC} is the record of {SCENARIO}" in told(ran)
    assert '- "content": "drifted",' in told(ran)


def drift(data: Data) -> None:
    request = data["interactions"][0]["request"]
    request["body"] = request["body"].replace('"content":"hi"', '"content":"drifted"')


def test_a_file_that_is_not_as_its_row_says_ends_a_run_with_2(cassettes: Path) -> None:
    """A changed record that is taken for a fault of the implementation."""
    shelf = Shelf(cassettes.parent / "edited", SYNTHETIC)
    shelf.change(SYNTHETIC, drift)
    ran = run(shelf.folder, "--scenario", SCENARIO)
    assert ran.returncode == BROKEN, ran.stdout
    assert f"{shelf.folder / SYNTHETIC}: request 1 was changed after it was recorded" in told(ran)
