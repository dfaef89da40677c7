"""Two thousand turns in one process: what it holds is the same at the end, whichever way the turns ended."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 300  # seconds, to turn a hang into an error


@pytest.mark.parametrize(("surface", "wire"), [("sync", "openai"), ("aio", "anthropic")])
def test_nothing_grows(surface: str, wire: str) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.soak", "--turns", "2000", "--surface", surface, "--wire", wire]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    assert "2100 turns, 2730 requests" in ran.stdout
