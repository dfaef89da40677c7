"""The profiles: what belongs to which, and that a verdict says no more than was shown. Each test names its mistake."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance import index, profiles, spec, suite
from conformance.check import checks_of
from conformance.index import scenario_folder
from conformance.outcomes import Conclusion, HarnessError, qualify
from conformance.report import validate
from conformance.run import Run
from conformance.settings import Settings
from tests.conformance.toy import HEAD, PASSES, ROOT, Nothing, Suite

pytest_plugins = "pytester"

FAILS = PASSES.replace('== "hi"', '== "bye"')
NEEDS_TOOLS = PASSES.replace('"TOY-1"', '"TOY-1", needs=("tools",)')
STOPS = PASSES.replace("assert await", "raise KeyboardInterrupt\n    await")
BREAKS = PASSES.replace("assert await", "await asyncio.sleep(0)\n    await")


class TwoProfiles:
    """The toy suite with one file of `core` and one of `tools`."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite

    def run(self, *words: str, chat: str = PASSES, tools: str = PASSES, target: str = "Full") -> pytest.RunResult:
        """Run both files, with `words` on the command line."""
        (self.suite.pytester.path / "test_chat_aspect.py").write_text(HEAD + chat)
        return self.suite.run(tools, "--conformance-report=out", *words, target=target, area="tools")

    def part(self, name: str) -> dict[str, Any]:
        """What the last report says of a profile."""
        found: dict[str, Any] = next(each for each in self.suite.report()["profiles"] if each["name"] == name)
        return found

    def verdicts(self) -> dict[str, str | None]:
        """The verdicts of `core` and of `tools` in the last report."""
        return {name: self.part(name)["verdict"] for name in ("core", "tools")}


@pytest.fixture
def two(suite: Suite) -> TwoProfiles:
    """A run over two profiles."""
    return TwoProfiles(suite)


def summary(result: pytest.RunResult) -> str:
    return next(line for line in result.outlines if "checks ran" in line)


def line(result: pytest.RunResult, name: str) -> str:
    return next(line for line in result.outlines if line.startswith(f"{name} ") and "declared" in line)


# --- what belongs to which


def test_the_suites_own_chapters_and_scenarios_are_each_in_a_profile() -> None:
    """A chapter or a scenario file that is added and that no profile counts."""
    chapters = {each.chapter for each in spec.load().requirements.values()}
    areas = {path.stem.removeprefix("test_") for path in scenario_folder().glob("test_*.py")}
    assert list(profiles.problems(chapters, areas)) == []


@pytest.mark.parametrize(
    ("area", "profile"),
    [
        ("chat", "core"),
        ("wire_openai", "wire"),
        ("wire_openai_calls", "wire"),
        ("stream_end", "streaming"),
        ("chatter", None),
        ("wire", None),
        ("", None),
    ],
)
def test_an_area_belongs_to_the_profile_of_its_chapter(area: str, profile: str | None) -> None:
    """A prefix that is taken for a chapter although the word goes on, or an aspect that is lost."""
    assert profiles.profile_of(area) == profile


