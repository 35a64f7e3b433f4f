"""What the commands about stored servers share: naming one, showing one, and its fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import Invocation
from stdbpy.cli.output import Field
from stdbpy.errors import ApiError

if TYPE_CHECKING:
    from stdbpy.project.cli_toml import Server

StoredServer = Annotated[
    str, typer.Argument(metavar="SERVER", help="Nickname, host or URL of a server that has a name.")
]

FIELDS = (Field("nickname"), Field("host"), Field("protocol"), Field("url"), Field("default"))
"""The fields of a record about a server."""


def record(server: Server, *, is_default: bool) -> tuple[object, ...]:
    return server.nickname, server.host, server.protocol, server.url, is_default


def fetch_fingerprint(invocation: Invocation, url: str, *, skip_with: str) -> str:
    """The public key of the server at ``url``. Raises :class:`ApiError`, which names the option that does
    without."""
    try:
        with connect(invocation, url, anonymous=True) as api:
            return api.public_key()
    except ApiError as error:
        error.hint = f"{error.hint} {skip_with} does without its fingerprint.".strip()
        raise
