"""Why a connection ended or did not come about, as an error."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from stdbpy.errors import ConnectFailed, ConnectionLost, CredentialsRefused, NoSuchDatabase
from stdbpy.protocol.options import SessionOptions

DEFAULT_PORT = 3000
"""Where servers listen if they are not told."""

NO_TLS = "what answers there does not speak TLS"
"""The reason for a failed opening that has a hint of its own."""


def end_of(reason: str, code: int | None) -> ConnectionLost:
    """The error for an established connection that is gone; ``code`` is the websocket's close code, if it had one."""
    return ConnectionLost(f"the connection was lost{_details(reason, code)}", close_code=code)


def failed_opening(reason: str, code: int | None, *, opened: bool, server: str) -> ConnectFailed:
    """The error for a connection that ended before the server said who the client is.

    ``opened`` says that there was a websocket at least.
    """
    if not opened:
        return ConnectFailed(f"{server} cannot be reached{_details(reason, code)}", hint=_where_to_look(server, reason))
    return ConnectFailed(
        f"the server ended the connection before it began{_details(reason, code)}",
        hint="The module may have refused it: its log says so",
    )


def _where_to_look(server: str, reason: str) -> str:
    if reason == NO_TLS:
        return "Use http:// instead of https://"
    parts = urlsplit(server)
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        at = "" if parts.port == DEFAULT_PORT else f" --listen-addr {parts.netloc}"
        return f"Start a server with `stdbpy start{at}`, or check the address"
    return "Check the address and the network"


def _details(reason: str, code: int | None) -> str:
    closed = f" (close code {code})" if code is not None else ""
    return f"{closed}: {reason}" if reason else closed


_GONE = re.compile(r"database [0-9a-f]{64} not found$")
"""How 2.8.3 speaks of a database that was deleted while its name is still known, with status 500."""


def refusal(status: int, text: str, options: SessionOptions) -> ConnectFailed:
    """The error for an HTTP answer that was no websocket; ``text`` is its body."""
    server = options.server
    said = f": {text}" if text else ""
    if status in (401, 403):
        return CredentialsRefused(
            f"{server} refuses the credentials ({status}){said}",
            status=status,
            hint="Get a new token, or connect without one as a new identity",
        )
    if status == 404 or (status == 500 and _GONE.search(text)):
        return NoSuchDatabase(
            f"{server} has no database {options.database!r}", status=status, hint="Check the name, or publish it"
        )
    return ConnectFailed(f"{server} answered {status} instead of opening a websocket{said}", status=status)
