"""A page of the docs, typed as it stands: its commands, its files, and what it shows of the output."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
BLOCK: Final = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIMIT: Final = 120.0  # seconds for one command
LASTING: Final = ("export ", ". ")  # commands that count for those after them
PRESET: Final = (  # what changes the output
    *("COLUMNS", "FORCE_COLOR", "PY_COLORS", "PYTEST_ADDOPTS", "PYTHONPATH", "PYTHONWARNINGS", "VIRTUAL_ENV"),
)


@dataclass(frozen=True)
class Step:
    """One command of the page.

    Args:
        command: str, as a reader types it.
        shown: str, what the page shows of its output; three dots stand for anything, as a line for any lines.
        kind: "", "server" for one that goes on in a terminal of its own, "offline" where that has been stopped.
    """

    command: str
    shown: str
    kind: str


@dataclass(frozen=True)
class Paper:
    """A file that the page shows; its name stands behind the language of its block.

    Args:
        name: str.
        text: str.
    """

    name: str
    text: str


@dataclass
class Terminal:
    """Where the commands are typed: a folder, what was exported, and the exit code of the last.

    Args:
        folder: Path.
        path: Path or None, default None: a folder of Python modules that goes before what is installed.
    """

    folder: Path
    path: Path | None = None
    exports: list[str] = field(default_factory=list)
    code: int = 0
    server: "subprocess.Popen[str] | None" = None

    def type(self, step: Step) -> str:
        """Run a command to its end; what it wrote."""
        self.exports += [step.command] if step.command.startswith(LASTING) else []
        script = "\n".join([*self.exports, f"(exit {self.code})", step.command])
        with self._bash(script) as process:
            try:
                output, _ = process.communicate(timeout=LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        self.code = process.returncode
        return output

    def serve(self, step: Step) -> str:
        """Run a command that goes on; its first line."""
        self.server = self._bash(f"exec {step.command}")
        assert self.server.stdout is not None
        is_there, _, _ = select.select([self.server.stdout], [], [], LIMIT)
        assert is_there, f"{step.command} said nothing in {LIMIT:g} s"
        return self.server.stdout.readline()

    def stop(self) -> None:
        """End what goes on."""
        if self.server is not None:
            with self.server:
                self.server.terminate()
            self.server = None

    def _bash(self, script: str) -> "subprocess.Popen[str]":
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        mine = {name: value for name, value in os.environ.items() if name not in PRESET}
        mine |= {"PATH": path, "PYTHONUTF8": "1", "COLUMNS": "80"} | (
            {"PYTHONPATH": str(self.path)} if self.path else {}
        )
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=mine,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )


def parts(page: str) -> Iterator[Step | Paper]:
    """The commands of a page and the files between them, in order."""
    for info, text in BLOCK.findall(page):
        language, _, rest = info.partition(" ")
        if language == "console":
            yield from _steps(text, rest)
        elif rest:
            yield Paper(rest, text)


def _steps(text: str, kind: str) -> Iterator[Step]:
    for typed in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, shown = re.fullmatch(r"((?:.*\\\n> )*.*\n)((?:.*\n)*)", typed).groups()  # type: ignore[union-attr]
        yield Step(command.replace("\\\n> ", "").strip(), shown, kind)


def require_shown(step: Step, output: str) -> None:
    """See that the output is what the page shows."""
    lines = ["(?:.*\n)*?" if line == "..." else f"{_pattern(line)} *\n" for line in step.shown.splitlines()]
    told = f"$ {step.command}\nthe page shows\n{step.shown}\nand there was\n{output}"
    assert re.fullmatch("".join(lines), output), told


def _pattern(line: str) -> str:
    return ".*".join(map(re.escape, line.split("...")))


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])
