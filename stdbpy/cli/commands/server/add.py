"""``stdbpy server add``."""

from __future__ import annotations

from typing import Annotated

import typer

from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption
from stdbpy.cli.output import Field, Format, format_for, write_records
from stdbpy.cli.stored_servers import FIELDS, fetch_fingerprint, record

EXAMPLES = ("stdbpy server add staging --url https://stdb.example.com --no-fingerprint --default",)


def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it: its nickname.")],
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Its address.")],
    default: Annotated[bool, typer.Option("-d", "--default", help="Make it the default server.")] = False,
    no_fingerprint: Annotated[
        bool, typer.Option("--no-fingerprint", help="Do not ask the server for its public key; it need not run.")
    ] = False,
    format: FormatOption = None,
) -> None:
    """Give a server a name, which `--server` then takes, and keep its public key."""
    from stdbpy.project.cli_toml_edit import add_server
    from stdbpy.project.servers import check_is_free, new_server

    invocation = invocation_of(context)
    shape = format_for(format)
    config = invocation.config()
    server = new_server(url, name)
    check_is_free(config, server)
    fingerprint = None
    if not no_fingerprint:
        fingerprint = fetch_fingerprint(invocation, server.url, skip_with="--no-fingerprint")
    server = new_server(url, name, fingerprint)
    add_server(invocation.cli_toml_path, server, default=default)
    if shape is not Format.TABLE:
        values = (*record(server, is_default=default), fingerprint)
        write_records((*FIELDS, Field("fingerprint")), [values], shape)
        return
    if fingerprint is not None:
        print(f"Fingerprint of {server.url}:\n{fingerprint.rstrip()}")
    print(f"Host: {server.host}")
    print(f"Protocol: {server.protocol}")
