"""Running a skill's script, on the sync surface."""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from time import monotonic

from aimu.skills.scripts import ScriptOutput, ScriptToolState

PROMPT = 0.05  # seconds in which the end of a script is seen whose children keep its output open
_RUNNING: set[int] = set()


class ScriptTool(ScriptToolState):
    """Runs a script in a process of its own: no shell, no input, a time limit, bounded output (SKILL-14, SKILL-16)."""

    __tool_is_async__ = False

    def __call__(self, arguments: Sequence[str] = ()) -> str:
        output = ScriptOutput()
        code = self._run(self._command(arguments), output)
        return output.told(code, self.timeout)

    def _run(self, command: list[str], output: ScriptOutput) -> int | None:
        """Its exit code, None when it took too long; it and its children are gone, however this ends."""
        try:
            process = Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, **self._surroundings())
        except (OSError, ValueError) as exc:
            raise self._unstarted(exc) from exc
        with process:
            _RUNNING.add(process.pid)
            try:
                return _read(process, output, self.timeout)
            finally:
                _kill(process.pid)
                _RUNNING.discard(process.pid)


def _read(process: Popen[bytes], output: ScriptOutput, timeout: float) -> int | None:
    """Take what the script writes until it ends."""
    end = monotonic() + timeout
    with DefaultSelector() as selector:
        for stream, pipe in ((1, process.stdout), (2, process.stderr)):
            assert pipe is not None
            selector.register(pipe, EVENT_READ, stream)
        while selector.get_map() and (left := end - monotonic()) > 0:
            if is_over := process.poll() is not None:
                _kill(process.pid)  # its children, which could write on and on
            ready = selector.select(0 if is_over else min(left, PROMPT))
            if is_over and not ready:
                break
            for key, _ in ready:
                if data := os.read(key.fd, 65536):
                    output.take(key.data, data)
                else:
                    selector.unregister(key.fileobj)
    try:
        return process.wait(max(0.0, end - monotonic()))
    except TimeoutExpired:
        return None


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


@atexit.register
def _kill_all() -> None:
    # on Ctrl-C the thread of a concurrent call is given up; its script does not outlive the program
    for group in list(_RUNNING):
        _kill(group)
