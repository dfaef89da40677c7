"""The chapters: what is read from them, and what is refused."""

import textwrap
from pathlib import Path

import pytest

from conformance import index, spec
from conformance.__main__ import main

GOOD = """
# Tools

## TOOLS-4 Colour is recorded at decoration

**MUST** · sync, aio · tools

A tool's colour MUST be recorded
when it is decorated.

More about it.

```python
## TOOLS-9 not a heading
```

## TOOLS-5 (retired)

## Background

Prose.

## TOOLS-6 The suite holds together

**SHOULD NOT** · suite · any

The suite SHOULD NOT fall apart.

Checked by: tests/test_it.py::test_it
"""


def chapter(folder: Path, text: str, name: str = "tools") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def one(
    sentence: str = "It MUST hold.", metadata: str = "**MUST** · sync, aio · any", heading: str = "## A-1 One"
) -> str:
    return f"{heading}\n\n{metadata}\n\n{sentence}\n"


def test_a_requirement_is_read_whole(tmp_path: Path) -> None:
    found = spec.load(chapter(tmp_path, GOOD))
    assert found.problems == []
    assert list(found.requirements) == ["TOOLS-4", "TOOLS-6"]
    assert found.retired == {"TOOLS-5": "tools"}
    first, last = found.requirements.values()
    assert (first.title, first.keyword, first.surfaces, first.capability, first.line) == (
        "Colour is recorded at decoration",
        "MUST",
        ("sync", "aio"),
        "tools",
        4,
    )
    assert first.sentence == "A tool's colour MUST be recorded when it is decorated."
    assert first.body.endswith("```")
    assert first.link == "spec/tools.md#tools-4-colour-is-recorded-at-decoration"
    assert (last.keyword, last.surfaces, last.checked_by) == ("SHOULD NOT", ("suite",), "tests/test_it.py::test_it")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (one() + one(), "the id A-1 is used twice"),
        ("## A-1 (retired)\n\n" + one(), "the id A-1 is used twice"),
        (one() + "\n## A-1 (retired)\n", "the id A-1 is used twice"),
        (one(metadata="**WILL** · sync · any"), "keyword 'WILL'"),
        (one(metadata="MUST · sync · any"), "keyword ''"),
        (one(metadata="**MUST**"), "unknown surfaces"),
        (one("It must hold."), "does not say MUST"),
        (one("It holds.\n\nIt MUST."), "does not say MUST"),
        (one(metadata="**MUST** · web · any"), "unknown surfaces 'web'"),
        (one(metadata="**MUST** · sync, suite · any"), "unknown surfaces 'sync, suite'"),
        (one(metadata="**MUST** · sync · telepathy"), "unknown capability 'telepathy'"),
        (one(heading="### A-1 One"), "is not of the form"),
        (one(heading="## a-1 One"), "is not of the form"),
        (one(heading="## A-1"), "is not of the form"),
    ],
)
def test_a_malformed_chapter_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    assert any(problem in found for found in spec.load(chapter(tmp_path, text)).problems)


def test_a_prefix_belongs_to_one_chapter(tmp_path: Path) -> None:
    chapter(tmp_path, one() + one(heading="## B-1 One"), "first")
    chapter(tmp_path, one(heading="## A-2 Two"), "second")
    assert spec.load(tmp_path).problems == ["spec/second.md#a-2-two: the prefix A belongs to spec/first.md"]


def test_gaps_and_prose_are_allowed(tmp_path: Path) -> None:
    chapter(tmp_path, one() + one(heading="## A-7 Seven"))
    chapter(tmp_path, "# How to read this\n\n## Keywords\n", "README")
    assert spec.load(tmp_path).problems == []


def test_a_row_of_the_ledger_is_found_as_a_whole_word(tmp_path: Path) -> None:
    found = spec.load(chapter(tmp_path, "| LEDGER-12 | colour |"))
    assert found.mentions("LEDGER-12")
    assert not found.mentions("LEDGER-1")


