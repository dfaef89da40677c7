"""The sync SkillAgent."""

from __future__ import annotations

from aimu.agents.agent import Agent
from aimu.clients.base import ModelClient
from aimu.core.toolcalls import Tool
from aimu.skills.agent import SkillAgentState
from aimu.skills.scripts import Script


class SkillAgent(SkillAgentState[ModelClient], Agent):
    """An Agent that also offers skills: it tells the model of them, which reads and runs what it needs (SKILL-10)."""

    def _script_tool(self, script: Script) -> Tool:
        from aimu.agents.scripts import ScriptTool

        return ScriptTool(script, self.skill_manager.script_timeout, self.skill_manager.script_env)
