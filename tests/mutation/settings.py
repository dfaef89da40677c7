"""What is broken, how the sample is drawn, and which tests may notice."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FILE: Final = Path(__file__).with_name("mutation.toml")


@dataclass(frozen=True)
class Settings:
    """The settings of a mutation run.

    Args:
        folders: list of str, whose modules are broken, relative to the repository.
        seed: int, for the draw.
        sample: int, how many mutants are drawn.
        tests: list of str, the files and folders of tests that may notice.
        targets: list of str, the targets of the scenarios that may notice.
        grace: float, seconds of the processor that a test may take beyond `factor` times what it took unbroken.
        factor: float.
        readers: dict of str to list of str: by module that runs at the import only, the files of tests that read it.
    """

    folders: list[str]
    seed: int
    sample: int
    tests: list[str]
    targets: list[str]
    grace: float
    factor: float
    readers: dict[str, list[str]]

    @property
    def modules(self) -> list[Path]:
        """The files that are broken, sorted."""
        return sorted(path for folder in self.folders for path in (ROOT / folder).glob("*.py"))


def load() -> Settings:
    """Read mutation.toml.

    Returns:
        Settings.
    """
    return Settings(**tomllib.loads(FILE.read_text(encoding="utf-8")))
