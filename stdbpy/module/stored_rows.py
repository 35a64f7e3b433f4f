"""The rows of one table in one host: checked, encoded, sent, and the host's errors explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, permutations
from operator import attrgetter
from typing import Any, NoReturn

from stdbpy.errors import AutoIncOverflow, EncodeError, HostError, RowNotFound, StdbError, UniqueConstraintViolation
from stdbpy.module.bindings import AccessorBinding, TableBinding
from stdbpy.module.host import Errno, Host
from stdbpy.sats.bsatn import Codec
from stdbpy.sats.failures import WRITING_FAILURES

_ONE_ROW = (1).to_bytes(4, "little")
"""Starts a BSATN array of one element."""


class StoredRows:
    __slots__ = ("_encode", "_row_class", "_values", "host", "id", "insert", "table")

    def __init__(self, table: TableBinding, host: Host) -> None:
        self.table = table
        self.host = host
        self.id = host.table_id_from_name(table.path)
        self._row_class = table.row_class
        self._encode = table.codec.encode
        self._values: Callable[[Any], Any] = attrgetter(*table.columns)
        self.insert = self._inserting()
        """Adds a row; gives it with the numbers that it got."""

    def _inserting(self) -> Callable[[Any], Any]:
        # One function that has at hand all that it needs: inserts come by the thousand.
        row_class, table_id, numbered = self._row_class, self.id, self._numbered
        write, insert_bsatn = self.table.codec.writer(), self.host.datastore_insert_bsatn

        def insert(row: Any) -> Any:
            if row.__class__ is not row_class:
                self._check_class(row)
            try:
                generated = insert_bsatn(table_id, write(row))
            except StdbError as error:
                raise self._explained(error, row, None) from None
            except WRITING_FAILURES:
                self._expect_to_fit(row)
                raise
            return numbered(row, generated) if generated else row

        return insert

    def _expect_to_fit(self, row: Any) -> None:
        try:
            self._encode(row)
        except EncodeError as error:
            raise self._explained(error, row, None) from None

    def update(self, key: AccessorBinding, index_id: int, row: Any) -> Any:
        if row.__class__ is not self._row_class:
            self._check_class(row)
        try:
            generated = self.host.datastore_update_bsatn(self.id, index_id, self._encode(row))
        except StdbError as error:
            raise self._explained(error, row, key) from None
        return self._numbered(row, generated) if generated else row

    def delete(self, row: Any) -> bool:
        if row.__class__ is not self._row_class:
            self._check_class(row)
        try:
            relation = _ONE_ROW + self._encode(row)
        except EncodeError as error:
            raise self._explained(error, row, None) from None
        return self.deleted(self.host.datastore_delete_all_by_eq_bsatn, self.id, relation) > 0

    def clear(self) -> int:
        return self.deleted(self.host.datastore_clear, self.id, method="clear")

    def deleted(self, operation: Callable[..., int], *args: object, method: str = "delete") -> int:
        """What an operation of the host returns that deletes rows."""
        try:
            return operation(*args)
        except HostError as error:
            raise self._only_read(error, method) from None

    def _only_read(self, error: HostError, method: str) -> HostError:
        if error.code != Errno.TRANSACTION_IS_READ_ONLY:
            return error
        return HostError(
            error.code,
            f"{self.table.name}.{method}: a view only reads tables",
            hint="Change rows in a reducer, or in a transaction of a procedure",
        )

    def scan(self) -> Iterator[Any]:
        chunks = self.host.datastore_table_scan_bsatn(self.id)
        return chain.from_iterable(map(self.table.codec.decode_rows, chunks))

    def _numbered(self, row: Any, generated: bytes) -> Any:
        """A copy of ``row`` with the numbers that the host put where there was 0.

        Of several, SpacetimeDB 2.8.3 gives them in the order of a hash table, so that what is stored has to tell.
        """
        if len(self.table.numbered) == 1:
            [(position, codec)] = self.table.numbered
            values = self._values_of(row)
            values[position] = codec.decode(generated)
            return self._row_class(*values)
        zeros = [numbered for numbered in self.table.numbered if getattr(row, self.table.columns[numbered[0]]) == 0]
        orders = permutations(zeros)
        copy = self._copy(row, next(orders), generated)
        if len(zeros) < 2 or self._is_stored(copy):
            return copy
        others = (self._copy(row, order, generated) for order in orders)
        return next(filter(self._is_stored, others), copy)

    def _copy(self, row: Any, numbered: Iterable[tuple[int, Codec[Any]]], generated: bytes) -> Any:
        values = self._values_of(row)
        offset = 0
        for position, codec in numbered:
            values[position], offset = codec.decode_from(generated, offset)
        return self._row_class(*values)

    def _values_of(self, row: Any) -> list[Any]:
        values = self._values(row)
        return list(values) if len(self.table.columns) > 1 else [values]

    def _is_stored(self, row: Any) -> bool:
        """Whether there is this row, as far as an index can say it."""
        unique = [accessor for accessor in self.table.accessors.values() if accessor.constraint is not None]
        return not unique or b"".join(self._with_key_of(unique[0], row)) == self._encode(row)

    def _check_class(self, row: object) -> None:
        """Raises if ``row`` is no row of this table. An instance of a subclass is one."""
        if isinstance(row, self._row_class):
            return
        what = f"the class {row.__name__} itself" if isinstance(row, type) else f"this {type(row).__name__}"
        raise EncodeError(
            f"the table holds rows of class {self._row_class.__name__}, not {what}",
            path=self.table.name,
            hint=f"{self._row_class.__name__}({', '.join(f'{column}=...' for column in self.table.columns)})",
        )

    # --- errors ------------------------------------------------------------------------------

    def _explained(self, error: StdbError, row: object, updated_by: AccessorBinding | None) -> StdbError:
        """The error as it makes sense to the author of the call; hosts only know numbers and bytes."""
        if isinstance(error, EncodeError):
            return within(self.table.name, error)
        if not isinstance(error, HostError):
            return error
        match error.code:
            case Errno.UNIQUE_ALREADY_EXISTS:
                return self._violation(row, updated_by)
            case Errno.AUTO_INC_OVERFLOW:
                columns = " and ".join(f"{self.table.name}.{self.table.columns[at]}" for at, _ in self.table.numbered)
                return AutoIncOverflow(error.code, f"{columns} has no number left")
            case Errno.NO_SUCH_ROW if updated_by is not None:
                key = _key_text(updated_by, row)
                return RowNotFound(
                    error.code,
                    f"{self.table.name} has no row with {key} to update",
                    hint=f"Add one: ctx.db.{self.table.name}.insert(...)",
                )
            case _:
                return self._only_read(error, "insert" if updated_by is None else f"{updated_by.name}.update")

    def _violation(self, row: object, updated_by: AccessorBinding | None) -> UniqueConstraintViolation:
        code = Errno.UNIQUE_ALREADY_EXISTS
        columns = self.table.columns
        numbered = [columns[at] for at, _ in self.table.numbered if getattr(row, columns[at]) == 0]
        for accessor in self.table.accessors.values():
            if accessor.constraint is None or accessor is updated_by or not set(numbered).isdisjoint(accessor.columns):
                continue
            if not self._is_taken(accessor, row, updated_by):
                continue
            return UniqueConstraintViolation(
                code,
                f"{self.table.name} already has a row with {_key_text(accessor, row)}",
                hint=f"Rows are unique by that: constraint {accessor.constraint}",
            )
        # Where a number was to be given, only the host knows which.
        what = f"the next number for {' or '.join(numbered)}" if numbered else "the same unique value"
        hint = "When all have been given they begin again, whether they are free or not." if numbered else ""
        return UniqueConstraintViolation(code, f"{self.table.name} already has a row with {what}", hint=hint)

    def _is_taken(self, accessor: AccessorBinding, row: object, updated_by: AccessorBinding | None) -> bool:
        """Whether there is such a row; the one that ``row`` replaces does not count."""
        found = chain.from_iterable(map(self.table.codec.decode_rows, self._with_key_of(accessor, row)))
        return any(updated_by is None or _key(updated_by, other) != _key(updated_by, row) for other in found)

    def _with_key_of(self, accessor: AccessorBinding, row: object) -> Iterable[bytes]:
        """The rows that have the same key as ``row``, in BSATN."""
        point = b"".join(
            codec.encode(getattr(row, column)) for column, codec in zip(accessor.columns, accessor.codecs, strict=True)
        )
        return self.host.datastore_index_scan_point_bsatn(self.host.index_id_from_name(accessor.index_name), point)


class RowsOfOutbox(StoredRows):
    """What is sent stays until it is known what became of it: no server sends the rows behind one that is missing."""

    __slots__ = ()

    def update(self, key: AccessorBinding, *_: object) -> NoReturn:
        self._refuse(f"{key.name}.update")

    def deleted(self, *_: object, method: str = "delete") -> NoReturn:
        self._refuse(method)

    def _refuse(self, method: str) -> NoReturn:
        raise TypeError(f"{self.table.name}.{method}: rows of an outbox stay until it is known what became of them")


def rows_of(table: TableBinding, host: Host) -> StoredRows:
    return RowsOfOutbox(table, host) if table.is_outbox else StoredRows(table, host)


def within(place: str, error: EncodeError) -> EncodeError:
    """The same error with ``place`` before its path: ``age: 300 …`` becomes ``person.age: 300 …``."""
    message = error.message.removeprefix(f"{error.path}: ")
    path = f"{place}.{error.path}" if error.path else place
    return EncodeError(message, path=path, hint=error.hint)


def _key(accessor: AccessorBinding, row: object) -> tuple[object, ...]:
    return tuple(getattr(row, column) for column in accessor.columns)


def _key_text(accessor: AccessorBinding, row: object) -> str:
    return " and ".join(f"{column} {getattr(row, column)!r}" for column in accessor.columns)
