"""Mutants: a small catalogue in which each entry deserves a verdict of its own, on the toy implementation."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.mutants import names
from conformance.mutants.catalog import CatalogError, load
from conformance.mutants.overlay import overlay, prepare
from tests.conformance.toy import FILES, HEAD, ROOT

Entry = tuple[Mapping[str, str], str, str]

CHAPTER = """
# Toy

## TOY-1 It echoes

**MUST** · sync, aio · any

What is said MUST come back.

## TOY-3 It adds

**MUST** · sync, aio · any

Two numbers MUST be added.

Checked by: tests/test_toy.py::test_adds

## TOY-4 It may sing

**MAY** · sync, aio · any

It MAY sing.
"""
SCENARIOS = """
from conformance.deadline import DeadlineExceeded

@requirement("TOY-1")
async def test_echo(d):
    assert await d(d.client().chat("hi")) == "hi"

@requirement("TOY-1")
async def test_hears(d):
    d.observe("said", await d(d.client().chat("hi")))

@requirement("TOY-1")
async def test_wrong(d):
    assert await d(d.client().chat("hi")) == "ho"

@requirement("TOY-3")
async def test_adds(d):
    assert d.direct(d.lib.add(2, 3)) == 5
"""
TESTS = """
import pytest, toy

def test_adds():
    assert toy.add(2, 3) == 5
"""
TOY = FILES["toy/__init__.py"] + "\ndef add(a, b):\n    return a + b\n"
SPARE = "words = []\n"
ECHO = "        return message"
KILLED = {
    "break": "what is said is lost",
    "file": "toy/__init__.py",
    "find": ECHO,
    "put": "        return ''",
    "check": "area/test_echo[full-sync]",
    "reason": "assert '' == 'hi'",
}
TESTED = {
    "break": "it subtracts",
    "file": "toy/__init__.py",
    "find": "a + b",
    "put": "a - b",
    "check": "tests/test_toy.py::test_adds",
    "reason": "assert -1 == 5",
}
# each entry, the verdict it deserves, and a part of what is said of it
ENTRIES: dict[str, Entry] = {
    "killed": (KILLED, "killed", "assert '' == 'hi'"),
    "aio": (
        KILLED
        | {"file": "toy/aio.py", "find": "return message", "put": "return ''", "check": "area/test_echo[full-aio]"},
        "killed",
        "assert '' == 'hi'",
    ),
    "parity": (
        KILLED
        | {
            "file": "toy/aio.py",
            "find": "return message",
            "put": "return message + '!'",
            "check": "area/test_hears[full-parity]",
            "reason": "hi!",
        },
        "killed",
        "did not do the same",
    ),
    "survived": (KILLED | {"put": "        return message + ''"}, "survived", "passes"),
    "other reason": (KILLED | {"put": "        return 'ho'"}, "killed for another reason", "assert 'ho' == 'hi'"),
    "died": (
        KILLED | {"put": "        import os; os._exit(3)", "reason": "exit code 3"},
        "killed for another reason",
        "harness-error: its process died with exit code 3",
    ),
    "not there": (KILLED | {"find": "return nothing"}, "not applied", "0 times"),
    "twice": (KILLED | {"find": "def "}, "not applied", "times"),
    "no change": (KILLED | {"put": ECHO}, "not applied", "is what is there"),
    "no file": (KILLED | {"file": "toy/nowhere.py"}, "not applied", "no toy/nowhere.py"),
    "syntax": (KILLED | {"put": "        return ("}, "does not import", "SyntaxError"),
    "raises": (
        KILLED | {"find": "class Client:", "put": "1 / 0\nclass Client:"},
        "does not import",
        "ZeroDivisionError",
    ),
    "not imported before": (
        KILLED | {"file": "toy/spare.py", "find": "words = []", "put": "words ="},
        "does not import",
        "SyntaxError",
    ),
    "no such check": (KILLED | {"check": "area/test_nothing[full-sync]"}, "named wrongly", "no check is called"),
    "another's check": (KILLED | {"check": "area/test_adds[full-sync]"}, "named wrongly", "and not of TOY-1"),
    "another's file": (KILLED | {"file": "toytargets.py"}, "named wrongly", "not of toy"),
    "no test of it": (KILLED | {"check": "tests/test_toy.py::test_adds"}, "named wrongly", "checked by scenarios"),
    "slow": (KILLED | {"put": "        while True: pass"}, "timed out", "did not end within 3 s"),
    "deaf": (
        KILLED | {"put": "        import signal; signal.signal(14, signal.SIG_IGN)\n        while True: pass"},
        "timed out",
        "no answer within 9 s",
    ),
    "no control": (KILLED | {"check": "area/test_wrong[full-sync]"}, "the check fails without it", "'hi' == 'ho'"),
}
TEST_ENTRIES: dict[str, Entry] = {
    "test": (TESTED, "killed", "assert -1 == 5"),
    "test survives": (TESTED | {"put": "b + a"}, "survived", "passes"),
    "test cannot begin": (TESTED | {"find": "a + b", "put": "a +"}, "does not import", "SyntaxError"),
    "other test": (TESTED | {"check": "tests/test_toy.py::test_adds_not"}, "named wrongly", "test_adds"),
}


def tree(folder: Path) -> Path:
    """A checkout of the toy implementation, its chapter, its scenarios and its test."""
    files = FILES | {
        "toy/__init__.py": TOY,
        "toy/spare.py": SPARE,
        "spec/toy.md": CHAPTER,
        "scenarios/test_area.py": HEAD + SCENARIOS,
        "tests/test_toy.py": TESTS,
    }
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return folder


def table(identity: str, entry: Mapping[str, str]) -> str:
    return "\n".join([f"[[{identity}]]", *(f"{key} = {json.dumps(value)}" for key, value in entry.items()), ""])


def run(folder: Path, catalog: str, *words: str, spec: str = "spec") -> "subprocess.CompletedProcess[str]":
    """Try the mutants of a catalogue."""
    (folder / "mutants").mkdir(exist_ok=True)
    (folder / "mutants" / "toy.toml").write_text(catalog, encoding="utf-8")
    options = ["--implementation=toy", "--target=toytargets:Full", f"--spec={spec}", "--catalog=mutants"]
    return subprocess.run(
        [sys.executable, "-m", "conformance.mutants.command", *options, "--scenarios=scenarios", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{folder}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def verdicts(folder: Path, entries: Mapping[str, Entry], identity: str, *words: str) -> dict[str, dict[str, Any]]:
    """What became of each entry of a catalogue."""
    catalog = "\n".join(table(identity, entry) for entry, _, _ in entries.values())
    ended = run(tree(folder), catalog, identity, "--json=out.json", *words)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    mutants = json.loads((folder / "out.json").read_text(encoding="utf-8"))["mutants"]
    return dict(zip(entries, mutants, strict=True))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each entry whose check is a scenario, in few seconds, and of each whose check is a test."""
    judged = verdicts(tmp_path_factory.mktemp("judged"), ENTRIES, "TOY-1", "--timeout=3")
    return judged | verdicts(tmp_path_factory.mktemp("tested"), TEST_ENTRIES, "TOY-3")


