"""The one tree of errors that stdbpy raises, and the findings it reports as data.

Every error carries a sentence that says what went wrong and, in :attr:`StdbError.hint`, the next
thing to try. Libraries raise them; only ``stdbpy.cli`` prints them. What is found *in* somebody's
code or schema is not raised one by one but collected as :class:`Problem` and reported at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about user code or a schema."""

    level: Literal["error", "warning"]
    where: str
    """``file.py:12`` for code, a dotted path such as ``table person.column id`` for a schema."""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.level}: {self.message}"
        return f"{text}\n    hint: {self.hint}" if self.hint else text


def nearest(word: str, known: Iterable[str]) -> str:
    """The sentence ``Did you mean …?`` naming the other known word closest to ``word``, or ``""``."""
    from difflib import get_close_matches  # most processes never miss a name

    match = get_close_matches(word, [other for other in known if other != word], n=1, cutoff=0.6)
    return f"Did you mean {match[0]!r}?" if match else ""


def counted(number: int, noun: str) -> str:
    """``1 byte``, ``2 bytes``: a number with its noun, which is given in the singular and takes an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def seconds(number: float) -> str:
    """``1 second``, ``0.5 seconds``."""
    return f"{number:g} second" if number == 1 else f"{number:g} seconds"


def megabytes(size: int) -> str:
    """``8.2 MB``: a number of bytes, of millions of them."""
    return f"{size / 1e6:.1f} MB"


HINT = "Hint: "
"""What tracebacks show before a hint."""


class StdbError(Exception):
    """Base of all errors of stdbpy."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = str(message)  # modules raise ReducerError with whatever they have
        self._hint = ""
        self.hint = hint

    @property
    def hint(self) -> str:
        """The next thing to try, ``""`` if there is none. Tracebacks show it below the message, as a note."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        if hint != self._hint:
            notes = self.notes
            self._hint = hint
            # Another list: a copy of an error has the one of its original.
            self.__notes__ = [*notes, f"{HINT}{hint}"] if hint else notes

    @property
    def notes(self) -> list[str]:
        """What ``add_note`` has added, without the hint."""
        shown = f"{HINT}{self._hint}" if self._hint else None
        return [note for note in getattr(self, "__notes__", ()) if note != shown]

    def __str__(self) -> str:
        return self.message


# --- sats ------------------------------------------------------------------------------------


class SatsError(StdbError):
    """A value or type that the algebraic type system cannot hold."""


class TypeNotSupported(SatsError):
    """A Python annotation that has no algebraic type.

    ``field`` is the class and the name of the field that it stands at, if it was found inside a
    class; ``others`` are further ones that were found inside the same class.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field: tuple[type, str] | None = None
        self.others: tuple[TypeNotSupported, ...] = ()


class EncodeError(SatsError):
    """A Python value that does not fit its algebraic type; ``path`` names the field."""

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message, hint=hint)
        self.path = path


class DecodeError(SatsError):
    """Bytes or JSON that are not a value of the expected type.

    ``offset`` is the position in bytes (-1 for JSON), ``expected`` the type's name there.
    """

    def __init__(self, message: str, *, offset: int = -1, expected: str = "", hint: str = "") -> None:
        at = f" (at byte {offset}, reading {expected or 'a value'})" if offset >= 0 else ""
        super().__init__(message + at, hint=hint)
        self.offset = offset
        self.expected = expected


class UnknownPart(DecodeError):
    """A tag, variant or field that the expected type does not have; ``part`` is its number or name.

    Formats of SpacetimeDB grow by variants at the end, so it may come from a newer version.
    """

    def __init__(self, part: int | str, message: str, *, offset: int = -1, expected: str = "", hint: str = "") -> None:
        super().__init__(message, offset=offset, expected=expected, hint=hint)
        self.part = part


# --- schema and module -----------------------------------------------------------------------


class SchemaError(StdbError):
    """A module definition that is malformed or breaks the rules; ``problems`` lists all findings."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class NewerThanUnderstood(SchemaError):
    """A definition or message holds a part that this version of stdbpy does not know."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is newer than this stdbpy understands", hint="Upgrade: pip install -U stdbpy")


