"""How text and tool arguments are cut into the pieces of a stream."""

import json

from conformance.scripted.script import Call, Gate, Pieces


def cut(text: str) -> list[str]:
    """Cut a text into two to four pieces; one character is one piece, no character none."""
    count = min(4, max(2, len(text) // 4))
    size = max(1, -(-len(text) // count))
    return [text[start : start + size] for start in range(0, len(text), size)]


def pieces(text: Pieces) -> list[str | Gate]:
    """The pieces of a text and the gates between them, in order."""
    return list(cut(text)) if isinstance(text, str) else list(text)


def joined(text: Pieces) -> str:
    """The text without its gates."""
    return text if isinstance(text, str) else "".join(piece for piece in text if isinstance(piece, str))


def gates(text: Pieces) -> list[Gate]:
    """The gates of a text."""
    return [piece for piece in text if isinstance(piece, Gate)]


def argument_text(call: Call) -> str:
    """The arguments of a call as they stand on the wire."""
    if call.pieces is not None:
        return "".join(call.pieces)
    if isinstance(call.arguments, str):
        return call.arguments
    return json.dumps(dict(call.arguments), separators=(",", ":"), ensure_ascii=False)


def argument_pieces(call: Call) -> list[str]:
    """The streamed fragments of the arguments of a call."""
    return cut(argument_text(call)) if call.pieces is None else list(call.pieces)
