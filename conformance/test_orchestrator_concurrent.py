"""Scenarios of spec/orchestrator.md: workers that run at the same time, and what ends them."""

import asyncio
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Fault, Gate, Reply, Request

NEEDS = ("scripted", "tools", "parallel_tools")


def system_of(body: dict[str, Any]) -> str:
    """The system message of a request, on either wire."""
    head = body["messages"][0]
    return str(head["content"] if head["role"] == "system" else body.get("system", ""))


def cast(d: Driver, **lines: list[Any]) -> None:
    """What each speaker says, one reply after the other; a speaker is told by its instructions, which are its name."""
    d.is_ordered = False

    def speak(request: Request) -> Any:
        line = lines[system_of(request.body)].pop(0)
        return line(request) if callable(line) else line

    d.server.always(speak)


def calling(*names: str) -> Reply:
    """A reply that calls workers; the task has the number of the call."""
    return Reply(calls=[Call(name, {"task": f"task {number}"}, id=f"c{number}") for number, name in enumerate(names)])


def agent(d: Driver, name: str, **options: Any) -> Any:
    """An agent whose instructions are its name."""
    return d.api.Agent(d.client(), name, name, **options)


def boss(d: Driver, *workers: Any, **options: Any) -> Any:
    """An orchestrator of the workers."""
    return d.api.OrchestratorAgent.assemble(d.client(), "boss", workers=workers, name="boss", **options)


