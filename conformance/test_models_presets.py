"""Scenarios of spec/models.md: where the presets send their requests."""

from typing import Any

from conformance.driver import Driver
from conformance.requirement import LIBRARY, requirement

PRESETS = {
    "ollama": "http://localhost:11434/v1",
    "vllm": "http://localhost:8000/v1",
    "llamaserver": "http://localhost:8080/v1",
    "lmstudio": "http://localhost:1234/v1",
    "sglang": "http://localhost:30000/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "openrouter": "https://openrouter.ai/api/v1",
    "groq": "https://api.groq.com/openai/v1",
    "deepseek": "https://api.deepseek.com",
    "mistral": "https://api.mistral.ai/v1",
    "together": "https://api.together.xyz/v1",
}
LOCAL = ("ollama", "vllm", "llamaserver", "lmstudio", "sglang")
ANSWER = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}


def wired(d: Driver, sent: list[Any]) -> Any:
    """An HTTP client for the SDK that notes each request and answers it without a network."""
    import httpx2

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json=ANSWER)

    transport = httpx2.MockTransport(answer)
    return httpx2.Client(transport=transport) if d.on_sync else httpx2.AsyncClient(transport=transport)


@requirement("MODELS-9", subject=LIBRARY)
async def test_presets_go_to_their_servers(d: Driver) -> None:
    """Each exists, takes any id, and sends to its own base URL, with the key it was given where it wants one."""
    for name, url in PRESETS.items():
        sent: list[Any] = []
        key = None if name in LOCAL else f"key-of-{name}"
        options = {"model_kwargs": {"http_client": wired(d, sent)}, "api_key": key}
        client = d.track(d.api.client(f"{name}:some/model:8b", **options))
        assert await d(client.chat("Hello")) == "Hi"
        assert [str(request.url) for request in sent] == [f"{url}/chat/completions"]
        assert client.provider == name
        assert client.model.id == "some/model:8b"
        if key:
            assert sent[0].headers["authorization"] == f"Bearer {key}"
