"""The script of a model in this process: its weights run, and only the choice of the token is ours."""

import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NoReturn

from conformance.outcomes import HarnessError
from conformance.scripted.chatml import read, sayable, written
from conformance.scripted.script import Gate, Request, Scripted
from conformance.scripted.standin import StandIn
from conformance.scripted.tokens import Vocabulary, spelled

WIRE_ONLY: Final = ("url", "openai_url", "anthropic_url", "disconnected", "start", "model")
BLINK: Final = 0.02  # seconds between two looks whether a gate still counts


class ForcedModel(StandIn):
    """The script of a model in this process, with the face of `ScriptedServer` that scenarios use.

    Each generation takes the next reply, in order. Until something is scripted the model speaks for itself. What a
    request held is read back from the tokens of its prompt, as `chatml.read` says.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Scripted] = deque()
        self._default: Scripted | None = None
        self._is_scripted = False
        self._requests: list[Request] = []
        self._problem: Exception | None = None
        self._let_go = threading.Event()

    @property
    def requests(self) -> list[Request]:
        """The generations so far, in the order in which they began."""
        with self._lock:
            return list(self._requests)

    @property
    def unanswered(self) -> int:
        """How many replies of the script are still to be asked for."""
        with self._lock:
            return len(self._queue)

    def script(self, *replies: Scripted) -> None:
        """Add replies to the script; each generation takes the next one.

        Args:
            replies: Reply, or a callable that takes the Request and returns one.

        Raises:
            HarnessError: a model cannot say it.
        """
        for reply in replies:
            _check(reply)
        with self._lock:
            self._is_scripted = True
            self._queue.extend(replies)

    def always(self, reply: Scripted) -> None:
        """Say what to answer when the script is used up; without it that is a problem, and the reply is empty.

        Args:
            reply: Reply, or a callable that takes the Request and returns one.

        Raises:
            HarnessError: a model cannot say it.
        """
        _check(reply)
        with self._lock:
            self._is_scripted = True
            self._default = reply

    def clear(self) -> None:
        """Forget the script, what `always` said, and the requests."""
        with self._lock:
            self._queue.clear()
            self._requests.clear()
            self._default = None

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

    def overruled(self) -> None:
        """Note that the engine took another token than the one that was forced."""
        self._note(HarnessError("the engine forbids what the script says, by a grammar; the scenario needs 'wire'"))

    def begin(self, vocabulary: Vocabulary, prompt: Sequence[int], may_call: bool) -> Iterator[int] | None:
        """Record a generation, and take its reply from the script.

        Args:
            vocabulary: Vocabulary, of the model that generates.
            prompt: ids of all it reads.
            may_call: bool, whether the opener of a call may be sampled.

        Returns:
            Iterator of int: the tokens to be forced, which waits at gates; None leaves the model to itself.
        """
        body = read(vocabulary.decode(prompt), may_call)
        raw = json.dumps(body, ensure_ascii=False).encode()
        request = Request("inprocess", "", "", {}, raw, body)
        with self._lock:
            self._requests.append(request)
            count = len(self._requests)
            if not self._is_scripted:
                return None
            scripted = self._queue.popleft() if self._queue else self._default
        try:
            items = self._items(scripted, request, count)
            return self._spoken(spelled(vocabulary, items, may_call), vocabulary.end)
        except Exception as error:
            self._note(error)
            return self._spoken((), vocabulary.end)

    def _items(self, scripted: Scripted | None, request: Request, count: int) -> list[str | Gate]:
        if scripted is None:
            raise AssertionError(f"the script is exhausted: {count} generations began; script() more or set always()")
        return written(sayable(scripted(request) if callable(scripted) else scripted))

    def _spoken(self, items: Iterable[int | Gate], end: int) -> Iterator[int]:
        self._let_go.clear()
        for item in items:
            if isinstance(item, int):
                yield item
            elif not self._passed(item):
                self._note(AssertionError(f"a gate was not opened within {item.timeout:g} s"))
                break
        while True:
            yield end

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
