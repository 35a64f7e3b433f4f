"""The options that may stand before or after the name of any command."""

from __future__ import annotations

from pathlib import Path

import typer
from typer import _click
from typer.core import TyperOption

from stdbpy import __version__
from stdbpy.cli.invocation import Invocation

GLOBAL_NAMES = ("config_path", "root_dir", "quiet", "debug", "version", "help")
"""The names of their parameters."""


def add_global_options(command: _click.Command) -> None:
    """Lets ``command`` take the global options too, but for those whose name it uses itself."""
    own = {spelling for option in command.params for spelling in option.opts}
    command.params += [option for option in _global_options() if own.isdisjoint(option.opts)]


def _global_options() -> list[TyperOption]:
    return [
        TyperOption(
            param_decls=["--config-path"],
            type=_click.types.FuncParamType(Path),
            metavar="FILE",
            expose_value=False,
            callback=_remember,
            help="The cli.toml to use instead of your own.",
        ),
        TyperOption(
            param_decls=["--root-dir"],
            type=_click.types.FuncParamType(Path),
            metavar="DIR",
            expose_value=False,
            callback=_remember,
            help="Keep configuration and databases there.",
        ),
        TyperOption(
            param_decls=["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Write data and errors, no notes.",
        ),
        TyperOption(
            param_decls=["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Show tracebacks.",
        ),
        TyperOption(
            param_decls=["-V", "--version"],
            is_flag=True,
            expose_value=False,
            callback=_show_version,
            help="Show the version.",
        ),
    ]


def _remember(context: _click.Context, option: _click.Parameter, value: object) -> None:
    if value is not None and value is not False:
        assert isinstance(context.obj, Invocation)
        assert option.name is not None
        setattr(context.obj, option.name, value)


def _show_version(context: _click.Context, option: _click.Parameter, value: bool) -> None:
    del option
    if value:
        print(context.find_root().info_name, __version__)
        raise typer.Exit
