"""The walk-through of docs/recording.md, typed as it stands there, and what the page says of the code."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from conformance.certificates import one_certificate
from conformance.recorded import command
from conformance.recorded.comparison import VOLATILE

ROOT: Final = Path(__file__).resolve().parents[1]
EXAMPLE: Final = ROOT / "docs/examples/acme"
PAGE: Final = (ROOT / "docs/recording.md").read_text(encoding="utf-8")
BLOCK: Final = re.compile(r"^```console([ \w]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PORT: Final = "8765"  # of the page; here it is a free one
LIMIT: Final = 120.0  # seconds for one command
PRESET: Final = ("COLUMNS", "FORCE_COLOR", "PY_COLORS", "PYTEST_ADDOPTS", "PYTHONWARNINGS")  # what changes the output


@dataclass(frozen=True)
class Step:
    """One command of the page.

    Args:
        command: str, as a reader types it.
        shown: str, what the page shows of its output; a line of three dots stands for any lines.
        kind: "", "server" for one that goes on in a terminal of its own, "offline" where that has been stopped.
    """

    command: str
    shown: str
    kind: str


@dataclass
class Terminal:
    """Where the commands are typed: a folder, what was exported, and the exit code of the last.

    Args:
        folder: Path.
    """

    folder: Path
    exports: list[str] = field(default_factory=list)
    code: int = 0
    server: "subprocess.Popen[str] | None" = None

    def type(self, step: Step) -> str:
        """Run a command to its end; what it wrote."""
        self.exports += [step.command] if step.command.startswith("export ") else []
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
        mine |= {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "80"}
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=mine,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )


def steps() -> Iterator[Step]:
    """The commands of the page, in order."""
    for kind, text in BLOCK.findall(PAGE):
        for typed in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, shown = re.fullmatch(r"((?:.*\\\n> )*.*\n)((?:.*\n)*)", typed).groups()  # type: ignore[union-attr]
            yield Step(command.replace("\\\n> ", "").strip(), shown, kind.strip())


def require_shown(step: Step, output: str) -> None:
    """See that the output is what the page shows."""
    lines = ["(?:.*\n)*?" if line == "..." else f"{re.escape(line)} *\n" for line in step.shown.splitlines()]
    told = f"$ {step.command}\nthe page shows\n{step.shown}\nand there was\n{output}"
    assert re.fullmatch("".join(lines), output), told


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in a folder with the two files of the example."""
    for name in ("acme_server.py", "acme_target.py"):
        shutil.copy(EXAMPLE / name, tmp_path)
    opened = Terminal(tmp_path)
    with one_certificate():  # half the time, and all is on loopback
        yield opened
    opened.stop()


def test_the_walk_through_goes_as_the_page_shows(terminal: Terminal) -> None:
    port, outputs = free_port(), []
    for step in [Step(s.command.replace(PORT, port), s.shown.replace(PORT, port), s.kind) for s in steps()]:
        if step.kind == "offline":
            terminal.stop()
        outputs.append(terminal.serve(step) if step.kind == "server" else terminal.type(step))
        require_shown(step, outputs[-1])
    recorded = next(output for output in outputs if "recorded, " in output)
    exchanges = sum(int(count) for count in re.findall(r"recorded, (\d+) exchange", recorded))
    assert f"Together they are {exchanges} requests" in PAGE


def test_the_target_on_the_page_is_the_one_of_the_example() -> None:
    (shown,) = re.findall(r"^```py\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown == (EXAMPLE / "acme_target.py").read_text(encoding="utf-8")


def test_the_page_names_what_is_volatile_and_nothing_else() -> None:
    listed = re.search(r"\| of the file \|.*?\n\n", PAGE, re.DOTALL)
    assert listed is not None
    assert sorted(re.findall(r"`([\w-]+)`", listed[0])) == sorted(name.rpartition(".")[2] for name in VOLATILE)


def test_each_complaint_on_the_page_is_one_that_the_code_makes() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "conformance/recorded").glob("*.py"))
    complaints = re.findall(r"^\| `([^`]+)` \| (?:fail|harness-error) \|", PAGE, re.MULTILINE)
    assert len(complaints) == PAGE.count("| harness-error |") + PAGE.count("| fail |")
    assert [each for each in complaints if each not in code] == []


def test_the_options_on_the_page_are_all_that_the_command_has(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--implementation"}
    (table,) = re.findall(r"^\| option of `record`.*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`(--[a-z-]+)", table)) == options
