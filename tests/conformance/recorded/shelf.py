"""Copies of the shipped cassettes, to be damaged; and the checks that are replayed from them."""

import copy
import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from conformance import targets
from conformance.check import Check, checks_of
from conformance.implementation import Implementation, load
from conformance.judge import Judge
from conformance.outcomes import HarnessError, Result
from conformance.readings.recording import MANIFEST
from conformance.recorded import cassette, manifest
from conformance.recorded.cassette import Cassette
from conformance.recorded.command import expectations
from conformance.recorded.manifest import Expected, trusted
from conformance.recorded.tape import Tape
from conformance.recorded.target import Replayed, default_folder
from conformance.requirement import Scenario
from conformance.targets import RECORDED, WIRES, Target

Data = dict[str, Any]
SHIPPED: Final = default_folder()
NAMES: Final = sorted(path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.yaml"))
LIMIT: Final = 20.0  # seconds for one check
SMALL: Final = (
    "openai/wire_openai.stream_asks_for_usage.yaml",
    "openai/recorded.a_reply.yaml",
    "anthropic/wire_anthropic.text_precedes_calls.yaml",
    "anthropic/recorded.generate_keeps_nothing.yaml",
    "anthropic/wire_anthropic.image_is_a_source.yaml",
)
SYNTHETIC, REAL = SMALL[0], SMALL[1]


@functools.cache
def implementation() -> Implementation:
    """The implementation whose requests are on record."""
    return load("aimu")


@functools.cache
def plays() -> dict[str, tuple[Expected, Scenario]]:
    """What has to be on record, by the name of its file."""
    return {each.name: (each, scenario) for wire in WIRES for each, scenario in expectations(targets.find(wire))}


def expected(name: str) -> Expected:
    """What a scenario has to have on record in a file."""
    return plays()[name][0]


class ReadOnce(Replayed):
    """Reads each shipped cassette once, as strictly as ever, where one is replayed many times."""

    def __init__(self, wire: str) -> None:
        super().__init__(targets.find(wire), SHIPPED)

    def stand_in(self, check: Check | None) -> Tape:
        assert check is not None
        tape = Tape(_trusted_once(Expected.of(self.inner.name, check.area, check.scenario)))
        tape.start()
        return tape


@functools.cache
def _trusted_once(each: Expected) -> Cassette:
    return trusted(SHIPPED, each)


def judged(name: str, surface: str, target: Target | None = None) -> Result:
    """Replay one cassette on one surface."""
    wanted, scenario = plays()[name]
    target = target or targets.find(f"{wanted.target}{RECORDED}")
    area = wanted.scenario.partition("/")[0]
    (check,) = [each for each in checks_of(area, scenario, target, Path(area)) if each.surface == surface]
    return Judge(implementation(), {}, LIMIT).judge(check, {})


@functools.cache
def _shipped_data(name: str) -> Data:
    found: Data = yaml.safe_load((SHIPPED / name).read_bytes())
    return found


def shipped_data(name: str) -> Data:
    """What a shipped cassette holds, free to be changed; read by another reader than ours."""
    return copy.deepcopy(_shipped_data(name))


class Shelf:
    """A folder with some of the shipped cassettes and a manifest of them.

    Args:
        folder: Path, that does not exist.
        names: str, the files that are copied.
    """

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        self.names = names
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SHIPPED / name, folder / name)
        self.settle()

    def settle(self) -> None:
        """Write the manifest of what there is now."""
        manifest.write(self.folder, "aimu", self.names)

    def change(self, name: str, edit: Callable[[Data], Any]) -> None:
        """Edit what a cassette holds, and write it as `record` does; the manifest is left as it is."""
        data = shipped_data(name)
        edit(data)
        (self.folder / name).write_text(cassette.dumped(data), encoding="utf-8")

    def reword(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file, once."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def complaint(self, name: str) -> str:
        """Why a cassette is not trusted; "" where it is."""
        try:
            manifest.trusted(self.folder, expected(name))
        except HarnessError as error:
            return str(error)
        return ""

    def complaints(self) -> list[str]:
        """All that is complained of."""
        found = [line for wire in WIRES for line in manifest.strays(self.folder, wire, self.names)]
        return found + [line for name in self.names if (line := self.complaint(name))]

    @property
    def manifest(self) -> Path:
        """The file of the rows."""
        return self.folder / MANIFEST
