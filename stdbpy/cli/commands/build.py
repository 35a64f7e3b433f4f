"""``stdbpy build``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.failures import show_problems
from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.left_out import CSHARP, LeftOut
from stdbpy.cli.options import Abi, FormatOption, ModulePath
from stdbpy.cli.output import Field, Format, format_for, write_records
from stdbpy.cli.terminal import is_terminal
from stdbpy.cli.watching import repeat
from stdbpy.errors import ModuleLoadError, Problem, UsageError, megabytes

if TYPE_CHECKING:
    from stdbpy.project.build import BuiltModule
    from stdbpy.project.model import Project
    from stdbpy.project.webassembly import CompiledModule

EXAMPLES = (
    "stdbpy build",
    "stdbpy build --abi 10.5 --out module.wasm",
    "stdbpy build --size",
    "stdbpy build --check-only --format json",
)

_COMPILING = "compiling Python for this machine, which takes some seconds the first time…"
_LONG_TO_IMPORT = 2_000_000
"""Bytes of source, which take ten seconds."""

LEFT_OUT = {
    **CSHARP,
    **dict.fromkeys(("-d", "--features"), LeftOut("a Python module has nothing to compile")),
    "--lint-dir": LeftOut("that looks for print statements of Rust", hint="Linters for Python find those of Python"),
}


def run(
    context: typer.Context,
    module_path: ModulePath = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="The file to write. Default: dist/NAME.wasm in the project."),
    ] = None,
    abi: Abi = None,
    size: Annotated[bool, typer.Option("--size", help="Show, as data, what takes how many bytes in the file.")] = False,
    check_only: Annotated[
        bool,
        typer.Option("--check-only", help="Only look for problems, also with what WebAssembly refuses; write no file."),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again after each change, until Ctrl-C.")] = False,
    format: FormatOption = None,
) -> None:
    """Check a module, show its problems, and write it as WebAssembly.

    SpacetimeDB itself runs such a file; `stdbpy publish` makes it by itself. Each problem comes with its place in the
    code, and with an error among them the exit code is 1. With --format the problems are data: no record if the module
    is fine.
    """
    from stdbpy.project.discover import discover
    from stdbpy.project.webassembly import expect_to_write, usual_file
    from stdbpy.schema.text import contents_text

    if check_only:
        _expect_nothing_about_files({"--out": out is not None, "--abi": abi is not None, "--size": size})
    invocation = invocation_of(context)
    shape = format_for(format) if size or format is not None else None
    start = Path() if module_path is None else module_path
    project = discover(start)

    def while_it_takes_long(text: str) -> None:
        if is_terminal(sys.stderr):
            invocation.note(text)

    def build() -> None:
        # What the project says of its module may be what changed.
        project = discover(start)
        file = usual_file(project) if out is None else out
        if not check_only:
            expect_to_write(file)
        module, compiled = _built(project, abi, not check_only, shape if not size else None, while_it_takes_long)
        invocation.note(f"{project.name}: {module.source.entry} is fine ({contents_text(module.schema)})")
        if compiled is not None:
            _write_file(compiled, file, invocation)
            if size and shape is not None:
                _write_sizes(compiled, shape)

    if watch:
        left_out = [project.bindings] if project.bindings is not None else []
        repeat(build, invocation, [project.root], left_out=left_out)
    else:
        build()


def _expect_nothing_about_files(said: dict[str, bool]) -> None:
    if any(said.values()):
        names = " and ".join(name for name, is_said in said.items() if is_said)
        raise UsageError(f"{names} would be about a file, and --check-only writes none")


def _built(
    project: Project, abi: str | None, is_compiled: bool, format: Format | None, note: Callable[[str], None]
) -> tuple[BuiltModule, CompiledModule | None]:
    """The module, and as WebAssembly if that is wanted; all problems found are shown, as data in that format.
    ``note`` is given what is to take long."""
    from stdbpy.project.build import build
    from stdbpy.project.refused_imports import check_imports
    from stdbpy.project.webassembly import compile_module, level_named

    problems: tuple[Problem, ...] = ()
    compiled = None
    try:
        module = build(project)
        problems = module.problems
        if not is_compiled:
            problems += check_imports(project, module)
        else:
            size = sum(map(len, module.source.files.values()))
            if size > _LONG_TO_IMPORT:
                note(f"importing {megabytes(size)} of Python inside WebAssembly, which can take minutes…")
            compiled = compile_module(project, module, level_named(abi), lambda: note(_COMPILING))
            problems += compiled.problems
    except ModuleLoadError as error:
        if format is None:
            show_problems(problems)
        else:
            _write_problems((*problems, *error.problems), format)
            error.problems = ()
        raise
    if format is None:
        show_problems(problems)
    else:
        _write_problems(problems, format)
    return module, compiled


def _write_file(compiled: CompiledModule, path: Path, invocation: Invocation) -> None:
    from stdbpy.project.webassembly import write_file

    wasm = compiled.wasm
    is_new = write_file(path, wasm.program)
    along = f", with {', '.join(compiled.packages)}" if compiled.packages else ""
    state = "" if is_new else " (as it was)"
    try:
        shown = os.path.relpath(path)
    except ValueError:  # on another drive of Windows
        shown = str(path)
    invocation.note(f"{shown}: {megabytes(len(wasm.program))}{along}, for {wasm.abi.servers}{state}")


def _write_problems(problems: tuple[Problem, ...], format: Format) -> None:
    fields = [Field(name) for name in ("level", "where", "message", "hint")]
    write_records(
        fields, [(problem.level, problem.where, problem.message, problem.hint) for problem in problems], format
    )


def _write_sizes(compiled: CompiledModule, format: Format) -> None:
    from stdbpy.project.sizes import size_rows

    fields = [Field(name) for name in ("part", "name", "bytes", "later")]
    rows = size_rows(compiled.wasm.measure())
    write_records(fields, [(row.part, row.name, row.bytes, row.later) for row in rows], format)
