"""What pytest keeps of a run from hook to hook."""

from typing import Any, Final

import pytest

from conformance.outcomes import Conclusion
from conformance.run import Run

RUN: Final = pytest.StashKey[Run]()
CONCLUSION: Final = pytest.StashKey[Conclusion]()
REPORT: Final = pytest.StashKey[dict[str, Any]]()


def run_of(collector: pytest.Collector) -> Run:
    """The run that what is collected belongs to.

    Args:
        collector: pytest.Collector.

    Raises:
        pytest.Collector.CollectError: this is one of several processes, of which none sees all checks.
    """
    if hasattr(collector.config, "workerinput"):
        raise collector.CollectError(
            "checks are counted in one process: run them without -n; python -m conformance --jobs 2 has processes"
        )
    return collector.config.stash[RUN]
