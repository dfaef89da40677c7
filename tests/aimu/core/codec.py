"""The smallest codec there can be: a request is its prompt, an event is a whole Reply."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.conversation import Conversation
from aimu.core.options import TurnOptions
from aimu.core.reply import Piece, Prompt, Reply, Request, ToolCall
from aimu.core.structured import OutputSchema
from aimu.core.turn import Turn


class PlainCodec:
    """Keeps every prompt it has encoded."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def parameters(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        return {key: value for key, value in kwargs.items() if key != "min_p"}, [
            key for key in kwargs if key == "min_p"
        ]

    def constrains(self, schema: OutputSchema) -> bool:  # noqa: ARG002 - it constrains nothing
        return False

    def encode(self, prompt: Prompt) -> Request:
        self.prompts.append(deepcopy(prompt))
        return Request("", {}, prompt.stream)

    def decoder(self, _: Request) -> "PlainDecoder":
        return PlainDecoder()


class PlainDecoder:
    """Reads one Reply."""

    def __init__(self) -> None:
        self.reply = Reply()

    def feed(self, event: Reply) -> Sequence[Piece]:
        self.reply = deepcopy(event)
        return [(phase, text) for phase, text in ((THINKING, event.thinking), (GENERATING, event.text)) if text]

    def finish(self) -> Sequence[Piece]:
        return []


def a_turn(talk: Conversation, codec: PlainCodec | None = None, content: str | None = "hi", **options: Any) -> Turn:
    """A turn that has not begun."""
    return Turn(talk, codec or PlainCodec(), TurnOptions(**{"parameters": {}, **options}), content)


def calling(*names: str, arguments: str = "{}", **reply: Any) -> Reply:
    """A reply that calls tools by name, its ids c1, c2, ..."""
    calls = [ToolCall(f"c{number}", name, arguments) for number, name in enumerate(names, 1)]
    return Reply(**{"calls": calls, "stop_reason": "tool_calls", **reply})
