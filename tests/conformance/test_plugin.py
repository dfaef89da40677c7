"""Each outcome, each exit code, and that the plugin leaves other tests alone."""

import json

import pytest

from conformance import selfcheck
from conformance.outcomes import Outcome
from conformance.settings import WRITTEN
from tests.conformance.toy import PASSES, Suite

pytest_plugins = "pytester"

SCOPE = "asyncio_default_fixture_loop_scope=function"

FAILS = """
@requirement("TOY-1")
async def test_echo(d):
    assert await d(d.client().chat("hi")) == "bye"
"""

NEEDS_TOOLS = """
@requirement("TOY-1", needs=("tools",))
async def test_tools(d):
    assert await d(d.client().chat("hi")) == "hi"
"""


def last_line(result: pytest.RunResult) -> str:
    return next(line for line in result.outlines if "checks ran" in line)


def test_a_whole_run_that_passes_is_conformant(suite: Suite) -> None:
    result = suite.run(PASSES)
    assert result.ret == 0
    assert last_line(result).startswith("3 of 3 checks ran: 3 pass; verdict: conformant")


def test_a_failure_is_not_conformant_and_explains_itself(suite: Suite) -> None:
    result = suite.run(FAILS, "--conformance-report=out")
    assert result.ret == 1
    assert "verdict: not conformant" in last_line(result)
    assert suite.outcomes() == {
        "test_echo[full-sync]": "fail",
        "test_echo[full-aio]": "fail",
        "test_echo[full-parity]": "could-not-run",
    }
    result.stdout.fnmatch_lines(
        [
            "*area/test_echo?full-sync?",
            "*TOY-1  What is said MUST come back.",
            "*spec/toy.md#toy-1-it-echoes",
            "*AssertionError: assert 'hi' == 'bye'*",
            "*reproduce: python -m pytest test_area.py *--conformance-only 'area/test_echo?full-sync?'",
        ]
    )


def test_nothing_collected_by_the_command_is_incomplete(suite: Suite) -> None:
    result = suite.run("", "--conformance-command")
    assert result.ret == 3
    assert "no verdict (no check was collected)" in last_line(result)


def test_an_ordinary_suite_is_left_alone(suite: Suite) -> None:
    assert suite.run("def test_ordinary(): pass").ret == 0
    result = suite.run("def test_ordinary(): assert 0")
    assert result.ret == 1
    assert "checks ran" not in result.stdout.str()


def test_a_failing_ordinary_test_beside_checks_still_fails(suite: Suite) -> None:
    assert suite.run(PASSES + "\ndef test_ordinary(): assert 0").ret == 1


def test_other_async_plugins_do_not_interfere(suite: Suite) -> None:
    result = suite.run(PASSES, "-p", "pytest_asyncio.plugin", "-W", "error", "-o", SCOPE)
    assert result.ret == 0, result.stdout.str()


