"""Which model: a spec, a catalogue member, or a "provider:id" string."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

CAPABILITIES = ("tools", "thinking", "vision")


@dataclass(eq=False)
class ModelSpec:
    """A model and what it can do (MODELS-1). Equal and hashed by ``id`` alone.

    Attributes:
        id: The name the provider knows it by.
        tools: Whether it may be offered tools.
        thinking: Whether it can be asked to think; ``"adaptive"`` where the provider wants an
            effort instead of a token budget.
        vision: Whether it accepts images.
        generation_kwargs: Defaults of this model, by portable name; None for none.
        provider: Name of its provider, where the spec is to be used without a prefix.
    """

    id: str
    tools: bool = False
    thinking: bool | str = False
    vision: bool = False
    generation_kwargs: dict[str, Any] | None = None
    provider: str | None = None

    def __eq__(self, other: object) -> bool:
        return self.id == other.id if isinstance(other, ModelSpec) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)


class Model(Enum):
    """Base of every catalogue: a member is given a ModelSpec, and its value is the id (MODELS-2)."""

    spec: ModelSpec

    def __new__(cls, spec: ModelSpec) -> Self:
        if spec.id in cls._value2member_map_:
            raise TypeError(f"{cls.__name__} lists the id {spec.id!r} twice; a second member would become an alias")
        member = object.__new__(cls)
        member._value_ = spec.id
        member.spec = spec
        return member

    @property
    def supports_tools(self) -> bool:
        """Whether the model may be offered tools."""
        return self.spec.tools

    @property
    def supports_thinking(self) -> bool:
        """Whether the model can be asked to think."""
        return bool(self.spec.thinking)

    @property
    def supports_vision(self) -> bool:
        """Whether the model accepts images."""
        return self.spec.vision

    @property
    def generation_kwargs(self) -> dict[str, Any]:
        """A copy of the model's default generate_kwargs."""
        return dict(self.spec.generation_kwargs or {})


def split_model_string(text: str) -> tuple[str, str]:
    """Split ``"provider:id"`` at its first colon; ids may hold more of them (MODELS-3).

    Raises:
        ValueError: there is no colon, or a side is empty.
    """
    provider, colon, model_id = text.partition(":")
    if not (colon and provider and model_id):
        raise ValueError(
            f"{text!r} is not a model string; write provider:model_id, such as 'anthropic:claude-sonnet-5'"
        )
    return provider, model_id


def ad_hoc_spec(text: str) -> ModelSpec | None:
    """The spec of ``"id;tools,vision"``, or None when no flags are given (MODELS-4).

    Raises:
        ValueError: a flag is not a capability, or there is no id.
    """
    model_id, semicolon, flags = text.partition(";")
    if not semicolon:
        return None
    if not model_id:
        raise ValueError(f"{text!r} names no model; write model_id;tools,vision")
    given = {flag.strip() for flag in flags.split(",") if flag.strip()}
    if unknown := sorted(given.difference(CAPABILITIES)):
        raise ValueError(f"{text!r} has unknown flags {', '.join(unknown)}; flags are {', '.join(CAPABILITIES)}")
    return ModelSpec(model_id, tools="tools" in given, thinking="thinking" in given, vision="vision" in given)
