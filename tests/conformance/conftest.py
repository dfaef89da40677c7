"""The toy suite and drivers without an implementation."""

from collections.abc import Callable
from types import ModuleType

import pytest

from conformance.driver import Driver
from conformance.implementation import Implementation
from conformance.surfaces import DRIVERS
from tests.conformance.toy import FILES, ROOT, Nothing, Suite


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """The toy implementation and its suite, importable from a subprocess."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{pytester.path}")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    for name, source in FILES.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return Suite(pytester)


@pytest.fixture
def drive() -> Callable[..., Driver]:
    """Makes a driver of a surface and, if need be, of a target, without any implementation behind it."""
    modules = Implementation("nothing", ModuleType("nothing"), ModuleType("nothing.aio"), None)
    return lambda surface, target=None: DRIVERS[surface](target or Nothing(), modules)