@pytest.mark.parametrize(
    "arguments",
    [
        ("-k", "sync"),
        ("-k", "nothing_is_called_this"),
        ("test_area.py::test_echo[full-sync]",),
        ("--deselect", "test_area.py::test_echo[full-parity]"),
        ("--conformance-only=area/test_echo[full-aio]",),
        ("--conformance-scenario=other",),
        ("--collect-only",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_part_of_the_checks_has_no_verdict(suite: Suite, arguments: tuple[str, ...]) -> None:
    result = suite.run(PASSES, *arguments)
    assert result.ret == 3, result.stdout.str()
    assert "no verdict (partial run" in last_line(result)


def test_a_part_of_the_checks_that_fails_is_a_failure_without_verdict(suite: Suite) -> None:
    result = suite.run(FAILS, "--conformance-only=area/test_echo[full-aio]")
    assert result.ret == 1
    assert "no verdict" in last_line(result)


def test_only_a_comparison_runs_its_two_sides(suite: Suite) -> None:
    suite.run(
        PASSES + PASSES.replace("test_echo", "test_b"),
        "--conformance-only=area/test_b[full-parity]",
        "--conformance-report=out",
    )
    assert list(suite.outcomes().items()) == [(f"test_b[full-{side}]", "pass") for side in ("sync", "aio", "parity")]


def test_only_an_unknown_check_is_a_usage_error(suite: Suite) -> None:
    assert suite.run(PASSES, "--conformance-only=area/test_eccho[full-aio]").ret == 2


def test_stopping_at_the_first_failure_has_no_verdict(suite: Suite) -> None:
    result = suite.run(FAILS, "-x")
    assert result.ret == 1
    assert "no verdict" in last_line(result)


@pytest.mark.parametrize("stop", ["raise KeyboardInterrupt", "pytest.exit('enough', returncode=0)"])
def test_an_interrupted_run_never_passes(suite: Suite, stop: str) -> None:
    result = suite.run(PASSES + f'\n@requirement("TOY-1")\nasync def test_stop(d):\n    {stop}\n')
    assert result.ret == 3
    assert "stopped before 3 of 6" in last_line(result)


@pytest.mark.parametrize("mark", ["pytestmark = pytest.mark.skip(reason='later')", ""])
def test_a_run_of_skips_never_passes(suite: Suite, mark: str) -> None:
    skips = PASSES if mark else FAILS.replace("assert await", "pytest.skip('later')\n    await")
    result = suite.run(f"{mark}\n{skips}")
    assert result.ret == (3 if mark else 2), result.stdout.str()
    assert "no verdict" in last_line(result)


def test_an_unavailable_target_could_not_run(suite: Suite) -> None:
    result = suite.run(PASSES, "--conformance-report=out", target="Absent")
    assert result.ret == 3
    assert "not installed: toy-sdk" in last_line(result)
    assert set(suite.outcomes().values()) == {"could-not-run"}


def test_an_unavailable_target_that_is_not_required_does_not_count(suite: Suite) -> None:
    both = ("--conformance-target=toytargets:Full", "--conformance-target=toytargets:Absent")
    result = suite.run(PASSES, *both, "--conformance-require=toytargets:Full", target="")
    assert result.ret == 0
    assert "3 of 6 checks ran: 3 pass, 3 could-not-run; verdict: conformant" in last_line(result)
    assert suite.run(PASSES, *both, target="").ret == 3


def test_nothing_but_what_is_not_required_shows_nothing(suite: Suite) -> None:
    both = ("--conformance-target=toytargets:Bare", "--conformance-target=toytargets:Absent")
    result = suite.run(NEEDS_TOOLS, *both, "--conformance-require=toytargets:Bare", target="")
    assert result.ret == 3
    assert "no check passed" in last_line(result)


def test_requiring_a_target_that_is_not_selected_is_a_usage_error(suite: Suite) -> None:
    assert suite.run(PASSES, "--conformance-require=openai").ret == 2


def test_a_refused_capability_is_not_applicable(suite: Suite) -> None:
    result = suite.run(PASSES + NEEDS_TOOLS, "--conformance-report=out", target="Bare")
    assert result.ret == 0
    sides = ("sync", "aio", "parity")
    assert [suite.outcomes()[f"test_tools[bare-{side}]"] for side in sides] == ["not-applicable"] * 3


def test_an_undeclared_capability_that_is_not_refused_fails(suite: Suite) -> None:
    result = suite.run(PASSES + NEEDS_TOOLS, "--conformance-report=out", target="Liar")
    assert result.ret == 1
    assert suite.outcomes()["test_tools[liar-aio]"] == "fail"
    assert "declared unsupported but not refused" in suite.report()["checks"][3]["reason"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("assert True  # nothing was called", "no library call"),
        ("await d(d.client().chat('hi')); await asyncio.sleep(0)", "suspended"),
        ("await d(d.client().chat('hi')); pytest.xfail('known')", "may not skip or excuse itself"),
    ],
)
def test_a_wrong_body_is_a_harness_error(suite: Suite, body: str, reason: str) -> None:
    result = suite.run(
        f'@requirement("TOY-1", surfaces=("sync",))\nasync def test_wrong(d):\n    {body}\n', "--conformance-report=out"
    )
    assert result.ret == 2
    assert "no verdict" in last_line(result)
    assert suite.outcomes() == {"test_wrong[full-sync]": "harness-error"}
    assert reason in suite.report()["checks"][0]["reason"]
    result.assert_outcomes(errors=1)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        (PASSES.replace("TOY-1", "TOY-9"), "names TOY-9, which no chapter"),
        (PASSES.replace("TOY-1", "TOY-2"), "names TOY-2, which no chapter"),
        (PASSES.replace('"TOY-1"', '"TOY-1", ledger="LEDGER-NONE"'), "no chapter has row LEDGER-NONE"),
        (PASSES.replace('"TOY-1"', '"TOY-1", needs=("telepathy",)'), "unknown capability"),
        (PASSES.replace("async def", "def").replace("await ", ""), "a scenario is an `async def`"),
        ("class TestIt:\n    test_echo = requirement('TOY-1')(_echo)", "of a module, not of a class"),
    ],
    ids=["unknown id", "retired id", "unknown ledger row", "unknown capability", "no coroutine", "in a class"],
)
def test_a_wrong_declaration_is_a_harness_error(suite: Suite, scenario: str, reason: str) -> None:
    result = suite.run(f"async def _echo(d): pass\n{scenario}")
    assert result.ret == 2
    assert reason in result.stdout.str()


