"""``stdbpy server list``."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import typer

from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption
from stdbpy.cli.output import Format, format_for, write_records
from stdbpy.cli.stored_servers import FIELDS, record
from stdbpy.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stdbpy.project.cli_toml import Server

EXAMPLES = ("stdbpy server list", "stdbpy server list --format json")

_HEADERS = ("DEFAULT", "HOSTNAME", "PROTOCOL", "NICKNAME")
_MARK = "***"


def run(context: typer.Context, format: FormatOption = None) -> None:
    """List the servers that have names, and which is the default."""
    from stdbpy.project.servers import default_server, stored_servers

    shape = format_for(format)
    config = invocation_of(context).config()
    default = default_server(config)
    servers = stored_servers(config)
    if shape is Format.TABLE:
        _write_as_the_official_program_does(servers, default)
    else:
        write_records(FIELDS, [record(server, is_default=server == default) for server in servers], shape)


def _write_as_the_official_program_does(servers: Sequence[Server], default: Server | None) -> None:
    """Scripts read this layout."""
    rows = [
        (_MARK if server == default else "", server.host, server.protocol, server.nickname or "") for server in servers
    ]
    lines = [[printable(cell) for cell in row] for row in chain([_HEADERS], rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for mark, *cells in lines:
        aligned = [f"{cell:<{width}}" for cell, width in zip(cells, widths[1:], strict=True)]
        print(f" {mark:>{widths[0]}}  {'  '.join(aligned)} ")
