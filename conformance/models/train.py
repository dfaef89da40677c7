"""``python -m conformance.models.train --out DIR``: from the language to weights that pass, or exit code 1."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.console import Console
from torch import distributed as group
from torch import multiprocessing

from conformance.models import tokenizer as tokenizers
from conformance.models.course import STAGES
from conformance.models.exactness import exams, held_out, missed_checked, misses, table
from conformance.models.export import export
from conformance.models.learner import Place, learn
from conformance.models.meter import Meter
from conformance.models.network import Network, Shape

LAST = "checked"


@dataclass(frozen=True)
class Settings:
    """What a run is told.

    Attributes:
        out: Folder for everything it makes.
        seed: Seed of the weights and of the lessons.
        stages: Names of the stages, in order.
        resume: Whether to go on from the weights in ``out``.
        repeats: How often the last stage may be done again until every checked turn is exact.
        processes: Processes, of one thread each.
        tokens: Tokens of a step in each process.
        scale: Factor on the steps of every stage.
        held_out: Free conversations to try at the end.
    """

    out: Path
    seed: int = 1
    stages: tuple[str, ...] = tuple(STAGES)
    resume: bool = False
    repeats: int = 3
    processes: int = 2
    tokens: int = 3072
    scale: float = 1.0
    held_out: int = 1000

    @property
    def weights(self) -> Path:
        return self.out / "weights.pt"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, evaluate and export.

    Returns:
        0 if every turn of every checked conversation is exact, 1 if not.
    """
    settings = _settings(arguments)
    settings.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    if not settings.resume:
        tokenizers.save(tokenizers.trained_tokenizer(), settings.out)
        settings.weights.unlink(missing_ok=True)
    elif not settings.weights.is_file():
        print(f"there is nothing to resume: no {settings.weights}; leave --resume out", file=sys.stderr)
        return 2
    missed = _trained(settings)
    for again in range(settings.repeats):
        if not missed:
            break
        print(f"not exact: {', '.join(missed)}; the stage {LAST!r} once more")
        missed = _trained(replace(settings, stages=(LAST,), resume=True, seed=settings.seed + 100 * (again + 1)))
    print(f"trained in {time.monotonic() - began:.0f} s")
    export(settings.out, settings.out / "micro")
    _print_table(settings)
    print(f"not exact: {', '.join(missed)}" if missed else "every turn of every checked conversation is exact")
    return 1 if missed else 0


def _trained(settings: Settings) -> list[str]:
    """Run the stages; gives the checked turns that are not exact with the weights as they are exported."""
    with tempfile.TemporaryDirectory() as folder:
        meeting = f"file://{folder}/meeting"
        if settings.processes == 1:
            work(0, settings, meeting)
        else:
            multiprocessing.spawn(work, (settings, meeting), nprocs=settings.processes)
    return missed_checked(_finished(settings), tokenizers.load(settings.out))


def work(rank: int, settings: Settings, meeting: str) -> None:
    """One process of a run.

    Args:
        rank: Which one.
        settings: What to do.
        meeting: Address where the processes find each other.
    """
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    torch.use_deterministic_algorithms(True)
    if settings.processes > 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        group.init_process_group("gloo", init_method=meeting, rank=rank, world_size=settings.processes)
    network = Network(Shape())
    if settings.resume:
        network.load_state_dict(torch.load(settings.weights))
    tokenizer = tokenizers.load(settings.out)
    place = Place(rank, settings.processes)
    with Meter(Console() if rank == 0 else None) as meter:
        for number, name in enumerate(settings.stages):
            stage = STAGES[name]
            stage = replace(stage, steps=max(1, round(stage.steps * settings.scale)))
            seed = settings.seed * 10 + number
            learn(network, stage, tokenizer, seed=seed, tokens=settings.tokens, place=place, meter=meter)
            if rank == 0:
                torch.save(network.state_dict(), settings.weights)
    if settings.processes > 1:
        group.destroy_process_group()


def _finished(settings: Settings) -> Network:
    network = Network(Shape())
    network.load_state_dict({name: value.half().float() for name, value in torch.load(settings.weights).items()})
    return network


def _print_table(settings: Settings, seed: int = 999) -> None:
    given = exams(held_out(settings.held_out, seed), tokenizers.load(settings.out))
    rows = table(misses(_finished(settings), given))
    print("exact turns, held-out words and numbers:")
    for kind, (exact, total) in rows.items():
        print(f"  {kind:32} {100 * exact / total:5.1f} % of {total}")


def _settings(arguments: Sequence[str] | None) -> Settings:
    parser = argparse.ArgumentParser(prog="python -m conformance.models.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for everything it makes")
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--stages", nargs="*", choices=STAGES, default=list(STAGES))
    parser.add_argument("--resume", action="store_true", help="go on from the weights in the folder")
    parser.add_argument("--repeats", type=int, default=Settings.repeats, help="of the last stage, until it passes")
    parser.add_argument("--processes", type=int, default=Settings.processes)
    parser.add_argument("--tokens", type=int, default=Settings.tokens, help="of a step, in each process")
    parser.add_argument("--scale", type=float, default=Settings.scale, help="factor on the steps of every stage")
    parser.add_argument("--held-out", type=int, default=Settings.held_out, help="free conversations to try at the end")
    found = vars(parser.parse_args(arguments))
    return Settings(**found | {"stages": tuple(found["stages"])})


if __name__ == "__main__":
    sys.exit(main())
