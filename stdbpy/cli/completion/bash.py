"""The completion script for bash, 3.2 and later; it needs no bash-completion.

The command tree is a function with a ``case``; the rest of the script, which is the same for any tree, reads
what was typed with it. Nothing that was typed or comes from the program is ever evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.cli.completion.tree import Node, Option, Value


def write(tree: Node) -> str:
    """The script, without a header."""
    return "\n".join((*_commands(tree), _READING))


def _commands(tree: Node) -> Iterator[str]:
    yield "# Says what the command $1 (such as 'server list') takes. An option or positional argument is"
    yield "# SPELLINGS|SHAPE|WORDS|PATHS|QUESTION, where the shape is flag, value (of its own or attached) or"
    yield "# attached (may be left out), with a + if the option may be repeated and a , if words may."
    yield "_stdbpy_command() {"
    yield "  commands='' options=() positionals=()"
    yield "  case $1 in"
    for node in tree.walk():
        yield f"    {_quoted(node.name)})"
        if node.children:
            yield f"      commands={_quoted(' '.join(child.path[-1] for child in node.children))}"
        yield from _array("options", [_option(option) for option in node.options])
        yield from _array("positionals", [f"|value|{_value(value)}" for value in node.positionals])
        yield "      ;;"
    yield "  esac"
    yield "}"


def _array(name: str, entries: list[str]) -> Iterator[str]:
    if entries:
        yield f"      {name}=("
        yield from (f"        {_quoted(entry)}" for entry in entries)
        yield "      )"


def _option(option: Option) -> str:
    if option.value is None:
        shape = "flag"
    else:
        shape = "attached" if option.may_be_left_out else "value"
        shape += ("+" if option.repeats else "") + ("," if option.value.several else "")
    return f"{' '.join(option.spellings)}|{shape}|{_value(option.value or Value(''))}"


def _value(value: Value) -> str:
    return f"{' '.join(value.words)}|{value.paths}|{value.question}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


_READING = r"""
_stdbpy() {
  local IFS=$' \t\n'
  local before=() current='' quote='' piece=${2-} commands options positionals
  local entry spellings shape words paths question
  local name word path='' used=' ' given=() awaited='' ended='' offered=''
  COMPREPLY=()
  _stdbpy_split
  piece=${piece//[\\\"\']/}
  _stdbpy_command ''
  for word in "${before[@]:1}"; do
    if [[ -n $awaited ]]; then
      awaited=''
    elif [[ -z $ended && $word == -- ]]; then
      ended=1
    elif [[ -z $ended && $word == -?* ]]; then
      _stdbpy_pass "$word"
    elif [[ -n $word && " $commands " == *" $word "* ]]; then
      path="${path:+$path }$word" ended='' used=' '
      _stdbpy_command "$path"
    else
      given+=("$word")
    fi
  done

  if [[ -n $awaited ]]; then
    _stdbpy_take "$awaited"
    _stdbpy_offer_value ''
  elif [[ -z $ended && $current == -*=* ]]; then
    if _stdbpy_find "${current%%=*}" && [[ $shape != flag ]]; then
      _stdbpy_offer_value "${current%%=*}="
    fi
  elif [[ -z $ended && $current == -* ]]; then
    _stdbpy_offer_options
  elif [[ -n $commands ]]; then
    for word in $commands; do _stdbpy_offer "$word"; done
  elif ((${#given[@]} < ${#positionals[@]})); then
    _stdbpy_take "${positionals[${#given[@]}]}"
    _stdbpy_offer_value ''
  fi
  if [[ -z $offered && -z $current && -z $ended && -z $awaited && ${#positionals[@]} -eq 0 ]]; then
    _stdbpy_offer_options
  fi
}

# Sets `before` and `current`: the words before the cursor and the one at it. bash breaks words at = and :
# as well; what stands between spaces is put together again. Quotes are taken off; `quote` is one that is open.
_stdbpy_split() {
  local line=${COMP_LINE:0:COMP_POINT} trimmed text i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=${line#"${line%%[![:space:]]*}"}
    if ((i == COMP_CWORD)); then text=$trimmed; else text=${COMP_WORDS[i]}; fi
    if ((i > 0)) && [[ $trimmed != "$line" || -z $line ]]; then
      before+=("${current//[\\\"\']/}")
      current=''
    fi
    current+=$text
    quote=${text:0:1}
    line=${trimmed#"$text"}
  done
  current=${current//[\\\"\']/}
}

_stdbpy_take() {
  local rest=$1
  spellings=${rest%%|*} rest=${rest#*|}
  shape=${rest%%|*} rest=${rest#*|}
  words=${rest%%|*} rest=${rest#*|}
  paths=${rest%%|*} question=${rest#*|}
}

# Takes the option spelt $1, or fails.
_stdbpy_find() {
  for entry in "${options[@]}"; do
    if [[ " ${entry%%|*} " == *" $1 "* ]]; then
      _stdbpy_take "$entry"
      return 0
    fi
  done
  return 1
}

# Notes the option that a word before the cursor is; short ones may stand together: -qs SERVER.
_stdbpy_pass() {
  local letters=${1#-} letter
  if [[ $1 == --* || $1 == -?=* ]]; then
    if _stdbpy_find "${1%%=*}"; then
      [[ $shape == *+* ]] || used+="$spellings "
      [[ $1 == *=* || $shape != value* ]] || awaited=$entry
    fi
    return
  fi
  while [[ -n $letters ]]; do
    letter=${letters:0:1} letters=${letters:1}
    _stdbpy_find "-$letter" || return
    [[ $shape == *+* ]] || used+="$spellings "
    if [[ $shape == value* ]]; then
      [[ -n $letters ]] || awaited=$entry
      return
    fi
  done
}

_stdbpy_offer_options() {
  for entry in "${options[@]}"; do
    for name in ${entry%%|*}; do
      [[ $used == *" $name "* ]] || _stdbpy_offer "$name"
    done
  done
}

# Offers what is to stand behind $1 (`--format=`, or nothing).
_stdbpy_offer_value() {
  local typed=${current#"$1"} front=$1
  if [[ $shape == *,* && $typed == *,* ]]; then
    front+="${typed%,*},"
  fi
  for word in $words; do
    [[ $shape == *,* && ",${front#"$1"}" == *",$word,"* ]] || _stdbpy_offer "$front$word"
  done
  if [[ -n $question ]]; then
    while IFS= read -r name; do
      _stdbpy_offer "$front$name"
    done < <(_stdbpy_ask "$question")
  fi
  # Where nothing else matches, bash itself completes paths, and quotes them as its user does.
  case $paths in
    files) compopt -o bashdefault -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
  esac
}

# Asks the program for names. It answers from what it remembers, and asks nobody.
_stdbpy_ask() {
  local program=${before[0]}
  [[ $program == \~/* ]] && program=$HOME/${program:2}
  type -P -- "$program" >/dev/null || program=stdbpy
  command "$program" __complete "$1" "${given[@]}" -- "${before[@]:1}" </dev/null 2>/dev/null
}

# Offers $1 if it begins with what stands at the cursor. Of that, bash replaces only what follows a = or :.
_stdbpy_offer() {
  local kept=$((${#current} - ${#piece}))
  [[ $1 == "$current"* ]] || return 0
  offered=1
  local text=${1:kept}
  if [[ $text == *[!a-zA-Z0-9_.,:=/@%+-]* ]]; then
    case $quote in
      \') text=${text//\'/\'\\\'\'} ;;
      \") text=${text//\\/\\\\} text=${text//\"/\\\"} text=${text//\$/\\\$} text=${text//\`/\\\`} ;;
      *) printf -v text %q "$text" ;;
    esac
  fi
  COMPREPLY+=("$text")
}

if type compopt >/dev/null 2>&1; then
  complete -F _stdbpy stdbpy
else
  complete -o bashdefault -o default -F _stdbpy stdbpy
fi
"""
