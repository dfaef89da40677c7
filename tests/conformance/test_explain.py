"""The help pages of the checks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import explain
from conformance.explain import Pages
from conformance.mutants.catalog import Mutant
from conformance.requirement import LIBRARY, requirement, scenario_of
from conformance.spec import load

CHAPTER = """
# Tools

## TOOLS-4 Parameters are described

**MUST** · sync, aio · any

A description MUST be shown.

The reasons.
"""


def bodies() -> Iterator[Callable[..., Any]]:
    """Scenarios inside of a function, so that pytest does not find them."""

    @requirement("TOOLS-4", needs=("tools", "usage"))
    async def described(d: object) -> None:
        """It is there."""

    @requirement("TOOLS-4", surfaces=("sync",), ledger="LEDGER-COLOUR")
    async def on_one(d: object) -> None:
        """On one."""

    @requirement("TOOLS-4", subject=LIBRARY)
    async def alone(d: object) -> None:
        """Without a provider."""

    @requirement("TOOLS-4", recorded="A7, A8")
    async def kept(d: object) -> None:
        """On record."""

    yield from (described, on_one, alone, kept)


@pytest.fixture
def made(tmp_path: Path) -> Pages:
    """The pages of a small suite."""
    (tmp_path / "tools.md").write_text(CHAPTER, encoding="utf-8")
    scenarios = {f"tools_schema/{body.__name__}": found for body in bodies() if (found := scenario_of(body))}
    broken = (
        "TOOLS-4",
        "TOOLS-4",
        "tools",
        "it is lost",
        "a.py",
        "x",
        "y",
        "tools_schema/alone[library-sync]",
        "no",
    )
    return Pages(load(tmp_path), scenarios, (Mutant(*broken),))


def test_a_page_has_the_clause_and_how_to_run_it(made: Pages) -> None:
    page = made.page("tools_schema/described")
    assert page.startswith("## tools_schema/described\n\nIt is there.\n")
    clause = "**[TOOLS-4](../../spec/tools.md#tools-4-parameters-are-described) Parameters are described.**"
    assert f"\n{clause} A description MUST be shown.\n" in page
    assert "on sync and aio, and both have to do the same; for every target that declares tools, usage;" in page
    assert "profile tools.\n" in page
    assert page.endswith("Run it: `python -m conformance --scenario tools_schema/described`\n")


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("on_one", "on sync; [LEDGER-COLOUR](../../spec/parity.md) permits them to differ; for every target;"),
        ("alone", "once, for the library alone"),
        ("alone", "* A break that it sees: it is lost."),
        ("kept", "* On record: facts A7, A8, replayed"),
    ],
)
def test_a_page_says_what_is_special(made: Pages, name: str, fact: str) -> None:
    assert [each for each in made.scenarios if fact in made.page(each)] == [f"tools_schema/{name}"]


def test_each_scenario_stands_on_one_page_and_each_page_in_the_index(made: Pages) -> None:
    files = dict(made.files())
    assert list(files) == ["tools.md", "README.md"]
    assert [files["tools.md"].count(f"## {name}\n") for name in made.scenarios] == [1, 1, 1, 1]
    assert files["README.md"].endswith("|---|---|\n| [tools](tools.md) | 4 |\n")


def test_written_pages_are_not_stale_until_something_changes(
    made: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(explain, "pages", lambda: made)
    folder = tmp_path / "checks"
    assert explain.main(["--write", str(folder)]) == 0
    assert explain.main(["--check", str(folder)]) == 0
    (folder / "tools.md").write_text("other")
    (folder / "gone.md").write_text("of a chapter that was dropped")
    assert explain.main(["--check", str(folder)]) == 2
    assert f"stale in {folder}: gone.md, tools.md; run python -m conformance" in capsys.readouterr().err
    explain.main(["--write", str(folder)])
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "tools.md"]


@pytest.mark.parametrize(
    "name",
    ["TOOLS-4", "tools_schema/test_descriptions_of_parameters", "tools_schema/test_descriptions_of_parameters[x-aio]"],
)
def test_one_thing_is_explained_by_any_of_its_names(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main([name]) == 0
    told = capsys.readouterr().out
    assert "## tools_schema/test_descriptions_of_parameters\n" in told
    assert "MUST be taken from its `Annotated` text" in told


def test_what_is_not_there_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["TOOLS-4000"]) == 2
    assert "'TOOLS-4000' is no requirement, scenario or check" in capsys.readouterr().err
