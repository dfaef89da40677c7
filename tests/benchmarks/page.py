"""The figures of docs/load.md and its picture, from the JSON that ``load``, ``growth`` and ``soak`` leave.

    python -m tests.benchmarks.page --load load.json --growth growth.json --soak soak.json ...

What stands between ``<!-- name -->`` and ``<!-- end -->`` on the page is replaced; what is not given stays.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.benchmarks.growth import steepening

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURE = DOCS / "load.md", DOCS / "load-growth.svg"
COLOURS = {"ours": "#1a7f37", "typed": "#cf222e", "bare": "#57606a"}
NAMES = {"ours": "ours", "typed": "bare SDK", "bare": "bare HTTP client"}
WIDTH, HEIGHT, LEFT, TOP, GAP = 360, 240, 50, 30, 90


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table; all but the first column to the right."""
    head = list(head)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def load_table(found: list[dict[str, Any]]) -> str:
    """A row for each contender of each comparison."""
    head = ["", "requests", "failed", "seconds", "a second", "CPU ms each", "ours/SDK", "MiB", "descriptors"]
    rows = []
    for one in found:
        how = f"{one['wire']}, {one['surface']}, {'streamed' if one['stream'] else 'whole'}"
        ratio = one["ours"]["cpu_ms"] / one["typed"]["cpu_ms"]
        for name in ("ours", "typed"):
            told = one[name]
            counts = (f"{told['requests']:.0f}", f"{told['failed']:.0f}", f"{told['wall']:.1f}")
            rates = (f"{told['per_second']:.0f}", f"{told['cpu_ms']:.2f}", f"{ratio:.2f}" if name == "ours" else "")
            most = (f"{told['memory']:.0f}", f"{told['descriptors']:.0f}")
            rows.append((f"{how}, {NAMES[name]}", *counts, *rates, *most))
    return table(head, rows)


def growth_table(found: dict[str, list[dict[str, float]]]) -> str:
    """A row for each length; ms of CPU for one turn."""
    head = ["messages", *(f"{wire}, {name}" for wire in found for name in NAMES.values())]
    rows = [
        [f"{at[0]['messages']:.0f}", *(f"{point[name]:.1f}" for point in at for name in NAMES)]
        for at in zip(*found.values(), strict=True)
    ]
    rows.append(["steeper by", *(f"{steepening(points, name):.2f}" for points in found.values() for name in NAMES)])
    return table(head, rows)


def soak_table(found: list[dict[str, Any]]) -> str:
    """A row for each look at each process."""
    head = ["", "turns", "MiB", "small allocations", "descriptors", "threads", "tasks", "objects of ours"]
    rows = []
    for one in found:
        for at in one["samples"]:
            sizes = (at["turns"], f"{at['memory']:.1f}", at["blocks"], at["descriptors"])
            counts = (at["threads"], at["tasks"], sum(at["ours"].values()))
            rows.append((f"{one['surface']}, {one['wire']}", *sizes, *counts))
    return table(head, rows)


def picture(found: dict[str, list[dict[str, float]]]) -> str:
    """The curves, one chart for each wire, each on a scale of its own."""
    width = len(found) * (WIDTH + GAP)
    charts = "\n".join(
        f'<g transform="translate({LEFT + number * (WIDTH + GAP)},{TOP})">{_chart(wire, points)}</g>'
        for number, (wire, points) in enumerate(found.items())
    )
    size = f'width="{width}" height="{HEIGHT + 80}"'
    white = '<rect width="100%" height="100%" fill="white"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
        f"\n{white}\n{charts}\n</svg>\n"
    )


def _chart(wire: str, points: list[dict[str, float]]) -> str:
    most, longest = max(max(point[name] for name in NAMES) for point in points), points[-1]["messages"]
    parts = [f'<path d="M0,0 V{HEIGHT} H{WIDTH}" fill="none" stroke="black"/>']
    parts.append(f'<text x="0" y="-10">{wire}: ms of CPU for one turn, up to {most:.0f}</text>')
    parts.append(f'<text x="{WIDTH}" y="{HEIGHT + 18}" text-anchor="end">{longest:.0f} messages</text>')
    for number, (name, label) in enumerate(NAMES.items()):
        line = " ".join(
            f"{point['messages'] / longest * WIDTH:.1f},{HEIGHT - point[name] / most * HEIGHT:.1f}" for point in points
        )
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>')
        parts.append(f'<text x="{number * 110}" y="{HEIGHT + 40}" fill="{COLOURS[name]}">{label}</text>')
    return "".join(parts)


def _read(path: str) -> Any:
    return json.loads(Path(path).read_text())


def main(arguments: list[str]) -> None:
    """Write what is given."""
    parser = argparse.ArgumentParser(prog="bench page", description="Write the figures of docs/load.md.")
    for name in ("load", "as-is", "growth", "soak"):
        parser.add_argument(f"--{name}", nargs="+", default=[], help="the JSON of such runs")
    options = parser.parse_args(arguments)
    found = {}
    if options.load:
        found["load"] = load_table([one for path in options.load for one in _read(path)])
    if options.as_is:
        found["as-is"] = load_table([one for path in options.as_is for one in _read(path)])
    if options.growth:
        curves = {wire: points for path in options.growth for wire, points in _read(path).items()}
        found["growth"] = growth_table(curves)
        PICTURE.write_text(picture(curves))
    if options.soak:
        found["soak"] = soak_table([_read(path) for path in options.soak])
    page = PAGE.read_text()
    for name, text in found.items():
        before, mark, rest = page.partition(f"<!-- {name} -->\n")
        page = f"{before}{mark}\n{text}\n\n{rest[rest.index('<!-- end -->') :]}"
    PAGE.write_text(page)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