def test_two_scenarios_of_one_name_are_a_harness_error(suite: Suite) -> None:
    folder = suite.pytester.mkpydir("more")
    (folder / "test_area.py").write_text("from conformance import requirement\n" + PASSES)
    result = suite.run(PASSES)
    assert result.ret == 2
    assert "two checks are called area/test_echo[full-sync]" in result.stdout.str()


@pytest.mark.parametrize("option", ["--conformance-target=nobody", "--conformance-implementation=nothing_there"])
def test_an_unknown_subject_is_a_usage_error(suite: Suite, option: str) -> None:
    result = suite.run(PASSES, option)
    assert result.ret == 2
    assert "checks ran: nothing" in result.stdout.str() or "no target 'nobody'" in result.stdout.str()


def test_surfaces_that_differ_fail_the_comparison_alone(suite: Suite) -> None:
    differs = PASSES.replace('chat("hi")) == "hi"', "chat(d.surface))")
    result = suite.run(differs, "--conformance-report=out")
    assert result.ret == 1
    assert list(suite.outcomes().values()) == ["pass", "pass", "fail"]
    result.stdout.fnmatch_lines(['*-*"data": "sync"*', '*+*"data": "aio"*'])


def test_a_row_of_the_ledger_is_not_compared(suite: Suite) -> None:
    differs = PASSES.replace('chat("hi")) == "hi"', "chat(d.surface))")
    result = suite.run(differs.replace('"TOY-1"', '"TOY-1", ledger="LEDGER-CALL"'), "--conformance-report=out")
    assert result.ret == 0
    assert set(suite.outcomes()) == {"test_echo[full-sync]", "test_echo[full-aio]"}


def test_what_is_raised_in_the_background_fails_the_check(suite: Suite) -> None:
    raises = PASSES + "    t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()\n"
    result = suite.run(raises, "-W", "error", "--conformance-report=out")
    assert result.ret == 1
    assert suite.outcomes()["test_echo[full-sync]"] == "fail"


def test_a_check_that_hangs_is_ended(suite: Suite) -> None:
    hangs = "    threading.Event().wait(10)\n"
    result = suite.run(PASSES + hangs, "--conformance-timeout=0.3", "-k", "full-sync")
    assert result.ret == 1
    assert "did not end within 0.3 s" in result.stdout.str()


CONFTEST = """
import pytest
"""


def beside(suite: Suite, source: str) -> None:
    """Put a conftest.py beside the scenarios."""
    (suite.pytester.path / "conftest.py").write_text(CONFTEST + source)


