"""A server that a careful client has to expect: names no provider takes, and schemas that are none."""

import logging
from typing import Any, Final

LONG: Final = "long." + "x" * 80
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "no_schema": {"type": "object", "properties": {"a": {"type": "no such type"}}},
    "bad_pattern": {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}},
    "far_reference": {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}},
    "endless": {"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}},
}


def strange_server() -> Any:
    """A FastMCP server whose tools are called after their names; each answers with its own name."""
    from fastmcp import FastMCP
    from fastmcp.tools import Tool

    logging.getLogger("fastmcp").setLevel(logging.CRITICAL)
    server: Any = FastMCP("strange")
    for name in ("files.read", "files_read", "files/read", LONG):
        server.add_tool(Tool.from_function(_answering(name), name=name))
    for name, schema in SCHEMAS.items():
        tool = Tool.from_function(_taking(name), name=name)
        tool.parameters = schema
        server.add_tool(tool)
    return server


def _answering(name: str) -> Any:
    def answer() -> str:
        """Its own name."""
        return name

    return answer


def _taking(name: str) -> Any:
    def answer(a: str = "") -> str:  # noqa: ARG001
        """Its own name."""
        return name

    return answer
