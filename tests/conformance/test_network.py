"""No check leaves this machine."""

import contextlib
import socket
from collections.abc import Callable

import pytest

from conformance.driver import Driver
from conformance.network import offline
from conformance.scripted import ScriptedServer
from tests.conformance.toy import Nothing

ELSEWHERE = "192.0.2.1"  # reserved for documentation: nobody is there


def reach(host: str) -> None:
    """What a library might do, and then go on as if nothing had happened."""
    with contextlib.suppress(OSError):
        socket.create_connection((host, 9), timeout=0.2).close()


@pytest.mark.parametrize("host", [ELSEWHERE, "2001:db8::1", "no-such-host.invalid"])
def test_what_would_leave_is_refused_and_told(host: str) -> None:
    with pytest.raises(AssertionError, match=rf"the network was used, which no check may: .*{host}"), offline():
        reach(host)


def test_this_machine_may_be_reached() -> None:
    with offline(), ScriptedServer() as server:
        port = int(server.openai_url.split(":")[2].partition("/")[0])
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port), timeout=5).close()


def test_it_is_over_after_the_check() -> None:
    with offline():
        pass
    reach(ELSEWHERE)  # raises nothing


def test_one_guard_outlives_another() -> None:
    outer, inner = offline(), offline()
    outer.__enter__()
    with inner:
        pass
    reach(ELSEWHERE)
    with pytest.raises(AssertionError, match="the network was used"):
        outer.__exit__(None, None, None)


@pytest.mark.parametrize("surface", ["sync", "aio"])
def test_a_check_that_leaves_fails(drive: Callable[..., Driver], surface: str) -> None:
    async def body(d: Driver) -> None:
        d.enter()
        reach(ELSEWHERE)

    with pytest.raises(AssertionError, match=f"the network was used, which no check may: {ELSEWHERE}"):
        drive(surface, Nothing()).play(body, 5.0)


def test_a_target_on_a_real_endpoint_may(drive: Callable[..., Driver]) -> None:
    class Live(Nothing):
        uses_network = True

    async def body(d: Driver) -> None:
        d.enter()
        reach(ELSEWHERE)

    drive("sync", Live()).play(body, 5.0)
