"""The public API as a type checker sees it."""

from pathlib import Path

from mypy import api

ROOT = Path(__file__).parents[1]


def test_the_public_api_is_typed_as_promised() -> None:
    settings = ["--strict", "--config-file", str(ROOT / "pyproject.toml"), "--no-warn-unused-configs"]
    report, errors, status = api.run([*settings, str(ROOT / "tests/typing_api.py")])
    assert (status, errors) == (0, ""), report