@pytest.mark.parametrize("name", [*ENTRIES, *TEST_ENTRIES])
def test_each_entry_gets_the_verdict_it_deserves(found: dict[str, dict[str, Any]], name: str) -> None:
    _, verdict, said = (ENTRIES | TEST_ENTRIES)[name]
    assert (found[name]["verdict"], said in found[name]["said"]) == (verdict, True), found[name]["said"]


def test_all_are_killed(tmp_path: Path) -> None:
    """Then it is 0, the table gives the score, and the page names the requirement, the break and the check."""
    catalog = table("TOY-1", KILLED) + table("TOY-3", {"equivalent": "nobody adds"})
    ended = run(tree(tmp_path), catalog, "--write=kill-matrix.md")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.split()[-6:] == ["all", "2", "1", "1", "1", "1/1"]
    page = (tmp_path / "kill-matrix.md").read_text(encoding="utf-8")
    assert "| TOY-1 | what is said is lost | `toy/__init__.py` | `area/test_echo[full-sync]` |" in page
    assert "1 of 1 mutants were killed" in page
    assert "nobody adds" in page
    assert load(tmp_path / "mutants").digest in page


def test_nothing_is_left(tmp_path: Path) -> None:
    """Of the copies that were made, also where a process had to be killed."""
    folder, place = tree(tmp_path / "toy"), tmp_path / "place"
    place.mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(place)
    try:
        run(folder, table("TOY-1", ENTRIES["deaf"][0]), "TOY-1", "--timeout=1")
    finally:
        os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)
    assert list(place.iterdir()) == []


