"""Who is let in: host names, origins, tokens, and what every answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deepro.studio.access import AccessControl, is_loopback

TOKEN = "a-token-that-is-long-enough"


def run(work: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: in the tests' one the browser's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def inside(scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["state"]["viewer"].encode()})


def ask(
    method: str = "GET", path: str = "/", query: str = "", token: str | None = None, **headers: str
) -> tuple[int, dict[str, list[str]], bytes]:
    access = AccessControl(inside, hosts=frozenset({"127.0.0.1", "localhost", "::1"}), port=8765, token=token)
    given = {"host": "127.0.0.1:8765", **{k.replace("_", "-"): v for k, v in headers.items()}}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    run(access(scope, None, send))  # type: ignore[arg-type]
    answered: dict[str, list[str]] = {}
    for name, value in sent[0]["headers"]:
        answered.setdefault(name.decode(), []).append(value.decode())
    return sent[0]["status"], answered, sent[1]["body"]


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST:8765"])
def test_its_own_names_are_let_in(host: str) -> None:
    assert ask(host=host)[0] == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8765.evil.example"]
)
def test_other_names_are_not(host: str) -> None:
    """DNS rebinding: a foreign name that resolves to this machine."""
    assert ask(host=host)[0] == 421


OWN = {"origin": "http://127.0.0.1:8765", "sec_fetch_site": "same-origin", "x_deepro": "1"}


def test_a_change_from_its_own_page_is_let_in() -> None:
    assert ask("POST", **OWN)[0] == 200
    assert ask("POST", x_deepro="1")[0] == 200  # a script on this machine sends no Origin


@pytest.mark.parametrize(
    "headers",
    [
        OWN | {"origin": "http://evil.example"},
        OWN | {"origin": "null"},
        OWN | {"origin": "http://127.0.0.1:9999"},
        OWN | {"sec_fetch_site": "cross-site"},
        OWN | {"sec_fetch_site": "same-site"},
        {k: v for k, v in OWN.items() if k != "x_deepro"},  # a form of another page cannot send it
    ],
)
def test_a_change_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert ask(method, **headers)[0] == 403


def test_reading_from_another_origin_is_refused_too() -> None:
    assert ask(origin="http://evil.example")[0] == 403


def test_every_answer_carries_the_policies() -> None:
    for answer in (ask(), ask(host="evil.example"), ask(token=TOKEN), ask("POST", origin="null")):
        headers = answer[1]
        policy = headers["content-security-policy"][0]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == ["nosniff"]
        assert headers["cross-origin-resource-policy"] == ["same-origin"]
        assert headers["cache-control"] == ["no-store"]
        assert "access-control-allow-origin" not in headers


def test_a_token_becomes_a_cookie_and_leaves_the_address() -> None:
    assert ask(token=TOKEN)[0] == 401
    assert ask(token=TOKEN, query="token=wrong")[0] == 401
    status, headers, _ = ask(path="/", query=f"token={TOKEN}&x=1", token=TOKEN)
    assert status == 303
    assert headers["location"] == ["/?x=1"]
    cookie = next(c for c in headers["set-cookie"] if c.startswith("deepro_token"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert TOKEN not in cookie
    value = cookie.split(";")[0]
    assert ask(token=TOKEN, cookie=value)[0] == 200
    assert ask(token=TOKEN, cookie=value[:-1] + "x")[0] == 401
    assert ask(token="another-token-long-enough", cookie=value)[0] == 401
    assert ask("POST", token=TOKEN, cookie=value)[0] == 403  # a cookie alone changes nothing
    assert ask("POST", token=TOKEN, cookie=value, **OWN)[0] == 200


def test_the_way_on_stays_on_this_server() -> None:
    for path in ("//evil.example/", "/\\evil.example", "///evil.example"):
        _, headers, _ = ask(path=path, query=f"token={TOKEN}", token=TOKEN)
        assert not headers["location"][0].startswith(("//", "/\\"))


def test_a_viewer_keeps_its_name() -> None:
    _, headers, name = ask()
    cookie = headers["set-cookie"][0]
    assert "HttpOnly" in cookie
    assert ask(cookie=cookie.split(";")[0])[2] == name
    assert ask(cookie="deepro_viewer_8765=' OR 1=1")[2] != b"' OR 1=1"
    assert ask(cookie="\x00=;;;")[0] == 200


def test_what_is_this_machine_alone() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.2", "example.org", "::")))


def test_no_web_sockets() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    access = AccessControl(inside, hosts=frozenset({"localhost"}), port=1, token=None)
    run(access({"type": "websocket"}, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]
