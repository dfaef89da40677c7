"""A long run by hand: `python -m tests.lockstep --minutes N`; other lives each time, and the number that were tried."""

import argparse
import random
import signal
import sys
import time

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.lockstep.machine import Lockstep

BATCH = 50  # lives between two looks at the clock


def main() -> int:
    """Live until the time is over, or until the twins disagree; then the steps that led there are shown.

    Returns:
        int: 1 when they disagreed.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.lockstep", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to go on; default 10")
    parser.add_argument("--steps", type=int, default=40, help="the most steps of one life; default 40")
    parser.add_argument("--seed", type=int, default=None, help="of the first lives; default another one each time")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have let it be ignored
    first = random.randrange(2**32) if given.seed is None else given.seed
    began, lived = time.monotonic(), list[int]()

    Lockstep.counted = staticmethod(lived.append)
    try:
        number = first
        while time.monotonic() - began < 60 * given.minutes:
            print(f"seed {number}: {len(lived)} lives, {sum(lived)} steps", flush=True)
            run_state_machine_as_test(seed(number)(Lockstep), settings=_settings(given.steps))
            number += 1
    except AssertionError as exc:
        print(f"{exc}\n{chr(10).join(getattr(exc, '__notes__', []))}\nseed {number}")
        return 1
    finally:
        minutes = (time.monotonic() - began) / 60
        print(f"{len(lived)} lives, {sum(lived)} steps, {minutes:.1f} minutes, from seed {first}")
    return 0


def _settings(steps: int) -> settings:
    return settings(
        max_examples=BATCH,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


if __name__ == "__main__":
    sys.exit(main())
