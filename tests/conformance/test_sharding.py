"""Shards: that together they are the whole, and that nothing else passes for it. Each test names its mistake."""

import copy
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import Driver, merging, requirement
from conformance.check import Check
from conformance.claims import Claims
from conformance.outcomes import HarnessError
from conformance.requirement import scenario_of
from conformance.run import Run
from conformance.settings import Settings
from conformance.sharding import Shard, deal
from conformance.targets import WireTarget
from tests.conformance.toy import HEAD, PASSES, Suite

pytest_plugins = "pytester"

SIX = "".join(PASSES.replace("test_echo", f"test_{name}") for name in "abcdef")
FAILS = PASSES.replace("test_echo", "test_fails").replace('== "hi"', '== "bye"')
DIFFERS = PASSES.replace("test_echo", "test_differs").replace('chat("hi")) == "hi"', "chat(d.surface))")
BREAKS = PASSES.replace("test_echo", "test_breaks").replace("assert await", "await asyncio.sleep(0)\n    await")
STOPS = PASSES.replace("test_echo", "test_stops").replace("assert await", "raise KeyboardInterrupt\n    await")
NEEDS_TOOLS = PASSES.replace("test_echo", "test_needs").replace('"TOY-1"', '"TOY-1", needs=("tools",)')
BOTH = ("--conformance-target=toytargets:Full", "--conformance-target=toytargets:Absent")
ALONE = ("--conformance-target=toytargets:Full", "--conformance-target=toytargets:Bare")


