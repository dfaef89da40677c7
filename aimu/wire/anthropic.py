"""Messages: requests out, whole bodies and events in."""

from __future__ import annotations

import json
from typing import Any

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.kwargs import thinking_budget, thinking_level, translated
from aimu.core.messages import text_of
from aimu.core.models import ModelSpec
from aimu.core.reply import Piece, Prompt, Reply, Request, ToolCall, Usage, usage_of
from aimu.core.structured import OutputSchema
from aimu.core.toolcalls import parsed_arguments
from aimu.errors import MalformedResponseError
from aimu.wire.anthropic_blocks import Block, message_blocks
from aimu.wire.errors import cut_off, error_for, parsed_body
from aimu.wire.schemas import is_closed, is_recursive, without_limits

DEFAULT_MAX_TOKENS = 4096
LEAST_BUDGET = 1024
_NAMES = {name: name for name in ("max_tokens", "temperature", "top_p", "top_k")} | {"stop": "stop_sequences"}
_STOP_REASONS = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls", "pause_turn": "pause"}
_STOP_REASONS["model_context_window_exceeded"] = "length"


class AnthropicCodec:
    """Speaks Messages to one provider about one model (WIRE-ANTHROPIC-1)."""

    def __init__(self, provider: str, model: ModelSpec) -> None:
        self._provider = provider
        self._model = model

    def parameters(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        kwargs = {"max_tokens": DEFAULT_MAX_TOKENS, **kwargs}
        thinking = kwargs.pop("thinking", False)
        body, dropped = translated(kwargs, _NAMES)
        if isinstance(body.get("stop_sequences"), str):
            body["stop_sequences"] = [body["stop_sequences"]]
        if thinking and self._model.thinking:
            # the wire refuses these two together with thinking
            dropped += [name for name in ("temperature", "top_k") if body.pop(name, None) is not None]
            body.update(self._thinking_parameters(thinking, body["max_tokens"]))
        return body, dropped

    def constrains(self, schema: OutputSchema) -> bool:
        return is_closed(schema.json_schema) and not is_recursive(schema.json_schema)

    def encode(self, prompt: Prompt) -> Request:
        system = "\n\n".join(text_of(m.get("content")) for m in prompt.messages if m["role"] == "system")
        body: dict[str, Any] = {"model": self._model.id, "messages": message_blocks(self._provider, prompt.messages)}
        if system:
            body["system"] = system
        body.update(prompt.parameters)
        if not prompt.may_call:
            body.pop("tool_choice", None)
        body.update(_tool_parameters(prompt))
        if prompt.schema:
            kept = {"type": "json_schema", "schema": without_limits(prompt.schema.json_schema)}
            body["output_config"] = {**body.get("output_config", {}), "format": kept}
        if prompt.stream:
            body["stream"] = True
        return Request("/v1/messages", body, prompt.stream)

    def decoder(self, request: Request) -> AnthropicDecoder:
        continues = any(message["role"] == "assistant" for message in request.body.get("messages", ())[-1:])
        return AnthropicDecoder(self._provider, request.stream, continues)

    def _thinking_parameters(self, thinking: bool | int | str, max_tokens: int) -> dict[str, Any]:
        if self._model.thinking == "adaptive":
            asked = {"thinking": {"type": "adaptive", "display": "summarized"}}
            effort = thinking_level(thinking).replace("minimal", "low")
            return asked if thinking is True else {**asked, "output_config": {"effort": effort}}
        wanted = thinking_budget(thinking)
        # a level is a wish and takes what is there; a number is a demand
        budget = wanted if type(thinking) is int else min(wanted, max_tokens - LEAST_BUDGET)
        if budget >= max_tokens or budget < min(wanted, LEAST_BUDGET):
            raise ValueError(
                f"a thinking budget of {wanted} tokens needs a larger max_tokens than {max_tokens}; "
                "set 'max_tokens' higher, or 'thinking' lower"
            )
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _tool_parameters(prompt: Prompt) -> dict[str, Any]:
    """The tools. A history with calls must name tools even when none are set, so it names those it used."""
    used = dict.fromkeys(call["function"]["name"] for m in prompt.messages for call in m.get("tool_calls") or ())
    if not (prompt.tools and prompt.may_call) and not used:
        return {}
    tools = [_tool(spec["function"]) for spec in prompt.tools] or [
        {"name": name, "input_schema": {"type": "object"}} for name in used
    ]
    return {"tools": tools} if prompt.tools and prompt.may_call else {"tools": tools, "tool_choice": {"type": "none"}}


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": function["name"],
        "description": function["description"],
        "input_schema": function["parameters"],
    }


