"""A server on loopback that speaks the OpenAI and the Anthropic wire, or your own, from a script; no key is needed.

standin.py     what may stand where the server is expected; queued.py: the same, with a script
script.py      the words of a script: Reply, Call, Fault, Raw, Gate, Usage; and Request
pieces.py      how text and arguments are cut into the pieces of a stream
openai.py      a Reply as Chat Completions sends it
anthropic.py   a Reply as Messages sends it
faults.py      the error bodies of the real endpoints
wire.py        Wire: what a server has to know of a wire, and the two of the spec
answer.py      from a scripted reply to status, headers and items
connection.py  one client's connection
server.py      ScriptedServer: the port, the script, the record
fixture.py     the server as a pytest fixture
chatml.py      a Reply in the language of a model in this process, and its prompts read back
tokens.py      a text in the tokens of that model; sampler.py: the logits processor that picks them
model.py       ScriptedModel: the script of a model that is reached over no wire, with the face of the server
forced.py      ForcedModel: the same for a model in this process, of which each token is said
"""

from conformance.scripted.forced import ForcedModel
from conformance.scripted.model import ScriptedModel
from conformance.scripted.script import Bare, Call, Fault, Gate, Raw, Reply, Request, Usage
from conformance.scripted.server import ScriptedServer
from conformance.scripted.standin import StandIn
from conformance.scripted.tokens import Vocabulary
from conformance.scripted.wire import Wire

__all__ = [
    "Bare",
    "Call",
    "Fault",
    "ForcedModel",
    "Gate",
    "Raw",
    "Reply",
    "Request",
    "ScriptedModel",
    "ScriptedServer",
    "StandIn",
    "Usage",
    "Vocabulary",
    "Wire",
]
