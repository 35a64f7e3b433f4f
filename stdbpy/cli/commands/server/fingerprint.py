"""``stdbpy server fingerprint``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption, Yes
from stdbpy.cli.output import Field, Format, format_for, write_records
from stdbpy.cli.terminal import confirm

EXAMPLES = ("stdbpy server fingerprint local --yes",)

_SENTENCES = {
    "unchanged": "The fingerprint of {} is unchanged:",
    "changed": "The fingerprint of {} has changed. It is now:",
    "new": "The fingerprint of {}, which had none kept:",
    "unknown": "The fingerprint of {}, which has no name here to keep it under:",
}


def run(
    context: typer.Context,
    server: Annotated[str, typer.Argument(metavar="SERVER", help="Nickname, host or URL of the server.")],
    yes: Yes = False,
    format: FormatOption = None,
) -> None:
    """Show a server's public key, and keep it: that with which it signs tokens.

    A key that has changed is of another server at the same address, or of one that was reset.
    """
    from stdbpy.project.cli_toml_edit import edit_server
    from stdbpy.project.servers import resolve_server, stored_servers

    invocation = invocation_of(context)
    shape = format_for(format)
    config = invocation.config()
    asked = resolve_server(server, config)
    with connect(invocation, asked.url, anonymous=True) as api:
        found = api.public_key()
    if asked not in stored_servers(config):
        change = "unknown"
    elif asked.fingerprint is None:
        change = "new"
    else:
        change = "unchanged" if asked.fingerprint == found else "changed"
    if shape is Format.TABLE:
        print(f"{_SENTENCES[change].format(asked.name)}\n{found.rstrip()}")
    else:
        fields = [Field("server"), Field("fingerprint"), Field("kept"), Field("change")]
        write_records(fields, [(asked.name, found, asked.fingerprint, change)], shape)
    if change == "changed":
        confirm(f"Keep the new fingerprint of {asked.name}?", yes=yes)
    if change in ("new", "changed"):
        edit_server(invocation.cli_toml_path, asked.name, replace(asked, fingerprint=found))
