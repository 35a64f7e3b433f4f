"""The columns, indexes and numbers of the system tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from stdbpy.sats import types as t
from stdbpy.schema.model import (
    Column,
    Index,
    IndexAlgorithm,
    ModuleSchema,
    Table,
    UniqueConstraint,
)
from stdbpy.schema.model import Sequence as Numbered

_BOOL, _STRING = t.Primitive.BOOL, t.Primitive.STRING
_U8, _U16, _U32, _U64 = t.Primitive.U8, t.Primitive.U16, t.Primitive.U32, t.Primitive.U64
_I64, _I128, _U128, _U256 = t.Primitive.I64, t.Primitive.I128, t.Primitive.U128, t.Primitive.U256
_COLUMNS = t.ArrayType(_U16)

VARIABLE = t.sum_of(
    *(
        (primitive.value, primitive)
        for primitive in (
            _BOOL, t.Primitive.I8, _U8, t.Primitive.I16, _U16, t.Primitive.I32, _U32, _I64, _U64, _I128, _U128,
            t.Primitive.F32, t.Primitive.F64, _STRING,
        )
    )
)  # fmt: skip
"""The value of a system variable."""

_ALGORITHM = t.sum_of(("Unused", _U128), ("BTree", _COLUMNS), ("Direct", _U16), ("Hash", _COLUMNS))
_CONSTRAINT = t.sum_of(("Unused", _U128), ("Unique", _COLUMNS))


@dataclass(frozen=True, slots=True)
class _Layout:
    id: int
    name: str
    columns: dict[str, t.AlgebraicType]
    indexes: Sequence[Sequence[str]] = ()
    """The columns of each, all of them of btree kind."""
    unique: Sequence[Sequence[str]] = ()
    key: str | None = None
    sequence: int | None = None
    """The number of the sequence that numbers the key."""
    is_public: bool = True


_LAYOUTS = (
    _Layout(
        1,
        "st_table",
        {
            "table_id": _U32,
            "table_name": _STRING,
            "table_type": _STRING,
            "table_access": _STRING,
            "table_primary_key": t.option(_COLUMNS),
        },
        indexes=[["table_id"], ["table_name"]],
        unique=[["table_id"], ["table_name"]],
        key="table_id",
        sequence=1,
    ),
    _Layout(
        2,
        "st_column",
        {"table_id": _U32, "col_pos": _U16, "col_name": _STRING, "col_type": t.BYTES},
        indexes=[["table_id", "col_pos"]],
        unique=[["table_id", "col_pos"]],
    ),
    _Layout(
        3,
        "st_sequence",
        {
            "sequence_id": _U32,
            "sequence_name": _STRING,
            "table_id": _U32,
            "col_pos": _U16,
            "increment": _I128,
            "start": _I128,
            "min_value": _I128,
            "max_value": _I128,
            "allocated": _I128,
        },
        indexes=[["sequence_id"]],
        unique=[["sequence_id"]],
        key="sequence_id",
        sequence=5,
    ),
    _Layout(
        4,
        "st_index",
        {"index_id": _U32, "table_id": _U32, "index_name": _STRING, "index_algorithm": _ALGORITHM},
        indexes=[["index_id"]],
        unique=[["index_id"]],
        key="index_id",
        sequence=2,
    ),
    _Layout(
        5,
        "st_constraint",
        {"constraint_id": _U32, "constraint_name": _STRING, "table_id": _U32, "constraint_data": _CONSTRAINT},
        indexes=[["constraint_id"]],
        unique=[["constraint_id"]],
        key="constraint_id",
        sequence=3,
    ),
    _Layout(
        6,
        "st_module",
        {
            "database_identity": _U256,
            "owner_identity": _U256,
            "program_kind": _U8,
            "program_hash": _U256,
            "program_bytes": t.BYTES,
            "module_version": _STRING,
        },
    ),
    _Layout(
        7,
        "st_client",
        {"identity": _U256, "connection_id": _U128},
        indexes=[["identity", "connection_id"]],
        unique=[["identity", "connection_id"]],
    ),
    _Layout(8, "st_var", {"name": _STRING, "value": VARIABLE}, indexes=[["name"]], unique=[["name"]], key="name"),
    _Layout(
        9,
        "st_scheduled",
        {"schedule_id": _U32, "table_id": _U32, "reducer_name": _STRING, "schedule_name": _STRING, "at_column": _U16},
        indexes=[["schedule_id"], ["table_id"]],
        unique=[["schedule_id"], ["table_id"]],
        key="schedule_id",
        sequence=4,
    ),
    _Layout(
        10,
        "st_row_level_security",
        {"table_id": _U32, "sql": _STRING},
        indexes=[["table_id"], ["sql"]],
        unique=[["sql"]],
        key="sql",
    ),
    _Layout(
        11,
        "st_connection_credentials",
        {"connection_id": _U128, "jwt_payload": _STRING},
        indexes=[["connection_id"]],
        unique=[["connection_id"]],
        key="connection_id",
        is_public=False,
    ),
    _Layout(
        12,
        "st_view",
        {
            "view_id": _U32,
            "view_name": _STRING,
            "table_id": t.option(_U32),
            "is_public": _BOOL,
            "is_anonymous": _BOOL,
        },
        indexes=[["view_id"], ["view_name"]],
        unique=[["view_id"], ["view_name"]],
        key="view_id",
        sequence=6,
    ),
    _Layout(
        13,
        "st_view_param",
        {"view_id": _U32, "param_pos": _U16, "param_name": _STRING, "param_type": t.BYTES},
        indexes=[["view_id", "param_pos"]],
        unique=[["view_id", "param_pos"]],
    ),
    _Layout(
        14,
        "st_view_column",
        {"view_id": _U32, "col_pos": _U16, "col_name": _STRING, "col_type": t.BYTES},
        indexes=[["view_id", "col_pos"]],
        unique=[["view_id", "col_pos"]],
    ),
    _Layout(
        15,
        "st_view_sub",
        {
            "view_id": _U32,
            "arg_id": _U64,
            "identity": _U256,
            "num_subscribers": _U64,
            "has_subscribers": _BOOL,
            "last_called": _I64,
        },
        indexes=[["identity"], ["has_subscribers"], ["view_id", "arg_id", "identity"]],
    ),
    _Layout(
        16,
        "st_view_arg",
        {"id": _U64, "bytes": t.BYTES},
        indexes=[["id"], ["bytes"]],
        unique=[["id"], ["bytes"]],
        key="id",
        sequence=7,
    ),
    _Layout(17, "st_event_table", {"table_id": _U32}, indexes=[["table_id"]], unique=[["table_id"]], key="table_id"),
    _Layout(
        18,
        "st_table_accessor",
        {"table_name": _STRING, "accessor_name": _STRING},
        indexes=[["table_name"], ["accessor_name"]],
        unique=[["table_name"], ["accessor_name"]],
    ),
    _Layout(
        19,
        "st_index_accessor",
        {"index_name": _STRING, "accessor_name": _STRING},
        indexes=[["index_name"], ["accessor_name"]],
        unique=[["index_name"], ["accessor_name"]],
    ),
    _Layout(
        20,
        "st_column_accessor",
        {"table_name": _STRING, "col_name": _STRING, "accessor_name": _STRING},
        indexes=[["table_name", "col_name"], ["table_name", "accessor_name"]],
        unique=[["table_name", "col_name"], ["table_name", "accessor_name"]],
    ),
    # Of SpacetimeDB 2.14.
    _Layout(
        21,
        "st_env",
        {"key": _STRING, "value": _STRING},
        indexes=[["key"]],
        unique=[["key"]],
        key="key",
        is_public=False,
    ),
    _Layout(
        22,
        "st_outbound_stream",
        {
            "stream_id": _U64,
            "outbox_table_id": _U32,
            "target_identity": _U256,
            "next_seq": _U64,
            "ack_prefix": _U64,
        },
        indexes=[["stream_id"], ["outbox_table_id", "target_identity"]],
        unique=[["stream_id"], ["outbox_table_id", "target_identity"]],
        key="stream_id",
        is_public=False,
    ),
    _Layout(
        23,
        "st_outbound_msg",
        {
            "stream_id": _U64,
            "msg_id": _U64,
            "seq": _U64,
            "retry_count": _U32,
            "last_transport_error": t.option(_STRING),
            "result_status": t.option(_U8),
            "result_payload": t.option(t.BYTES),
        },
        indexes=[["stream_id", "seq"], ["stream_id", "msg_id"]],
        unique=[["stream_id", "seq"], ["stream_id", "msg_id"]],
        is_public=False,
    ),
    _Layout(
        24,
        "st_inbound_stream",
        {"sender_identity": _U256, "stream_id": _U64, "applied_prefix": _U64},
        indexes=[["sender_identity", "stream_id"]],
        unique=[["sender_identity", "stream_id"]],
        is_public=False,
    ),
    _Layout(
        25,
        "st_inbound_msg",
        {
            "sender_identity": _U256,
            "stream_id": _U64,
            "seq": _U64,
            "result_status": _U8,
            "result_payload": t.BYTES,
        },
        indexes=[["sender_identity", "stream_id", "seq"]],
        unique=[["sender_identity", "stream_id", "seq"]],
        is_public=False,
    ),
)
"""In the order in which their indexes and constraints are numbered."""

TABLE_IDS = {layout.name: layout.id for layout in _LAYOUTS}

OUTBOXES = ("st_outbound_stream", "st_outbound_msg", "st_inbound_stream", "st_inbound_msg")
"""Calls of reducers in other databases, and of those from there."""

STORED = ("st_client", "st_connection_credentials", "st_var", "st_env", *OUTBOXES)
"""The ones whose rows are written down."""

ENVIRONMENT = "st_env"
"""The values of the database's environment."""

