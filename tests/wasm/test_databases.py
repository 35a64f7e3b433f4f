"""Programs built from Python as databases: on the embedded server and on the real ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ReducerFailed
from stdbpy.server.config import ServerConfig
from stdbpy.server.run import RunningServer
from stdbpy.wasm.built import BuiltWasm

SERVERS = [
    pytest.param("embedded", marks=pytest.mark.long),
    *(pytest.param(fixture, marks=pytest.mark.real) for fixture in ("real_server", "old_real_server")),
]
COMPILES_WITHIN = 300.0
"""Seconds: real servers compile a program before they answer."""


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "embedded":
        with RunningServer(ServerConfig(listen_addr="127.0.0.1:0")) as running:
            yield running.url
    else:
        yield request.getfixturevalue(request.param).url


@pytest.mark.timeout(2 * COMPILES_WITHIN)
def test_a_database_of_people(url: str, people: BuiltWasm) -> None:
    serves_people(url, people.program)


@pytest.mark.long
@pytest.mark.timeout(2 * COMPILES_WITHIN)
def test_another_program(url: str, people: BuiltWasm) -> None:
    with ApiClient(url) as anyone, ApiClient(url, anyone.create_identity().token, timeout=COMPILES_WITHIN) as api:
        database = api.publish(people.program, None).database_identity.hex()
        api.publish(people.program.replace(b"a person has a name", b"a person has a NAME"), database)
        with pytest.raises(ReducerFailed, match="a person has a NAME"):
            api.call(database, "add", [""])


def serves_people(url: str, program: bytes) -> None:
    """Publishes a program of :data:`tests.wasm.building.PEOPLE`, and uses it."""
    with ApiClient(url) as anyone, ApiClient(url, anyone.create_identity().token, timeout=COMPILES_WITHIN) as api:
        database = api.publish(program, None).database_identity.hex()
        for name in ("Ann", "Bob"):
            api.call(database, "add", [name])
        with pytest.raises(ReducerFailed, match="a person has a name"):
            api.call(database, "add", [""])
        api.call(database, "describe")

        [result] = api.sql(database, "SELECT * FROM person")
        assert sorted(result.rows) == [[1, "Ann"], [2, "Bob"]]
        lines = [(line.message, line.filename, line.line_number) for line in api.logs(database)]
        assert ("added Bob", "game.py", 13) in lines
        assert ("3 2", "game.py", 19) in lines  # what the function has imported was there
