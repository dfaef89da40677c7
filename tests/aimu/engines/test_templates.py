"""Chat templates that do not take a conversation, on both engines."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("llama_cpp") is None or find_spec("torch") is None:
    pytest.skip("this environment has no engines", allow_module_level=True)

import aimu
from aimu.errors import InvalidRequestError
from conformance.models import MICRO_FOLDER, MICRO_GGUF

STRICT = "{{- raise_exception('roles must alternate') }}{% if tools %}{% endif %}"


def strict_gguf(folder: Path) -> str:
    """The micro model with a template of the same length, so that the file is otherwise sound."""
    template = (MICRO_FOLDER / "chat_template.jinja").read_text().rstrip("\n").encode()
    whole = MICRO_GGUF.read_bytes()
    assert template in whole
    path = folder / "strict.gguf"
    path.write_bytes(whole.replace(template, STRICT.encode().ljust(len(template))))
    return f"llamacpp:{path}"


def strict_folder(folder: Path) -> str:
    path = folder / "strict"
    shutil.copytree(MICRO_FOLDER, path, ignore=shutil.ignore_patterns("*.gguf"))
    (path / "chat_template.jinja").write_text(STRICT)
    return f"hf:{path}"


@pytest.mark.parametrize("make", [strict_gguf, strict_folder])
def test_what_a_template_raises_is_an_invalid_request(make: object, tmp_path: Path) -> None:
    assert callable(make)
    with aimu.client(make(tmp_path)) as client:
        with pytest.raises(InvalidRequestError, match=r"chat template.*roles must alternate") as caught:
            client.chat("Hello")
        assert caught.value.__cause__ is not None
        assert client.messages == []
