"""What is recorded once and replayed strictly, and that nothing in it changes without being found out.

shelf.py            copies of the shipped cassettes, to be damaged; and the checks that are replayed from them
transport.py        what changes requests on their way out of the real transports
toys.py             scenarios of a few lines, to be recorded
test_gate.py        every recorded request, changed on its way out, fails its check
test_damage.py      files and rows that were lost, added or changed; test_damage_bytes.py: any byte of them
test_damage_runs.py whole runs on damaged cassettes: their exit codes
test_secrets.py     what is refused as a secret, however it is wrapped, and what is not
test_secrets_kept.py secrets in cassettes and in what is about to be one
test_canonical.py   what of a request counts
test_cassette.py    cassettes are read as vcrpy reads them, and written as they were
test_comparison.py  what changed between two recordings
test_tape.py        a server that answers from a cassette
test_recording.py   what can be recorded, and what is kept of it
test_command.py     `python -m conformance record`; test_command_server.py: before a server
test_replayed.py    what a real server said, read by the typed SDKs
"""
