"""What a real server said, read by the typed SDKs and by both surfaces alike."""

import re
from pathlib import Path

import pytest

from conformance.replay import main
from tests.conformance.recorded.shelf import NAMES, Shelf, shipped_data

REAL = [name for name in NAMES if shipped_data(name)["metadata"]["provenance"].startswith("recorded: ")]


def test_real_recordings_agree_with_the_sdks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Replies of a real server that our clients read otherwise than the SDKs of their providers do."""
    shelf = Shelf(tmp_path / "c", *REAL)
    shelf.manifest.unlink()
    assert main([str(shelf.folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    count = sum(len(shipped_data(name)["interactions"]) for name in REAL)
    assert lines[-1] == f"{count} of {count} interactions replayed on both surfaces: {count} agree"
    assert lines[-2].endswith(", 0 differ")
    told = {line.partition("  ")[0]: re.split("  +", line)[2:] for line in lines[:-2]}
    assert told == {name: ["ok", "[sdk]"] for name in REAL}
    assert len([name for name in REAL if name.startswith("openai/")]) == len(REAL) / 2 >= 19
