"""``stdbpy list``."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption, Server
from stdbpy.cli.output import Field, format_for, write_records
from stdbpy.errors import ApiError, ServerUnreachable
from stdbpy.sats.values import Identity

if TYPE_CHECKING:
    from stdbpy.api import ApiClient

EXAMPLES = ("stdbpy list", "stdbpy list --server maincloud --format json")


def run(context: typer.Context, server: Server = None, format: FormatOption = None) -> None:
    """List the databases that belong to you."""
    invocation = invocation_of(context)
    with connect(invocation, server, as_someone=True) as api:
        mine = api.databases_of(_own_identity(api))
        rows = [(_names(api, identity), identity.hex()) for identity in mine]
    write_records([Field("names", text=", ".join), Field("identity")], rows, format_for(format))
    if not rows:
        invocation.note("you have no databases there yet: `stdbpy publish` creates one")


def _names(api: ApiClient, identity: Identity) -> list[str]:
    """The names of a database; none if the server does not tell them, which must not hide the others."""
    try:
        return api.names(identity.hex())
    except ServerUnreachable:
        raise
    except ApiError:
        return []


def _own_identity(api: ApiClient) -> Identity:
    """Whom the server takes the token for: the tokens that it makes say so, whoever made this one."""
    _, payload, _ = api.websocket_token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return Identity.from_hex(claims["hex_identity"])
