"""The example providers of docs/examples, as far as they can be seen uninstalled; `tox run -e examples` judges them."""

import json
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from conformance import suite
from conformance.check import checks_of
from conformance.outcomes import Outcome
from conformance.targets import Target

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "docs/examples"
PACKAGES: Final = {"parley": "Parley", "babble": "Babble"}
TOX: Final = (EXAMPLES.parents[1] / "tox.ini").read_text(encoding="utf-8")


@pytest.fixture(params=list(PACKAGES))
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an example, whose source can be imported."""
    monkeypatch.syspath_prepend(EXAMPLES / request.param / "src")
    return str(request.param)


def target_of(package: str) -> Target:
    made = getattr(import_module(f"{package}_aimu.target"), PACKAGES[package])()
    assert isinstance(made, Target)
    return made


def test_the_entry_points_lead_somewhere(package: str) -> None:
    text = (EXAMPLES / package / "pyproject.toml").read_text(encoding="utf-8")
    points = tomllib.loads(text)["project"]["entry-points"]
    for group in ("aimu.providers", "conformance.targets"):
        module, _, name = points[group][package].partition(":")
        assert getattr(import_module(module), name).name == package


def test_each_check_has_an_expected_outcome(package: str) -> None:
    expected = json.loads((EXAMPLES / package / "expected.json").read_text(encoding="utf-8"))
    target, (profiles,) = target_of(package), profiles_of(package)
    checks = [
        check
        for name, scenario in suite.scenarios().items()
        for check in checks_of(name.partition("/")[0], scenario, target, EXAMPLES)
        if check.is_in(profiles)
    ]
    assert sorted(expected) == sorted(check.id for check in checks)
    assert set(expected.values()) == {Outcome.PASS, Outcome.NOT_APPLICABLE}


def test_tox_runs_the_line_that_the_readme_gives_for_ci(package: str) -> None:
    (line,) = re.findall(rf"python -m conformance --target {package}.*?(?=\s+#)", readme(package))
    assert line in TOX


def profiles_of(package: str) -> list[tuple[str, ...]]:
    """The profiles of the line for CI."""
    lines = [line for line in readme(package).splitlines() if f"--target {package}" in line]
    return [tuple(re.findall(r"--profile ([\w-]+)", line)) for line in lines]


def readme(package: str) -> str:
    return (EXAMPLES / package / "README.md").read_text(encoding="utf-8")


def test_no_module_of_an_example_is_left_behind(package: str) -> None:
    import_module(f"{package}_aimu")
    assert Path(sys.modules[f"{package}_aimu"].__file__ or "").is_relative_to(EXAMPLES)
