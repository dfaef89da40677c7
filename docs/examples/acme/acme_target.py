"""Acme, as the suite judges it."""

from typing import Any

from conformance import Driver, Target


class Acme(Target):
    """An endpoint that speaks Chat Completions."""

    name = "acme"  # in reports, and the folder of its cassettes
    provider = "openai"  # the client that speaks to it
    capabilities = frozenset(
        {"wire", "openai_wire", "scripted", "streaming", "usage", "tools", "parallel_tools", "constrained"}
    )

    def client(self, driver: Driver, **options: Any) -> Any:
        """A client of Acme, or of what the suite puts in its place: its scripted server, or a cassette."""
        server = driver.server
        settings = {"base_url": server.url("openai"), "api_key": server.api_key, "max_retries": 0}
        return driver.api.client(f"openai:{server.model};tools", **settings | options)
