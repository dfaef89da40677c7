"""The model as AIMU sees a loaded one. The base class brings the order of generations, stop strings and limits."""

from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any, ClassVar

import jinja2
from aimu.core.prefixes import Prefix, common
from aimu.engines.weights import CACHE_BYTES, Asked, Hear, Weights, refuse_unknown

from babble_aimu.model import END, Babbler, decode, encode

# ChatML, with calls as JSON between tags, which is the family "hermes"
TEMPLATE = """\
{%- if tools or messages[0].role == 'system' %}<|im_start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}
{%- if tools %}
{%- if messages[0].role == 'system' %}{{ '\\n' }}{% endif %}# Tools
{%- for tool in tools %}{{ '\\n' + tool.function.name }}({{ tool.function.parameters.properties | join(', ') }})
{%- endfor %}{% endif %}<|im_end|>
{% endif %}
{%- for message in messages if message.role != 'system' %}<|im_start|>{{ message.role }}
{% if message.role == 'tool' %}<tool_response>
{{ message.content }}
</tool_response>{% else %}{{ message.content or '' }}{% endif %}
{%- for call in message.tool_calls or () %}{% if message.content or not loop.first %}{{ '\\n' }}{% endif %}<tool_call>
{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}<|im_start|>assistant
"""
KNOWN = frozenset(("temperature", "seed", "pick", "banned", "tools", "limit", "stop", "max_tokens", "may_think"))


class BabbleWeights(Weights):
    """A text that was read.

    Args:
        name: str, the text.
        cache_bytes: int, for prompts that were read; default that of every model here.
    """

    provider = "babble"
    template = TEMPLATE
    names: ClassVar[Mapping[str, str]] = {name: name for name in ("max_tokens", "temperature", "stop", "seed")}

    def __init__(self, name: str, cache_bytes: int = CACHE_BYTES) -> None:
        super().__init__(cache_bytes)
        self._babbler = Babbler(name)
        self._template = jinja2.Environment(autoescape=False).from_string(TEMPLATE)

    @property
    def context(self) -> int:
        """Tokens that a prompt and its reply may have together."""
        return 8192

    @property
    def ends(self) -> Collection[int]:
        """Tokens that end a reply."""
        return (END,)

    def render(self, **variables: Any) -> str:
        """The prompt."""
        return self._template.render(**variables)

    def encode(self, text: str, parameters: dict[str, Any]) -> list[int]:
        """The tokens of a prompt."""
        refuse_unknown(KNOWN, parameters, self.provider)
        return encode(text)

    def decode(self, tokens: list[int]) -> str:
        """Tokens as text."""
        return decode(tokens)

    def speak(self, prompt: list[int], parameters: dict[str, Any], hear: Hear, is_stopped: Asked) -> int:
        """Say what comes next until nobody listens; how much of the prompt was known."""
        temperature = parameters.get("temperature", 1.0)
        is_number = isinstance(temperature, (int, float)) and isfinite(temperature) and temperature >= 0
        self._require(is_number, f"temperature={temperature!r}: use a number of at least 0")
        known, _ = self.prefixes.longest(prompt)
        reused = min(common(known.tokens, prompt), len(prompt) - 1) if known else 0
        banned = {encode(text)[0] for text in parameters.get("banned", ())}
        options = {name: parameters[name] for name in ("seed", "pick") if name in parameters}
        said = list(prompt)
        if not is_stopped():
            for token in self._babbler.tokens(prompt, temperature=temperature, banned=banned, **options):
                said.append(token)
                if not hear(token):
                    break
        self.prefixes.keep(Prefix(tuple(said[:-1]), None, len(said)))
        return reused

    def unload(self) -> None:
        """Let go of the text."""
        del self._babbler