@pytest.mark.parametrize("chapters", [["tools", "tools_mcp"], ["tools_mcp", "tools"]])
def test_the_longest_chapter_that_fits_decides(chapters: list[str]) -> None:
    """The first that fits instead."""
    assert profiles.longest("tools_mcp_loss", chapters) == "tools_mcp"
    assert profiles.longest("tools_loss", chapters) == "tools"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts other profiles in the place of ours."""

    def put(**given: tuple[str, ...]) -> None:
        monkeypatch.setattr(profiles, "PROFILES", given)
        profiles.profile_of.cache_clear()

    yield put
    profiles.profile_of.cache_clear()


@pytest.mark.parametrize(
    ("given", "chapters", "areas", "problem"),
    [
        ({"a": ("x",)}, {"x", "y"}, set(), "spec/y.md belongs to no profile"),
        ({"a": ("x", "y")}, {"x"}, set(), "the profile a names the chapter y, and there is no spec/y.md"),
        ({"a": ("x",), "b": ("x",)}, {"x"}, set(), "the chapter x is named twice"),
        ({"a": ("x",)}, {"x"}, {"x_more", "z"}, "conformance/test_z.py belongs to no profile"),
    ],
)
def test_what_is_in_no_profile_or_in_two_is_a_problem(
    small: Callable[..., None], given: dict[str, tuple[str, ...]], chapters: set[str], areas: set[str], problem: str
) -> None:
    """A chapter that falls between the profiles, is counted twice, or is a name without a file."""
    small(**given)
    found = list(profiles.problems(chapters, areas))
    assert len(found) == 1
    assert problem in found[0]


def test_the_check_of_the_spec_includes_the_profiles(small: Callable[..., None]) -> None:
    """A chapter in no profile, which `python -m conformance spec --check` passes over."""
    small(core=("chat", "nonsense"))
    found = "\n".join(index.check())
    assert "spec/tools.md belongs to no profile" in found
    assert "the profile core names the chapter nonsense" in found
    assert "conformance/test_tools_schema.py belongs to no profile" in found


def test_the_documentation_lists_the_profiles_as_they_are() -> None:
    """A chapter that moved to another profile, and a reader who is told otherwise."""
    text = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    rows = [f"| {name} | {', '.join(chapters)} |" for name, chapters in profiles.PROFILES.items()]
    assert "\n".join(["| profile | chapters |", "|---|---|", *rows, ""]) in text


# --- a run of some profiles


def test_a_profile_is_judged_by_itself(two: TwoProfiles) -> None:
    """Checks of other profiles that run or count, or a verdict that does not say what it is on."""
    result = two.run("--conformance-profile=core", tools=FAILS)
    assert result.ret == 0, result.stdout.str()
    assert "3 of 6 checks ran: 3 pass; verdict: conformant in core (" in summary(result)
    assert "only core asked for" in summary(result)
    assert any(each.startswith("│ chat_aspect │ 1/1 ") for each in result.outlines)
    assert not any(each.startswith("│ tools ") for each in result.outlines)
    report = two.suite.report()
    assert (report["scope"], report["verdict"], report["declared"], report["ran"]) == (
        ["core"],
        "conformant in core",
        6,
        3,
    )
    assert two.verdicts() == {"core": "conformant", "tools": None}
    assert two.part("tools")["sentence"] == "not asked for"


def test_a_failure_in_a_profile_that_was_asked_for_is_on_that_profile(two: TwoProfiles) -> None:
    """A failure that is told of the whole, or that another profile's passing hides."""
    result = two.run("--conformance-profile=tools", "--conformance-profile=core", tools=FAILS)
    assert result.ret == 1
    assert "verdict: not conformant in tools, core (2 checks failed; only tools, core asked for)" in summary(result)
    assert two.verdicts() == {"core": "conformant", "tools": "not conformant"}


def test_all_profiles_by_name_are_still_not_the_whole(two: TwoProfiles) -> None:
    """The unqualified verdict, given to a run that left out what is in no profile."""
    (two.suite.pytester.path / "test_other.py").write_text(HEAD + FAILS)
    result = two.run("--conformance-profile=core", "--conformance-profile=tools")
    assert result.ret == 0
    assert two.suite.report()["verdict"] == "conformant in core, tools"
    assert two.run().ret == 1


def test_a_profile_without_checks_is_no_verdict(two: TwoProfiles) -> None:
    """A profile of which nothing was collected, passed because nothing in it failed."""
    assert two.run("--conformance-profile=mcp").ret == 3
    result = two.run("--conformance-profile=core", "--conformance-profile=mcp")
    assert result.ret == 3
    assert "no verdict (no check passed in mcp" in summary(result)


def test_an_unknown_profile_is_a_usage_error_that_names_them_all(two: TwoProfiles) -> None:
    """A misspelt profile that selects nothing and is not noticed, or only after the checks of the others ran."""
    result = two.run("--conformance-profile=core", "--conformance-profile=tolls")
    assert result.ret == 2
    assert f"no profile is called 'tolls'; there are {', '.join(profiles.PROFILES)}" in summary(result)
    assert summary(result).startswith("0 of 6 checks ran")


def test_an_unknown_profile_is_a_usage_error_even_where_nothing_is_collected(suite: Suite) -> None:
    """A usage error that passes for an incomplete run, because no check was there to prepare."""
    assert suite.run("", "--conformance-command", "--conformance-profile=tolls").ret == 2


@pytest.mark.parametrize(
    "word",
    [
        "--conformance-scenario=chat_aspect/test_echo",
        "--conformance-only=chat_aspect/test_echo[full-parity]",
        "--collect-only",
        "-ksync",
    ],
)
@pytest.mark.parametrize("profile", [[], ["--conformance-profile=core"]], ids=["all", "core"])
def test_a_part_of_a_profile_is_no_verdict(two: TwoProfiles, profile: list[str], word: str) -> None:
    """A choice of scenarios that makes up all of a profile, by luck, and is taken for it."""
    result = two.run(*profile, word)
    assert result.ret == 3
    assert "no verdict (partial run" in summary(result)
    assert two.verdicts() == {"core": None, "tools": None}