BROKEN_RUNS = {
    "a conftest that cannot be imported": "raise RuntimeError('broken')",
    "a file that cannot be imported": "",
    "a fixture that fails": "@pytest.fixture(autouse=True)\ndef broken():\n    raise RuntimeError('broken')",
    "a hook that fails before a check": "def pytest_runtest_setup(item):\n    raise RuntimeError('broken')",
    "a hook that fails in collecting": "def pytest_collection_modifyitems():\n    raise RuntimeError('broken')",
    "an engine that runs nothing": "def pytest_runtestloop():\n    return True",
    "a plugin that takes a check for itself": "def pytest_runtest_protocol(item):\n    return True",
    "a plugin that drops items late": (
        "@pytest.hookimpl(trylast=True)\ndef pytest_collection_finish(session):\n    del session.items[1:]"
    ),
}
FIXTURES_DO_NOT_APPLY = "a fixture that fails"  # a check is an item of its own, without fixtures


@pytest.mark.parametrize("name", BROKEN_RUNS)
def test_a_run_that_is_not_set_up_has_no_verdict(suite: Suite, name: str) -> None:
    """What fails around the checks, and a verdict on what was left, or none of it told."""
    beside(suite, BROKEN_RUNS[name])
    result = suite.run("import not_there\n" + PASSES if "a file" in name else PASSES)
    is_judged = name == FIXTURES_DO_NOT_APPLY
    assert (result.ret in (0, 1, 3)) is is_judged, result.stdout.str()
    assert ("verdict: conformant" in result.stdout.str()) is is_judged


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.hookimpl(trylast=True)\ndef pytest_collection_modifyitems(items):\n    del items[1:]",
        "def pytest_collection_modifyitems(items):\n    items.pop()",
        "def pytest_collection_modifyitems(items):\n    items[:] = []",
    ],
    ids=["after us", "before us", "all"],
)
def test_a_plugin_that_drops_checks_makes_the_run_partial(suite: Suite, source: str) -> None:
    """Checks that another plugin takes out, and a verdict on the rest."""
    beside(suite, source)
    result = suite.run(PASSES)
    assert result.ret == 3
    assert "no verdict (partial run" in last_line(result)


@pytest.mark.parametrize("order", ["", "trylast=True", "wrapper=True"])
def test_a_plugin_that_reorders_checks_changes_no_outcome(suite: Suite, order: str) -> None:
    """A comparison that is run before what it compares, and passes or fails for it."""
    yields = "    yield\n" if "wrapper" in order else ""
    source = f"def pytest_collection_modifyitems(items):\n{yields}    items.reverse()\n"
    beside(suite, f"@pytest.hookimpl({order})\n{source}")
    result = suite.run(PASSES, "--conformance-report=out")
    outcomes = suite.outcomes()
    is_put_right = order == ""
    assert result.ret == (0 if is_put_right else 3)
    assert outcomes["test_echo[full-parity]"] == ("pass" if is_put_right else "could-not-run")


def with_cache(suite: Suite, scenarios: str, *words: str) -> pytest.RunResult:
    """A run with pytest's cache, which knows what failed the last time."""
    suite.pytester.makepyfile(test_area=f"from conformance import requirement\n{scenarios}")
    options = ("--conformance-implementation=toy", "--conformance-spec=spec", "--conformance-target=toytargets:Full")
    plugin = ("--disable-plugin-autoload", "-p", "conformance.plugin")
    return suite.pytester.runpytest_subprocess(*plugin, *options, *words, timeout=60)


@pytest.mark.parametrize("word", ["-x", "--maxfail=1", "--stepwise"])
def test_a_run_that_stops_early_has_no_verdict(suite: Suite, word: str) -> None:
    """The checks before the first failure, taken for all."""
    result = with_cache(suite, FAILS + PASSES.replace("test_echo", "test_z"), word)
    assert result.ret == 1
    assert "no verdict (1 check failed; partial run: stopped before" in last_line(result)


