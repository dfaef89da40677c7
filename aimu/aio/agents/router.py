"""The async Router."""

from __future__ import annotations

from aimu.aio.agents.base import Runner
from aimu.aio.agents.workflow import Workflow
from aimu.core.router import RouterState


class Router(RouterState[Runner], Workflow):
    """One runner says whose task it is, and that one does it (ROUTER-1)."""
