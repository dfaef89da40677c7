"""``python -m aimu "question"``: ask a model, by default the small one that runs here without a key."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from aimu.client import client
from aimu.clients.base import ModelClient
from aimu.errors import AimuError

DEFAULT_MODEL = "llamacpp:smollm2-135m-instruct"


def main(argv: Sequence[str] | None = None) -> int:
    """Answer one question, or talk until end of input.

    Returns:
        0, or 1 when the model could not be reached or would not answer.
    """
    parser = argparse.ArgumentParser("python -m aimu", description="Ask a language model.")
    parser.add_argument("question", nargs="?", help="left out: a conversation, line by line")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="provider:id (default: %(default)s)")
    parser.add_argument("--system", help="the system message")
    options = parser.parse_args(argv)
    try:
        with client(options.model, system=options.system) as talk:
            return _answer(talk, options.question) if options.question is not None else _converse(talk)
    except (AimuError, OSError, ValueError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1


def _answer(talk: ModelClient, question: str) -> int:
    for chunk in talk.chat(question, stream=True, include=["generating"]):
        print(chunk.content, end="", flush=True)
    print()
    return 0


def _converse(talk: ModelClient) -> int:
    print(f"{talk.model.id}; end with Ctrl-D", file=sys.stderr)
    while True:
        try:
            question = input("> ")
        except (EOFError, KeyboardInterrupt):
            print(file=sys.stderr)
            return 0
        if question.strip():
            _try_answer(talk, question)


def _try_answer(talk: ModelClient, question: str) -> None:
    """A failed or interrupted answer is no reason to end the conversation."""
    try:
        _answer(talk, question)
    except KeyboardInterrupt:
        print()
    except AimuError as exc:
        print(f"\nerror: {exc}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
