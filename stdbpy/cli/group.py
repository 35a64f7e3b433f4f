"""The command tree: a group that imports a command only when it runs, and how help is laid out.

Typer 0.28 brings its own copy of click as ``typer._click``; the classes that it derives from click's
take click's types, which is the only reason for that import.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer import _click
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from stdbpy import __version__
from stdbpy.cli.commands import COMMANDS
from stdbpy.cli.invocation import Invocation
from stdbpy.errors import UsageError, nearest

_CONTEXT_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
_NEGATIVE_NUMBER = re.compile(r"-\.?\d")
_MARK = "\0"
"""Stands before a negative number on its way through click. No argument of a program can hold it."""


def program(name: str) -> TyperGroup:
    """The whole program, without any command's module."""
    return _LazyGroup(
        name=name,
        help="The Python toolchain for SpacetimeDB: modules, databases, typed clients, an embedded server.",
        params=[
            *_global_options(),
            TyperOption(
                param_decls=["-V", "--version"],
                is_flag=True,
                expose_value=False,
                callback=_show_version,
                help="Show the version.",
            ),
        ],
        context_settings=_CONTEXT_SETTINGS,
        no_args_is_help=True,
        rich_markup_mode=None,
        epilog="`stdbpy COMMAND --help` shows the options and examples of a command.",
    )


def load_command(name: str) -> Command:
    """The command called ``name``, one of :data:`COMMANDS`."""
    module = import_module(f"stdbpy.cli.commands.{name}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name=name, cls=Command, context_settings=_CONTEXT_SETTINGS)(module.run)
    command = get_command(app)
    assert isinstance(command, Command)
    command.examples = module.EXAMPLES
    command.optional_values = getattr(module, "OPTIONAL_VALUES", {})
    command.params += _global_options()
    return command


_GLOBAL_NAMES = ("config_path", "quiet", "debug", "help")

_SECTIONS: dict[str, Callable[[_click.Parameter], bool]] = {
    "Arguments": lambda parameter: parameter.param_type_name == "argument",
    "Options": lambda parameter: parameter.param_type_name == "option" and parameter.name not in _GLOBAL_NAMES,
    "Global options": lambda parameter: parameter.name in _GLOBAL_NAMES,
}


class Command(TyperCommand):
    """One command, with examples at the end of its help."""

    examples: tuple[str, ...] = ()
    optional_values: dict[str, str] = {}  # noqa: RUF012 - replaced as a whole for each command
    """Options whose value may be left out, with the value they then have; as in the official program,
    a value is attached with ``=`` (``--delete-data=never``), so that what follows is never taken for it."""

    def parse_args(self, ctx: _click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, self._readable_by_click(args))
        ctx.params = {name: _unmarked(value) for name, value in ctx.params.items()}
        return rest

    def _readable_by_click(self, args: list[str]) -> list[str]:
        """click knows no options whose value may be left out, and takes negative numbers for options."""
        takes_value = {
            name
            for parameter in self.params
            if isinstance(parameter, TyperOption) and not parameter.is_flag
            for name in parameter.opts
        }
        readable: list[str] = []
        for before, argument in zip(["", *args], args, strict=False):
            name, equals, value = argument.partition("=")
            if name in self.optional_values:
                readable.append(f"{self._long_name(name)}={value if equals else self.optional_values[name]}")
            elif _NEGATIVE_NUMBER.match(argument) and before not in takes_value:
                readable.append(_MARK + argument)
            else:
                readable.append(argument)
        return readable

    def _long_name(self, name: str) -> str:
        option = next(param for param in self.params if name in param.opts)
        return next(spelling for spelling in option.opts if spelling.startswith("--"))

    def collect_usage_pieces(self, ctx: _click.Context) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        for title, belongs in _SECTIONS.items():
            records = (parameter.get_help_record(ctx) for parameter in self.get_params(ctx) if belongs(parameter))
            rows = [record for record in records if record is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        del ctx
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def _unmarked(value: Any) -> Any:
    match value:
        case str():
            return value.removeprefix(_MARK)
        case list() | tuple():
            return [_unmarked(item) for item in value]
        case _:
            return value


class _LazyGroup(TyperGroup):
    def list_commands(self, ctx: _click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: _click.Context, cmd_name: str) -> _click.Command | None:
        del ctx
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def parse_args(self, ctx: _click.Context, args: list[str]) -> list[str]:
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: _click.Context, args: list[str]
    ) -> tuple[str | None, _click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS:
            hint = nearest(name, COMMANDS) or f"`{ctx.command_path} --help` lists the commands"
            raise UsageError(f"there is no command {name!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(context: _click.Context, option: _click.Parameter, value: bool) -> None:
    del option
    if value:
        print(context.command_path, __version__)
        raise typer.Exit


def _global_options() -> list[_click.Parameter]:
    """The options that may stand before or after the command's name."""

    def remember(context: _click.Context, option: _click.Parameter, value: object) -> None:
        if value is not None and value is not False:
            assert isinstance(context.obj, Invocation)
            assert option.name is not None
            setattr(context.obj, option.name, value)

    return [
        TyperOption(
            param_decls=["--config-path"],
            type=_click.types.FuncParamType(Path),
            metavar="FILE",
            expose_value=False,
            callback=remember,
            help="The cli.toml to read instead of your own.",
        ),
        TyperOption(
            param_decls=["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=remember,
            help="Write data and errors, no notes.",
        ),
        TyperOption(
            param_decls=["--debug"],
            is_flag=True,
            expose_value=False,
            callback=remember,
            help="Show tracebacks.",
        ),
    ]
