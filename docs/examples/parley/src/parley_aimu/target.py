"""Parley, as the suite judges it."""

from typing import TYPE_CHECKING, Any

from conformance import Target
from conformance.scripted import ScriptedServer

from parley_aimu.wire import ParleyWire

if TYPE_CHECKING:
    from conformance import Driver
    from conformance.check import Check


class Parley(Target):
    """Parley's client, before a server that speaks its wire from the scripts of the scenarios."""

    name = "parley"
    capabilities = frozenset({"wire", "scripted", "streaming", "tools", "parallel_tools", "usage"})

    def stand_in(self, check: "Check | None") -> ScriptedServer:
        """The suite's server, with one wire more."""
        server = ScriptedServer(ParleyWire())
        server.start()
        return server

    def client(self, driver: "Driver", **options: Any) -> Any:
        """A client of that server, on the surface of the driver."""
        server = driver.server
        settings = {"base_url": server.url("parley"), "api_key": server.api_key, "max_retries": 0}
        return driver.api.client(f"parley:{server.model};tools", **settings | options)
