"""``stdbpy login``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.connection import account_of, leave_out_the_program_httpx, server_url
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import LOGIN_HOST, AuthHost, FormatOption
from stdbpy.cli.output import Field, Format, format_for, write_records
from stdbpy.cli.terminal import is_interactive
from stdbpy.errors import ServerUnreachable, UsageError

if TYPE_CHECKING:
    from stdbpy.api.login_host import WebLogin
    from stdbpy.project.login import Account, LoggedIn

COMMANDS = {"show": "Show who you are."}

EXAMPLES = (
    "stdbpy login",
    "stdbpy login --server-issued-login local",
    "stdbpy login --server-issued-login local --renew",
    "stdbpy login --token eyJ…",
    "cat token.txt | stdbpy login --token -",
)

FROM_STDIN = "-"
"""Instead of a token: lists of processes and histories of shells show what is on the command line."""


def run(
    context: typer.Context,
    auth_host: AuthHost = LOGIN_HOST,
    server_issued_login: Annotated[
        str | None,
        typer.Option(
            "--server-issued-login",
            metavar="SERVER",
            help="Get an identity from that server itself. It needs no internet, and counts there alone.",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token", metavar="TOKEN", help="Take this token instead of asking for one; - reads it from stdin."
        ),
    ] = None,
    renew: Annotated[
        bool,
        typer.Option(
            "--renew",
            help="With --server-issued-login: only if the server no longer takes the identity you have there.",
        ),
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Show the address to open instead of opening a browser.")
    ] = False,
    format: FormatOption = None,
) -> None:
    """Log in: in the browser, at a server, or with a token.

    A login is kept in cli.toml and counts for the official program too. It takes the place of the one before.
    """
    if token is not None and server_issued_login is not None:
        raise UsageError("--token and --server-issued-login exclude one another")
    if renew and server_issued_login is None:
        raise UsageError("--renew of what?", hint="Name the server: --server-issued-login SERVER --renew")
    invocation = invocation_of(context)
    shape = format_for(format)
    if server_issued_login is None and token is None and not (no_browser or is_interactive()):
        raise UsageError(
            "there is no terminal, so nobody may be there to log in in the browser",
            hint="--no-browser waits anyway; --token TOKEN or --server-issued-login SERVER need nobody",
        )
    from stdbpy.api.claims import claims_in

    account = account_of(invocation)
    if token is None:
        leave_out_the_program_httpx()
    if server_issued_login is not None and renew:
        _renew(account, server_url(invocation, server_issued_login), shape)
        return
    if token is not None:
        given = sys.stdin.readline().strip() if token == FROM_STDIN else token
        done = account.log_in_with_token(given, login_host=auth_host)
        if claims_in(given) is None:
            invocation.note("this is no token that any server takes: those have three parts, eyJ….eyJ….…")
    elif server_issued_login is not None:
        url = server_url(invocation, server_issued_login)
        done = account.log_in_at_server(url, login_host=auth_host)
        invocation.note(f"no server but {url} takes this login")
    else:
        done = _in_the_browser(account, auth_host, open_browser=not no_browser)
    _write(done, shape)
    if done.before is not None and done.before.warning:
        invocation.note(done.before.warning)
    for identity in done.lost:
        invocation.note(f"no token of {identity.hex()} is left here: what that identity owns needs a copy of one")
    if os.environ.get("STDBPY_TOKEN"):
        invocation.note("STDBPY_TOKEN is set: commands go on to use the token in it")


def _in_the_browser(account: Account, login_host: str, *, open_browser: bool) -> LoggedIn:
    def show(login: WebLogin) -> None:
        if open_browser:
            import webbrowser

            print(f"Opening {login.page}", file=sys.stderr)
            if webbrowser.open(login.page):
                return
        print(f"Open {login.page} in a browser, and log in there. Ctrl-C gives up.", file=sys.stderr, flush=True)

    try:
        return account.log_in_at_host(login_host, show)
    except ServerUnreachable as error:
        error.hint = "Without the internet, a server itself can log you in: --server-issued-login local"
        raise


def _renew(account: Account, url: str, shape: Format) -> None:
    done = account.renew(url)
    if shape is Format.TABLE:
        sentence = "a new identity, which owns nothing yet" if done.is_new else "it takes the identity that you have"
        print(f"You are {done.identity.hex()} on {url}: {sentence}.")
    else:
        fields = [Field("identity"), Field("server"), Field("new")]
        write_records(fields, [(done.identity.hex(), url, done.is_new)], shape)


def _write(done: LoggedIn, shape: Format) -> None:
    identity = None if done.identity is None else done.identity.hex()
    if shape is Format.TABLE:
        if done.before is not None:
            print(done.before.sentence)
        print("Token saved." if identity is None else f"Logged in with identity {identity}")
    else:
        replaced = None if done.before is None or done.before.identity is None else done.before.identity.hex()
        write_records([Field("identity"), Field("replaced")], [(identity, replaced)], shape)
