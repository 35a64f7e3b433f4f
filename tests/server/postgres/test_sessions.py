"""Logging in, asking, being refused, and the end."""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Iterator

import psycopg
import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import CannotListen
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer, ServerConfig
from stdbpy.server.postgres import connection
from tests.server.postgres import wire
from tests.server.postgres.conftest import NOTES


@pytest.fixture
def strangers_token(server: RunningServer) -> str:
    with ApiClient(server.url) as api:
        return api.create_identity().token


@pytest.fixture(scope="module")
def owner(server: RunningServer, port: int) -> Iterator[wire.Wire]:
    with wire.logged_in(port, "notes", server.owner_token) as logged_in:
        yield logged_in


def test_the_server_says_what_it_is(server: RunningServer, port: int) -> None:
    with wire.connected(port) as session:
        greeting = session.log_in("notes", server.owner_token)
    settings = dict(body.decode().split("\0")[:2] for kind, body in greeting if kind == b"S")
    assert settings["server_version"] == "spacetime 2.8.3"
    assert settings["session_authorization"] == "ada"
    assert [kind for kind, _ in greeting if kind != b"S"] == [b"R", b"K", b"Z"]


def test_rows_and_changes(owner: wire.Wire) -> None:
    assert owner.ask("INSERT INTO note (number, text) VALUES (7, 'seven')").tag.startswith("inserted: 1, server: ")
    told = owner.ask("SELECT * FROM note WHERE number = 7")
    assert told.columns == [("number", 20), ("text", 1043)]
    assert (told.rows, told.tag) == ([(b"7", b"seven")], "SELECT 1")
    assert owner.ask("DELETE FROM note WHERE number = 7").tag.startswith("deleted: 1, server: ")


@pytest.mark.parametrize("text", ["", " ; ", "\n"])
def test_no_statement_at_all(owner: wire.Wire, text: str) -> None:
    owner.send(wire.query(text))
    assert owner.until(b"Z") == [(b"I", b""), (b"Z", b"I")]


def test_a_session_goes_on_after_an_error(owner: wire.Wire) -> None:
    error = owner.ask("SELECT nope FROM note").error
    assert (error["S"], error["C"]) == ("ERROR", "XX000")
    assert "nope" in error["M"]
    assert error["H"] == "Its columns: number, text."
    assert owner.ask("SELECT COUNT(*) AS n FROM note").columns == [("n", 1700)]


def test_strangers_may_read_what_is_public(port: int, strangers_token: str) -> None:
    with wire.logged_in(port, "notes", strangers_token) as stranger:
        assert not stranger.ask("SELECT * FROM note").error
        assert "secret" in stranger.ask("SELECT * FROM secret").error["M"]
        assert stranger.ask("DELETE FROM note").error["C"] == "XX000"


def test_sessions_are_not_mixed_up(owner: wire.Wire, port: int, strangers_token: str) -> None:
    with wire.logged_in(port, "notes", strangers_token) as stranger:
        assert not owner.ask("SELECT * FROM secret").error
        assert stranger.ask("SELECT * FROM secret").error


@pytest.mark.parametrize(
    ("database", "token", "code"),
    [("nope", None, "3D000"), ("no name!", None, "3D000"), ("notes", "nope", "28P01"), ("notes", "", "28P01")],
)
def test_who_is_not_let_in(
    server: RunningServer,
    port: int,
    database: str,
    token: str | None,
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG), wire.connected(port) as session:
        [(kind, body)] = session.log_in(database, server.owner_token if token is None else token)
        assert session.rest() == []
    error = wire.error_fields(body)
    assert (kind, error["S"], error["C"]) == (b"E", "FATAL", code)
    assert not token or token not in caplog.text


def test_databases_go_by_their_names_alone(server: RunningServer, port: int) -> None:
    identity = server.backend.engine.database("notes").identity.hex()
    with wire.connected(port) as session:
        [(kind, _)] = session.log_in(identity, server.owner_token)
    assert kind == b"E"


def test_a_database_that_goes_away(server: RunningServer, port: int) -> None:
    with ApiClient(server.url, server.owner_token) as api:
        api.publish(pack(ModuleSource({"notes.py": NOTES}, "notes", None)), "passing")
        with wire.logged_in(port, "passing", server.owner_token) as session:
            api.delete("passing")
            session.send(wire.query("SELECT * FROM note"))
            [(_, body)] = session.rest()
    assert wire.error_fields(body)["C"] == "3D000"


