"""Bytes that are no messages: the connection ends, and takes nothing with it."""

from __future__ import annotations

import contextlib
import random
import struct

import pytest

from stdbpy.server import RunningServer
from stdbpy.server.postgres import connection
from stdbpy.server.postgres.messages import (
    LARGEST_MESSAGE,
    BrokenMessageError,
    first_message,
    message_head,
    parameters_of,
    text_of,
)
from tests.server.postgres import wire

START = wire.startup(user="ada", database="notes")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        struct.pack(">ii", -5, wire.VERSION_3),
        struct.pack(">ii", 3, wire.VERSION_3),
        struct.pack(">ii", 2**31 - 1, wire.VERSION_3),
        struct.pack(">ii", 10_001, wire.VERSION_3),
        struct.pack(">ii", 9, 2 << 16) + b"\0",
        struct.pack(">ii", 13, wire.VERSION_3) + b"user\0",
    ],
)
def test_before_the_session_begins(port: int, sent: bytes) -> None:
    with wire.connected(port) as session:
        session.send(sent)
        assert session.rest() == []


@pytest.mark.parametrize(
    "sent",
    [
        wire.query("SELECT * FROM note"),
        wire.message(b"S"),
        wire.message(b"X"),
        wire.message(b"p", b"no end"),
        b"p" + struct.pack(">i", 10_001),
        b"p" + struct.pack(">i", -1),
    ],
)
def test_instead_of_a_password(port: int, sent: bytes) -> None:
    with wire.connected(port) as session:
        session.send(START, sent)
        assert session.rest() == [(b"R", struct.pack(">i", 3))]


@pytest.mark.parametrize(
    "sent",
    [
        b"Q" + struct.pack(">i", LARGEST_MESSAGE + 1),
        b"Q" + struct.pack(">i", 2**31 - 1),
        b"Q" + struct.pack(">i", -3),
        b"Q" + struct.pack(">i", 0),
        wire.message(b"Q", b"SELECT * FROM note"),
        wire.message(b"Q", b"SELECT * FROM note\0SELECT"),
        wire.message(b"Q"),
        wire.message(b"F", b"a function"),
        wire.message(b"\xff"),
    ],
)
def test_instead_of_a_query(server: RunningServer, port: int, sent: bytes) -> None:
    with wire.logged_in(port, "notes", server.owner_token) as session:
        session.send(sent)
        assert session.rest() == []


def test_text_that_is_not_utf_8(server: RunningServer, port: int) -> None:
    with wire.logged_in(port, "notes", server.owner_token) as session:
        session.send(wire.message(b"Q", b"SELECT \xff\0"))
        assert wire.told(session.until(b"Z")).error["C"] == "XX000"


def test_a_client_that_says_nothing(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STARTUP_PATIENCE", 0.05)
    with wire.connected(port) as session:
        session.send(START[:6])
        assert session.rest() == []


def test_random_bytes_leave_the_server_as_it_was(server: RunningServer, port: int) -> None:
    dice = random.Random(2803)
    whole = START + wire.password(server.owner_token) + wire.query("SELECT * FROM note") + wire.message(b"X")
    for _ in range(300):
        sent = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            sent[dice.randrange(len(sent))] = dice.randrange(256)
        with wire.connected(port) as session:
            session.send(bytes(sent[: dice.randint(1, len(sent))]))
            session.socket.shutdown(1)
            session.rest()
    with wire.logged_in(port, "notes", server.owner_token) as session:
        assert session.ask("SELECT COUNT(*) AS n FROM note").rows == [(b"0",)]


def test_what_is_read_of_any_bytes_is_a_message_or_none() -> None:
    dice = random.Random(283)
    for _ in range(20_000):
        some = dice.randbytes(dice.randrange(40))
        for read in (parameters_of, text_of):
            with contextlib.suppress(BrokenMessageError):
                read(some)
        with contextlib.suppress(BrokenMessageError):
            assert first_message(dice.randbytes(8)).rest >= 0
        with contextlib.suppress(BrokenMessageError):
            assert 0 <= message_head(dice.randbytes(5), LARGEST_MESSAGE)[1] < LARGEST_MESSAGE
