"""Verdicts: where to go, good enough or not, how good. Structured where the provider keeps to a schema, else
one strict line; never a word that happens to occur in a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from aimu.core.steps import Step
from aimu.core.structured import as_text, output_schema
from aimu.errors import VerdictError

V = TypeVar("V")
NO_ROUTE = "none of these"
REVISE = "REVISE"


class Judgement(NamedTuple):
    """What an evaluator found."""

    passed: bool
    feedback: str


class Score(NamedTuple):
    """What a judge found: 0 to 1, and why."""

    score: float
    feedback: str


@dataclass(frozen=True)
class Question(Generic[V]):
    """What is to be decided.

    Attributes:
        schema: JSON Schema of the answer where the provider keeps to it.
        protocol: What is asked for where it does not.
        from_object: From the structured answer to the verdict.
        from_text: From the answer in text to the verdict; ValueError when it does not keep to the protocol.
    """

    schema: dict[str, Any]
    protocol: str
    from_object: Callable[[dict[str, Any]], V]
    from_text: Callable[[str], V]

    def asked_of(self, runner: Any, text: str) -> Generator[Step, None, V]:
        """The steps that get a verdict from a runner (VERDICT-1, VERDICT-2).

        Raises:
            VerdictError: there is none, even when asked once more.
        """
        schema = output_schema(self.schema)
        if schema and runner._can_constrain(schema):
            step = Step(runner, text, schema=self.schema, is_quiet=True, is_verdict=True)
            yield step
            if isinstance(step.failure, Exception):
                raise _no_verdict(runner, getattr(step.failure, "text", "")) from step.failure
            return self.from_object(step.result)
        words = f"{text}\n\n{self.protocol}"
        for again in (True, False):
            step = Step(runner, words, is_quiet=True)
            yield step
            answer = as_text(step.result)
            try:
                return self.from_text(answer)
            except ValueError as exc:
                if not again:
                    raise _no_verdict(runner, answer) from exc
                # the whole question once more, for those that remember nothing
                words = f"{text}\n\nYour answer {answer!r} cannot be used: {exc}. {self.protocol}"
        raise AssertionError("unreachable")


def _no_verdict(runner: Any, answer: str) -> VerdictError:
    name = getattr(runner, "name", None) or type(runner).__name__
    return VerdictError(
        f"{name!r} gave no verdict that can be followed: {answer!r}; tell it more plainly what it is to decide, "
        "or use a model that keeps to a schema",
        text=answer,
    )


def _schema(title: str, **properties: Any) -> dict[str, Any]:
    return {
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def which_route(names: Iterable[str], has_fallback: bool) -> Question[str | None]:
    """Which of the names; None stands for the fallback."""
    routes = [*names, *([NO_ROUTE] if has_fallback else [])]
    by_folded = {route.strip().casefold(): route for route in routes}

    def found(answer: str) -> str | None:
        route = by_folded[answer.strip().casefold()]
        return None if route == NO_ROUTE else route

    def from_text(text: str) -> str | None:
        line = re.fullmatch(r"(?:ROUTE:)?\s*(.+?)\s*", text.strip(), re.IGNORECASE)
        if not line or line[1].casefold() not in by_folded:
            raise ValueError(f"{text!r} is not one of the routes")
        return found(line[1])

    return Question(
        _schema("route", route={"type": "string", "enum": routes}),
        f"Answer with this one line and nothing else:\nROUTE: <one of: {', '.join(routes)}>",
        lambda answer: found(answer["route"]),
        from_text,
    )


def check_keyword(keyword: str) -> None:
    """Refuse a word that no line of an answer could be, or that means the contrary.

    Raises:
        ValueError: it is empty, longer than a line, or ``REVISE``.
    """
    is_word = isinstance(keyword, str) and keyword.strip() == keyword and len(keyword.splitlines()) == 1
    if not is_word or keyword == REVISE:
        raise ValueError(f"pass_keyword={keyword!r} must be a word, without space round it, and not {REVISE!r}")


def whether_it_passes(keyword: str) -> Question[Judgement]:
    """Whether a draft passes, and what is to be done about it if not."""

    def from_text(text: str) -> Judgement:
        verdict, feedback = _first_line("VERDICT", text)
        if verdict not in (keyword, REVISE):
            raise ValueError(f"{verdict!r} is neither {keyword!r} nor {REVISE!r}")
        return Judgement(verdict == keyword, feedback)

    return Question(
        _schema("verdict", verdict={"type": "string", "enum": [keyword, REVISE]}, feedback={"type": "string"}),
        f"Answer with a first line that is either\nVERDICT: {keyword}\nor\nVERDICT: {REVISE}\n"
        "and with your feedback in the lines below it.",
        lambda answer: Judgement(answer["verdict"] == keyword, answer["feedback"]),
        from_text,
    )


def how_good() -> Question[Score]:
    """How good an output is, out of ten."""

    def from_text(text: str) -> Score:
        number, feedback = _first_line("SCORE", text)
        if not re.fullmatch(r"[1-9]|10", number):
            raise ValueError(f"{number!r} is not a whole number from 1 to 10")
        return Score(int(number) / 10, feedback)

    return Question(
        _schema("score", score={"type": "integer", "minimum": 1, "maximum": 10}, feedback={"type": "string"}),
        "Answer with a first line\nSCORE: <a whole number from 1 to 10>\nand with your reasons in the lines below it.",
        lambda answer: Score(answer["score"] / 10, answer["feedback"]),
        from_text,
    )


def _first_line(label: str, text: str) -> tuple[str, str]:
    """What the first line says behind ``label:``, and the rest."""
    first, _, rest = text.strip().partition("\n")
    line = re.fullmatch(rf"{label}:\s*(.+?)\s*", first)
    if not line:
        raise ValueError(f"the first line is not '{label}: ...' but {first!r}")
    return line[1], rest.strip()