class AnthropicDecoder:
    """Reads one reply: fed its events as SSE data, or its whole body once (WIRE-ANTHROPIC-2)."""

    def __init__(self, provider: str, stream: bool, continues: bool = False) -> None:
        self.reply = Reply()
        self._provider = provider
        self._stream = stream
        self._blocks: list[Block] = []
        self._open: dict[Any, Block] = {}  # by index: some servers close no block before the last has begun
        self._usage: dict[str, Any] = {}
        self._stop: dict[str, Any] = {}
        self._ended = not stream
        self._continues = continues

    @property
    def is_whole(self) -> bool:
        """Whether a stream has said all that makes a reply."""
        return self._stream and self._ended

    def feed(self, event: str | bytes) -> list[Piece]:
        if event == "[DONE]":
            return []
        body = self._parsed(event)
        if not self._stream:
            return self._whole(body)
        kind = body.get("type")
        if kind == "content_block_delta":
            return self._delta(self._open[body.get("index")], body.get("delta") or {})
        if kind == "error":
            raise error_for(self._provider, None, body, request_id=body.get("request_id"))
        if kind == "content_block_start":
            return self._start(body.get("index"), body["content_block"])
        if kind == "message_start":
            self._count(body["message"].get("usage"))
        elif kind == "message_delta":
            self._count(body.get("usage"))
            self._stop = body.get("delta") or {}
        elif kind == "message_stop":
            self._ended = True
        return []

    def finish(self) -> list[Piece]:
        """A stream without message_stop was cut."""
        if not self._ended:
            raise cut_off(self._provider)
        for block in self._blocks:
            block.update({key: "".join(parts) for key, parts in block.pop("_parts", {}).items()})
            if block.get("_arguments"):  # torn JSON stays with the call as text
                block["input"] = parsed_arguments(block["_arguments"])
        reply = self.reply
        reply.text = "".join(b["text"] for b in self._blocks if b["type"] == "text")
        reply.thinking = "".join(b["thinking"] for b in self._blocks if b["type"] == "thinking")
        reply.calls = [_call(block) for block in self._blocks if block["type"] == "tool_use"]
        reason = self._stop.get("stop_reason")
        reply.stop_reason = _STOP_REASONS.get(reason or "", reason)
        if reason == "refusal":
            details = self._stop.get("stop_details") or {}
            reply.refusal = details.get("explanation") or details.get("category") or "no explanation given"
        reply.usage = read_usage(self._usage)
        if (
            any(block["type"] not in ("text", "tool_use") for block in self._blocks)
            or self._continues
            or reason == "pause_turn"
        ):
            reply.state = {"provider": self._provider, "content": [_replayed(block) for block in self._blocks]}
        return []

    def _parsed(self, event: str | bytes) -> dict[str, Any]:
        body = parsed_body(self._provider, event)
        if not isinstance(body.get("type" if self._stream else "content"), str if self._stream else list):
            raise MalformedResponseError(f"{self._provider} sent a body that is not a message", provider=self._provider)
        return body

    def _whole(self, body: dict[str, Any]) -> list[Piece]:
        self._blocks = [{**block} for block in body["content"]]
        self._count(body.get("usage"))
        self._stop = body
        phases = {"text": GENERATING, "thinking": THINKING}
        return [(phases[b["type"]], b[b["type"]]) for b in self._blocks if b["type"] in phases and b[b["type"]]]

    def _start(self, index: Any, block: Block) -> list[Piece]:
        self._open[index] = {**block}
        self._blocks.append(self._open[index])
        if block["type"] == "text" and block.get("text"):
            return [(GENERATING, block["text"])]
        return [(THINKING, block["thinking"])] if block["type"] == "thinking" and block.get("thinking") else []

    def _delta(self, block: Block, delta: dict[str, Any]) -> list[Piece]:
        kind = delta.get("type")
        if kind == "text_delta":
            _gather(block, "text", delta["text"])
            return [(GENERATING, delta["text"])] if delta["text"] else []
        if kind == "thinking_delta":
            _gather(block, "thinking", delta["thinking"])
            return [(THINKING, delta["thinking"])] if delta["thinking"] else []
        if kind == "input_json_delta":
            _gather(block, "_arguments", delta["partial_json"])
        elif kind == "signature_delta":
            block["signature"] = delta["signature"]
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        return []

    def _count(self, usage: dict[str, Any] | None) -> None:
        """Counts are cumulative: the last one that is not null wins, key by key."""
        self._usage.update({key: value for key, value in (usage or {}).items() if value is not None})


def _gather(block: Block, key: str, text: str) -> None:
    """Keep a fragment of what a block says; joined once, so that a long reply costs no more than its length."""
    if not isinstance(text, str):
        raise TypeError(f"{key} is {text!r}")
    parts = block.setdefault("_parts", {})
    if key not in parts:
        parts[key] = ["" if key == "_arguments" else block[key]]
    parts[key].append(text)


def _call(block: Block) -> ToolCall:
    """The call of a block: a streamed object reads as a whole one does, what is no object stays as it came."""
    arguments = block.get("_arguments")
    if not arguments or parsed_arguments(arguments):
        arguments = json.dumps(block.get("input") or {})
    return ToolCall(block["id"], block["name"], arguments)


def _replayed(block: Block) -> Block:
    return {key: value for key, value in block.items() if key != "_arguments"}


def read_usage(usage: dict[str, Any]) -> Usage | None:
    """Token counts under our names; what was read from or written to the cache counts as input."""
    if not usage:
        return None
    read, written = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
    told = [count for count in (usage.get("input_tokens"), read, written) if count is not None]
    found = {
        "input_tokens": sum(told) if told else None,
        "output_tokens": usage.get("output_tokens"),
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "reasoning_tokens": (usage.get("output_tokens_details") or {}).get("thinking_tokens"),
    }
    return usage_of(found)
