"""Parley's wire: what is asked, and how an answer is read. Pure, and shared by both surfaces.

A request is one POST to /v1/converse:

    {"persona": "duo", "live": true,
     "lines": [{"who": "director", "text": "Be brief."}, {"who": "visitor", "text": "Rain?"},
               {"who": "host", "text": "", "errands": [{"ticket": "t1", "errand": "weather", "details": "{}"}]},
               {"who": "runner", "ticket": "t1", "text": "sunny"}],
     "errands": [{"errand": "weather", "about": "...", "form": {...}}], "errands_allowed": false,
     "limit": 99, "warmth": 0.5, "nucleus": 0.9, "until": ["END"], "dice": 7}

A whole answer is one object, `{"host": {"text", "errands"}, "because", "declined", "meter"}`. A live one is lines of
JSON: `{"text"}`, `{"errand": {"slot", "ticket", "errand"}}`, `{"details": {"slot", "piece"}}`, `{"declined"}`, and at
its end `{"because", "meter"}` or `{"trouble": {"kind", "words"}}`.
"""

from typing import Any

from aimu.core.chunks import GENERATING
from aimu.core.kwargs import translated
from aimu.core.messages import Message
from aimu.core.models import ModelSpec
from aimu.core.reply import Piece, Prompt, Reply, Request, ToolCall, usage_of
from aimu.core.structured import OutputSchema
from aimu.errors import InvalidRequestError, MalformedResponseError
from aimu.wire.errors import cut_off, parsed_body

from parley_aimu.http import trouble

PROVIDER = "parley"
PATH = "/v1/converse"
NAMES = {"max_tokens": "limit", "temperature": "warmth", "top_p": "nucleus", "stop": "until", "seed": "dice"}
WHO = {"system": "director", "user": "visitor", "assistant": "host", "tool": "runner"}
BECAUSE = {
    "done": "stop",
    "limit": "length",
    "errands": "tool_calls",
    "until": "stop_sequence",
    "declined": "refusal",
    "filtered": "content_filter",
}
METER = {"heard": "input_tokens", "said": "output_tokens", "remembered": "cache_read_tokens"}


class ParleyCodec:
    """Speaks to one persona.

    Args:
        model: ModelSpec, whose id names the persona.
    """

    def __init__(self, model: ModelSpec) -> None:
        self._model = model

    def parameters(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Portable generate_kwargs under Parley's names, and those it has no place for."""
        body, dropped = translated({name: kwargs[name] for name in kwargs if name != "thinking"}, NAMES)
        if isinstance(body.get("until"), str):
            body["until"] = [body["until"]]
        return body, dropped

    def constrains(self, schema: OutputSchema) -> bool:
        """Parley keeps no answer to a schema, so the library asks for it in words."""
        return False

    def encode(self, prompt: Prompt) -> Request:
        """One request."""
        body: dict[str, Any] = {"persona": self._model.id, "lines": [_line(each) for each in prompt.messages]}
        body |= prompt.parameters
        if prompt.tools:
            body["errands"] = [_errand(tool["function"]) for tool in prompt.tools]
            body |= {} if prompt.may_call else {"errands_allowed": False}
        return Request(PATH, body | ({"live": True} if prompt.stream else {}), prompt.stream)

    def decoder(self, request: Request) -> "ParleyDecoder":
        """What reads the answer to a request."""
        return ParleyDecoder(is_live=request.stream)


class ParleyDecoder:
    """Reads one answer: fed its lines, or its whole body once.

    Args:
        is_live: bool, whether it comes in lines.
    """

    def __init__(self, *, is_live: bool) -> None:
        self.reply = Reply()
        self._is_live = is_live
        self._because: str | None = None
        self._slots: dict[int, ToolCall] = {}

    def feed(self, event: bytes) -> list[Piece]:
        """Read one line, or the body; the pieces of text in it."""
        body = parsed_body(PROVIDER, event)
        if "trouble" in body:
            raise trouble(None, body)
        if not self._is_live:
            if "host" not in body or "because" not in body:
                raise MalformedResponseError("parley sent a body in which the host says nothing", provider=PROVIDER)
            body |= {"text": body["host"].get("text"), "errands": body["host"].get("errands")}
        return self._read(body)

    def finish(self) -> list[Piece]:
        """See that the answer was whole."""
        if self._because is None:
            raise cut_off(PROVIDER)
        self.reply.stop_reason = "refusal" if self.reply.refusal else BECAUSE.get(self._because, self._because)
        if self.reply.stop_reason == "content_filter" and not (self.reply.text or self.reply.calls):
            self.reply.refusal = "parley's filter stopped the reply"
        return []

    def _read(self, body: dict[str, Any]) -> list[Piece]:
        for slot, errand in enumerate(body.get("errands") or ()):
            self._slots[slot] = self._called(errand, str(errand["details"]))
        if errand := body.get("errand"):
            self._slots[errand["slot"]] = self._called(errand, "")
        if details := body.get("details"):
            self._slots[details["slot"]].arguments += details["piece"]
        if words := body.get("declined"):
            self.reply.refusal = (self.reply.refusal or "") + words
        self._because = body.get("because", self._because)
        if meter := body.get("meter"):
            self.reply.usage = usage_of({ours: meter.get(theirs) for theirs, ours in METER.items()})
        return self._said(body.get("text"))

    def _called(self, errand: dict[str, Any], details: str) -> ToolCall:
        call = ToolCall(errand["ticket"], errand["errand"], details)
        self.reply.calls.append(call)
        return call

    def _said(self, text: str | None) -> list[Piece]:
        if not text:
            return []
        self.reply.text += text
        return [(GENERATING, text)]


def _line(message: Message) -> dict[str, Any]:
    line: dict[str, Any] = {"who": WHO[message["role"]], "text": _text(message.get("content"))}
    if message["role"] == "tool":
        line["ticket"] = message["tool_call_id"]
    if calls := message.get("tool_calls"):
        line["errands"] = [
            {"ticket": call["id"], "errand": call["function"]["name"], "details": call["function"]["arguments"]}
            for call in calls
        ]
    return line


def _text(content: str | list[dict[str, Any]] | None) -> str:
    if not isinstance(content, list):
        return content or ""
    if any(part["type"] != "text" for part in content):
        raise InvalidRequestError("parley sees no images; take them out of the history", provider=PROVIDER)
    return "".join(part["text"] for part in content)


def _errand(function: dict[str, Any]) -> dict[str, Any]:
    return {"errand": function["name"], "about": function["description"], "form": function["parameters"]}
