"""Scenarios of spec/skills.md: scripts as tools, each in a process of its own."""

import asyncio
import contextlib
import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Reply
from conformance.test_agents_runs import offered
from conformance.test_skills import PDF, folder, manager, place, skill, write
from conformance.test_skills_agent import NEEDS, OURS, agent, told

LEGAL = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
# holds a pipe open, as its child does, for as long as it lives
HANG = """
import subprocess, sys, time
pipe = open(sys.argv[1], "w")
child = "import time; print('child', flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child], stdout=pipe)
print("so far")
time.sleep(600)
"""


@contextlib.contextmanager
def lifeline(path: Path) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A named pipe, and the events that somebody wrote to it and that all who held it open are gone."""
    os.mkfifo(path)
    written, gone = threading.Event(), threading.Event()

    def read() -> None:
        with path.open() as pipe:
            for _ in pipe:
                written.set()
        gone.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield written, gone
    finally:
        with contextlib.suppress(OSError):  # where nobody ever came, the reader still waits for somebody
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        reader.join(5.0)


def run(*arguments: str, tool: str = "pdf__go") -> Call:
    """A call of a script."""
    return Call(tool, {"arguments": list(arguments)})


@requirement("SKILL-13", needs=(*NEEDS, "parallel_tools", "wire"))
async def test_each_script_is_a_tool(d: Driver) -> None:
    """B-44: legal names, each once, the same in the catalogue and in the request; each runs its own script."""
    long, name = "x" * 70, "p" + "-d" * 31
    stems = ["go", "a b", "été", f"{long}1", f"{long}2", "a.b"]
    files = {f"{name}/scripts/{stem}.py": f"print({stem!r})" for stem in stems}
    short = {"a/MD": skill("a"), "a/scripts/go.py": "", "a/scripts/b c.py": ""}
    others = dict.fromkeys(
        (f"{name}/scripts/{one}" for one in ("_lib.py", ".x.py", "go.sh", "deep/y.py", "z.py/z")), ""
    )
    with folder(**{f"{name}/MD": skill(name)}, **files, **others, **short) as root:
        scout = agent(d, root)
        names = d.direct(scout.skill_manager.skills[name].script_tool_names())
        assert len(set(names)) == len(stems)
        assert all(LEGAL.match(each) for each in names)
        assert d.direct(scout.skill_manager.skills["a"].script_tool_names()) == ["a__b_c", "a__go"]
        catalogue = scout.skill_manager.catalog_prompt()
        assert re.findall("<tool>(.*)</tool>", catalogue) == ["a__b_c", "a__go", *names]
        answers = await told(d, scout, *[Call(each) for each in names])
        assert sorted(answers) == sorted(f"{stem}\n" for stem in stems)
        assert offered(d.server.requests[0].body) == [*OURS, "a__b_c", "a__go", *names]


@requirement("SKILL-13", needs=NEEDS)
async def test_scripts_that_cannot_be_tools_raise(d: Driver) -> None:
    """B-44: two of one name, one that is a link out, one whose name is no text; the message names the file."""
    for files, fault in (({"a b.py": "", "a_b.py": ""}, "a_b.py"), ({}, "out.py"), ({}, "no.py")):
        scripts = {f"pdf/scripts/{name}": text for name, text in files.items()}
        with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": "", "x.py": "", **scripts}) as root:
            if not files:
                (root / "pdf" / "scripts" / fault).symlink_to("../../x.py" if fault == "out.py" else "gone.py")
            with d.raises(d.lib.errors.SkillLoadError) as caught:
                agent(d, root)
            assert place(caught.value)[0] == str(root / "pdf" / "scripts" / fault)
    with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": ""}) as root:
        os.rename(root / "pdf/scripts/go.py", os.fsencode(root / "pdf/scripts") + b"/\xff.py")
        with d.raises(d.lib.errors.SkillLoadError, match="can't encode"):
            agent(d, root)


WHERE = """
import os, sys
print(sys.argv[1:], os.getcwd(), sys.executable, sep="\\n")
print(sorted(name for name in os.environ if name.startswith("SK_")), os.environ.get("SK_SPOON"))
"""


@requirement("SKILL-14", needs=(*NEEDS, "parallel_tools"))
async def test_script_runs_by_itself(d: Driver) -> None:
    """Arguments as they are, no shell, the skill's folder, this interpreter, and no secrets."""
    given = ["a b", "$HOME; echo hi", "*", "", "-c", "'\"\\", "é"]
    hidden = {f"SK_{name}": "secret" for name in ("API_KEY", "Token", "SECRET_ID", "PASSWORD", "credentials")}
    with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": WHERE}) as root, variables(SK_PLAIN="x", **hidden):
        scout = d.api.SkillAgent(d.client(), skill_manager=manager(d, root, script_env={"SK_SPOON": "wood"}))
        scout.name = "scout"
        answers = await told(d, scout, run(*given), Call("pdf__go"))
        place = f"{root / 'pdf'}\n{sys.executable}\n['SK_PLAIN', 'SK_SPOON'] wood\n"
        assert answers == [f"{given}\n{place}", f"[]\n{place}"]
        assert os.environ["SK_API_KEY"] == "secret"
        answers = await told(d, scout, Call("pdf__go", {"arguments": "x"}), Call("pdf__go", {"arguments": [1]}))
        assert ["'arguments'" in answer for answer in answers] == [True, True]


