"""``stdbpy server edit``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption, Yes
from stdbpy.cli.output import Format, format_for, write_records
from stdbpy.cli.stored_servers import FIELDS, StoredServer, fetch_fingerprint, record
from stdbpy.cli.terminal import confirm
from stdbpy.errors import UsageError

EXAMPLES = ("stdbpy server edit maincloud --new-name cloud",)


def run(
    context: typer.Context,
    server: StoredServer,
    new_name: Annotated[str | None, typer.Option("--new-name", metavar="NAME", help="Another nickname.")] = None,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Another address.")] = None,
    no_fingerprint: Annotated[
        bool, typer.Option("--no-fingerprint", help="Do not ask for the public key of the server at the new address.")
    ] = False,
    yes: Yes = False,
    format: FormatOption = None,
) -> None:
    """Change a server's name or address. Is it the default server, it stays that."""
    from stdbpy.project.cli_toml_edit import edit_server
    from stdbpy.project.servers import check_is_free, default_server, find_stored_server, new_server

    if new_name is None and url is None:
        raise UsageError("there is nothing to change", hint="Give --new-name, --url or both")
    invocation = invocation_of(context)
    shape = format_for(format)
    config = invocation.config()
    before = find_stored_server(server, config)
    after = new_server(url or before.url, new_name or before.nickname, before.fingerprint)
    check_is_free(config, after, instead_of=before)
    if after.url != before.url:
        fingerprint = None
        if not no_fingerprint:
            fingerprint = fetch_fingerprint(invocation, after.url, skip_with="--no-fingerprint")
        after = replace(after, fingerprint=fingerprint)
    changes = [
        f"{what} from {old} to {new}"
        for what, old, new in (
            ("nickname", before.nickname, after.nickname),
            ("host", before.host, after.host),
            ("protocol", before.protocol, after.protocol),
        )
        if old != new
    ]
    if changes:
        confirm(f"Change {', '.join(changes)}?", yes=yes)
        edit_server(invocation.cli_toml_path, server, after)
    if shape is Format.TABLE:
        print("\n".join(f"Changed {change}" for change in changes) or "Nothing to change")
    else:
        is_default = before == default_server(config)
        write_records(FIELDS, [record(after, is_default=is_default)], shape)
