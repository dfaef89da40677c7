"""How the conformance suite judges this package.

python -m conformance --implementation pocket --target pocket.target:Pocket --target pocket.target:PocketLibrary
"""

from typing import Any

from conformance import Driver, Target
from conformance.profiles import covers
from conformance.requirement import Scenario
from conformance.targets import Library

PROFILES = ("core", "streaming", "tools", "wire")
ABLE = ("wire", "scripted", "openai_wire", "tools", "parallel_tools", "thinking", "images", "usage", "streaming")


class Pocket(Target):
    """Chat Completions over the scripted wire."""

    name = "pocket"
    capabilities = frozenset((*ABLE, "constrained"))
    profiles = PROFILES

    @property
    def provider(self) -> str:
        return "openai"

    def client(self, driver: Driver, **kwargs: Any) -> Any:
        server = driver.server
        settings = {"base_url": server.url("openai"), "api_key": server.api_key, "max_retries": 0}
        return driver.api.client(f"openai:{server.model};tools,vision,thinking", **settings | kwargs)


class PocketLibrary(Library):
    """What is the same whoever serves the model; of the profiles that are declared."""

    name = "pocket-library"
    profiles = PROFILES

    def is_judged_by(self, area: str, scenario: Scenario) -> bool:
        return super().is_judged_by(area, scenario) and covers(self.profiles, area)
