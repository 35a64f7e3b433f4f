"""``stdbpy doctor``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from stdbpy.cli.connection import leave_out_the_program_httpx
from stdbpy.cli.failures import without_tokens
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Environment, FormatOption, NoConfig, Output, Server
from stdbpy.cli.output import Field, Format, format_for, write_records
from stdbpy.cli.terminal import Colour, paint, printable
from stdbpy.errors import StdbError, counted

if TYPE_CHECKING:
    from stdbpy.project.doctor import Finding

EXAMPLES = ("stdbpy doctor", "stdbpy doctor --server maincloud", "stdbpy doctor --format json")

_COLOURS: dict[str, Colour] = {"ok": "green", "warning": "yellow", "error": "red"}


def run(
    context: typer.Context,
    server: Server = None,
    env: Environment = None,
    no_config: NoConfig = False,
    format: FormatOption = None,
    output: Output = None,
) -> None:
    """Look whether everything is set up as it should be, and say how to mend what is not.

    That is stdbpy and its extras, the configuration, the project's module and generated code, the server that
    commands would ask, the token for it, and completion in shells. With an error among the findings the exit code is 1.
    """
    leave_out_the_program_httpx()
    from stdbpy.cli.completion.examination import examine_completion
    from stdbpy.project.doctor import Circumstances, Level, examine

    invocation = invocation_of(context)
    shape = format_for(format, output)
    circumstances = Circumstances(
        folder=None if no_config else Path(),
        cli_toml_path=invocation.cli_toml_path,
        credentials=invocation.credentials(),
        server=server,
        token=os.environ.get("STDBPY_TOKEN") or None,
        env=env,
    )
    errors: list[Finding] = []

    def noted(findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            if finding.level is Level.ERROR:
                errors.append(finding)
            yield finding

    findings = noted(chain(examine(circumstances), examine_completion()))
    if shape is Format.TABLE and output is None:
        _show(findings)
    else:
        fields = [Field(name) for name in ("level", "subject", "message", "fix")]
        rows = ((each.level.value, each.subject, _clean(each.message), _clean(each.fix)) for each in findings)
        write_records(fields, rows, shape, output)
    if errors:
        raise StdbError(f"{counted(len(errors), 'error')} found: {', '.join(each.subject for each in errors)}")


def _show(findings: Iterable[Finding]) -> None:
    """A line or two for each, as soon as it is known."""
    for finding in findings:
        level = paint(f"{finding.level.value:<7}", _COLOURS[finding.level.value], sys.stdout)
        print(f"{level}  {finding.subject}: {_clean(finding.message)}", flush=True)
        if finding.fix:
            print(f"{'':9}{paint('fix:', 'cyan', sys.stdout)} {_clean(finding.fix)}", flush=True)


def _clean(text: str) -> str:
    """Without what a server or file said that should not be on a screen."""
    return without_tokens(printable(text))
