"""``stdbpy logout``."""

from __future__ import annotations

import typer

from stdbpy.cli.connection import account_of
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import LOGIN_HOST, AuthHost, FormatOption
from stdbpy.cli.output import Field, Format, format_for, write_records

EXAMPLES = ("stdbpy logout",)


def run(context: typer.Context, auth_host: AuthHost = LOGIN_HOST, format: FormatOption = None) -> None:
    """Forget your login. Identities that single servers gave you are kept for them."""
    invocation = invocation_of(context)
    shape = format_for(format)
    done = account_of(invocation).log_out(login_host=auth_host)
    if shape is Format.TABLE:
        print("You are not logged in." if done is None else done.sentence)
    else:
        rows = [] if done is None else [(None if done.identity is None else done.identity.hex(),)]
        write_records([Field("identity")], rows, shape)
    if done is None:
        return
    if done.kept_for:
        invocation.note(f"{', '.join(done.kept_for)} gave you that identity: there you still are who you were")
    if done.warning:
        invocation.note(done.warning)
