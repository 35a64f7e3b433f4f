"""The HTTP API for asyncio programs: method for method that of ``client.py``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import httpx

from stdbpy.api import calls, databases, deletion, energy, http_handlers, logs, mcp, publishing, servers, sql
from stdbpy.api import environment as environments
from stdbpy.api.address import Address
from stdbpy.api.calls import Arguments
from stdbpy.api.exchange import Exchange, Request, Response
from stdbpy.api.results import (
    CallResult,
    DatabaseEnvironment,
    DatabaseInfo,
    Health,
    HostType,
    HttpAnswer,
    LogRecord,
    MetricsTargets,
    NewIdentity,
    PublishPlan,
    PublishResult,
    SqlResult,
)
from stdbpy.api.sql_stream import SqlPart, SqlReader
from stdbpy.api.transport import Repetition, client_settings, failure, prepared, response_of
from stdbpy.sats.values import Identity, Timestamp

if TYPE_CHECKING:
    from stdbpy.schema.environment import EnvironmentUpdate
    from stdbpy.schema.model import ModuleSchema

T = TypeVar("T")


class AsyncApiClient:
    """One server's HTTP API; what :class:`stdbpy.api.ApiClient` says holds here as well.

    Safe to cancel: a cancelled request gives its connection back or closes it.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float | None = None) -> None:
        self._address = Address.parse(url)
        self._timeout = timeout
        self._repetition = Repetition()
        self._http = httpx.AsyncClient(**client_settings(self._address, token, timeout))

    @property
    def url(self) -> str:
        return self._address.url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # --- the server --------------------------------------------------------------------------

    async def ping(self) -> None:
        await self._run(servers.ping())

    async def health(self) -> Health:
        return await self._run(servers.health())

    async def version(self) -> str:
        return (await self._run(servers.health())).version

    async def metrics(self) -> str:
        return await self._run(servers.metrics())

    async def metrics_targets(self) -> list[MetricsTargets]:
        return await self._run(servers.metrics_targets())

    async def mcp(
        self, method: str, params: Mapping[str, Any] | None = None, *, database: str | None = None
    ) -> dict[str, Any]:
        return await self._run(mcp.mcp(method, params, database=database))

    # --- identities --------------------------------------------------------------------------

    async def create_identity(self) -> NewIdentity:
        return await self._run(servers.create_identity())

    async def verify(self, identity: Identity) -> bool:
        return await self._run(servers.verify(identity))

    async def public_key(self) -> str:
        return await self._run(servers.public_key())

    async def websocket_token(self) -> str:
        return await self._run(servers.websocket_token())

    async def databases_of(self, identity: Identity) -> list[Identity]:
        return await self._run(servers.databases_of(identity))

    async def energy_of(self, identity: Identity) -> int:
        return await self._run(energy.energy_of(identity))

    async def add_energy(self, identity: Identity, amount: int) -> int:
        return await self._run(energy.add_energy(identity, amount))

    # --- databases ---------------------------------------------------------------------------

    async def publish(
        self,
        program: bytes,
        database: str | None = None,
        *,
        clear: bool = False,
        break_clients: bool = False,
        plan: PublishPlan | None = None,
        parent: str | None = None,
        organization: str | None = None,
        host_type: HostType | None = None,
        num_replicas: int | None = None,
        environment: EnvironmentUpdate | None = None,
    ) -> PublishResult:
        return await self._run(
            publishing.publish(
                program,
                database,
                clear=clear,
                break_clients=break_clients,
                plan=plan,
                parent=parent,
                organization=organization,
                host_type=host_type,
                num_replicas=num_replicas,
                environment=environment,
            )
        )

    async def pre_publish(
        self, program: bytes, database: str, *, host_type: HostType | None = None, colour: bool = False
    ) -> PublishPlan | None:
        return await self._run(publishing.pre_publish(program, database, host_type=host_type, colour=colour))

    async def reset(
        self,
        program: bytes,
        database: str,
        *,
        host_type: HostType | None = None,
        num_replicas: int | None = None,
    ) -> PublishResult:
        exchange = publishing.reset(program, database, host_type=host_type, num_replicas=num_replicas)
        return await self._run(exchange)

    async def environment(self, database: str) -> DatabaseEnvironment:
        return await self._run(environments.environment(database))

    async def environment_values(self, database: str) -> dict[str, str]:
        return await self._run(environments.values(database))

    async def set_environment(
        self, database: str, values: Mapping[str, str], *, module_hash: str | None = None
    ) -> None:
        await self._run(environments.replace(database, values, module_hash))

    async def change_environment(
        self,
        database: str,
        values: Mapping[str, str],
        *,
        removed: Sequence[str] = (),
        module_hash: str | None = None,
    ) -> None:
        await self._run(environments.change(database, values, tuple(removed), module_hash))

    async def delete(self, database: str, *, token: str | None = None, called: str | None = None) -> None:
        await self._run(deletion.delete(database, token=token, called=called))

    async def lock(self, database: str) -> None:
        await self._run(databases.lock(database))

    async def unlock(self, database: str) -> None:
        await self._run(databases.unlock(database))

    async def info(self, database: str) -> DatabaseInfo:
        return await self._run(databases.info(database))

    async def identity_of(self, database: str) -> Identity:
        return await self._run(databases.identity_of(database))

    async def names(self, database: str) -> list[str]:
        return await self._run(databases.names(database))

    async def add_name(self, database: str, name: str) -> None:
        await self._run(databases.add_name(database, name))

    async def set_names(self, database: str, names: list[str]) -> None:
        await self._run(databases.set_names(database, names))

    async def schema(self, database: str) -> ModuleSchema:
        return await self._run(databases.schema(database))

    async def schema_json(self, database: str, version: Literal[9, 10] | None = None) -> dict[str, Any]:
        return await self._run(databases.schema_json(database, version))

    async def timestamp(self, database: str) -> Timestamp:
        return await self._run(databases.timestamp(database))

    # --- running code ------------------------------------------------------------------------

    async def call(self, database: str, function: str, arguments: Arguments = ()) -> CallResult:
        return await self._run(calls.call(database, function, arguments))

    async def fetch(
        self,
        database: str,
        path: str,
        method: str = "GET",
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        return await self._run(http_handlers.fetch(database, path, method, query=query, body=body, headers=headers))

    async def sql(self, database: str, text: str, *, confirmed: bool | None = None) -> list[SqlResult]:
        return await self._run(sql.sql(database, text, confirmed=confirmed))

    async def sql_stream(self, database: str, text: str, *, confirmed: bool | None = None) -> AsyncIterator[SqlPart]:
        request = sql.request(database, text, confirmed=confirmed)
        reader = SqlReader()
        try:
            answer = await self._attempt(request, stream=True)
            try:
                if answer.status_code != httpx.codes.OK:
                    await self._run(sql.expect_result(response_of(answer, await answer.aread()), database, text))
                async for chunk in answer.aiter_bytes():
                    for part in reader.feed(chunk):
                        yield part
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(self._address, error, self._timeout) from error
        for part in reader.end():
            yield part

    async def logs(
        self, database: str, num_lines: int | None = None, *, follow: bool = False
    ) -> AsyncIterator[LogRecord]:
        request = logs.request(database, num_lines, follow=follow)
        reader = logs.LogReader()
        try:
            answer = await self._http.send(self._prepare(request), stream=True)
            try:
                if answer.status_code != httpx.codes.OK:
                    await self._run(logs.expect_log(response_of(answer, await answer.aread()), database))
                async for chunk in answer.aiter_bytes():
                    for record in reader.feed(chunk):
                        yield record
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(self._address, error, self._timeout) from error
        for record in reader.end():
            yield record

    # --- carrying exchanges ------------------------------------------------------------------

    async def _run(self, exchange: Exchange[T]) -> T:
        try:
            request = next(exchange)
            while True:
                request = exchange.send(await self._send(request))
        except StopIteration as finished:
            result: T = finished.value
            return result

    async def _send(self, request: Request) -> Response:
        try:
            answer = await self._attempt(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(self._address, error, self._timeout) from error
        return response_of(answer, answer.content)

    async def _attempt(self, request: Request, *, stream: bool = False) -> httpx.Response:
        """Sends it, once more if the connection was a dead one; with ``stream`` the body is not read yet."""
        try:
            answer = await self._http.send(self._prepare(request), stream=stream)
        except httpx.TransportError as error:
            if not self._repetition.is_due(request, error):
                raise
            answer = await self._http.send(self._prepare(request), stream=stream)
        self._repetition.note(request, answer.status_code)
        return answer

    def _prepare(self, request: Request) -> httpx.Request:
        return prepared(self._http.build_request, self._address, request, self._timeout)
