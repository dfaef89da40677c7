"""The badge: how many checks passed of how many, never rounded, and what that comes to in words and in colour. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from conformance.characters import one_line

LABEL: Final = "conformance"
COLOURS: Final = {"conformant": "#1a7f37", "not conformant": "#b42318", "no verdict": "#57606a"}
CHARACTER: Final = 6.6  # pixels that a character takes; the text is fitted to what is reckoned
PADDING: Final = 12

SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {text}">
<title>{label}: {text}</title>
<rect width="{width}" height="20" rx="3" fill="#24292f"/>
<path d="M{left} 0h{inner}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{inner}z" fill="{colour}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_x}" y="14" textLength="{label_length}">{label}</text>
<text x="{text_x}" y="14" textLength="{text_length}">{text}</text>
</g>
</svg>
"""


def svg(report: Mapping[str, Any]) -> str:
    """The badge of a report.

    Args:
        report: dict.

    Returns:
        str: an SVG image. With profiles asked for, it counts and names these alone.
    """
    label = " ".join([LABEL, ", ".join(report["scope"] or ())]).strip()
    verdict = "no verdict"
    if report["verdict"]:
        verdict = "not conformant" if report["verdict"].startswith("not ") else "conformant"
    passed, declared = counts(report)
    return _drawn(one_line(label), f"{passed}/{declared} {verdict}", COLOURS[verdict])


def counts(report: Mapping[str, Any]) -> tuple[int, int]:
    """How many checks passed and how many are declared, of the profiles asked for or of all."""
    parts = [report] if report["scope"] is None else [p for p in report["profiles"] if p["name"] in report["scope"]]
    return sum(part["totals"]["pass"] for part in parts), sum(part["declared"] for part in parts)


def _drawn(label: str, text: str, colour: str) -> str:
    lengths = [round(len(each) * CHARACTER) for each in (label, text)]
    left, right = (length + PADDING for length in lengths)
    return SVG.format(
        width=left + right,
        left=left,
        inner=right - 3,
        colour=colour,
        label=escape(label, {'"': "&quot;"}),
        text=escape(text, {'"': "&quot;"}),
        label_x=left / 2,
        label_length=lengths[0],
        text_x=left + right / 2,
        text_length=lengths[1],
    )
