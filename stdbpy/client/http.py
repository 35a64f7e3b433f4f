"""A generated client over HTTP: calls reducers and reads tables, without a live copy of the rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from stdbpy.api import ApiClient, AsyncApiClient, SqlResult
from stdbpy.client.binding import ModuleBinding
from stdbpy.client.calls import Invoke
from stdbpy.client.query import Query

Row = TypeVar("Row")
Calls = TypeVar("Calls")


class HttpDatabase(Generic[Calls]):
    """One database of a server; use it as a context manager.

    ``reducers`` has a typed method for each reducer, which returns when the call is committed.
    Without a ``token`` each call acts as a fresh anonymous identity. Calls raise
    :class:`stdbpy.errors.ReducerFailed` with what the reducer said, and other kinds of ``ApiError``.
    """

    def __init__(
        self,
        server: str,
        database: str,
        module: ModuleBinding,
        reducers: Callable[[Invoke[None]], Calls],
        *,
        token: str | None = None,
    ) -> None:
        self.api = ApiClient(server, token)
        self.database = database
        self.module = module
        self.reducers = reducers(self._call)

    def _call(self, name: str, *args: object) -> None:
        self.api.call(self.database, name, self.module.arguments_json(name, args))

    def rows(self, query: Query[Row]) -> list[Row]:
        """The rows of a table (``tables.player``) or other query. Raises ``ApiError``."""
        [result] = self.api.sql(self.database, query.sql)
        return _rows(self.module, query, result)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.api.close()


class AsyncHttpDatabase(Generic[Calls]):
    """As :class:`HttpDatabase`, for ``asyncio``: calls and queries are awaited."""

    def __init__(
        self,
        server: str,
        database: str,
        module: ModuleBinding,
        reducers: Callable[[Invoke[Awaitable[None]]], Calls],
        *,
        token: str | None = None,
    ) -> None:
        self.api = AsyncApiClient(server, token)
        self.database = database
        self.module = module
        self.reducers = reducers(self._call)

    async def _call(self, name: str, *args: object) -> None:
        await self.api.call(self.database, name, self.module.arguments_json(name, args))

    async def rows(self, query: Query[Row]) -> list[Row]:
        """The rows of a table (``tables.player``) or other query. Raises ``ApiError``."""
        [result] = await self.api.sql(self.database, query.sql)
        return _rows(self.module, query, result)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self.api.close()


def _rows(module: ModuleBinding, query: Query[Row], result: SqlResult) -> list[Row]:
    from_json = module.row_codec(query).from_json
    return [from_json(row) for row in result.rows]
