"""Models in this process: a template renders the history, the model goes on writing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aimu.core.conversation import with_system
from aimu.core.kwargs import translated
from aimu.core.messages import Message
from aimu.core.reply import Piece, Prompt, Reply, Request, usage_of
from aimu.core.structured import OutputSchema
from aimu.errors import InvalidRequestError
from aimu.wire.family import Family, Tools
from aimu.wire.schemas import for_grammar, has_grammar

Render = Callable[..., str]
OURS = frozenset(
    ("prompt", "images", "tools", "schema", "banned", "constraint", "limit", "may_think", "inputs")
)  # what a request is made of


class TranscriptCodec:
    """Renders prompts with the model's own chat template (INPROCESS-6).

    Args:
        template: The template's text.
        render: Called with ``messages=``, ``tools=`` and template variables; returns the prompt.
        family: How the model writes thinking and calls.
        names: Portable generate_kwargs to the engine's names.
        has_grammars: Whether the engine can keep what is written to a grammar.
    """

    def __init__(
        self, template: str, render: Render, family: Family, names: dict[str, str], *, has_grammars: bool
    ) -> None:
        self.family = family
        self._template = template
        self._render = render
        self._names = names
        self._has_grammars = has_grammars

    def parameters(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        if ours := sorted(OURS.intersection(kwargs)):
            raise InvalidRequestError(f"models in this process have no generate_kwargs called {', '.join(ours)}")
        thinking = {"thinking": kwargs["thinking"]} if "thinking" in kwargs else {}
        body, dropped = translated({key: value for key, value in kwargs.items() if key != "thinking"}, self._names)
        return {**body, **thinking}, dropped

    def constrains(self, schema: OutputSchema) -> bool:
        return self._has_grammars and not self.family.has_frames and has_grammar(schema.json_schema)

    def encode(self, prompt: Prompt) -> Request:
        body = dict(prompt.parameters)
        thinking = body.pop("thinking", None)
        variables = self.family.variables(self._template, thinking)
        tools = list(prompt.tools) if prompt.may_call or self.family.openers else []
        said = list(prompt.messages)
        if images := _images(said):
            body["images"] = images
        if tools and not prompt.may_call:
            body["banned"] = self.family.openers
        elif tools and self._has_grammars and (constraint := self.family.constraint(tools)):
            body["constraint"] = constraint
        if prompt.schema and tools and not body.keys() & {"banned", "constraint"}:
            said = _told(said, prompt.schema)  # a grammar of the answer alone would forbid the calls
        elif prompt.schema:
            body["schema"] = for_grammar(prompt.schema.json_schema)
            body["may_think"] = bool(thinking)
        body["prompt"] = self._render(messages=self.family.messages(said), tools=tools or None, **variables)
        body["tools"] = tools
        return Request("", body, prompt.stream)

    def decoder(self, request: Request) -> TranscriptDecoder:
        return TranscriptDecoder(self.family, request.body["prompt"], request.body["tools"])


def _told(messages: Sequence[Message], schema: OutputSchema) -> list[Message]:
    """The messages with the schema in the system message."""
    system = messages[0]["content"] if messages and messages[0]["role"] == "system" else None
    return with_system(messages, "\n\n".join(filter(None, (system, schema.instruction()))))


def _images(messages: Sequence[Message]) -> list[str]:
    """The images of a history in order, each as its URL."""
    contents = [message["content"] for message in messages if isinstance(message.get("content"), list)]
    return [part["image_url"]["url"] for content in contents for part in content if part["type"] == "image_url"]


class TranscriptDecoder:
    """Reads one generation: fed its text as it comes, and at the end a dict with finish_reason and usage."""

    def __init__(self, family: Family, prompt: str, tools: Tools) -> None:
        self.reply = Reply()
        self._reader = family.reader(prompt, tools) if tools else family.text_reader(prompt)

    def feed(self, event: str | dict[str, Any]) -> list[Piece]:
        if isinstance(event, str):
            return self._reader.feed(event)
        self.reply.stop_reason = event["finish_reason"]
        self.reply.usage = usage_of(event["usage"])
        return []

    def finish(self) -> list[Piece]:
        pieces = self._reader.finish(self.reply)
        if self.reply.calls and self.reply.stop_reason == "stop":
            self.reply.stop_reason = "tool_calls"
        return pieces
