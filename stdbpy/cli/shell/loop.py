"""Asks, runs, shows, and asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stdbpy.cli.failures import report
from stdbpy.cli.output import Format
from stdbpy.cli.shell.commands import Leave
from stdbpy.cli.shell.prompt import open_prompt
from stdbpy.cli.shell.session import Session
from stdbpy.errors import StdbError

if TYPE_CHECKING:
    from stdbpy.api import ApiClient
    from stdbpy.cli.invocation import Invocation


def run_shell(
    api: ApiClient, database: str, format: Format, invocation: Invocation, *, confirmed: bool | None = None
) -> None:
    """Runs the shell until the user leaves it.

    Raises what makes it useless from the start: no server, no such database, a token that does not count.
    """
    with Session(api, database, format, invocation, confirmed=confirmed) as session:
        session.learn_names()
        invocation.note(rf"{database} on {api.url}. \? helps, \q or Ctrl-D leaves.")
        ask = open_prompt(session, api.url)
        while True:
            try:
                text = ask()
            except EOFError:
                return
            except KeyboardInterrupt:
                continue
            try:
                session.run(text)
            except Leave:
                return
            except BrokenPipeError:
                raise
            except (StdbError, OSError, KeyboardInterrupt) as error:
                report(error, show_traceback=invocation.debug)
