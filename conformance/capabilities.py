"""What a target declares, held against the words there are and against itself."""

from collections.abc import Collection, Iterator
from typing import Final

from conformance.vocabulary import CAPABILITIES

# without the second the first says nothing, and no scenario would ask for it
RESTS_ON: Final = {
    "openai_wire": "wire",
    "anthropic_wire": "wire",
    "parallel_tools": "tools",
    "micro_model": "in_process",
}


def contradictions(declared: Collection[str]) -> Iterator[str]:
    """What is wrong with a declaration.

    Args:
        declared: the capabilities.

    Yields:
        str: one clause a problem.
    """
    if unknown := sorted(set(declared) - set(CAPABILITIES)):
        yield f"declares unknown capabilities: {', '.join(unknown)}; there are {', '.join(CAPABILITIES)}"
    for name, base in RESTS_ON.items():
        if name in declared and base not in declared:
            yield f"declares {name} without {base}; declare both, or neither"
