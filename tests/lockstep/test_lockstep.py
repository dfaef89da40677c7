"""Random lives, the same ones on every run: neither surface does what the other does not."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from conformance.scripted import ScriptedServer
from tests.lockstep.machine import Lockstep

FIXED = settings(
    max_examples=40,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def servers() -> Iterator[list[ScriptedServer]]:
    with ScriptedServer() as one, ScriptedServer() as other:
        yield [one, other]


def test_both_surfaces_live_the_same_lives(servers: list[ScriptedServer]) -> None:
    lived: list[int] = []

    class Counted(Lockstep):
        counted = staticmethod(lived.append)

    Counted.servers = servers
    run_state_machine_as_test(Counted, settings=FIXED)
    assert len(lived) >= FIXED.max_examples
    assert sum(lived) >= 5 * FIXED.max_examples, f"only {sum(lived)} steps in {len(lived)} lives"
