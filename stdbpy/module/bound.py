"""A loaded module joined with a host: where its functions are called."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from stdbpy.errors import DecodeError, EncodeError, InvalidArguments, NoSuchReducer, ReducerError, nearest
from stdbpy.module.assembly.module import Assembled
from stdbpy.module.function_bindings import HandlerBinding, ProcedureBinding, ReducerBinding, ViewBinding
from stdbpy.module.host import Host
from stdbpy.module.http import HttpResponse, request_of, response_head
from stdbpy.module.logs import current_host
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.module.scope import Scope
from stdbpy.module.stored_rows import within
from stdbpy.module.tracebacks import at_definition
from stdbpy.module.view_context import AnonymousViewContext
from stdbpy.query import Query
from stdbpy.sats.bsatn import Codec
from stdbpy.sats.values import ConnectionId, Identity, Timestamp

_NOBODY = Identity.from_int(0)


class BoundModule:
    """A module and its database. Calls are made one at a time; modules of different databases may
    run in different threads.

    Functions are called by their place among those of their kind. Whatever they raise comes out, and
    is a bug in them, unless it is said otherwise; undoing what was done is left to the host.
    """

    def __init__(
        self,
        assembled: Assembled,
        host: Host,
        database_identity: Identity,
        log: logging.Logger,
        host_of_views: Host | None = None,
    ) -> None:
        self._host = host
        self._reducers: dict[int | str, tuple[ReducerBinding, Callable[..., ReducerContext], Scope]] = {}
        self._views: list[tuple[ViewBinding, Scope]] = []
        self._anonymous_views: list[tuple[ViewBinding, Scope]] = []
        self._procedures: list[tuple[ProcedureBinding, Scope]] = []
        self._handlers: list[tuple[HandlerBinding, Scope]] = []
        self._scope = Scope(assembled, host, database_identity, log, host_of_views or host)
        self._take(assembled, self._scope)

    def _take(self, assembled: Assembled, scope: Scope) -> None:
        """In the order of ``ModuleSchema.walk``, by which hosts number functions."""
        functions = assembled.functions
        for reducer in functions.reducers:
            number = len(self._reducers) // 2
            entry = reducer, reducer.context_class, scope
            self._reducers[number] = self._reducers[scope.prefix + reducer.name] = entry
        self._views += [(view, scope) for view in functions.views]
        self._anonymous_views += [(view, scope) for view in functions.anonymous_views]
        self._procedures += [(procedure, scope) for procedure in functions.procedures]
        self._handlers += [(handler, scope) for handler in functions.handlers]
        for namespace, inside in assembled.mounted.items():
            self._take(inside, scope.mounted[namespace])

    def tell_identity(self, database_identity: Identity) -> None:
        """Says which database it is, if that was not known when the module was joined with it."""
        self._scope.tell_identity(database_identity)

    @property
    def reducers(self) -> list[tuple[ReducerBinding, Scope]]:
        """In the order in which hosts number them."""
        return [(binding, scope) for number, (binding, _, scope) in self._reducers.items() if isinstance(number, int)]

    # --- reducers ----------------------------------------------------------------------------

    def call_reducer(
        self,
        reducer: int | str,
        sender: Identity,
        connection_id: ConnectionId | None,
        timestamp: Timestamp,
        args: bytes,
    ) -> None:
        """Calls a reducer, also by its name; ``args`` are its arguments in BSATN, one after the other.

        Raises ``ReducerError`` if it refuses the call, or if there are bytes behind its arguments; and
        ``NoSuchReducer`` and ``InvalidArguments`` before it is called.
        """
        entry = self._reducers.get(reducer)
        if entry is None:
            raise self._no_such(reducer)
        binding, make_context, scope = entry
        try:
            values = binding.arguments.decode(args)
        except DecodeError as error:
            raise _not_taken(binding, args, error) from None
        context = make_context(scope, sender, connection_id, timestamp, binding.name)
        if current_host.get() is self._host:
            try:
                binding.function(context, *values)
            finally:
                del context.db
            return
        running = current_host.set(self._host)
        try:
            binding.function(context, *values)
        finally:
            current_host.reset(running)
            del context.db

    def _no_such(self, reducer: int | str) -> NoSuchReducer:
        names = [name for name in self._reducers if isinstance(name, str)]
        return NoSuchReducer(f"the module has no reducer {reducer!r}", hint=nearest(str(reducer), names))

    # --- views -------------------------------------------------------------------------------

    def call_view(self, number: int, sender: Identity | None) -> list[bytes] | str:
        """Calls a view: the anonymous one of that number if there is no ``sender``. Returns its rows in
        BSATN, or the SQL whose rows they are."""
        binding, scope = (self._anonymous_views if sender is None else self._views)[number]
        make_context: Callable[..., AnonymousViewContext] = binding.context_class
        context = make_context(scope) if sender is None else make_context(scope, sender)
        with self._running():
            try:
                # Rows may be given one by one, by code that is still the view's.
                return _query(binding, binding.function(context)) if binding.row is None else _rows(binding, context)
            finally:
                del context.db

    # --- procedures and HTTP handlers --------------------------------------------------------

    def call_procedure(
        self, number: int, sender: Identity, connection_id: ConnectionId | None, timestamp: Timestamp, args: bytes
    ) -> bytes:
        """Calls a procedure; returns in BSATN what it returned. Raises ``InvalidArguments`` before it is called."""
        binding, scope = self._procedures[number]
        values = _arguments(binding.name, binding.arguments, args)
        context = binding.context_class(
            scope, timestamp, binding.name, sender, connection_id, binding.transaction_class
        )
        with self._running():
            try:
                return _result(binding, binding.function(context, *values))
            finally:
                del context.http

    def call_http_handler(self, number: int, timestamp: Timestamp, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        """Calls an HTTP handler with a request, of which the body comes by itself (see
        :mod:`stdbpy.schema.http`); returns its answer in the same form."""
        binding, scope = self._handlers[number]
        context = binding.context_class(scope, timestamp, binding.name, _NOBODY, None, binding.transaction_class)
        with self._running():
            try:
                response = binding.function(context, request_of(request, body))
            finally:
                del context.http
            if not isinstance(response, HttpResponse):
                wrong = TypeError(f"{binding.name} has to return a HttpResponse, not {response!r}")
                raise at_definition(binding.function, wrong)
            return response_head(response), response.body

    @contextmanager
    def _running(self) -> Iterator[None]:
        before = current_host.set(self._host)
        try:
            yield
        finally:
            current_host.reset(before)


def _arguments(function: str, codec: Codec[tuple[Any, ...]], args: bytes) -> tuple[Any, ...]:
    try:
        return codec.decode(args)
    except DecodeError as error:
        raise _do_not_fit(function, error) from None


def _not_taken(binding: ReducerBinding, args: bytes, error: DecodeError) -> ReducerError | InvalidArguments:
    """Servers see to it that arguments begin with what a reducer takes; what stands behind that is the module's to
    refuse."""
    misfit = _do_not_fit(binding.name, error)
    try:
        binding.arguments.decode_from(args, 0)
    except DecodeError:
        return misfit
    return ReducerError(misfit.message)


def _do_not_fit(function: str, error: DecodeError) -> InvalidArguments:
    return InvalidArguments(f"the arguments of {function!r} do not fit: {error}", hint=error.hint)


def _query(binding: ViewBinding, returned: object) -> str:
    row = binding.row_class.__name__
    if not isinstance(returned, Query):
        wrong = f"{returned!r}"
    elif returned.row_type is not binding.row_class:
        wrong = f"one of {returned.table}"
    else:
        return returned.sql
    error = TypeError(f"the view {binding.name} has to return a Query[{row}], not {wrong}")
    raise at_definition(binding.function, error)


def _rows(binding: ViewBinding, context: AnonymousViewContext) -> list[bytes]:
    returned = binding.function(context)
    if binding.is_option:
        rows: Sequence[object] = [] if returned is None else [returned]
    else:
        rows = _iterated(binding, returned)
    assert binding.row is not None
    for row in rows:
        if not isinstance(row, binding.row_class):
            wanted = binding.row_class.__name__
            wrong = TypeError(f"the rows of the view {binding.name} are of class {wanted}, not {row!r}")
            raise at_definition(binding.function, wrong)
    try:
        return [binding.row.encode(row) for row in rows]
    except EncodeError as error:
        raise at_definition(binding.function, within(binding.name, error)) from None


def _iterated(binding: ViewBinding, returned: Any) -> list[object]:
    try:
        return list(returned)
    except TypeError:
        if hasattr(returned, "__iter__"):
            raise
        row = binding.row_class.__name__
        wrong = TypeError(f"the view {binding.name} has to return a list[{row}], not {returned!r}")
        raise at_definition(binding.function, wrong) from None


def _result(binding: ProcedureBinding, returned: object) -> bytes:
    if binding.result is not None:
        try:
            return binding.result.encode(returned)
        except EncodeError as error:
            raise at_definition(binding.function, within(f"what {binding.name} returns", error)) from None
    if returned is not None:
        wrong = TypeError(f"{binding.name} does not say that it returns something, but returned {returned!r}")
        raise at_definition(binding.function, wrong)
    return b""
