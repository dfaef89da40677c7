"""The body of a request on Chat Completions, and nothing else."""

import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pocket.models import PORTABLE, SERVERS, ModelSpec

LEVELS: Final = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768, "max": 65536}
SENT: Final = ("role", "content", "tool_calls", "tool_call_id")


class Codec:
    """What one client sends: the words of its server.

    Args:
        spec: ModelSpec.
    """

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.name = str(spec.provider)
        self.server = SERVERS[self.name]
        self._warned: set[str] = set()

    def parameters(self, *layers: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the layers ask for, the later ones stronger, in the words of the server.

        Raises:
            ValueError: a wish for thinking that is none.
        """
        wishes = {key: value for layer in layers for key, value in (layer or {}).items()}
        wishes = {key: value for key, value in wishes.items() if value is not None}
        body = self._thinking(wishes.pop("thinking")) if "thinking" in wishes else {}
        for key, value in wishes.items():
            renamed = self.server.renamed.get(key, key)
            if key not in PORTABLE or key in self.server.names or renamed != key:
                body[renamed] = value
            else:
                self._drop(key)
        return body

    def body(
        self, messages: Iterable[Mapping[str, Any]], parameters: Mapping[str, Any], stream: bool
    ) -> dict[str, Any]:
        """The body of a request.

        Args:
            messages: the system message first.
            parameters: what `parameters` gave, with tools.
            stream: bool.
        """
        body = {"model": self.spec.id, "messages": [self._sent(message) for message in messages], **parameters}
        if stream:
            body["stream"] = True
            if self.name != "mistral":
                body.setdefault("stream_options", {"include_usage": True})
        return body

    def state(self, thinking: str, details: list[dict[str, Any]]) -> dict[str, Any]:
        """What a message has to keep for this server: `provider_state`, or nothing."""
        kept = {"reasoning_details": details} if self.name == "openrouter" and details else {}
        if self.name == "deepseek" and thinking:
            kept = {"reasoning_content": thinking}  # type: ignore[dict-item]
        return {"provider_state": {"provider": self.name, **kept}} if kept else {}

    def _sent(self, message: Mapping[str, Any]) -> dict[str, Any]:
        sent = {key: message[key] for key in SENT if key in message}
        if "tool_calls" in sent:
            sent["tool_calls"] = [_as_text(call) for call in sent["tool_calls"]]
        state = dict(message.get("provider_state") or {})
        if state.pop("provider", None) == self.name and (self.name != "deepseek" or "tool_calls" in sent):
            sent |= state
        if self.name == "mistral":
            if "tool_calls" in sent:
                sent["tool_calls"] = [{**call, "id": _nine(call["id"])} for call in sent["tool_calls"]]
            if "tool_call_id" in sent:
                sent["tool_call_id"] = _nine(sent["tool_call_id"])
        return sent

    def _thinking(self, wish: Any) -> dict[str, Any]:
        is_budget = type(wish) is int and wish > 0
        if not isinstance(wish, bool) and not is_budget and (not isinstance(wish, str) or wish not in LEVELS):
            raise ValueError(f"thinking={wish!r} is no bool, level ({', '.join(LEVELS)}) or positive budget")
        if not self.spec.thinking:
            if wish is not False:
                self._drop("thinking")
            return {}
        level = min(("low", "medium", "high"), key=lambda name: abs(LEVELS[name] - wish)) if is_budget else wish
        level = "medium" if level is True else level
        match self.server.thinks:
            case "template":
                return {"chat_template_kwargs": {"enable_thinking": bool(wish)}}
            case "switch":
                return {"thinking": {"type": "enabled" if wish else "disabled"}}
            case "reasoning" if wish:
                return {"reasoning": {"max_tokens": wish} if is_budget else {"effort": level}}
        return {"reasoning_effort": level} if wish and self.server.thinks == "effort" else {}

    def _drop(self, key: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            warnings.warn(f"{self.name}:{self.spec.id} has no {key!r}; it is left out", UserWarning, stacklevel=4)


def _as_text(call: Mapping[str, Any]) -> dict[str, Any]:
    """A call whose arguments are text; in a history from elsewhere they may be a dict."""
    function = call["function"]
    given = function["arguments"]
    return {**call, "function": {**function, "arguments": given if isinstance(given, str) else json.dumps(given)}}


def _nine(identity: str) -> str:
    """The nine letters and digits that an id becomes where no other is accepted."""
    is_fit = len(identity) == 9 and identity.isascii() and identity.isalnum()
    return identity if is_fit else hashlib.sha256(identity.encode()).hexdigest()[:9]
