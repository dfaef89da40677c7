"""One copy of the weights, whoever shares them, and none in the end: resident memory of a process, measured."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.aimu.engines.loaded import HAS_ENGINES

if not HAS_ENGINES:
    pytest.skip("this environment has no torch, or no llama.cpp", allow_module_level=True)
if not Path("/proc/self/statm").exists():
    pytest.skip("resident memory is read from /proc", allow_module_level=True)

import aimu
from aimu.clients.huggingface import HuggingFaceClient
from aimu.engines.packaged import gguf_path

PROGRAM = """
import asyncio, os, sys
import aimu
from aimu import aio

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

provider, path = sys.argv[1:]
calm = {"n_ctx": 512, "n_threads": 1, "model_kwargs": {"n_threads_batch": 1}}
options = {"dtype": "float32"} if provider == "hf" else calm
if provider == "hf":
    import torch, aimu.clients.huggingface
    torch.set_num_threads(1)
else:
    import aimu.clients.llamacpp
settings = {"max_tokens": 4, "temperature": 0}
start = resident()
with aimu.client(f"{provider}:{path}", default_generate_kwargs=settings, **options) as client:
    client.generate("Hello")
    loaded = resident()
    forks = [client.fork() for _ in range(5)]
    wrappers = [aio.client(fork) for fork in forks]
    forks[0].chat("Hello")
    asyncio.run(wrappers[-1].chat("Who are you?"))
    grown = resident() - loaded
print(loaded - start, grown, resident() - start)
"""


def measured(provider: str, path: Path) -> tuple[int, int, int]:
    """Bytes by which a process grew: for a model used once, then for forks and async clients, and in the end."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, provider, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded, grown, left = map(int, done.stdout.split())
    return loaded, grown, left


def test_forks_and_wrappers_load_nothing(smollm2_hf: aimu.ModelClient, folder: Path) -> None:
    assert isinstance(smollm2_hf, HuggingFaceClient)
    weights = saved(smollm2_hf, folder)
    loaded, grown, left = measured("hf", folder)
    assert loaded > weights * 0.9
    assert grown < weights / 2
    assert left < weights / 2


def test_forks_and_wrappers_of_a_gguf_model_load_nothing() -> None:
    path = gguf_path("smollm2-135m-instruct")
    weights = path.stat().st_size
    loaded, grown, left = measured("llamacpp", path)
    assert loaded > weights * 0.9
    assert grown < weights / 2
    assert left < weights / 2


def saved(client: HuggingFaceClient, folder: Path) -> int:
    """The model as a folder, which is read much faster than its GGUF file; bytes of its weights."""
    import torch
    from transformers import AutoModelForCausalLM

    config = client.hf_model.config.to_dict()
    config.pop("quantization_config", None)
    with torch.device("meta"):
        plain = AutoModelForCausalLM.from_config(type(client.hf_model.config).from_dict(config))
    plain.load_state_dict(client.hf_model.state_dict(), assign=True)
    plain.save_pretrained(folder)
    client.hf_tokenizer.save_pretrained(folder)
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))
