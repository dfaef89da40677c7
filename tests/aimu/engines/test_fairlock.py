"""The lock of a model's weights."""

import threading
from collections.abc import Callable

import pytest

from aimu.engines.fairlock import FairLock


def test_the_lock_is_handed_on_in_order() -> None:
    lock, order = FairLock(), []
    waiting = [threading.Event() for _ in range(3)]
    threads = []
    with lock.held(lambda: False):
        for number in range(3):

            def is_stopped(number: int = number) -> bool:
                waiting[number].set()
                return False

            def take(number: int = number, asks: Callable[[], bool] = is_stopped) -> None:
                with lock.held(asks):
                    order.append(number)

            threads.append(threading.Thread(target=take))
            threads[-1].start()
            assert waiting[number].wait(10)
        assert order == []
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2]


def test_a_stopped_waiter_leaves_the_queue() -> None:
    lock, stopped, left = FairLock(), threading.Event(), threading.Event()

    def wait() -> None:
        with lock.held(stopped.is_set):
            left.set()

    with lock.held(lambda: False):
        waiter = threading.Thread(target=wait)
        waiter.start()
        stopped.set()
        lock.wake()
        assert left.wait(10)
        waiter.join(10)
    with lock.held(lambda: False):
        assert not waiter.is_alive()


def test_who_fails_with_the_lock_hands_it_on() -> None:
    lock = FairLock()
    with pytest.raises(ZeroDivisionError), lock.held(lambda: False):
        raise ZeroDivisionError
    with lock.held(lambda: True):  # who is told to stop waits for nobody
        assert len(lock._queue) == 1
