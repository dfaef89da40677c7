"""The async twin of ``aimu``: the same names and shapes, with ``await`` and ``async for``.

    await aio.chat("Hi", model="anthropic:claude-sonnet-5")
    client = aio.client("anthropic:claude-sonnet-5")
    async for chunk in client.chat("Hi", stream=True): ...
    await aio.Agent(client, tools=[search]).run("...")

A model in this process is loaded once, by the sync client, and wrapped: ``aio.client(aimu.client(...))``.
Every module here is the twin of the same path in ``aimu``; ``diff`` the two to see what differs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aimu.aio.agents import Agent, MessageHistory, Runner
from aimu.aio.client import chat, client
from aimu.aio.clients.base import BaseModelClient, ModelClient
from aimu.aio.stream import ChunkStream
from aimu.core.catalog import AnthropicModel, HuggingFaceModel, LlamaCppModel, OpenAIModel
from aimu.core.chunks import StreamChunk, StreamingContentType
from aimu.core.models import Model, ModelSpec
from aimu.core.providers import Provider, resolve_model_string
from aimu.tools import ToolError, tool

if TYPE_CHECKING:
    from aimu.aio.agents import (
        Chain,
        EvaluatorOptimizer,
        LLMJudgeScorer,
        OrchestratorAgent,
        Parallel,
        PlanExecuteEvaluator,
        Router,
        ScoredRow,
        Scorer,
        SkillAgent,
    )
    from aimu.aio.tools.mcp_client import MCPClient

__all__ = [
    "Agent",
    "AnthropicModel",
    "BaseModelClient",
    "Chain",
    "ChunkStream",
    "EvaluatorOptimizer",
    "HuggingFaceModel",
    "LLMJudgeScorer",
    "LlamaCppModel",
    "MCPClient",
    "MessageHistory",
    "Model",
    "ModelClient",
    "ModelSpec",
    "OpenAIModel",
    "OrchestratorAgent",
    "Parallel",
    "PlanExecuteEvaluator",
    "Provider",
    "Router",
    "Runner",
    "ScoredRow",
    "Scorer",
    "SkillAgent",
    "StreamChunk",
    "StreamingContentType",
    "ToolError",
    "chat",
    "client",
    "resolve_model_string",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name in (runners := import_module("aimu.aio.agents")).__all__:  # workflows load when they are asked for
        return getattr(runners, name)
    # what needs an optional package is loaded when it is asked for
    if name == "MCPClient":
        return import_module("aimu.aio.tools.mcp_client").MCPClient
    if name in (wrappers := {"AsyncHuggingFaceClient": "hf", "AsyncLlamaCppClient": "llamacpp"}):
        providers = import_module("aimu.core.providers")
        provider = providers.provider_named(wrappers[name])
        return providers.load(provider, provider.aio_client)
    raise AttributeError(f"module 'aimu.aio' has no attribute {name!r}")
