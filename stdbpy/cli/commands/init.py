"""``stdbpy init``."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.left_out import CSHARP
from stdbpy.cli.options import Language
from stdbpy.cli.terminal import ask, is_interactive, printable
from stdbpy.errors import StdbError, UsageError
from stdbpy.project.template_sources import BUILT_IN, expect_template
from stdbpy.project.templates import NewProject, Wishes, create_project, expect_place

EXAMPLES = (
    "stdbpy init my-game",
    "stdbpy init chat --template chat --project-path src/chat",
    "stdbpy init my-bot --server-only --local",
)

LEFT_OUT = CSHARP


def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Name of the project and its folder.")] = None,
    template: Annotated[
        str | None,
        typer.Option(
            *("-t", "--template"),
            metavar="TEMPLATE",
            help=f"{', '.join(BUILT_IN)}, a folder, or OWNER/REPOSITORY or the URL of a git repository."
            f" Default: {next(iter(BUILT_IN))}.",
        ),
    ] = None,
    project_path: Annotated[
        Path | None, typer.Option("--project-path", metavar="DIR", help="The folder to create. Default: NAME.")
    ] = None,
    server_only: Annotated[bool, typer.Option("--server-only", help="Leave out the client.")] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Publish to the server `local`, whatever the default server is.")
    ] = False,
    non_interactive: Annotated[bool, typer.Option("--non-interactive", help="Ask nothing.")] = False,
    language: Language = "python",
) -> None:
    """Create a project: a module, a client and a test.

    What is not said is asked for, on a terminal.
    """
    del language
    if name is None and project_path is None:
        if non_interactive or not is_interactive():
            raise UsageError("the project needs a name", hint="stdbpy init my-game")
        name = _ask("Name of the project", "NAME", "my-game", lambda name: expect_place(Path(name)))
        if template is None:
            question = f"Template ({', '.join(BUILT_IN)})"
            template = _ask(question, "--template", next(iter(BUILT_IN)), expect_template)
    template = template or next(iter(BUILT_IN))
    wishes = Wishes(
        database=name if project_path is not None else None,
        server="local" if local else None,
        server_only=server_only,
    )
    created = create_project(template, project_path or Path(name or "."), wishes)
    _tell(context, created, template)


def _ask(question: str, flag: str, default: str, check: Callable[[str], object]) -> str:
    """Asks again after an answer that ``check`` refuses."""
    while True:
        answer = ask(question, flag=flag, default=default)
        try:
            check(answer)
        except StdbError as error:
            print(printable(" ".join(filter(None, (f"{error}.", error.hint)))), file=sys.stderr)
        else:
            return answer


def _tell(context: typer.Context, created: NewProject, template: str) -> None:
    invocation = invocation_of(context)
    shown = os.path.relpath(created.root)
    invocation.note(f"created {shown} from the template {template}:")
    for path in created.files:
        invocation.note(f"  {path}")
    with suppress(StdbError):  # what is wrong with the template's files, the commands that need them say
        for target in created.databases_named_otherwise():
            assert target.origin is not None
            invocation.note(
                f"the template calls the database {target.database}: another name goes into "
                f"{os.path.relpath(target.origin)}, and wherever else the project has that one"
            )
    enter = f"cd {shlex.quote(shown)}"
    invocation.note(f"next: {enter} && make" if "Makefile" in created.files else f"next: {enter}")
