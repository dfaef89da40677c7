"""Tools: functions a model may call.

decorator   @tool
schema      from a signature to a JSON Schema and a validator
"""

from aimu.errors import ToolError, ToolSignatureError
from aimu.tools.decorator import tool

__all__ = ["ToolError", "ToolSignatureError", "tool"]
