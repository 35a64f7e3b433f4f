"""A loaded module joined with a host: where reducers are called."""

from __future__ import annotations

import logging
from collections.abc import Callable

from stdbpy.errors import DecodeError, InvalidArguments, NoSuchReducer, nearest
from stdbpy.module.assembly.module import Assembled, ReducerBinding
from stdbpy.module.context import ReducerContext
from stdbpy.module.handles import Tables
from stdbpy.module.host import Host
from stdbpy.module.logs import current_host
from stdbpy.sats.values import ConnectionId, Identity, Timestamp


class BoundModule:
    """A module and its database. Calls are made one at a time; modules of different databases may
    run in different threads."""

    def __init__(self, assembled: Assembled, host: Host, database_identity: Identity, log: logging.Logger) -> None:
        self._host = host
        self._identity = database_identity
        self._log = log
        databases = {
            context: db_class(assembled.tables, table_classes, host)
            for context, (db_class, table_classes) in assembled.db_classes.items()
        }
        self._reducers: dict[int | str, tuple[ReducerBinding, Callable[..., ReducerContext], Tables]] = {}
        for number, reducer in enumerate(assembled.reducers):
            entry = reducer, reducer.context_class, databases[reducer.context_class]
            self._reducers[number] = self._reducers[reducer.name] = entry

    def call_reducer(
        self,
        reducer: int | str,
        sender: Identity,
        connection_id: ConnectionId | None,
        timestamp: Timestamp,
        args: bytes,
    ) -> None:
        """Calls a reducer by its name or its number in the schema; ``args`` are its arguments in
        BSATN, one after the other.

        Whatever the reducer raises comes out: ``ReducerError`` if it refuses the call, anything else
        is a bug in it (see :func:`~stdbpy.module.tracebacks.user_traceback`). Undoing what it did is
        left to the host. Raises ``NoSuchReducer`` and ``InvalidArguments`` before it is called.
        """
        entry = self._reducers.get(reducer)
        if entry is None:
            raise self._no_such(reducer)
        binding, make_context, db = entry
        try:
            values = binding.arguments.decode(args)
        except DecodeError as error:
            raise InvalidArguments(f"the arguments of {binding.name!r} do not fit: {error}", hint=error.hint) from None
        context = make_context(db, sender, connection_id, timestamp, self._identity, self._log, binding.name)
        running = current_host.set(self._host)
        try:
            binding.function(context, *values)
        finally:
            current_host.reset(running)

    def _no_such(self, reducer: int | str) -> NoSuchReducer:
        names = [name for name in self._reducers if isinstance(name, str)]
        return NoSuchReducer(f"the module has no reducer {reducer!r}", hint=nearest(str(reducer), names))
