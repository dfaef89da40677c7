"""What a provider is, the ones we bring, and those that other packages bring."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from aimu.core.colour import colour_of
from aimu.core.models import Model, ModelSpec, ad_hoc_spec, split_model_string
from aimu.core.secrets import guarded
from aimu.errors import AuthenticationError, ColourError, MissingDependencyError

ENTRY_POINTS = "aimu.providers"


@dataclass(frozen=True)
class Provider:
    """How ``"name:id"`` becomes a client; a package offers its own as an ``aimu.providers`` entry point (MODELS-6).

    Attributes:
        name: The prefix of its model strings.
        client: Its sync client class, as ``"package.module:Class"``, imported when first asked for.
        aio_client: Its async client class; for an in-process provider the class that wraps a sync client.
        models: Its catalogue as ``"package.module:Enum"``, None without one.
        any_id: Whether it serves whatever the user loaded, so that no id is unknown.
        base_url: Where its server listens unless the user says otherwise.
        key_variable: Environment variable that holds its API key; None if it wants none.
        extra: The extra of this package that installs what it needs.
        in_process: Whether the model runs in this process.
    """

    name: str
    client: str
    aio_client: str
    models: str | None = None
    any_id: bool = False
    base_url: str | None = None
    key_variable: str | None = None
    extra: str | None = None
    in_process: bool = False

    def spec(self, model_id: str, *, any_id: bool = False) -> ModelSpec:
        """The spec of an id: ad hoc, from the catalogue, or any at all.

        Raises:
            ValueError: the catalogue does not know the id.
        """
        if spec := ad_hoc_spec(model_id):
            return spec
        catalogue: Any = load(self, self.models) if self.models else ()
        known: dict[str, ModelSpec] = {member.value: member.spec for member in catalogue}
        if model_id in known:
            return known[model_id]
        if self.in_process and self.any_id:
            return ModelSpec(model_id)  # what it can do, its chat template says when it is loaded
        if self.any_id or any_id:
            return ModelSpec(model_id, tools=True, thinking=True, vision=True)
        from difflib import get_close_matches

        near = get_close_matches(model_id, known, n=3, cutoff=0.4) or sorted(known)[:5]
        raise ValueError(
            f"{self.name} has no model {model_id!r} in the catalogue; near: {', '.join(near)}. "
            f"For any other, say what it can do: '{self.name}:{model_id};tools,vision'"
        )

    def connection(
        self,
        *,
        base_url: str | None,
        api_key: str | None,
        timeout: float | None,
        max_retries: int | None,
        options: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """The keywords its SDK's client is made with; what is None is left to the SDK.

        Raises:
            AuthenticationError: no key was given and none is in the environment. ValueError: base_url has a query.
        """
        key = (api_key or (os.environ.get(self.key_variable) if self.key_variable else None) or "").strip()
        if not key and self.key_variable and base_url is None:
            raise AuthenticationError(
                f"no API key for {self.name}: set {self.key_variable} or pass api_key=", provider=self.name
            )
        if not (key.isascii() and key.isprintable()):
            raise AuthenticationError(f"the API key for {self.name} has characters that no key has", provider=self.name)
        given = [("base_url", base_url or self.base_url), ("timeout", timeout), ("max_retries", max_retries)]
        return guarded({"api_key": key or "not-needed", **{k: v for k, v in given if v is not None}, **(options or {})})

    def check_serves(self, client_class: type) -> None:
        """Refuse a client class that is another provider's: it would send this provider's key there (PROVIDERS-1).

        Raises:
            ValueError: neither the class nor a base of it is this provider's.
        """
        known = {f"{cls.__module__}:{cls.__qualname__}" for cls in client_class.__mro__}
        if known.isdisjoint((self.client, self.aio_client)):
            raise ValueError(
                f"{self.name} is not reached through {client_class.__name__}; use client('{self.name}:...')"
            )


def _wire(wire: str, name: str, **options: Any) -> Provider:
    class_name = {"openai": "OpenAIClient", "anthropic": "AnthropicClient"}[wire]
    return Provider(
        name, f"aimu.clients.{wire}:{class_name}", f"aimu.aio.clients.{wire}:{class_name}", extra=wire, **options
    )


def _server(name: str, base_url: str, key_variable: str | None = None) -> Provider:
    return _wire("openai", name, base_url=base_url, key_variable=key_variable, any_id=True)


def _in_process(name: str, client: str, models: str) -> Provider:
    paths = f"aimu.clients.{client}", f"aimu.aio.clients.{client.replace(':', ':Async')}"
    return Provider(name, *paths, f"aimu.core.catalog:{models}", any_id=True, extra=name, in_process=True)


BUILT_IN = (
    _wire("anthropic", "anthropic", models="aimu.core.catalog:AnthropicModel", key_variable="ANTHROPIC_API_KEY"),
    _wire("openai", "openai", models="aimu.core.catalog:OpenAIModel", key_variable="OPENAI_API_KEY"),
    _server("ollama", "http://localhost:11434/v1"),
    _server("vllm", "http://localhost:8000/v1"),
    _server("llamaserver", "http://localhost:8080/v1"),
    _server("lmstudio", "http://localhost:1234/v1"),
    _server("sglang", "http://localhost:30000/v1"),
    _server("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    _server("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    _server("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    _server("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    _server("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    _server("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    _in_process("llamacpp", "llamacpp:LlamaCppClient", "LlamaCppModel"),
    _in_process("hf", "huggingface:HuggingFaceClient", "HuggingFaceModel"),
)


@cache
def _entry_points() -> dict[str, Any]:
    """What other packages bring, by name and not yet loaded.

    Raises:
        ValueError: a package takes one of our names.
    """
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if taken := [provider.name for provider in BUILT_IN if provider.name in found]:
        raise ValueError(f"the package behind {found[taken[0]].value!r} brings a second provider called {taken[0]!r}")
    return found


@cache
def provider_named(name: str) -> Provider:
    """The provider of a prefix; of other packages only the one that is asked for is loaded (MODELS-6).

    Raises:
        ValueError: there is none, or what a package brings is none of that name.
    """
    brought, ours = _entry_points(), {provider.name: provider for provider in BUILT_IN}
    if name in ours:
        return ours[name]
    if not (point := brought.get(name)):
        raise ValueError(f"unknown provider {name!r}; providers are {', '.join(sorted([*brought, *ours]))}")
    found = point.load()
    if not isinstance(found, Provider) or found.name != name:
        raise ValueError(f"{point.value!r} should be aimu.Provider(name={name!r}, ...), and is {found!r}")
    return found


def resolve(
    model: str | Model | ModelSpec, *, any_id: bool = False, default: str | None = None
) -> tuple[Provider, ModelSpec]:
    """The provider and spec behind whatever a user may pass as a model (MODELS-3, MODELS-5).

    Args:
        model: A model string, catalogue member or spec.
        any_id: Whether ids outside the catalogue are welcome.
        default: The provider of a spec that does not say its own.

    Raises:
        TypeError: it is not a string, Model or ModelSpec.
        ValueError: the string, provider or id is unknown.
    """
    if isinstance(model, str):
        name, model_id = split_model_string(model)
        provider = provider_named(name)
        return provider, provider.spec(model_id, any_id=any_id)
    if not isinstance(model, (Model, ModelSpec)):
        raise TypeError(f"a model is a 'provider:id' string, a Model member or a ModelSpec, not {type(model).__name__}")
    spec = model.spec if isinstance(model, Model) else model
    if not (spec.provider or default):
        raise ValueError(f"{spec!r} does not say its provider; use ModelSpec(..., provider='openai') or a model string")
    return provider_named(spec.provider or default or ""), spec


def async_provider(model: Any, options: Mapping[str, Any]) -> Provider:
    """The provider whose async class serves ``model``: a model, or a sync client to wrap (INPROCESS-1).

    Raises:
        ColourError: an in-process model was named without its sync client, or a client is not in process.
        TypeError: options came with a sync client, which has its own.
    """
    if colour_of(model) is None:
        provider, spec = resolve(model, any_id=options.get("base_url") is not None)
        if provider.in_process:
            raise ColourError(
                f"aio clients never load model weights into memory; load them once and wrap the sync client: "
                f"aio.client(aimu.client('{provider.name}:{spec.id}'))"
            )
        return provider
    provider = provider_named(model.provider)
    if colour_of(model) != "sync" or not provider.in_process:
        raise ColourError(
            f"aio.client() wraps sync clients of in-process models only; "
            f"write aio.client('{provider.name}:{model.model.id}')"
        )
    if given := [name for name, value in options.items() if value is not None]:
        raise TypeError(f"{', '.join(given)} cannot be given with a sync client, which has its own; set it there")
    return provider


def load(provider: Provider, path: str) -> Any:
    """Import what ``"package.module:Name"`` names, for a provider.

    Raises:
        MissingDependencyError: a package it needs is not installed.
    """
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as exc:
        missing, own = exc.name or "", module.partition(".")[0]
        if missing.startswith(("aimu.", f"{own}.")):
            raise  # a slip in the provider's own package, not a package that is not there
        install = f"'aimu[{provider.extra}]'" if provider.extra else missing
        raise MissingDependencyError(f"{provider.name} needs the package {missing!r}: pip install {install}") from exc


def resolve_model_string(text: str) -> ModelSpec:
    """The spec a ``"provider:id"`` string stands for (MODELS-3).

    Raises:
        ValueError: the string, provider or id is unknown.
    """
    return resolve(text)[1]
