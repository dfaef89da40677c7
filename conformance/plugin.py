"""The pytest plugin. It acts on functions that carry `@requirement`, and on nothing else."""

from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.item import CheckItem
from conformance.outcomes import BROKEN, FAILED, Conclusion, HarnessError, Outcome
from conformance.profiles import PROFILES
from conformance.redaction import redact
from conformance.requirement import scenario_of
from conformance.run import Run
from conformance.settings import IMPLEMENTATION, Settings, defaults
from conformance.targets import BUILT_IN
from conformance.vocabulary import PARITY, SURFACES

RUN: Final = pytest.StashKey[Run]()
CONCLUSION: Final = pytest.StashKey[Conclusion]()
ORDER: Final = (*SURFACES, PARITY)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all begin with `--conformance-`, so that they meet no other plugin's."""
    group = parser.getgroup("conformance", "conformance of an implementation on both surfaces")
    add = group.addoption
    add("--conformance-target", action="append", metavar="NAME", help=f"a target (default: {', '.join(BUILT_IN)})")
    add("--conformance-require", action="append", metavar="NAME", help="a target that must run (default: all selected)")
    add("--conformance-implementation", default=IMPLEMENTATION, metavar="NAME", help="the module under test")
    add("--conformance-report", type=Path, metavar="DIR", help="write report.json, junit.xml and matrix.txt there")
    add("--conformance-baseline", type=Path, metavar="FILE", help="expected failures: reason, link, expires")
    add("--conformance-spec", type=Path, metavar="DIR", help="the chapters (default: the suite's own)")
    add("--conformance-cassettes", type=Path, metavar="DIR", help="recordings (default: the suite's own)")
    add("--conformance-profile", action="append", metavar="NAME", help=f"judge it alone: {', '.join(PROFILES)}")
    add("--conformance-only", metavar="CHECKID", help="run one check; no verdict")
    add("--conformance-scenario", metavar="PART", help="run scenarios whose area/function contains PART; no verdict")
    add("--conformance-timeout", type=float, default=60.0, metavar="SECONDS", help="for one check (default: 60)")
    add("--conformance-command", action="store_true", help="an empty run counts as a run of the suite")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the options; a report includes pytest's own JUnit file."""
    value = config.getoption
    settings = Settings(
        targets=tuple(dict.fromkeys(value("conformance_target") or defaults(value("conformance_implementation")))),
        required=tuple(value("conformance_require") or ()),
        implementation=value("conformance_implementation"),
        report=value("conformance_report"),
        baseline=value("conformance_baseline"),
        spec=value("conformance_spec"),
        cassettes=value("conformance_cassettes"),
        profiles=tuple(dict.fromkeys(value("conformance_profile") or ())),
        only=value("conformance_only"),
        scenario=value("conformance_scenario"),
        limit=value("conformance_timeout"),
        is_command=value("conformance_command"),
        is_listing=value("collectonly"),
    )
    config.stash[RUN] = Run(settings)
    if settings.report and not config.option.xmlpath:
        config.option.xmlpath = str(settings.report / "junit.xml")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Say once, and not of each file, that a target does not exist."""
    run = session.config.stash[RUN]
    if run.settings.is_command:
        try:
            _ = run.required
        except HarnessError as error:
            run.errors.append(str(error))
            pytest.exit(str(error), returncode=BROKEN)


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Note which files are looked into, to tell a whole run from a part of one."""
    if isinstance(collector, pytest.Module):
        collector.config.stash[RUN].modules.add(collector.path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> Any:
    """Make the checks of a scenario: one for each target and surface, and the comparison."""
    scenario = scenario_of(obj)
    if scenario is None:
        return None
    if not isinstance(collector, pytest.Module):
        raise collector.CollectError(f"{name}: a scenario is a function of a module, not of a class")
    if hasattr(collector.config, "workerinput"):
        raise collector.CollectError("checks are counted in one process; run them without -n")
    run = collector.config.stash[RUN]
    try:
        checks = run.declare(collector.path, scenario)
    except HarnessError as error:
        raise collector.CollectError(str(error)) from error
    return [CheckItem.from_parent(collector, name=check.name, check=check, run=run) for check in checks]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put each comparison after what it compares, and take out what was not asked for."""
    run = config.stash[RUN]
    if not run.declared or session.testsfailed:
        return
    try:
        run.prepare()
    except HarnessError as error:
        run.errors.append(str(error))
        pytest.exit(str(error), returncode=BROKEN)
    left_out = [item for item in items if isinstance(item, CheckItem) and not run.is_wanted(item.check)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    kept = [item for item in items if item not in set(left_out)]
    first: dict[tuple[str, str, str], int] = {}
    for number, item in enumerate(kept):
        if isinstance(item, CheckItem):
            first.setdefault(item.check.group, number)
    rank = {id(item): _rank(item, number, first) for number, item in enumerate(kept)}
    items[:] = sorted(kept, key=lambda item: rank[id(item)])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note what is going to run, and what could not be collected."""
    run = session.config.stash[RUN]
    if session.testsfailed and run.is_active:
        run.errors.append(f"{session.testsfailed} files could not be collected")
    run.selected = {item.check.id for item in session.items if isinstance(item, CheckItem)}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what happens around a body count, and keep keys out of what is shown."""
    report = yield
    if not isinstance(item, CheckItem):
        item.config.stash[RUN].others_failed |= report.failed
        return report
    why = redact(f"{report.when}: {call.excinfo.value}") if call.excinfo else ""
    if report.when == "setup" and not report.passed:
        item.run.correct(item.check, Outcome.COULD_NOT_RUN if report.skipped else Outcome.HARNESS_ERROR, why)
    elif report.failed:
        item.run.correct(item.check, Outcome.FAIL, why)
    report.sections = [(title, redact(text)) for title, text in report.sections]
    found = item.run.results.get(item.check.id)
    vars(report)["is_harness_error"] = found is not None and found.outcome is Outcome.HARNESS_ERROR
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """Show a harness error as an error and not as a failure of the implementation."""
    if report.failed and getattr(report, "is_harness_error", False):
        return "error", "E", "HARNESS-ERROR"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Set the exit status by the outcomes, whatever pytest thinks of them."""
    run = session.config.stash[RUN]
    if not run.is_active:
        return
    run.close()
    if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
        run.errors.append("internal error of the engine")
    run.was_stopped |= bool(session.shouldfail or session.shouldstop) or exitstatus == pytest.ExitCode.INTERRUPTED
    conclusion = run.conclude()
    if run.settings.report:
        try:
            from conformance.report import write

            write(run, conclusion)
        except Exception as error:  # whatever it is, it must not end in an exit code that says something else
            conclusion = Conclusion(BROKEN, f"the report could not be written: {error}")
    session.config.stash[CONCLUSION] = conclusion
    session.exitstatus = FAILED if run.others_failed and conclusion.code != BROKEN else conclusion.code


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the matrix and the conclusion."""
    conclusion = config.stash.get(CONCLUSION, None)
    if conclusion is None:
        return
    writer = config.get_terminal_writer()
    terminalreporter.ensure_newline()
    try:
        from conformance.matrix import lines
    except ImportError as error:
        terminalreporter.write_line(f"{conclusion.sentence} (no matrix: {error}; install aimu[conformance])")
        return
    for line in lines(config.stash[RUN], conclusion, writer.fullwidth, writer.hasmarkup):
        terminalreporter.write_line(line)


def _rank(item: pytest.Item, number: int, first: dict[tuple[str, str, str], int]) -> tuple[int, int]:
    if isinstance(item, CheckItem):
        return first[item.check.group], ORDER.index(item.check.surface)
    return number, 0
