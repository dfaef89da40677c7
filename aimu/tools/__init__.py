"""Tools: functions a model may call.

decorator      @tool
schema         from a signature to a JSON Schema and a validator
mcp_client     MCPClient: the tools of MCP servers
mcp_failure    whether a tool or its connection failed, and in which words
mcp_format     between MCP and a model: specs, arguments, results
mcp_link       the conversation with MCP servers, in coroutines that both clients run
mcp_place      where a server is, shown without its secrets
mcp_stdio      a server as a subprocess
mcp_transport  from a place to a client of fastmcp
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aimu.errors import MCPConnectionError, ToolError, ToolSignatureError
from aimu.tools.decorator import tool

if TYPE_CHECKING:
    from aimu.tools.mcp_client import MCPClient

__all__ = ["MCPClient", "MCPConnectionError", "ToolError", "ToolSignatureError", "tool"]


def __getattr__(name: str) -> Any:
    # threads and the MCP format are loaded when they are asked for
    if name == "MCPClient":
        return import_module("aimu.tools.mcp_client").MCPClient
    raise AttributeError(f"module 'aimu.tools' has no attribute {name!r}")
