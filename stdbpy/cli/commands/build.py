"""``stdbpy build``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.failures import show_problems
from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.left_out import CSHARP, LeftOut
from stdbpy.cli.options import FormatOption, ModulePath
from stdbpy.cli.output import Field, Format, format_for, write_records
from stdbpy.cli.watching import repeat
from stdbpy.errors import ModuleLoadError, Problem

if TYPE_CHECKING:
    from stdbpy.project.model import Project

EXAMPLES = ("stdbpy build", "stdbpy build --module-path . --format json")

LEFT_OUT = {
    **CSHARP,
    **dict.fromkeys(("-d", "--features"), LeftOut("a Python module has nothing to compile")),
    "--lint-dir": LeftOut("that looks for print statements of Rust", hint="Linters for Python find those of Python"),
}


def run(
    context: typer.Context,
    module_path: ModulePath = None,
    watch: Annotated[bool, typer.Option("--watch", help="Again after each change, until Ctrl-C.")] = False,
    format: FormatOption = None,
) -> None:
    """Load a module, check it and show its problems.

    Each problem comes with its place in the code, and with an error among them the exit code is 1. With --format
    the problems are data: no record if the module is fine.
    """
    from stdbpy.project.discover import discover

    invocation = invocation_of(context)
    shape = None if format is None else format_for(format)
    start = Path() if module_path is None else module_path
    project = discover(start)
    if watch:
        left_out = [project.bindings] if project.bindings is not None else []
        # What the project says of its module may be what changed.
        repeat(lambda: _build(discover(start), invocation, shape), invocation, [project.root], left_out=left_out)
    else:
        _build(project, invocation, shape)


def _build(project: Project, invocation: Invocation, format: Format | None) -> None:
    from stdbpy.project.build import build
    from stdbpy.schema.text import contents_text

    try:
        built = build(project)
    except ModuleLoadError as error:
        if format is not None:
            _write(error.problems, format)
            error.problems = ()
        raise
    if format is None:
        show_problems(built.problems)
    else:
        _write(built.problems, format)
    invocation.note(f"{project.name}: {built.source.entry} is fine ({contents_text(built.schema)})")


def _write(problems: tuple[Problem, ...], format: Format) -> None:
    fields = [Field(name) for name in ("level", "where", "message", "hint")]
    write_records(
        fields, [(problem.level, problem.where, problem.message, problem.hint) for problem in problems], format
    )
