"""What is taken out of addresses and errors, and what is left as it was."""

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from aimu.core.secrets import guarded, hide, secrets_of
from aimu.errors import ModelConnectionError

SECRET = "secret-0123456789"


@pytest.mark.parametrize(
    ("user", "sent"), [("me:pa%40ss", b"me:pa@ss"), ("me@home:x", b"me@home:x"), ("token", b"token"), ("", b"")]
)
def test_the_user_of_an_address_becomes_its_header(user: str, sent: bytes) -> None:
    found = guarded({"base_url": f"https://{user}@host:8/v1", "api_key": "k"})
    basic = f"Basic {base64.b64encode(sent).decode()}"
    assert found == {"base_url": "https://host:8/v1", "api_key": "k", "default_headers": {"Authorization": basic}}


@pytest.mark.parametrize("url", ["https://host/v1", "http://host/a@b", "unix:/x", None])
def test_other_addresses_are_left(url: Any) -> None:
    assert guarded({"base_url": url}) == {"base_url": url}


def test_a_header_that_is_given_goes_before_the_user_of_the_address() -> None:
    given = {"authorization": "Bearer mine"}
    assert guarded({"base_url": "http://me:x@host", "default_headers": given})["default_headers"] == given


def test_secrets_are_told_by_their_names() -> None:
    basic = base64.b64encode(f"me:{SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "X-Team": "not-a-secret", "X-Auth": "Bearer bearer-0123"}
    sdk = SimpleNamespace(default_headers=headers, default_query={"sig": "signed-012345", "page": "page-0123456789"})
    found = secrets_of({"api_key": "key-0123456789", "timeout": 3, "auth_token": "short"}, sdk)
    wanted = {"key-0123456789", basic, f"Basic {basic}", f"me:{SECRET}", SECRET, "bearer-0123", "Bearer bearer-0123"}
    assert set(found) == wanted | {"signed-012345"}
    assert [len(secret) for secret in found] == sorted(map(len, found), reverse=True)


def test_every_relative_of_an_error_is_looked_at() -> None:
    group = ExceptionGroup("several", [ValueError(SECRET)])
    group.add_note(SECRET)
    group.__context__ = OSError(2, "No such file", SECRET)
    error = RuntimeError(SECRET, 3)
    error.__cause__, group.__cause__ = group, error
    hide(error, [SECRET])
    shown = [str(error), str(group), str(group.exceptions[0]), str(group.__context__), *group.__notes__]
    assert not [text for text in shown if SECRET in text]
    assert error.args == ("***", 3)


def test_an_error_without_a_file_says_what_it_said() -> None:
    error = ModelConnectionError("the connection failed")
    hide(error, [SECRET])
    assert str(error) == "the connection failed"
