"""How the servers on the Chat Completions wire differ in what they want to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from aimu.core.kwargs import thinking_budget, thinking_level

_COMMON = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
_OPEN_WEIGHTS = {**_COMMON, "top_k": "top_k", "min_p": "min_p", "repetition_penalty": "repetition_penalty"}


@dataclass(frozen=True)
class Dialect:
    """One server's wishes.

    Attributes:
        names: Portable generate_kwargs to this server's names; an absent one it does not have.
        thinking: Where the wish to think goes: ``"effort"``, ``"template"``, ``"switch"`` or ``"reasoning"``.
        call_id: Regular expression its tool-call ids must match; others are mapped, the same way each time.
        returns: Keys of an assistant message that it wants back verbatim.
        usage: Whether a stream is asked for usage.
        schema: Whether it keeps answers to a JSON Schema, also beside tools.
    """

    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(_COMMON))
    thinking: str = "effort"
    call_id: str = r".+"
    returns: tuple[str, ...] = ()
    usage: bool = True
    schema: bool = True

    def thinking_parameters(self, value: bool | int | str) -> dict[str, Any]:
        """What asks this server to think as much as ``value`` says."""
        if self.thinking == "template":
            return {"chat_template_kwargs": {"enable_thinking": bool(value)}}
        if self.thinking == "switch":
            return {"thinking": {"type": "enabled" if value else "disabled"}}
        if not value:
            return {}
        if self.thinking == "reasoning":
            wish = {"max_tokens": thinking_budget(value)} if type(value) is int else {"effort": thinking_level(value)}
            return {"reasoning": wish}
        return {"reasoning_effort": thinking_level(value)}


_LOCAL = Dialect(_OPEN_WEIGHTS, thinking="template")

DIALECTS: Mapping[str, Dialect] = {
    "openai": Dialect({**_COMMON, "max_tokens": "max_completion_tokens"}),
    "ollama": Dialect(),
    "vllm": _LOCAL,
    "sglang": _LOCAL,
    "llamaserver": Dialect({**_OPEN_WEIGHTS, "repetition_penalty": "repeat_penalty"}, thinking="template"),
    "lmstudio": Dialect({**_COMMON, "top_k": "top_k", "repetition_penalty": "repeat_penalty"}),
    "gemini": Dialect({name: name for name in ("max_tokens", "temperature", "top_p", "stop")}),
    "openrouter": Dialect(_OPEN_WEIGHTS, thinking="reasoning", returns=("reasoning_details",)),
    "groq": Dialect(schema=False),
    "deepseek": Dialect(_COMMON, thinking="switch", returns=("reasoning_content",), schema=False),
    "mistral": Dialect({**_COMMON, "seed": "random_seed"}, call_id=r"[A-Za-z0-9]{9}", usage=False),
    "together": Dialect(_OPEN_WEIGHTS),
}
