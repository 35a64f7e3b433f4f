"""``stdbpy sql`` beside the official program, on the real server."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from tests import real_servers
from tests.cli.conftest import Run
from tests.real_servers import RealServer

pytestmark = pytest.mark.real

DATABASE = "sql-beside-the-official"

Official = Callable[..., str]


@pytest.fixture(scope="module")
def owner(real_server: RealServer) -> str:
    """The token of the owner of a database with tables of every type."""
    with ApiClient(real_server.url) as api:
        token = api.create_identity().token
    with ApiClient(real_server.url, token) as api:
        api.publish(real_servers.wasm("sdk_test-2.8.3"), DATABASE)
    return token


@pytest.fixture
def official(owner: str, real_server: RealServer, tmp_path: Path) -> Official:
    """What the official program writes for a query."""
    program = real_servers.program("spacetimedb-cli-2.8.3")
    config = tmp_path / "official.toml"
    config.write_text(f'spacetimedb_token = "{owner}"\n')

    def official(query: str, *options: str) -> str:
        command = [program, "--config-path", config, "sql", "-s", real_server.url, DATABASE, query, *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    return official


@pytest.fixture(autouse=True)
def as_owner(owner: str, real_server: RealServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_TOKEN", owner)
    monkeypatch.setenv("STDBPY_SERVER", real_server.url)


def without_spaces_at_ends(table: str) -> list[str]:
    return [line.rstrip() for line in table.splitlines()]


def test_tables_and_json_of_doubles(run: Run, official: Official) -> None:
    chance = random.Random(7)
    numbers = [chance.uniform(-1e7, 1e7) for _ in range(200)]
    numbers += [10.0 ** chance.uniform(-300, 300) for _ in range(100)]
    values = ", ".join(f"({Decimal(repr(number)):f})" for number in numbers)
    inserted = run("sql", DATABASE, f"INSERT INTO one_f_64 (n) VALUES {values}")
    assert inserted.code == 0, inserted.err
    query = "SELECT * FROM one_f_64"

    ours = without_spaces_at_ends(run("sql", DATABASE, query, "--format", "table").out)
    theirs = without_spaces_at_ends(official(query))

    assert len(ours) == 302
    assert sorted(ours[2:]) == sorted(theirs[2:])
    # Both are the server's answer but for the time it took.
    answers = [
        json.loads(run("sql", DATABASE, query, "--format", "json").out),
        json.loads(official(query, "--format", "json")),
    ]
    assert answers[0][0]["rows"] == answers[1][0]["rows"]
    assert answers[0][0]["schema"] == answers[1][0]["schema"]


@pytest.mark.parametrize(
    ("statement", "marked"),
    [
        ("SELECT * FRM one_u_8", "         ^^^"),
        ("SELECT * FROM one_u8x", "              ^^^^^^^"),
        ("SELECT * FROM one_u_8 WHERE nn = 1", "                            ^^"),
        ("SELECT * FROM one_u_8 WHERE n = 256", "                                ^^^"),
        ("SELECT * FROM one_u_8 ORDER BY n", "                      ^^^^^"),
        ("SELECT * FROM one_u_8 WHERE (n = 1", "                                  ^"),
    ],
)
def test_refusals_show_the_place(run: Run, statement: str, marked: str) -> None:
    done = run("sql", DATABASE, statement)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[1:3] == [f"  {statement}", f"  {marked}"]


def test_several_statements(run: Run) -> None:
    done = run(
        "sql",
        DATABASE,
        "DELETE FROM one_u_8; INSERT INTO one_u_8 (n) VALUES (1), (2); UPDATE one_u_8 SET n = 3 WHERE n = 2; "
        "SELECT n FROM one_u_8 WHERE n = 3",
        "--confirmed",
        "true",
    )
    assert (done.code, done.out) == (0, '{"n":3}\n')
    assert done.err.splitlines()[1:] == ["2 rows inserted", "1 row updated"]
