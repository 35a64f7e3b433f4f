"""The names that shells complete with: remembered for a while, never in the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.project.known_names import LIFETIME, KnownNames
from stdbpy.sats.types import UNIT, Primitive
from stdbpy.schema import Lifecycle, ModuleSchema, Procedure, Reducer, Submodule, Table

SERVER = "http://127.0.0.1:3000"
SCHEMA = ModuleSchema(
    tables=(Table("person", "person", 0, ()), Table("message", "message", 0, ())),
    reducers=(Reducer("add", "add", UNIT), Reducer("init", "init", UNIT, Lifecycle.INIT)),
    procedures=(Procedure("total", "total", UNIT, Primitive.U64),),
    submodules=(Submodule("auth", "auth", ModuleSchema(reducers=(Reducer("log_in", "log_in", UNIT),))),),
)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(tmp_path: Path, clock: Clock) -> KnownNames:
    return KnownNames(tmp_path / "cache" / "names", clock=clock)


def test_what_was_seen_is_known(known: KnownNames) -> None:
    known.remember_databases(SERVER, ["chat", "game"])
    known.remember_schema(SERVER, "chat", SCHEMA)
    known.remember_databases(SERVER, ["chat"])
    assert known.databases(SERVER) == ["chat", "game"]
    assert known.databases("HTTP://127.0.0.1:3000/") == ["chat", "game"]
    assert known.databases("http://127.0.0.1:3001") == []
    assert known.names(SERVER, "chat", "table", "view") == ["message", "person"]
    assert known.names(SERVER, "chat", "reducer", "procedure") == ["add", "auth.log_in", "total"]
    assert known.names(SERVER, "game", "table") == known.names(SERVER, "other", "table") == []
    known.forget(SERVER, "chat")
    assert known.databases(SERVER) == ["game"]


def test_names_grow_old(known: KnownNames, clock: Clock) -> None:
    known.remember_databases(SERVER, ["chat", "game"])
    clock.now += LIFETIME
    known.remember_databases(SERVER, ["game"])
    clock.now += 1
    assert known.databases(SERVER) == ["game"]
    clock.now -= 2 * LIFETIME  # a clock that was put back
    assert known.databases(SERVER) == []


def test_what_a_shell_could_take_for_something_else_is_left_out(known: KnownNames) -> None:
    known.remember_databases(SERVER, ["a b", "$(reboot)", "x;y", "-n\n", "größe", "fine-1"])
    assert known.databases(SERVER) == ["fine-1", "größe"]
    known.remember_schema(SERVER, "`x`", SCHEMA)
    assert known.databases(SERVER) == ["fine-1", "größe"]


def test_the_file_is_for_its_owner_alone(known: KnownNames, tmp_path: Path) -> None:
    known.remember_databases(SERVER, ["chat"])
    (file,) = (tmp_path / "cache" / "names").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"version": 2}',
        b'{"version": 1, "databases": {"a": 1}}',
        b"[" * 100_000,
        json.dumps({"version": 1, "server": SERVER, "databases": {"a": {"seen": "x"}}}).encode(),
        json.dumps({"version": 1, "server": "http://other", "databases": {"a": {"seen": 1_000_000}}}).encode(),
    ],
)
def test_a_broken_file_is_written_anew(known: KnownNames, tmp_path: Path, content: bytes) -> None:
    known.remember_databases(SERVER, ["chat"])
    (file,) = (tmp_path / "cache" / "names").iterdir()
    file.write_bytes(content)
    assert known.databases(SERVER) == []
    known.remember_databases(SERVER, ["game"])
    assert known.databases(SERVER) == ["game"]


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    known = KnownNames(tmp_path / "file" / "names")
    known.remember_databases(SERVER, ["chat"])
    known.forget(SERVER, "chat")
    assert known.databases(SERVER) == []


def test_many_names_do_not_grow_the_file_without_end(known: KnownNames, clock: Clock) -> None:
    for number in range(5):
        clock.now += 1
        known.remember_databases(SERVER, [f"db-{number}-{place}" for place in range(150)])
    names = known.databases(SERVER)
    assert len(names) == 200
    assert sum(name.startswith("db-4-") for name in names) == 150


def test_reading_imports_next_to_nothing() -> None:
    program = (
        "import sys\n"
        "from stdbpy.project.known_names import KnownNames\n"
        "KnownNames().databases('http://127.0.0.1:3000')\n"
        "print(*{name.split('.')[0] for name in sys.modules} & {'tomlkit', 'httpx', 'msgspec', 'typer', 'rich'})\n"
        "print(*sorted(name for name in sys.modules if name.startswith('stdbpy.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "\nstdbpy.project stdbpy.project.known_names stdbpy.project.paths\n"
