"""The versions of the spec and the map of renamed scenarios: what may not get lost. Each test names its mistake."""

import ast
import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance import baseline, floor, index, renames, spec, suite, versions
from conformance.__main__ import main
from conformance.outcomes import HarnessError
from conformance.requirement import Scenario

ENTRY = {"reason": "r", "link": "l", "expires": "9999-12-31"}


async def _body(_: object) -> None:
    """Nothing."""


A = Scenario(_body, ("TOY-1",))
CHAPTER = "## TOY-1 It echoes\n\n**MUST** · sync, aio · any\n\nWhat is said MUST\ncome back.\n\nReasons.\n"
SECOND = "\n## TOY-2 It stops\n\n**SHOULD** · sync · any\n\nIt SHOULD stop.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A spec of two requirements, frozen with one scenario as version 1.0."""
    (tmp_path / "toy.md").write_text(CHAPTER + SECOND, encoding="utf-8")
    versions.freeze(spec.load(tmp_path), {"toy/test_a": A}, "1.0")
    return tmp_path


def problems(folder: Path, scenarios: dict[str, Scenario] | None = None) -> list[str]:
    found = floor.problems(spec.load(folder), {"toy/test_a": A} if scenarios is None else scenarios)
    return [line for line in found if " checks, and " not in line]


def release(folder: Path, version: str = "1.0") -> None:
    path = folder / "versions" / f"{version}.json"
    path.write_text(path.read_text().replace('"released": null', '"released": "2027-01-31"'))


def reword(folder: Path, old: str, new: str) -> None:
    path = folder / "toy.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_frozen_version_is_the_chapters_and_the_scenarios_there_are() -> None:
    """A change of what is required that no version knows of."""
    assert floor.problems(spec.load(), suite.scenarios()) == []
    assert versions.current() == versions.names()[-1]


def test_what_is_as_it_was_frozen_has_no_problem(folder: Path) -> None:
    """A version that complains of itself, or of what is not normative."""
    assert problems(folder) == []
    reword(folder, "MUST\ncome back.\n\nReasons.", "MUST come\nback.\n\nOther reasons.")
    assert problems(folder) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("come back", "come home", "the normative sentence of TOY-1 is not that of version 1.0"),
        ("**SHOULD**", "**MAY**", "TOY-2 says MAY, and SHOULD in version 1.0"),
        (SECOND, "", "TOY-2 of version 1.0 is gone; leave its heading"),
        ("It stops", "(retired)", "TOY-2 is retired, and in use in version 1.0"),
        ("TOY-2", "TOY-3", "TOY-3 is not in version 1.0"),
    ],
    ids=["reworded", "keyword", "dropped", "retired", "added"],
)
def test_a_requirement_that_is_changed_is_a_problem_until_it_is_frozen(
    folder: Path, old: str, new: str, complaint: str
) -> None:
    """A requirement that says something else tomorrow under the same version."""
    reword(folder, old, new)
    assert complaint in "\n".join(problems(folder))
    remedy = "run python -m conformance spec --freeze"
    assert "is gone" in complaint or all(remedy in line for line in problems(folder) if complaint in line)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, "the scenario toy/test_a of version 1.0 is missing; put it back, or name its successor"),
        ({"toy/test_a": A, "toy/test_b": A}, "the scenario toy/test_b is not in version 1.0"),
        ({"toy/test_a": dataclasses.replace(A, needs=("tools",))}, "toy/test_a has other needs than in version 1.0"),
        ({"toy/test_a": dataclasses.replace(A, surfaces=("aio",))}, "toy/test_a has other surfaces than in"),
        ({"toy/test_a": dataclasses.replace(A, requirements=("TOY-2",))}, "toy/test_a has other requirements than in"),
        ({"toy/test_a": dataclasses.replace(A, ledger="ROW")}, "toy/test_a has other ledger than in"),
    ],
    ids=["deleted", "added", "needs", "surfaces", "requirements", "ledger"],
)
def test_a_scenario_that_is_changed_is_a_problem(folder: Path, change: dict[str, Scenario], complaint: str) -> None:
    """A scenario that is lost, or that narrows for whom it applies."""
    assert complaint in "\n".join(problems(folder, change))


def test_a_target_of_ours_with_fewer_checks_is_a_problem(folder: Path) -> None:
    """A built-in target that is taken out, or judged on less than before."""
    path = folder / "versions" / "1.0.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"checks": found["checks"] | {"openai": 99, "gone": 1}}))
    told = floor.problems(spec.load(folder), {"toy/test_a": A})
    assert [line for line in told if line.startswith("openai has 3 checks, and 99 in version 1.0")] != []
    assert [line for line in told if line.startswith("gone has 0 checks, and 1 in version 1.0")] != []


