"""Exchanges of SQL: one statement each, which is what servers take."""

from __future__ import annotations

import re

from stdbpy.api.answers import BAD_REQUEST, OK, refusal
from stdbpy.api.exchange import Exchange, Request, Response, database_path, flag
from stdbpy.api.lookups import expect_found, known_schema
from stdbpy.api.results import SqlResult
from stdbpy.api.sql_stream import SqlReader, gather
from stdbpy.errors import ApiError, EncodeError, nearest

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
    unknown = _UNKNOWN_TABLE.search(response.text)
    if unknown is not None:
        schema = yield from known_schema(database)
        tables = [table.name for table in schema.tables] + [view.name for view in schema.views] if schema else []
        name = unknown["new"] or unknown["old"] or ""
        if name in tables:
            error.hint = f"{name!r} is private: only the database's owner can use it, with the owner's token."
        else:
            error.hint = nearest(name, tables) or "Private tables can be read by the database's owner alone."
    return error