def test_a_break_of_the_same_length_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is made in the second of the original, when Python takes what was compiled for what is there."""
    folder, place = tree(tmp_path / "toy"), tmp_path / "place"
    monkeypatch.syspath_prepend(folder)
    prepare("toy", place)
    (tmp_path / "toy.toml").write_text(table("TOY-3", TESTED), encoding="utf-8")
    (mutant,) = load(tmp_path).mutants
    with overlay("toy", mutant, None, place) as copy:
        shutil.copystat(folder / mutant.file, copy / mutant.file)
        code = "import toy; print(toy.add(2, 3))"
        ended = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=True)
    assert ended.stdout == "-1\n"


def test_a_requirement_without_a_mutant(tmp_path: Path) -> None:
    """Is an error of the whole; what only may be is not missed. A part is judged by itself."""
    folder = tree(tmp_path)
    ended = run(folder, table("TOY-1", KILLED))
    assert ended.returncode == 1
    assert "TOY-3 has no mutant" in ended.stdout
    assert "TOY-4" not in ended.stdout
    for part in (["TOY-1"], ["--chapter=toy"]):
        ended = run(folder, table("TOY-1", KILLED), *part)
        assert ended.returncode == 0, ended.stdout
        assert "has no mutant" not in ended.stdout


def test_what_is_no_requirement(tmp_path: Path) -> None:
    """Of the chapter that the file is called after."""
    folder = tree(tmp_path)
    ended = run(
        folder, table("TOY-9", KILLED) + table("TOY-8", {"equivalent": "no"}), "--json=out.json", "TOY-9", "TOY-8"
    )
    assert ended.returncode == 1
    content = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert [mutant["verdict"] for mutant in content["mutants"]] == ["named wrongly"]
    assert content["problems"] == ["TOY-8 is not in the chapter toy"]


def test_without_a_checkout(tmp_path: Path) -> None:
    """There are no tests, so what only they could see could not run, and is not passed over."""
    folder = tree(tmp_path)
    (folder / "spec").rename(folder / "elsewhere")
    (folder / "installed").mkdir()
    (folder / "elsewhere").rename(folder / "installed" / "spec")
    ended = run(folder, table("TOY-1", KILLED) + table("TOY-3", TESTED), spec="installed/spec")
    assert ended.returncode == 3, ended.stdout
    assert "could not run" in ended.stdout


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    """Its checks could not run without the break either."""
    entry = KILLED | {"check": "area/test_echo[absent-sync]"}
    ended = run(tree(tmp_path), table("TOY-1", entry), "TOY-1", "--target=toytargets:Absent")
    assert ended.returncode == 3, ended.stdout
    assert "not installed: toy-sdk" in ended.stdout


@pytest.mark.parametrize(
    ("catalog", "words", "why"),
    [
        ("[[TOY-1]]\nbreak = 'x'\n", [], "expected are break, file, find, put, check, reason"),
        ("[[TOY-1]]\nequivalent = 'x'\nbreak = 'y'\n", [], "expected are equivalent"),
        (table("TOY-1", KILLED | {"reason": ""}), [], "reason is ''"),
        ("[TOY-1]\nequivalent = 'x'\n", [], "[[TOY-1]]"),
        ("TOY", [], "toy.toml"),
        ("", [], "there is no mutant"),
        (table("TOY-1", KILLED), ["TOY-7"], "no mutant is called TOY-7"),
        (table("TOY-1", KILLED), ["--chapter=songs"], "songs"),
        (table("TOY-1", KILLED), ["TOY-1", "--write=page.md"], "--write is for all"),
        (table("TOY-1", KILLED), ["TOY-1", "--implementation=nowhere"], "nowhere"),
        (table("TOY-1", KILLED), ["TOY-1", "--target=toytargets:Nobody"], "Nobody"),
    ],
)
def test_a_wrong_use(tmp_path: Path, catalog: str, words: list[str], why: str) -> None:
    """Is 2, and says what was expected."""
    ended = run(tree(tmp_path), catalog, *words)
    assert ended.returncode == 2, ended.stdout
    assert why in ended.stderr + ended.stdout


def test_a_file_that_cannot_be_collected(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    (folder / "scenarios" / "test_area.py").write_text("import nowhere", encoding="utf-8")
    ended = run(folder, table("TOY-1", KILLED), "TOY-1")
    assert ended.returncode == 2
    assert "could not be collected" in ended.stderr


def test_names(tmp_path: Path) -> None:
    """The second mutant of a requirement has a number; one that is equivalent has no name."""
    catalog = table("TOY-1", KILLED) * 2 + table("TOY-3", {"equivalent": "x"})
    (tmp_path / "toy.toml").write_text(catalog, encoding="utf-8")
    assert names(tmp_path) == {"TOY-1": ["TOY-1", "TOY-1.2"], "TOY-3": []}
    assert [mutant.name for mutant in load(tmp_path).of(["TOY-1.2"]).mutants] == ["TOY-1.2"]
    with pytest.raises(CatalogError, match=r"TOY-1\.3"):
        load(tmp_path).of(["TOY-1.3"])


def test_the_published_matrix_is_of_this_catalogue() -> None:
    """And every mutant in it was killed."""
    page = (ROOT / "docs" / "kill-matrix.md").read_text(encoding="utf-8")
    catalog = load()
    count = len(catalog.mutants)
    assert f"Catalogue: `{catalog.digest}`" in page, "run python -m conformance mutants --write docs/kill-matrix.md"
    assert f"{count} of {count} mutants were killed" in page
    assert all(f"| {mutant.name} |" in page for mutant in catalog.mutants)
