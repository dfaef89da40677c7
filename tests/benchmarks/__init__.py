"""Speed, by hand: ``tox run -e bench``. Prints ratios and checks nothing.

bench       the command: contenders interleaved, medians and ratios
contenders  one chat and one stream, our way, the typed SDK's, and a bare HTTP client's
loopback    a server process with ready-made answers, so that what is timed is the client
"""
