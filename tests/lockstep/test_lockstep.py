"""Random lives, the same ones on every run: neither surface does what the other does not."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

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


def test_both_surfaces_live_the_same_lives() -> None:
    lived: list[int] = []

    class Counted(Lockstep):
        counted = staticmethod(lived.append)

    run_state_machine_as_test(Counted, settings=FIXED)
    assert len(lived) >= FIXED.max_examples
    assert sum(lived) >= 5 * FIXED.max_examples, f"only {sum(lived)} steps in {len(lived)} lives"
