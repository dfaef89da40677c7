"""Scorers: what one is told, what it may return, and the judge that is a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Generic, NamedTuple, TypeVar

from aimu.core.client import ClientState
from aimu.core.colour import Colour, is_async_callable, refuse_awaitable
from aimu.core.conversation import Conversation
from aimu.core.failures import named_end
from aimu.core.options import Kwargs
from aimu.core.runners import Task, require_colour
from aimu.core.runs import WorkflowRun
from aimu.core.structured import OutputSchema
from aimu.core.verdicts import Score, how_good
from aimu.errors import ColourError

C = TypeVar("C", bound=ClientState)
FALLBACK_CRITERIA = "Successfully complete the task, wholly and correctly."
PROMPT = """Judge how well an output does a task.

Task:
{content}

Criteria:
{criteria}

Output:
{output}

Give a score from 1, useless, to 10, nothing to improve, and say why."""
_ASYNC = "the scorer is async and this is the sync surface; use aimu.aio, or make it a plain def"


class ScoredRow(NamedTuple):
    """What a scorer looks at.

    Attributes:
        content: The task.
        output: What was made of it.
        reference: The criteria.
    """

    content: str
    output: str
    reference: str


@dataclass(eq=False)
class Scoring:
    """A step in which a scorer, which is no runner, scores an output."""

    scorer: Any
    row: ScoredRow
    result: Score = field(default_factory=lambda: Score(0.0, ""))
    is_done: bool = False

    @property
    def call(self) -> Callable[[ScoredRow], Any]:
        """What is called with the row."""
        score: Callable[[ScoredRow], Any] = getattr(self.scorer, "score", self.scorer)
        return score

    @property
    def is_async(self) -> bool:
        return is_async_callable(self.call)

    def invoke(self) -> Any:
        """Call the scorer. What would end a generator it passes through becomes RuntimeError."""
        try:
            return self.call(self.row)
        except (StopIteration, StopAsyncIteration) as exc:
            raise named_end(exc, "the scorer") from exc

    def take(self, given: Any) -> None:
        """Take what the scorer returned (SCORER-2).

        Raises:
            TypeError: it is no pair of a number and a text.
            ValueError: the number is not from 0 to 1.
            ColourError: it is awaitable, so the scorer was async after all.
        """
        refuse_awaitable(given, _ASYNC)
        if not (isinstance(given, (tuple, list)) and len(given) == 2):
            raise TypeError(f"a scorer returns (score, feedback), not {given!r}")
        score, feedback = given
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not isinstance(feedback, str):
            raise TypeError(f"a scorer returns (score, feedback), a number and a text, not {given!r}")
        if not 0 <= score <= 1:
            raise ValueError(f"a score is from 0 to 1, not {score!r}")
        self.result, self.is_done = Score(float(score), feedback), True


def check_scorer(scorer: Any, here: Colour) -> None:
    """Refuse what is no scorer, or is one this surface cannot call (SCORER-1).

    Raises:
        TypeError: it is neither a function nor has ``score``.
        ColourError: it is async and this is the sync surface, or a judge of the other surface.
    """
    call = getattr(scorer, "score", scorer)
    if not callable(call):
        raise TypeError(f"scorer must be a function or have score(row), and is {type(scorer).__name__}")
    if here == "sync" and is_async_callable(call):
        raise ColourError(_ASYNC)


@dataclass(eq=False)
class JudgeState(Generic[C]):
    """A model that scores outputs (SCORER-3).

    Attributes:
        judge_client: Its client; only ``generate`` is called, so it may be used for other things too.
        criteria: What a good output is, where the row does not say.
        prompt_template: What it is asked, with ``{content}``, ``{output}`` and ``{criteria}``; None for ours.
        generate_kwargs: Settings of its requests.
    """

    judge_client: C
    criteria: str | None = None
    prompt_template: str | None = None
    generate_kwargs: Kwargs = None

    def __post_init__(self) -> None:
        require_colour(self.judge_client, self, "judge_client", ClientState)
        named = {name for _, name, _, _ in Formatter().parse(self.prompt_template or PROMPT) if name is not None}
        if unknown := sorted(named - {"content", "output", "criteria"}):
            raise ValueError(f"prompt_template has {unknown}; it may have {{content}}, {{output}} and {{criteria}}")

    def _asking(self, row: ScoredRow) -> WorkflowRun:
        """The run of one verdict."""
        criteria = self.criteria or row.reference or FALLBACK_CRITERIA
        prompt = (self.prompt_template or PROMPT).format(content=row.content, output=row.output, criteria=criteria)
        return WorkflowRun("judge", Task(prompt), how_good().asked_of(self, prompt))

    def conversations(self) -> list[Conversation]:
        """None: ``generate`` speaks in no conversation."""
        return []

    def _can_constrain(self, schema: OutputSchema) -> bool:
        return self.judge_client._codec.constrains(schema)
