"""Providers, presets and catalogues: what a model string may be, and what is said when it is not."""

import re
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from aimu.core.catalog import AnthropicModel, HuggingFaceModel, LlamaCppModel, OpenAIModel
from aimu.core.models import Model, ModelSpec
from aimu.core.providers import (
    BUILT_IN,
    Provider,
    _entry_points,
    async_provider,
    load,
    provider_named,
    resolve,
    resolve_model_string,
)
from aimu.errors import AuthenticationError, ColourError, MissingDependencyError
from aimu.wire.dialects import DIALECTS

NOTHING: Any = {"base_url": None, "api_key": None, "timeout": None, "max_retries": None, "options": None}
CATALOGUES: dict[str, type[Model]] = {"anthropic": AnthropicModel, "openai": OpenAIModel, "llamacpp": LlamaCppModel}
SERVERS = [provider for provider in BUILT_IN if provider.base_url]
MEMBERS = [(name, member) for name, catalogue in CATALOGUES.items() for member in catalogue]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Entry points of a package that is not there; the caches forget what it had found."""
    points: dict[str, str] = {}

    def entry_points(*, group: str) -> list[metadata.EntryPoint]:
        return [metadata.EntryPoint(name, value, group) for name, value in points.items()]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    _entry_points.cache_clear()
    provider_named.cache_clear()
    yield points
    _entry_points.cache_clear()
    provider_named.cache_clear()


OTHER = Provider("other", "tests.nowhere:Client", "tests.nowhere:Client", any_id=True)


def test_no_two_presets_have_one_name_or_one_address() -> None:
    assert len({provider.name for provider in BUILT_IN}) == len(BUILT_IN)
    assert len({provider.base_url for provider in SERVERS}) == len(SERVERS)
    assert {"anthropic", "openai", "hf", "llamacpp", *DIALECTS} == {provider.name for provider in BUILT_IN}


@pytest.mark.parametrize("provider", BUILT_IN, ids=lambda provider: provider.name)
def test_each_preset_names_classes_that_are_there(provider: Provider) -> None:
    for path in (provider.client, provider.aio_client, provider.models):
        if path:
            module, _, name = path.partition(":")
            found = find_spec(module)
            assert found is not None, path
            assert re.search(rf"(?m)^class {name}\(", Path(str(found.origin)).read_text()), path


def test_each_preset_of_the_chat_completions_wire_has_its_dialect() -> None:
    assert {p.name for p in BUILT_IN if p.client.endswith(":OpenAIClient")} == set(DIALECTS)


@pytest.mark.parametrize(("name", "member"), MEMBERS, ids=lambda value: getattr(value, "value", value))
def test_each_catalogue_member_is_found_by_its_string(name: str, member: Model) -> None:
    provider, spec = resolve(f"{name}:{member.value}")
    assert spec is member.spec
    assert resolve(member) == (provider, spec)
    assert provider.name == name == member.spec.provider


def test_the_wire_that_demands_max_tokens_gets_it_from_the_catalogue() -> None:
    assert all(member.generation_kwargs["max_tokens"] >= 4096 for member in AnthropicModel)
    assert not any(member.generation_kwargs for member in OpenAIModel)


def test_an_unknown_id_is_refused_with_near_ones_and_the_ad_hoc_form() -> None:
    with pytest.raises(ValueError, match=r"near: claude-sonnet-5.*'anthropic:claude-sonet-5;tools,vision'"):
        resolve("anthropic:claude-sonet-5")
    with pytest.raises(ValueError, match=r"openai has no model 'zzz' in the catalogue; near: gpt-"):
        resolve("openai:zzz")


def test_an_unknown_id_is_welcome_ad_hoc_and_where_the_user_loads_the_models() -> None:
    assert resolve("openai:zzz", any_id=True)[1].id == "zzz"
    spec = resolve("openai:zzz;tools")[1]
    assert (spec.tools, spec.vision) == (True, False)
    assert [resolve(f"{server.name}:a:b/c")[1].id for server in SERVERS] == ["a:b/c"] * len(SERVERS)


def test_a_known_id_with_flags_is_what_the_flags_say() -> None:
    assert resolve("openai:gpt-5;vision")[1].tools is False


def test_an_unknown_provider_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown provider 'opnai'; providers are anthropic, deepseek, gemini"):
        resolve_model_string("opnai:gpt-5")


@pytest.mark.parametrize("model", [None, 5, b"openai:gpt-5", OpenAIModel])
def test_anything_else_is_a_type_error(model: Any) -> None:
    with pytest.raises(TypeError, match=r"not (NoneType|int|bytes|EnumType|EnumMeta)$"):
        resolve(model)


def test_a_spec_needs_a_provider_from_somewhere() -> None:
    with pytest.raises(ValueError, match="does not say its provider"):
        resolve(ModelSpec("m"))
    assert resolve(ModelSpec("m"), default="openai")[0].name == "openai"
    assert resolve(ModelSpec("m", provider="groq"), default="openai")[0].name == "groq"


def test_another_package_brings_a_provider(installed: dict[str, str]) -> None:
    installed["other"] = f"{__name__}:OTHER"
    assert resolve("other:x") == (OTHER, ModelSpec("x"))
    assert provider_named("openai").name == "openai"


def test_another_package_may_not_take_a_name(installed: dict[str, str]) -> None:
    installed["openai"] = f"{__name__}:OTHER"
    with pytest.raises(ValueError, match=r"second provider called 'openai'"):
        provider_named("groq")


def test_a_key_comes_from_the_call_then_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = provider_named("openai")
    monkeypatch.setenv("OPENAI_API_KEY", "from-outside")
    assert provider.connection(**NOTHING) == {"api_key": "from-outside"}
    assert provider.connection(**{**NOTHING, "api_key": "given"}) == {"api_key": "given"}


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_key_is_refused_by_the_name_of_its_variable(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("GROQ_API_KEY", value)
    with pytest.raises(AuthenticationError, match="set GROQ_API_KEY or pass api_key=") as caught:
        provider_named("groq").connection(**NOTHING)
    assert caught.value.provider == "groq"


def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    given = {**NOTHING, "base_url": "http://localhost:1", "timeout": 5.0, "options": {"timeout": 7.0}}
    assert provider_named("openai").connection(**given) == {
        "api_key": "not-needed",
        "base_url": "http://localhost:1",
        "timeout": 7.0,
    }
    assert provider_named("ollama").connection(**NOTHING)["base_url"] == "http://localhost:11434/v1"


def test_a_missing_package_is_named_with_its_extra() -> None:
    provider = Provider("mine", "no_such_package.module:Client", "", extra="openai")
    with pytest.raises(MissingDependencyError, match=r"'no_such_package': pip install 'aimu\[openai\]'") as caught:
        load(provider, provider.client)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_mistake_of_ours_is_no_missing_package() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        load(provider_named("openai"), "aimu.clients.nowhere:Client")
    assert not isinstance(caught.value, MissingDependencyError)


def test_a_name_of_ours_that_a_provider_gets_wrong_is_no_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slip_of_a_provider.py").write_text("import aimu.nowhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught:
        load(Provider("mine", "slip_of_a_provider:Client", ""), "slip_of_a_provider:Client")
    assert not isinstance(caught.value, MissingDependencyError)


class SyncClient:
    __aimu_colour__ = "sync"
    model = ModelSpec("m")

    def __init__(self, provider: str) -> None:
        self.provider = provider


class AsyncClient(SyncClient):
    __aimu_colour__ = "async"


def test_weights_are_never_loaded_by_the_async_surface() -> None:
    with pytest.raises(ColourError, match=r"aio\.client\(aimu\.client\('llamacpp:smollm2-135m-instruct'\)\)"):
        async_provider(LlamaCppModel.SMOLLM2_135M_INSTRUCT, {})
    assert async_provider(SyncClient("llamacpp"), {"system_message": None}).name == "llamacpp"


def test_only_a_sync_client_in_process_is_wrapped() -> None:
    for client in (SyncClient("openai"), AsyncClient("llamacpp"), AsyncClient("openai")):
        with pytest.raises(ColourError, match=rf"write aio\.client\('{client.provider}:m'\)"):
            async_provider(client, {})


def test_options_with_a_wrapped_client_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="system_message, tools cannot be given with a sync client"):
        async_provider(SyncClient("llamacpp"), {"system_message": "s", "base_url": None, "tools": []})


def test_the_catalogue_knows_which_models_think_by_themselves() -> None:
    budgets = {member.value for member in AnthropicModel if member.spec.thinking is True}
    assert budgets == {"claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"}
    assert all(member.spec.thinking == "adaptive" for member in AnthropicModel if member.value not in budgets)
    silent = {member.value for member in OpenAIModel if not member.spec.thinking}
    assert silent == {"gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini"}


@pytest.mark.parametrize("member", [*AnthropicModel, *OpenAIModel], ids=lambda member: member.value)
def test_every_remote_model_of_the_catalogue_sees_and_calls(member: Model) -> None:
    assert (member.spec.tools, member.spec.vision) == (True, True)


def test_a_model_of_ones_own_server_needs_no_catalogue_on_the_async_surface_either() -> None:
    assert async_provider("openai:mine", {"base_url": "http://localhost:1/v1"}).name == "openai"
    with pytest.raises(ValueError, match="openai has no model 'mine'"):
        async_provider("openai:mine", {"base_url": None})


def test_a_missing_package_of_a_provider_without_an_extra_is_named_by_itself() -> None:
    provider = Provider("mine", "no_such_package.module:Client", "")
    with pytest.raises(
        MissingDependencyError, match=r"needs the package 'no_such_package': pip install no_such_package$"
    ):
        load(provider, provider.client)


def test_the_catalogue_knows_what_each_local_model_can_do() -> None:
    abilities = {
        "tools": {
            "HuggingFaceTB/SmolLM3-3B",
            "Qwen/Qwen2.5-7B-Instruct",
            "Qwen/Qwen3-0.6B",
            "Qwen/Qwen3-4B",
            "Qwen/Qwen3-8B",
            "Qwen/Qwen3-14B",
            "meta-llama/Llama-3.1-8B-Instruct",
            "meta-llama/Llama-3.2-3B-Instruct",
            "mistralai/Mistral-7B-Instruct-v0.3",
            "openai/gpt-oss-20b",
        },
        "thinking": {
            "HuggingFaceTB/SmolLM3-3B",
            "Qwen/Qwen3-0.6B",
            "Qwen/Qwen3-4B",
            "Qwen/Qwen3-8B",
            "Qwen/Qwen3-14B",
            "openai/gpt-oss-20b",
            "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
        },
        "vision": {"Qwen/Qwen2.5-VL-7B-Instruct", "google/gemma-3-4b-it"},
    }
    for name, ids in abilities.items():
        assert {member.value for member in HuggingFaceModel if getattr(member.spec, name)} == ids, name
    assert all(resolve(f"hf:{member.value}")[1] is member.spec for member in HuggingFaceModel)
    assert not any(getattr(member.spec, name) for member in LlamaCppModel for name in abilities)


@pytest.mark.parametrize("name", ["hf", "llamacpp"])
def test_any_model_may_be_loaded_into_this_process(name: str) -> None:
    provider, spec = resolve(f"{name}:some/where")
    assert (provider.any_id, provider.in_process, spec.id) == (True, True, "some/where")


@pytest.mark.parametrize(
    "member", [*AnthropicModel, *OpenAIModel, *HuggingFaceModel, *LlamaCppModel], ids=lambda member: member.value
)
def test_a_member_is_called_as_its_id(member: Model) -> None:
    assert re.sub(r"\W", "", member.value.rpartition("/")[2]).upper() == member.name.replace("_", "")
    assert "/" in member.value or member.value == member.value.lower()


def test_a_provider_asked_by_itself_knows_its_catalogue_only() -> None:
    with pytest.raises(ValueError, match="openai has no model 'zzz'"):
        provider_named("openai").spec("zzz")
