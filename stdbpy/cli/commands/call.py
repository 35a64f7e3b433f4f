"""``stdbpy call``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.api.arguments import Function, find_function, functions_of
from stdbpy.api.bugs import LoggedBug, last_bug
from stdbpy.cli.connection import connect
from stdbpy.cli.databases import ChosenDatabase, resolve_words, telling_who_named
from stdbpy.cli.invocation import Invocation, invocation_of, is_said
from stdbpy.cli.options import Anonymous, FormatOption, NoConfig, Output, Server, Yes
from stdbpy.cli.output import Format, format_for
from stdbpy.errors import FATAL_ERROR, ApiError, NotFound, ReducerFailed, UsageError, hint_for_bug
from stdbpy.schema.model import ModuleSchema, Procedure

if TYPE_CHECKING:
    from stdbpy.api import ApiClient

EXAMPLES = (
    "stdbpy call chat send_message 'Hello, world!'",
    "stdbpy call chat send_later text='See you' seconds=5",
    "stdbpy call --no-config game move_to -3.5 2 Fast --server http://127.0.0.1:3000",
    "echo Hello | stdbpy call chat send_message -",
    "stdbpy sql chat 'SELECT text FROM message' --format jsonl | stdbpy call chat send_message --args-from -",
)

_MOST_AT_ONCE = 64


def run(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[DATABASE] FUNCTION [ARGUMENT]...",
            help="A reducer or procedure, and its arguments in order or as NAME=VALUE: JSON, where strings,"
            ' identities, times and variants ("Admin") may stand bare; @FILE, or - for stdin.',
        ),
    ],
    args_from: Annotated[
        str | None,
        typer.Option(
            "--args-from",
            metavar="FILE",
            help="Call once per line, each a JSON list of the arguments or an object of them; - is stdin.",
        ),
    ] = None,
    keep_going: Annotated[
        bool,
        typer.Option(
            "--keep-going/--stop-on-error", help="With --args-from: whether to go on behind a line that failed."
        ),
    ] = True,
    jobs: Annotated[
        int,
        typer.Option(
            "-j",
            "--jobs",
            min=1,
            max=_MOST_AT_ONCE,
            metavar="N",
            help="With --args-from: calls under way at a time; with several, their order is not kept.",
        ),
    ] = 1,
    server: Server = None,
    anonymous: Anonymous = False,
    yes: Yes = False,
    no_config: NoConfig = False,
    format: FormatOption = None,
    output: Output = None,
) -> None:
    """Call a reducer or procedure of a database; write what a procedure returns."""
    del yes  # the official program asks whether to log in, which nobody needs here
    invocation = invocation_of(context)
    chosen = resolve_words(words, server, no_config=no_config)
    if not chosen.words:
        raise UsageError("which function?", hint=f"stdbpy call {chosen.database} FUNCTION [ARGUMENT]...")
    arguments = chosen.words[1:]
    # The first word may yet turn out to be a database's name; then the one behind it is the function's.
    _expect_one_source(args_from, arguments[1:] if chosen.said_by else arguments)
    shape = format_for(format, output)
    with ExitStack() as stack:
        api = stack.enter_context(connect(invocation, chosen.server, anonymous=anonymous, as_someone=True))
        with telling_who_named(chosen, _with_another_database(chosen)):
            called, arguments = _called(invocation, api, chosen, is_on_same_server=chosen.server == server)
        _expect_one_source(args_from, arguments)
        if args_from is None:
            _call_once(context, api, called, arguments, shape, output)
            return
        others = (connect(invocation, chosen.server, anonymous=anonymous, as_someone=True) for _ in range(jobs - 1))
        clients = [api, *map(stack.enter_context, others)]
        _call_lines(invocation, clients, called, args_from, shape, output, keep_going=keep_going)


def _expect_one_source(args_from: str | None, arguments: Sequence[str]) -> None:
    if args_from is not None and arguments:
        raise UsageError("arguments are given and read from a file as well", hint="Leave them out, or --args-from")


def _called(
    invocation: Invocation, api: ApiClient, chosen: ChosenDatabase, *, is_on_same_server: bool
) -> tuple[Function, tuple[str, ...]]:
    """The function, and the words that are its arguments.

    If the database that the project says has none called like the first word, and the server has a database of that
    name with a function called like the second one, it is that. ``is_on_same_server`` is whether a database that the
    project does not know is looked for on this server.
    """
    try:
        return _function(_schema(invocation, api, chosen.database), chosen), chosen.words[1:]
    except NotFound:
        if not (chosen.said_by and is_on_same_server and len(chosen.words) > 1):
            raise
        database, name, *arguments = chosen.words
        try:
            called = find_function(_schema(invocation, api, database), database, name)
        except ApiError:
            called = None
        if called is None:
            raise
        return called, tuple(arguments)


def _schema(invocation: Invocation, api: ApiClient, database: str) -> ModuleSchema:
    schema = api.schema(database)
    invocation.known_names().remember_schema(api.url, database, schema)
    return schema


def _function(schema: ModuleSchema, chosen: ChosenDatabase) -> Function:
    """Raises ``NotFound``, with a hint if the word before the function can only have been meant as the database."""
    name, *arguments = chosen.words
    try:
        return find_function(schema, chosen.database, name)
    except NotFound as error:
        if chosen.said_by and arguments and arguments[0] in functions_of(schema):
            instead = shlex.join(("stdbpy", "call", *arguments))
            error.hint = f"{arguments[0]!r} is one; leave out {name!r}: {instead}"
        raise


def _with_another_database(chosen: ChosenDatabase) -> str:
    """What to write if the first word was meant as the database; nothing if there is no function behind it."""
    return shlex.join(("stdbpy", "call", "--no-config", *chosen.words)) if len(chosen.words) > 1 else ""


def _call_once(
    context: typer.Context, api: ApiClient, called: Function, words: Sequence[str], shape: Format, output: Path | None
) -> None:
    from stdbpy.cli.call_results import write_result

    try:
        result = api.call(called.database, called.name, called.encode(words, _read))
    except ApiError as error:
        if not isinstance(error, ReducerFailed) and FATAL_ERROR not in error.message:
            raise
        bug = last_bug(api, called.database, {called.name})
        is_told = bug is not None and bug.is_told_by(error.message)
        if is_told:  # an exception, of which the log knows the place
            error.hint = hint_for_bug(FATAL_ERROR, called.database)
        if error.hint.endswith(hint_for_bug(FATAL_ERROR, called.database)) and is_said(context, "server"):
            error.hint += f" --server {shlex.quote(context.params['server'])}"
        if error.hint and bug is not None:
            error.hint = f"{_told_further(bug, is_told=is_told)}{error.hint}"
        raise
    if isinstance(called.definition, Procedure):
        write_result(result.value, called.definition.return_type, called.schema.typespace, shape, output)


def _told_further(bug: LoggedBug, *, is_told: bool) -> str:
    """What the log knows of a bug beyond what the caller ``is_told``."""
    hint = f"{bug.hint.removesuffix('.')}. " if bug.hint else ""
    if not is_told:
        return f"It was {bug}. {hint}"
    return f"{hint}It happened at {bug.place}. " if bug.place else hint


def _call_lines(
    invocation: Invocation,
    clients: list[ApiClient],
    called: Function,
    source: str,
    shape: Format,
    output: Path | None,
    *,
    keep_going: bool,
) -> None:
    from stdbpy.api.call_lines import call_lines
    from stdbpy.cli.line_calls import Tally, open_lines, watched, write_results

    tally = Tally()
    try:
        with open_lines(source) as lines:
            outcomes = call_lines(clients, called, lines, keep_going=keep_going)
            told = watched(outcomes, tally, source, quiet=invocation.quiet)
            if isinstance(called.definition, Procedure):
                write_results(told, called.definition.return_type, called.schema.typespace, shape, output)
            else:
                for _ in told:
                    pass
    except KeyboardInterrupt:
        invocation.note(f"{tally} before it was interrupted")
        raise
    tally.raise_if_failed()
    invocation.note(str(tally))


def _read(source: str) -> bytes:
    return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
