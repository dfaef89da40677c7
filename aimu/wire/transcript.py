"""Models in this process: a template renders the history, the model goes on writing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aimu.core.kwargs import translated
from aimu.core.messages import Message
from aimu.core.reply import Piece, Prompt, Reply, Request, usage_of
from aimu.core.structured import OutputSchema
from aimu.wire.schemas import for_grammar, has_grammar
from aimu.wire.spoken import Spoken, stop_told_apart
from aimu.wire.thinktags import OPEN

Render = Callable[..., str]


class TranscriptCodec:
    """Renders prompts with the model's own chat template (INPROCESS-6).

    Args:
        render: Called with ``messages=`` and template variables; returns the prompt.
        names: Portable generate_kwargs to the engine's names.
    """

    def __init__(self, render: Render, names: dict[str, str]) -> None:
        self._render = render
        self._names = names

    def parameters(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        kwargs = dict(kwargs)
        thinking = kwargs.pop("thinking", None)
        body, dropped = translated(kwargs, self._names)
        return body if thinking is None else {**body, "enable_thinking": bool(thinking)}, dropped

    def constrains(self, schema: OutputSchema) -> bool:
        return has_grammar(schema.json_schema)

    def encode(self, prompt: Prompt) -> Request:
        parameters = dict(prompt.parameters)
        variables = {"enable_thinking": parameters.pop("enable_thinking")} if "enable_thinking" in parameters else {}
        text = self._render(messages=[_plain(message) for message in prompt.messages], **variables)
        schema = {"schema": for_grammar(prompt.schema.json_schema)} if prompt.schema else {}
        return Request("", {"prompt": text, **parameters, **schema}, prompt.stream)

    def decoder(self, request: Request) -> TranscriptDecoder:
        return TranscriptDecoder(request.body["prompt"], bool(request.body.get("stop")))


def _plain(message: Message) -> Message:
    return {key: message[key] for key in ("role", "content") if key in message}


class TranscriptDecoder:
    """Reads one generation: fed its text as it comes, and at the end a dict with finish_reason and usage."""

    def __init__(self, prompt: str, has_stop: bool) -> None:
        self.reply = Reply()
        self._has_stop = has_stop
        self._spoken = Spoken(opened=prompt.rstrip().endswith(OPEN))

    def feed(self, event: str | dict[str, Any]) -> list[Piece]:
        if isinstance(event, str):
            return self._spoken.split(event)
        self.reply.stop_reason = event["finish_reason"]
        self.reply.usage = usage_of(event["usage"])
        return []

    def finish(self) -> list[Piece]:
        pieces = self._spoken.finish(self.reply)
        self.reply.stop_reason = stop_told_apart(self.reply.stop_reason, self._has_stop, self.reply.text)
        return pieces
