"""A run of the suite leaves no planted secret: whatever a check prints, raises, logs or holds."""

import pytest

from tests.conformance.conftest import suite  # noqa: F401 - a fixture
from tests.conformance.toy import Suite

pytest_plugins = "pytester"

SECRET = "canary-0123456789-abcdef"
LEAKS = f"""
import logging, warnings

@requirement("TOY-1", surfaces=("sync",))
async def test_leak(d):
    held = "{SECRET}"
    nested = {{"key": [held]}}
    print("printed", held)
    logging.getLogger("toy").error("logged %s", held)
    d.direct(held)
    try:
        raise ValueError(f"cause {{held}}")
    except ValueError as cause:
        error = RuntimeError(f"raised {{held}} ({{nested}})")
        error.add_note(f"noted {{held}}")
        raise error from cause

@requirement("TOY-1", surfaces=("sync",))
async def test_compare(d):
    assert d.direct("{SECRET}") == "x" + "{SECRET}"
"""


@pytest.mark.parametrize("more", [(), ("--showlocals", "--tb=long", "-vv"), ("-p", "no:logging", "--tb=native")])
def test_nothing_that_a_run_leaves_holds_a_secret(
    suite: Suite,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    more: tuple[str, ...],
) -> None:
    monkeypatch.setenv("TOY_API_KEY", SECRET)
    result = suite.run(LEAKS, "--conformance-report=out", "--junit-xml=out/plain.xml", *more)
    left = [path for path in (suite.pytester.path / "out").rglob("*") if path.is_file()]
    assert {path.name for path in left} >= {"report.json", "matrix.html", "junit.xml", "summary.md"}
    assert [path.name for path in left if SECRET in path.read_text(errors="replace")] == []
    assert SECRET not in result.stdout.str() + result.stderr.str()
