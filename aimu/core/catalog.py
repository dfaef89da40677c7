"""The models whose capabilities we know; each catalogue imports without its provider's SDK."""

from __future__ import annotations

from aimu.core.models import Model, ModelSpec


def _claude(model_id: str, thinking: str | bool = "adaptive") -> ModelSpec:
    # the Messages wire demands max_tokens; every model here can write this much
    limits = {"max_tokens": 16_000}
    return ModelSpec(
        model_id, tools=True, thinking=thinking, vision=True, generation_kwargs=limits, provider="anthropic"
    )


class AnthropicModel(Model):
    """Claude models by their Messages API names."""

    CLAUDE_FABLE_5_2 = _claude("claude-fable-5-2")
    CLAUDE_OPUS_5_5 = _claude("claude-opus-5-5")
    CLAUDE_OPUS_5 = _claude("claude-opus-5")
    CLAUDE_OPUS_4_8 = _claude("claude-opus-4-8")
    CLAUDE_OPUS_4_7 = _claude("claude-opus-4-7")
    CLAUDE_OPUS_4_6 = _claude("claude-opus-4-6")
    CLAUDE_OPUS_4_5 = _claude("claude-opus-4-5", thinking=True)
    CLAUDE_SONNET_5_5 = _claude("claude-sonnet-5-5")
    CLAUDE_SONNET_5 = _claude("claude-sonnet-5")
    CLAUDE_SONNET_4_6 = _claude("claude-sonnet-4-6")
    CLAUDE_SONNET_4_5 = _claude("claude-sonnet-4-5", thinking=True)
    CLAUDE_HAIKU_5_5 = _claude("claude-haiku-5-5")
    CLAUDE_HAIKU_4_5 = _claude("claude-haiku-4-5", thinking=True)


def _gpt(model_id: str, *, thinking: bool = True, vision: bool = True) -> ModelSpec:
    return ModelSpec(model_id, tools=True, thinking=thinking, vision=vision, provider="openai")


class OpenAIModel(Model):
    """OpenAI models that answer on Chat Completions."""

    GPT_6_2_SOL = _gpt("gpt-6.2-sol")
    GPT_6_2_ASTRA = _gpt("gpt-6.2-astra")
    GPT_6_1_TERRA = _gpt("gpt-6.1-terra")
    GPT_6_LUNA = _gpt("gpt-6-luna")
    GPT_5_6_SOL = _gpt("gpt-5.6-sol")
    GPT_5_6_TERRA = _gpt("gpt-5.6-terra")
    GPT_5_6_LUNA = _gpt("gpt-5.6-luna")
    GPT_5_5 = _gpt("gpt-5.5")
    GPT_5_4 = _gpt("gpt-5.4")
    GPT_5_4_MINI = _gpt("gpt-5.4-mini")
    GPT_5_2 = _gpt("gpt-5.2")
    GPT_5 = _gpt("gpt-5")
    GPT_5_MINI = _gpt("gpt-5-mini")
    GPT_5_NANO = _gpt("gpt-5-nano")
    GPT_4_1 = _gpt("gpt-4.1", thinking=False)
    GPT_4_1_MINI = _gpt("gpt-4.1-mini", thinking=False)
    GPT_4O = _gpt("gpt-4o", thinking=False)
    GPT_4O_MINI = _gpt("gpt-4o-mini", thinking=False)


class LlamaCppModel(Model):
    """GGUF models that a package on the index carries; any other is named by its path."""

    SMOLLM2_135M_INSTRUCT = ModelSpec("smollm2-135m-instruct", provider="llamacpp")
