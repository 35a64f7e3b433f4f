"""One command: how its words are read, and how its help is laid out.

Typer 0.28 brings its own copy of click as ``typer._click``; the classes that it derives from click's
take click's types, which is the only reason for that import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from typer import _click
from typer.core import TyperCommand, TyperOption

from stdbpy.cli.global_options import GLOBAL_NAMES
from stdbpy.cli.left_out import LeftOut
from stdbpy.cli.parameters import OneOf

_NEGATIVE_NUMBER = re.compile(r"-\.?\d")
_MARK = "\0"
"""Stands before a negative number on its way through click. No argument of a program can hold it."""


class Command(TyperCommand):
    """One command, with examples at the end of its help."""

    examples: tuple[str, ...] = ()
    left_out: Mapping[str, LeftOut] = {}

    def parse_args(self, ctx: _click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, list(self._readable_by_click(ctx, args)))
        ctx.params = {name: _unmarked(value) for name, value in ctx.params.items()}
        return rest

    def _readable_by_click(self, ctx: _click.Context, args: list[str]) -> Iterator[str]:
        """click knows no options whose value may be left out, and takes negative numbers for options."""
        spellings = {name: option for option in self.params if isinstance(option, TyperOption) for name in option.opts}
        is_value = False
        words = 0
        for position, argument in enumerate(args):
            name, equals, value = argument.partition("=")
            option = spellings.get(name)
            if is_value:
                is_value = False
                yield argument
            elif argument == "--":
                yield from args[position:]
                return
            elif option is not None and option.type is not None and (missing := _if_left_out(option)) is not None:
                long_name = next(spelling for spelling in option.opts if spelling.startswith("--"))
                yield f"{long_name}={value if equals else missing}"
            elif name in self.left_out and (name.startswith("-") or words == 0):
                raise self.left_out[name].error(ctx.command_path, name)
            elif _NEGATIVE_NUMBER.match(argument):
                words += 1
                yield _MARK + argument
            else:
                is_value = option is not None and not option.is_flag and not equals
                words += not argument.startswith("-")
                yield argument

    def collect_usage_pieces(self, ctx: _click.Context) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        write_parameters(self, ctx, formatter)

    def format_epilog(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        del ctx
        write_examples(self.examples, formatter)


_SECTIONS: dict[str, Callable[[_click.Parameter], bool]] = {
    "Arguments": lambda parameter: parameter.param_type_name == "argument",
    "Options": lambda parameter: parameter.param_type_name == "option" and parameter.name not in GLOBAL_NAMES,
    "Global options": lambda parameter: parameter.name in GLOBAL_NAMES,
}


def write_parameters(command: _click.Command, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
    """The sections of the help that list a command's arguments and options."""
    for title, belongs in _SECTIONS.items():
        records = (parameter.get_help_record(ctx) for parameter in command.get_params(ctx) if belongs(parameter))
        rows = [record for record in records if record is not None]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def write_examples(examples: tuple[str, ...], formatter: _click.HelpFormatter) -> None:
    """The last section of the help, whose lines are never folded: they are to be copied."""
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def _if_left_out(option: TyperOption) -> str | None:
    return option.type.if_left_out if isinstance(option.type, OneOf) else None


def _unmarked(value: Any) -> Any:
    match value:
        case str():
            return value.removeprefix(_MARK)
        case list() | tuple():
            return [_unmarked(item) for item in value]
        case _:
            return value
