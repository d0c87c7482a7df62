"""Decides which requests reach the Studio, before anything else reads them.

Loopback is open to this machine. Any other host needs a token: the address that holds it sets a cookie and leads on to
the same address without it. The Host header must be one of ours (DNS rebinding), a request that changes something
must come from our own page (Origin, Sec-Fetch-Site, and a header that no foreign form can send).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN, VIEWER = "deepro_token", "deepro_viewer"  # cookies, with the port: it is no part of their place
GUARD = b"x-deepro"  # a header that a page of another origin cannot send without being asked first
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class AccessControl:
    """ASGI middleware around the whole application: it refuses requests and adds the security headers.

    hosts: the names of this server, without the port. token: None where this machine alone may connect. most: the
    largest body in bytes that a path takes.
    """

    def __init__(
        self,
        app: App,
        *,
        hosts: frozenset[str],
        port: int,
        token: str | None,
        most: Callable[[str], int] = lambda _: 1 << 30,
    ) -> None:
        self.app, self.token, self.most = app, token, most
        self.names = f"{TOKEN}_{port}", f"{VIEWER}_{port}"
        names = {f"[{h}]" if ":" in h and not h.startswith("[") else h.lower() for h in hosts}
        self.hosts = {f"{name}:{port}" for name in names} | (names if port in (80, 443) else set())
        # What the cookie holds is made from the token and is not the token.
        self.pass_ = hmac.new(token.encode(), b"deepro studio cookie", hashlib.sha256).hexdigest() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":  # no web sockets here
            return await send({"type": "websocket.close", "code": 1008})
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        cookies = _cookies(headers.get(b"cookie", ""))
        fresh: list[tuple[bytes, bytes]] = []
        scope.setdefault("state", {})["viewer"] = _viewer(self.names[1], cookies, fresh)

        async def sealed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                named = {name.lower() for name, _ in message["headers"]}
                extra = [*(h for h in HEADERS if h[0] not in named), *fresh]
                if b"cache-control" not in named:
                    extra.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        refused = self._refusal(scope, headers)
        if refused:
            return await _say(sealed, *refused)
        if self.token is not None:
            query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            given = dict(query).get("token")
            if given is not None and scope["method"] in ("GET", "HEAD"):
                if not hmac.compare_digest(given.encode(), self.token.encode()):
                    return await _say(sealed, 401, "the token is wrong; take the address that `deepro studio` printed")
                rest = urlencode([(k, v) for k, v in query if k != "token"])
                # One slash only: two would name another host.
                place = "/" + scope["path"].lstrip("/\\") + (f"?{rest}" if rest else "")
                fresh.append(_cookie(self.names[0], self.pass_ or "", days=30))
                return await _say(sealed, 303, "", [(b"location", place.encode("latin-1", "ignore"))])
            if not hmac.compare_digest(cookies.get(self.names[0], "").encode(), (self.pass_ or "").encode()):
                return await _say(sealed, 401, "a token is needed; open the address that `deepro studio` printed")
        return await self.app(scope, self._counted(scope["path"], receive), sealed)

    def _counted(self, path: str, receive: Receive) -> Receive:
        """`receive`, with a ValueError once more bytes came than the path takes, declared or not."""
        left = self.most(path)

        async def counted() -> Any:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise ValueError("the body is too large")
            return message

        return counted

    def _refusal(self, scope: Scope, headers: dict[bytes, str]) -> tuple[int, str] | None:
        """Status and reason where the request is refused, None where it may go on."""
        host = headers.get(b"host", "").lower()
        if host not in self.hosts:
            return 421, "this server is not called so; use the address that `deepro studio` printed"
        origin = headers.get(b"origin")
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            return 403, "the request comes from another page"
        declared = headers.get(b"content-length", "0")
        most = self.most(scope["path"])
        if not declared.isdecimal() or int(declared) > most:
            return 413, f"at most {most:,} bytes are taken"
        if scope["method"] in ("GET", "HEAD"):
            return None
        if headers.get(b"sec-fetch-site", "same-origin") != "same-origin" or GUARD not in headers:
            return 403, "the request does not come from the Studio's own page"
        return None


def _viewer(cookie: str, cookies: dict[str, str], fresh: list[tuple[bytes, bytes]]) -> str:
    """A random name that this browser keeps in a cookie, so that the queue can share the work fairly."""
    known = cookies.get(cookie, "")
    if re.fullmatch(r"[0-9a-f]{32}", known):
        return known
    name = secrets.token_hex(16)
    fresh.append(_cookie(cookie, name, days=365))
    return name


def _cookies(text: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(text).items()}
    except CookieError:
        return {}


def _cookie(name: str, value: str, days: int) -> tuple[bytes, bytes]:
    # Lax, not Strict: an address that a colleague sends by mail must open. Requests that change something need more.
    return b"set-cookie", f"{name}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={days * 86400}".encode()


async def _say(send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *(headers or [])]})
    await send({"type": "http.response.body", "body": text.encode()})
