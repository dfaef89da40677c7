"""Any text made harmless: without colours of a terminal, and with what cannot be shown spelled out. Pure."""

import re
import unicodedata
from typing import Final

# CSI and OSC sequences of terminals, and the two-byte ones
ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
KEPT: Final = "\n\t"
HIDDEN: Final = frozenset(("Cc", "Cs", "Cn", "Co"))  # controls, halves of pairs, and what is no character
TURNS: Final = frozenset(
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # what reverses the text after it


def printable(text: str) -> str:
    """The text without sequences for terminals; a control character is spelled as in Python, such as \\x00.

    Args:
        text: str, whatever it holds.

    Returns:
        str: that can be written in UTF-8, in XML and on a terminal.
    """
    return "".join(map(_spelled, ANSI.sub("", text)))


def one_line(text: str, limit: int = 0) -> str:
    """The text in one line.

    Args:
        text: str.
        limit: int, default 0: how many characters are shown; 0 is all.
    """
    line = " ".join(printable(text).split())
    return f"{line[: limit - 1]}…" if 0 < limit < len(line) else line


def _spelled(character: str) -> str:
    if character in KEPT or (unicodedata.category(character) not in HIDDEN and character not in TURNS):
        return character
    return character.encode("unicode_escape").decode()