class MigrationRefused(SchemaError):
    """Publishing would change the schema in a way that would lose or break data."""


class ModuleLoadError(StdbError):
    """User code could not be turned into a module; ``problems`` says where and why."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class ReducerError(StdbError):
    """Raised by a reducer to refuse the call: everything it did is undone and the caller reads
    the message. Module authors raise it; callers get it back."""


class HostError(StdbError):
    """A host operation failed; ``code`` is the number of the WebAssembly ABI's error
    (``spacetimedb-primitives``, errno)."""

    def __init__(self, code: int, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class UniqueConstraintViolation(HostError):
    """A row with the same value in a unique column (or key) is already there (code 12)."""


class AutoIncOverflow(HostError):
    """The sequence of an auto-increment column has no number left (code 16)."""


class RowNotFound(HostError):
    """An update named a row that is not there (code 15)."""


class HttpFailed(HostError):
    """An HTTP request of a procedure was refused or not answered (code 21)."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(21, message, hint=hint)


# --- engine ----------------------------------------------------------------------------------


class EngineError(StdbError):
    """The embedded database refused or failed an operation."""


class DatabaseNotFound(EngineError):
    """No database of that name or identity."""


class NameTaken(EngineError):
    """Another identity owns the database of that name."""


class InvalidName(EngineError):
    """A database name that breaks the rules for names."""


class NotAllowed(EngineError):
    """The caller may not do this."""


class DatabaseLocked(NotAllowed):
    """The database is locked, so that it can be neither deleted nor cleared."""


class ViewFailed(EngineError):
    """A view that a change concerns gives no rows any more, so that the change cannot be made."""


class NoSuchReducer(EngineError):
    """The module has no reducer (or procedure) of that name."""


class NoSuchProcedure(EngineError):
    """The module has no procedure of that name that the caller may call."""


class InvalidArguments(EngineError):
    """Arguments that do not fit the reducer's parameters."""


