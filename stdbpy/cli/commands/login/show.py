"""``stdbpy login show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stdbpy.cli.connection import account_of, server_url
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption
from stdbpy.cli.output import Field, Format, format_for, write_records

if TYPE_CHECKING:
    from stdbpy.project.login import Login

# Not the shared option: with STDBPY_SERVER set, the question would still be who one is everywhere.
Server = Annotated[
    str | None, typer.Option("-s", "--server", metavar="SERVER", help="Who you are on that server instead.")
]

EXAMPLES = ("stdbpy login show", "stdbpy login show --server local", "stdbpy login show --token --format json")


def run(
    context: typer.Context,
    token: Annotated[bool, typer.Option("--token", help="Show the token too. Who has it can act as you.")] = False,
    server: Server = None,
    format: FormatOption = None,
) -> None:
    """Show who you are: your login, or as whom commands act on one server."""
    invocation = invocation_of(context)
    shape = format_for(format)
    account = account_of(invocation)
    url = None if server is None else server_url(invocation, server)
    login = account.login(url)
    if shape is Format.TABLE:
        _write_sentences(login, url, show_token=token)
        return
    identity = None if login is None or login.identity is None else login.identity.hex()
    record: dict[str, Any] = {"identity": identity, "server": url}
    if token:
        record["token"] = None if login is None else login.token
    write_records([Field(name) for name in record], [tuple(record.values())], shape)


def _write_sentences(login: Login | None, url: str | None, *, show_token: bool) -> None:
    where = "" if url is None else f" on {url}"
    if login is None:
        print(f"You are not logged in{where}.")
        return
    who = "somebody whom the token does not name" if login.identity is None else login.identity.hex()
    print(f"You are logged in as {who}{where}")
    if show_token:
        print(f"Your token, which nobody else should see, is {login.token}")
