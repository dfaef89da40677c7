"""Speed, by hand: ``tox run -e bench``, and ``tox run -e bench -- in-process``. Prints ratios and checks nothing.

bench       the command: contenders interleaved, medians and ratios
contenders  one chat and one stream, our way, the typed SDK's, and a bare HTTP client's
loopback    a server process with ready-made answers, so that what is timed is the client
in_process  models in this process: prompts computed again, speed, our loop, the event loop
engines     one loaded model, asked our way and through its own library
"""
