"""One client that speaks PostgreSQL's protocol, from its first byte to its last."""

from __future__ import annotations

import asyncio
import logging
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

from stdbpy.engine import StatementResult
from stdbpy.engine.names import as_identity
from stdbpy.errors import StdbError
from stdbpy.server.backend import Backend
from stdbpy.server.claims import Credentials, TokenError
from stdbpy.server.config import EMULATED_VERSION
from stdbpy.server.postgres import messages
from stdbpy.server.postgres.messages import BrokenMessageError
from stdbpy.server.postgres.results import result_messages
from stdbpy.server.refusal import NOT_FOUND, RefusalError, answer_for
from stdbpy.server.resource import STOPPED
from stdbpy.server.routes.running import ROWS_AT_ONCE, run_sql

STARTUP_PATIENCE = 60.0
"""Seconds that a client has to log in, as on the real server."""

READ_PATIENCE = 60.0
"""Seconds in which a client has to take some of what it is sent."""

NO_SUCH_DATABASE, WRONG_PASSWORD, NOT_SUPPORTED, SHUTDOWN, OTHER = "3D000", "28P01", "0A000", "57P01", "XX000"
"""PostgreSQL's numbers of errors; the real server has the last one for whatever is wrong with a statement."""

_QUERY, _TERMINATE, _SYNC, _CLOSE, _PASSWORD = b"Q", b"X", b"S", b"C", b"p"
_OF_PREPARED_STATEMENTS = frozenset({b"P", b"B", b"D", b"E"})
_PASSED_OVER = frozenset({b"H", b"d", b"c", b"f", _PASSWORD})
"""What needs no answer, or none any more."""

_SETTINGS = {
    "server_version": f"spacetime {EMULATED_VERSION}",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "Etc/UTC",
    "search_path": "public",
    "is_superuser": "on",
    "default_transaction_read_only": "off",
    "in_hot_standby": "off",
}
"""What the real server tells every client of itself."""

log = logging.getLogger("stdbpy.server.postgres")


class _RefusedError(Exception):
    """Ends the connection with an error that the client is told."""

    def __init__(self, code: str, text: str, hint: str | None = None) -> None:
        super().__init__(text)
        self.message = messages.error("FATAL", code, text, hint)


