"""The command: every recording of a folder through both surfaces, one line for each file, and the verdict."""

import argparse
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance.implementation import load
from conformance.outcomes import BROKEN, FAILED, OK, HarnessError
from conformance.progress import told
from conformance.readings.oracle import Oracle
from conformance.readings.reading import Reading
from conformance.readings.recording import Interaction, UnreadableError, interactions, recordings
from conformance.redaction import redact
from conformance.replay.decoders import Decoders, split_streams
from conformance.replay.difference import differences, disagreements
from conformance.replay.outcome import outcome
from conformance.replay.surfaces import Surfaces
from conformance.scripted import ScriptedServer
from conformance.targets import WIRES

PIECE: Final = 7  # bytes in each fragment of a stream that is replayed in fragments
ABOUT: Final = (
    "Replay recorded Messages and Chat Completions traffic through both surfaces, each reply read independently."
)
EXITS: Final = (
    "Exits with 0 when all agree, 1 when one does not or cannot be replayed, 2 when there is nothing to replay."
)


@dataclass
class Verdict:
    """What came of one file, and of its interactions.

    Args:
        recorded: int, interactions in the file.
        replayed: list of tuple, (interaction, differences) of those that could be replayed.
        beyond: list of str, why each other one, or the file, could not.
        oracles: list of str, who read them, each once.
        readings: list of str, what each says.
        is_unreadable: bool, whether the file as a whole is no recording.
    """

    recorded: int = 0
    replayed: list[tuple[Interaction, list[str]]] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    oracles: list[str] = field(default_factory=list)
    readings: list[str] = field(default_factory=list)
    is_unreadable: bool = False

    @property
    def agreeing(self) -> int:
        """How many interactions came out as read independently, on both surfaces."""
        return sum(not wrong for _, wrong in self.replayed)

    def line(self, name: str) -> str:
        """The file's line of the report."""
        streamed = sum(interaction.streamed for interaction, _ in self.replayed)
        wrong = [difference for _, differing in self.replayed for difference in differing]
        told = "; ".join([*wrong, *self.beyond]) or "ok"
        shape = f"{self.recorded} interactions, {streamed} streamed, {len(self.replayed) - streamed} whole"
        return redact(f"{name}  {shape}  {told}  [{', '.join(self.oracles) or 'unread'}]".replace("\n", "\\n"))


class Replay:
    """One run over files, with the server, the oracle and the surfaces that it needs.

    Args:
        oracle: Oracle, the independent reader.
        surfaces: Surfaces, under test.
        wires: collection of str, those that are replayed.
    """

    def __init__(self, oracle: Oracle, surfaces: Surfaces, wires: Collection[str]) -> None:
        self._oracle = oracle
        self._surfaces = surfaces
        self._wires = wires

    def file(self, path: Path) -> Verdict:
        """Replay each interaction of a file, alone."""
        verdict = Verdict()
        try:
            found = interactions(path)
        except UnreadableError as reason:
            verdict.beyond.append(f"unreadable: {reason}")
            verdict.is_unreadable = True
            return verdict
        for number, interaction in enumerate(found):
            if isinstance(interaction, Interaction) and interaction.wire not in self._wires:
                continue
            verdict.recorded += 1
            if isinstance(interaction, UnreadableError):
                verdict.beyond.append(f"#{number} beyond a client: {interaction}")
                continue
            reading, reader = self._oracle.read(interaction)
            verdict.readings.append(f"#{number} {reading.told()}")
            wrong = self._differences(interaction, reading)
            verdict.replayed.append((interaction, [f"#{number} {each}" for each in wrong]))
            verdict.oracles += [reader] if reader not in verdict.oracles else []
        return verdict

    def _differences(self, interaction: Interaction, reading: Reading) -> list[str]:
        expected = outcome(reading)
        sync, aio = (self._surfaces.observe(surface, interaction, expected) for surface in ("sync", "aio"))
        apart = [f"sync and aio differ: {each}" for each in disagreements(sync, aio)]
        side = "sync" if apart else "both"
        wrong = [f"{side} {each}" for each in differences(expected, sync, interaction.streamed)] + apart
        if interaction.is_event_stream:
            for surface, whole in (("sync", sync), ("aio", aio)):
                pieces = self._surfaces.observe(surface, interaction, expected, PIECE)
                wrong += [f"{surface} in pieces: {each}" for each in disagreements(whole, pieces)]
        return wrong


