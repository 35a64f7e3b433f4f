"""What the host functions of modules do to a transaction, whatever language the module is in: the parts that take more
than a call of the transaction.

Source of the encodings: ``crates/bindings-sys`` of SpacetimeDB (``datastore_index_scan_range_bsatn``,
``datastore_insert_bsatn``).
"""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.engine.schedules import LONGEST_DELAY, ScheduledTable, due_after
from stdbpy.engine.store.index import Bound, Excluded, Included
from stdbpy.engine.store.table import Table
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import DecodeError, HostError
from stdbpy.module.host import Errno
from stdbpy.sats.bsatn import Codec
from stdbpy.sats.values import Timestamp

_INCLUDED, _EXCLUDED, _UNBOUNDED = b"\0", b"\1", b"\2"


def range_rows(
    tx: Transaction, index_id: int, prefix: bytes, prefix_elems: int, rstart: bytes, rend: bytes
) -> Iterator[bytes]:
    """The rows whose first ``prefix_elems`` indexed columns equal ``prefix`` and whose next lies between two bounds.

    A bound is one byte (0 included, 1 excluded, 2 unbounded) and, unless unbounded, a value. Raises ``HostError``:
    ``NO_SUCH_INDEX``, ``BSATN_DECODE_ERROR``, and ``WRONG_INDEX_ALGO`` for an index without order.
    """
    index = tx.index(index_id)
    if prefix_elems + 1 == len(index.columns) and rstart == rend and rstart[:1] == _INCLUDED:
        # Bounds that leave one value: hash indexes can do that, too.
        return tx.index_point_bsatn(index_id, prefix + rstart[1:])
    try:
        codecs = index.key_type.column_codecs
        equal: list[object] = []
        offset = 0
        for codec in codecs[:prefix_elems]:
            value, offset = codec.decode_from(prefix, offset)
            equal.append(value)
        lower, upper = (_bound(data, codecs[prefix_elems]) for data in (rstart, rend))
    except (DecodeError, IndexError) as error:
        raise HostError(Errno.BSATN_DECODE_ERROR, f"The bounds do not fit index {index.name!r}: {error}") from None
    return tx.index_range(index_id, tuple(equal), lower, upper)


def generated_values(table: Table, row: bytes, stored: bytes) -> bytes:
    """What was put in the place of zeros when ``row`` was stored: the values in BSATN, one after the other."""
    if stored is row:
        return b""
    if len(table.sequences) == 1:
        return table.sequences[0].value_in(stored)
    return b"".join([numbers.value_in(stored) for numbers in table.sequences if numbers.asked_by(row)])


def expect_delay(scheduled: ScheduledTable, row: bytes, now: Timestamp) -> None:
    """Raises ``HostError`` ``SCHEDULE_AT_DELAY_TOO_LONG`` for a row that is to run too far ahead."""
    _, at = scheduled.read(row)
    if due_after(at, now) - now >= LONGEST_DELAY:
        raise HostError(
            Errno.SCHEDULE_AT_DELAY_TOO_LONG, f"{at!r} is too far ahead: rows can be scheduled two years from now"
        )


def _bound(data: bytes, codec: Codec[object]) -> Bound:
    kind, value = data[:1], data[1:]
    if kind == _UNBOUNDED:
        return None
    if kind == _INCLUDED:
        return Included(codec.decode(value))
    if kind == _EXCLUDED:
        return Excluded(codec.decode(value))
    raise DecodeError("a bound starts with 0, 1 or 2", offset=0, expected="a bound")
