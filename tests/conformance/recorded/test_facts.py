"""What is known of the wires is on record."""

import re

from conformance.recorded import manifest
from tests.conformance.recorded.shelf import SHIPPED

ANTHROPIC = {f"A{number}" for number in range(1, 26)} - {"A12"}  # what models choose to do, which no wire shows
OPENAI = {f"O{number}" for number in range(1, 22)}
OTHERS = {f"C{number}" for number in range(1, 28)}


def test_each_fact_has_a_cassette() -> None:
    """A scenario that is not recorded any more, and with it what a server was seen to write."""
    provenances = [str(row["provenance"]) for row in manifest.rows(SHIPPED).values()]
    told = {fact for each in provenances if each.startswith("synthetic") for fact in re.findall(r"\b[AOC]\d+\b", each)}
    assert told == ANTHROPIC | OPENAI | OTHERS
