"""Exchanges of SQL: one statement each, which is what servers take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stdbpy.api.answers import BAD_REQUEST, OK, refusal
from stdbpy.api.exchange import Exchange, Request, Response, database_path, flag
from stdbpy.api.lookups import expect_found, known_schema, listing
from stdbpy.api.results import SqlResult
from stdbpy.api.sql_stream import SqlReader, gather
from stdbpy.errors import ApiError, EncodeError, nearest

if TYPE_CHECKING:
    from stdbpy.schema.model import ModuleSchema

_UNKNOWN_COLUMN = re.compile(r"^`(?P<new>[^`]*)` is not in scope|does not have a field `(?P<old>[^`]*)`")
_UNKNOWN_TABLE = re.compile(r"no such table: `(?P<new>[^`]*)`|^`(?P<old>[^`]*)` is not a valid table")


def sql(database: str, text: str, *, confirmed: bool | None = None) -> Exchange[list[SqlResult]]:
    response = yield request(database, text, confirmed=confirmed)
    yield from expect_result(response, database, text)
    reader = SqlReader()
    return gather([*reader.feed(response.body), *reader.end()])


def request(database: str, text: str, *, confirmed: bool | None = None) -> Request:
    query = {} if confirmed is None else {"confirmed": flag(confirmed)}
    try:
        body = text.encode()
    except UnicodeEncodeError as error:
        raise EncodeError(f"the statement is not UTF-8: {error.object[error.start]!r} cannot be sent") from None
    return Request("POST", database_path(database, "sql"), query, body, "text/plain")


def expect_result(response: Response, database: str, text: str) -> Exchange[None]:
    """Raises for an answer to ``text`` that is no result; the body of one that is need not be read before.

    If the server says what in the statement it refuses, the error has a note that shows the place.
    """
    if response.status == OK:
        return
    yield from expect_found(response, database)
    if response.status == BAD_REQUEST:
        raise (yield from _refusal(response, database, text))
    raise refusal(response)


def _refusal(response: Response, database: str, text: str) -> Exchange[ApiError]:
    # Only who is refused waits until what explains it is imported.
    from stdbpy.sql.complaints import excerpt, find_place

    error = refusal(response)
    place = find_place(response.text, text)
    if place is not None:
        error.add_note(excerpt(text, place))
        error.hint = error.hint or place.hint
    is_about_table = _UNKNOWN_TABLE.search(response.text) is not None
    if is_about_table or (not error.hint and _UNKNOWN_COLUMN.search(response.text)):
        error.hint = other_name(response.text, text, (yield from known_schema(database)))
    return error


def other_name(complaint: str, text: str, schema: ModuleSchema | None) -> str:
    """The hint for a server's complaint about a name in the SQL ``text``: the nearest one that there is."""
    unknown_table, unknown_column = _UNKNOWN_TABLE.search(complaint), _UNKNOWN_COLUMN.search(complaint)
    if unknown_table is not None:
        return _other_table(_name_in(unknown_table), schema)
    return "" if unknown_column is None else _other_column(_name_in(unknown_column), schema, text)


def _name_in(complaint: re.Match[str]) -> str:
    return complaint["new"] or complaint["old"] or ""


def _other_table(name: str, schema: ModuleSchema | None) -> str:
    """Servers themselves say that a table which nobody may see is private, perhaps."""
    is_public = {table.name: table.is_public for table in schema.tables} if schema else {}
    is_public |= {view.name: view.is_public for view in schema.views} if schema else {}
    if name in is_public:
        return f"{name!r} is private: use the token of the database's owner."
    return nearest(name, is_public) or listing("It has", filter(is_public.__getitem__, is_public))


def _other_column(name: str, schema: ModuleSchema | None, text: str) -> str:
    """The nearest column of the tables that the statement names, or what was perhaps not meant as a column."""
    from stdbpy.sql.tokens import scan

    named = {token.text for token in scan(text) if token.is_name}
    tables = [table for table in schema.tables if table.name in named] if schema else []
    near = nearest(name, [column.name for table in tables for column in table.columns])
    may_be_text = re.search(rf'[=<>]\s*"?{re.escape(name)}(?!\w)', text) is not None
    literal = name.replace("'", "''")
    return f"Text stands between single quotes: '{literal}'." if may_be_text and not near else near
