"""A generated client over HTTP: calls reducers and reads tables, without a live copy of the rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload

from stdbpy.api import ApiClient, AsyncApiClient, CallResult, SqlResult
from stdbpy.client.binding import ModuleBinding
from stdbpy.client.calls import Invoke, InvokeProcedure
from stdbpy.client.query import Query
from stdbpy.client.query_rows import QueryRows
from stdbpy.client.sql_rows import rows_of_sql
from stdbpy.client.subscription_queries import text_of
from stdbpy.client.token_store import server_key
from stdbpy.errors import ApiError, ProcedureFailed, QueryFailed, without_backtrace
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.sats.types import UNIT

Row = TypeVar("Row")
Calls = TypeVar("Calls")
Procedures = TypeVar("Procedures")

_BAD_REQUEST = 400
_SERVER_ERROR = 500


class HttpDatabase(Generic[Calls, Procedures]):
    """One database of a server; use it as a context manager.

    ``reducers`` has a typed method for each reducer, which returns when the call is committed; ``procedures`` one
    for each procedure, which returns what it gives back. Without a ``token`` each call acts as a fresh anonymous
    identity. Calls raise :class:`stdbpy.errors.ReducerFailed` with what the reducer said,
    :class:`stdbpy.errors.ProcedureFailed`, and other kinds of ``ApiError``.
    """

    def __init__(
        self,
        uri: str,
        database: str,
        module: ModuleBinding,
        reducers: Callable[[Invoke[None]], Calls],
        procedures: Callable[[InvokeProcedure], Procedures],
        *,
        token: str | None = None,
    ) -> None:
        self.api = ApiClient(server_key(uri), token)
        self.database = database
        self.module = module
        self.reducers = reducers(self._call)
        self.procedures = procedures(self._call_procedure)

    @property
    def uri(self) -> str:
        """The server's address."""
        return self.api.url

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.database} on {self.uri}>"

    def _call(self, name: str, args: tuple[object, ...]) -> None:
        self.api.call(self.database, name, self.module.reducer(name).json_arguments.to_json(args))

    def _call_procedure(self, name: str, args: tuple[object, ...]) -> Any:
        procedure = self.module.procedure(name)
        try:
            result = self.api.call(self.database, name, procedure.json_arguments.to_json(args))
        except ApiError as error:
            raise _procedure_failed(error) from error
        return _given_back(procedure, result)

    @overload
    def query(self, query: Query[Row]) -> QueryRows[Row]: ...
    @overload
    def query(self, query: str) -> QueryRows[Any]: ...
    def query(self, query: Query[Row] | str) -> QueryRows[Row]:
        """The rows that a query gives now: all of a table (``tables.player``), or what SQL says.

        Over HTTP, SQL may also choose columns and count (``SELECT COUNT(*) AS players FROM player``): these rows
        are of a class of their own, with an attribute for each column. Raises
        :class:`~stdbpy.errors.QueryFailed` if the server refuses the query, and other kinds of ``ApiError``.
        """
        try:
            [result] = self.api.sql(self.database, text_of(query))
        except ApiError as error:
            raise _failed(error) from error
        return _rows(self.module, query, result)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.api.close()


class AsyncHttpDatabase(Generic[Calls, Procedures]):
    """As :class:`HttpDatabase`, for ``asyncio``: calls and queries are awaited."""

    def __init__(
        self,
        uri: str,
        database: str,
        module: ModuleBinding,
        reducers: Callable[[Invoke[Awaitable[None]]], Calls],
        procedures: Callable[[InvokeProcedure], Procedures],
        *,
        token: str | None = None,
    ) -> None:
        self.api = AsyncApiClient(server_key(uri), token)
        self.database = database
        self.module = module
        self.reducers = reducers(self._call)
        self.procedures = procedures(self._call_procedure)

    @property
    def uri(self) -> str:
        """The server's address."""
        return self.api.url

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.database} on {self.uri}>"

    async def _call(self, name: str, args: tuple[object, ...]) -> None:
        await self.api.call(self.database, name, self.module.reducer(name).json_arguments.to_json(args))

    def _call_procedure(self, name: str, args: tuple[object, ...]) -> Any:
        return self._given_back(name, args)

    async def _given_back(self, name: str, args: tuple[object, ...]) -> Any:
        procedure = self.module.procedure(name)
        try:
            result = await self.api.call(self.database, name, procedure.json_arguments.to_json(args))
        except ApiError as error:
            raise _procedure_failed(error) from error
        return _given_back(procedure, result)

    @overload
    async def query(self, query: Query[Row]) -> QueryRows[Row]: ...
    @overload
    async def query(self, query: str) -> QueryRows[Any]: ...
    async def query(self, query: Query[Row] | str) -> QueryRows[Row]:
        """As :meth:`HttpDatabase.query`."""
        try:
            [result] = await self.api.sql(self.database, text_of(query))
        except ApiError as error:
            raise _failed(error) from error
        return _rows(self.module, query, result)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self.api.close()


def _rows(module: ModuleBinding, query: Query[Row] | str, result: SqlResult) -> QueryRows[Row]:
    if isinstance(query, str):
        return rows_of_sql(module.catalog, query, result)
    return QueryRows.of_json(module.catalog.tables[query.table], result.rows)


def _failed(error: ApiError) -> ApiError:
    """The same as connections raise, if it is the query that is refused."""
    if error.status != _BAD_REQUEST:
        return error
    refused = QueryFailed(error.message, status=error.status, body=error.body, hint=error.hint)
    for note in error.notes:
        refused.add_note(note)
    return refused


def _given_back(procedure: FunctionLayout, result: CallResult) -> Any:
    return None if procedure.return_type == UNIT else procedure.json_returned.from_json(result.value)


def _procedure_failed(error: ApiError) -> Exception:
    """The same as connections raise, if it is the procedure that failed."""
    if error.status != _SERVER_ERROR:
        return error
    return ProcedureFailed(without_backtrace(error.body or error.message).strip(), hint=error.hint)
