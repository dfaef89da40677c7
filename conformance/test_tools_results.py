"""Scenarios of spec/tools.md: what is told of tools and their results."""

import datetime
import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools")


class Point(BaseModel):
    """A place."""

    x: int
    y: int = 0


@dataclass
class Pair:
    """A plain dataclass, for a result."""

    left: int
    right: datetime.date


def answers(client: Any) -> list[str]:
    """The tool messages of a history, in order."""
    return [message["content"] for message in client.messages if message["role"] == "tool"]


@requirement("TOOLS-18", needs=NEEDS)
async def test_text_stays_and_the_rest_is_json(d: Driver) -> None:
    """A str is not quoted; numbers, None, containers, models and dataclasses are JSON."""
    results: list[Any] = [
        'say "hi"\n',
        3,
        None,
        {"a": [1, "é"]},
        [True, 1.5],
        Point(x=1),
        Pair(1, datetime.date(2024, 2, 29)),
    ]

    def pick(index: int) -> Any:
        """Do it."""
        return results[index]

    d.script(Reply(calls=[Call("pick", {"index": index}) for index in range(len(results))]), Reply("Done"))
    client = d.client(tools=[d.lib.tool(pick)])
    await d(client.chat("go"))
    text, *rest = answers(client)
    assert text == 'say "hi"\n'
    assert [json.loads(answer) for answer in rest] == [
        3,
        None,
        {"a": [1, "é"]},
        [True, 1.5],
        {"x": 1, "y": 0},
        {"left": 1, "right": "2024-02-29"},
    ]


@requirement("TOOLS-18", needs=NEEDS)
async def test_result_without_json_form_is_a_type_error(d: Driver) -> None:
    """It names the tool and the type of the result."""

    def opaque() -> object:
        """Do it."""
        return object()

    d.script(Reply(calls=[Call("opaque")]))
    client = d.client(tools=[d.lib.tool(opaque)])
    with d.raises(TypeError, match="'opaque' returned object"):
        await d(client.chat("go"))


@requirement("TOOLS-22", needs=NEEDS)
async def test_order_of_tools_is_kept(d: Driver) -> None:
    """In both requests of a turn the tools stand as they were set."""
    names = ["zeta", "alpha", "mid", "beta"]

    def make(name: str) -> Any:
        def body() -> str:
            """Do it."""
            return name

        body.__name__ = name
        return d.lib.tool(body)

    d.script(Reply(calls=[Call("mid")]), Reply("Done"))
    await d(d.client(tools=[make(name) for name in names]).chat("go"))
    for request in d.server.requests:
        offered = [tool.get("function", tool)["name"] for tool in request.body["tools"]]
        assert offered == names
    assert len(d.server.requests) == 2
