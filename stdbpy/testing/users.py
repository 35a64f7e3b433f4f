"""Those who call functions of a module under test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from stdbpy.client.runtime_module import RuntimeModule
from stdbpy.engine import StatementResult
from stdbpy.engine.database import Database
from stdbpy.engine.results import Caller
from stdbpy.errors import NotAllowed, ProcedureFailed, ReducerCrashed, ReducerFailed, SqlError
from stdbpy.protocol.catalog import Catalog
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import ConnectionId, Identity
from stdbpy.testing.arguments import encoded, function_of, in_order
from stdbpy.testing.observed import Observer, in_one_line
from stdbpy.testing.table_rows import layout_of
from stdbpy.testing.timekeeping import Timekeeper

if TYPE_CHECKING:
    from stdbpy.testing.loaded_module import Module

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class CalledDatabase:
    """The database, as those who call it need it."""

    engine: Database
    module: Module
    observer: Observer
    time: Timekeeper

    @property
    def client(self) -> RuntimeModule:
        return self.module.client

    @property
    def catalog(self) -> Catalog:
        return self.module.catalog


class User:
    """Somebody who calls. :meth:`ModuleDatabase.as_` makes them.

    As a context manager it is connected in the block: ``client_connected`` and ``client_disconnected`` of the module
    run.
    """

    def __init__(
        self,
        database: CalledDatabase,
        identity: Identity,
        connection_id: ConnectionId,
        *,
        name: str,
        claims: Mapping[str, Any] | None,
    ) -> None:
        self.identity = identity
        self.connection_id = connection_id
        self.name = name
        self.claims = claims
        """Of the token; ``None`` without one."""
        self._database = database
        payload = json.dumps(claims, separators=(",", ":")) if claims is not None else None
        self._caller = Caller(identity, connection_id, payload)
        client = database.client
        self.reducers: Any = client.reducers(self._call_reducer)
        """The reducers as methods. They raise ``ReducerFailed`` with what the reducer said, and ``ReducerCrashed`` from
        the error that a bug in it raised."""
        self.procedures: Any = client.procedures(self._call_procedure)
        """The procedures as methods, which return what the procedure does; a bug raises ``ProcedureFailed`` from its
        error. What they sleep passes at once."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    # --- calls -------------------------------------------------------------------------------

    def call(self, function: str, *args: object, **named: object) -> Any:
        """Calls a reducer or procedure by its name; gives what a procedure returns. Raises as the methods of
        :attr:`reducers` and :attr:`procedures`, and ``NoSuchReducer`` with the nearest name."""
        __tracebackhide__ = True
        catalog = self._database.catalog
        ordered = in_order(function_of(catalog, function), args, named)
        is_reducer = function in catalog.reducers
        return self._call_reducer(function, ordered) if is_reducer else self._call_procedure(function, ordered)

    def _call_reducer(self, name: str, args: tuple[object, ...]) -> None:
        __tracebackhide__ = True
        layout = self._database.catalog.reducers[name]
        observer = self._database.observer
        known = len(observer.bugs)
        outcome = self._database.engine.call(name, encoded(layout.arguments, args), self._caller).result()
        if outcome.error is None:
            return
        bug = observer.take_bug(name, known)
        if bug is not None:
            raise ReducerCrashed(f"the reducer {name!r} has a bug: {in_one_line(bug)}") from bug
        in_view = observer.take_bug_of_view(known) if outcome.is_bug else None
        if in_view is not None:  # of a view that had read what the reducer changed
            raise ReducerCrashed(
                f"the reducer {name!r} is undone, as the view {in_view.function!r} has a bug: "
                f"{in_one_line(in_view.error)}"
            ) from in_view.error
        raise (ReducerCrashed if outcome.is_bug else ReducerFailed)(outcome.error)

    def _call_procedure(self, name: str, args: tuple[object, ...]) -> Any:
        __tracebackhide__ = True
        layout = self._database.catalog.procedures[name]
        caller = Caller(self.identity, self.connection_id, self._caller.claims)
        with self._database.observer.waiting_for(caller):
            begun = self._database.engine.call_procedure(name, encoded(layout.arguments, args), caller)
            outcome = self._database.time.outcome_of(begun)
        if outcome.returned is not None:
            return layout.returned.decode(outcome.returned)
        bug = self._database.observer.take_bug(name)
        if bug is not None:
            raise ProcedureFailed(f"the procedure {name!r} has a bug: {in_one_line(bug)}") from bug
        raise ProcedureFailed(str(outcome.error))

    # --- what they see -----------------------------------------------------------------------

    @overload
    def rows(self, table: type[Row]) -> list[Row]: ...
    @overload
    def rows(self, table: str) -> list[Any]: ...
    def rows(self, table: type[Row] | str) -> list[Row]:
        """The rows of a public table or of a view that the user sees: views and rules of row-level security go by
        who asks. By the name, or for a table by the class of its rows. Raises ``NoSuchTable``, and ``SqlError`` for
        what they may not see."""
        __tracebackhide__ = True
        layout = layout_of(self._database.catalog, table)
        quoted = ".".join(f'"{part}"' for part in layout.name.split("."))
        result = self._run(f"SELECT * FROM {quoted}")  # noqa: S608 - quoted, and of the schema
        encode, decode = compile_codec(result.columns, layout.typespace).encode, layout.codec.decode
        return [decode(encode(row)) for row in result.rows]

    def sql(self, text: str) -> list[dict[str, Any]]:
        """The rows that one SQL statement gives the user, by column. Raises ``SqlError``."""
        __tracebackhide__ = True
        result = self._run(text)
        names = [element.name or str(place) for place, element in enumerate(result.columns.elements)]
        return [dict(zip(names, row, strict=True)) for row in result.rows]

    def _run(self, statement: str) -> StatementResult:
        __tracebackhide__ = True
        engine, observer = self._database.engine, self._database.observer
        known = len(observer.bugs)
        asked = engine.sql(statement, self._caller, is_owner=self.identity == engine.owner)
        refusal = asked.exception()
        if len(observer.bugs) > known:  # of a view, which has no rows then; servers tell that to the log alone
            bug = observer.bugs.pop()
            raise SqlError(f"the view {bug.function!r} has a bug: {in_one_line(bug.error)}") from bug.error
        if refusal is not None:
            raise refusal
        [result] = asked.result()
        return result

    # --- connections -------------------------------------------------------------------------

    def connect(self) -> Self:
        """Connects: ``client_connected`` of the module runs. Raises ``ReducerFailed`` if it refuses."""
        __tracebackhide__ = True
        try:
            self._database.engine.connected(self._caller).result()
        except NotAllowed as refusal:
            self._database.observer.raise_bugs()
            raise ReducerFailed(refusal.message) from None
        return self

    def disconnect(self) -> None:
        """Ends the connection: ``client_disconnected`` runs. A bug in it raises ``ReducerCrashed``."""
        __tracebackhide__ = True
        self._database.engine.disconnected(self._caller).result()
        self._database.observer.raise_bugs()

    def __enter__(self) -> Self:
        __tracebackhide__ = True
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.disconnect()
