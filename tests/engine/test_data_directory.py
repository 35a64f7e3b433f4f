"""What others may see of a data directory, and a directory that has lost its register."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stdbpy.engine import Engine
from stdbpy.engine.data_folder import CONTROL_FILE, DATABASES
from stdbpy.errors import DataDirectoryError
from stdbpy.module.package import ModuleSource, pack
from stdbpy.sats import Identity

OWNER = Identity(bytes(31) + b"\1")
MODULE = b"""
from stdbpy import ReducerContext, reducer


@reducer
def nothing(ctx: ReducerContext) -> None:
    pass
"""
PROGRAM = pack(ModuleSource({"quiet.py": MODULE}, "quiet", None))


@pytest.mark.skipif(os.name != "posix", reason="modes of files are a matter of POSIX systems")
def test_nobody_else_may_look(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    before = os.umask(0)
    try:
        with Engine(folder) as engine:
            engine.publish(PROGRAM, owner=OWNER, name="quiet")
            open_to_others = [
                path
                for path in (folder, *folder.glob("*"), *folder.glob(f"{DATABASES}/*/*.sqlite*"))
                if path.stat().st_mode & 0o077
            ]
    finally:
        os.umask(before)
    assert open_to_others == []


def test_what_the_register_says_is_in_the_file_itself(tmp_path: Path) -> None:
    """Not in a file beside it, which could be lost or damaged."""
    killed = tmp_path / "killed"
    with Engine(tmp_path / "data") as engine:
        for name in ("one", "two"):
            engine.publish(PROGRAM, owner=OWNER, name=name)
        engine.add_name(engine.database("two").identity, "three")
        shutil.copytree(tmp_path / "data", killed)
    for beside in killed.glob(f"{CONTROL_FILE}-*"):
        content = beside.read_bytes()
        beside.write_bytes(content.translate(bytes(byte ^ 0x10 for byte in range(256))))
    with Engine(killed) as engine:
        assert [engine.database(name).schema.reducers[0].name for name in ("one", "two", "three")] == ["nothing"] * 3


@pytest.mark.parametrize("how", ["deleted", "emptied"])
def test_a_lost_register_is_no_empty_server(tmp_path: Path, how: str) -> None:
    with Engine(tmp_path) as engine:
        engine.publish(PROGRAM, owner=OWNER, name="quiet")
    register = tmp_path / CONTROL_FILE
    if how == "deleted":
        register.unlink()
    else:
        register.write_bytes(b"")
    with pytest.raises(DataDirectoryError, match="which says whose they are, is gone"):
        Engine(tmp_path)


@pytest.mark.parametrize("name", ["control-db", "replicas", "spacetime.pid"])
def test_the_folder_of_a_spacetimedb_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(DataDirectoryError, match="has the data of a SpacetimeDB itself"):
        Engine(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_folder_of_ours_stays_ours(tmp_path: Path) -> None:
    """Also when SpacetimeDB was started there later, which does not look."""
    Engine(tmp_path).close()
    (tmp_path / "control-db").mkdir()
    Engine(tmp_path).close()


def test_a_register_of_another_version(tmp_path: Path) -> None:
    Engine(tmp_path).close()
    for version, words in ((1, "older stdbpy"), (1000, "newer stdbpy")):
        with closing(sqlite3.connect(tmp_path / CONTROL_FILE)) as register:
            register.execute(f"PRAGMA user_version = {version}")
        with pytest.raises(DataDirectoryError, match=words) as refused:
            Engine(tmp_path)
        assert refused.value.hint
