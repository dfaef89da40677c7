"""A second implementation of the spec, small and made another way: scripts decide and yield effects, two players wait.

errors.py          what goes wrong
models.py          models and servers by name
conversation.py    a history that grows by whole rounds
images.py          images as content parts
tools.py, jobs.py  functions a model may call; one run of one
effects.py         what a script may ask for, and the chunks it shows
request.py         what is sent on Chat Completions
reply.py, tags.py  what comes: a reply, thinking in tags
faults.py          errors out of what a server or a connection says
sse.py             server-sent events
exchange.py        one request and its reply, as a script
turn.py            a turn, as a script
gate.py            what is refused before anything begins
clients.py         what the clients of both surfaces are; runners.py: what the agents are
sync.py            the sync player; its names are here
coloured.py        the async player; its names are in aio.py
target.py          how the conformance suite makes its clients
"""

from importlib import import_module
from typing import Any

from pocket import errors
from pocket.effects import StreamChunk, StreamingContentType
from pocket.errors import ToolError
from pocket.models import Model, ModelSpec, OpenAIModel, resolve_model_string
from pocket.sync import Agent, ChunkStream, ModelClient, Runner, chat, client
from pocket.tools import tool

__version__ = "0.3.0"

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
    "aio",
    "chat",
    "client",
    "errors",
    "resolve_model_string",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name == "aio":  # it loads asyncio, so only when it is asked for
        return import_module("pocket.aio")
    raise AttributeError(f"module 'pocket' has no attribute {name!r}")
