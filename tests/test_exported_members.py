"""Public means listed: what a package offers is in its ``__all__``, and both surfaces offer the same."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import aimu
from aimu import aio, errors

PACKAGES = ["aimu", "aimu.aio", "aimu.agents", "aimu.aio.agents", "aimu.tools", "aimu.aio.tools", "aimu.skills"]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_imports_from_us_is_listed_and_sorted(package: str) -> None:
    module = importlib.import_module(package)
    tree = ast.parse(Path(str(module.__file__)).read_text())
    ours = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and str(node.module).startswith("aimu")]
    assert module.__all__ == sorted({alias.name for node in ours for alias in node.names})


def test_every_exception_is_listed_and_drawn_in_the_tree() -> None:
    defined = [
        name for name, value in vars(errors).items() if inspect.isclass(value) and value.__module__ == "aimu.errors"
    ]
    assert sorted(defined) == errors.__all__
    drawn = [
        line.strip("│├└─ ").split()[0]
        for line in str(errors.__doc__).splitlines()
        if "Error" in line and line[0] in "A│├└"
    ]
    assert sorted(drawn) == errors.__all__


def test_both_surfaces_offer_the_same_names() -> None:
    assert set(aimu.__all__) - {"aio"} == set(aio.__all__)


@pytest.mark.parametrize("name", sorted(set(aio.__all__)))
def test_a_name_stands_for_a_twin_or_for_the_same_thing(name: str) -> None:
    here, there = getattr(aimu, name), getattr(aio, name)
    if here is there:
        assert not getattr(here, "__aimu_colour__", None), f"{name} has a colour and is the same on both surfaces"
    else:
        assert there.__module__ == here.__module__.replace("aimu.", "aimu.aio.", 1)


@pytest.mark.parametrize("name", sorted(set(aimu.__all__) - {"aio"}))
def test_everything_public_has_a_docstring(name: str) -> None:
    assert name == "MessageHistory" or inspect.getdoc(getattr(aimu, name))
