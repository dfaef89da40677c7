"""Ctrl-C or an alarm at one event of a provider: rung by the thread that tells them, heard by the one that reads."""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import FrameType
from typing import Any, Final

from conformance.in_process import InProcessTarget
from conformance.scripted import ForcedModel, Gate, Request, ScriptedServer
from conformance.scripted.answer import Answer
from conformance.targets import WireTarget

LOOK: Final = 0.002  # seconds between two looks at the main thread
PATIENCE: Final = 5.0  # seconds for it to hear the signal


class AlarmError(Exception):
    """What a program raises in a signal handler of its own, such as one for a time limit."""


class Bell:
    """Interrupts the main thread at one event.

    Attributes:
        raises: class of exception, default KeyboardInterrupt: what the handler of the signal raises.
        at: int, the event, from 1; 0 for none.
        count: int, the events that were told so far.
        rang: bool, whether the main thread was interrupted.
    """

    def __init__(self) -> None:
        self._main = threading.main_thread().ident or 0
        self._lock = threading.Lock()
        self._is_armed = False
        self.set(0)

    def set(self, at: int, raises: type[BaseException] = KeyboardInterrupt) -> None:
        """Begin anew."""
        self.at = at
        self.raises = raises
        self.count = 0
        self.rang = False
        self._heard = threading.Event()

    @contextlib.contextmanager
    def armed(self) -> Iterator[None]:
        """The span in which the main thread is interrupted; what is rung later is not heard."""
        before = signal.signal(signal.SIGINT, self._hear)
        self._is_armed = True
        try:
            yield
        finally:
            self._is_armed = False
            signal.signal(signal.SIGINT, before)

    def pass_by(self) -> None:
        """Called by a thread of the provider before each event."""
        with self._lock:
            if not self._is_armed:
                return
            self.count += 1
            is_it = self.count == self.at
        if is_it:
            self.ring()

    def ring(self) -> None:
        """Interrupt the main thread when it waits, and go on when it has heard."""
        self._until_it_waits()
        if self._is_armed:
            signal.pthread_kill(self._main, signal.SIGINT)
            self._heard.wait(PATIENCE)

    def _until_it_waits(self) -> None:
        end, before = time.monotonic() + PATIENCE, None
        while self._is_armed and time.monotonic() < end:
            frame = sys._current_frames()[self._main]
            now = (id(frame), frame.f_lasti)
            if now == before:
                return
            before = now
            time.sleep(LOOK)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._heard.set()
        if self._is_armed:
            self._is_armed = False
            self.rang = True
            raise self.raises


class BellGate(Gate):
    """Before an event of a wire."""

    def __init__(self, bell: Bell) -> None:
        super().__init__()
        self._bell = bell

    def wait(self, timeout: float) -> bool:  # noqa: ARG002
        self._bell.pass_by()
        return True


class RingingServer(ScriptedServer):
    """The scripted server, which passes a bell before the head of a response and before each of its events."""

    def __init__(self, bell: Bell) -> None:
        super().__init__()
        self._bell = bell

    def _answer(self, request: Request) -> Answer:
        answer = super()._answer(request)
        items = [piece for item in answer.items for piece in (BellGate(self._bell), item)]
        return replace(answer, before=[BellGate(self._bell), *answer.before], items=[*items, BellGate(self._bell)])


class RingingModel(ForcedModel):
    """The forced model, which passes a bell before each token."""

    def __init__(self, bell: Bell) -> None:
        super().__init__()
        self._bell = bell

    def _held(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in super()._held(items):
            self._bell.pass_by()
            yield item


class RingingWire(WireTarget):
    """A wire with a bell."""

    bell: Bell

    def stand_in(self, check: object) -> Any:  # noqa: ARG002
        server = RingingServer(self.bell)
        server.start()
        return server


class RingingEngine(InProcessTarget):
    """A model in this process with a bell."""

    bell: Bell

    def stand_in(self, check: object) -> Any:  # noqa: ARG002
        return RingingModel(self.bell)
