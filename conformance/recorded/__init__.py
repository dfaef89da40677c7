"""Exchanges that were recorded once, and are replayed on both surfaces: `python -m conformance record`.

canonical.py   what of a request counts, and how two differ
cassette.py    a cassette, read strictly
manifest.py    a row for each cassette: what was lost, added or changed
secrets.py     what looks like a secret, however it is wrapped
tape.py        a server that answers from a cassette
target.py      the provider before such a server
recording.py   one scenario, recorded with vcrpy
comparison.py  two recordings, without what is another one every time
command.py     the command; llama_server.py: llama.cpp's server, built and recorded from
"""
