r"""The commands of the shell: ``\d``, ``\x``, …"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy.cli.outline import outline
from stdbpy.cli.output import Format, format_for, parse_format
from stdbpy.cli.output.formats import format_of_file
from stdbpy.cli.shell.pager import paged
from stdbpy.errors import UsageError, nearest

if TYPE_CHECKING:
    from stdbpy.cli.shell.session import Session
    from stdbpy.schema.entities import Entity

Arguments = tuple[str, ...]


class Leave(Exception):
    """The user wants to leave the shell."""


@dataclass(frozen=True, slots=True)
class Command:
    usage: str
    help: str
    run: Callable[[Session, Arguments], None]
    takes: str = ""
    """What its argument is, for completion: ``name``, ``file``, ``format``, ``switch``."""


def _leave(session: Session, arguments: Arguments) -> None:
    del session
    _at_most(0, arguments)
    raise Leave


def _help(session: Session, arguments: Arguments) -> None:
    del session
    _at_most(0, arguments)
    shown = {id(command): command for command in COMMANDS.values()}.values()
    width = max(len(command.usage) for command in shown)
    print("Statements end with a semicolon, or with an empty line. Tab completes.\n")
    for command in shown:
        print(f"  {command.usage:<{width}}  {command.help}")


def _clear(session: Session, arguments: Arguments) -> None:
    del session
    _at_most(0, arguments)
    print("\x1b[2J\x1b[H", end="", flush=True)


def _describe(session: Session, arguments: Arguments) -> None:
    _at_most(1, arguments)
    if not arguments:
        _list(session, ("table", "view"))
        return
    session.learn_names()
    found = session.names.named(arguments[0])
    if not found:
        names = [entity.name for entity in session.names.entities]
        raise UsageError(f"nothing is called {arguments[0]!r}", hint=nearest(arguments[0], names))
    _show(session, found)


def _listing(*kinds: str) -> Callable[[Session, Arguments], None]:
    def run(session: Session, arguments: Arguments) -> None:
        _at_most(0, arguments)
        _list(session, kinds)

    return run


def _list(session: Session, kinds: tuple[str, ...]) -> None:
    session.learn_names()
    for entity in session.names.of_kinds(kinds):
        notes = f"  [{', '.join(entity.notes)}]" if entity.notes else ""
        print(f"{entity.kind:<9}  {entity.line}{notes}")


def _namespaces(session: Session, arguments: Arguments) -> None:
    _at_most(0, arguments)
    session.learn_names()
    counts: dict[str, int] = {}
    for entity in session.names.of_kinds(("table", "reducer", "procedure", "view")):
        namespace = entity.name.rpartition(".")[0]
        counts[namespace] = counts.get(namespace, 0) + 1
    for namespace, count in counts.items():
        print(f"{namespace or '(the module itself)'}: {count} tables and functions")


def _show(session: Session, found: list[Entity]) -> None:
    with paged(enabled=session.uses_pager):
        for line in outline(found, sys.stdout):
            print(line)


def _switch(attribute: str, what: str) -> Callable[[Session, Arguments], None]:
    def run(session: Session, arguments: Arguments) -> None:
        _at_most(1, arguments)
        wanted = arguments[0] if arguments else ("off" if getattr(session, attribute) else "on")
        if wanted not in ("on", "off"):
            raise UsageError(f"it is on or off, not {wanted!r}")
        setattr(session, attribute, wanted == "on")
        print(f"{what}: {wanted}")

    return run


def _format(session: Session, arguments: Arguments) -> None:
    _at_most(1, arguments)
    if arguments:
        session.format = _for_the_terminal(parse_format(arguments[0]))
    print(f"Format: {session.format}")


def _output(session: Session, arguments: Arguments) -> None:
    _at_most(1, arguments)
    if not arguments:
        session.write_to(None)
        return
    path = Path(arguments[0]).expanduser()
    session.write_to(path, format_for(format_of_file(path) or session.format, path))


def _input(session: Session, arguments: Arguments) -> None:
    _at_most(1, arguments)
    if not arguments:
        raise UsageError(r"\i needs the name of a file")
    session.run_file(Path(arguments[0]).expanduser())


def _last(session: Session, arguments: Arguments) -> None:
    words = [word for word in arguments if word != "|"]
    _at_most(2, tuple(words))
    path = Path(words.pop()).expanduser() if words and words[-1] not in set(Format) else None
    requested = parse_format(words[0]) if words else None
    if path is None:
        session.show_last(_for_the_terminal(requested or session.format))
    else:
        session.show_last(format_for(requested or format_of_file(path) or session.format, path), path)


def _for_the_terminal(format: Format) -> Format:
    if format.is_binary:
        raise UsageError(f"a terminal cannot show {format}", hint=rf"\o FILE.{format} writes to a file")
    return format


def _at_most(count: int, arguments: Arguments) -> None:
    if len(arguments) > count:
        raise UsageError(f"one word too many: {arguments[count]}", hint=r"\? shows how commands are used")


_HELP = Command(r"\?", "this help", _help)
_QUIT = Command(r"\q", "leave, as does Ctrl-D", _leave)

COMMANDS: dict[str, Command] = {
    "d": Command(r"\d [NAME]", "tables and views; or all about what has this name", _describe, "name"),
    "dt": Command(r"\dt", "tables", _listing("table")),
    "dv": Command(r"\dv", "views", _listing("view")),
    "df": Command(r"\df", "reducers and procedures", _listing("reducer", "procedure")),
    "dT": Command(r"\dT", "types", _listing("type")),
    "dn": Command(r"\dn", "namespaces of mounted modules", _namespaces),
    "x": Command(
        r"\x [on|off]", "one line per column instead of a table", _switch("is_expanded", "Expanded rows"), "switch"
    ),
    "timing": Command(r"\timing [on|off]", "how long statements take", _switch("is_timed", "Timing"), "switch"),
    "pager": Command(r"\pager [on|off]", "long results through PAGER", _switch("uses_pager", "Pager"), "switch"),
    "format": Command(r"\format [FORMAT]", "how results are shown: table, json, jsonl, csv, …", _format, "format"),
    "o": Command(r"\o [FILE]", "write results to a file, in the format of its name; or here again", _output, "file"),
    "i": Command(r"\i FILE", "run the statements and commands in a file", _input, "file"),
    "_": Command("_ [FORMAT] [FILE]", "the last result again, without asking the server", _last, "format"),
    "clear": Command(r"\clear", "clear the screen", _clear),
    "?": _HELP,
    "h": _HELP,
    "help": _HELP,
    "q": _QUIT,
    "quit": _QUIT,
}
"""By name, without the backslash."""
