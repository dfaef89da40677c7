"""One process of training: steps through a stage, its gradients averaged with those of the others."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch import distributed as group
from torch.nn import functional

from conformance.models.course import Course, Stage
from conformance.models.meter import Meter
from conformance.models.network import Network

SMOOTH = 0.95
SHOWN_EVERY = 10


@dataclass(frozen=True)
class Place:
    """Which of the processes this is.

    Attributes:
        rank: Number from 0.
        world: How many there are.
    """

    rank: int = 0
    world: int = 1


def learn(
    network: Network, stage: Stage, tokenizer: Any, *, seed: int, tokens: int, place: Place, meter: Meter
) -> float:
    """Train through one stage.

    Args:
        network: Changed in place.
        stage: What to do.
        tokenizer: What makes tokens of text.
        seed: Seed of the lessons; each process draws its own from it.
        tokens: Tokens of a step in each process at most.
        place: Which process this is.
        meter: Shown how it goes.

    Returns:
        The smoothed loss at the end.
    """
    optimizers = _optimizers(network, stage)
    began, seen, loss = time.monotonic(), 0, 0.0
    for step, (inputs, following, counts) in enumerate(Course(stage, tokenizer, seed * 1000 + place.rank, tokens)):
        _set_rate(optimizers, stage.rate_at(step))
        error = functional.cross_entropy(network(inputs, counts), following[counts])
        error.backward()
        _average([parameter.grad for parameter in network.parameters()], place.world)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        seen += inputs.numel() * place.world
        loss = SMOOTH * loss + (1 - SMOOTH) * error.item() if step else error.item()
        if step % SHOWN_EVERY == SHOWN_EVERY - 1 or step == stage.steps - 1:
            meter.show(stage.name, step + 1, stage.steps, loss, seen / (time.monotonic() - began))
    return loss


def _optimizers(network: Network, stage: Stage) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside, AdamW for the rest."""
    named = dict(network.named_parameters())
    inside = [name for name, value in named.items() if value.ndim == 2 and "embed" not in name]
    matrices = [named[name] for name in inside]
    others = [value for name, value in named.items() if name not in inside]
    return [
        torch.optim.Muon(matrices, lr=stage.rate, weight_decay=0.0, momentum=0.95, adjust_lr_fn="original"),
        torch.optim.AdamW(others, lr=stage.rate / 5, betas=(0.9, 0.98), weight_decay=0.0, foreach=True),
    ]


def _set_rate(optimizers: list[torch.optim.Optimizer], rate: float) -> None:
    for optimizer, share in zip(optimizers, (1.0, 0.2), strict=True):
        for parameters in optimizer.param_groups:
            parameters["lr"] = rate * share


def _average(gradients: Iterable[Tensor | None], world: int) -> None:
    if world == 1:
        return
    known = [gradient for gradient in gradients if gradient is not None]
    flat = torch.cat([gradient.view(-1) for gradient in known])
    group.all_reduce(flat)
    flat /= world
    for gradient, mean in zip(known, flat.split([gradient.numel() for gradient in known]), strict=True):
        gradient.copy_(mean.view_as(gradient))
