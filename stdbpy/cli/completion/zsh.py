"""The completion script for zsh: a function per command, on top of zsh's ``_arguments``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdbpy.cli.completion.tree import Node, Option, Value


def write(tree: Node) -> str:
    """The script, without a header."""
    lines = [_READING]
    for node in tree.walk():
        lines += ["", f"{_function(node)}() {{", *(f"  {line}" for line in _body(node)), "}"]
    return "\n".join((*lines, _END))


def _body(node: Node) -> Iterator[str]:
    specs = [spec for option in node.options for spec in _option(option)]
    if node.children:
        specs += ["': :->command'", "'*:: :->words'"]
        yield "local curcontext=$curcontext state line ret=1"
        yield "local -A opt_args"
        yield "local -a commands"
        yield "_arguments -s -S -C \\"
        yield from (f"  {spec} \\" for spec in specs)
        yield "  && ret=0"
        yield "case $state in"
        yield "  command)"
        yield "    commands=("
        yield from (f"      {_quoted(_command(child))}" for child in node.children)
        yield "    )"
        yield "    _describe -t commands command commands && ret=0"
        yield "    ;;"
        yield "  words)"
        yield "    case $line[1] in"
        yield from (f"      {child.path[-1]}) {_function(child)} && ret=0 ;;" for child in node.children)
        yield "    esac"
        yield "    ;;"
        yield "esac"
        yield "return ret"
        return
    specs += [f"{_quoted(f':{value.label}:{_action(value, place)}')}" for place, value in enumerate(node.positionals)]
    if not node.positionals:
        specs.append("': :_stdbpy_no_argument'")
    yield "_arguments -s -S \\"
    yield from (f"  {spec} \\" for spec in specs[:-1])
    yield f"  {specs[-1]}"


def _option(option: Option) -> Iterator[str]:
    """A specification for each spelling; one that is there excludes the others unless it may be repeated."""
    front = "*" if option.repeats else f"({' '.join(option.spellings)})"
    help = re.sub(r"[\\\[\]:]", r"\\\g<0>", option.help)
    for spelling in option.spellings:
        if option.value is None or (option.may_be_left_out and not spelling.startswith("--")):
            yield _quoted(f"{front}{spelling}[{help}]")
            continue
        if option.may_be_left_out:
            sign, colons = "=-", "::"
        else:
            sign, colons = "=" if spelling.startswith("--") else "+", ":"
        yield _quoted(f"{front}{spelling}{sign}[{help}]{colons}{option.value.label}:{_action(option.value)}")


def _action(value: Value, place: int = 0) -> str:
    """What completes a value; those of positional arguments are asked for with the ``place`` arguments before."""
    if value.question:
        before = f' "${{(@Q)line[1,{place}]}}"' if place else ""
        return f" _stdbpy_ask {value.question} {value.paths or 'none'}{before}"
    if value.words and value.paths:
        return f" _stdbpy_words_or_{value.paths} {' '.join(value.words)}"
    if value.several:
        return f"_values -s , {value.label} {' '.join(value.words)}"
    if value.words:
        return f"({' '.join(value.words)})"
    return {"files": "_files", "folders": "_path_files -/", "": " "}[value.paths]


def _command(node: Node) -> str:
    """The name and what is shown beside it, as ``_describe`` takes them."""
    help = re.sub(r"[\\:]", r"\\\g<0>", node.help)
    return f"{node.path[-1]}:{help}"


def _function(node: Node) -> str:
    return "_".join(("_stdbpy", "program" if not node.path else "command", *node.path))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


_READING = r"""
# Asks the program for names: $1 says which, $2 whether paths are offered as well; the rest are the positional
# arguments before. It answers from what it remembers, and asks nobody. Nothing that it says is evaluated.
_stdbpy_ask() {
  local question=$1 paths=$2 program=${stdbpy_typed[1]} ret=1
  local -a names
  # _arguments also tries what stands for an option as an argument.
  [[ $PREFIX == -* ]] && (( ! $stdbpy_typed[(Ie)--] )) && return 1
  shift 2
  [[ $program == \~/* ]] && program=$HOME/${program#\~/}
  (( $+commands[$program] )) || [[ $program == */* && -x $program ]] || program=stdbpy
  names=(${(f)"$(command $program __complete $question "$@" -- "${(@)stdbpy_typed[2,-1]}" </dev/null 2>/dev/null)"})
  (( $#names )) && compadd "$expl[@]" -a names && ret=0
  case $paths in
    files) _files && ret=0 ;;
    folders) _path_files -/ && ret=0 ;;
  esac
  return ret
}

_stdbpy_words_or_folders() {
  local ret=1
  compadd "$expl[@]" -- "$@" && ret=0
  _path_files -/ && ret=0
  return ret
}

_stdbpy_no_argument() {
  return 1
}

_stdbpy() {
  local -a stdbpy_typed=("${(@Q)words[1,CURRENT-1]}")
  _stdbpy_program
}"""

_END = r"""
# zsh runs this file as the function itself when it loads it, and as a script if somebody sources it.
if [[ $funcstack[1] == _stdbpy ]]; then
  _stdbpy "$@"
else
  compdef _stdbpy stdbpy
fi
"""
