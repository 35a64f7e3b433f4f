"""The connected clients, which the database keeps in ``st_client`` and ``st_connection_credentials``: so it
knows after a crash who was connected."""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.system_tables.definitions import SYSTEM, TABLE_IDS
from stdbpy.engine.transaction import Transaction
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import ConnectionId, Identity

_CLIENTS, _CREDENTIALS = TABLE_IDS["st_client"], TABLE_IDS["st_connection_credentials"]
_CREDENTIAL = compile_codec(SYSTEM.row_type(SYSTEM.tables_by_name["st_connection_credentials"]))


def note_client(caller: Caller, transaction: Transaction) -> None:
    """The client has connected."""
    connection = caller.connection_id
    if connection is not None:
        transaction.insert(_CLIENTS, _row(caller.identity, connection))
        transaction.insert(_CREDENTIALS, _CREDENTIAL.encode((int.from_bytes(connection, "big"), caller.claims or "")))


def is_noted(caller: Caller, store: Store) -> bool:
    """Whether it is there, as all are that have connected; one without a connection id cannot be."""
    connection = caller.connection_id
    return connection is None or _row(caller.identity, connection) in store.tables[_CLIENTS].rows


def forget_client(caller: Caller, transaction: Transaction) -> None:
    """The client is gone."""
    connection = caller.connection_id
    if connection is not None:
        transaction.delete(_CLIENTS, _row(caller.identity, connection))
        for row in tuple(_credentials(transaction.table(_CREDENTIALS), connection)):
            transaction.delete(_CREDENTIALS, row)


def noted_clients(transaction: Transaction) -> list[Caller]:
    """All of them."""
    return [_caller(row, transaction) for row in transaction.scan(_CLIENTS)]


def _caller(row: bytes, transaction: Transaction) -> Caller:
    # Numbers stand in rows with the least significant byte first.
    identity, connection = Identity(row[Identity.SIZE - 1 :: -1]), ConnectionId(row[: Identity.SIZE - 1 : -1])
    for credential in _credentials(transaction.table(_CREDENTIALS), connection):
        return Caller(identity, connection, _CREDENTIAL.decode(credential)[1] or None)
    return Caller(identity, connection)


def _row(identity: Identity, connection: ConnectionId) -> bytes:
    return identity[::-1] + connection[::-1]


def _credentials(table: Table, connection: ConnectionId) -> Iterator[bytes]:
    (index,) = table.indexes
    return index.rows(connection[::-1])
