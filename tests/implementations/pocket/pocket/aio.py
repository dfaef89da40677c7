"""The same names with `await` in front; see `pocket`."""

from pocket import errors
from pocket.coloured import Agent, ChunkStream, ModelClient, Runner, chat, client
from pocket.effects import StreamChunk, StreamingContentType
from pocket.errors import ToolError
from pocket.models import Model, ModelSpec, OpenAIModel, resolve_model_string
from pocket.tools import tool

BaseModelClient = ModelClient

__all__ = [
    "Agent",
    "BaseModelClient",
    "ChunkStream",
    "Model",
    "ModelClient",
    "ModelSpec",
    "OpenAIModel",
    "Runner",
    "StreamChunk",
    "StreamingContentType",
    "ToolError",
    "chat",
    "client",
    "errors",
    "resolve_model_string",
    "tool",
]
