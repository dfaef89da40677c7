"""What all workflows share: their members, their histories, the one run that is going on."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar, Self

from aimu.core.images import check_message, image_list
from aimu.core.runners import MessageHistory, RunnerState, Task, forked_once, merged_messages, require_colour
from aimu.core.runs import Plan, WorkflowRun
from aimu.core.structured import output_schema
from aimu.errors import ConcurrentTurnError


class WorkflowState(RunnerState):
    """What all workflows share; a subclass is a dataclass that brings ``_members`` and ``_plan``."""

    name: str
    _interrupted: WorkflowRun | None = None
    _agent_class: ClassVar[Any]

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        """Refuse what cannot run; looked at when it is made and when a run begins, since fields may be set.

        Raises:
            ColourError: a member is of the other surface.
            TypeError: a member is no runner.
            ValueError: two speakers have one name, or a field has a value that makes no sense.
        """
        for where, member in self._members():
            require_colour(member, self, where, RunnerState)
        self.messages  # noqa: B018 - names that clash are found at once

    @property
    def messages(self) -> MessageHistory:
        """The histories of all who speak in it, by their names (WORKFLOW-3).

        Raises:
            ValueError: two of them have one name, or the workflow contains itself.
        """
        refuse_circle(self)
        return merged_messages(self.speakers())

    @classmethod
    def _agent(cls, config: dict[str, Any], client: Any) -> Any:
        """An agent of this surface on a fork of ``client``, which starts a new history with each run."""
        return cls._agent_class.from_config({"reset_messages_on_run": True, **config}, client)

    def _parts(self) -> list[RunnerState]:
        return [member for _, member in self._members()]

    def _members(self) -> Sequence[tuple[str, RunnerState]]:
        """Each runner it is made of, behind what to call it in an error."""
        raise NotImplementedError

    def _plan(self, task: Task) -> Plan:
        raise NotImplementedError

    def _begin(self, task: Task) -> WorkflowRun:
        """A checked run that has not begun."""
        self._check()
        check_message(task.text, bool(task.images))
        output_schema(task.schema)
        images = image_list(task.images) or None  # an iterator would serve one member only
        task = replace(task, images=images, generate_kwargs=copy.copy(task.generate_kwargs))
        return WorkflowRun(self.name, task, self._plan(task))

    def _interrupted_run(self, task: Task) -> WorkflowRun:
        """The run that was interrupted, to go on under the settings of ``task``.

        Raises:
            ValueError: none was, or it was asked for another schema.
        """
        run, given = self._interrupted, task
        if run is None:
            raise ValueError(f"nothing to resume: no run of {self.name!r} was interrupted")
        if given.schema not in (None, run.task.schema):
            raise ValueError("a workflow goes on under the schema it was run with; leave schema= out, or run it anew")
        kwargs = run.task.generate_kwargs if given.generate_kwargs is None else given.generate_kwargs
        return run.again(replace(run.task, generate_kwargs=kwargs, stream=given.stream))

    def _can_resume(self) -> bool:
        return self._interrupted is not None

    @contextmanager
    def _kept(self, run: WorkflowRun) -> Iterator[None]:
        """The span of a run, one at a time; what does not end well is kept for ``resume`` (WORKFLOW-6, WORKFLOW-8).

        Raises:
            ConcurrentTurnError: another run is going on, or workers of an interrupted one are (PARALLEL-13).
        """
        if self._interrupted is not None and self._interrupted.is_left_at_work:
            raise ConcurrentTurnError(
                f"{self.name!r} was interrupted, and its workers are still at work; wait for them, or use fork()"
            )
        # setdefault is one step for other threads
        if vars(self).setdefault("_running", run) is not run:
            raise ConcurrentTurnError(f"{self.name!r} is doing a task; wait for it or close its stream, or use fork()")
        run._at_close, self._interrupted = self._let_go, None
        try:
            yield
        except BaseException:
            run.give_up()
            raise
        finally:
            self._let_go(run)

    def _let_go(self, run: WorkflowRun) -> None:
        """End the span of ``run``; harmless when it is not the one that is going on."""
        if vars(self).get("_running") is run:
            self._interrupted = None if run.is_over else run
            del vars(self)["_running"]

    def _fork(self, suffix: str, forks: dict[int, Any]) -> Self:
        forks[id(self)] = twin = copy.copy(self)  # before its members, one of which may lead back here
        vars(twin).pop("_running", None)
        for name, value in list(vars(twin).items()):
            setattr(twin, name, forked(value, suffix, forks))
        twin._interrupted = None
        return twin


def forked(value: Any, suffix: str, forks: dict[int, Any]) -> Any:
    """``value`` with each runner in it forked; one that occurs twice has one fork."""
    if isinstance(value, RunnerState):
        return forked_once(value, suffix, forks)
    if isinstance(value, Mapping):
        return {key: forked(part, suffix, forks) for key, part in value.items()}
    is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    return [forked(part, suffix, forks) for part in value] if is_list else value


def refuse_circle(workflow: WorkflowState) -> None:
    """Refuse a workflow that contains itself, which would never end.

    Raises:
        ValueError: it does.
    """
    seen: set[int] = set()
    ahead: list[RunnerState] = [workflow]
    while ahead:
        inner = ahead.pop()
        members = [member for _, member in inner._members()] if isinstance(inner, WorkflowState) else []
        if any(member is workflow for member in members):
            raise ValueError(f"{workflow.name!r} contains itself, and would never end; make {inner.name!r} without it")
        ahead += [member for member in members if id(member) not in seen]
        seen.update(map(id, members))


def numbered(what: str, runners: Sequence[RunnerState]) -> list[tuple[str, RunnerState]]:
    """``runners`` behind ``what[0]``, ``what[1]``, ...

    Raises:
        TypeError: they are no list, but one runner, say, or an iterator, which could be gone through once only.
    """
    given: object = runners
    if not isinstance(given, Sequence):
        raise TypeError(f"{what} must be a list of runners, not {type(given).__name__}")
    return [(f"{what}[{index}]", runner) for index, runner in enumerate(runners)]


def prompt_list(what: str, prompts: Iterable[str]) -> list[str]:
    """The prompts of a factory; a single text would be taken for one prompt a letter.

    Raises:
        TypeError: they are one text.
    """
    if isinstance(prompts, str):
        raise TypeError(f"{what} takes a list of texts, not a single str; write [{prompts[:20]!r}]")
    return list(prompts)


def member_name(name: str, default: str, part: str) -> str:
    """What a factory calls an agent: by its part, behind the workflow's name where it has one of its own."""
    return part if name == default else f"{name}-{part}"


