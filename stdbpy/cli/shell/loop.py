"""Asks, runs, shows, and asks again."""

from __future__ import annotations

import sys
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
                session.run(ask())
            except (EOFError, Leave):
                return
            except KeyboardInterrupt:
                # At the prompt it has cleared the line; meanwhile it ends what runs.
                print(file=sys.stderr)
            except BrokenPipeError:
                raise
            except (StdbError, OSError) as error:
                report(error, show_traceback=invocation.debug)
