"""The awaitable interface of Babble's sync client."""

from aimu.aio.clients.inprocess import InProcessClient

from babble_aimu.client import BabbleClient


class AsyncBabbleClient(InProcessClient):
    """A live BabbleClient, awaited: one client with two interfaces, nothing loaded twice.

    Args:
        sync_client: BabbleClient, whose messages, tools and defaults are shared.

    Raises:
        TypeError: it is not a BabbleClient.
    """

    provider = "babble"
    _wraps = BabbleClient
