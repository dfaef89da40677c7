"""Models loaded once for all tests of the engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aimu.clients.inprocess import InProcessClient
from tests.aimu.engines.loaded import GREEDY, micro, one_thread, opened


@pytest.fixture(scope="session", autouse=True)
def calm() -> Iterator[None]:
    """One thread for torch: several tests at once do not fight for the processor."""
    with one_thread():
        yield


@pytest.fixture(scope="session")
def smollm2_hf() -> Iterator[InProcessClient]:
    """SmolLM2 in float32, which transformers reads from the packaged GGUF file."""
    with opened("hf:smollm2-135m-instruct", dtype="float32", default_generate_kwargs=GREEDY) as client:
        yield client


@pytest.fixture(scope="session", params=["llamacpp", "hf"])
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine."""
    return str(request.param)


@pytest.fixture(scope="session")
def client(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """The micro model, computed in float32 throughout."""
    with micro(engine, tmp_path_factory.mktemp(engine)) as loaded:
        yield loaded


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for large files, which are not kept."""
    yield tmp_path
    for path in tmp_path.iterdir():
        path.unlink()
