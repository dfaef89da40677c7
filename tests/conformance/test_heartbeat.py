"""The check that the event loop keeps running can fail: a loop that stands still for a second is named by it."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("llama_cpp") is None:
    pytest.skip("this environment has no llama.cpp", allow_module_level=True)

CHECK = "inprocess/test_a_heartbeat_goes_on_while_the_model_generates[llamacpp-aio]"
BLOCKING = """
import runpy, time
from aimu.aio.clients.generation import Generation

put, blocks = Generation._put, [1.0]

def block(self, event):
    if blocks:
        self._loop.call_soon_threadsafe(time.sleep, blocks.pop())
    put(self, event)

Generation._put = block
runpy.run_module("conformance", run_name="__main__")
"""


def test_a_loop_that_is_blocked_for_a_second_fails_the_heartbeat(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", BLOCKING, "--only", CHECK, "--report", str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the event loop stood still for 1" in done.stdout