@contextlib.contextmanager
def variables(**values: str) -> Iterator[None]:
    """Variables of the environment."""
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


@requirement("SKILL-14", needs=NEEDS)
async def test_script_has_nothing_to_read(d: Driver) -> None:
    """B-43: one that asks gets the end of its input at once, not after the time limit."""
    with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": "input('Sure? ')"}) as root, silent_input():
        scout = agent(d, root)
        scout.skill_manager.script_timeout = 10.0
        answers = await told(d, scout, Call("pdf__go"))
    assert "EOFError" in answers[0]
    assert "exit code 1" in answers[0]


@contextlib.contextmanager
def silent_input() -> Iterator[None]:
    """A standard input of this process on which nothing comes, and which does not end."""
    before, (silent, other) = os.dup(0), os.pipe()
    os.dup2(silent, 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        for descriptor in (before, silent, other):
            os.close(descriptor)


@requirement("SKILL-14", needs=NEEDS)
async def test_script_is_looked_up_again(d: Driver) -> None:
    """One that became a link out, or is gone, is not started; one that was mended runs as it is now."""
    with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": "print(1)", "x.py": "open('ran', 'w')"}) as root:
        scout, path = agent(d, root), root / "pdf" / "scripts" / "go.py"
        write(path, "print(2)")
        assert await told(d, scout, Call("pdf__go")) == ["2\n"]
        path.unlink()
        assert "was not started" in (await told(d, scout, Call("pdf__go")))[0]
        path.symlink_to("../../x.py")
        assert "was not started" in (await told(d, scout, Call("pdf__go")))[0]
        assert not (root / "pdf" / "ran").exists()


TALK = """
import sys
sys.stdout.buffer.write({out!r})
sys.stdout.flush()
sys.stderr.buffer.write({err!r})
sys.exit({code})
"""


@requirement("SKILL-15", needs=NEEDS)
async def test_model_is_told_what_a_script_wrote(d: Driver) -> None:
    """Output, exit codes, signals, and what is no text."""
    cases: list[tuple[bytes, bytes, object, tuple[str, ...]]] = [
        (b"fine", b"a warning", 0, ()),
        (b"", b"", None, ()),
        (b"half", b"no such form", 3, ("exit code 3", "half", "no such form")),
        (b"", b"", "'gone'", ("exit code 1", "gone")),
        (b"caf\xe9 \xf0\x9f\x8d\x8e", b"", 0, ()),
    ]
    answers = []
    for out, err, code, _ in cases:
        with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": TALK.format(out=out, err=err, code=code)}) as root:
            answers += await told(d, agent(d, root), Call("pdf__go"))
    assert [answers[0], answers[1], answers[4]] == ["fine", "(no output)", "caf\ufffd \U0001f34e"]
    for answer, case in zip(answers, cases, strict=True):
        for part in case[3]:
            assert part in answer
    with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": "import os; os.kill(os.getpid(), 9)"}) as root:
        assert "exit code -9" in (await told(d, agent(d, root), Call("pdf__go")))[0]


@requirement("SKILL-15", needs=(*NEEDS, "wire"))
async def test_output_is_bounded(d: Driver) -> None:
    """Both outputs at once, far more than a pipe holds; the cut falls between characters and is said."""
    line = "print('x' + 'é' * 50_000, file=pipe)"
    text = f"import sys\nfor _ in range(40):\n    for pipe in (sys.stdout, sys.stderr): {line}\n"
    for code, count in ((0, 1), (3, 2)):
        with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": f"{text}sys.exit({code})"}) as root:
            answer = (await told(d, agent(d, root), Call("pdf__go")))[0]
        assert answer.count("cut: the first 65536 of 4000080 bytes") == count
        assert len(answer.encode()) < count * 65_536 + 200
        assert "\ufffd" not in answer


# leaves a child behind that holds a pipe, and the script's own outputs
LEAVE = """
import subprocess, sys
pipe = open(sys.argv[1], "w")
pipe.write("x")
pipe.flush()
print("mine", flush=True)
subprocess.Popen([sys.executable, "-c", sys.argv[2]], pass_fds=[pipe.fileno()])
"""


@requirement("SKILL-15", "SKILL-16", needs=NEEDS)
async def test_children_do_not_hold_a_script_up(d: Driver) -> None:
    """What it leaves behind, silent or writing without end, is gone when the script has ended."""
    spam = "import os\nfor _ in range(3): os.fork()\nwhile True: os.write(2, b'x' * 65536)"
    for child in ("import time; time.sleep(600)", spam):
        with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": LEAVE}) as root, lifeline(root / "pipe") as (_, gone):
            scout = agent(d, root)
            scout.skill_manager.script_timeout = 600.0  # the check itself ends before
            assert await told(d, scout, run(str(root / "pipe"), child)) == ["mine\n"]
            await d.wait(gone)


@requirement("SKILL-16", needs=(*NEEDS, "wire"))
async def test_script_has_a_time_limit(d: Driver) -> None:
    """It and its child are gone, the model is told with what was written, and the run goes on."""
    with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": HANG}) as root, lifeline(root / "pipe") as (written, gone):
        skills = manager(d, root, script_timeout=2.0)
        scout = d.api.SkillAgent(d.client(), name="scout", skill_manager=skills)
        answers = await told(d, scout, run(str(root / "pipe")))
        assert "killed after 2 s" in answers[0]
        assert "so far" in answers[0]
        await d.wait(gone)
        assert written.is_set()
    for limit in (0, -1, float("nan")):
        with d.raises(ValueError, match="script_timeout"):
            manager(d, root, script_timeout=limit)


@requirement("SKILL-17", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_cancelled_run_leaves_no_script(d: Driver) -> None:
    """The loop goes on while a script runs; after the cancellation it and its child are gone."""
    with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": HANG}) as root, lifeline(root / "pipe") as (written, gone):
        d.script(Reply(calls=[run(str(root / "pipe"))]), Reply("Again"))
        scout = agent(d, root)
        handle = d.start(lambda: scout.run("go"))
        await d.wait(written)
        handle.cancel()
        with d.raises(asyncio.CancelledError):
            await handle.result()
        await d.wait(gone)
        assert "cancelled" in scout.messages["scout"][-1]["content"]
        assert await d(scout.resume()) == "Again"


@requirement("SKILL-14", "SKILL-17", needs=(*NEEDS, "parallel_tools"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_scripts_run_at_the_same_time(d: Driver) -> None:
    """Two scripts that wait for each other end; a tool that fails beside one kills it."""
    meet = "import sys\nopen(sys.argv[1], sys.argv[2]).close()\nprint(sys.argv[2])"
    with folder(**{"pdf/MD": PDF, "pdf/scripts/go.py": meet, "pdf/scripts/hang.py": HANG}) as root:
        os.mkfifo(root / "meeting")
        scout = agent(d, root, concurrent_tool_calls=True)
        pipe = str(root / "meeting")
        assert await told(d, scout, run(pipe, "r"), run(pipe, "w")) == ["r\n", "w\n"]
        with lifeline(root / "pipe") as (written, gone):

            async def fail() -> str:
                """Do it."""
                await d.wait(written)
                raise OSError("gone")

            failing: Any = agent(d, root, tools=[d.lib.tool(fail)], concurrent_tool_calls=True)
            d.script(Reply(calls=[run(str(root / "pipe"), tool="pdf__hang"), Call("fail")]))
            with d.raises(ExceptionGroup) as caught:
                await d(failing.run("go"))
            errors = getattr(caught.value, "exceptions", ())
            assert [str(error) for error in errors] == ["gone"]
            await d.wait(gone)