def main(argv: list[str]) -> int:
    """Replay a folder of recordings.

    Args:
        argv: list of str, the words after `replay`.

    Returns:
        int: 0 all agree, 1 one does not or cannot be replayed, 2 nothing to replay.
    """
    parser = argparse.ArgumentParser(prog="python -m conformance replay", description=ABOUT, epilog=EXITS)
    parser.add_argument("folder", type=Path, metavar="DIR", help="recordings in the form of vcrpy, .yaml or .json")
    parser.add_argument("--target", action="append", choices=WIRES, help="the wire to replay (default: both)")
    parser.add_argument("--verbose", action="store_true", help="say of each reply what it was read as")
    parser.add_argument("--implementation", default="aimu", metavar="NAME", help="the top-level module (default: aimu)")
    options = parser.parse_args(argv)
    try:
        implementation = load(options.implementation)
    except HarnessError as error:
        return _refused(str(error))
    if not options.folder.is_dir():
        return _refused(f"{options.folder} is not a folder")
    if not (files := recordings(options.folder)):
        return _refused(f"{options.folder} holds no recordings (.yaml, .yml or .json)")
    with ScriptedServer() as server, Oracle(server) as oracle, Surfaces(implementation, server) as surfaces:
        replay = Replay(oracle, surfaces, options.target or WIRES)
        verdicts = _replayed(replay, options.folder, files, options.verbose)
    intact = _split(implementation, verdicts)
    return OK if _summarised(verdicts) and intact else FAILED


def _replayed(replay: Replay, folder: Path, files: Sequence[Path], is_verbose: bool) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    with told("replay", files) as (walk, say):
        for path in walk:
            name = str(path.relative_to(folder))
            verdicts[name] = replay.file(path)
            say(verdicts[name].line(name))
            for reading in verdicts[name].readings if is_verbose else ():
                say(redact(f"  {reading}"))
    return verdicts


def _split(implementation: Any, verdicts: dict[str, Verdict]) -> bool:
    """The checks that no socket is needed for; an implementation without pure decoders passes them by."""
    streams = [
        (f"{name} #{number}", interaction)
        for name, verdict in verdicts.items()
        for number, (interaction, _) in enumerate(verdict.replayed)
        if interaction.is_event_stream
    ]
    try:
        splits = split_streams(Decoders(implementation), streams)
    except ImportError as error:
        print(f"pure decoders: {implementation.name} offers none ({error})")
        return True
    for wrong in splits.wrong:
        print(f"pure decoders: {redact(wrong)}")
    print(f"pure decoders: {splits.bytewise} streams byte by byte, {splits.cuts} cuts, {len(splits.wrong)} differ")
    return not splits.wrong


def _summarised(verdicts: dict[str, Verdict]) -> bool:
    recorded = sum(verdict.recorded for verdict in verdicts.values())
    replayed = sum(len(verdict.replayed) for verdict in verdicts.values())
    agreeing = sum(verdict.agreeing for verdict in verdicts.values())
    unreadable = sum(verdict.is_unreadable for verdict in verdicts.values())
    files = f"; {unreadable} of {len(verdicts)} files unreadable" if unreadable else ""
    print(f"{replayed} of {recorded} interactions replayed on both surfaces: {agreeing} agree{files}")
    return agreeing == recorded > 0 and not unreadable


def _refused(reason: str) -> int:
    print(f"replay: {reason}", file=sys.stderr)
    return BROKEN
