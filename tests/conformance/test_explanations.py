"""Why a check did not pass: told whole, told alike everywhere, without a secret, and with a command that repeats it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from syrupy.assertion import SnapshotAssertion

import conformance
from conformance.explanation import Explanation, difference
from conformance.redaction import redact, withhold
from conformance.scripted import ScriptedServer
from conformance.trace import trace
from tests.conformance.toy import HEAD, PASSES, Suite

pytest_plugins = "pytester"

FAILS: Final = PASSES.replace('== "hi"', '== "bye"')

COMPARES = """
@requirement("TOY-1", surfaces=("sync",))
async def test_data(d):
    said = await d(d.client().chat("hi"))
    observed = {"said": said, "stream": True, "many": list(range(20))}
    assert observed == {"said": "bye", "stream": True, "many": list(range(20))}
"""

RAISES = """
def inner():
    raise KeyError("of the library")

@requirement("TOY-1", surfaces=("sync",))
async def test_raises(d):
    d.direct(1)
    inner()
"""

DIFFERS = """
@requirement("TOY-1")
async def test_differs(d):
    await d(d.client().chat("sync" if d.on_sync else "aio"))
"""

WRONG = """
@requirement("TOY-1", surfaces=("sync",))
async def test_calls_nothing(d):
    pass
"""

CAUGHT = """
@requirement("TOY-1", surfaces=("sync",))
async def test_caught(d):
    d.direct(1)
    with pytest.raises(AssertionError):
        assert {"a": 1, "b": 2} == {"a": 1, "b": 3}
    assert [1, 2] is None
"""

SPEAKS = """
import json, urllib.error, urllib.request
from conformance.scripted import Call, Fault, Raw, Reply