def test_what_failed_last_time_decides_nothing_about_a_verdict(suite: Suite) -> None:
    """`--lf` after a mend, which runs a part, and a verdict on all of it."""
    other = PASSES.replace("test_echo", "test_z")
    with_cache(suite, FAILS + other)
    result = with_cache(suite, PASSES + other, "--lf")
    assert ("verdict: conformant" in last_line(result)) is last_line(result).startswith("6 of 6 checks ran: 6 pass")
    assert result.ret == (0 if "verdict: conformant" in last_line(result) else 3)


def test_one_of_several_processes_of_another_plugin_collects_nothing(suite: Suite) -> None:
    """`-n 2`, where each process counts its own checks and none all."""
    beside(suite, "def pytest_configure(config):\n    config.workerinput = {}")
    result = suite.run(PASSES)
    assert result.ret not in (0, 1)
    assert "run them without -n; python -m conformance --jobs 2 has processes" in result.stdout.str()


def test_a_crash_leaves_no_report_of_an_earlier_run(suite: Suite) -> None:
    """A crash after which the green report of yesterday is read."""
    suite.run(PASSES, "--conformance-report=out")
    assert {path.name for path in (suite.pytester.path / "out").iterdir()} == set(WRITTEN)
    result = suite.run(PASSES.replace("assert await", "import os; os._exit(0)\n    await"), "--conformance-report=out")
    assert result.ret == 2
    assert "no verdict (os._exit(0) was called in area/test_echo[full-sync])" in result.stderr.str()
    assert list((suite.pytester.path / "out").iterdir()) == []


def test_a_process_that_a_check_forks_leaves_as_it_likes(suite: Suite) -> None:
    """A child of a check that is told that it broke the run."""
    forks = PASSES + "    import os\n    child = os.fork()\n    child or os._exit(0)\n"
    result = suite.run(forks + "    assert os.waitpid(child, 0)[1] == 0\n", "-W", "ignore")
    assert result.ret == 0, result.stdout.str()


