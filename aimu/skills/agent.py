"""The state and decisions that both SkillAgents share."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, Self

from aimu.core.agents import AgentState, C
from aimu.core.toolcalls import Tool, checked_tools
from aimu.skills.discovery import SkillManager
from aimu.skills.scripts import Script
from aimu.skills.tools import activate_tool, reading_tool

HINT = "To use one of these skills, call activate_skill with its name and follow the instructions that it returns."


@dataclass(eq=False)
class SkillAgentState(AgentState[C]):
    """An agent whose turns also offer skills; what is the user's stays (SKILL-10, SKILL-11).

    Attributes:
        skill_manager: The skills; by default those of the default folders.
    """

    skill_manager: SkillManager = field(default_factory=SkillManager)

    def __post_init__(self) -> None:
        given: object = self.skill_manager
        if not isinstance(given, SkillManager):
            kind = type(given).__name__
            raise TypeError(f"skill_manager must be a SkillManager, not {kind}; SkillManager([folder]) makes one")
        super().__post_init__()
        checked_tools(self._tools_in_force())

    @classmethod
    def from_config(cls, config: dict[str, Any], client: C) -> Self:
        """An agent on a fork of ``client``, from a plain dict (AGENT-6, SKILL-12).

        Args:
            config: Fields of the agent by name; ``skill_dirs`` stands for a SkillManager of those folders.
            client: Model, connection, tools and defaults to fork.

        Raises:
            ValueError: a key is not a field, or both ``skill_dirs`` and ``skill_manager`` are given.
        """
        config = dict(config)
        if "skill_dirs" in config:
            if "skill_manager" in config:
                raise ValueError("the config has skill_dirs and skill_manager; give one of them")
            config["skill_manager"] = SkillManager(config.pop("skill_dirs"))
        return super().from_config(config, client)

    def _added_instructions(self) -> str:
        catalogue = self.skill_manager.catalog_prompt()
        return f"{catalogue}\n{HINT}" if catalogue else ""

    def _added_tools(self) -> list[Tool]:
        skills = self.skill_manager
        if not skills.skills:
            return []
        scripts = [script for skill in skills.skills.values() for script in skill.scripts]
        return [activate_tool(skills), reading_tool(skills), *map(self._script_tool, scripts)]

    @abstractmethod
    def _script_tool(self, script: Script) -> Tool:
        """A script as a tool of the agent's own colour."""
