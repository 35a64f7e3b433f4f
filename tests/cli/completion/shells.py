"""Real shells that are asked what they would offer, without anybody at a keyboard."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pytest

from stdbpy.cli.completion.scripts import FILES, folder

WITHIN = 60
"""Seconds that a shell has for one answer."""


class Shell(ABC):
    """A shell that has loaded stdbpy's script, with ``environment`` and in the folder ``at``."""

    name: str

    def __init__(self, environment: dict[str, str], at: Path, script: Path | None = None) -> None:
        if shutil.which(self.name) is None:
            pytest.skip(f"{self.name} is not installed here")
        self.environment = environment
        self.at = at
        self.script = script or folder() / FILES[self.name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    @abstractmethod
    def offers(self, line: str) -> list[str]:
        """What is offered for the word at the end of ``line``: of ``--format=json`` only what is after the ``=``."""


class Bash(Shell):
    """The function is called as bash calls it; :class:`TypedBash` sees to it that this is how."""

    name = "bash"
    _ASK = """
        source "$1"; COMP_LINE=$2; COMP_POINT=${#2}; shift 2
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); piece=${!#}
        if [[ $piece == [=:] ]]; then piece=''; fi
        compopt() { :; }
        _stdbpy stdbpy "$piece" ''
        printf '%s\\n' "${COMPREPLY[@]}"
    """

    def offers(self, line: str) -> list[str]:
        words = [piece for word in line.split(" ") for piece in re.findall(r"[=:]+|[^=:]+", word) or [""]]
        done = subprocess.run(
            ["bash", "--norc", "--noprofile", "-c", self._ASK, "bash", str(self.script), line, *words],
            env=self.environment, cwd=self.at, capture_output=True, text=True, timeout=WITHIN, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        front = re.split("[=:]", line.rpartition(" ")[2])[-1]
        assert all(word.startswith(front) for word in done.stdout.split())
        return done.stdout.splitlines() if done.stdout.strip() else []


class Fish(Shell):
    name = "fish"

    def offers(self, line: str) -> list[str]:
        return [text.partition("\t")[0] for text in self.lines(line)]

    def lines(self, line: str) -> list[str]:
        """With the description behind each."""
        done = subprocess.run(
            ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", str(self.script), line],
            env=self.environment, cwd=self.at, capture_output=True, text=True, timeout=WITHIN, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        # fish has no words: what it offers is the whole word, with its --option=.
        front = line.rpartition(" ")[2].rpartition("=")
        return [text.removeprefix(f"{front[0]}=") if front[1] else text for text in done.stdout.splitlines()]


class Typed(Shell):
    """A shell at a terminal, into which keys are typed."""

    _READY = "READY> "
    _arguments: tuple[str, ...]
    _set_up: str

    def __enter__(self) -> Self:
        self._answers = Path(tempfile.mkdtemp(dir=self.at.parent)) / "answers"
        os.mkfifo(self._answers)
        environment = {**self.environment, "ANSWERS": str(self._answers), "SCRIPT": str(self.script), "TERM": "dumb"}
        self._terminal = pexpect.spawn(
            self.name, list(self._arguments), env=environment, cwd=str(self.at), timeout=WITHIN, encoding="utf-8",
            dimensions=(200, 200), echo=False,
        )  # fmt: skip
        self._terminal.sendline(f"source {self._set_up_file()}")
        assert self._answer() == "ready"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._terminal.close(force=True)

    def completed(self, line: str) -> str:
        """What the line is after the tab key."""
        self._terminal.send(f"{line}\t\x07")
        return self._answer()

    def _set_up_file(self) -> Path:
        path = self._answers.with_name("set_up")
        path.write_text(self._set_up)
        return path

    def _answer(self) -> str:
        """What the shell writes when it is asked with ^G. Opening the pipe waits for the shell to open it too."""
        return self._answers.read_text().removesuffix("\n")


class TypedBash(Typed):
    name = "bash"
    _arguments = ("--norc", "--noprofile", "-i")
    _set_up = """
        source "$SCRIPT"
        bind 'set bell-style none'
        bind -x '"\\C-g": printf "%s\\n" "$READLINE_LINE" >"$ANSWERS"; READLINE_LINE='
        echo ready >"$ANSWERS"
    """

    def offers(self, line: str) -> list[str]:
        return [self.completed(line)]


class Zsh(Typed):
    name = "zsh"
    _arguments = ("-f", "-i")
    _set_up = """
        fpath=("${SCRIPT:h}" $fpath)
        autoload -Uz compinit && compinit -u -D
        zstyle ':completion:*' list-prompt ''
        setopt no_beep
        offered=() shown=()
        compadd() {
          # The functions of zsh's own use these forms to sort words, not to offer them.
          if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then
            builtin compadd "$@"
            return
          fi
          local -a hits displayed
          local place=${@[(i)-d]}
          if (( place < $# )) && [[ ${@[place+1]} != \\(* ]]; then displayed=("${(@P)@[place+1]}"); fi
          builtin compadd -A hits -D displayed "$@"
          offered+=("${(@)hits}")
          shown+=("${(@)displayed}")
          builtin compadd "$@"
        }
        answer() {
          case $1 in
            line) print -r -- "$BUFFER" ;;
            offered) print -rl -- "${(@u)offered}" ;;
            shown) print -rl -- "${(@u)shown}" ;;
          esac >"$ANSWERS"
          offered=() shown=() BUFFER=''
        }
        line() { answer line }; offered() { answer offered }; shown() { answer shown }
        zle -N line; zle -N offered; zle -N shown
        bindkey '^I' complete-word '^G' line '^O' offered '^Y' shown
        print ready >"$ANSWERS"
    """

    def offers(self, line: str) -> list[str]:
        return self._typed(line, "\x0f")

    def lines(self, line: str) -> list[str]:
        """With the description beside each."""
        return self._typed(line, "\x19")

    def _typed(self, line: str, key: str) -> list[str]:
        self._terminal.send(f"{line}\t{key}")
        answer = self._answer()
        return answer.splitlines() if answer else []
