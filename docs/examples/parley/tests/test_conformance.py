"""Parley, judged by the suite as part of its own tests."""

from conformance import ConformanceTests

from parley_aimu.target import Parley


class TestParley(ConformanceTests):
    """Each scenario of the suite on the sync and on the async surface, and both compared."""

    target = Parley
    profiles = ("core", "streaming", "tools")