def test_a_scenario_word_that_fits_everything_is_no_verdict(two: TwoProfiles) -> None:
    """`--scenario`, documented to give no verdict, giving one."""
    result = two.run("--conformance-scenario=test_echo")
    assert result.ret == 3
    assert "6 of 6 checks ran: 6 pass; no verdict (partial run: single checks or scenarios" in summary(result)


def baseline(two: TwoProfiles, identity: str) -> str:
    entry = {"reason": "r", "link": "l", "expires": "9999-12-31"}
    (two.suite.pytester.path / "known.json").write_text(json.dumps({identity: entry}))
    return "--conformance-baseline=known.json"


def test_the_baseline_of_other_profiles_is_left_alone(two: TwoProfiles) -> None:
    """An entry that is refused only because its profile was not asked for; or one of ours that is let through."""
    gone = baseline(two, "tools/test_gone[full-sync]")
    assert two.run("--conformance-profile=core", gone).ret == 0
    assert two.run("--conformance-profile=tools", gone).ret == 2
    assert two.run(gone).ret == 2


# --- where every run stands on each profile


def test_every_run_says_where_it_stands_on_each_profile(two: TwoProfiles) -> None:
    """A profile that is not counted, not shown, or shown better than it is."""
    result = two.run(tools=FAILS)
    assert result.ret == 1
    names = [each.partition(" ")[0] for each in result.outlines if " declared, " in each]
    assert names == list(profiles.PROFILES)
    assert line(result, "core") == "core        3 declared, 3 ran: 3 pass; conformant"
    assert line(result, "tools").endswith(
        "3 declared, 2 ran: 2 fail, 1 could-not-run; not conformant (2 checks failed)"
    )
    assert line(result, "mcp").endswith("0 declared, 0 ran: nothing; no verdict (no check was collected)")
    assert "verdict: not conformant (2 checks failed)" in summary(result)
    assert "core        3 declared" in (two.suite.pytester.path / "out" / "matrix.txt").read_text()


def test_a_profile_that_does_not_apply_is_named_beside_the_verdict(two: TwoProfiles) -> None:
    """A verdict on the whole that hides a part in which every check was not applicable."""
    result = two.run(tools=NEEDS_TOOLS, target="Bare")
    assert result.ret == 0
    assert "verdict: conformant (every required check passed; nothing was shown in tools)" in summary(result)
    assert line(result, "tools").endswith("3 not-applicable; no verdict (no check passed: nothing was shown)")
    assert two.verdicts() == {"core": "conformant", "tools": None}
    assert two.run("--conformance-profile=core", tools=NEEDS_TOOLS, target="Bare").ret == 0
    assert two.run("--conformance-profile=tools", tools=NEEDS_TOOLS, target="Bare").ret == 3


def test_a_target_that_is_not_required_counts_in_no_profile(two: TwoProfiles) -> None:
    """A profile that weighs the absence of a target otherwise than the run does."""
    both = ("--conformance-target=toytargets:Full", "--conformance-target=toytargets:Absent")
    assert two.run(*both, "--conformance-require=toytargets:Full", target="").ret == 0
    assert two.part("core") | {"totals": 0, "chapters": 0} == {
        "name": "core",
        "chapters": 0,
        "declared": 6,
        "ran": 3,
        "totals": 0,
        "verdict": "conformant",
        "sentence": "every required check passed",
    }
    assert two.run(*both, "--conformance-profile=core", target="").ret == 3
    assert "not installed: toy-sdk" in two.part("core")["sentence"]


def test_a_harness_error_is_told_of_its_profile(two: TwoProfiles) -> None:
    """A profile judged although one of its checks was at fault, or another one silenced for it."""
    assert two.run(tools=BREAKS).ret == 2
    assert two.verdicts() == {"core": "conformant", "tools": None}
    assert two.run("--conformance-profile=core", tools=BREAKS).ret == 0


def test_a_run_that_is_stopped_has_a_verdict_only_on_what_had_ended(two: TwoProfiles) -> None:
    """A profile whose last checks never ran, judged by its first."""
    result = two.run(tools=STOPS)
    assert result.ret == 3
    assert two.verdicts() == {"core": "conformant", "tools": None}
    assert "stopped before 3 of 3 checks" in line(result, "tools")


def test_a_suite_of_ones_own_has_nothing_to_do_with_profiles(suite: Suite) -> None:
    """Someone's own scenarios, refused a verdict for chapters they never meant."""
    result = suite.run(PASSES, "--conformance-report=out")
    assert result.ret == 0
    assert not any(" declared, " in each for each in result.outlines)
    report = suite.report()
    assert (report["scope"], report["verdict"], report["checks"][0]["profile"]) == (None, "conformant", None)
    assert {each["verdict"] for each in report["profiles"]} == {None}


