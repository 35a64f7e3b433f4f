"""``stdbpy subscribe``."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.connection import address_and_token, leave_out_the_program_httpx
from stdbpy.cli.databases import ChosenDatabase, resolve_words, telling_who_named
from stdbpy.cli.failures import INTERRUPTED
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Anonymous, Confirmed, NoConfig, Server, Yes
from stdbpy.cli.output import Format, format_for
from stdbpy.cli.output.formats import SYNONYMS
from stdbpy.cli.parameters import OneOf
from stdbpy.cli.terminal import is_terminal
from stdbpy.errors import StdbError, SubscriptionFailed, UsageError

if TYPE_CHECKING:
    from stdbpy.cli.following import Show

EXAMPLES = (
    'stdbpy subscribe chat "SELECT * FROM message"',
    'stdbpy subscribe chat "SELECT * FROM user" "SELECT * FROM message" --print-initial-update --format json',
    'stdbpy subscribe chat "SELECT * FROM message" --print-initial-update --num-updates 0',
)


_FORMATS = tuple(map(str, (Format.TABLE, Format.JSON, Format.JSONL)))


def run(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DATABASE] QUERY...",
            help="The database, unless the project names it, and SQL queries, each of them one word.",
        ),
    ] = None,
    num_updates: Annotated[
        int | None,
        typer.Option("-n", "--num-updates", metavar="N", min=0, help="End after so many updates."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "-t",
            "--timeout",
            metavar="SECONDS",
            min=0,
            help="End after so many seconds. It is an error if there have been fewer than N updates.",
        ),
    ] = None,
    print_initial_update: Annotated[
        bool,
        typer.Option("--print-initial-update", help="Write the rows that there are at first as well, as inserts."),
    ] = False,
    reconnect: Annotated[
        bool,
        typer.Option("--reconnect", help="Go on if the connection is lost; what changed meanwhile is one update then."),
    ] = False,
    confirmed: Confirmed = None,
    server: Server = None,
    anonymous: Anonymous = False,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            click_type=OneOf(*_FORMATS, synonyms=SYNONYMS),
            help="Tables that are kept up to date, which only a terminal can show, or lines of JSON.",
        ),
    ] = None,
    no_config: NoConfig = False,
    yes: Yes = False,
) -> None:
    """Follow the rows that queries give, and how they change, until interrupted.

    On a terminal they are tables that are kept up to date. Otherwise, or with --format json, each transaction is one
    line of JSON with the rows that went and came: {"player":{"deletes":[...],"inserts":[...]}}.
    """
    del yes  # There is nothing to ask; scripts for the official program give it everywhere.
    invocation = invocation_of(context)
    is_live = _is_live(format)
    chosen = _chosen(words or [], server, no_config=no_config)
    url, token = address_and_token(invocation, chosen.server, anonymous=anonymous)
    leave_out_the_program_httpx()
    from stdbpy.cli.following import Following, Lines
    from stdbpy.client import ReconnectPolicy, connect

    policy = ReconnectPolicy() if reconnect else None
    waits = None if confirmed is None else confirmed == "true"
    with (
        telling_who_named(chosen),
        connect(url, chosen.database, token=token, confirmed=waits, reconnect=policy, delivery="tick") as connection,
        ExitStack() as until_the_end,
    ):
        tables = connection.catalog.tables
        show: Show
        if is_live:
            from stdbpy.cli.live_tables import LiveTables

            show = live = until_the_end.enter_context(LiveTables(tables, connection.tables, sys.stdout))
            note = live.note
        else:
            show = Lines(tables, sys.stdout, with_initial=print_initial_update)
            note = invocation.note
            if num_updates is None and timeout is None and is_terminal(sys.stderr):
                note("waiting for updates; Ctrl-C ends")
        try:
            Following(connection, chosen.words, show, note, num_updates, timeout).run()
        except SubscriptionFailed as error:
            suggestion = error.hint or _suggestion(error, url, token, chosen)
            error.hint = "" if suggestion in error.message else suggestion
            raise
        except KeyboardInterrupt:  # that is how following ends
            raise typer.Exit(INTERRUPTED) from None


def _is_live(format: str | None) -> bool:
    """Whether to show tables that are kept up to date; else JSON lines."""
    can_be = is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"
    if format is None:
        return can_be and format_for(None) is Format.TABLE
    if format == Format.TABLE and not can_be:
        raise UsageError("tables that are kept up to date need a terminal", hint="--format json writes lines")
    return format == Format.TABLE


def _chosen(words: list[str], server: str | None, *, no_config: bool) -> ChosenDatabase:
    """The database; a first word with a space in it is a query."""
    lowered = [word.lower() for word in words]
    if "select" in lowered:
        table = words[lowered.index("from") + 1 :] if "from" in lowered else ["player"]
        raise UsageError(
            "a query is one word, which the shell takes apart without quotes",
            hint=f'stdbpy subscribe [DATABASE] "{" ".join(("SELECT * FROM", *table))}"',
        )
    is_named = bool(words) and not any(map(str.isspace, words[0]))
    chosen = resolve_words(words, server, fall_through=is_named and len(words) > 1, no_config=no_config)
    if any(map(str.isspace, chosen.database)):
        raise UsageError("DATABASE is missing in front of the queries")
    if not chosen.words:
        raise UsageError("there is no query", hint='For example: "SELECT * FROM user"')
    return chosen


def _suggestion(error: SubscriptionFailed, url: str, token: str | None, chosen: ChosenDatabase) -> str:
    """The nearest table or column, if the server complains about one that there is not."""
    from stdbpy.api.client import ApiClient
    from stdbpy.api.sql import other_name

    with suppress(StdbError), ApiClient(url, token) as api:
        return other_name(error.message, " ".join(chosen.words), api.schema(chosen.database)) or chosen.hint
    return chosen.hint
