"""The completion script for fish: a ``complete`` line per option, with a condition that says for which command."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdbpy.cli.completion.tree import Node, Option, Value


def write(tree: Node) -> str:
    """The script, without a header."""
    lines = [*_commands(tree), _READING, "complete -c stdbpy -f"]
    for node in tree.walk():
        lines += ["", *_completions(node)]
    return "\n".join((*lines, ""))


def _commands(tree: Node) -> Iterator[str]:
    """What the words before the cursor are told apart with."""
    yield "function __stdbpy_command --description 'Says what the command $argv[1] takes'"
    yield "    set -g __stdbpy_commands"
    yield "    set -g __stdbpy_with_value"
    yield "    switch $argv[1]"
    for node in tree.walk():
        spellings = [
            spelling
            for option in node.options
            if option.value is not None and not option.may_be_left_out
            for spelling in option.spellings
        ]
        yield f"        case {_quoted(node.name)}"
        if node.children:
            yield f"            set __stdbpy_commands {' '.join(child.path[-1] for child in node.children)}"
        if spellings:
            yield f"            set __stdbpy_with_value {' '.join(spellings)}"
    yield "    end"
    yield "end"


def _completions(node: Node) -> Iterator[str]:
    here = f"complete -c stdbpy -n {_quoted(f'__stdbpy_at {_quoted(node.name)}')}"
    for child in node.children:
        yield f"{here} -a {child.path[-1]} -d {_quoted(child.help)}"
    for option in node.options:
        yield f"{here} {_option(option)}"
    for place, value in enumerate(node.positionals):
        if arguments := _arguments(value):
            condition = _quoted(f"__stdbpy_at {_quoted(node.name)} {place}")
            yield f"complete -c stdbpy -n {condition} {arguments}"


def _option(option: Option) -> str:
    parts = [f"-s {spelling[1:]}" for spelling in option.shorts]
    parts += [f"-l {spelling[2:]}" for spelling in option.longs]
    if option.value is not None:
        if not option.may_be_left_out:
            parts.append("-r" if option.value.paths == "files" else "-x")
        parts.append(_arguments(option.value))
    return " ".join((*filter(None, parts), f"-d {_quoted(option.help)}"))


def _arguments(value: Value) -> str:
    """What completes a value."""
    sources = []
    if value.several:
        sources.append(f"(__fish_append , {' '.join(value.words)})")
    else:
        sources += value.words
    if value.question:
        sources.append(f"(__stdbpy_ask {value.question})")
    if value.paths == "folders":
        sources.append("(__fish_complete_directories)")
    given = f"-a {_quoted(' '.join(sources))}" if sources else ""
    return f"{given} -F".strip() if value.paths == "files" else given


def _quoted(text: str) -> str:
    return "'" + re.sub(r"['\\]", r"\\\g<0>", text) + "'"


_READING = r"""
function __stdbpy_read --description 'Sets __stdbpy_path and __stdbpy_given: command and arguments before the cursor'
    set -l typed (commandline -opc)
    if set -q __stdbpy_path; and test (count $typed) = "$__stdbpy_count"; and test "$typed" = "$__stdbpy_typed"
        return
    end
    set -g __stdbpy_count (count $typed)
    set -g __stdbpy_typed "$typed"
    set -g __stdbpy_path ''
    set -g __stdbpy_given
    set -l awaited 0
    set -g __stdbpy_ended 0
    __stdbpy_command ''
    for word in $typed[2..-1]
        if test $awaited = 1
            set awaited 0
        else if test $__stdbpy_ended = 0; and test "$word" = --
            set __stdbpy_ended 1
        else if test $__stdbpy_ended = 0; and string match -q -- '-?*' "$word"
            if contains -- "$word" $__stdbpy_with_value
                set awaited 1
            else if string match -qr -- '^-[^-]{2}' "$word"
                __stdbpy_ends_in_option "$word"; and set awaited 1
            end
        else if contains -- "$word" $__stdbpy_commands
            set __stdbpy_path (string trim -- "$__stdbpy_path $word")
            set __stdbpy_ended 0
            __stdbpy_command $__stdbpy_path
        else
            set -a __stdbpy_given $word
        end
    end
end

function __stdbpy_ends_in_option --description 'Whether the last of several short options, as in -qs, awaits a value'
    set -l letters (string split '' -- (string sub -s 2 -- $argv[1]))
    for letter in $letters[1..-2]
        contains -- "-$letter" $__stdbpy_with_value; and return 1
    end
    contains -- "-$letters[-1]" $__stdbpy_with_value
end

function __stdbpy_at --description 'Whether the cursor is at command $argv[1], behind $argv[2] positional arguments'
    __stdbpy_read
    test "$__stdbpy_path" = "$argv[1]"; or return 1
    set -q argv[2]; or return 0
    # fish also tries what stands for an option as an argument.
    test (count $__stdbpy_given) = $argv[2]; and begin
        test $__stdbpy_ended = 1; or not string match -q -- '-*' (commandline -ct)
    end
end

function __stdbpy_ask --description 'Asks the program for names; it answers from what it remembers'
    set -l typed (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $typed[1])
    command -q -- $program; or set program stdbpy
    __stdbpy_read
    command $program __complete $argv[1] $__stdbpy_given -- $typed[2..-1] </dev/null 2>/dev/null
end
"""
