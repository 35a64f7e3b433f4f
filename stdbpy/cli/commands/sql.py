"""``stdbpy sql``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.databases import ChosenDatabase, resolve_database, resolve_words, telling_who_named
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Anonymous, Confirmed, FormatOption, NoConfig, Output, Server, Yes
from stdbpy.cli.output import Format, format_for
from stdbpy.cli.terminal import is_terminal
from stdbpy.errors import ApiError, UsageError

if TYPE_CHECKING:
    from stdbpy.api import ApiClient
    from stdbpy.api.bugs import LoggedBug
    from stdbpy.sats.values import Timestamp

EXAMPLES = (
    'stdbpy sql chat "SELECT * FROM message"',
    'stdbpy sql chat "SELECT COUNT(*) AS messages FROM message" --server maincloud --format csv',
    "stdbpy sql chat --file changes.sql",
    'echo "SELECT * FROM user; SELECT * FROM message" | stdbpy sql chat --format markdown',
    "stdbpy sql chat --interactive",
)

_STDIN = "-"


def run(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DATABASE] [QUERY]",
            help="The database, unless the project names it, and statements with semicolons between them. "
            "Without any they are read from stdin, or a shell asks for them on a terminal.",
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("-f", "--file", metavar="FILE", help="Run the statements in a file; - is stdin."),
    ] = None,
    interactive: Annotated[bool, typer.Option("--interactive", help="Ask for statements in a shell.")] = False,
    confirmed: Confirmed = None,
    server: Server = None,
    anonymous: Anonymous = False,
    format: FormatOption = None,
    output: Output = None,
    no_config: NoConfig = False,
    yes: Yes = False,
) -> None:
    """Run SQL on a database and write the rows it returns.

    Statements run one after the other, each by itself; the first that is refused is the last that runs. Rows are
    written while they arrive; a table's columns are as wide as its first 10,000 rows need. JSON is the server's own
    answer, as the official program writes it; the other formats have plain values.
    """
    del yes  # There is nothing to ask; scripts for the official program give it everywhere.
    invocation = invocation_of(context)
    chosen = _chosen(words or [], server, no_config=no_config, is_whole=interactive or file is not None)
    waits = None if confirmed is None else confirmed == "true"
    shape = format_for(format, output)
    if interactive or (not chosen.words and file is None and is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        from stdbpy.cli.shell import run_shell

        _expect_a_person(file, output)
        with connect(invocation, chosen.server, anonymous=anonymous) as api:
            run_shell(api, chosen.database, shape, invocation, confirmed=waits)
        return

    from stdbpy.cli.sql_results import noting_failed_views, open_results, with_progress
    from stdbpy.sats.values import Timestamp
    from stdbpy.sql.statements import split

    statements = split(" ".join(chosen.words) if chosen.words else _read(file or _STDIN))
    if not statements:
        raise UsageError("there is no statement", hint='For example: "SELECT * FROM user"')
    if (output is not None or shape.is_binary) and shape is not Format.JSON:
        _expect_one_result([statement.text for statement in statements])
    with (
        connect(invocation, chosen.server, anonymous=anonymous) as api,
        telling_who_named(chosen),
        open_results(shape, output, invocation.note) as write,
    ):
        for number, statement in enumerate(statements, start=1):
            find_bug = partial(_bug_in_view, api, chosen.database, statement.text, Timestamp.now())
            parts = api.sql_stream(chosen.database, statement.text, confirmed=waits)
            if not (anonymous or invocation.quiet):
                parts = noting_failed_views(parts, find_bug, invocation.note)
            try:
                write(with_progress(parts, output, quiet=invocation.quiet))
            except ApiError as error:
                if file is not None:
                    error.message = f"{_shown(file)}:{statement.at.line}: {error.message}"
                elif len(statements) > 1:
                    error.message = f"statement {number} of {len(statements)}: {error.message}"
                if not error.hint and _may_be_of_another(statement.text, error):
                    error.hint = chosen.hint
                raise


def _may_be_of_another(statement: str, error: ApiError) -> bool:
    """Whether what was refused can be due to the database: it has no such table, or the statement is but its name."""
    return "no such table" in error.message or not any(map(str.isspace, statement))


def _bug_in_view(api: ApiClient, database: str, statement: str, since: Timestamp) -> LoggedBug | None:
    """What the log tells of a view that the statement names and that has failed for it, if the caller may read it."""
    from stdbpy.api.bugs import last_bug
    from stdbpy.sql.tokens import tokenize

    return last_bug(api, database, {token.text for token in tokenize(statement) if token.is_name}, since=since)


def _chosen(words: list[str], server: str | None, *, no_config: bool, is_whole: bool) -> ChosenDatabase:
    """The database; ``is_whole``: all that is missing is its name."""
    if is_whole:
        if len(words) > 1:
            raise UsageError(f"one word too many: {words[1]}", hint="Statements come from one place")
        return resolve_database(words[0] if words else None, server, no_config=no_config)
    chosen = resolve_words(words, server, fall_through=len(words) > 1, no_config=no_config)
    if not chosen.words and any(map(str.isspace, chosen.database)):
        raise UsageError("DATABASE is missing in front of the statement")
    return chosen


def _expect_a_person(file: str | None, output: Path | None) -> None:
    if file is not None or output is not None:
        raise UsageError("--interactive has nothing to do with files", hint=r"In the shell: \i FILE and \o FILE")
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError(
            "--interactive needs a terminal", hint="Without one, give the statements as a word, by --file or by stdin"
        )


def _expect_one_result(statements: list[str]) -> None:
    with_rows = [text for text in statements if text[:6].upper().startswith(("SELECT", "SHOW"))]
    if len(with_rows) > 1:
        raise UsageError(
            f"{len(with_rows)} of the statements return rows, and a file has place for one result",
            hint="Run them one by one; --format json has place for all",
        )


def _read(file: str) -> str:
    data = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{_shown(file)}:{line}: this is not UTF-8 text") from None


def _shown(file: str) -> str:
    return "stdin" if file == _STDIN else file