def spoken(messages: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    """What each speaker was told and said, without instructions."""
    return {
        name: [message["content"] for message in history if message["role"] != "system"]
        for name, history in messages.items()
    }


@requirement("ORCHESTRATOR-10", needs=(*NEEDS, "wire"))
async def test_workers_run_at_the_same_time(d: Driver) -> None:
    """Both are at the server before either is answered; the first one called is answered last."""
    gates = Gate(), Gate()
    cast(
        d,
        boss=[calling("one", "two"), Reply("Done")],
        one=[Reply("1", before=gates[0])],
        two=[Reply("2", before=gates[1])],
    )
    orchestrator = boss(d, agent(d, "one"), agent(d, "two"))
    handle = d.start(lambda: orchestrator.run("Go"))
    for gate in gates:
        await d.wait(gate.reached)
    for gate in reversed(gates):
        gate.open()
    assert await handle.result() == "Done"
    assert spoken(orchestrator.messages)["boss"] == ["Go", None, "1", "2", "Done"]


@requirement("ORCHESTRATOR-10", needs=NEEDS)
async def test_workers_run_one_after_the_other(d: Driver) -> None:
    """When asked so: the second is asked when the first has its answer."""
    first, seen = agent(d, "one"), list[Any]()

    def second(_: Request) -> Reply:
        seen.append(spoken(first.messages)["one"])
        return Reply("2")

    cast(d, boss=[calling("one", "two"), Reply("Done")], one=[Reply("1")], two=[second])
    assert await d(boss(d, first, agent(d, "two"), concurrent_tool_calls=False).run("Go")) == "Done"
    assert seen == [["task 0", "1"]]


@requirement("ORCHESTRATOR-6", "ORCHESTRATOR-9", needs=(*NEEDS, "wire"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_failing_worker_cancels_the_others(d: Driver) -> None:
    """The other's request is given up; the group has the error; the round is settled, and resume goes on."""
    gate = Gate()

    def after_the_other(_: Request) -> Fault:
        assert gate.reached.wait(20)
        return Fault(400)

    cast(
        d,
        boss=[calling("one", "two"), Reply("Made do")],
        one=[Reply("1", before=gate)],
        two=[after_the_other],
    )
    orchestrator = boss(d, agent(d, "one"), agent(d, "two"))
    with d.raises(ExceptionGroup) as caught:
        await d(orchestrator.run("Go"))
    assert isinstance(caught.value, ExceptionGroup)
    assert [type(error) for error in caught.value.exceptions] == [d.lib.errors.InvalidRequestError]
    await d.wait(d.server.disconnected)
    told = spoken(orchestrator.messages)
    assert "cancelled" in told["boss"][2]
    assert "InvalidRequestError" in told["boss"][3]
    assert (told["one"], told["two"]) == ([], [])
    assert await d(orchestrator.resume()) == "Made do"


@requirement("ORCHESTRATOR-6", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_every_error_of_the_workers_is_in_the_group(d: Driver) -> None:
    """Also what a worker raises while it is cancelled; both have ended when the group rises."""
    started, ended = asyncio.Event(), list[str]()

    class Worker(d.api.Runner):  # type: ignore[misc, name-defined]
        def __init__(self, name: str) -> None:
            self.name = name

        @property
        def messages(self) -> dict[str, Any]:
            return {}

        async def run(self, task: str) -> str:
            try:
                if self.name == "fails":
                    await started.wait()
                    raise LookupError(task)
                started.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise KeyError(self.name) from None
            finally:
                ended.append(self.name)
            return "never"

    cast(d, boss=[calling("fails", "stumbles")])
    with d.raises(ExceptionGroup) as caught:
        await d(boss(d, Worker("fails"), Worker("stumbles")).run("Go"))
    assert isinstance(caught.value, ExceptionGroup)
    assert sorted(map(repr, caught.value.exceptions)) == ["KeyError('stumbles')", "LookupError('task 0')"]
    assert ended == ["fails", "stumbles"]


@requirement(
    "ORCHESTRATOR-7", "ORCHESTRATOR-9", needs=(*NEEDS, "wire"), surfaces=("sync",), ledger="LEDGER-CONCURRENCY"
)
async def test_every_worker_runs_to_its_end(d: Driver) -> None:
    """One is held until the others have failed; its answer is kept, the second failure is a note of the first."""
    gate, failed = Gate(), Gate()

    def after_the_second(_: Request) -> Fault:
        assert failed.wait(20)
        return Fault(400)

    def second(_: Request) -> Fault:
        failed.open()
        return Fault(429)

    cast(
        d,
        boss=[calling("one", "two", "three"), Reply("Made do")],
        one=[Reply("1", before=gate)],
        two=[after_the_second],
        three=[second],
    )
    workers = [agent(d, name) for name in ("one", "two", "three")]
    orchestrator = boss(d, *workers)
    handle = d.start(lambda: orchestrator.run("Go"))
    await d.wait(gate.reached)
    assert failed.wait(20)
    assert not handle.done
    gate.open()
    with d.raises(d.lib.errors.InvalidRequestError) as caught:
        await handle.result()
    (note,) = caught.value.__notes__
    assert "'three'" in note
    assert "RateLimitError" in note
    told = spoken(orchestrator.messages)
    assert told["boss"][2] == "1"
    assert told["one"] == ["task 0", "1"]
    assert "InvalidRequestError" in told["boss"][3]
    assert "RateLimitError" in told["boss"][4]
    assert await d(orchestrator.resume()) == "Made do"


@requirement("ORCHESTRATOR-8", "ORCHESTRATOR-9", needs=(*NEEDS, "wire"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_cancellation_reaches_every_worker(d: Driver) -> None:
    """Two nested two deep: each has ended when the cancellation goes on, and the histories can go on."""
    gates = Gate(), Gate()
    ended: list[str] = []
    began = asyncio.Event()

    class Worker(d.api.Runner):  # type: ignore[misc, name-defined]
        name = "own"

        @property
        def messages(self) -> dict[str, Any]:
            return {}

        async def run(self, task: str) -> str:
            try:
                began.set()
                await asyncio.Event().wait()
            finally:
                ended.append(task)
            return "never"

    cast(
        d,
        boss=[calling("mid", "one"), Reply("Made do")],
        mid=[calling("two", "own")],
        one=[Reply("1", before=gates[0])],
        two=[Reply("2", before=gates[1])],
    )
    inner = d.api.OrchestratorAgent.assemble(d.client(), "mid", workers=[agent(d, "two"), Worker()], name="mid")
    orchestrator = boss(d, inner, agent(d, "one"))
    before = asyncio.all_tasks()
    handle = d.start(lambda: orchestrator.run("Go"))
    for gate in gates:
        await d.wait(gate.reached)
    async with asyncio.timeout(20):
        await began.wait()
    handle.cancel()
    with d.raises(asyncio.CancelledError):
        await handle.result()
    assert ended == ["task 1"]
    assert asyncio.all_tasks() == before
    told = spoken(orchestrator.messages)
    assert all("cancelled" in text for text in (*told["boss"][2:], *told["mid"][2:]))
    assert [len(told[name]) for name in ("boss", "mid", "one", "two")] == [4, 4, 0, 0]
    assert await d(orchestrator.resume()) == "Made do"


@requirement("ORCHESTRATOR-8", needs=(*NEEDS, "wire"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_timeout_round_an_orchestrator(d: Driver) -> None:
    """`asyncio.timeout` that ends in the middle of a worker's turn leaves every history such that it can go on."""
    gate = Gate()
    cast(d, boss=[calling("one"), Reply("Made do")], one=[Reply("1", before=gate), Reply("Again")])
    worker = agent(d, "one")
    orchestrator = boss(d, worker)

    async def bounded() -> Any:
        async with asyncio.timeout(None) as limit:
            running = asyncio.ensure_future(orchestrator.run("Go"))
            await d.wait(gate.reached)
            limit.reschedule(asyncio.get_running_loop().time())
            return await running

    with d.raises(TimeoutError):
        await d(bounded())
    await d.wait(d.server.disconnected)
    assert worker.messages["one"] == []
    assert await d(orchestrator.resume()) == "Made do"
    assert await d(worker.run("Now?")) == "Again"


@requirement("RUNNER-6", "ORCHESTRATOR-4", needs=(*NEEDS, "wire"))
async def test_worker_called_twice_at_once(d: Driver) -> None:
    """Two conversations, under the name and a numbered one; both are used again in the next round."""
    gates = [Gate() for _ in range(4)]
    # which of the two gets which call is left to chance, so both are told the same
    twice = Reply(calls=[Call("one", {"task": "Sing"}), Call("one", {"task": "Sing"})])
    cast(d, boss=[twice, twice, Reply("Done")], one=[Reply("La", before=gate) for gate in gates])
    orchestrator = boss(d, agent(d, "one"))
    handle = d.start(lambda: orchestrator.run("Go"))
    for pair in (gates[:2], gates[2:]):
        for gate in pair:
            await d.wait(gate.reached)
        for gate in pair:
            gate.open()
    assert await handle.result() == "Done"
    told = spoken(orchestrator.messages)
    assert list(told) == ["boss", "one", "one-2"]
    assert told["one"] == told["one-2"] == ["Sing", "La"] * 2
