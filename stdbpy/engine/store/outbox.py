"""Outboxes: tables whose rows are calls of a reducer in other databases."""

from __future__ import annotations

from typing import Any

from stdbpy.sats.bsatn import compile_codec, compile_columns_decoder
from stdbpy.sats.types import ProductType, Typespace
from stdbpy.sats.values import Identity
from stdbpy.schema.model import Outbox, Table


class OutboxColumns:
    """What rows of an outbox say."""

    def __init__(self, definition: Table, outbox: Outbox, row_type: ProductType, typespace: Typespace) -> None:
        assert definition.primary_key is not None, "validation refuses outboxes without one"
        self.definition = outbox
        self.signature = outbox.signature_hash.to_bytes(32, "little")
        self._key_and_target = compile_columns_decoder(
            row_type, (definition.primary_key, outbox.target_column), typespace
        )
        sent = ProductType(tuple(row_type.elements[column] for column in outbox.arg_columns))
        self._read_args = compile_columns_decoder(row_type, outbox.arg_columns, typespace)
        self._args = compile_codec(sent, typespace)

    def key_and_target(self, row: bytes) -> tuple[int, int]:
        """The row's number, and the identity of the database to call."""
        key, target = self._key_and_target(row)
        return key, int.from_bytes(target, "big") if isinstance(target, Identity) else target

    def args(self, row: bytes) -> bytes:
        """BSATN of the arguments to call with, one after the other."""
        values: tuple[Any, ...] = self._read_args(row)
        return self._args.encode(values)