def test_encryption_is_refused_and_the_session_goes_on(server: RunningServer, port: int) -> None:
    with wire.connected(port) as session:
        for code in (80877103, 80877104):
            session.send(struct.pack(">ii", 8, code))
            assert session.read(1) == b"N"
        assert session.log_in("notes", server.owner_token)[-1] == (b"Z", b"I")


def test_newer_versions_of_the_protocol(server: RunningServer, port: int) -> None:
    with wire.connected(port) as session:
        session.send(wire.startup(wire.VERSION_3 + 9, database="notes"))
        assert session.next() == (b"v", struct.pack(">ii", 2, 0))
        assert session.next()[0] == b"R"
        session.send(wire.password(server.owner_token))
        assert session.until(b"Z")


def test_who_wants_to_cancel_a_query_is_let_go(port: int) -> None:
    with wire.connected(port) as session:
        session.send(struct.pack(">iiii", 16, 80877102, 0, 0))
        assert session.rest() == []


def test_prepared_statements_are_refused(owner: wire.Wire) -> None:
    parse = wire.message(b"P", b"\0SELECT * FROM note\0\0\0")
    bind = wire.message(b"B", b"\0\0\0\0\0\0\0\0")
    owner.send(parse, bind, wire.query("SELECT * FROM note"), wire.message(b"S"), wire.query(""))
    [(kind, error), ready] = owner.until(b"Z")
    assert (kind, wire.error_fields(error)["C"], ready) == (b"E", "0A000", (b"Z", b"I"))
    assert owner.until(b"Z") == [(b"I", b""), (b"Z", b"I")]
    owner.send(wire.message(b"C", b"S\0"), wire.message(b"H"), wire.message(b"S"))
    assert owner.until(b"Z") == [(b"3", b""), (b"Z", b"I")]


def test_many_rows(server: RunningServer, owner: wire.Wire) -> None:
    with ApiClient(server.url, server.owner_token) as api:
        api.call("notes", "fill", [5000, 1])
    told = owner.ask("SELECT * FROM note")
    assert (len(told.rows), told.tag) == (5000, "SELECT 5000")
    assert owner.ask("DELETE FROM note").tag.startswith("deleted: 5000, ")


def test_a_client_that_does_not_read(server: RunningServer, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "READ_PATIENCE", 0.2)
    with ApiClient(server.url, server.owner_token) as api:
        api.call("notes", "fill", [2000, 10_000])
    connections = server._server._postgres._connections
    before = set(connections)
    try:
        with wire.logged_in(port, "notes", server.owner_token) as slow:
            [its] = connections.keys() - before
            slow.send(wire.query("SELECT * FROM note"))
            with wire.logged_in(port, "notes", server.owner_token) as other:
                assert other.ask("SELECT COUNT(*) AS n FROM note").rows == [(b"2000",)]
                while its in connections:
                    other.ask("")
            with pytest.raises(EOFError):
                slow.until(b"Z")
    finally:
        with wire.logged_in(port, "notes", server.owner_token) as other:
            other.ask("DELETE FROM note")


def test_psycopg(server: RunningServer, port: int) -> None:
    with (
        psycopg.connect(
            host="127.0.0.1", port=port, dbname="notes", user="any", password=server.owner_token, autocommit=True
        ) as session,
        session.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO note (number, text) VALUES (1, 'ä')")
        assert cursor.execute("SELECT * FROM note").fetchall() == [(1, "ä")]
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            cursor.execute("SELECT * FROM note WHERE number = %s", (1,))
        assert cursor.execute("DELETE FROM note").statusmessage.startswith("deleted: 1, server: ")


def test_the_end_of_the_server() -> None:
    config = ServerConfig(listen_addr="127.0.0.1:0", pg_port=0)
    with RunningServer(config) as server, ApiClient(server.url, server.owner_token) as api:
        api.publish(pack(ModuleSource({"notes.py": NOTES}, "notes", None)), "notes")
        port = server.pg_port
        assert port is not None
        with wire.logged_in(port, "notes", server.owner_token) as idle, wire.connected(port) as silent:
            server.__exit__(None, None, None)
            [(_, body)] = idle.rest()
            assert wire.error_fields(body)["C"] == "57P01"
            silent.rest()
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{port} for PostgreSQL clients") as taken:
            RunningServer(ServerConfig(listen_addr="127.0.0.1:0", pg_port=port)).__enter__()
    assert "--pg-port" in taken.value.hint


def test_without_a_port_nobody_listens() -> None:
    with RunningServer() as server:
        assert server.pg_port is None