class Shards:
    """The toy suite over two profiles and an area of none, in one piece and in parts."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        (suite.pytester.path / "test_chat.py").write_text(HEAD + PASSES)
        (suite.pytester.path / "test_tools.py").write_text(HEAD + SIX)

    def run(self, scenarios: str, *words: str, shard: str | None = None) -> tuple[int, dict[str, Any]]:
        """The exit code and the report of one run."""
        part = [f"--conformance-shard={shard}"] if shard else []
        result = self.suite.run(scenarios, "--conformance-report=out", *part, *words, target="")
        return int(result.ret), self.suite.report()

    def parts(self, scenarios: str, *words: str, of: int = 2) -> list[tuple[int, dict[str, Any]]]:
        """Those of each shard."""
        return [self.run(scenarios, *words, shard=f"{number}/{of}") for number in range(1, of + 1)]


@pytest.fixture
def shards(suite: Suite) -> Shards:
    """A suite to be run in parts."""
    return Shards(suite)


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """A report without seconds, its checks by id."""
    checks = {check["id"]: check | {"seconds": 0} for check in report["checks"]}
    return report | {"checks": checks}


@pytest.mark.parametrize(
    ("scenarios", "words", "code"),
    [
        (PASSES, ALONE, 0),
        (FAILS + DIFFERS, ALONE, 1),
        (FAILS + BREAKS, ALONE, 2),
        (NEEDS_TOOLS, BOTH, 3),
        (NEEDS_TOOLS, (*BOTH, "--conformance-require=toytargets:Full"), 0),
        (FAILS, (*ALONE, "--conformance-profile=tools"), 0),
        (PASSES, (*ALONE, "--conformance-profile=mcp", "--conformance-profile=tools"), 3),
    ],
    ids=["passes", "fails", "breaks", "absent", "absent and not required", "one profile", "an empty profile"],
)
def test_merged_shards_are_the_run_in_one_piece(
    shards: Shards, scenarios: str, words: tuple[str, ...], code: int
) -> None:
    """A conclusion that is added up from those of the parts, or a number that is lost on the way."""
    whole = shards.run(scenarios, *words)
    parts = [report for _, report in shards.parts(scenarios, *words)]
    merged = merging.merge(parts[::-1])
    assert whole[0] == code == merged["exit_code"]
    assert comparable(merged) == comparable(whole[1])


def test_shards_that_share_leave_nothing_and_do_nothing_twice(shards: Shards) -> None:
    """A second process that runs what the first has run; a first that leaves the second what nobody dealt out to it."""
    (shards.suite.pytester.path / "claims").mkdir()
    whole = shards.run(FAILS, *ALONE)
    parts = [report for _, report in shards.parts(FAILS, *ALONE, "--conformance-claims=claims")]
    assert [len(report["checks"]) for report in parts] == [whole[1]["declared"], 0]
    assert {report["verdict"] for report in parts} == {None}
    assert comparable(merging.merge(parts)) == comparable(whole[1])


def test_a_heavy_target_is_taken_whole_and_others_by_the_scenario(tmp_path: Path) -> None:
    """A model that is loaded in each process; a target that only one process runs."""
    one, other = Claims(Run(Settings()), tmp_path), Claims(Run(Settings()), tmp_path)
    first, second = (made("echo", "test_a"), made("echo", "test_b"))
    assert one.takes(first)
    assert one.takes(replace(first, surface="aio"))
    assert not other.takes(first)
    assert other.takes(second)
    assert one.takes(made("heavy", "test_a"))
    assert not other.takes(made("heavy", "test_b"))
    assert one.takes(made("heavy", "test_b"))


def made(target: str, name: str) -> Check:
    """A check of a target, which is heavy where it is called so."""
    judged = WireTarget("openai")
    judged.name, judged.weight = target, 2.0 if target == "heavy" else 1.0

    async def body(d: Driver) -> None:
        """Nothing."""

    body.__name__ = name
    scenario = scenario_of(requirement("CHAT-1")(body))
    assert scenario is not None
    return Check("chat", scenario, judged, "sync", Path("test_chat.py"))


def test_a_shard_has_no_verdict_however_it_ends(shards: Shards) -> None:
    """A part of the checks that passes for all of them, or hides a failure."""
    found = shards.parts(PASSES + FAILS, *ALONE, of=3)
    assert sorted(code for code, _ in found) == [1, 1, 3]
    assert {report["verdict"] for _, report in found} == {None}
    assert {part["verdict"] for _, report in found for part in report["profiles"]} == {None}
    assert [report["shard"]["number"] for _, report in found] == [1, 2, 3]
    assert "shard 3/3" in found[2][1]["sentence"]


def test_the_parts_of_one_scenario_on_one_target_stay_together(shards: Shards) -> None:
    """A comparison in another shard than what it compares, or a check that is run twice or nowhere."""
    found = [{check["id"] for check in report["checks"]} for _, report in shards.parts(PASSES, *ALONE, of=3)]
    groups = [{identity.rpartition("-")[0] for identity in part} for part in found]
    assert sum(map(len, found)) == len(set.union(*found)) == 48
    assert sum(map(len, groups)) == len(set.union(*groups)) == 16


def test_the_dealing_is_even_and_knows_no_order() -> None:
    """A shard that gets all that is slow: the scenarios of one file, or one scenario on every target."""
    groups = [(f"area{a}", f"test_{n}", target) for target in "xyz" for a in range(3) for n in range(7)]
    dealt = deal(groups, 4)
    assert dealt == deal([*reversed(groups), *groups], 4)
    counts = Counter(dealt.values())
    assert max(counts.values()) - min(counts.values()) <= 1
    by_file = Counter((area, number) for (area, _, _), number in dealt.items())
    assert max(by_file.values()) <= 6
    assert len({dealt["area0", "test_0", target] for target in "xyz"}) == 3


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "-1/2", "1/2/3", "a/b", "", "1/2 "])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """A part that does not exist, which runs nothing and fails nothing."""
    with pytest.raises(HarnessError, match="no part of a whole"):
        Shard.parse(text)


@pytest.mark.parametrize(
    "words", [("--conformance-shard=3/2",), ("--conformance-shard=1/2", "--conformance-scenario=echo")]
)
def test_a_shard_of_nothing_is_a_usage_error(suite: Suite, words: tuple[str, ...]) -> None:
    """A part of a part, which can never be merged; a part that does not exist."""
    result = suite.run(PASSES, *words)
    assert result.ret == 2
    assert "--shard" in result.stdout.str() + result.stderr.str()


# --- what is refused in a merge


@pytest.fixture
def pair(shards: Shards) -> list[dict[str, Any]]:
    """The reports of two shards."""
    return [report for _, report in shards.parts(PASSES, *ALONE)]


def altered(report: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(report)
    *way, last = path.split("/")
    at: Any = changed
    for step in way:
        at = at[int(step) if step.isdigit() else step]
    at[last] = value
    return changed


def test_what_does_not_belong_together_is_not_merged(pair: list[dict[str, Any]]) -> None:
    """Two halves of different runs that add up to a verdict on neither."""
    first, second = pair
    merging.merge(pair)
    other = "0" * 64
    names = ("spec", "suite", "checks", "implementation")
    changes: list[tuple[str, Any]] = [(f"digests/{name}", other) for name in names]
    changes += [("implementation/version", "9"), ("python", "3.0.0"), ("platform/system", "cray"), ("declared", 1)]
    changes += [("spec_version", "0.1"), ("schema_version", 9), ("scope", ["core"]), ("targets/0/required", False)]
    changes += [("targets/0/capabilities", []), ("areas/0/declared", 99), ("requirements/0/sentence", "It MAY.")]
    for path, value in changes:
        with pytest.raises(HarnessError, match=f"shards 1/2 and 2/2 differ in {path.partition('/')[0]}: .*; run all"):
            merging.merge([first, altered(second, path, value)])


def test_shards_that_are_not_the_whole_are_not_merged(pair: list[dict[str, Any]]) -> None:
    """A shard that was forgotten, given twice, of another number, or that lacks or repeats a check."""
    first, second = pair
    cases = [
        ([first], "shard 2/2 is missing"),
        ([first, first, second], "shard 1/2 is given 2 times"),
        ([first, altered(second, "shard/of", 3)], "of runs in 2 and in 3 parts"),
        ([first, second | {"checks": second["checks"][1:]}], "1 of 48 checks are in no shard"),
        ([first, second | {"checks": [*second["checks"], first["checks"][0]]}], "1 checks are in two shards, such as "),
        ([first, altered(second, "checks/0/id", "area/test_new[full-sync]")], "other checks between them"),
    ]
    for reports, complaint in cases:
        with pytest.raises(HarnessError, match=complaint):
            merging.merge(reports)


def test_what_went_wrong_in_one_shard_went_wrong_in_the_whole(pair: list[dict[str, Any]]) -> None:
    """A fault outside of any check that is lost in a merge."""
    first, second = pair
    merged = merging.merge([first, second | {"errors": ["a cassette is stale"]}])
    assert (merged["exit_code"], merged["verdict"]) == (2, None)
    assert (merged["errors"], merged["sentence"]) == (["a cassette is stale"], "a cassette is stale")


def test_a_shard_that_was_stopped_is_not_merged_and_says_so(shards: Shards) -> None:
    """A run that ended half-way, made whole by the other half."""
    found = shards.parts(STOPS, *ALONE)
    with pytest.raises(HarnessError, match=r"checks are in no shard \(.*1/2: partial run: stopped before"):
        merging.merge([report for _, report in found])


def stored(folder: Path, reports: list[dict[str, Any]]) -> list[str]:
    paths = []
    for number, report in enumerate(reports):
        path = folder / f"{number}.json"
        path.write_text(json.dumps(report), encoding="utf-8")
        paths.append(str(path))
    return paths


def test_the_command_merges_files(
    pair: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exit code or a matrix that is not that of the merged report."""
    assert merging.main([*stored(tmp_path, pair), "--report", str(tmp_path / "all")]) == 0
    assert "48 of 48 checks ran: 48 pass; verdict: conformant (" in capsys.readouterr().out
    assert json.loads((tmp_path / "all" / "report.json").read_text())["verdict"] == "conformant"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [(None, "No such file"), ("{", "no report of a shard"), ("{}", "does not match its schema")],
    ids=["missing", "no json", "no report"],
)
def test_the_command_refuses_what_is_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, complaint: str
) -> None:
    """A traceback, or exit code 0, for a file that is not there or not a report."""
    path = tmp_path / "report.json"
    if text is not None:
        path.write_text(text)
    assert merging.main([str(path), "--report", str(tmp_path / "all")]) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "all").exists()


def test_the_command_refuses_the_report_of_a_whole_run(
    shards: Shards, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole run that is merged with itself."""
    _, report = shards.run(PASSES, *ALONE)
    assert merging.main(stored(tmp_path, [report])) == 2
    assert "the report of no shard" in capsys.readouterr().err


def test_what_is_heavy_is_loaded_once() -> None:
    """A model that every process loads, beside shards that are uneven for it; or one that holds up all others."""
    groups = [("area", f"test_{n}", target) for target in ("light", "other", "heavy") for n in range(40)]
    dealt = deal(groups, 2, {"heavy": 1.5})
    (home,) = {dealt[group] for group in groups if group[2] == "heavy"}
    light = Counter(number for group, number in dealt.items() if group[2] != "heavy")
    assert light[3 - home] - light[home] == pytest.approx(1.5 * 40, abs=2)
    assert {dealt[group] for group in groups if group[2] == "light"} == {1, 2}
    for of, weight in ((4, 2.0), (2, 20.0)):
        shared = deal(groups, of, {"heavy": weight})
        assert len({shared[group] for group in groups if group[2] == "heavy"}) == of
