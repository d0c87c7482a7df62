"""Starts the Studio's server on a workspace."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from typing import Any

from deepro.errors import UsageError
from deepro.studio.access import AccessControl, is_loopback
from deepro.studio.worker import Spec

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def serve(
    spec: Spec,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    token: str | None = None,
    names: tuple[str, ...] = (),
    browser: bool = True,
    ready: Callable[[str], None] = print,
) -> None:
    """Serve until interrupted.

    port: the next free one where it is taken, any free one with 0. names: more host names that the server answers to.
    token: of your own; where `host` is not this machine alone, one is made if none is given. ready: gets the address.
    Raises UsageError where the address cannot be used.
    """
    import uvicorn

    from deepro.studio.app import create_app, most_bytes
    from deepro.studio.service import Studio

    listener = _bind(host, port)
    port = listener.getsockname()[1]
    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(32)
    if token is not None and len(token) < 16:
        raise UsageError(f"the token has {len(token)} characters; take at least 16, or leave it to the Studio")
    hosts = {*names, *(LOOPBACK if is_loopback(host) or host in ("0.0.0.0", "::") else {host})}
    if host in ("0.0.0.0", "::"):
        hosts |= {socket.gethostname(), *_own_addresses()}
    guarded = AccessControl(create_app(Studio(spec)), hosts=frozenset(hosts), port=port, token=token, most=most_bytes)  # type: ignore[arg-type]
    shown = next((n for n in names), host if host not in ("0.0.0.0", "::") else socket.gethostname())
    shown = f"[{shown}]" if ":" in shown else shown
    address = f"http://{shown}:{port}/" + (f"?token={token}" if token else "")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready(address)
                if browser:
                    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    config = uvicorn.Config(
        guarded, log_level="warning", access_log=False, server_header=False, lifespan="on", ws="none",
        timeout_graceful_shutdown=1, h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    Server(config).run(sockets=[listener])


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket. Where the port is taken the next ones are tried."""
    tries = range(port, min(port + 20, 65536)) if port else [0]
    last: Any = None
    for number in tries:
        try:
            family, kind, _, _, place = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
            listener = socket.socket(family, kind)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            return listener
        except socket.gaierror:
            raise UsageError(f"--host {host!r} is no address of this machine") from None
        except OSError as error:
            last = error
    raise UsageError(f"cannot listen on {host}:{port} ({last.strerror or last}); choose another --port")


def _own_addresses() -> set[str]:
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()
