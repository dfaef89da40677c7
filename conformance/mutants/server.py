"""A process forked for each job, from one that has loaded what all of them need."""

import contextlib
import gc
import math
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Final

from conformance.mutants.checking import Job
from conformance.mutants.verdicts import Answer, Verdict
from conformance.outcomes import Outcome

FORK: Final = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Fork:
    """A job at work.

    Args:
        job: Job.
        process: its process, which leads a group of its own.
        answers: the end of the pipe that its answer comes from.
        begin: float, when it began.
        limit: float, seconds after which it is killed.
    """

    job: Job
    process: ForkProcess
    answers: Connection
    begin: float
    limit: float

    @property
    def rest(self) -> float:
        """The seconds left to it."""
        return self.begin + self.limit - time.monotonic()

    def end(self) -> Answer:
        """Its answer; whatever it leaves is killed."""
        try:
            if not self.answers.poll():
                return Answer(Verdict.TIMED_OUT, f"no answer within {self.limit:g} s", self.limit)
            answer: Answer = self.answers.recv()
        except EOFError:
            self.process.join()
            return Answer(Outcome.HARNESS_ERROR, f"its process died with exit code {self.process.exitcode}")
        finally:
            self.kill()
        return answer

    def kill(self) -> None:
        """Kill it and every program it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        self.process.join()
        self.process.close()
        self.answers.close()


def serve(
    jobs: Sequence[Job], work: Callable[[Job], Answer], limit: Callable[[Job], float], count: int
) -> Iterator[tuple[Job, Answer]]:
    """Work off jobs, several at a time.

    Args:
        jobs: Sequence of Job.
        work: what runs one, in a forked process.
        limit: how many seconds one may take.
        count: int, how many run at a time.

    Yields:
        tuple of Job and Answer: as they end.
    """
    waiting, forks = list(reversed(jobs)), dict[Connection, Fork]()
    try:
        while waiting or forks:
            while waiting and len(forks) < count:
                fork = _fork(waiting.pop(), work, limit)
                forks[fork.answers] = fork
            ended = wait(list(forks), timeout=max(0, min(fork.rest for fork in forks.values())))
            for fork in [fork for fork in forks.values() if fork.answers in ended or fork.rest <= 0]:
                del forks[fork.answers]
                yield fork.job, fork.end()
    finally:
        for fork in forks.values():
            fork.kill()


def _fork(job: Job, work: Callable[[Job], Answer], limit: Callable[[Job], float]) -> Fork:
    gc.freeze()  # what is there by now is shared by all forks, and not copied to be looked through
    answers, mouth = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_answer, args=(mouth, work, job, limit(job)))
    process.start()
    with contextlib.suppress(ProcessLookupError, PermissionError):  # whoever is first, parent or child
        os.setpgid(process.pid or 0, process.pid or 0)
    mouth.close()
    return Fork(job, process, answers, time.monotonic(), limit(job))


def _answer(mouth: Connection, work: Callable[[Job], Answer], job: Job, limit: float) -> None:
    os.setpgid(0, 0)
    most = math.ceil(limit) + 1  # an endless loop ends also where nobody is left to kill it
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    try:
        answer = work(job)
    except Exception as error:
        answer = Answer(Outcome.HARNESS_ERROR, f"{type(error).__name__}: {error}")
    mouth.send(answer)
    mouth.close()
    os._exit(0)  # threads that a break left running are waited for by nobody
