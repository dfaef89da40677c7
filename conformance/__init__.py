"""The conformance suite: one body for each scenario, run on the sync and on the async surface of an implementation.

vocabulary.py      the words that chapters, scenarios and targets may use
spec.py            the chapters: parsing and checking; index.py: the generated index, coverage, the `spec` command
requirement.py     the mark of a scenario
driver.py          what a scenario talks to; recorder.py: its calls and their record; surfaces.py: sync and async
streams.py, handles.py, stage.py   a stream, a call beside the body, what is scripted, as a scenario sees them
projection.py      what a scenario did, as plain data
residue.py, deadline.py, network.py  what a check may not leave behind, how long it may take, where it may not go
in_process.py      the targets in this process: the micro model, its sampler in the hands of the script
certificates.py    one trusted certificate, so that making a client is quick
implementation.py  what is judged; targets.py: the providers it is judged by; probes.py: refusals that must be observed
outcomes.py        the outcomes of checks and the conclusion of a run; profiles.py: of its parts
check.py, judge.py one check, and how its outcome is found; baseline.py: the failures that are expected
settings.py, run.py  what was asked for; one run: the declared checks, their results
plugin.py          the pytest plugin; item.py: a check as pytest sees it
report.py, matrix.py, progress.py  what a run leaves and shows; redaction.py: without its keys
selfcheck.py       the harness, tried on bodies that it has to refuse
models/            the micro model: its files, what it says, how it was made
scripted/          the server on loopback, and the model that is forced
mcp_servers/       MCP servers: in memory, over stdio, over HTTP
recorded/          what was exchanged in scenarios: recorded once, replayed strictly
replay/            recordings of anyone's through both surfaces, against an independent reading of them
test_*.py          the scenarios, by chapter; props.py, exchanges.py: what several of them share
"""

from conformance.driver import Driver
from conformance.handles import Handle
from conformance.outcomes import HarnessError, Outcome
from conformance.requirement import requirement
from conformance.targets import Target

__all__ = ["Driver", "Handle", "HarnessError", "Outcome", "Target", "requirement"]
