"""Scenarios of spec/tools.md: what is refused as a tool, at decoration and when tools are set."""

from collections.abc import AsyncIterator, Callable, Iterator

from conformance.driver import Driver
from conformance.requirement import LIBRARY, requirement


@requirement("TOOLS-9")
async def test_undecorated_callable_is_refused_when_set(d: Driver) -> None:
    """On a client at construction and by assignment, and on an agent."""

    def plain() -> str:
        """Do it."""
        return "done"

    def good() -> str:
        """Do it."""
        return "done"

    client = d.client()
    client.tools = [tool := d.direct(d.lib.tool(good))]
    with d.raises(ValueError, match=f"@{d.lib.__name__}.tool"):
        client.tools = [plain]
    assert client.tools == [tool]
    with d.raises(ValueError, match="plain"):
        d.client(tools=[plain])
    with d.raises(ValueError, match="plain"):
        d.api.Agent(client, tools=[tool, plain])


@requirement("TOOLS-9")
async def test_two_tools_of_one_name_are_refused_when_set(d: Driver) -> None:
    """The message says the name; what the client had stays."""

    def make(result: str) -> Callable[[], str]:
        def twice() -> str:
            """Do it."""
            return result

        return twice

    first, second = d.direct(d.lib.tool(make("a"))), d.direct(d.lib.tool(make("b")))
    client = d.client()
    client.tools = [first]
    with d.raises(ValueError, match="'twice'"):
        client.tools = [first, second]
    assert client.tools == [first]
    with d.raises(ValueError, match="'twice'"):
        d.api.Agent(client, tools=[first, second])


def variadic(*numbers: int) -> None:
    """Do it."""


def keywords(**options: int) -> None:
    """Do it."""


def positional(number: int, /) -> None:
    """Do it."""


def bare(number) -> None:  # type: ignore[no-untyped-def]
    """Do it."""


def unresolved(number: "NoSuchType") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Do it."""


def no_json(number: Iterator[object] | type | Driver) -> None:
    """Do it."""


def generator(number: int) -> Iterator[int]:
    """Do it."""
    yield number


async def async_generator(number: int) -> AsyncIterator[int]:
    """Do it."""
    yield number


@requirement("TOOLS-10", subject=LIBRARY)
async def test_signature_that_cannot_be_offered_is_refused(d: Driver) -> None:
    """B-02 among them: each raises at decoration and names the tool."""
    for function, word in (
        (variadic, "numbers"),
        (keywords, "options"),
        (positional, "number"),
        (bare, "number"),
        (unresolved, "NoSuchType"),
        (no_json, "no_json"),
        (generator, "generator"),
        (async_generator, "generator"),
    ):
        with d.raises(d.lib.tools.ToolSignatureError, match=word) as caught:
            d.lib.tool(function)
        assert isinstance(caught.value, TypeError)
        assert function.__name__ in str(caught.value)
        assert not hasattr(function, "__tool_spec__")
