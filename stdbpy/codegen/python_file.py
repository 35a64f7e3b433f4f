"""The frame of a generated file: docstring, imports in their groups, definitions two lines apart."""

from __future__ import annotations

from collections.abc import Sequence

from stdbpy.codegen.layout import INDENT


def python_file(docstring: str, imports: Sequence[str], definitions: Sequence[str]) -> str:
    """``imports`` are groups of import lines (standard library, packages, this package), each ending
    with a line break, or empty; ``definitions`` are classes and functions."""
    head = [doc(docstring), "from __future__ import annotations\n", *filter(None, imports)]
    return "\n".join(head) + "".join(f"\n\n{definition}" for definition in definitions)


def class_text(head: str, docstring: str, members: Sequence[str] = ()) -> str:
    """A class of which ``head`` is the ``class …:`` line(s). ``members`` are written as outside of it,
    each ending with a line break; a blank line goes before each."""
    blocks = [doc(docstring), *filter(None, members)]
    return f"{head}\n" + "\n".join(map(indented, blocks))


def doc(text: str) -> str:
    """A docstring of one or several lines."""
    if "\n" not in text:
        return f'"""{text}"""\n'
    return f'"""{text}\n"""\n'


def indented(text: str) -> str:
    return "".join(f"{INDENT}{line}" if line.strip() else line for line in text.splitlines(keepends=True))
