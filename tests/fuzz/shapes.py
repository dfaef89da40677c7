"""Bytes as JSON of a wire: known keys with any values in them, so that a fuzzer gets past the parser."""

from typing import Any, Final

TEXTS: Final = ("", "a", "echo", "c1", '{"text": "a"}', '{"text"', "\ud83d", "é🙂", "stop", "data", "function", " ")
SCALARS: Final[tuple[Any, ...]] = (None, True, False, 0, 1, -1, 2**63, 1.5, [], {}, *TEXTS)
CHAT: Final = (
    *("choices", "index", "delta", "message", "finish_reason", "content", "reasoning_content", "refusal", "role"),
    *("tool_calls", "id", "type", "function", "name", "arguments", "usage", "prompt_tokens", "completion_tokens"),
    *("prompt_tokens_details", "cached_tokens", "error", "code", "reasoning_details", "text"),
)
MESSAGES: Final = (
    *("type", "message", "content", "index", "content_block", "delta", "text", "thinking", "signature", "data", "id"),
    *("name", "input", "partial_json", "stop_reason", "stop_sequence", "usage", "input_tokens", "output_tokens"),
    *("error", "citation", "citations", "cache_read_input_tokens", "stop_details", "explanation", "request_id"),
)
KINDS: Final = (
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"),
    *("message_stop", "ping", "error", "text", "thinking", "redacted_thinking", "tool_use", "server_tool_use"),
    *("text_delta", "thinking_delta", "signature_delta", "input_json_delta", "citations_delta", "end_turn"),
    *("tool_use", "max_tokens", "pause_turn", "refusal", "message", "stop", "tool_calls", "length"),
)


class Shapes:
    """Draws values from bytes; at their end everything is the first choice.

    Args:
        data: bytes.
        keys: tuple of str, of the objects.
    """

    def __init__(self, data: bytes, keys: tuple[str, ...]) -> None:
        self._data = iter(data)
        self._keys = keys

    def number(self, below: int) -> int:
        """A number from 0 to `below` - 1."""
        return next(self._data, 0) % below

    def value(self, depth: int = 5) -> Any:
        """Any JSON value."""
        kind = self.number(8) if depth else 0
        if kind < 3:
            return SCALARS[self.number(len(SCALARS))]
        if kind < 4:
            return KINDS[self.number(len(KINDS))]
        if kind < 5:
            return [self.value(depth - 1) for _ in range(self.number(4))]
        return self.object(depth)

    def object(self, depth: int = 5) -> dict[str, Any]:
        """An object with known keys."""
        return {self._keys[self.number(len(self._keys))]: self.value(depth - 1) for _ in range(self.number(6))}

    def chat_event(self) -> dict[str, Any]:
        """An event of Chat Completions, or something like one."""
        if self.number(4) == 0:
            return self.object()
        place = ("delta", "message")[self.number(2)]
        said = {"content": self.value(1), "tool_calls": [self._call() for _ in range(self.number(3))]} | self.object(3)
        finish = (None, "stop", "tool_calls", "length", "eos")[self.number(5)]
        return {"choices": [{"index": 0, place: said, "finish_reason": finish}]} | self.object(2)

    def _call(self) -> Any:
        function = {"name": self.value(1), "arguments": TEXTS[self.number(len(TEXTS))]}
        return {"index": self.number(3), "id": self.value(1), "type": "function", "function": function}

    def messages_event(self) -> dict[str, Any]:
        """An event of Messages, or something like one."""
        kind = KINDS[self.number(8)]
        event: dict[str, Any] = {"type": kind, "index": self.number(3)} | (
            self.object(3) if self.number(3) == 0 else {}
        )
        if kind == "message_start":
            event["message"] = {"content": [], "usage": {"input_tokens": 1}}
        elif kind == "content_block_start":
            block = {"type": KINDS[8 + self.number(5)], "text": "", "thinking": "", "id": "t1", "name": "echo"}
            event["content_block"] = block | {"input": {}} | self.object(2)
        elif kind == "content_block_delta":
            text = TEXTS[self.number(len(TEXTS))]
            part = dict.fromkeys(("text", "thinking", "partial_json", "signature"), text)
            event["delta"] = {"type": KINDS[13 + self.number(5)], **part} | self.object(1)
        elif kind == "message_delta":
            event["delta"] = {"stop_reason": KINDS[18 + self.number(5)]} | self.object(2)
        return event
