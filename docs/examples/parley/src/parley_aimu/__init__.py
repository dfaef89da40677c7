"""Parley, an HTTP endpoint with a wire of its own, as a provider of AIMU: `aimu.client("parley:duo")`.

codec.py     what is asked and answered, as dicts; pure, for both surfaces
http.py      what both surfaces make of an HTTP response; pure
client.py    the sync client; aio.py: its async twin
wire.py      the same wire from the server's side, for the conformance suite
target.py    how the suite judges it
"""

import aimu

provider = aimu.Provider(
    name="parley",
    client="parley_aimu.client:ParleyClient",
    aio_client="parley_aimu.aio:ParleyClient",
    base_url="https://api.parley.example",
    key_variable="PARLEY_API_KEY",
    any_id=True,
)
