"""Colour is told by what a call gives, through partials and objects."""

import functools
from typing import Any

import pytest

from aimu.core.colour import colour_of, is_async_callable


def plain() -> None: ...


async def coroutine() -> None: ...


class Plain:
    def __call__(self) -> None: ...

    def method(self) -> None: ...


class Async:
    async def __call__(self) -> None: ...

    async def method(self) -> None: ...

    @staticmethod
    async def static() -> None: ...

    @classmethod
    async def made(cls) -> None: ...


@functools.wraps(coroutine)
def runs_it_to_the_end() -> None: ...


@functools.wraps(plain)
async def puts_it_in_a_thread() -> None: ...


@pytest.mark.parametrize(
    "function",
    [
        coroutine,
        Async(),
        Async().method,
        Async.static,
        Async.made,
        functools.partial(coroutine),
        functools.partial(functools.partial(coroutine)),
        functools.partial(Async()),
        functools.partial(Async().method),
        puts_it_in_a_thread,
    ],
)
def test_async(function: Any) -> None:
    assert is_async_callable(function)


@pytest.mark.parametrize(
    "function",
    [
        plain,
        len,
        Plain(),
        Plain().method,
        Plain,
        Async,
        functools.partial(plain),
        lambda: coroutine(),
        runs_it_to_the_end,
    ],
)
def test_sync(function: Any) -> None:
    assert not is_async_callable(function)


def test_what_carries_no_marker_has_no_colour() -> None:
    assert colour_of(object()) is None
    assert colour_of(type("Client", (), {"__aimu_colour__": "async"})()) == "async"
