"""A skill's script as a tool: what it is called, how it is started, and what the model is told of its output."""

from __future__ import annotations

import os
import re
import sys
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aimu.errors import SkillLoadError, ToolError
from aimu.skills.files import located
from aimu.skills.tools import checked_arguments, tool_spec

FOLDER = "scripts"
LIMIT = 64 * 1024  # bytes that are kept of each of the two outputs
# what a script is not handed over: another's text decides what it is asked to do
SECRET = re.compile("KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
OWN = {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
STREAMS = {1: "stdout", 2: "stderr"}


@dataclass(frozen=True)
class Script:
    """One script of a skill.

    Attributes:
        skill: Name of the skill.
        folder: The skill's folder.
        file: The script's path in it.
        tool_name: What it is offered as.
    """

    skill: str
    folder: str
    file: str
    tool_name: str


def scripts_of(skill: str, folder: str) -> list[Script]:
    """The ``scripts/*.py`` of a skill in order, without those whose name starts with ``_`` or ``.`` (SKILL-13).

    Raises:
        SkillLoadError: one leads out of the skill, or two would be offered under one name.
    """
    found: dict[str, Script] = {}
    for name in _names(os.path.join(folder, FOLDER)):
        script = Script(skill, folder, os.path.join(FOLDER, name), script_tool_name(skill, name[:-3]))
        path = os.path.join(folder, script.file)
        try:
            name.encode()  # the model is told of it
            located(folder, script.file)
        except (OSError, ValueError) as exc:
            raise SkillLoadError(f"is no script that can be run: {_reason(exc)}", path=path) from exc
        if other := found.get(script.tool_name):
            raise SkillLoadError(f"would be called {script.tool_name!r}, as {other.file} is; rename one", path=path)
        found[script.tool_name] = script
    return list(found.values())


def script_tool_name(skill: str, stem: str) -> str:
    """``skill__stem``, with what no tool name may have replaced; one too long ends in a number of its own."""
    whole = f"{skill}__{stem}"
    name = re.sub(r"[^A-Za-z0-9_-]", "_", whole)
    if len(name) <= 64:
        return name
    from zlib import crc32

    return f"{name[:55]}_{crc32(os.fsencode(whole)):08x}"


def _names(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if e.name.endswith(".py") and e.name[0] not in "_." and not e.is_dir())


class ScriptToolState:
    """A script that a model may call with a list of arguments (SKILL-13, SKILL-14).

    Args:
        script: The script.
        timeout: Seconds it may take.
        env: Variables it gets besides those it inherits.
    """

    def __init__(self, script: Script, timeout: float, env: Mapping[str, str]) -> None:
        self.script, self.timeout, self._env = script, timeout, env
        description = f"Run {script.file} of the skill {script.skill}; the skill's instructions say how."
        arguments = {"type": "array", "items": {"type": "string"}, "default": [], "description": "Its arguments"}
        self.__tool_spec__ = tool_spec(script.tool_name, description, {"arguments": arguments})

    def __tool_validate__(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return checked_arguments(self.__tool_spec__, arguments)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        """The argument list that starts the script, looked up again: it may have gone, or lead out by now.

        Raises:
            ToolError: it has, or it does.
        """
        try:
            return [sys.executable, located(self.script.folder, self.script.file), *arguments]
        except (OSError, ValueError) as exc:
            raise self._unstarted(exc) from exc

    def _surroundings(self) -> dict[str, Any]:
        """Where the process runs: in the skill's folder, in a group of its own, without the program's secrets."""
        inherited = {name: value for name, value in os.environ.items() if not SECRET.search(name)}
        return {"cwd": self.script.folder, "env": {**inherited, **OWN, **self._env}, "start_new_session": True}

    def _unstarted(self, exc: Exception) -> ToolError:
        return ToolError(f"{self.script.file} was not started: {_reason(exc)}")


class ScriptOutput:
    """What a script wrote, up to a limit: the rest is counted and dropped (SKILL-15)."""

    def __init__(self) -> None:
        self._kept = {stream: bytearray() for stream in STREAMS}
        self._seen = dict.fromkeys(STREAMS, 0)

    def take(self, stream: int, data: bytes) -> None:
        """Keep a piece of stream 1 or 2, as far as there is room."""
        self._seen[stream] += len(data)
        self._kept[stream] += data[: LIMIT - len(self._kept[stream])]

    def told(self, code: int | None, timeout: float) -> str:
        """What the script said, for the model (SKILL-15).

        Args:
            code: Its exit code; None when it took too long and was killed.
            timeout: Seconds it had.

        Raises:
            ToolError: it failed or took too long; the text has both outputs.
        """
        if code == 0:
            return self._text(1) or "(no output)"
        what = f"killed after {timeout:g} s" if code is None else f"exit code {code}"
        parts = [f"{name}:\n{text}" for stream, name in STREAMS.items() if (text := self._text(stream))]
        raise ToolError("\n".join([what, *parts]))

    def _text(self, stream: int) -> str:
        kept, seen = bytes(self._kept[stream]), self._seen[stream]
        text = getincrementaldecoder("utf-8")("replace").decode(kept, final=seen == len(kept))
        return text if seen == len(kept) else f"{text}\n[cut: the first {len(kept)} of {seen} bytes]"


def _reason(exc: Exception) -> str:
    return str(getattr(exc, "strerror", None) or exc)
