"""The closed sets of words that chapters, scenarios and targets may use."""

from typing import Final

SURFACES: Final = ("sync", "aio")
PARITY: Final = "parity"
CAPABILITIES: Final = (
    "wire",
    "openai_wire",
    "anthropic_wire",
    "tools",
    "parallel_tools",
    "thinking",
    "images",
    "usage",
    "streaming",
    "constrained",
    "in_process",
    "micro_model",
    "scripted",
)
EITHER: Final = {"spec_wire": ("openai_wire", "anthropic_wire")}  # what a scenario may need: one of these
KEYWORDS: Final = (
    "MUST",
    "MUST NOT",
    "REQUIRED",
    "SHALL",
    "SHALL NOT",
    "SHOULD",
    "SHOULD NOT",
    "RECOMMENDED",
    "NOT RECOMMENDED",
    "MAY",
    "OPTIONAL",
)