class TestBaseline:
    """`--conformance-baseline`."""

    def run(self, suite: Suite, scenario: str, **entries: str) -> pytest.RunResult:
        entry = {"reason": "known", "link": "https://example.org/1", "expires": "9999-12-31"} | entries
        entry = {name: value for name, value in entry.items() if value != "-"}
        sides = ("full-sync", "full-aio")
        text = json.dumps({f"area/test_echo[{side}]": entry for side in sides})
        return self.run_text(suite, scenario, text)

    def run_text(self, suite: Suite, scenario: str, text: str, target: str = "Full") -> pytest.RunResult:
        (suite.pytester.path / "known.json").write_text(text)
        options = ("--conformance-baseline=known.json", "--conformance-report=out")
        return suite.run(scenario, *options, target=target)

    def test_expects_failures(self, suite: Suite) -> None:
        result = self.run(suite, FAILS + PASSES.replace("test_echo", "test_other"))
        assert result.ret == 0, result.stdout.str()
        assert list(suite.outcomes().values())[:3] == ["expected-fail", "expected-fail", "could-not-run"]
        assert suite.report()["checks"][0]["reason"] == "known (https://example.org/1)"

    def test_refuses_a_pass(self, suite: Suite) -> None:
        result = self.run(suite, PASSES)
        assert result.ret == 1
        assert list(suite.outcomes().values()) == ["unexpected-pass", "unexpected-pass", "pass"]
        told = "passes, although the baseline known.json expects a failure: known; remove the entry"
        assert suite.report()["checks"][0]["reason"] == told

    def test_refuses_what_has_expired(self, suite: Suite) -> None:
        result = self.run(suite, FAILS, expires="2020-01-01")
        assert result.ret == 2
        told = "known.json: area/test_echo[full-sync] expired on 2020-01-01: known (https://example.org/1); mend it"
        assert told in result.stdout.str()

    @pytest.mark.parametrize("field", ["reason", "link", "expires"])
    def test_refuses_an_entry_without(self, suite: Suite, field: str) -> None:
        result = self.run(suite, FAILS, **{field: "-"})
        assert result.ret == 2
        told = f"baseline known.json: area/test_echo[full-sync] has no {field}; an entry has reason, link, expires"
        assert told in result.stdout.str()

    @pytest.mark.parametrize("field", ["reason", "link", "expires"])
    def test_refuses_an_entry_with_a_blank(self, suite: Suite, field: str) -> None:
        result = self.run(suite, FAILS, **{field: " "})
        assert result.ret == 2
        assert f"has no {field}" in result.stdout.str()

    def test_refuses_an_entry_with_an_unknown_field(self, suite: Suite) -> None:
        result = self.run(suite, FAILS, until="2030-01-01")
        assert result.ret == 2
        assert "area/test_echo[full-sync] has the unknown field 'until'; an entry has" in result.stdout.str()

    def test_refuses_a_day_that_is_none(self, suite: Suite) -> None:
        result = self.run(suite, FAILS, expires="soon")
        assert result.ret == 2
        assert "expires on 'soon', which is no date; such as 2030-12-31 is" in result.stdout.str()

    @pytest.mark.parametrize("text", ["{", "[]", '{"area/test_echo[full-sync]": "known"}'])
    def test_refuses_what_is_no_baseline(self, suite: Suite, text: str) -> None:
        result = self.run_text(suite, FAILS, text)
        assert result.ret == 2
        assert "baseline known.json: " in result.stdout.str()
        assert "reason, link, expires is expected" in result.stdout.str()

    def test_refuses_an_unknown_check(self, suite: Suite) -> None:
        text = '{"area/test_gone[full-sync]": {"reason": "r", "link": "l", "expires": "9999-12-31"}}'
        result = self.run_text(suite, FAILS, text)
        assert result.ret == 2
        told = (
            "baseline known.json: no check is called area/test_gone[full-sync]; take the entry out, or correct its name"
        )
        assert told in result.stdout.str()

    def test_leaves_other_targets_alone(self, suite: Suite) -> None:
        text = '{"area/test_gone[openai-sync]": {"reason": "r", "link": "l", "expires": "9999-12-31"}}'
        assert self.run_text(suite, PASSES, text).ret == 0

    def test_refuses_a_duplicate(self, suite: Suite) -> None:
        entry = '"area/test_echo[full-sync]": {"reason": "r", "link": "l", "expires": "9999-12-31"}'
        result = self.run_text(suite, FAILS, f"{{{entry}, {entry}}}")
        assert result.ret == 2
        assert "baseline known.json: duplicate entry 'area/test_echo[full-sync]'" in result.stdout.str()

    def test_refuses_a_stale_entry(self, suite: Suite) -> None:
        text = '{"area/test_tools[bare-sync]": {"reason": "r", "link": "l", "expires": "9999-12-31"}}'
        result = self.run_text(suite, PASSES + NEEDS_TOOLS, text, target="Bare")
        assert result.ret == 2
        assert suite.outcomes()["test_tools[bare-sync]"] == "harness-error"
        told = "the baseline known.json has a stale entry; remove it: not applicable: bare declares no tools"
        assert told in next(
            check["reason"] for check in suite.report()["checks"] if check["outcome"] == "harness-error"
        )


@pytest.mark.parametrize("case", selfcheck.CASES, ids=lambda case: f"{case.body.__name__}-{case.surface}")
def test_every_case_of_the_selfcheck_is_judged_rightly(case: selfcheck.Case) -> None:
    found = selfcheck.judged(case)
    assert found.outcome is case.outcome
    assert case.phrase in found.reason


def test_selfcheck_fails_when_a_case_is_judged_wrongly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = selfcheck.Case(selfcheck.answers, "sync", Outcome.FAIL)
    monkeypatch.setattr(selfcheck, "CASES", (*selfcheck.CASES[:1], wrong))
    assert selfcheck.main([]) == 2
    assert "1 of 2 cases" in capsys.readouterr().out
