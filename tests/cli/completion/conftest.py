"""A user with a few names that commands saw lately, and a program that tells when it is called."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stdbpy.project.known_names import KnownNames
from stdbpy.sats.types import UNIT, Primitive
from stdbpy.schema import ModuleSchema, Procedure, Reducer, Table
from tests.cli.completion.shells import Bash, Fish, Shell, Zsh

LOCAL = "http://127.0.0.1:3000"
OTHER = "http://127.0.0.1:4000"

SCHEMA = ModuleSchema(
    tables=(Table("person", "person", 0, ()), Table("message", "message", 0, ())),
    reducers=(Reducer("send_message", "send_message", UNIT), Reducer("set_name", "set_name", UNIT)),
    procedures=(Procedure("total", "total", UNIT, Primitive.U64),),
)
HOSTILE = ("a b", "it's", 'say "hi"', "$(touch ran)", "`touch ran`", "x;touch ran", "*", "back\\slash")
"""Names that a stranger's files could have."""


class User:
    """A home, a folder to work in, and what was asked of the program."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.at = self.home / "work"
        self.at.mkdir(parents=True)
        self._calls = root / "calls"
        programs = root / "bin"
        programs.mkdir()
        (programs / "stdbpy").write_text(
            f'#!/bin/sh\necho "$@" >>{shlex.quote(str(self._calls))}\n'
            f'exec {shlex.quote(sys.executable)} -m stdbpy.cli "$@"\n'
        )
        (programs / "stdbpy").chmod(0o755)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("STDBPY_", "XDG_"))
        } | {
            "HOME": str(self.home),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "ZDOTDIR": str(self.home),
        }

    @property
    def names(self) -> KnownNames:
        return KnownNames(self.home / ".cache" / "stdbpy" / "names")

    def calls(self) -> list[str]:
        """What the program was called with since the last look."""
        if not self._calls.exists():
            return []
        calls = self._calls.read_text().splitlines()
        self._calls.unlink()
        return calls

    def write_cli_toml(self, text: str) -> None:
        path = self.home / ".config" / "spacetime" / "cli.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    user = User(tmp_path_factory.mktemp("user"))
    user.names.remember_schema(LOCAL, "chat", SCHEMA)
    user.names.remember_databases(LOCAL, ["game"])
    user.names.remember_databases(OTHER, ["far"])
    hosts = "\n".join(
        f"[[server_configs]]\nhost = \"127.0.0.1:5{place:03}\"\nprotocol = \"http\"\nnickname = '''{name}'''\n"
        for place, name in enumerate(HOSTILE)
    )
    user.write_cli_toml(hosts)
    (user.at / "module one.wasm").touch()
    (user.at / "folder").mkdir()
    return user


@pytest.fixture(scope="module", params=[Bash, Zsh, Fish], ids=lambda shell: shell.name)
def shell(request: pytest.FixtureRequest, user: User) -> Iterator[Shell]:
    with request.param(user.environment, user.at) as shell:
        yield shell
