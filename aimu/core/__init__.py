"""What AIMU decides. Nothing here waits, and nothing here opens anything.

chunks        StreamChunk and the phases a stream is made of
models        ModelSpec, Model, and "provider:id" strings
providers     what a provider is; the presets; providers of other packages
catalog       the models we know the capabilities of
colour        sync or async: the marker, and how a callable is asked
images        the images of a user message
messages      the dict shapes of history, and what makes one unsendable
kwargs        merging and translating generate_kwargs
conversation  one history, its system message, tools and open turn
reply         what one model reply said
toolcalls     from a reply's calls to tool messages
turn          the state machine of one chat()
options       what a client, an agent and a call may be told
client        the state and decisions that both ModelClients share
agents        the state and decisions that both Agents share
"""
