"""Running a skill's script, on the async surface."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from subprocess import DEVNULL, PIPE

from aimu.skills.scripts import ScriptOutput, ScriptToolState

PATIENCE = 1.0  # seconds for what is still in the pipes, and for the end of what was killed


class ScriptTool(ScriptToolState):
    """Runs a script in a process of its own: no shell, no input, a time limit, bounded output (SKILL-14, SKILL-16)."""

    __tool_is_async__ = True

    async def __call__(self, arguments: Sequence[str] = ()) -> str:
        output = _Output()
        code = await self._run(self._command(arguments), output)
        return output.told(code, self.timeout)

    async def _run(self, command: list[str], output: _Output) -> int | None:
        """Its exit code, None when it took too long; it and its children are gone, however this ends."""
        start = asyncio.get_running_loop().subprocess_exec
        try:
            process, _ = await start(
                lambda: _Pipes(output), *command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, **self._surroundings()
            )
        except (OSError, ValueError) as exc:
            raise self._unstarted(exc) from exc
        try:
            return await _read(process, output, self.timeout)
        finally:
            _kill(process.get_pid())
            try:
                await _came(output.exited, PATIENCE)
            finally:
                process.close()


class _Output(ScriptOutput):
    """What a script wrote, and the events of its end."""

    def __init__(self) -> None:
        super().__init__()
        self.exited, self.closed = asyncio.Event(), asyncio.Event()


class _Pipes(asyncio.SubprocessProtocol):
    """Takes what the script writes as the loop reads it."""

    def __init__(self, output: _Output) -> None:
        self._output = output

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._output.take(fd, data)

    def process_exited(self) -> None:
        self._output.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._output.closed.set()


async def _read(process: asyncio.SubprocessTransport, output: _Output, timeout: float) -> int | None:
    """Wait until the script ends; the loop takes what it writes."""
    if not await _came(output.exited, timeout):
        return None
    _kill(process.get_pid())  # its children, which could write on and on
    await _came(output.closed, PATIENCE)
    return process.get_returncode()


async def _came(event: asyncio.Event, seconds: float) -> bool:
    """Whether an event comes in time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