def test_a_retired_id_is_never_used_again(folder: Path) -> None:
    """An id with a second meaning; also one whose retirement an older version knows alone."""
    reword(folder, "It stops", "(retired)")
    versions.freeze(spec.load(folder), {"toy/test_a": A})
    assert problems(folder) == []
    versions.freeze(spec.load(folder), {"toy/test_a": A}, "1.1")
    reword(folder, "(retired)", "It is back")
    versions.freeze(spec.load(folder), {"toy/test_a": A}, "1.1")
    assert "TOY-2 was retired in version 1.0 and is used again; give it a new number" in "\n".join(problems(folder))


def test_a_version_may_be_frozen_again_until_it_is_released(folder: Path) -> None:
    """A released version that changes after the fact, or one that can never be corrected before."""
    reword(folder, "come back", "come home")
    versions.freeze(spec.load(folder), {"toy/test_a": A})
    assert problems(folder) == []
    release(folder)
    reword(folder, "come home", "come away")
    assert "make a new version: python -m conformance spec --freeze VERSION" in "\n".join(problems(folder))
    with pytest.raises(HarnessError, match=r"version 1\.0 was released 2027-01-31; freeze a new one"):
        versions.freeze(spec.load(folder), {"toy/test_a": A})
    versions.freeze(spec.load(folder), {"toy/test_a": A}, "1.1")
    assert (versions.current(folder), problems(folder)) == ("1.1", [])
    with pytest.raises(HarnessError, match=r"1\.0 was released"):
        versions.freeze(spec.load(folder), {"toy/test_a": A}, "1.0")


@pytest.mark.parametrize(("version", "complaint"), [("0.9", "older than 1.0"), ("one", "'one' is no version")])
def test_what_is_no_next_version_is_refused(folder: Path, version: str, complaint: str) -> None:
    """A version before the current one, which nobody would ever read; or a name that has no order."""
    with pytest.raises(HarnessError, match=complaint):
        versions.freeze(spec.load(folder), {}, version)


def test_versions_are_ordered_by_their_numbers(folder: Path) -> None:
    """1.10 taken for older than 1.9."""
    for version in ("1.9", "1.10"):
        versions.freeze(spec.load(folder), {"toy/test_a": A}, version)
    assert versions.names(folder) == ["1.0", "1.9", "1.10"]


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"version": "1.0", "retired": []}'])
def test_a_damaged_version_is_refused(folder: Path, text: str) -> None:
    """A file without scenarios that demands none."""
    (folder / "versions" / "1.0.json").write_text(text)
    with pytest.raises(HarnessError, match=r"1.0.json is no version of the spec: .*; restore it"):
        versions.load(folder=folder)


def test_a_version_under_another_name_is_refused(folder: Path) -> None:
    """An old version that passes for the new one."""
    shutil.copy(folder / "versions" / "1.0.json", folder / "versions" / "2.0.json")
    with pytest.raises(HarnessError, match=r"says that it is version '1\.0'"):
        versions.load(folder=folder)


# --- the command


@pytest.fixture
def own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy spec, with the packaged scenarios out of the way."""
    monkeypatch.setattr(suite, "scenarios", lambda: {"toy/test_a": A})
    monkeypatch.setattr(suite, "counts", lambda _: {})
    monkeypatch.setattr(index, "traceability", lambda _=None: {})
    versions.freeze(spec.load(folder), {"toy/test_a": A})
    index.write(folder)
    return folder


def test_check_fails_and_write_does_not_mend_it_but_freeze_does(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--write`, run by habit, that makes a change of the requirements pass unseen."""
    options = ["--folder", str(own)]
    assert main(["spec", "--check", *options]) == 0
    reword(own, "come back", "come home")
    assert main(["spec", "--write", *options]) == 0
    assert main(["spec", "--check", *options]) == 2
    assert "the normative sentence of TOY-1 is not that of version 1.0" in capsys.readouterr().err
    assert main(["spec", "--freeze", *options]) == 0
    assert main(["spec", "--check", *options]) == 0
    release(own)
    assert main(["spec", "--freeze", *options]) == 2
    assert "was released 2027-01-31" in capsys.readouterr().err


