"""Chat Completions: requests out, whole bodies and chunks in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aimu.core.chunks import THINKING
from aimu.core.kwargs import translated
from aimu.core.messages import Message, sendable
from aimu.core.models import ModelSpec
from aimu.core.reply import Piece, Prompt, Reply, Request, ToolCall, Usage, usage_of
from aimu.core.structured import OutputSchema
from aimu.errors import MalformedResponseError
from aimu.wire.dialects import DIALECTS, Dialect
from aimu.wire.errors import cut_off, error_for, parsed_body
from aimu.wire.ids import accepted_id
from aimu.wire.reasoning import detailed_thought, merge_details
from aimu.wire.schemas import is_closed, strict
from aimu.wire.spoken import Spoken, stop_told_apart

# other words for ours
_STOP_REASONS = {"eos": "stop", "function_call": "tool_calls"}


class OpenAICodec:
    """Speaks Chat Completions to one provider about one model (WIRE-OPENAI-1)."""

    def __init__(self, provider: str, model: ModelSpec) -> None:
        self._provider = provider
        self._model = model
        self._dialect = DIALECTS.get(provider, Dialect())

    def parameters(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        kwargs = dict(kwargs)
        thinking = kwargs.pop("thinking", None)
        body, dropped = translated(kwargs, self._dialect.names)
        if thinking is not None and self._model.thinking:
            body = {**self._dialect.thinking_parameters(thinking), **body}
        return body, dropped

    def constrains(self, schema: OutputSchema) -> bool:  # noqa: ARG002 - what is not strict is still sent
        return self._dialect.schema

    def encode(self, prompt: Prompt) -> Request:
        body: dict[str, Any] = {"model": self._model.id, "messages": [self._message(m) for m in prompt.messages]}
        body.update(prompt.parameters)
        if not prompt.may_call:
            body.pop("tool_choice", None)
        if prompt.tools and (prompt.may_call or any(m.get("tool_calls") for m in prompt.messages)):
            body["tools"] = list(prompt.tools)
            if not prompt.may_call:
                body["tool_choice"] = "none"
        if prompt.schema:
            body["response_format"] = {"type": "json_schema", "json_schema": _schema_parameter(prompt.schema)}
        if prompt.stream:
            body["stream"] = True
            if self._dialect.usage:
                body.setdefault("stream_options", {"include_usage": True})
        return Request("/chat/completions", body, prompt.stream)

    def decoder(self, request: Request) -> OpenAIDecoder:
        return OpenAIDecoder(self._provider, request.stream, bool(request.body.get("stop")), self._dialect.returns)

    def _message(self, message: Message) -> Message:
        role, content = message["role"], message.get("content")
        if role == "tool":
            return {"role": "tool", "tool_call_id": self._call_id(message["tool_call_id"]), "content": content or ""}
        sent: Message = {"role": role, "content": content}
        if calls := message.get("tool_calls"):
            sent["tool_calls"] = [{**_plain_call(call), "id": self._call_id(call["id"])} for call in calls]
        state = message.get("provider_state") or {}
        if state.get("provider") == self._provider:
            sent.update({key: value for key, value in state.items() if key != "provider"})
        return sent

    def _call_id(self, call_id: str) -> str:
        return accepted_id(call_id, self._dialect.call_id)


def _schema_parameter(schema: OutputSchema) -> dict[str, Any]:
    is_strict = is_closed(schema.json_schema)
    json_schema = strict(schema.json_schema) if is_strict else schema.json_schema
    return {"name": schema.name, "schema": json_schema, "strict": is_strict}


def _plain_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {
        "id": call["id"],
        "type": "function",
        "function": {"name": function["name"], "arguments": function["arguments"]},
    }


class OpenAIDecoder:
    """Reads one reply: fed its chunks as SSE data, or its whole body once (WIRE-OPENAI-2)."""

    def __init__(self, provider: str, stream: bool, has_stop: bool, returns: Sequence[str]) -> None:
        self.reply = Reply()
        self._provider = provider
        self._stream = stream
        self._has_stop = has_stop
        self._returns = returns
        self._spoken = Spoken()
        self._half = ""
        self._refusal: list[str] = []
        self._at: dict[int | str | None, ToolCall] = {}
        self._arguments: dict[int, list[str]] = {}  # by call, joined once: long ones cost no more than their length
        self._details: list[dict[str, Any]] = []
        self._finish: str | None = None
        self._ended = not stream

    @property
    def is_whole(self) -> bool:
        """Whether a stream has said all that makes a reply."""
        return self._stream and bool(self._ended or self._finish)

    def feed(self, event: str | bytes) -> list[Piece]:
        if event == "[DONE]":
            self._ended = True
            return []
        body = self._parsed(event)
        if body.get("error"):
            raise error_for(self._provider, None, body)
        if usage := body.get("usage"):
            self.reply.usage = read_usage(usage)
        pieces: list[Piece] = []
        for choice in body.get("choices") or ():
            if not choice.get("index"):
                pieces += self._choice(choice)
        return pieces

    def finish(self) -> list[Piece]:
        """What was held back. A stream that neither said why it ended nor sent [DONE] was cut."""
        if not (self._ended or self._finish):
            raise cut_off(self._provider)
        reply = self.reply
        pieces = self._spoken.finish(reply)
        for call in reply.calls:
            call.arguments = "".join(self._arguments[id(call)])
        reply.refusal = "".join(self._refusal) or None
        reply.stop_reason = self._stop_reason(reply)
        if reply.stop_reason == "content_filter" and not (reply.text or reply.calls):
            reply.refusal = reply.refusal or "the provider's content filter stopped the reply"
        reply.state = self._state(reply)
        return pieces

    def _parsed(self, event: str | bytes) -> dict[str, Any]:
        body = parsed_body(self._provider, event)
        if not (self._stream or body.get("error") or isinstance(body.get("choices"), list)):
            raise MalformedResponseError(f"{self._provider} sent a body without choices", provider=self._provider)
        return body

    def _choice(self, choice: dict[str, Any]) -> list[Piece]:
        delta = choice.get("delta" if self._stream else "message") or {}
        pieces: list[Piece] = []
        details = delta.get("reasoning_details") or ()
        if thought := delta.get("reasoning_content") or delta.get("reasoning") or detailed_thought(details):
            pieces += self._spoken.keep([(THINKING, thought)])
        if content := delta.get("content"):
            pieces += self._content(content)
        if refusal := delta.get("refusal"):
            self._refusal.append(refusal)
        for position, call in enumerate(delta.get("tool_calls") or ()):
            # in a whole reply each entry is a call, whatever its index and id
            self._call(call, call.get("index") if self._stream else position)
        if (legacy := delta.get("function_call")) and (legacy.get("name") or "legacy" in self._at):
            self._call({"function": legacy}, "legacy")
        if details:
            merge_details(self._details, details)
        self._finish = choice.get("finish_reason") or self._finish
        return pieces

    def _content(self, content: Any) -> list[Piece]:
        if isinstance(content, str):
            return self._spoken.split(self._whole_text(content))
        if isinstance(content, dict):
            return self._spoken.split(json.dumps(content))
        pieces: list[Piece] = []
        for part in content:
            if part.get("type") == "thinking":
                thoughts = [text for inner in part.get("thinking") or () if (text := inner.get("text"))]
                pieces += self._spoken.keep([(THINKING, text) for text in thoughts])
            elif text := part.get("text"):
                pieces += self._spoken.split(text)
        return pieces

    def _whole_text(self, text: str) -> str:
        """Text whose last character is whole: some servers cut between the halves of a surrogate pair."""
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return str(sendable(text))

    def _call(self, part: dict[str, Any], index: int | str | None) -> None:
        function, custom = part.get("function") or {}, part.get("custom") or {}
        if custom.get("name") or custom.get("input"):  # some servers send an empty one beside the function
            function = {"name": custom.get("name"), "arguments": custom.get("input")}
        call = self._call_at(index, part.get("id") or "", function.get("name") or "")
        call.id = call.id or part.get("id") or ""
        call.name = call.name or function.get("name") or ""
        arguments = function.get("arguments") or ""
        said = arguments if isinstance(arguments, str) else json.dumps(arguments)
        self._arguments.setdefault(id(call), []).append(said)

    def _call_at(self, index: int | str | None, call_id: str, name: str) -> ToolCall:
        """The call a fragment belongs to: told by index, by id, by a name that opens another, or not at all."""
        call = self._at.get(index)
        opens_another = call is not None and (
            (index is None and name and call_id != call.id) or (call_id and call.id and call_id != call.id)
        )
        if call is None or opens_another or (index is None and name and not call_id):
            call = ToolCall("", "", "")
            self.reply.calls.append(call)
        self._at[index] = call
        return call

    def _stop_reason(self, reply: Reply) -> str | None:
        if reply.refusal:
            return "refusal"
        if reply.calls and self._finish != "length":
            return "tool_calls"
        reason = _STOP_REASONS.get(self._finish or "stop", self._finish or "stop")
        return stop_told_apart(reason, self._has_stop, reply.text)

    def _state(self, reply: Reply) -> dict[str, Any] | None:
        state: dict[str, Any] = {}
        if "reasoning_details" in self._returns and self._details:
            state["reasoning_details"] = self._details
        if "reasoning_content" in self._returns and reply.thinking and reply.calls:
            state["reasoning_content"] = reply.thinking
        return {"provider": self._provider, **state} if state else None


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """Token counts under our names; unknown ones are left out."""
    found = {
        "input_tokens": usage.get("prompt_tokens"),
        "output_tokens": usage.get("completion_tokens"),
        "cache_read_tokens": (usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
        "reasoning_tokens": (usage.get("completion_tokens_details") or {}).get("reasoning_tokens"),
    }
    return usage_of(found)
