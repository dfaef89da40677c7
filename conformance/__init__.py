"""The conformance suite: one body for each scenario, run on the sync and on the async surface of an implementation.

vocabulary.py      the words that chapters, scenarios and targets may use
spec.py            the chapters: parsing and checking; index.py: the generated index, coverage, the `spec` command
requirement.py     the mark of a scenario
driver.py          what a scenario talks to; recorder.py: its calls and their record; surfaces.py: sync and async
streams.py, handles.py, stage.py   a stream, a call beside the body, what is scripted, as a scenario sees them
rows.py            rows of a table that one scenario tries, each counted
projection.py      what a scenario did, as plain data
capabilities.py    what a target declares, held against the words there are and against itself
residue.py, deadline.py, network.py  what a check may not leave behind, how long it may take, where it may not go
sweep.py, lives.py, rounds.py  lives broken into at each point where they wait; what is lived; what must hold then
in_process.py      the targets in this process: the micro model, its sampler in the hands of the script
certificates.py    one trusted certificate, so that making a client is quick
implementation.py  what is judged; targets.py: the providers it is judged by; probes.py: refusals that must be observed
outcomes.py        the outcomes of checks and the conclusion of a run; profiles.py: of its parts
check.py, judge.py one check, and how its outcome is found; baseline.py: the failures that are expected
versions.py        the versions of the spec, frozen; renames.py: other names of scenarios; floor.py: what must be
suite.py           the suite's own scenarios; explain.py: the help page of each
settings.py, run.py  what was asked for; one run: its checks and their results; extent.py: how much of the suite it is
evidence.py        what is known at the end, of one run or of all shards, and what follows from it
sharding.py, claims.py which part a shard runs: dealt out, or what no other on this machine has taken
jobs.py, merging.py    several shards at once; their reports made into one
plugin.py          the pytest plugin; session.py, collection.py, item.py: what pytest keeps, finds and sees of it
entry.py           the suite as a class among the author's own tests
watch.py, progress.py, crash.py    how far a run is; the bar of that; a process that is ended from within
explanation.py, trace.py, reproduction.py  why a check did not pass, what was on the wire, the command that repeats it
report.py          report.json; report_digests.py, report_tracing.py, report_validation.py: what it is of, is it true
matrix.py, fault_table.py          the report on a terminal; the table of the rows in it
redaction.py, characters.py        any text, without its keys and harmless
rendering/         everything else that is made of a report, and the comparison of two
mutants/           a break of the reference implementation for each requirement, which the named check has to see
selfcheck.py       the harness, tried on bodies that it has to refuse
models/            the micro model: its files, what it says, how it was made
scripted/          the server on loopback, and the model that is forced
mcp_servers/       MCP servers: in memory, over stdio, over HTTP
recorded/          what was exchanged in scenarios: recorded once, replayed strictly
readings/          what recorded traffic says, read without the implementation
replay/            recordings of anyone's through both surfaces, against these readings
test_*.py          the scenarios, by chapter; props.py, exchanges.py, faulting.py: what several of them share
"""

from conformance.driver import Driver
from conformance.entry import ConformanceTests
from conformance.handles import Handle
from conformance.outcomes import HarnessError, Outcome
from conformance.requirement import requirement
from conformance.targets import Target

__all__ = ["ConformanceTests", "Driver", "Handle", "HarnessError", "Outcome", "Target", "requirement"]
