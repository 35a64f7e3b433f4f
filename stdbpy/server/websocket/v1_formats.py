"""The two formats of protocol v1: what rows, arguments and frames are in each."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import msgspec

from stdbpy.engine.connection import Arguments
from stdbpy.engine.store.table import Table
from stdbpy.engine.subscriptions.changes import RowChanges
from stdbpy.engine.views.declared import ViewTable
from stdbpy.errors import DecodeError, SatsError
from stdbpy.protocol.compression import Compression
from stdbpy.protocol.row_list import NO_ROWS, RowList
from stdbpy.protocol.v1 import codec, json_codec
from stdbpy.protocol.v1 import messages as m
from stdbpy.sats.satsjson import Form as RowForm
from stdbpy.sats.satsjson import JsonCodec, compile_json_codec
from stdbpy.schema.model import ModuleSchema
from stdbpy.server.functions import Functions
from stdbpy.server.websocket.speaker import Frame

OneUpdate = Any
"""A ``CompressableQueryUpdate`` in BSATN, a ``QueryUpdate`` in JSON."""


class Format(Protocol):
    key: Hashable
    """The same for formats that encode to the same."""
    no_arguments: m.Encoded
    no_rows: m.Rows

    def decode(self, frame: Frame) -> m.ClientMessage:
        """Raises ``DecodeError``."""

    def encode(self, message: m.ServerMessage) -> Frame: ...

    def arguments(self, reducer: str, args: m.Encoded) -> Arguments:
        """As the database takes them."""

    def procedure_arguments(self, procedure: str, args: m.Encoded) -> Arguments:
        """As :meth:`arguments`."""

    def returned(self, schema: ModuleSchema, procedure: str, value: bytes) -> m.Encoded:
        """What a procedure has returned."""

    def arguments_of_others(self, schema: ModuleSchema, reducer: str, args: bytes) -> m.Encoded:
        """As clients are told of them."""

    def rows(self, table: Table, rows: Sequence[bytes]) -> m.Rows: ...

    def update(self, deletes: m.Rows, inserts: m.Rows) -> OneUpdate: ...

    def changes(self, changes: RowChanges) -> OneUpdate:
        """Made once for all clients of the format."""


class BsatnFormat:
    no_arguments: m.Encoded = b""
    no_rows: m.Rows = NO_ROWS

    def __init__(self, compression: Compression) -> None:
        self.key: Hashable = "v1.bsatn", compression
        self._compression = compression

    def decode(self, frame: Frame) -> m.ClientMessage:
        if isinstance(frame, str):
            raise DecodeError("this protocol has no frames of text")
        return codec.decode_client_message(frame)

    def encode(self, message: m.ServerMessage) -> Frame:
        return codec.encode_server_message(message, self._compression)

    def arguments(self, _reducer: str, args: m.Encoded) -> Arguments:
        assert isinstance(args, bytes)
        return args

    def procedure_arguments(self, _procedure: str, args: m.Encoded) -> Arguments:
        assert isinstance(args, bytes)
        return args

    def returned(self, _schema: ModuleSchema, _procedure: str, value: bytes) -> m.Encoded:
        return value

    def arguments_of_others(self, _schema: ModuleSchema, _reducer: str, args: bytes) -> m.Encoded:
        return args

    def rows(self, _table: Table, rows: Sequence[bytes]) -> m.Rows:
        return RowList.of(rows)

    def update(self, deletes: m.Rows, inserts: m.Rows) -> OneUpdate:
        return m.Uncompressed(m.QueryUpdate(deletes, inserts))

    def changes(self, changes: RowChanges) -> OneUpdate:
        made = changes.encoded.get("v1.bsatn")
        if made is None:
            made = self.update(RowList.of(changes.deleted), RowList.of(changes.inserted))
            changes.encoded["v1.bsatn"] = made
        return made


class JsonFormat:
    """Rows of tables in answers are objects of their columns; rows of views, and all rows in updates, are arrays, as
    on the real server."""

    key: Hashable = ("v1.json",)
    no_arguments: m.Encoded = "[]"
    no_rows: m.Rows = ()

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._codecs: dict[tuple[int, RowForm], tuple[Table, JsonCodec[Any]]] = {}

    def decode(self, frame: Frame) -> m.ClientMessage:
        if isinstance(frame, bytes):
            try:
                frame = frame.decode()
            except UnicodeDecodeError:
                raise DecodeError("the message is not UTF-8") from None
        return json_codec.decode_client_message(frame)

    def encode(self, message: m.ServerMessage) -> Frame:
        return json_codec.encode_server_message(message)

    def arguments(self, reducer: str, args: m.Encoded) -> Arguments:
        assert isinstance(args, str)

        def encoded(schema: ModuleSchema) -> bytes:
            function = self._functions.find(schema, reducer)
            # To a reducer that is not there any arguments may go: the answer will say so.
            return function.encode_arguments(args) if function is not None else b""

        return encoded

    def procedure_arguments(self, procedure: str, args: m.Encoded) -> Arguments:
        assert isinstance(args, str)

        def encoded(schema: ModuleSchema) -> bytes:
            function = self._functions.find_procedure(schema, procedure)
            return function.encode_arguments(args) if function is not None else b""

        return encoded

    def returned(self, schema: ModuleSchema, procedure: str, value: bytes) -> m.Encoded:
        function = self._functions.find_procedure(schema, procedure)
        try:
            return _text(function.returned.bsatn_to_json(value)) if function is not None else "null"
        except SatsError:
            # The module was updated while the procedure ran.
            return "null"

    def arguments_of_others(self, schema: ModuleSchema, reducer: str, args: bytes) -> m.Encoded:
        function = self._functions.find(schema, reducer)
        return _text(function.arguments.bsatn_to_json(args)) if function is not None else self.no_arguments

    def rows(self, table: Table, rows: Sequence[bytes]) -> m.Rows:
        return self._texts(table, rows, "result" if isinstance(table, ViewTable) else "objects")

    def update(self, deletes: m.Rows, inserts: m.Rows) -> OneUpdate:
        return m.QueryUpdate(deletes, inserts)

    def changes(self, changes: RowChanges) -> OneUpdate:
        made = changes.encoded.get("v1.json")
        if made is None:
            deletes, inserts = (
                self._texts(changes.table, rows, "result") for rows in (changes.deleted, changes.inserted)
            )
            made = changes.encoded["v1.json"] = self.update(deletes, inserts)
        return made

    def _texts(self, table: Table, rows: Sequence[bytes], form: RowForm) -> list[str]:
        table_and_codec = self._codecs.get((table.id, form))
        if table_and_codec is None or table_and_codec[0] is not table:
            row_codec = compile_json_codec(table.row_type, table.module.typespace, form=form)
            table_and_codec = self._codecs[table.id, form] = table, row_codec
        to_json = table_and_codec[1].bsatn_to_json
        return [_text(to_json(row)) for row in rows]


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