class PostgresConnection:
    """Belongs to the task that calls :meth:`run`, and to the thread of the event loop."""

    def __init__(self, backend: Backend, reader: StreamReader, writer: StreamWriter) -> None:
        self._backend = backend
        self._reader = reader
        self._writer = writer
        self._task = asyncio.current_task()
        self._is_idle = True
        self._is_stopping = False
        self._database = ""
        self._caller: Credentials

    async def run(self) -> None:
        """Until the client leaves, says what is no message, or the server stops."""
        try:
            async with asyncio.timeout(STARTUP_PATIENCE):
                is_wanted = await self._log_in()
            if is_wanted:
                await self._answer_queries()
        except _RefusedError as refusal:
            self._writer.write(refusal.message)
        except (BrokenMessageError, EOFError, OSError, TimeoutError):
            pass
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
            text = "the server stops" if self._is_idle else STOPPED
            self._writer.write(messages.error("FATAL", SHUTDOWN, text))
        finally:
            self._writer.close()

    def stop(self) -> None:
        """Ends it, after the query that is under way. Once more: at once."""
        if (self._is_idle or self._is_stopping) and self._task is not None:
            self._task.cancel()
        self._is_stopping = True

    async def close(self, patience: float) -> None:
        """Until the client has what it was sent last, or does not take it for so many seconds."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(patience):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    # --- logging in --------------------------------------------------------------------------

    async def _log_in(self) -> bool:
        """Whether the client is there for queries. Raises :class:`_RefusedError`."""
        parameters = await self._startup()
        if parameters is None:
            return False
        name = parameters.get("database")
        if name is None:
            raise _RefusedError(OTHER, "the name of a database is missing")
        self._writer.write(messages.ASK_FOR_PASSWORD)
        kind, body = await self._message(messages.LARGEST_STARTUP)
        if kind != _PASSWORD:
            raise BrokenMessageError
        self._database = name
        self._expect_database()
        try:
            self._caller = await self._backend.tokens.check_with_issuer(messages.text_of(body))
        except TokenError as error:
            hint = "The password is to be a token."
            raise _RefusedError(WRONG_PASSWORD, f"Invalid token: {error}", hint) from None
        told = {"session_authorization": parameters.get("user"), "application_name": parameters.get("application_name")}
        settings = {**_SETTINGS, **{name: value for name, value in told.items() if value is not None}}
        self._writer.write(messages.LOGGED_IN + messages.settings(settings) + messages.NO_KEY + messages.READY)
        await self._flush()
        return True

    async def _startup(self) -> dict[str, str] | None:
        """What the client says of itself; ``None`` if it wants to cancel a query, which no query is long enough for."""
        while True:
            code, rest = messages.first_message(await self._reader.readexactly(messages.STARTUP_HEAD_SIZE))
            if code in (messages.SSL, messages.GSS) and not rest:
                self._writer.write(messages.REFUSED)
                continue
            body = await self._reader.readexactly(rest)
            if code == messages.CANCEL:
                return None
            major, minor = divmod(code, 1 << 16)
            if major != messages.MAJOR_VERSION:
                raise BrokenMessageError
            if minor not in messages.MINOR_VERSIONS:
                self._writer.write(messages.supported_version())
            return messages.parameters_of(body)

    def _expect_database(self) -> None:
        """As on the real server, databases go by their names alone."""
        try:
            is_there = as_identity(self._database) is None and self._backend.find(self._database) is not None
        except RefusalError:  # no name at all
            is_there = False
        if not is_there:
            raise self._no_such_database()

    def _no_such_database(self) -> _RefusedError:
        return _RefusedError(NO_SUCH_DATABASE, f'database "{self._database}" does not exist')

    # --- queries -----------------------------------------------------------------------------

    async def _answer_queries(self) -> None:
        is_skipping = False
        while not self._is_stopping:
            kind, body = await self._message(messages.LARGEST_MESSAGE)
            if kind == _TERMINATE:
                return
            self._is_idle = False
            if kind == _SYNC:
                is_skipping = False
                self._writer.write(messages.READY)
            elif is_skipping:
                pass
            elif kind == _QUERY:
                await self._answer_query(messages.text_of(body))
            elif kind in _OF_PREPARED_STATEMENTS:
                is_skipping = True
                self._writer.write(
                    messages.error(
                        *("ERROR", NOT_SUPPORTED, "prepared statements and parameters are unsupported"),
                        hint="Use simple queries, without parameters.",
                    )
                )
            elif kind == _CLOSE:
                self._writer.write(messages.CLOSED)
            elif kind not in _PASSED_OVER:
                raise BrokenMessageError
            await self._flush()
            self._is_idle = True
        raise _RefusedError(SHUTDOWN, "the server stops")

    async def _answer_query(self, query: str) -> None:
        if query.strip() in ("", ";"):
            self._writer.write(messages.EMPTY_QUERY + messages.READY)
            return
        try:
            results = await run_sql(self._backend.database(self._database), query, self._caller)
        except StdbError as error:
            answer = answer_for(error)
            if answer.status == NOT_FOUND:
                raise self._no_such_database() from None
            is_told = isinstance(error, RefusalError)
            text, hint = (answer.body.decode(), None) if is_told else (error.message, error.hint)
            self._writer.write(messages.error("ERROR", OTHER, text, hint) + messages.READY)
            return
        except Exception:
            log.exception("a query failed")
            text = "the server failed; its log says more"
            self._writer.write(messages.error("ERROR", OTHER, text) + messages.READY)
            return
        for result in results:
            await self._send(result)
        self._writer.write(messages.READY)

    async def _send(self, result: StatementResult) -> None:
        parts = result_messages(result, ROWS_AT_ONCE)
        is_long = len(result.rows) > ROWS_AT_ONCE
        while part := await asyncio.to_thread(next, parts, b"") if is_long else next(parts, b""):
            self._writer.write(part)
            await self._flush()

    # --- the connection ----------------------------------------------------------------------

    async def _message(self, most: int) -> tuple[bytes, bytes]:
        """The next message's kind and body. Raises :class:`BrokenMessageError`, and ``EOFError`` at the end."""
        kind, rest = messages.message_head(await self._reader.readexactly(messages.HEAD_SIZE), most)
        return kind, await self._reader.readexactly(rest)

    async def _flush(self) -> None:
        """Waits if the client does not keep up. Raises ``TimeoutError`` if it takes nothing."""
        async with asyncio.timeout(READ_PATIENCE):
            await self._writer.drain()