def check_rounds(rounds: int) -> None:
    """Refuse a number of rounds that leaves no answer.

    Raises:
        ValueError: it is below one.
    """
    if not isinstance(rounds, int) or rounds < 1:
        raise ValueError(f"max_rounds={rounds!r} must be at least 1")


def checked_workers(workers: Iterable[RunnerState], owner: type) -> list[Any]:
    """Workers an orchestrator can call at the same time (ORCHESTRATOR-2).

    Raises:
        ColourError: one is of the other surface.
        TypeError: one is no runner.
        ValueError: there are none, or two share a conversation.
    """
    workers = list(workers)
    if not workers:
        raise ValueError("workers is empty; name at least one runner")
    for where, worker in numbered("workers", workers):
        require_colour(worker, owner, where, RunnerState)
    require_apart(workers, "workers")
    return workers


def require_apart(runners: Iterable[RunnerState], what: str) -> None:
    """Refuse runners that would speak in one conversation at the same time (PARALLEL-7).

    Raises:
        ValueError: two of them share one.
    """
    held: dict[int, int] = {}
    for index, runner in enumerate(runners):
        for conversation in runner.conversations():
            if (other := held.setdefault(id(conversation), index)) != index:
                raise ValueError(
                    f"{what}[{other}] and {what}[{index}] share a conversation, and would speak in it at the same "
                    "time; give each a client of its own with client.fork()"
                )
