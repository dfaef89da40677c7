"""What a turn costs as a conversation grows: ``tox run -e bench -- growth``.

Ours is a conversation of 5,000 messages, had turn by turn. Beside it, at each length, some turns of the bare SDK and
of a bare HTTP client with a list as long. The whole history goes out with each turn, so that a turn cannot cost less
than its length; what must not happen is that it costs more.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

import aimu
from tests.benchmarks.contenders import bare_body, sdk_create
from tests.benchmarks.crowd import WORDS, Crowd, crowd
from tests.benchmarks.soak import QUESTION

MESSAGES = 5000
POINTS = 10
WIRES = ("openai", "anthropic")
OTHERS = 3  # turns of the others at each length: a turn of the SDK's may cost a hundred of ours
Say = Callable[[], Any]
Said = list[dict[str, Any]]


def ours(server: Crowd, wire: str, said: Said) -> Say:
    """A turn of our client, whose history is kept in it."""
    client = server.client(aimu, wire)
    client.messages = said
    return lambda: client.chat(QUESTION)


def typed(server: Crowd, wire: str, said: Said) -> Say:
    """The same through the SDK, with a list."""
    create, body = sdk_create(wire, server.url), bare_body(wire)
    body["messages"] = said

    def say() -> None:
        said.append({"role": "user", "content": QUESTION})
        answer = create(**body)
        text = answer.choices[0].message.content if wire == "openai" else answer.content[0].text
        said.append({"role": "assistant", "content": text})

    return say


def bare(server: Crowd, wire: str, said: Said) -> Say:
    """The same through an HTTP client, with a list."""
    http, body = httpx2.Client(), bare_body(wire)
    target = f"{server.base_url(wire)}/chat/completions" if wire == "openai" else f"{server.url}/v1/messages"
    body["messages"] = said

    def say() -> None:
        said.append({"role": "user", "content": QUESTION})
        answer = json.loads(http.post(target, json=body).content)
        text = answer["choices"][0]["message"]["content"] if wire == "openai" else answer["content"][0]["text"]
        said.append({"role": "assistant", "content": text})

    return say


def history(messages: int) -> Said:
    """A conversation that has gone on for a while."""
    pair = ({"role": "user", "content": QUESTION}, {"role": "assistant", "content": "".join(WORDS)})
    return [dict(message) for _ in range(messages // 2) for message in pair]


def curve(wire: str, server: Crowd, messages: int) -> list[dict[str, float]]:
    """Milliseconds of CPU one turn costs at each length; ours the mean of all turns since the length before."""
    turns = messages // 2 // POINTS
    for contender in (ours, typed, bare):
        _spent(contender(server, wire, []), OTHERS)
    ours_at = ours(server, wire, [])
    points = []
    for number in range(1, POINTS + 1):
        mine = _spent(ours_at, turns)
        # their turns begin in the middle of the stretch that ours is the mean of
        told = {
            each.__name__: _spent(each(server, wire, history(int((number - 0.5) * turns) * 2)), OTHERS)
            for each in (typed, bare)
        }
        points.append({"messages": int((number - 0.5) * turns * 2), "ours": mine, **told})
    return points


def _spent(say: Say, turns: int) -> float:
    began = time.process_time()
    for _ in range(turns):
        say()
    return (time.process_time() - began) / turns * 1000


def steepening(points: list[dict[str, float]], name: str) -> float:
    """By how much steeper the second half of the curve is than the first: 1 is a straight line, 3 a parabola."""
    middle, last = len(points) // 2, len(points) - 1

    def rise(start: int, end: int) -> float:
        return (points[end][name] - points[start][name]) / (points[end]["messages"] - points[start]["messages"])

    return rise(middle, last) / rise(0, middle)


def show(wire: str, points: list[dict[str, float]]) -> Iterator[str]:
    """The curve as lines of text."""
    names = [name for name in points[0] if name != "messages"]
    yield f"{wire}: ms of CPU for one turn"
    for point in points:
        yield f"{point['messages']:6.0f} messages  " + "  ".join(f"{name} {point[name]:7.2f}" for name in names)
    yield "steeper by  " + "  ".join(f"{name} {steepening(points, name):.2f}" for name in names)


def main(arguments: list[str]) -> None:
    """Print the curves."""
    parser = argparse.ArgumentParser(prog="bench growth", description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES, help="of each conversation (default: %(default)s)")
    parser.add_argument("--wire", choices=WIRES, help="one wire only")
    parser.add_argument("--json", help="a file for the curves")
    options = parser.parse_args(arguments)
    found = {}
    with crowd() as server:
        for wire in [options.wire] if options.wire else WIRES:
            found[wire] = curve(wire, server, options.messages)
            print("\n".join(show(wire, found[wire])), flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