def post(url, body, **headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()

@requirement("TOY-1", surfaces=("sync",))
async def test_speaks(d):
    d.script(Reply("hello there"), Reply(calls=[Call("look", {"at": "it"})]), Fault(429), Fault(kind="reset"))
    url = d.server.url("openai") + "/chat/completions"
    d.direct(post(url, {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}))
    d.direct(post(url, {"model": "m", "messages": []}))
    d.direct(post(d.server.url("anthropic") + "/v1/messages?beta=true", {"model": "m", "messages": []}))
    d.direct(post(d.server.url("openai") + "/nowhere", {}))
    with pytest.raises(ConnectionError):
        post(url, {"text": "long " * 1000})
    raise RuntimeError("that was wrong")
"""


@pytest.fixture(autouse=True)
def not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest says more of an assertion where these are set; the snapshots are to be the same everywhere."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


def explained(suite: Suite, source: str, *words: str) -> Explanation:
    """The explanation of the first check that did not pass, from the report; the terminal has the same."""
    result = suite.run(source, "--conformance-report=out", *words)
    check = next(check for check in suite.report()["checks"] if check["details"])
    found = Explanation(check["details"], check["trace"], check["reproduce"])
    if check["outcome"] != "expected-fail":
        assert found.text in result.stdout.str()
    return found


ACME: Final = """
import conformance
from toytargets import Full

class TestAcme(conformance.ConformanceTests):
    target = Full
"""


def quiet(text: str) -> str:
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


@pytest.mark.parametrize(
    "source",
    [FAILS, COMPARES, RAISES, DIFFERS, WRONG, SPEAKS],
    ids=["a text", "data", "an exception", "the surfaces differ", "a harness error", "on the wire"],
)
def test_a_failure_is_told_whole(suite: Suite, source: str, snapshot: SnapshotAssertion) -> None:
    """Catches a clause, a link, a frame, a line of the diff, an exchange or the command that is lost on the way."""
    assert quiet(explained(suite, source).text) == snapshot


def test_what_was_expected_is_explained_too(suite: Suite, snapshot: SnapshotAssertion) -> None:
    entry = {"reason": "known", "link": "https://example.org/1", "expires": "2999-01-01"}
    baseline = {"area/test_data[full-sync]": entry, "area/test_echo[full-sync]": entry}
    (suite.pytester.path / "known.json").write_text(json.dumps(baseline))
    assert explained(suite, COMPARES + PASSES, "--conformance-baseline=known.json").text == snapshot
    unexpected = next(check for check in suite.report()["checks"] if check["outcome"] == "unexpected-pass")
    assert "remove the entry" in unexpected["details"]
    assert "--conformance-baseline known.json" in unexpected["reproduce"]


def test_what_passed_is_not_explained(suite: Suite) -> None:
    suite.run(PASSES, "--conformance-report=out")
    for check in suite.report()["checks"]:
        assert (check["details"], check["trace"], check["reproduce"]) == (None, None, None)


def test_a_comparison_that_was_caught_is_not_the_reason(suite: Suite) -> None:
    """Catches a diff that is kept from an assertion before."""
    assert "--- expected" not in explained(suite, CAUGHT).details
    assert (
        "--- expected" not in explained(suite, CAUGHT.replace("assert [1, 2] is None", 'raise KeyError("x")')).details
    )


def test_a_comparison_of_another_check_is_not_the_reason(suite: Suite) -> None:
    other = RAISES.replace('KeyError("of the library")', 'AssertionError("plain")')
    suite.run(COMPARES + other, "--conformance-report=out")
    first, second = (check["details"] for check in suite.report()["checks"])
    assert "--- expected" in first
    assert "AssertionError: plain" in second
    assert "--- expected" not in second


def test_a_failure_after_the_body_is_explained(suite: Suite) -> None:
    source = PASSES.replace("    assert", "    asyncio.sleep(0)\n    assert").replace(
        '"TOY-1"', '"TOY-1", surfaces=("sync",)'
    )
    result = suite.run(source, "--conformance-report=out", "-Werror")
    assert result.ret == 1
    [check] = suite.report()["checks"]
    assert "coroutine object sleep" in check["details"]
    assert "What is said MUST come back." in check["details"]
    assert check["reproduce"]


@pytest.mark.parametrize(
    ("observed", "expected", "told"),
    [
        ("a", "b", ""),
        (1, 2, ""),
        ("a\nb", "a\nc", "-c\n+b"),
        ({"a": 1}, {"a": 2}, '-  "a": 2\n+  "a": 1'),
        ([1, (2, 3)], [1, [2, 3]], ""),
        ({"b", "a"}, {"a"}, '-  "a"\n+  "a",\n+  "b"'),
    ],
    ids=["one line each", "numbers", "lines", "data", "a type", "sets"],
)
def test_observed_stands_against_expected(observed: object, expected: object, told: str) -> None:
    found = difference(observed, expected)
    assert found.startswith("--- expected\n+++ observed\n") == bool(told)
    assert told in found


def test_a_long_diff_is_cut_and_what_is_left_out_is_counted() -> None:
    found = difference(list(range(500)), list(range(1000, 1500))).splitlines()
    assert len(found) == 61
    assert found[-1] == "... 945 lines of the diff left out"


# --- the wire


def test_a_trace_is_short_and_says_what_it_leaves_out() -> None:
    with ScriptedServer() as server:
        for number in range(20):
            server.exchanges.append(_exchange(f"/{number}", b'{"a": "' + b"x" * 5000 + b'"}', 40))
    found = trace(server)
    assert [each["request"] for each in found] == [
        *(f"POST /{number}" for number in range(4)),
        "... 12 exchanges left out",
        *(f"POST /{number}" for number in range(16, 20)),
    ]
    assert len(found[0]["body"]) < 2100
    assert "[3009 characters left out]" in found[0]["body"]
    assert found[0]["events"][5] == "... 30 events left out"
    assert len(found[0]["events"]) == 11
    assert len(json.dumps(found)) < 70_000


def _exchange(path: str, raw: bytes, events: int) -> Any:
    from conformance.scripted import Request
    from conformance.scripted.answer import Answer

    items: list[Any] = [b'data: {"n": 1}\n\n'] * events
    return Request("openai", "POST", path, {}, raw, {}), Answer(
        headers={"content-type": "text/event-stream"}, items=items
    )


# --- secrets

CANARIES: Final = ("canary-4711", "c4n4ry0123456789abcdefXYZ")
LEAKS = """
import base64

@requirement("TOY-1", surfaces=("sync",))
async def test_leaks(d):
    key, token = KEYS
    d.script(Raw(json.dumps({"access_token": token, "echo": f"Bearer {token}"}).encode()))
    packed = base64.b64encode(b"the key is sk-proj-" + token.encode()).decode()
    body = {"api_key": key, "messages": [{"content": f"Authorization: Bearer {token}"}, {"content": packed}]}
    url = d.server.url("openai") + f"/chat/completions?api_key={key}&key={token}"
    post(url, body, authorization=f"Bearer {token}")
    print(f"x-api-key: {key}")
    d.direct(1)
    observed = {"headers": {"x-api-key": key}, "url": f"https://me:{token}@example.org/"}
    assert observed == {"headers": {}, "url": f"wss://you:{key}@example.org/"}, f"password={key} of sk-{token}"

@requirement("TOY-1", surfaces=("sync",))
async def test_raises(d):
    d.direct(1)
    raise RuntimeError("plain-words-as-a-key")
"""


def test_no_canary_gets_into_anything_that_a_run_leaves(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a text that is shown or written without being redacted: bodies, headers, URLs, errors, diffs, prints."""
    monkeypatch.setenv("ACME_API_KEY", "plain-words-as-a-key")
    source = SPEAKS.partition("@requirement")[0] + LEAKS.replace("KEYS", repr(CANARIES))
    result = suite.run(source, "--conformance-report=out", "--conformance-command")
    check = suite.report()["checks"][0]
    assert check["outcome"] == "fail"
    assert check["trace"][0]["status"] == 200
    assert "[withheld: it holds what looks like an API key, encoded]" in check["trace"][0]["body"]
    texts = {path.name: path.read_text(encoding="utf-8") for path in (suite.pytester.path / "out").iterdir()}
    assert {"report.json", "matrix.html", "summary.md", "junit.xml"} <= set(texts)
    for name, text in {**texts, "the terminal": result.stdout.str() + result.stderr.str()}.items():
        for canary in (*CANARIES, "plain-words"):
            assert canary not in text, name


def test_what_the_environment_calls_a_key_is_one() -> None:
    environment = {"ACME_API_KEY": "plain words as a key", "ACME_URL": "https://acme", "ACME_TOKEN": "short"}
    assert (
        redact("it is plain words as a key, at https://acme, short", environment)
        == "it is [redacted], at https://acme, short"
    )


@pytest.mark.parametrize(
    "text",
    [
        "client(api_key=None)",
        '{"max_tokens": 5, "token": "word"}',
        "usage: prompt_tokens: 3",
        "the api key is missing; set OPENAI_API_KEY",
        '"authorization": null',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Catches a redaction that makes reports unreadable."""
    assert withhold(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"api_key": "abc123"}',
        '{\\"Authorization\\": \\"Bearer abc123\\"}',
        "https://example.org/v1?key=abc123&x=1",
        "https://example.org/v1?x=1&access_token=abc123",
        "https://me:abc123@example.org/",
        "Set-Cookie: abc123",
        "password = abc123",
        "{'x-goog-api-key': 'abc123'}",
        "AKIAABC1234567890123 abc123".replace("abc123", ""),
    ],
)
def test_a_secret_goes_by_its_name_or_its_look(text: str) -> None:
    assert "[redacted]" in redact(text)
    assert "abc123" not in redact(text)


# --- the command


# as the entry point `pytest11` of an installed suite does it, whether these tests run in such an environment or not
INSTALLED: Final = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "conformance.plugin"}


def repeated(suite: Suite, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as someone who copies it into a shell, where the first run was."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **INSTALLED}
    return subprocess.run(
        ["sh", "-c", command],
        cwd=suite.pytester.path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def again(suite: Suite, *words: str, source: str = FAILS, **options: Any) -> None:
    """See that the command of a failure fails in the same way, and runs nothing else."""
    assert suite.run(source, "--conformance-report=out", *words, **options).ret == 1
    failed = next(check for check in suite.report()["checks"] if check["outcome"] in ("fail", "unexpected-pass"))
    result = repeated(suite, failed["reproduce"])
    assert result.returncode == 1, result.stdout + result.stderr
    assert failed["details"] in result.stdout
    assert re.search(rf"1 of {len(suite.report()['checks'])} checks ran", result.stdout)


@pytest.mark.parametrize("words", [(), ("--conformance-timeout=7",)], ids=["plain", "another limit"])
def test_the_command_repeats_a_failure(suite: Suite, words: tuple[str, ...]) -> None:
    """Another implementation, chapters of its own and a target from outside are what the toy suite always has."""
    again(suite, *words)


def test_the_command_repeats_an_unexpected_pass(suite: Suite) -> None:
    entry = {"reason": "known", "link": "https://example.org/1", "expires": "2999-01-01"}
    (suite.pytester.path / "known.json").write_text(json.dumps({"area/test_echo[full-aio]": entry}))
    again(suite, "--conformance-baseline=known.json", source=PASSES)


def test_the_command_survives_a_shell(suite: Suite) -> None:
    """Catches a path that is not quoted."""
    path = suite.pytester.path
    (path / "my spec; exit 0").mkdir()
    shutil.copy(path / "spec" / "toy.md", path / "my spec; exit 0")
    again(suite, "--conformance-spec=my spec; exit 0")


def test_the_command_repeats_a_failure_of_a_class(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry in an author's own tests; the class brings its target, and no option can name it."""
    path = suite.pytester.path
    ignored = shutil.ignore_patterns("test_*.py", "__pycache__", "spec")
    shutil.copytree(Path(conformance.__file__).parent, path / "site" / "conformance", ignore=ignored)
    shutil.copytree(path / "spec", path / "site" / "conformance" / "spec")
    (path / "site" / "conformance" / "test_area.py").write_text(HEAD + FAILS)
    (path / "test_acme.py").write_text(ACME)
    monkeypatch.setenv("PYTHONPATH", f"{path / 'site'}{os.pathsep}{path}")
    assert repeated(suite, "python -m conformance spec --freeze 1.0").returncode == 0
    first = repeated(suite, "python -m pytest --conformance-implementation toy --conformance-report out test_acme.py")
    assert first.returncode == 1, first.stdout + first.stderr
    failed = next(check for check in suite.report()["checks"] if check["outcome"] == "fail")
    assert "--conformance-target" not in failed["reproduce"]
    second = repeated(suite, failed["reproduce"])
    assert second.returncode == 1, second.stdout + second.stderr
    assert failed["details"] in second.stdout
