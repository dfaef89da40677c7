"""Babble, a toy model in pure Python that runs in this process, as a provider of AIMU.

    client = aimu.client("babble:brook")
    awaited = aio.client(client)

model.py     the model: its tokens, and which one comes next
weights.py   the model as AIMU sees a loaded one: template, prompts, generations
client.py    the sync client, which loads it; aio.py: its awaitable interface
target.py    how the conformance suite judges it, and makes it say what a scenario needs
"""

import aimu


class BabbleModel(aimu.Model):
    """What there is to babble."""

    BROOK = aimu.ModelSpec("brook", tools=True, provider="babble")


provider = aimu.Provider(
    name="babble",
    client="babble_aimu.client:BabbleClient",
    aio_client="babble_aimu.aio:AsyncBabbleClient",
    models="babble_aimu:BabbleModel",
    in_process=True,
)