def test_the_index_is_generated_and_stale_when_a_chapter_changes(tmp_path: Path) -> None:
    chapter(tmp_path, one())
    assert index.check(tmp_path, tmp_path) == [
        f"{tmp_path}/index.json is stale; run python -m conformance spec --write"
    ]
    index.write(tmp_path)
    assert index.check(tmp_path, tmp_path) == []
    chapter(tmp_path, one("It MUST hold always."))
    assert "is stale" in index.check(tmp_path, tmp_path)[0]


def test_the_digest_follows_the_requirements(tmp_path: Path) -> None:
    before = index.digest(spec.load(chapter(tmp_path, one())))
    assert index.digest(spec.load(chapter(tmp_path, one() + "\n"))) == before
    assert index.digest(spec.load(chapter(tmp_path, one("It MUST not.")))) != before


def test_no_requirement_at_all_is_a_problem(tmp_path: Path) -> None:
    assert f"{tmp_path}: there is no requirement" in index.check(tmp_path, tmp_path)


SCENARIOS = """
from conformance import requirement

@requirement("A-1", "A-2", needs=("tools",))
async def test_one(d): ...

@other("A-3")
async def test_two(d): ...
"""


def test_coverage_names_what_nothing_checks(tmp_path: Path) -> None:
    folder = chapter(tmp_path / "spec", one() + one(heading="## A-2 Two") + one(heading="## A-3 Three"))
    chapter(folder, one("It MAY.", "**MAY** · sync · any", "## B-1 May"), "b")
    chapter(folder, one("It SHOULD.\n\nChecked by: replay", "**SHOULD** · sync · any", "## C-1 Replay"), "c")
    (tmp_path / "test_area.py").write_text(SCENARIOS)
    assert index.coverage(folder, tmp_path) == ["A-3"]
    assert index.traceability(tmp_path) == {"A-1": ["area/test_one"], "A-2": ["area/test_one"]}


@pytest.mark.parametrize(("text", "standing"), [("", "in no chapter"), ("\n## A-2 (retired)\n", "retired")])
def test_a_scenario_that_names_what_is_not_there_is_a_problem(tmp_path: Path, text: str, standing: str) -> None:
    folder = chapter(tmp_path / "spec", one() + text)
    index.write(folder)
    (tmp_path / "test_area.py").write_text(SCENARIOS)
    assert index.check(folder, tmp_path) == [f"area/test_one names A-2, which is {standing}"]


@pytest.mark.parametrize("name", ["test_it", "test_other"])
def test_checked_by_must_exist(tmp_path: Path, name: str) -> None:
    text = one(f"It MUST.\n\nChecked by: `tests/test_it.py::{name}`", "**MUST** · suite · any")
    folder = chapter(tmp_path / "spec", text)
    index.write(folder)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text("def test_it(): ...\n")
    missing = f"spec/tools.md#a-1-one: checked by tests/test_it.py::{name}, which does not exist"
    assert index.check(folder, tmp_path) == ([] if name == "test_it" else [missing])


def test_every_checked_by_must_exist(tmp_path: Path) -> None:
    """Catches a second test that is gone while the first is there."""
    tests = ("tests/test_it.py::test_it", "tests/test_it.py::test_gone", "replay", "tests/test_lost.py::test_it")
    text = one("It MUST.\n\n" + "\n".join(f"Checked by: `{test}`" for test in tests), "**MUST** · suite · any")
    folder = chapter(tmp_path / "spec", text)
    index.write(folder)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text("def test_it(): ...\n")
    found = spec.load(folder).requirements["A-1"]
    assert (found.tests, found.checked_by) == (tests, tests[0])
    link = "spec/tools.md#a-1-one: checked by"
    gone = [f"{link} {test}, which does not exist" for test in (tests[1], tests[3])]
    assert index.check(folder, tmp_path) == gone


def test_the_command_lists_writes_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["spec", "--folder", str(chapter(tmp_path, one()))]
    assert main(words) == 0
    assert "A-1          MUST       sync, aio  One  [0 scenarios]" in capsys.readouterr().out
    assert index.main([*words[1:], "--check"]) == 2
    assert "index.json is stale" in capsys.readouterr().err
    assert main([*words, "--write"]) == 0
    assert (tmp_path / "index.json").is_file()
