"""What the model calls to use skills: plain functions of files, so they are the same on both surfaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aimu.errors import SkillLoadError, SkillNotFoundError, ToolError
from aimu.skills.files import read_bytes

if TYPE_CHECKING:
    from aimu.skills.discovery import SkillManager

LIMIT = 256 * 1024  # bytes of a file that a model may read
TEXT = {"type": "string"}
Properties = dict[str, dict[str, Any]]


class SkillTool:
    """A tool over the skills of a SkillManager.

    Args:
        function: What it does with its arguments.
        name: What it is offered as.
        description: What the model is told about it.
        properties: The schema of each parameter.
    """

    __tool_is_async__ = False

    def __init__(self, function: Callable[..., str], name: str, description: str, properties: Properties) -> None:
        self._function = function
        self.__tool_spec__ = tool_spec(name, description, properties)

    def __tool_validate__(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return checked_arguments(self.__tool_spec__, arguments)

    def __call__(self, **arguments: str) -> str:
        return self._function(**arguments)


def activate_tool(skills: SkillManager) -> SkillTool:
    """``activate_skill(name)``: a skill's instructions (SKILL-8)."""

    def activate(name: str) -> str:
        try:
            return skills.get_skill_body(name) or f"The skill {name} has no instructions beyond its description."
        except (SkillLoadError, SkillNotFoundError) as exc:
            raise ToolError(str(exc)) from exc

    return SkillTool(activate, "activate_skill", "Read the instructions of a skill before you use it.", {"name": TEXT})


def reading_tool(skills: SkillManager) -> SkillTool:
    """``read_skill_file(skill, path)``: a text file of a skill, and no other file (SKILL-9)."""

    def read(skill: str, path: str) -> str:
        try:
            content = read_bytes(str(skills.get_skill(skill).base_dir), path, LIMIT)
            if b"\0" in content:
                raise ValueError("it is not a text file")
            return content.decode("utf-8-sig") or "(the file is empty)"
        except SkillNotFoundError as exc:
            raise ToolError(str(exc)) from exc
        except UnicodeDecodeError as exc:
            raise ToolError(f"cannot read {path!r} of {skill}: it is not a text file") from exc
        except (OSError, ValueError) as exc:
            raise ToolError(f"cannot read {path!r} of {skill}: {getattr(exc, 'strerror', None) or exc}") from exc

    path = {**TEXT, "description": "Relative to the skill's folder, such as references/guide.md"}
    return SkillTool(
        read, "read_skill_file", "Read a text file that belongs to a skill.", {"skill": TEXT, "path": path}
    )


def tool_spec(name: str, description: str, properties: Properties) -> dict[str, Any]:
    """The OpenAI tool spec of a tool whose parameters are texts and lists of texts."""
    parameters: dict[str, Any] = {"additionalProperties": False, "properties": properties}
    if required := [key for key, part in properties.items() if "default" not in part]:
        parameters["required"] = required
    parameters["type"] = "object"
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def checked_arguments(spec: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, when they fit such a spec.

    Raises:
        ToolError: they do not; the text names each bad argument.
    """
    parameters = spec["function"]["parameters"]
    known = parameters["properties"]
    faults = [f"argument {key!r}: Field required" for key in parameters.get("required", ()) if key not in arguments]
    for key, value in arguments.items():
        if key not in known:
            faults.append(f"argument {key!r}: there is none; use {', '.join(known)}")
        elif not _fits(known[key], value):
            wanted = "text" if known[key]["type"] == "string" else "a list of texts"
            faults.append(f"argument {key!r}: must be {wanted} (got {value!r})")
    if faults:
        raise ToolError("; ".join(faults))
    return arguments


def _fits(part: dict[str, Any], value: Any) -> bool:
    if part["type"] == "string":
        return isinstance(value, str)
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
