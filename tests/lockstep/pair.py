"""Two lives in lockstep: a step on both, and what they have to agree on."""

from __future__ import annotations

import copy
import difflib
import gc
import json
from collections.abc import Sequence
from typing import Any

from conformance.scripted import ScriptedServer
from tests.lockstep.life import Act, Life, Line
from tests.lockstep.record import Json, canonical, excused, leaves
from tests.lockstep.surfaces import AioSurface, SyncSurface

INTERRUPTS = frozenset(["KeyboardInterrupt", "CancelledError"])


class DivergedError(AssertionError):
    """The twins did not agree."""


class Pair:
    """The same life on both surfaces.

    Args:
        servers: two ScriptedServer, one for each surface.
        wire: str, "openai" or "anthropic".
        abilities: str, of the model.
        settings: keywords of the first client.
    """

    def __init__(
        self,
        servers: Sequence[ScriptedServer],
        wire: str = "openai",
        abilities: str = "tools,vision,thinking",
        **settings: Any,
    ) -> None:
        settings.setdefault("max_retries", 0)
        surfaces = (SyncSurface(), AioSurface())
        self.steps = 0
        self.is_over = False
        self.lives = [
            Life(surface, server, wire, abilities, **copy.deepcopy(settings))
            for surface, server in zip(surfaces, servers, strict=True)
        ]

    @property
    def first(self) -> Life:
        """The sync life, to ask how many of something there are."""
        return self.lives[0]

    def do(self, act: Act[...], /, *args: Any, script: Sequence[Line] = (), racing: bool = False) -> Json:
        """Take a step on both surfaces.

        Args:
            act: what is done, a function of steps.py.
            script: what the model answers, in turn.
            racing: bool, default False: whether the step does several things at the same time.

        Returns:
            dict: what came of it on the sync surface; nothing once the life is over.

        Raises:
            DivergedError: the surfaces did not agree.
        """
        if self.is_over:
            return {}
        self.steps += 1
        sync, aio = (life.live(act, script, *args) for life in self.lives)
        for record in (sync, aio):
            if record["troubles"] or record["faults"]:
                raise DivergedError(f"{act.__name__}: {record['troubles']} {record['faults']}")
        self._compare(act.__name__, sync, aio, racing)
        return sync

    def close(self) -> None:
        """End both lives."""
        for life in self.lives:
            life.close()
        gc.collect(1)  # what was left behind says so now, and not in the next life
        if troubles := [trouble for life in self.lives for trouble in life.surface.troubles]:
            raise DivergedError(f"left behind: {troubles}")

    def _compare(self, name: str, sync: Json, aio: Json, racing: bool) -> None:
        if racing:
            sync, aio = _in_any_order(sync), _in_any_order(aio)
        if canonical(sync) == canonical(aio):
            return
        one, other = (record["outcome"].get("raised") for record in (sync, aio))
        # cancelling is to one what Ctrl-C is to the other; how much was heard by then is a matter of luck
        both_interrupted = one and other and {one["type"], other["type"]} <= INTERRUPTS
        both_failed = one and other and racing and set(leaves(other)) <= set(leaves(one))
        if not (both_interrupted or both_failed):
            raise DivergedError(f"{name}\n{_difference(sync, aio)}")
        names = ("clients",) if racing else ("clients", "warned", "requests", "ran", "unasked")
        for part in names:
            if _promised(sync[part]) != _promised(aio[part]):
                raise DivergedError(f"{name}\n{_difference(sync[part], aio[part])}")
        self._agree(name, sync, aio)
        self.is_over = racing  # what was cancelled on one surface may reach its server during any later step

    def _agree(self, name: str, sync: Json, aio: Json) -> None:
        """Compare the histories as far as they are promised; then both lives go on from the same ones."""
        for number, (one, other) in enumerate(zip(sync["clients"], aio["clients"], strict=True)):
            if not excused(one["messages"], other["messages"]):
                raise DivergedError(f"{name}\n{_difference(one, other)}")
            if one["messages"] != other["messages"]:
                for life in self.lives:
                    life.clients[number].messages = copy.deepcopy(one["messages"])
        for number, (one, other) in reversed(list(enumerate(zip(sync["runners"], aio["runners"], strict=True)))):
            for who, history in other["messages"].items():
                if not excused(one["messages"][who], history) and not _began_anew(one["messages"][who], history):
                    raise DivergedError(f"{name}: {who}\n{_difference(one, other)}")
            if one != other:
                for life in self.lives:
                    del life.runners[number], life.races[number]


def _began_anew(sync: list[Json], aio: list[Json]) -> bool:
    """Whether a speaker that forgets between runs has come to a later run on the surface where it was not cancelled."""
    first, other = ([message for message in told if message["role"] == "user"][:1] for told in (sync, aio))
    return first != other


def _promised(part: Any) -> Any:
    """The same without histories, which are compared by themselves."""
    return [_without_messages(item) for item in part] if isinstance(part, list) else part


def _in_any_order(record: Json) -> Json:
    chunks = sorted(record["chunks"], key=lambda chunk: str(chunk["agent"]))
    requests, ran = sorted(record["requests"], key=canonical), sorted(record["ran"])
    # what runs in a thread or a task of its own was called from there
    warned = sorted(({**warning, "file": ""} for warning in record["warned"]), key=canonical)
    return record | {"chunks": chunks, "requests": requests, "ran": ran, "warned": warned}


def _without_messages(state: Any) -> Any:
    if not isinstance(state, dict) or "messages" not in state:
        return state
    return {name: value for name, value in state.items() if name not in ("messages", "repr")}


def _difference(sync: Any, aio: Any) -> str:
    one, other = (json.dumps(found, indent=1, sort_keys=True, default=str).splitlines() for found in (sync, aio))
    return "\n".join(difflib.unified_diff(one, other, "sync", "aio", lineterm="", n=6))
