"""No network: while a check runs, nothing is looked up or connected to but this machine."""

import contextlib
import ipaddress
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from conformance.certificates import one_certificate

CONNECTED: Final = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOKED_UP: Final = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
LOCAL: Final = ("localhost", "", None)

_guards: list[list[str]] = []  # what each check that runs was about to reach


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Refuse every connection, and every look-up of a name, that is not of this machine; in all threads.

    What a subprocess does is not seen.

    Raises:
        AssertionError: there was one, whatever became of it.
    """
    _watch_sockets()
    reached: list[str] = []
    _guards.append(reached)
    try:
        with one_certificate():  # there is no TLS on loopback
            yield
    finally:
        _guards[:] = [guard for guard in _guards if guard is not reached]  # by itself: two that are empty are equal
    if reached:
        raise AssertionError(f"the network was used, which no check may: {', '.join(reached)}")


@cache
def _watch_sockets() -> None:
    """Once, and for good: what watches can not be taken away, and does nothing while no check runs."""
    sys.addaudithook(_watch)


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if not _guards or not event.startswith("socket."):
        return
    address = args[1] if event in CONNECTED else args if event in LOOKED_UP else None
    if isinstance(address, tuple) and not _is_local(address[0]):
        for reached in _guards:
            reached.append(str(address[0]))
        raise ConnectionRefusedError(f"no network in a check: {address[0]!r}")


def _is_local(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in LOCAL:
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False
