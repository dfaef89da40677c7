"""What a step did as plain data, and what of it may differ."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.projection import plain, quiet
from conformance.scripted import Request

Json = dict[str, Any]
NUMBER: Final = re.compile(r"\breq_scripted_\d+\b")
# what says which SDK class, which Python and which port it was
NOT_COMPARED: Final = frozenset(["host", "user-agent", "x-stainless-async", "x-stainless-read-timeout"])
UNFINISHED: Final = ("was cancelled before it finished.", "was not started: the turn was interrupted.")
TOGETHER: Final = "unhandled errors in a TaskGroup"
TOO: Final = re.compile(r"^(tool|worker) .*? failed too: ")
FIELDS: Final = ("provider", "status", "request_id", "retryable", "text", "path", "line")


def told(error: BaseException) -> Json:
    """An exception as a user sees it: class, message, fields, notes, group, and what it was raised from."""
    seen: Json = {"type": _name(error), "message": _quiet(str(error))}
    seen |= {name: _quiet(plain(getattr(error, name))) for name in FIELDS if hasattr(error, name)}
    if notes := getattr(error, "__notes__", None):
        seen["notes"] = [_quiet(note) for note in notes]
    if isinstance(error, BaseExceptionGroup):
        seen["group"] = [told(inner) for inner in error.exceptions]
    if error.__cause__ is not None:
        # below the first class of an SDK, each transport has its own
        is_ours = type(error.__cause__).__module__.startswith("aimu")
        seen["cause"] = told(error.__cause__) if is_ours else {"type": _name(error.__cause__)}
    return seen


def asked(request: Request) -> Json:
    """A request as the server saw it."""
    headers = {name: quiet(value) for name, value in request.headers.items() if name not in NOT_COMPARED}
    body = request.body or request.raw.decode("utf-8", "replace")
    return {"path": request.path, "query": request.query, "headers": headers, "body": body, "bytes": len(request.raw)}


def canonical(value: Any) -> str:
    """One text of a value, to sort by and to compare."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)


def leaves(seen: Json) -> Iterator[str]:
    """Class and message of an error and of those its notes tell of; of each error in the group of concurrent work."""
    if seen["message"].startswith(TOGETHER):
        for inner in seen["group"]:
            yield from leaves(inner)
        return
    yield f"{seen['type']}: {seen['message']}"
    yield from (_quiet(TOO.sub("", note)) for note in seen.get("notes", ()))


def fault_in(history: list[Json]) -> str:
    """Why a history could not be sent: a call without its answer, an answer without its call, half a character.

    Returns:
        str: empty for one that can be.
    """
    waiting: list[str] = []
    for index, message in enumerate(history):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                return f"messages[{index}] answers no call"
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            return f"messages[{index}] comes before the answers of {waiting}"
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
    if waiting:
        return f"no answer to {waiting}"
    try:
        json.dumps(history, ensure_ascii=False).encode()
    except (TypeError, ValueError) as exc:
        return str(exc)
    return ""


def excused(sync: list[Json], aio: list[Json]) -> bool:
    """Whether two histories are the same but for what one surface let run to its end and the other cancelled."""
    return len(aio) <= len(sync) and all(map(_excused, sync, aio))


def _excused(sync: Json, aio: Json) -> bool:
    if sync == aio:
        return True
    is_cut = sync["role"] == aio["role"] == "tool" and str(aio["content"]).endswith(UNFINISHED)
    return is_cut and _without(sync, "content") == _without(aio, "content")


def _without(message: Mapping[str, Any], key: str) -> Json:
    return {name: value for name, value in message.items() if name != key}


def _name(error: BaseException) -> str:
    return type(error).__name__


def _quiet(value: Any) -> Any:
    return NUMBER.sub("req_scripted_N", quiet(value)) if isinstance(value, str) else value
