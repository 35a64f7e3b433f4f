"""A database on a server, which is the same to a test whatever server that is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload
from uuid import uuid4

from stdbpy.api import ApiClient, LogRecord
from stdbpy.client import Connection
from stdbpy.client.options import SyncConnectOptions
from stdbpy.client.query_rows import QueryRows
from stdbpy.errors import NotFound
from stdbpy.protocol.catalog import Catalog
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.values import Identity
from stdbpy.schema.environment import EnvironmentUpdate
from stdbpy.testing.arguments import encoded_as_json, function_of, in_order
from stdbpy.testing.dump import rows_as_lines, write_log, write_rows
from stdbpy.testing.table_rows import layout_of

if TYPE_CHECKING:
    from stdbpy.testing.loaded_module import Module

C = TypeVar("C", bound=Connection)
Row = TypeVar("Row")


class PublishedUser:
    """Somebody who calls over HTTP. :meth:`PublishedDatabase.as_` makes them."""

    def __init__(self, url: str, database: str, module: Module, token: str, identity: Identity) -> None:
        self.identity = identity
        self.token = token
        self.api = ApiClient(url, token)
        """For all else that the server can be asked."""
        self._database = database
        self._module = module
        self.reducers: Any = module.client.reducers(self._call)
        """The reducers as methods. They raise ``ReducerFailed`` with what the server says."""
        self.procedures: Any = module.client.procedures(self._call)
        """The procedures as methods, which return what the procedure does."""

    def call(self, function: str, *args: object, **named: object) -> Any:
        """Calls a reducer or procedure by its name; gives what a procedure returns. Raises ``NoSuchReducer``."""
        __tracebackhide__ = True
        layout = function_of(self._module.catalog, function)
        return self._call(function, in_order(layout, args, named))

    def _call(self, function: str, args: tuple[object, ...]) -> Any:
        __tracebackhide__ = True
        catalog = self._module.catalog
        layout = function_of(catalog, function)
        result = self.api.call(self._database, function, encoded_as_json(layout.json_arguments, args))
        return layout.json_returned.from_json(result.value) if function in catalog.procedures else None

    @overload
    def rows(self, table: type[Row]) -> list[Row]: ...
    @overload
    def rows(self, table: str) -> list[Any]: ...
    def rows(self, table: type[Row] | str) -> list[Row]:
        """The rows of a table or view that the user may see: by the name, or for a table by the class of its rows.
        Raises ``NoSuchTable``, and ``ApiError`` if they may not."""
        __tracebackhide__ = True
        layout = layout_of(self._module.catalog, table)
        quoted = ".".join(f'"{part}"' for part in layout.name.split("."))
        [result] = self.api.sql(self._database, f"SELECT * FROM {quoted}")  # noqa: S608 - quoted, and of the schema
        return QueryRows.of_json(layout, result.rows).rows()

    def sql(self, text: str) -> list[dict[str, Any]]:
        """The rows that one SQL statement gives the user, by column. Raises ``ApiError``."""
        __tracebackhide__ = True
        [result] = self.api.sql(self._database, text)
        codec = compile_json_codec(result.columns)
        return [dict(zip(result.names, codec.from_json(row), strict=True)) for row in result.rows]


class PublishedDatabase:
    """A database with a name of its own on a server, deleted when it is closed.

    It is used as a :class:`ModuleDatabase` is, as far as a server in another process can do that: callers
    (:meth:`as_`), ``reducers``, ``procedures``, ``rows``, ``sql``, ``logs`` and websocket clients (:meth:`connect`).
    """

    def __init__(
        self,
        url: str,
        owner_token: str,
        module: Module,
        *,
        program: bytes | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Publishes ``module``, as the ``program`` that the server takes if that is another one than for the embedded
        server. ``environment`` has the values that it declares of its database's environment, which
        SpacetimeDB has since 2.14. Raises as :meth:`ApiClient.publish`."""
        self.url = url
        self.module = module
        self.name = f"test-{uuid4().hex[:16]}"
        self._until_closed = ExitStack()
        self._api = self._until_closed.enter_context(ApiClient(url, owner_token))
        self._users: dict[str, PublishedUser] = {}
        update = EnvironmentUpdate(environment) if environment else None
        try:
            self.identity = self._api.publish(
                program or module.program, self.name, environment=update
            ).database_identity
            self._until_closed.callback(self._delete)
            self.owner = self._user(owner_token, self._api.info(self.name).owner_identity)
        except BaseException:
            self._until_closed.close()
            raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} of {self.module.name} on {self.url}>"

    def as_(self, who: str) -> PublishedUser:
        """Somebody of that name: the same identity each time, which is another one in other databases."""
        if who not in self._users:
            made = self._api.create_identity()
            self._users[who] = self._user(made.token, made.identity)
        return self._users[who]

    def _user(self, token: str, identity: Identity) -> PublishedUser:
        user = PublishedUser(self.url, self.name, self.module, token, identity)
        self._until_closed.callback(user.api.close)
        return user

    @property
    def reducers(self) -> Any:
        """The reducers as methods that the owner calls."""
        return self.owner.reducers

    @property
    def procedures(self) -> Any:
        """The procedures as methods that the owner calls."""
        return self.owner.procedures

    def call(self, function: str, *args: object, **named: object) -> Any:
        """Calls a reducer or procedure by its name, as the owner. See :meth:`PublishedUser.call`."""
        __tracebackhide__ = True
        return self.owner.call(function, *args, **named)

    @overload
    def rows(self, table: type[Row]) -> list[Row]: ...
    @overload
    def rows(self, table: str) -> list[Any]: ...
    def rows(self, table: type[Row] | str) -> list[Row]:
        """The rows of a table, private or not, or of a view, as the owner sees them."""
        __tracebackhide__ = True
        return self.owner.rows(table)

    def sql(self, text: str) -> list[dict[str, Any]]:
        """The rows that one SQL statement gives the owner, by column. Raises ``ApiError``."""
        __tracebackhide__ = True
        return self.owner.sql(text)

    @property
    def logs(self) -> list[LogRecord]:
        """The lines of the log so far."""
        return list(self._api.logs(self.name))

    @overload
    def connect(
        self, *, as_: PublishedUser | str | None = None, **options: Unpack[SyncConnectOptions]
    ) -> Connection: ...
    @overload
    def connect(
        self, client: type[C], *, as_: PublishedUser | str | None = None, **options: Unpack[SyncConnectOptions]
    ) -> C: ...
    def connect(
        self,
        client: type[Connection] = Connection,
        *,
        as_: PublishedUser | str | None = None,
        **options: Unpack[SyncConnectOptions],
    ) -> Connection:
        """A client over a websocket; as :meth:`ModuleDatabase.connect`."""
        if as_ is not None:
            user = self.as_(as_) if isinstance(as_, str) else as_
            options = {"token": user.token, **options}
        if client is Connection:
            client = self.module.connection_class
        connection = client.connect(self.url, self.name, **options)
        self._until_closed.callback(connection.close)
        return connection

    def dump(self, folder: Path) -> None:
        """Writes the rows that the owner sees into a folder, and the log."""
        for layout in self._tables().values():
            write_rows(layout.name, rows_as_lines(layout, self.rows(layout.name)), folder)
        write_log(self.logs, folder)

    def _tables(self) -> Any:
        catalog: Catalog = self.module.catalog
        return {name: layout for name, layout in catalog.tables.items() if not (layout.is_view or layout.is_event)}

    def close(self) -> None:
        """Closes its clients, and deletes the database."""
        self._until_closed.close()

    def _delete(self) -> None:
        # Somebody may have deleted it before.
        with suppress(NotFound):
            self._api.delete(self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
