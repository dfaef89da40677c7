"""Skills: folders with a SKILL.md that a model reads when it needs them. Reads files, runs nothing.

frontmatter  the head of a SKILL.md: from its text to fields, each with its line
files        reading a file that must not lead out of a folder
skill        AgentSkill: one folder, its description, body and scripts
discovery    SkillManager: which skills there are, and the catalogue of them
tools        what the model calls: activate_skill, read_skill_file
scripts      a script as a tool: its name, its environment, and what is told of its output
agent        the state that both SkillAgents share
"""

from aimu.errors import SkillLoadError, SkillNotFoundError
from aimu.skills.discovery import SkillManager
from aimu.skills.skill import AgentSkill

__all__ = ["AgentSkill", "SkillLoadError", "SkillManager", "SkillNotFoundError"]
