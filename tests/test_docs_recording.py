"""The walk-through of docs/recording.md, typed as it stands there, and what the page says of the code."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from conformance.certificates import one_certificate
from conformance.recorded import command
from conformance.recorded.comparison import VOLATILE
from tests.terminal import ROOT, Step, Terminal, free_port, parts, require_shown

EXAMPLE: Final = ROOT / "docs/examples/acme"
PAGE: Final = (ROOT / "docs/recording.md").read_text(encoding="utf-8")
PORT: Final = "8765"  # of the page; here it is a free one


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in a folder with the two files of the example."""
    for name in ("acme_server.py", "acme_target.py"):
        shutil.copy(EXAMPLE / name, tmp_path)
    opened = Terminal(tmp_path, ROOT)
    with one_certificate():  # half the time, and all is on loopback
        yield opened
    opened.stop()


def test_the_walk_through_goes_as_the_page_shows(terminal: Terminal) -> None:
    port, outputs = free_port(), []
    typed = [part for part in parts(PAGE) if isinstance(part, Step)]
    for step in [Step(s.command.replace(PORT, port), s.shown.replace(PORT, port), s.kind) for s in typed]:
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
