"""The async twin of ``aimu``: the same names and shapes, with ``await`` and ``async for``.

    await aio.chat("Hi", model="anthropic:claude-sonnet-5")
    client = aio.client("anthropic:claude-sonnet-5")
    async for chunk in client.chat("Hi", stream=True): ...
    await aio.Agent(client, tools=[search]).run("...")

A model in this process is loaded once, by the sync client, and wrapped: ``aio.client(aimu.client(...))``.
Every module here is the twin of the same path in ``aimu``; ``diff`` the two to see what differs.
"""

from aimu.aio.agents import Agent, MessageHistory, Runner
from aimu.aio.client import chat, client
from aimu.aio.clients.base import BaseModelClient, ModelClient
from aimu.aio.stream import ChunkStream
from aimu.core.chunks import StreamChunk, StreamingContentType
from aimu.tools import ToolError, tool

__all__ = [
    "Agent",
    "BaseModelClient",
    "ChunkStream",
    "MessageHistory",
    "ModelClient",
    "Runner",
    "StreamChunk",
    "StreamingContentType",
    "ToolError",
    "chat",
    "client",
    "tool",
]