LATER = frozenset({ENVIRONMENT, *OUTBOXES})
"""Those of servers after 2.8.3: the others do not tell of them."""


def _definition(ref: int, layout: _Layout) -> Table:
    names = list(layout.columns)

    def places(columns: Sequence[str]) -> tuple[int, ...]:
        return tuple(names.index(column) for column in columns)

    def label(columns: Sequence[str], suffix: str) -> str:
        return "_".join((layout.name, *columns, suffix))

    sequences: tuple[Numbered, ...] = ()
    if layout.key is not None and layout.sequence is not None:
        name = label([layout.key], "seq")
        sequences = (Numbered(name, name, names.index(layout.key), start=4097),)
    return Table(
        name=layout.name,
        source_name=layout.name,
        product_ref=ref,
        columns=tuple(Column(name, name, type, place) for place, (name, type) in enumerate(layout.columns.items())),
        primary_key=None if layout.key is None else names.index(layout.key),
        indexes=tuple(
            Index(label(columns, "idx_btree"), label(columns, "idx_btree"), None, IndexAlgorithm.BTREE, places(columns))
            for columns in layout.indexes
        ),
        constraints=tuple(
            UniqueConstraint(label(columns, "key"), label(columns, "key"), places(columns)) for columns in layout.unique
        ),
        sequences=sequences,
        is_public=layout.is_public,
        is_system=True,
    )


_TYPESPACE = tuple(t.product(*layout.columns.items()) for layout in _LAYOUTS)

SYSTEM = ModuleSchema(
    _TYPESPACE, _TYPESPACE, tables=tuple(_definition(ref, layout) for ref, layout in enumerate(_LAYOUTS))
)
"""As if they were the tables of a module."""

TOLD = tuple(table for table in SYSTEM.tables if table.name not in LATER)
"""The ones that the system tables tell of."""


def _numbered(names: Iterator[str]) -> dict[str, int]:
    return dict(zip(names, count(1), strict=False))


INDEX_IDS = _numbered(index.name for table in SYSTEM.tables for index in table.indexes)
CONSTRAINT_IDS = _numbered(constraint.name for table in SYSTEM.tables for constraint in table.constraints)
SEQUENCE_IDS = {
    sequence.name: layout.sequence
    for layout, table in zip(_LAYOUTS, SYSTEM.tables, strict=True)
    for sequence in table.sequences
    if layout.sequence is not None
}
