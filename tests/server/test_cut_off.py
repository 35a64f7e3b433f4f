"""A request whose body is cut off is not carried out: half a statement can mean much more than a whole one."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer

MODULE = b"""
from stdbpy import ReducerContext, column, reducer, table, u32


@table(public=True)
class Item:
    id: u32 = column(primary_key=True)


@reducer
def add(ctx: ReducerContext, id: u32) -> None:
    ctx.db.item.insert(Item(id=id))
"""

LENGTH = b"content-length: 29\r\n\r\nDELETE FROM item"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n10\r\nDELETE FROM item\r\n"


@pytest.mark.parametrize("rest", [LENGTH, CHUNKED], ids=["length", "chunked"])
def test_half_a_statement_deletes_nothing(rest: bytes) -> None:
    with RunningServer() as server, ApiClient(server.url, server.owner_token) as api:
        api.publish(pack(ModuleSource({"items.py": MODULE}, "items", None)), "items")
        api.call("items", "add", [1])
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(
                f"POST /v1/database/items/sql HTTP/1.1\r\nhost: {address.netloc}\r\n"
                f"authorization: Bearer {server.owner_token}\r\n".encode()
                + rest
            )
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        [result] = api.sql("items", "SELECT * FROM item")
        assert result.rows == [[1]]
