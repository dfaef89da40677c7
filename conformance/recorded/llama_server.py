"""llama.cpp's server on the micro model, built from source, and what is recorded from it: `tox run -e record`."""

import argparse
import contextlib
import re
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from conformance.models import MICRO_FOLDER, MICRO_GGUF, ModelFilesError, verify
from conformance.outcomes import BROKEN, HarnessError
from conformance.recorded import command
from conformance.scripted import ScriptedServer

SOURCE: Final = "llama-cpp-python==0.3.36"  # its source distribution holds all of llama.cpp
OFF: Final = ("LLAMA_BUILD_UI", "LLAMA_USE_PREBUILT_UI", "LLAMA_OPENSSL", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES")
ALIAS: Final = "micro"
PATIENCE: Final = 30.0  # seconds for the server to load two megabytes
# the model's template never shows a thought; the server tells thoughts apart by how a template would show them
SAYS: Final = "{{- '<|im_start|>assistant\\n' + said }}"
THINKS: Final = (
    "{{- '<|im_start|>assistant\\n' }}{%- if message.reasoning_content %}"
    "{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{%- endif %}{{- said }}"
)

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main(argv: list[str] | None = None) -> int:
    """Build the server where there is none, and record on both wires what needs a real server.

    Args:
        argv: list of str or None, default None: the words of the command line.

    Returns:
        int: the highest of the four recordings, 2 where the server cannot be had.
    """
    parser = argparse.ArgumentParser(prog="python -m conformance.recorded.llama_server", description=__doc__)
    parser.add_argument("--build", type=Path, default=Path(".llama-server"), metavar="DIR", help="where it is built")
    parser.add_argument("--binary", type=Path, metavar="FILE", help="a server that is built already")
    parser.add_argument("--cassettes", default="cassettes", metavar="DIR", help="the folder (default: %(default)s)")
    options = parser.parse_args(argv)
    try:
        verify()
        binary = options.binary or built(options.build)
        said = _version(binary)
        plain, thinking = options.build / "plain.jinja", options.build / "thinking.jinja"
        codes = [_recorded(binary, said, _template(plain), ["--without", "thinking"], options.cassettes)]
        codes += [
            _recorded(
                binary, said, _template(thinking, SAYS, THINKS), ["--scenario", "/test_thinking"], options.cassettes
            )
        ]
    except (HarnessError, ModelFilesError, OSError) as error:
        print(f"llama-server: {error}", file=sys.stderr)
        return BROKEN
    return max(codes)


def built(folder: Path) -> Path:
    """The server, built from source in a folder unless it is there; this takes about ten minutes on two cores.

    Args:
        folder: Path, made where it does not exist.

    Returns:
        Path: the program.

    Raises:
        HarnessError: a step of it fails.
    """
    binary = folder / "build" / "bin" / "llama-server"
    if binary.exists():
        return binary
    folder.mkdir(parents=True, exist_ok=True)
    name = SOURCE.partition("==")[0]
    fetch = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", name, "--dest", str(folder)]
    if not list(folder.glob("*.tar.gz")):
        _run([*fetch, SOURCE])
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "source", filter="data")
    (source,) = (folder / "source").glob("*/vendor/llama.cpp")
    settings = ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF", *(f"-D{name}=OFF" for name in OFF)]
    _run(["cmake", "-S", str(source), "-B", str(folder / "build"), *settings])
    _run(["cmake", "--build", str(folder / "build"), "--target", "llama-server", "--parallel"])
    return binary


@contextlib.contextmanager
def serving(binary: Path, template: Path) -> Iterator[str]:
    """The server, running on a free port, greedy, with a key.

    Args:
        binary: Path, the program.
        template: Path, the chat template.

    Yields:
        str: its URL.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    words = [
        str(binary),
        "--model",
        str(MICRO_GGUF),
        "--alias",
        ALIAS,
        "--jinja",
        "--chat-template-file",
        str(template),
    ]
    words += ["--host", "127.0.0.1", "--port", str(port), "--api-key", ScriptedServer.api_key]
    words += ["--temp", "0", "--ctx-size", "2048", "--parallel", "1", "--threads", "1"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(f"{url}/health", process)
        yield url
    finally:
        process.kill()
        process.wait()


def _recorded(binary: Path, said: str, template: Path, words: list[str], folder: str) -> int:
    with serving(binary, template) as url:
        common = ["--model", ALIAS, "--server", said, "--cassettes", folder, "--force", *words]
        openai = command.main(["--target", "openai", "--base-url", f"{url}/v1", *common])
        return max(openai, command.main(["--target", "anthropic", "--base-url", url, *common]))


def _template(path: Path, old: str = "", new: str = "") -> Path:
    text = (MICRO_FOLDER / "chat_template.jinja").read_text(encoding="utf-8")
    if old not in text:
        raise HarnessError(f"the template of the micro model has no {old!r} any more")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return path


def _version(binary: Path) -> str:
    told = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version: (\S+)", told.stdout + told.stderr)
    return f"llama.cpp {found[1] if found else 'unknown'} of {SOURCE.replace('==', ' ')}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), _direct.open(url, timeout=1) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise HarnessError(f"the server did not answer at {url} within {PATIENCE:g} s")


def _run(words: list[str]) -> None:
    try:
        subprocess.run(words, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise HarnessError(f"{words[0]} failed: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
