"""A server on loopback that speaks the OpenAI and the Anthropic wire from a script, to test agents without a key.

standin.py     what may stand where the server is expected
script.py      the words of a script: Reply, Call, Fault, Raw, Gate, Usage; and Request
pieces.py      how text and arguments are cut into the pieces of a stream
openai.py      a Reply as Chat Completions sends it
anthropic.py   a Reply as Messages sends it
faults.py      the error bodies of the real endpoints
answer.py      from a scripted reply to status, headers and items
connection.py  one client's connection
server.py      ScriptedServer: the port, the script, the record
fixture.py     the server as a pytest fixture
chatml.py      a Reply in the language of a model in this process, and its prompts read back
tokens.py      a text in the tokens of that model; sampler.py: the logits processor that picks them
forced.py      ForcedModel: the script of a model in this process, with the face of the server
"""

from conformance.scripted.forced import ForcedModel
from conformance.scripted.script import Call, Fault, Gate, Raw, Reply, Request, Usage
from conformance.scripted.server import ScriptedServer
from conformance.scripted.standin import StandIn

__all__ = ["Call", "Fault", "ForcedModel", "Gate", "Raw", "Reply", "Request", "ScriptedServer", "StandIn", "Usage"]
