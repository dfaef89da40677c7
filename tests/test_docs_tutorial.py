"""The tutorial for authors of providers, followed from an empty folder: its files written, its commands typed."""

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from conformance.certificates import one_certificate
from conformance.vocabulary import CAPABILITIES
from tests.terminal import ROOT, Paper, Step, Terminal, parts, require_shown

PAGE: Final = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
MADE: Final = "python3 -m venv .venv"
OFFLINE: Final = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in an empty folder, where pip finds what is installed here and asks nobody else."""
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("COURIER_API_KEY", raising=False)
    with one_certificate():
        yield Terminal(tmp_path)


def lend(venv: Path) -> None:
    """Let a new environment see the packages of this one, where a reader's pip would fetch them."""
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")


def test_the_tutorial_goes_as_the_page_shows(terminal: Terminal) -> None:
    shown = list(parts(PAGE))
    for part, following in zip(shown, [*shown[1:], None], strict=True):
        if isinstance(part, Paper):
            (terminal.folder / part.name).write_text(part.text, encoding="utf-8")
            continue
        output = terminal.type(part)
        require_shown(part, output)
        assert terminal.code == 0 or following == asks_for(terminal.code), f"$ {part.command}\n{output}"
        if part.command == MADE:
            lend(terminal.folder / ".venv")


def asks_for(code: int) -> Step:
    """What the page has to show after a command that fails."""
    return Step("echo $?", f"{code}\n", "")


def test_the_page_names_every_capability() -> None:
    rows = PAGE.partition("| capability |")[2].partition("\n\n")[0]
    named = [word for word in (*CAPABILITIES,) if f"`{word}`" in rows]
    assert sorted(set(CAPABILITIES) - set(named)) == ["scripted"]


def test_what_the_page_links_is_there() -> None:
    links = [link.partition("#")[0] for link in PAGE.split("](")[1:] for link in [link.partition(")")[0]]]
    assert [link for link in links if link and not os.path.exists(ROOT / "docs" / link)] == []
