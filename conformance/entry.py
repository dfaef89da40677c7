"""The suite as a class among the author's own tests."""

from pathlib import Path
from typing import ClassVar

from conformance.targets import Target


class ConformanceTests:
    """Subclass it in a test file, and pytest runs every packaged scenario that the target is judged by.

    class TestAcme(conformance.ConformanceTests):
        target = Acme

    Attributes:
        target: subclass or instance of Target, or its name as `--target` takes it: what is judged.
        profiles: tuple of str, default (): the profiles to judge, () all; `--conformance-profile` goes before it.
        baseline: str, Path or None, default None: the file of expected failures, seen from the test file;
            `--conformance-baseline` goes before it.
    """

    target: ClassVar[type[Target] | Target | str]
    profiles: ClassVar[tuple[str, ...]] = ()
    baseline: ClassVar[str | Path | None] = None
