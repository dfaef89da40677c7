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


def _hub(model_id: str, **flags: bool) -> ModelSpec:
    return ModelSpec(model_id, provider="hf", **flags)  # type: ignore[arg-type]


class HuggingFaceModel(Model):
    """Models on the Hugging Face hub; any other, a local folder or a GGUF file is named by its id or path."""

    SMOLLM2_135M_INSTRUCT = _hub("HuggingFaceTB/SmolLM2-135M-Instruct")
    SMOLLM2_1_7B_INSTRUCT = _hub("HuggingFaceTB/SmolLM2-1.7B-Instruct")
    SMOLLM3_3B = _hub("HuggingFaceTB/SmolLM3-3B", tools=True, thinking=True)
    QWEN_2_5_7B_INSTRUCT = _hub("Qwen/Qwen2.5-7B-Instruct", tools=True)
    QWEN_3_0_6B = _hub("Qwen/Qwen3-0.6B", tools=True, thinking=True)
    QWEN_3_4B = _hub("Qwen/Qwen3-4B", tools=True, thinking=True)
    QWEN_3_8B = _hub("Qwen/Qwen3-8B", tools=True, thinking=True)
    QWEN_3_14B = _hub("Qwen/Qwen3-14B", tools=True, thinking=True)
    QWEN_2_5_VL_7B_INSTRUCT = _hub("Qwen/Qwen2.5-VL-7B-Instruct", vision=True)
    LLAMA_3_1_8B_INSTRUCT = _hub("meta-llama/Llama-3.1-8B-Instruct", tools=True)
    LLAMA_3_2_3B_INSTRUCT = _hub("meta-llama/Llama-3.2-3B-Instruct", tools=True)
    MISTRAL_7B_INSTRUCT_V0_3 = _hub("mistralai/Mistral-7B-Instruct-v0.3", tools=True)
    GPT_OSS_20B = _hub("openai/gpt-oss-20b", tools=True, thinking=True)
    DEEPSEEK_R1_DISTILL_QWEN_7B = _hub("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", thinking=True)
    GEMMA_3_4B_IT = _hub("google/gemma-3-4b-it", vision=True)
