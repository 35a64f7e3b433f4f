"""The line editor: prompt_toolkit, told what the shell knows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import completion_is_selected
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from stdbpy.cli.output import Format
from stdbpy.cli.shell.commands import COMMANDS
from stdbpy.cli.shell.completion import suggestions
from stdbpy.cli.shell.highlight import STYLES, highlighted
from stdbpy.cli.shell.history import history_of
from stdbpy.cli.shell.input import LAST_RESULT, is_command, is_ready
from stdbpy.cli.terminal import has_colour, printable

if TYPE_CHECKING:
    from stdbpy.cli.shell.session import Session


def open_prompt(session: Session, server_url: str) -> Callable[[], str]:
    """A function that asks for a piece of input. It raises ``EOFError`` when the user leaves with Ctrl-D, and
    ``KeyboardInterrupt`` for Ctrl-C."""
    name = printable(session.database)
    editor: PromptSession[str] = PromptSession(
        [("class:prompt", f"{name}=> ")],
        multiline=True,
        prompt_continuation=[("class:prompt", f"{name}-> ")],
        completer=completer_of(session),
        complete_while_typing=False,
        lexer=_Colours(),
        key_bindings=_keys(),
        history=history_of(server_url, session.database, session.invocation),
        style=Style.from_dict({"prompt": "bold ansigreen", **STYLES}),
        color_depth=None if has_colour(sys.stdout) else ColorDepth.DEPTH_1_BIT,
    )
    return editor.prompt


def completer_of(session: Session) -> Completer:
    """Offers what fits into a statement or command, with the names that the session knows then."""
    return _Completions(session)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter", filter=~completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_ready(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    @keys.add("enter", filter=completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    return keys


class _Colours(Lexer):
    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines: list[StyleAndTextTuples] = [[]]
        if is_command(document.text):
            lines = [[("", line)] for line in document.lines]
        else:
            for kind, piece in highlighted(document.text):
                first, *others = piece.split("\n")
                lines[-1].append((f"class:{kind}" if kind else "", first))
                lines.extend([(f"class:{kind}" if kind else "", line)] for line in others)
        return lambda number: lines[number] if number < len(lines) else []


class _Completions(Completer):
    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        del complete_event
        before = document.text_before_cursor
        if before.lstrip().startswith("\\") or is_command(before):
            yield from self._of_command(before)
            return
        for found in suggestions(before, document.text_after_cursor, self._session.names):
            yield Completion(found.text, -found.replaces, display_meta=found.kind)

    def _of_command(self, before: str) -> Iterator[Completion]:
        name, space, argument = before.lstrip().partition(" ")
        if not space:
            for command in COMMANDS:
                if f"\\{command}".startswith(name) and command != LAST_RESULT:
                    yield Completion(f"\\{command}", -len(name), display_meta=COMMANDS[command].help)
            return
        known = COMMANDS.get(name.removeprefix("\\"))
        argument = argument.lstrip()
        for candidate in self._arguments(known.takes if known is not None else "", argument):
            if candidate.casefold().startswith(argument.casefold()):
                yield Completion(candidate, -len(argument))

    def _arguments(self, takes: str, begun: str) -> Iterable[str]:
        match takes:
            case "name":
                return [entity.name for entity in self._session.names.entities]
            case "switch":
                return ("on", "off")
            case "format":
                return list(Format)
            case "file":
                return _files(begun)
        return ()


def _files(begun: str) -> list[str]:
    folder, slash, _ = begun.rpartition("/")
    try:
        found = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return []
    return [f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}" for path in found]
