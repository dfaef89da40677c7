"""Real MCP servers for the scenarios, on fastmcp, which is imported when one is made.

example    the tools, as a server in memory and, run as a script, over stdio
bare       a few of the tools over stdio without an SDK, for what a process of its own shows
hostile    what means harm: no answers, wrong ones, endless ones, and what was not asked for
strange    names and schemas that a careful client has to expect
loopback   the same over streamable HTTP on 127.0.0.1, stopped and started on one port
"""

from conformance.mcp_servers.bare import BARE
from conformance.mcp_servers.example import NAMES, SCRIPT, Meeting, example_server
from conformance.mcp_servers.loopback import Loopback
from conformance.mcp_servers.strange import LONG, SCHEMAS, strange_server

__all__ = ["BARE", "LONG", "NAMES", "SCHEMAS", "SCRIPT", "Loopback", "Meeting", "example_server", "strange_server"]
