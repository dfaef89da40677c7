"""How pytest is told about the tests and the scenarios."""

import os
from typing import Final

from tests.mutation.settings import Settings

PLAIN: Final = (
    *("-q", "--no-header", "--tb=line", "-p", "no:cacheprovider"),
    *("-p", "no:conformance"),  # as it is installed; the one of this tree is named where it is wanted
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of plugins that the parent has loaded
)
# the scenarios see nothing of this repository's settings, as when `python -m conformance` runs them
SCENARIOS: Final = (*PLAIN, "--disable-plugin-autoload", "-p", "conformance.plugin", "-c", os.devnull, "--rootdir=.")
# of the scenarios: the other surface shares what is broken, and parity compares the two
LEFT_OUT: Final = ("-aio]", "-parity]")


def targets(what: Settings) -> list[str]:
    """The options that select the targets.

    Args:
        what: Settings.

    Returns:
        list of str.
    """
    return [f"--conformance-target={target}" for target in what.targets]