def test_a_spec_without_any_version_does_not_pass(
    own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of versions, deleted to be rid of it."""
    shutil.rmtree(own / "versions")
    monkeypatch.setattr(index, "default_folder", lambda: own)
    monkeypatch.setattr(index, "profiles", type("None_", (), {"problems": lambda *_: []}))
    assert main(["spec", "--check", "--folder", str(own)]) == 2
    assert "holds no version of the spec; make one: python -m conformance spec --freeze 1.0" in capsys.readouterr().err


# --- renamed scenarios


@pytest.mark.parametrize(
    ("renamed", "complaint"),
    [
        ({"a/test_old": "a/test_gone"}, "a/test_old is renamed to a/test_gone, which does not exist"),
        ({"a/test_new": "a/test_other"}, "a/test_new is called renamed, and still exists"),
        ({"a/test_1": "a/test_2", "a/test_2": "a/test_new"}, "a/test_1 -> a/test_2 -> a/test_new is a chain"),
        ({"a/test_1": "a/test_2", "a/test_2": "a/test_1"}, "a/test_1 is renamed to itself in the end"),
        ({"a/test_1": "a/test_1"}, "a/test_1 is renamed to itself in the end"),
    ],
    ids=["no such name", "still there", "chain", "cycle", "itself"],
)
def test_a_wrong_entry_in_the_map_is_a_problem(renamed: dict[str, str], complaint: str) -> None:
    """A name that leads nowhere, so that what it stood for is lost."""
    assert complaint in "\n".join(renames.problems(renamed, {"a/test_new", "a/test_other"}))


def test_a_right_map_has_no_problem() -> None:
    """A complaint about two old names of one scenario."""
    assert list(renames.problems({"a/test_1": "a/test_new", "b/test_1": "a/test_new"}, {"a/test_new"})) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "Expecting property name"),
        ("[]", "an object from old to new"),
        ('{"a": 1}', "an object from old to new"),
        ('{"a/test_1": "a/test_2", "a/test_1": "a/test_3"}', "'a/test_1' is renamed twice"),
    ],
)
def test_a_map_that_cannot_be_read_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """A map that is taken for an empty one."""
    (tmp_path / "renames.json").write_text(text)
    with pytest.raises(HarnessError, match=re.escape(complaint)):
        renames.load(tmp_path)


def test_a_renamed_scenario_is_not_lost(folder: Path) -> None:
    """A rename that is forbidden altogether."""
    (folder / "renames.json").write_text('{"toy/test_a": "toy/test_b"}')
    assert problems(folder, {"toy/test_b": A}) == []
    assert "toy/test_b of version 1.0 is missing" in "\n".join(problems(folder, {}))


def test_an_old_name_in_a_baseline_is_taken_for_the_new_one_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known failure that turns into an unknown check by a rename; or an entry under both names."""
    monkeypatch.setattr(renames, "load", lambda: {"a/test_old": "b/test_new"})
    path = tmp_path / "known.json"
    path.write_text(json.dumps({"a/test_old[x-sync]": ENTRY}))
    excuses, notes = baseline.read(path)
    assert list(excuses) == ["b/test_new[x-sync]"]
    assert notes == [f"baseline {path}: a/test_old[x-sync] is called b/test_new[x-sync] now; rename the entry"]
    path.write_text(json.dumps({"a/test_old[x-sync]": ENTRY, "b/test_new[x-sync]": ENTRY}))
    with pytest.raises(HarnessError, match=r"duplicate entry: b/test_new.* is there by its old name too"):
        baseline.read(path)


# --- deleted scenarios


def without(name: str) -> Callable[[ast.stmt], bool]:
    return lambda node: not (isinstance(node, ast.AsyncFunctionDef) and node.name == name)


def unmarked(source: str, name: str) -> str:
    """A file in which one scenario has lost its mark."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and node.name == name:
            node.decorator_list = []
    return ast.unparse(tree)


def left(path: Path, source: str) -> dict[str, Scenario]:
    """The scenarios of a file whose source is another."""
    names: dict[str, Any] = {"__name__": suite.module_name(path), "__file__": str(path)}
    exec(compile(source, str(path), "exec"), names)
    return {f"{suite.area_of(path)}/{each.name}": each for each in suite.defined(names)}


@pytest.mark.parametrize("path", suite.files(), ids=suite.area_of)
def test_every_scenario_that_is_deleted_or_unmarked_is_missed(path: Path) -> None:
    """A scenario that can be taken away without anyone noticing."""
    source, area = path.read_text(encoding="utf-8"), suite.area_of(path)
    others = {name: each for name, each in suite.scenarios().items() if name.partition("/")[0] != area}
    own = [name for name in suite.scenarios() if name.partition("/")[0] == area]
    frozen = versions.load()
    assert own
    for name in own:
        function = name.partition("/")[2]
        tree = ast.parse(source)
        tree.body = list(filter(without(function), tree.body))
        for text in (ast.unparse(tree), unmarked(source, function)):
            told = list(floor.lost(frozen, others | left(path, text), {}))
            assert [line.split(" of version ")[0] for line in told] == [f"the scenario {name}"]
    assert len(list(floor.lost(frozen, others, {}))) == len(own)
