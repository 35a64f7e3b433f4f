"""A generated client over HTTP: calls reducers and reads tables, without a live copy of the rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from stdbpy.api import ApiClient, AsyncApiClient, SqlResult
from stdbpy.client.binding import ModuleBinding, Table
from stdbpy.client.calls import Invoke
from stdbpy.errors import SqlError
from stdbpy.sql.statements import split

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

    def rows(self, table: Table[Row], where: str = "") -> list[Row]:
        """The rows of a table; ``where`` is one condition of SQL (``level > 10``). Raises
        ``SqlError`` if it is more than that, and ``ApiError``."""
        [result] = self.api.sql(self.database, _select(table, where))
        return _rows(self.module, table, result)

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

    async def rows(self, table: Table[Row], where: str = "") -> list[Row]:
        """The rows of a table; ``where`` is one condition of SQL (``level > 10``). Raises
        ``SqlError`` if it is more than that, and ``ApiError``."""
        [result] = await self.api.sql(self.database, _select(table, where))
        return _rows(self.module, table, result)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self.api.close()


def _select(table: Table[Row], where: str) -> str:
    statement = f'SELECT * FROM "{table.name}"' + (f" WHERE {where}" if where else "")  # noqa: S608  # the caller's own
    if len(statements := split(statement)) > 1:
        raise SqlError(
            f"where is one condition, but another statement follows it: {statements[1].text}",
            hint="Run statements with api.sql(...), one at a time",
        )
    return statement


def _rows(module: ModuleBinding, table: Table[Row], result: SqlResult) -> list[Row]:
    from_json = module.row_codec(table).from_json
    return [from_json(row) for row in result.rows]