@pytest.mark.parametrize("code", [1, 2, 3])
def test_a_silent_profile_does_not_soften_a_worse_end(code: int) -> None:
    """A failure turned into something that could not be judged."""
    whole = Conclusion(code, "worse")
    assert qualify(whole, {"mcp": Conclusion(3, "nothing")}) == whole


# --- the report


def core(report: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = report["profiles"][0]
    return found


def change(report: dict[str, Any], path: str, value: Any) -> None:
    *way, last = path.split("/")
    at: Any = report
    for step in way:
        at = at[int(step) if step.isdigit() else step]
    at[last] = value


CHANGES: list[tuple[str, Any, str]] = [
    ("scope", [], "does not match its schema at \\$.scope"),
    ("scope", ["core"], "is on other profiles than core"),
    ("verdict", "conformant in core", "none was asked for"),
    ("profiles/0/declared", 4, "6 checks are declared, and 7 in the profiles"),
    ("profiles/0/declared", 2, "core has 3 checks and declares 2"),
    ("profiles/0/ran", 2, "core says that 2 checks ran, and 3 did"),
    ("ran", 5, "the report says that 5 checks ran, and 6 did"),
    ("profiles/0/totals/pass", 2, "core has other totals than its 3 checks for pass"),
    ("totals/fail", 1, "the report has other totals than its 6 checks for fail"),
    ("profiles/0/verdict", "not conformant", "the report is conformant without core"),
    ("profiles/5/verdict", "conformant", "mcp is conformant, with 0 checks passed"),
    ("profiles/5/name", "core", "a profile is listed twice"),
    ("checks/0/profile", "mpc", "profiles that are not listed: \\['mpc'\\]"),
    ("checks/0/profile", "tools", "core has other totals"),
    ("checks/0/outcome", "fail", "the report has other totals"),
    ("exit_code", 3, "does not match its schema at \\$.verdict"),
    ("schema_version", 1, "does not match its schema at \\$.schema_version"),
]


def test_a_report_whose_profiles_contradict_its_checks_is_refused(two: TwoProfiles) -> None:
    """Numbers or verdicts of a profile that its checks do not bear out."""
    two.run()
    report = two.suite.report()
    validate(report)
    assert [check["profile"] for check in report["checks"]] == ["core"] * 3 + ["tools"] * 3
    for path, value, complaint in CHANGES:
        changed = copy.deepcopy(report)
        change(changed, path, value)
        with pytest.raises(HarnessError, match=complaint):
            validate(changed)


def test_a_report_on_profiles_is_held_to_them(two: TwoProfiles) -> None:
    """A verdict on profiles that are not those asked for, or on fewer checks than they have."""
    two.run("--conformance-profile=core")
    report = two.suite.report()
    validate(report)
    for verdict in ("conformant", "conformant in tools", "conformant in core, tools"):
        with pytest.raises(HarnessError, match="is on other profiles than core"):
            validate(report | {"verdict": verdict})
    with pytest.raises(HarnessError, match="the report has a verdict on 4 checks from 3 outcomes"):
        validate(report | {"profiles": [core(report) | {"declared": 4}, *report["profiles"][1:]], "declared": 7})


def test_a_target_is_judged_on_its_own_profiles_only(two: TwoProfiles) -> None:
    """Checks of a profile that says nothing of a target, counted for or against it."""
    two.run(target="Part")
    assert two.part("core")["declared"] == 0
    assert two.part("tools")["declared"] > 0
    assert two.verdicts() == {"core": None, "tools": "conformant"}


@pytest.mark.parametrize(
    ("declared", "asked", "scope"),
    [
        ((("tools", "core"), ("core", "streaming")), (), ("core", "streaming", "tools")),
        ((("tools", "core"), ("core", "streaming")), ("core",), ("core",)),
        ((("tools",), ()), (), ()),
    ],
)
def test_where_all_targets_declare_profiles_the_verdict_is_on_these(
    declared: tuple[tuple[str, ...], ...], asked: tuple[str, ...], scope: tuple[str, ...]
) -> None:
    run = Run(Settings(profiles=asked))
    for number, names in enumerate(declared):
        target = Nothing()
        target.profiles = names
        run.adopted[str(number)] = target
    assert run.scope == asked, "a suite of one's own has no profiles"
    path = scenario_folder() / "test_tools.py"
    scenario = suite.scenarios()["tools/test_arguments_are_coerced"]
    for check in checks_of("tools", scenario, run.adopted["0"], path):
        run.declared[check.id] = check
    assert run.scope == scope
