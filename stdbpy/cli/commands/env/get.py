"""``stdbpy env get``."""

from __future__ import annotations

from typing import Annotated

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.databases import resolve_words, telling_who_named
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import NoConfig, Server
from stdbpy.errors import ApiError, UsageError, nearest

EXAMPLES = ("stdbpy env get API_KEY", "stdbpy env get chat API_KEY")


def run(
    context: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="[DATABASE] KEY", help="The database, if no project names it, and the name.")
    ],
    server: Server = None,
    no_config: NoConfig = False,
) -> None:
    """Write a value of a database's environment, as it is.

    Only its owner may.
    """
    chosen = resolve_words(words, server, fall_through=len(words) > 1, no_config=no_config)
    if len(chosen.words) != 1:
        raise UsageError("which value?" if not chosen.words else f"one word too many: {chosen.words[1]}")
    [key] = chosen.words
    with connect(invocation_of(context), chosen.server) as api, telling_who_named(chosen):
        values = api.environment_values(chosen.database)
    if key not in values:
        raise ApiError(
            f"the environment of {chosen.database} has no value {key!r}",
            hint=nearest(key, values) or f"stdbpy env list {chosen.database} shows those that there are",
        )
    print(values[key])
