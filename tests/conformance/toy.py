"""A tiny implementation, its targets and its spec, so that the harness is tested without the library."""

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.targets import Target

ROOT = Path(__file__).parents[2]

SYNC = """
class Client:
    def __init__(self, tools=None, strict=True):
        if tools and strict:
            raise ValueError("no tools here")
        self.messages = []
    def chat(self, message, **kwargs):
        return message
    def close(self):
        pass
def client(model, **kwargs): return Client(**kwargs)
def tool(function): return function
"""

AIO = """
import toy
class Client(toy.Client):
    async def chat(self, message, **kwargs): return message
def client(model, **kwargs): return Client(**kwargs)
"""

TARGETS = """
from conformance import Target
from conformance.vocabulary import CAPABILITIES

class Full(Target):
    name = "full"
    capabilities = frozenset(CAPABILITIES)
    def client(self, driver, **kwargs): return driver.api.client("toy", **kwargs)

class Bare(Full):
    name = "bare"
    capabilities = Full.capabilities - {"tools", "parallel_tools"}

class Liar(Bare):
    name = "liar"
    def client(self, driver, **kwargs): return driver.api.client("toy", strict=False, **kwargs)

class Part(Full):
    name = "part"
    profiles = ("tools",)

class Absent(Full):
    name = "absent"
    def unavailable(self): return "not installed: toy-sdk"
"""

CHAPTER = """
## TOY-1 It echoes

**MUST** · sync, aio · any

What is said MUST come back.

## TOY-2 (retired)

## Ledger

| LEDGER-CALL | `await` | permitted |
"""

FILES = {"toy/__init__.py": SYNC, "toy/aio.py": AIO, "toytargets.py": TARGETS, "spec/toy.md": CHAPTER}

HEAD = """
import asyncio, threading, pytest
from conformance import requirement
"""

PASSES = """
@requirement("TOY-1")
async def test_echo(d):
    assert await d(d.client().chat("hi")) == "hi"
"""


@dataclass
class Suite:
    """A suite in a folder of its own.

    Args:
        pytester: pytest.Pytester, that runs it.
    """

    pytester: pytest.Pytester

    def run(
        self, scenarios: str = PASSES, *arguments: str, target: str = "Full", area: str = "area"
    ) -> pytest.RunResult:
        """Run scenarios in a process of their own.

        Args:
            scenarios: str, their source.
            arguments: str, further words of the command line.
            target: str, default "Full": a class of `toytargets`, or "" to leave the choice to the arguments.
            area: str, default "area".

        Returns:
            pytest.RunResult: its `ret` is the exit code.
        """
        self.pytester.makepyfile(**{f"test_{area}": HEAD + textwrap.dedent(scenarios)})
        words = ["--disable-plugin-autoload", "-p", "conformance.plugin", "-p", "no:cacheprovider"]
        words += ["--conformance-implementation=toy", "--conformance-spec=spec"]
        words += [f"--conformance-target=toytargets:{target}"] if target else []
        return self.pytester.runpytest_subprocess(*words, *arguments, timeout=60)

    def report(self) -> dict[str, Any]:
        """What the last run with `--conformance-report=out` wrote."""
        written: dict[str, Any] = json.loads((self.pytester.path / "out" / "report.json").read_text())
        return written

    def outcomes(self) -> dict[str, str]:
        """The outcome of each check in the last report."""
        return {check["id"].partition("/")[2]: check["outcome"] for check in self.report()["checks"]}


class Nothing(Target):
    """A target for bodies that make their calls themselves."""

    name = "nothing"
    capabilities = frozenset({"scripted"})
