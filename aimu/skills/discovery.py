"""Which skills there are, and what the model is told of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aimu.errors import SkillLoadError, SkillNotFoundError
from aimu.skills.skill import FILE, AgentSkill, read_skill

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_DIRS = (".agents/skills", ".claude/skills", "~/.agents/skills", "~/.claude/skills")


class SkillManager:
    """Finds skills in folders, and reads them once (SKILL-5).

    Args:
        skill_dirs: Folders that hold one folder per skill; the first one wins where two have a skill of
            one name. None, or none at all: ``.agents/skills`` and ``.claude/skills`` here, then at home.
        script_timeout: Seconds a script may take; default 30.
        script_env: Variables that scripts get besides those they inherit; default none. What they
            inherit leaves out each variable whose name has KEY, TOKEN, SECRET, PASSW or CREDENTIAL in it.

    Raises:
        ValueError: ``script_timeout`` is not above zero.
    """

    def __init__(
        self,
        skill_dirs: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] | None = None,
        *,
        script_timeout: float = 30.0,
        script_env: Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(script_timeout, (int, float)) or not script_timeout > 0:
            raise ValueError(f"script_timeout={script_timeout!r} must be a number of seconds above zero")
        given = [skill_dirs] if isinstance(skill_dirs, (str, os.PathLike)) else list(skill_dirs or ())
        self._are_defaults = not given
        self._folders = list(dict.fromkeys(_absolute(folder) for folder in given or DEFAULT_DIRS))
        self._skills: dict[str, AgentSkill] | None = None
        self.script_timeout = script_timeout
        self.script_env = dict(script_env or {})

    @property
    def skill_dirs(self) -> list[Path]:
        """The folders that are looked into, absolute, in order."""
        from pathlib import Path

        return [Path(folder) for folder in self._folders]

    @property
    def skills(self) -> dict[str, AgentSkill]:
        """The skills by name, read when they are first asked for (SKILL-5).

        Raises:
            SkillLoadError: a SKILL.md does not follow the format.
        """
        if self._skills is None:
            self._skills = self._found()
        return self._skills

    def reload(self) -> None:
        """Read the folders again; the skills stay as they were when that fails (SKILL-6).

        Raises:
            SkillLoadError: a SKILL.md does not follow the format.
        """
        self._skills = self._found()

    def get_skill(self, name: str) -> AgentSkill:
        """The skill of that name.

        Raises:
            SkillNotFoundError: there is none; the message says which there are.
        """
        try:
            return self.skills[name]
        except KeyError:
            names = ", ".join(self.skills) or "none"
            raise SkillNotFoundError(f"skill {name!r} not found; there are: {names}") from None

    def get_skill_body(self, name: str) -> str:
        """The instructions of a skill, read from its file now.

        Raises:
            SkillNotFoundError: there is no such skill.
            SkillLoadError: its file cannot be read any more.
        """
        return self.get_skill(name).load_body()

    def catalog_prompt(self) -> str:
        """What a model is told: names, descriptions and script tools; ``""`` without skills (SKILL-7)."""
        if not self.skills:
            return ""
        return "\n".join(["<available_skills>", *map(_entry, self.skills.values()), "</available_skills>"])

    def _found(self) -> dict[str, AgentSkill]:
        from logging import getLogger

        log = getLogger("aimu.skills")
        skills: dict[str, AgentSkill] = {}
        for folder in self._folders:
            if not os.path.isdir(folder):
                if not self._are_defaults:
                    log.warning("skill folder %s does not exist", folder)
                continue
            for skill in map(read_skill, _skill_files(folder)):
                skills.setdefault(skill.name, skill)
        log.info("%d skills: %s", len(skills), ", ".join(str(skill.path) for skill in skills.values()))
        return skills


def _absolute(folder: str | os.PathLike[str]) -> str:
    return os.path.realpath(os.path.expanduser(os.fspath(folder)))


def _skill_files(folder: str) -> list[str]:
    """The SKILL.md of each folder in a folder, sorted by the folder's name."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as exc:
        raise SkillLoadError(f"the folder cannot be listed: {exc.strerror}", path=folder) from exc
    return [path for name in names if os.path.lexists(path := os.path.join(folder, name, FILE))]


def _entry(skill: AgentSkill) -> str:
    from html import escape

    tools = [f"      <tool>{escape(name, quote=False)}</tool>" for name in skill.script_tool_names()]
    lines = [
        "  <skill>",
        f"    <name>{escape(skill.name, quote=False)}</name>",
        f"    <description>{escape(skill.description, quote=False)}</description>",
        *(["    <tools>", *tools, "    </tools>"] if tools else []),
        "  </skill>",
    ]
    return "\n".join(lines)
