"""Lives broken into at every point: cancelled on the async surface, interrupted on the sync one; nothing may be left.

one_shots.py    lives in which the client ends, too; those of a client alone are `conformance.lives`
runners.py      a life of each kind of runner, whole, streamed and closed, and of all of them in one nest
servers.py      lives with an MCP server
places.py       where lives are lived: the drivers, and the sweep of a life
bell.py         Ctrl-C at one event of a provider
test_aio.py     every suspension of every life on the async surface, in three ways
test_sync.py    Ctrl-C at every event of a provider, and while tools and workers hang in threads
test_both.py    a failure of every tool call, a close at every chunk
__main__.py     how often each life is broken into
"""
