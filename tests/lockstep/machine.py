"""The state machine that Hypothesis drives."""

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from conformance.scripted import ScriptedServer
from tests.lockstep import steps
from tests.lockstep.life import Line
from tests.lockstep.pair import Pair
from tests.lockstep.troupes import TROUPES, Part
from tests.lockstep.words import HISTORIES, KWARGS, SETTINGS, TOOLS, Ask, asks, scripts

WHO = st.integers(0, 2)
SLOTS = st.integers(0, 1)
COUNTS = st.integers(0, 4)
SALTS = st.integers(0, 9)
ABILITIES = st.sampled_from(["tools,vision,thinking"] * 6 + ["tools", ""])
BOUNDS = st.sampled_from(
    [("max_iterations", n) for n in (0, 1, 2, 3, 5)]
    + [("concurrent_tool_calls", flag) for flag in (True, False)]
    + [("on_tool_error", word) for word in ("raise", "report", "forget")]
    + [("default_generate_kwargs", kwargs or {}) for kwargs in KWARGS]
)

ARRANGEMENTS: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    (steps.fork, st.just(())),
    (steps.close, st.just(())),
    (steps.reset, st.sampled_from([(), ("Be kind.",), (None,)])),
    (steps.set_system, st.tuples(st.sampled_from(["Be quick.", "", None]))),
    (steps.set_tools, st.tuples(TOOLS)),
    (steps.set_tools, st.tuples(TOOLS)),
    (steps.set_strange_tools, st.just(())),
    (steps.set_messages, st.tuples(HISTORIES)),
    (steps.set_one, BOUNDS),
    (steps.edit, st.just(("a note",))),
)


def _has_runner(machine: "Lockstep") -> bool:
    return bool(machine.pair.first.runners)


class Lockstep(RuleBasedStateMachine):
    """A life: whatever is done, both surfaces do the same."""

    counted: Callable[[int], None] = staticmethod(lambda _: None)

    @initialize(
        wire=st.sampled_from(["openai", "anthropic"]),
        abilities=ABILITIES,
        settings=SETTINGS,
        tools=TOOLS,
        retries=st.sampled_from([0] * 7 + [1]),
    )
    def begin(self, wire: str, abilities: str, settings: dict[str, Any], tools: Any, retries: int) -> None:
        self.servers = [ScriptedServer(), ScriptedServer()]  # its own: what was cancelled may still be on its way
        for server in self.servers:
            server.start()
        self.pair = Pair(self.servers, wire, abilities, max_retries=retries, **settings)
        self.pair.do(steps.set_tools, 0, tools)

    @property
    def _is_racing(self) -> bool:
        return any(client.concurrent_tool_calls for client in self.pair.first.clients)

    def _script(self, data: st.DataObject) -> list[Line]:
        names = {made.__name__ for client in self.pair.first.clients for made in client.tools}
        found: list[Line] = data.draw(scripts(sorted(names)))
        return found

    def _do(self, act: Any, *args: Any, script: Sequence[Line] = ()) -> None:
        self.pair.do(act, *args, script=script, racing=self._is_racing)

    @rule(who=WHO, ask=asks(), data=st.data(), way=st.sampled_from([steps.chat, steps.stream]))
    def talk(self, who: int, ask: Ask, data: st.DataObject, way: Any) -> None:
        self._do(way, who, ask, script=self._script(data))

    @rule(who=WHO, ask=asks(), data=st.data(), way=st.sampled_from([steps.chat, steps.stream]))
    def talk_on(self, who: int, ask: Ask, data: st.DataObject, way: Any) -> None:
        self._do(way, who, ask, script=self._script(data))

    @rule(who=WHO, ask=asks(), data=st.data(), count=COUNTS)
    def leave_stream(self, who: int, ask: Ask, data: st.DataObject, count: int) -> None:
        self._do(steps.leave_stream, who, ask, count, script=self._script(data))

    @rule(who=WHO, slot=SLOTS, ask=asks(), resumes=st.sampled_from([False, False, True]))
    def open_stream(self, who: int, slot: int, ask: Ask, resumes: bool) -> None:
        self._do(steps.open_resumption if resumes else steps.open_stream, who, slot, ask)

    @precondition(lambda self: self.pair.first.streams)
    @rule(data=st.data(), count=COUNTS, way=st.sampled_from(["read", "read", "read", "close", "drop"]))
    def go_on_with_stream(self, data: st.DataObject, count: int, way: str) -> None:
        slot = data.draw(st.sampled_from(sorted(self.pair.first.streams)))
        if way == "read":
            self._do(steps.read, slot, count, script=self._script(data))
        else:
            self._do(steps.close_stream if way == "close" else steps.drop_stream, slot)

    @rule(who=WHO, ask=asks(), data=st.data(), way=st.sampled_from([steps.generate, steps.generate_stream]))
    def generate(self, who: int, ask: Ask, data: st.DataObject, way: Any) -> None:
        self._do(way, who, ask, script=self._script(data))

    @precondition(lambda self: any(client._conversation.is_resumable for client in self.pair.first.clients))
    @rule(who=WHO, ask=asks(), data=st.data())
    def resume(self, who: int, ask: Ask, data: st.DataObject) -> None:
        self._do(steps.resume, who, ask, script=self._script(data))

    @rule(who=WHO, data=st.data())
    def arrange(self, who: int, data: st.DataObject) -> None:
        act, values = data.draw(st.sampled_from(ARRANGEMENTS[int(len(self.pair.first.clients) == steps.MOST) :]))
        self._do(act, who, *data.draw(values))

    @precondition(lambda self: len(self.pair.first.runners) < 2)
    @rule(part=TROUPES, salt=SALTS)
    def make_troupe(self, part: Part, salt: int) -> None:
        before = len(self.pair.first.runners)
        self._do(steps.make_troupe, part)
        if len(self.pair.first.runners) > before:
            self.pair.do(steps.run_stream, before, Ask("go"), salt, racing=self._races(before))

    @precondition(_has_runner)
    @rule(who=WHO, ask=asks(), salt=SALTS, way=st.sampled_from([steps.run, steps.run_stream, steps.resume_run]))
    def run(self, who: int, ask: Ask, salt: int, way: Any) -> None:
        self.pair.do(way, who, ask, salt, racing=self._races(who))

    @precondition(lambda self: _has_runner(self) and not all(self.pair.first.races))
    @rule(who=WHO, slot=SLOTS, ask=asks(), salt=SALTS, count=COUNTS, leaves=st.booleans())
    def run_half_way(self, who: int, slot: int, ask: Ask, salt: int, count: int, leaves: bool) -> None:
        if self._races(who):  # how far the others have come by then is a race
            return
        if leaves:
            self._do(steps.leave_run, who, ask, count, salt)
        else:
            self._do(steps.open_run, who, slot, ask, salt)

    @precondition(lambda self: len(self.pair.first.runners) == 1)
    @rule(who=WHO)
    def fork_runner(self, who: int) -> None:
        self._do(steps.fork_runner, who)

    def _races(self, who: int) -> bool:
        races = self.pair.first.races
        return self._is_racing or races[who % len(races)]

    def teardown(self) -> None:
        if hasattr(self, "pair"):
            self.counted(self.pair.steps)
            self.pair.close()
        for server in getattr(self, "servers", ()):
            server.stop()
