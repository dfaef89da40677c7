"""The async client of MCP servers; everything else about tools has no colour and is in ``aimu.tools``."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aimu.errors import MCPConnectionError, ToolError, ToolSignatureError
from aimu.tools.decorator import tool

if TYPE_CHECKING:
    from aimu.aio.tools.mcp_client import MCPClient

__all__ = ["MCPClient", "MCPConnectionError", "ToolError", "ToolSignatureError", "tool"]


def __getattr__(name: str) -> Any:
    if name == "MCPClient":
        return import_module("aimu.aio.tools.mcp_client").MCPClient
    raise AttributeError(f"module 'aimu.aio.tools' has no attribute {name!r}")
