"""The script of a model that is reached over no wire, with the face of the scripted server."""

import json
import threading
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn, TypeVar

from conformance.outcomes import HarnessError
from conformance.scripted.chatml import sayable
from conformance.scripted.pieces import pieces
from conformance.scripted.queued import Queued
from conformance.scripted.script import Gate, Json, Reply, Request, Scripted

WIRE_ONLY: Final = ("url", "openai_url", "anthropic_url", "disconnected", "start", "model")
BLINK: Final = 0.02  # seconds between two looks whether a gate still counts

T = TypeVar("T")


class ScriptedModel(Queued):
    """The script of a model that is reached over no wire, with the face of `ScriptedServer` that scenarios use.

    What a provider asks of its model it hands to `answer` first, and says the reply that it is given, by `spoken`.
    Until something is scripted the model speaks for itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_scripted = False
        self._problem: Exception | None = None
        self._let_go = threading.Event()

    def script(self, *replies: Scripted) -> None:
        """Add replies to the script; each generation takes the next one.

        Args:
            replies: Reply, or a callable that takes the Request and returns one.

        Raises:
            HarnessError: a model cannot say it.
        """
        for reply in replies:
            _check(reply)
        super().script(*replies)
        self._is_scripted = True

    def always(self, reply: Scripted) -> None:
        """Say what to answer when the script is used up; without it that is a problem, and the reply is empty.

        Args:
            reply: Reply, or a callable that takes the Request and returns one.

        Raises:
            HarnessError: a model cannot say it.
        """
        _check(reply)
        super().always(reply)
        self._is_scripted = True

    def let_go(self) -> None:
        """Hold no generation at a gate any longer: who asked for it is leaving, and a token cannot be taken back."""
        self._let_go.set()

    def raise_problem(self) -> None:
        """Raise what went wrong inside of an engine, where an exception would have been lost.

        Raises:
            HarnessError: a callable of the script failed, or returned what a model cannot say.
            AssertionError: the script was used up, or a gate was not opened in time.
        """
        if self._problem is not None:
            raise self._problem

    def answer(self, body: Json) -> Reply | None:
        """Record what the model is asked, and take its reply from the script.

        Args:
            body: dict, in the words of Chat Completions: `messages`; `tools` where there are any; `tool_choice` "none"
                where calls are forbidden; each parameter under its portable name.

        Returns:
            Reply: to be said in place of the model; None leaves the model to itself.
        """
        raw = json.dumps(body, ensure_ascii=False).encode()
        request = Request("inprocess", "", "", {}, raw, body)
        with self._lock:
            count = self._keep(request)
            if not self._is_scripted:
                return None
            scripted = self._next()
        try:
            if scripted is None:
                raise AssertionError(
                    f"the script is exhausted: {count} generations began; script() more or set always()"
                )
            return sayable(scripted(request) if callable(scripted) else scripted)
        except Exception as error:
            self._note(error)
            return Reply()

    def spoken(self, reply: Reply) -> Iterator[str]:
        """The text of a reply, piece by piece, held at its gates; what waits there is not to be the event loop.

        Args:
            reply: Reply, one that `answer` gave.
        """
        before = [] if reply.before is None else [reply.before]
        yield from self._held([*before, *pieces(reply.text)])

    def _held(self, items: Iterable[T | Gate]) -> Iterator[T]:
        """The items, up to a gate that is not opened in time; not the gates."""
        self._let_go.clear()
        for item in items:
            if not isinstance(item, Gate):
                yield item
            elif not self._passed(item):
                self._note(AssertionError(f"a gate was not opened within {item.timeout:g} s"))
                return

    def _passed(self, gate: Gate) -> bool:
        gate.reached.set()
        looks = max(1, round(gate.timeout / BLINK))
        return any(gate.wait(BLINK) or self._let_go.is_set() for _ in range(looks))

    def _note(self, problem: Exception) -> None:
        if self._problem is None:
            is_told = isinstance(problem, (AssertionError, HarnessError))
            self._problem = problem if is_told else HarnessError(f"the script failed: {problem!r}")
            self._problem.__cause__ = None if is_told else problem

    def __getattr__(self, name: str) -> NoReturn:
        if name in WIRE_ONLY:
            raise HarnessError(f"a model in this process has no {name}; the scenario needs 'wire'")
        raise AttributeError(name)


def _check(reply: Scripted) -> None:
    if not callable(reply):
        sayable(reply)
