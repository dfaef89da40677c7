"""Models by name, and the servers that have names: all of them speak Chat Completions."""

import difflib
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Self

FLAGS: Final = ("tools", "thinking", "vision")
LIMIT, SAMPLING, PENALTIES = (
    ("max_tokens",),
    ("temperature", "top_p", "stop"),
    ("presence_penalty", "frequency_penalty"),
)
USUAL: Final = (*LIMIT, *SAMPLING, *PENALTIES, "seed")
LOCAL: Final = (*USUAL, "top_k", "min_p", "repetition_penalty")
PORTABLE: Final = frozenset(LOCAL)


@dataclass(frozen=True, eq=False)
class ModelSpec:
    """A model's id and what it can do; equal by id.

    Args:
        id: str.
        tools: bool, default False.
        thinking: bool or str, default False.
        vision: bool, default False.
        generation_kwargs: dict or None, default None: what every request of this model has.
        provider: str or None, default None.
    """

    id: str
    tools: bool = False
    thinking: bool | str = False
    vision: bool = False
    generation_kwargs: dict[str, Any] | None = None
    provider: str | None = field(default=None, kw_only=True)

    def __eq__(self, other: object) -> bool:
        return self.id == other.id if isinstance(other, ModelSpec) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)


class Model(Enum):
    """A catalogue: an enum of specs whose values are the ids."""

    def __new__(cls, spec: ModelSpec) -> Self:
        member = object.__new__(cls)
        member._value_ = spec.id
        if spec.id in [other.value for other in cls.__members__.values()]:
            raise TypeError(f"{cls.__name__} lists {spec.id!r} twice; a second name would be an alias of the first")
        return member

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.supports_tools, self.supports_vision = spec.tools, spec.vision
        self.supports_thinking = bool(spec.thinking)

    @property
    def generation_kwargs(self) -> dict[str, Any]:
        """What every request of this model has, as a copy."""
        return dict(self.spec.generation_kwargs or {})


class OpenAIModel(Model):
    """What OpenAI serves."""

    GPT_5 = ModelSpec("gpt-5", tools=True, thinking=True, vision=True, provider="openai")
    GPT_5_MINI = ModelSpec("gpt-5-mini", tools=True, thinking=True, vision=True, provider="openai")
    GPT_4_1 = ModelSpec("gpt-4.1", tools=True, vision=True, provider="openai")


@dataclass(frozen=True)
class Server:
    """A named server.

    Args:
        url: str, where it is.
        variable: str or None, default None: the environment variable of its key; None needs none.
        names: tuple of str: the portable parameters it takes.
        renamed: dict: those that it calls otherwise.
        thinks: str: how it is asked to think: effort, template, switch or reasoning.
        knows: type of Model or None: its catalogue; None takes any id.
    """

    url: str
    variable: str | None = None
    names: tuple[str, ...] = USUAL
    renamed: dict[str, str] = field(default_factory=dict)
    thinks: str = "effort"
    knows: type[Model] | None = None


REPEAT: Final = {"repetition_penalty": "repeat_penalty"}
SERVERS: Final = {
    "openai": Server(
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        renamed={"max_tokens": "max_completion_tokens"},
        knows=OpenAIModel,
    ),
    "ollama": Server("http://localhost:11434/v1"),
    "vllm": Server("http://localhost:8000/v1", names=LOCAL, thinks="template"),
    "llamaserver": Server("http://localhost:8080/v1", names=LOCAL, renamed=REPEAT, thinks="template"),
    "lmstudio": Server("http://localhost:1234/v1", names=(*USUAL, "top_k", "repetition_penalty"), renamed=REPEAT),
    "sglang": Server("http://localhost:30000/v1", names=LOCAL, thinks="template"),
    "gemini": Server(
        "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY", names=(*LIMIT, *SAMPLING)
    ),
    "openrouter": Server("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", names=LOCAL, thinks="reasoning"),
    "groq": Server("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "deepseek": Server("https://api.deepseek.com", "DEEPSEEK_API_KEY", thinks="switch"),
    "mistral": Server("https://api.mistral.ai/v1", "MISTRAL_API_KEY", renamed={"seed": "random_seed"}),
    "together": Server("https://api.together.xyz/v1", "TOGETHER_API_KEY", names=LOCAL),
}


def resolve_model_string(text: str, any_id: bool = False) -> ModelSpec:
    """The spec that a model string names.

    Args:
        text: str, "provider:id", or "provider:id;tools,vision".
        any_id: bool, default False: whether ids that no catalogue knows are welcome.

    Returns:
        ModelSpec: that of the catalogue, if it has one.

    Raises:
        ValueError: it is none, or names an unknown provider, id or capability.
    """
    provider, _, rest = text.partition(":")
    name, semicolon, flags = rest.partition(";")
    if not provider or not name:
        raise ValueError(f"{text!r} names no model; the form is provider:model_id, such as openai:gpt-5")
    if provider not in SERVERS:
        raise ValueError(f"unknown provider {provider!r}; there are {', '.join(sorted(SERVERS))}")
    if semicolon:
        return ModelSpec(name, provider=provider, **_flags(text, flags))
    catalogue = SERVERS[provider].knows
    known = {member.value: member.spec for member in catalogue or ()}
    if name in known:
        return known[name]
    if catalogue is None or any_id:
        return ModelSpec(name, True, True, True, provider=provider)
    near = ", ".join(difflib.get_close_matches(name, known, 3, 0.5)) or ", ".join(known)
    raise ValueError(f"{provider} has no model {name!r}; near it are {near}; or name it with '{text};tools,vision'")


def spec_of(model: Any, any_id: bool = False) -> ModelSpec:
    """The spec of whatever names a model: a string, a member or a spec."""
    if isinstance(model, str):
        return resolve_model_string(model, any_id)
    if isinstance(model, Model):
        model = model.spec
    if not isinstance(model, ModelSpec):
        raise TypeError(f"a model is a string, a Model or a ModelSpec, not {type(model).__name__}")
    if model.provider not in SERVERS:
        raise ValueError(f"{model} names no provider; give it one of {', '.join(sorted(SERVERS))}")
    return model


def _flags(text: str, flags: str) -> dict[str, Any]:
    found = [flag.strip() for flag in flags.split(",") if flag.strip()]
    if unknown := [flag for flag in found if flag not in FLAGS]:
        raise ValueError(f"{text!r} names no capability {unknown[0]!r}; there are {', '.join(FLAGS)}")
    return dict.fromkeys(found, True)
