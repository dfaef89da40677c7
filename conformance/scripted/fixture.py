"""The server as a pytest fixture: `from conformance.scripted.fixture import scripted_server`."""

from collections.abc import Iterator

import pytest

from conformance.scripted.server import ScriptedServer


@pytest.fixture
def scripted_server() -> Iterator[ScriptedServer]:
    """A started server for one test.

    Yields:
        ScriptedServer: stopped after the test.
    """
    with ScriptedServer() as server:
        yield server
