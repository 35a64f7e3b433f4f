"""The command tree: a group imports a command only when it runs.

A command is a module of :mod:`stdbpy.cli.commands`. A group is a package with its own ``COMMANDS``; it
may have ``run`` as well, and is then a command too (``stdbpy login``, ``stdbpy login show``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer import _click
from typer.core import TyperGroup
from typer.main import get_command

from stdbpy.cli import commands
from stdbpy.cli.command import Command, write_examples, write_parameters
from stdbpy.cli.global_options import add_global_options
from stdbpy.cli.invocation import is_said
from stdbpy.cli.left_out import LeftOut
from stdbpy.errors import UsageError, nearest

_CONTEXT_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
_HELP = "help"


def program(name: str) -> TyperGroup:
    """The whole program, without any command's module."""
    group = Group(
        commands,
        name=name,
        help="The Python toolchain for SpacetimeDB: modules, databases, typed clients, an embedded server.",
        epilog="`stdbpy COMMAND --help` shows the options and examples of a command.",
    )
    add_global_options(group)
    return group


def load_command(*path: str) -> Command | Group:
    """The command at ``path`` in the tree: ``load_command("server", "list")``."""
    *parents, name = path
    module = import_module(_module_name(path))
    found: Command | Group
    if hasattr(module, "COMMANDS"):
        found = _group(name, module, line=import_module(_module_name(parents)).COMMANDS[name])
    else:
        found = _command(name, module)
    add_global_options(found)
    return found


def walk() -> Iterator[tuple[str, ...]]:
    """The paths of all commands and groups, as the help lists them: ``("server",)``, ``("server", "list")``."""

    def below(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        package = import_module(_module_name(path))
        for name in package.COMMANDS:
            yield (*path, name)
            # Only a group is a folder: to tell, no command's module needs to be imported.
            if any(Path(folder, _file_name(name)).is_dir() for folder in package.__path__):
                yield from below((*path, name))

    return below(())


def _module_name(path: Sequence[str]) -> str:
    return ".".join((commands.__name__, *map(_file_name, path)))


def _file_name(command: str) -> str:
    return command.replace("-", "_")


def _command(name: str, module: Any) -> Command:
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name=name, cls=Command, context_settings=_CONTEXT_SETTINGS)(module.run)
    command = get_command(app)
    assert isinstance(command, Command)
    command.examples = getattr(module, "EXAMPLES", ())
    command.left_out = getattr(module, "LEFT_OUT", {})
    return command


def _group(name: str, module: Any, *, line: str) -> Group:
    if not hasattr(module, "run"):
        return Group(module, name=name, help=line)
    command = _command(name, module)
    return Group(
        module,
        name=name,
        help=command.help,
        params=command.params,
        callback=_unless_another_runs(command.callback),
        invoke_without_command=True,
    )


def _unless_another_runs(callback: Callable[..., Any] | None) -> Callable[..., None]:
    """click runs a group's own callback before that of the command below it, too."""
    assert callback is not None

    def run(**values: Any) -> None:
        context = _click.globals.get_current_context()
        if context.invoked_subcommand is None:
            callback(**values)
            return
        for option in context.command.params:
            if option.expose_value and is_said(context, option.name or ""):
                raise UsageError(
                    f"{option.opts[-1]} is an option of `{context.command_path}`,"
                    f" not of `{context.command_path} {context.invoked_subcommand}`",
                    hint="Options of a command stand after its name",
                )

    return run


class Group(TyperGroup):
    """Commands under one name, listed in ``COMMANDS`` of the module that they are submodules of."""

    def __init__(self, module: Any, **attributes: Any) -> None:
        attributes.setdefault("invoke_without_command", False)
        super().__init__(
            context_settings=_CONTEXT_SETTINGS,
            no_args_is_help=not attributes["invoke_without_command"],
            rich_markup_mode=None,
            **attributes,
        )
        self.lines: Mapping[str, str] = module.COMMANDS
        self.examples: tuple[str, ...] = getattr(module, "EXAMPLES", ())
        self.left_out: Mapping[str, LeftOut] = getattr(module, "LEFT_OUT", {})
        self._is_command = attributes["invoke_without_command"]

    def list_commands(self, ctx: _click.Context) -> list[str]:
        del ctx
        return list(self.lines)

    def get_command(self, ctx: _click.Context, cmd_name: str) -> _click.Command | None:
        return load_command(*_path(ctx), cmd_name) if cmd_name in self.lines else None

    def parse_args(self, ctx: _click.Context, args: list[str]) -> list[str]:
        if args[:1] == [_HELP]:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: _click.Context, args: list[str]
    ) -> tuple[str | None, _click.Command | None, list[str]]:
        name = args[0]
        if name in self.left_out:
            raise self.left_out[name].error(ctx.command_path, name)
        if name not in self.lines:
            where = f" in `{ctx.command_path}`" if _path(ctx) else ""
            raise UsageError(f"there is no command {name!r}{where}", hint=self._way_to(name, ctx))
        return super().resolve_command(ctx, args)

    def _way_to(self, name: str, ctx: _click.Context) -> str:
        elsewhere = next((path for path in walk() if path[-1] == name), None)
        if elsewhere is not None:
            return f"Did you mean `{' '.join((ctx.find_root().command_path, *elsewhere))}`?"
        return nearest(name, self.lines) or f"`{ctx.command_path} --help` lists the commands"

    def collect_usage_pieces(self, ctx: _click.Context) -> list[str]:
        *pieces, commands = super().collect_usage_pieces(ctx)
        return [*pieces, f"[{commands}]" if self._is_command else commands]

    def format_options(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lines.items()))
        write_parameters(self, ctx, formatter)

    def format_epilog(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)


def _path(ctx: _click.Context) -> tuple[str, ...]:
    """The names by which the group of ``ctx`` was reached, without the program's."""
    return () if ctx.parent is None else (*_path(ctx.parent), ctx.info_name or "")
