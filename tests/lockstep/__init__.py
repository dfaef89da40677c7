"""One random life, lived on both surfaces at the same time: after each step the twins have to agree.

surfaces.py   how each surface is called, interrupted and looked after; a step is written once, for both
words.py      what Hypothesis makes: replies and faults of the scripted server, questions, settings
toolbox.py    the tools there are, in the colour of each surface
life.py       what is alive on one surface: its clients, streams and runners, and what came of a step
pair.py       two lives in lockstep: a step on both, and what they have to agree on
record.py     what a step did as plain data, and what of it may differ
troupes.py    nested runners: a plan of them that Hypothesis makes, built on each surface
brain.py      what a scripted model says to nested runners, whoever asks first
steps.py      the steps of a life
machine.py    the state machine that Hypothesis drives
__main__.py   `python -m tests.lockstep --minutes N`: a long run by hand, which says how much it tried

Cases that were found are kept in `test_found.py` as straight code.
"""
