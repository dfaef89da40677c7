"""Babble, judged by the suite as part of its own tests."""

from conformance import ConformanceTests

from babble_aimu.target import Babble


class TestBabble(ConformanceTests):
    """Each scenario of the suite on the sync and on the async surface, and both compared."""

    target = Babble
    profiles = ("core", "streaming", "tools", "in-process")
