"""Running scripts: what is left when one ends, in whichever way."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aimu.agents.scripts import ScriptTool
from aimu.aio.agents.scripts import ScriptTool as AsyncScriptTool
from aimu.errors import ToolError
from aimu.skills.scripts import LIMIT, Script, ScriptOutput

HANG = """
import subprocess, sys, time
pipe = open(sys.argv[1], "w")
child = "import time; print('child', flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child], stdout=pipe)
time.sleep(600)
"""
PROGRAM = """
import sys, threading
from aimu.agents.scripts import ScriptTool
from aimu.skills.scripts import Script
tool = ScriptTool(Script("pdf", sys.argv[1], "scripts/go.py", "pdf__go"), 60.0, {})
"""
Run = Callable[..., str]


class Lifeline:
    """A named pipe that a script and its child hold open."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = str(path)
        self.written, self.gone = threading.Event(), threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with open(self.path) as pipe:
            for _ in pipe:
                self.written.set()
        self.gone.set()


@pytest.fixture
def lifeline(tmp_path: Path) -> Lifeline:
    return Lifeline(tmp_path / "pipe")


@pytest.fixture
def no_descriptor_is_left() -> Iterator[None]:
    before = sorted(os.listdir("/dev/fd"))
    yield
    gc.collect()
    assert sorted(os.listdir("/dev/fd")) == before


def script(folder: Path, text: str) -> Script:
    (folder / "scripts").mkdir(exist_ok=True)
    (folder / "scripts" / "go.py").write_text(text)
    return Script("pdf", str(folder), "scripts/go.py", "pdf__go")


def run_sync(what: Script, *arguments: str, timeout: float = 30.0) -> str:
    return ScriptTool(what, timeout, {})(list(arguments))


def run_aio(what: Script, *arguments: str, timeout: float = 30.0) -> str:
    return asyncio.run(AsyncScriptTool(what, timeout, {})(list(arguments)))


BOTH = pytest.mark.parametrize("run", [run_sync, run_aio])


@BOTH
@pytest.mark.usefixtures("no_descriptor_is_left")
def test_nothing_is_left_of_a_script_that_ended(run: Run, tmp_path: Path) -> None:
    assert run(script(tmp_path, "print('fine')")) == "fine\n"
    with pytest.raises(ToolError, match="exit code 2"):
        run(script(tmp_path, "raise SystemExit(2)"))
    with pytest.raises(ToolError, match=r"killed after 0\.2 s"):
        run(script(tmp_path, "import time; time.sleep(60)"), timeout=0.2)
    for argument in ("\0", "\ud800", "x" * 3_000_000):
        with pytest.raises(ToolError, match="was not started"):
            run(script(tmp_path, ""), argument)


@BOTH
def test_a_script_that_closes_its_outputs_is_still_waited_for(run: Run, tmp_path: Path) -> None:
    closing = "import os, time; os.close(1); os.close(2); time.sleep({}); os._exit(5)"
    with pytest.raises(ToolError, match="exit code 5"):
        run(script(tmp_path, closing.format(0.2)))
    with pytest.raises(ToolError, match=r"killed after 0\.5 s"):
        run(script(tmp_path, closing.format(60)), timeout=0.5)


@BOTH
def test_what_is_dropped_takes_no_memory(run: Run, tmp_path: Path) -> None:
    flood = script(tmp_path, "for _ in range(1000): print('x' * 100_000)")
    run(flood)  # what is imported on the way counts once
    tracemalloc.start()
    try:
        told = run(flood)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert told.endswith("of 100001000 bytes]")
    assert peak < 2_000_000


def test_children_that_write_on_do_not_keep_a_slow_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.read

    def slow(descriptor: int, size: int) -> bytes:
        data = read(descriptor, size)
        time.sleep(0.01)  # the pipe is full again
        return data

    monkeypatch.setattr(os, "read", slow)
    flood = "import os\nif os.fork() == 0:\n    while True: os.write(2, b'x' * 65536)\nprint('mine')"
    start = time.monotonic()
    assert run_sync(script(tmp_path, flood), timeout=20.0) == "mine\n"
    assert time.monotonic() - start < 10.0


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT, LIMIT + 1])
def test_a_cut_is_said_only_where_there_is_one(size: int) -> None:
    output = ScriptOutput()
    for _ in range(size):
        output.take(1, b"x")
    assert ("cut" in output.told(0, 1.0)) is (size > LIMIT)


def test_both_tools_are_offered_alike(tmp_path: Path) -> None:
    what = script(tmp_path, "")
    sync, aio = ScriptTool(what, 1.0, {}), AsyncScriptTool(what, 1.0, {})
    assert sync.__tool_spec__ == aio.__tool_spec__
    assert (sync.__tool_is_async__, aio.__tool_is_async__) == (False, True)


def test_a_task_that_is_cancelled_twice_leaves_no_script(tmp_path: Path, lifeline: Lifeline) -> None:
    tool = AsyncScriptTool(script(tmp_path, HANG), 60.0, {})

    async def cancel_twice() -> None:
        task = asyncio.create_task(tool([lifeline.path]))
        await asyncio.to_thread(lifeline.written.wait, 20.0)
        task.cancel()
        asyncio.get_running_loop().call_soon(task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(lifeline.gone.wait, 20.0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(cancel_twice())


def test_ctrl_c_kills_the_script(tmp_path: Path, lifeline: Lifeline) -> None:
    script(tmp_path, HANG)
    interrupted = (
        "try:\n    tool([sys.argv[2]])\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)\n    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", f"{PROGRAM}\n{interrupted}", str(tmp_path), lifeline.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert lifeline.written.wait(20.0)
        program.send_signal(signal.SIGINT)
        assert program.stdout is not None
        assert program.stdout.readline() == "interrupted\n"
        assert lifeline.gone.wait(20.0)  # while the program goes on
        program.communicate("\n", timeout=20.0)


def test_a_script_in_a_thread_that_was_given_up_ends_with_the_program(tmp_path: Path, lifeline: Lifeline) -> None:
    script(tmp_path, HANG)
    code = f"{PROGRAM}\nthreading.Thread(target=tool, args=([sys.argv[2]],), daemon=True).start()\ninput()\n"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), lifeline.path], stdin=subprocess.PIPE, text=True
    ) as program:
        assert lifeline.written.wait(20.0)
        program.communicate("\n", timeout=20.0)
    assert program.returncode == 0
    assert lifeline.gone.wait(20.0)
