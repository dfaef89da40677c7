"""Tool-call ids made fit for a provider, the same way each time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.wire.anthropic_blocks import _CALL_ID
from aimu.wire.dialects import DIALECTS
from aimu.wire.ids import accepted_id

PATTERNS = [_CALL_ID, *{dialect.call_id for dialect in DIALECTS.values()}]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(call_id=st.text(max_size=15))
def test_every_id_becomes_one_that_fits_and_stays(pattern: str, call_id: str) -> None:
    fit = accepted_id(call_id, pattern)
    assert re.fullmatch(pattern, fit)
    assert accepted_id(fit, pattern) == fit == accepted_id(call_id, pattern)
    assert fit == call_id or not re.fullmatch(pattern, call_id)


def test_ids_of_other_providers_fit_mistral_and_stay_apart() -> None:
    ids = ["functions.look:0", "functions.look:1", "toolu_bdrk_01", "call_00001", "chatcmpl-tool-1", "9charsabc"]
    assert len({accepted_id(call_id, DIALECTS["mistral"].call_id) for call_id in ids}) == len(ids)
