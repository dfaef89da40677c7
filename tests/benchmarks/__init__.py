"""Speed and load, by hand: ``tox run -e bench``, and ``-- in-process``, ``-- load``, ``-- growth``, ``-- soak``.

All print figures and check nothing, but for the soak, which ends in 1 when something grew.

bench       the command: contenders interleaved, medians and ratios
contenders  one chat and one stream, our way, the typed SDK's, and a bare HTTP client's
loopback    a server process with ready-made answers, so that what is timed is the client
in_process  models in this process: prompts computed again, speed, our loop, the event loop
engines     one loaded model, asked our way and through its own library
load        a thousand agents at once, and two hundred threads, beside the bare SDK's
growth      what a turn costs as a conversation grows to 5,000 messages
soak        very many short turns in one process, and what it holds between them
crowd       a server process for very many connections, which counts what comes
measure     memory, descriptors, threads, objects and CPU of a process
page        docs/load.md and its picture, from the JSON of such runs
"""
