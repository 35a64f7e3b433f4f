"""The command tree as data: what the writers of completion scripts know of the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from typer import _click
from typer.core import TyperOption

from stdbpy.cli import group
from stdbpy.cli.parameters import OneOf, SomeOf
from stdbpy.project.template_sources import BUILT_IN

PROGRAM = "stdbpy"


@dataclass(frozen=True, slots=True)
class Value:
    """What an option or a positional argument takes, as far as a shell can complete it.

    With neither words, question nor paths it is the user's own text.
    """

    label: str
    """What the help calls it: ``DATABASE``."""
    words: tuple[str, ...] = ()
    """A closed list."""
    several: bool = False
    """Whether it is several of the words, with commas between them."""
    question: str = ""
    """What to ask the program for: one of :data:`~stdbpy.cli.completion.answer.QUESTIONS`."""
    paths: Literal["", "files", "folders"] = ""


@dataclass(frozen=True, slots=True)
class Option:
    """An option in all its spellings."""

    spellings: tuple[str, ...]
    """As in the help, short ones first: ``-s``, ``--server``."""
    help: str
    """One sentence without its full stop."""
    value: Value | None = None
    """``None`` for a flag."""
    may_be_left_out: bool = False
    """Whether the option does without its value, which is then attached by ``=``."""
    repeats: bool = False

    @property
    def longs(self) -> tuple[str, ...]:
        return tuple(spelling for spelling in self.spellings if spelling.startswith("--"))

    @property
    def shorts(self) -> tuple[str, ...]:
        return tuple(spelling for spelling in self.spellings if not spelling.startswith("--"))


@dataclass(frozen=True, slots=True)
class Node:
    """The program, a group or a command."""

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    positionals: tuple[Value, ...] = ()
    children: tuple[Node, ...] = ()

    @property
    def name(self) -> str:
        return " ".join(self.path)

    def walk(self) -> Iterator[Node]:
        """This one and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


_QUESTIONS = {"DATABASE": "database", "SERVER": "server", "FUNCTION": "function", "KIND": "entity"}
_PATHS: dict[str, Literal["files", "folders"]] = {"FILE": "files", "DIR": "folders"}

_SEQUENCES = ("FUNCTION", "KIND")
"""Where one of them follows an optional DATABASE, only the program knows which of both a word is."""


def read_tree() -> Node:
    """The whole program. Imports every command."""
    paths = tuple(group.walk())

    def node(path: tuple[str, ...]) -> Node:
        command = group.load_command(*path) if path else group.program(PROGRAM)
        children = tuple(node(each) for each in paths if each[:-1] == path and each)
        arguments = [each for each in command.params if not isinstance(each, TyperOption)]
        return Node(
            path,
            _sentence(command.help or ""),
            tuple(_options(command)),
            tuple(value for argument in arguments for value in _positionals(argument)),
            children,
        )

    return node(())


def _options(command: _click.Command) -> Iterator[Option]:
    with command.make_context(PROGRAM, [], resilient_parsing=True) as context:
        for option in command.get_params(context):
            if isinstance(option, TyperOption) and not option.hidden:
                yield _option(option)
            elif option.param_type_name == "option" and not getattr(option, "hidden", False):
                yield Option(tuple(option.opts), _sentence(getattr(option, "help", None) or ""))


def _option(option: TyperOption) -> Option:
    spellings = tuple(sorted((*option.opts, *option.secondary_opts), key=lambda each: each.startswith("--")))
    help = _sentence(option.help or "")
    if option.is_flag or option.count:
        return Option(spellings, help)
    kind = option.type
    left_out = isinstance(kind, OneOf) and kind.if_left_out is not None
    if isinstance(kind, OneOf):
        words = tuple(map(str, kind.words))
        value = Value(_bare(option.metavar) or "WORD", words, several=isinstance(kind, SomeOf))
    else:
        value = _value(_bare(option.metavar) or kind.name.upper())
    return Option(spellings, help, value, may_be_left_out=left_out, repeats=option.multiple)


def _positionals(argument: _click.Parameter) -> Iterator[Value]:
    if isinstance(argument.type, OneOf):
        yield Value(_bare(argument.metavar) or "WORD", argument.type.words)
        return
    labels = re.findall(r"[A-Z][A-Z:]*", argument.metavar or (argument.name or "").upper())
    sequence = next((label for label in _SEQUENCES if label in labels), None)
    for place, label in enumerate(labels):
        begins = sequence is not None and place <= labels.index(sequence)
        if begins or (sequence == "KIND" and label == "NAME"):
            yield Value(label, question=_QUESTIONS[sequence or ""])
        else:
            yield _value(label)


def _value(label: str) -> Value:
    """What a label of the help stands for."""
    if label == "TEMPLATE":
        return Value(label, tuple(BUILT_IN), paths="folders")
    if label == "OTHER":  # `describe --diff`: a database, a project or a compiled module
        return Value(label, question="database", paths="files")
    if label.islower():  # the only word there is: `--lang python`
        return Value(label, (label,))
    return Value(label, question=_QUESTIONS.get(label, ""), paths=_PATHS.get(label, ""))


def _bare(metavar: str | None) -> str:
    """``[=KIND,…]`` → ``KIND``."""
    return re.sub(r"[^\w:]", "", metavar or "")


def _sentence(help: str) -> str:
    """The first sentence, on one line: shells show it beside the word."""
    text = " ".join(help.split("\n\n")[0].split())
    return re.split(r"(?<=[^.])\.(?= |$)", text, maxsplit=1)[0]
