"""AIMU: talk to language models, sync here and async in ``aimu.aio``.

The ladder, each rung one line more than the last:

    aimu.chat("Hi", model="anthropic:claude-sonnet-5")           one question
    client = aimu.client("anthropic:claude-sonnet-5")            a conversation
    client.chat("Hi"); client.chat("And again?")
    aimu.Agent(client, tools=[search], name="scout").run("...")  a task, with tools

``from aimu import aio`` has the same names; put ``await`` in front, or ``async for`` round a stream.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aimu.agents import Agent, MessageHistory, Runner
from aimu.client import chat, client
from aimu.clients.base import BaseModelClient, ModelClient
from aimu.core.catalog import AnthropicModel, HuggingFaceModel, LlamaCppModel, OpenAIModel
from aimu.core.chunks import StreamChunk, StreamingContentType
from aimu.core.models import Model, ModelSpec
from aimu.core.providers import Provider, resolve_model_string
from aimu.stream import ChunkStream
from aimu.tools import ToolError, tool

if TYPE_CHECKING:
    from aimu import aio
    from aimu.agents import (
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
    from aimu.tools.mcp_client import MCPClient

__version__ = "0.1.0"

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
    "aio",
    "chat",
    "client",
    "resolve_model_string",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name in (runners := import_module("aimu.agents")).__all__:  # workflows load when they are asked for
        return getattr(runners, name)
    # these load asyncio, or threads, so they are loaded when they are asked for
    if name == "aio":
        return import_module("aimu.aio")
    if name == "MCPClient":
        return import_module("aimu.tools.mcp_client").MCPClient
    raise AttributeError(f"module 'aimu' has no attribute {name!r}")
