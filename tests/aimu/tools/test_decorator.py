"""@tool: the function stays what it is, and gains what a model is told."""

import asyncio
import functools
from typing import Any, ClassVar

from aimu import tool
from aimu.core.toolcalls import tool_name


def plain(a: int) -> int:
    """Twice."""
    return 2 * a


def test_the_function_is_the_same_one_and_stays_callable() -> None:
    assert tool(plain) is plain
    assert plain(2) == 4
    assert plain("ab") == "abab"  # type: ignore[arg-type,comparison-overlap]


def test_its_colour_is_recorded() -> None:
    @tool
    async def slow(a: int) -> int:
        return 2 * a

    marked: Any = slow
    assert marked.__tool_is_async__ is True
    assert asyncio.run(slow(2)) == 4
    assert tool(plain).__tool_is_async__ is False  # type: ignore[attr-defined]


def test_a_partial_keeps_its_name_and_asks_for_the_rest() -> None:
    def join(a: str, b: str, *, sep: str = ",") -> str:
        """Join.

        Args:
            a: First.
            b: Second.
        """
        return a + sep + b

    part: Any = tool(functools.partial(join, b="y"))
    assert tool_name(part) == "join"
    assert part.__tool_spec__["function"]["parameters"]["required"] == ["a"]
    assert part(**part.__tool_validate__({"a": "x"})) == "x,y"


def test_an_object_is_named_by_its_class_and_read_by_its_call() -> None:
    class Doubler:
        """Not this one."""

        async def __call__(self, a: int) -> int:
            """Twice."""
            return 2 * a

    made: Any = tool(Doubler())
    assert tool_name(made) == "Doubler"
    assert made.__tool_is_async__ is True
    assert list(made.__tool_spec__["function"]["parameters"]["properties"]) == ["a"]


def test_a_bound_method_comes_back_bound() -> None:
    class Shelf:
        def __init__(self, books: list[str]) -> None:
            self.books = books

        def find(self, word: str) -> list[str]:
            """Find a book."""
            return [book for book in self.books if word in book]

    first, second = Shelf(["abc"]), Shelf(["bcd"])
    one: Any = tool(first.find)
    other: Any = tool(second.find)
    assert (one("b"), other("b")) == (["abc"], ["bcd"])
    assert tool_name(one) == "find"
    assert list(one.__tool_spec__["function"]["parameters"]["properties"]) == ["word"]


def test_static_and_class_methods_can_be_tools() -> None:
    class Shelf:
        books: ClassVar = ["abc"]

        @staticmethod
        def twice(word: str) -> str:
            """Twice."""
            return 2 * word

        @classmethod
        async def find(cls, word: str) -> list[str]:
            """Find a book."""
            return [book for book in cls.books if word in book]

    twice: Any = tool(Shelf.twice)
    find: Any = tool(Shelf.find)
    assert (twice("a"), asyncio.run(find("b"))) == ("aa", ["abc"])
    assert (twice.__tool_is_async__, find.__tool_is_async__) == (False, True)
    assert list(find.__tool_spec__["function"]["parameters"]["properties"]) == ["word"]
