"""The code of a module joined with a database: one instance for the database's thread, and others for what
runs beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stdbpy.engine.host import RunningModule
from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.errors import InvalidArguments, SatsError
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.sats.types import Typespace
from stdbpy.sats.values import Timestamp
from stdbpy.schema.model import HttpHandler, Procedure

_MOST_IDLE = 8
"""Instances that are kept for the next call; each has a memory of its own."""


@dataclass(frozen=True, slots=True)
class KnownProcedure:
    """A procedure by its full name, with the place that it has among all of the module."""

    name: str
    number: int
    definition: Procedure
    arguments: Codec[object]
    returned: Codec[object]

    @classmethod
    def of(cls, prefix: str, number: int, definition: Procedure, typespace: Typespace) -> KnownProcedure:
        arguments = compile_codec(definition.params, typespace)
        returned = compile_codec(definition.return_type, typespace)
        return cls(prefix + definition.name, number, definition, arguments, returned)

    def arguments_in(self, args: bytes) -> bytes:
        """The arguments that ``args`` begin with; what stands behind them the real server does not look at
        either. Raises ``InvalidArguments``."""
        try:
            return args[: self.arguments.decode_from(args, 0)[1]]
        except SatsError as error:
            raise InvalidArguments(f"invalid arguments for procedure {self.name}: {error}") from None


@dataclass(frozen=True, slots=True, eq=False)
class ProcedureCall:
    """Arguments that fit, and all else that a procedure is called with."""

    module: JoinedModule
    procedure: KnownProcedure
    args: bytes
    caller: Caller
    timestamp: Timestamp


class JoinedModule:
    """One version of a module, joined with one store."""

    def __init__(self, store: Store, run: Callable[[], RunningModule]) -> None:
        """``run`` makes an instance of the code that is joined with ``store``."""
        self.store = store
        self.main = run()
        """The instance for the database's thread."""
        self.signatures: dict[str, bytes] = {}
        """Of the reducers that other databases have called: what they are takes milliseconds to compute."""
        self._run = run
        self._idle: list[RunningModule] = []
        procedures = [(*mounted, definition) for mounted in store.schema.walk() for definition in mounted[1].procedures]
        self._procedures = {
            prefix + definition.name: KnownProcedure.of(prefix, number, definition, module.typespace)
            for number, (prefix, module, definition) in enumerate(procedures)
        }
        self._routes = store.schema.http_routes
        # Those of mounted modules come later and have no routes.
        self._handlers = {handler.name: (number, handler) for number, handler in enumerate(store.schema.http_handlers)}

    @property
    def procedure_names(self) -> Iterable[str]:
        return self._procedures

    def procedure(self, name: str) -> KnownProcedure | None:
        return self._procedures.get(name)

    def http_handler(self, method: str, path: str) -> tuple[int, HttpHandler] | None:
        """What answers requests, with its place among all handlers of the module."""
        for route in self._routes:
            if route.path == path and route.method in {"*", method}:
                return self._handlers[route.handler]
        return None

    @contextmanager
    def another(self) -> Iterator[RunningModule]:
        """An instance for a thread beside the database's, which nobody else uses meanwhile. One that ends in a
        bug is in a state that nobody knows: it is not used again. Any thread may call this."""
        try:
            instance = self._idle.pop()
        except IndexError:
            instance = self._run()
        yield instance
        if len(self._idle) < _MOST_IDLE:
            self._idle.append(instance)