class EnvironmentRefused(EngineError):
    """Values of a database's environment are not what its module declares, or too many or too long.

    ``missing`` has the names of those that the module needs and that are not there. No value is shown.
    """

    def __init__(self, message: str, *, missing: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.missing = tuple(missing)


class ModuleChanged(EngineError):
    """A module was updated after what is asked of it was written down for its former schema."""


class SqlError(EngineError):
    """A statement that does not parse, does not type-check or is not supported.

    ``line`` and ``column`` (both from 1) say where in the statement, if it concerns one place.
    """

    def __init__(self, message: str, *, hint: str = "", line: int | None = None, column: int | None = None) -> None:
        where = f" (line {line}, column {column})" if line is not None else ""
        super().__init__(message + where, hint=hint)
        self.line = line
        self.column = column


class DataDirectoryError(EngineError):
    """The data directory is in use, from a newer version, damaged, or cannot be written."""


class ProgramUnusable(EngineError):
    """A compiled program is no module, or none that this engine can run."""


class CallStopped(EngineError):
    """A function of a module ran longer than it may, and was stopped."""


class InitFailed(EngineError):
    """The module's init reducer refused or has a bug, so the database was not made."""


class StorageFailed(EngineError):
    """A change could not be written to disk, so it was undone: the disk is full or broken."""


class CannotListen(EngineError):
    """The embedded server cannot have the address that it should listen at."""


class AddressTaken(CannotListen):
    """Another program listens there."""


# --- client ----------------------------------------------------------------------------------


class ClientError(StdbError):
    """A live connection (websocket), or what was asked over it, failed."""


class ConnectFailed(ClientError):
    """No connection came about, or none will again; ``status`` is the HTTP status of a refusal (0: none)."""

    def __init__(self, message: str, *, status: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class CredentialsRefused(ConnectFailed):
    """The server does not take the token, or its owner may not connect (401, 403)."""


class NoSuchDatabase(ConnectFailed):
    """The server has no database of that name or identity (404)."""


class SessionHeld(ConnectFailed):
    """Another connection holds the session id and does not let go of it (close code 4000 of servers from 2.14 on)."""


class IdentityChanged(ConnectFailed):
    """The server gave a connection that came back another identity, so its rows and calls would be another user's."""


class ConnectionLost(ClientError):
    """The connection ended before the answer came, or is down now.

    ``may_have_run`` says whether the request was handed to the network: if not, it is safe to ask again.
    ``close_code`` is that of the websocket if the server ended the connection, and ``None`` if it broke off.
    """

    def __init__(
        self, message: str, *, may_have_run: bool = False, close_code: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.may_have_run = may_have_run
        self.close_code = close_code


class ConnectionClosed(ConnectionLost):
    """The connection was closed by its owner, or gave up: it never comes back."""


class NoConnectionAvailable(ConnectionLost):
    """No connection of a pool is well, so that nothing was sent: it is safe to ask again."""


class ProtocolError(ClientError):
    """The server sent what its protocol does not allow, or rows that do not fit the schema."""


class SubscriptionFailed(ClientError):
    """The server refused the queries of a subscription, or can no longer serve them."""


class InvalidQuery(ClientError):
    """A query or condition that SpacetimeDB does not have, refused where it was built."""


class ProcedureFailed(ClientError):
    """A procedure ended by a bug or could not be run; the message is the server's.

    What a procedure itself gives back as its error is no exception but its value.
    """


class SchemaMismatch(ClientError):
    """The database has another schema than the one that the client was made for; ``problems`` says what differs."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class NoSuchTable(ClientError, KeyError):
    """The module has no table or view of that name."""


class WouldDeadlock(ClientError):
    """Waiting here would never end: what is waited for can only happen once the calling code has returned."""


class CallTimeout(ClientError, TimeoutError):
    """No answer came within the time that the caller gave; the call may still run."""


# --- api, project, command line --------------------------------------------------------------


class ApiError(StdbError):
    """A server answered with an error: ``status`` and the body's text."""

    def __init__(self, message: str, *, status: int = 0, body: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.body = body


class ServerUnreachable(ApiError):
    """No server answered at that address."""


class UnexpectedAnswer(ApiError):
    """Something answered, but not as a SpacetimeDB does."""


class TokenRejected(ApiError):
    """The server does not take the token: another server's, expired or damaged (401)."""


class Forbidden(ApiError):
    """The server knows the caller, who may not do this (403)."""


class NotFound(ApiError):
    """The server has no database, reducer or route of that name (404)."""


class NotSupported(ApiError):
    """The server is of a version that does not have this."""


class QueryFailed(ApiError, ClientError):
    """The server refused a one-off query; the message is its own.

    The same over HTTP (400) and over a live connection (``status`` 0).
    """


class ReducerFailed(ApiError, ClientError):
    """The reducer ran and refused the call; everything it did is undone. The message is its own.

    The same over HTTP (530) and over a live connection (``status`` 0).
    """


class ReducerCrashed(ReducerFailed):
    """The reducer ended by a bug, or could not be run at all; the message is the server's.

    Only websocket protocols from v2 on tell it apart from a refusal.
    """


FATAL_ERROR = "instance encountered a fatal error"
"""What servers say of a bug in a module; of one in a procedure they say behind it what it was."""


def without_backtrace(message: str) -> str:
    """What a server says of a bug, without the addresses in WebAssembly where it was."""
    return message.partition(": error while executing at wasm backtrace:")[0]


def hint_for_bug(message: str, database: str) -> str:
    """Where to look, if ``message`` is all that servers tell the caller of a function that has a bug."""
    if FATAL_ERROR not in message:
        return ""
    return f"The log says where it went wrong: stdbpy logs {database}"


class ProjectError(StdbError):
    """The project's files are missing or do not say what is needed."""


class ConfigError(ProjectError):
    """A configuration file is broken, or two of them disagree."""


class UsageError(StdbError):
    """The command line asked for something that makes no sense (exit code 2)."""


class MissingExtra(StdbError):
    """An optional dependency is not installed; the hint is the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the extra {extra!r}, which is not installed", hint=f'pip install "stdbpy[{extra}]"'
        )
        self.extra = extra
