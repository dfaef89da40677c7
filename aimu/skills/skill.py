"""One skill: a folder with a SKILL.md."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from aimu.errors import SkillLoadError
from aimu.skills.files import read_bytes
from aimu.skills.frontmatter import Frontmatter
from aimu.skills.scripts import Script, scripts_of

if TYPE_CHECKING:
    from pathlib import Path

FILE = "SKILL.md"
LIMIT = 1024 * 1024  # bytes of a SKILL.md
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass
class AgentSkill:
    """What a SKILL.md says of itself; the body is read when it is asked for (SKILL-1).

    Attributes:
        name: 1 to 64 lower-case letters, digits and single hyphens; the name of its folder.
        description: What it does and when to use it, 1 to 1024 characters.
        path: Its SKILL.md.
        compatibility: What it needs to run, at most 500 characters.
        license_info: Its ``license`` field.
        metadata: Whatever else its author noted, as text.
    """

    name: str
    description: str
    path: Path
    compatibility: str = ""
    license_info: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def base_dir(self) -> Path:
        """The skill's folder."""
        from pathlib import Path

        return Path(self.path).parent

    @cached_property
    def scripts(self) -> list[Script]:
        """Its scripts, as they were when they were first asked for (SKILL-13).

        Raises:
            SkillLoadError: one leads out of the skill, or two would be offered under one name.
        """
        return scripts_of(self.name, str(self.base_dir))

    def script_tool_names(self) -> list[str]:
        """The names under which its scripts are offered, in order."""
        return [script.tool_name for script in self.scripts]

    def load_body(self) -> str:
        """The Markdown below the frontmatter, read now, without blank lines around it.

        Raises:
            SkillLoadError: the file cannot be read any more.
        """
        return _frontmatter(str(self.path)).body


def read_skill(path: str) -> AgentSkill:
    """Read one SKILL.md and check what the format says about it (SKILL-2, SKILL-3).

    Args:
        path: The file.

    Raises:
        SkillLoadError: it does not follow the format; the message names the file and the line.
    """
    from pathlib import Path

    head = _frontmatter(path)
    if not (description := head.text("description", 1024)):
        raise head.error("description is missing; say what the skill does and when to use it", head.line("description"))
    skill = AgentSkill(
        name=_name(head, os.path.basename(os.path.dirname(path))),
        description=description,
        path=Path(path),
        compatibility=head.text("compatibility", 500),
        license_info=head.text("license"),
        metadata=head.mapping("metadata"),
    )
    skill.script_tool_names()
    return skill


def _name(head: Frontmatter, folder: str) -> str:
    name = head.text("name")
    if not name:
        raise head.error(f"name is missing; it must be {folder!r}, like the folder", head.line("name"))
    if not NAME.fullmatch(name) or len(name) > 64:
        rule = "1 to 64 lower-case letters, digits and single hyphens between them"
        raise head.error(f"name {name[:80]!r} must be {rule}", head.line("name"))
    if name != folder:
        raise head.error(f"name {name!r} must be that of its folder, {folder!r}", head.line("name"))
    return name


def _frontmatter(path: str) -> Frontmatter:
    return Frontmatter(_text(path), path)


def _text(path: str) -> str:
    """The file as text; a byte order mark is no part of it."""
    folder, file = os.path.split(path)
    try:
        content = read_bytes(folder, file, LIMIT)
    except (OSError, ValueError) as exc:
        raise SkillLoadError(f"cannot be read: {getattr(exc, 'strerror', None) or exc}", path=path) from exc
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise SkillLoadError("is not UTF-8; save it as UTF-8", path=path, line=line) from exc
