"""A scripted provider for your own tests: real HTTP on loopback, no key, nothing left to chance.

    from aimu.testing import Call, Reply, ScriptedServer

    with ScriptedServer() as server:
        server.script(Reply(calls=[Call("add", {"a": 1, "b": 2})]), Reply("3"))
        client = aimu.client("openai:any;tools", base_url=server.openai_url, api_key="test")

The server runs in threads of its own, so sync and async tests start it alike. In pytest,
``pytest_plugins = "conformance.scripted.fixture"`` brings it as the fixture ``scripted_server``.
"""

from conformance.scripted import Call, Fault, Gate, Raw, Reply, Request, ScriptedServer, Usage

__all__ = ["Call", "Fault", "Gate", "Raw", "Reply", "Request", "ScriptedServer", "Usage"]
