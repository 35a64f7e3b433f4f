"""How values of an environment travel with a program: the headers ``spacetime-environment`` (what is set) and
``spacetime-environment-remove`` (what is removed).

A header of the first kind has ``KEY=VALUE``, or several with commas between them. A value is bare, in single quotes
(as it is), or in double quotes (with the escapes of JSON, so that everything is ASCII). Source: the HTTP reference of
SpacetimeDB 2.14 and ``publish.rs`` of ``spacetimedb-client-api-messages`` 2.14.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from stdbpy.errors import DecodeError
from stdbpy.schema.environment import VALUE_BYTES, EnvironmentUpdate, is_name

SET = "spacetime-environment"
REMOVE = "spacetime-environment-remove"
ALL = "*"

_BARE = r"[!#-&(-+\--\[\]-~]*"
_SINGLE = r"'[\t -&(-~]*'"
_DOUBLE = r'"(?:[ !#-\[\]-~]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"'
_IS_BARE = re.compile(_BARE)
_ASSIGNMENT = re.compile(
    rf"(?P<key>[A-Za-z_][A-Za-z0-9_]*)=(?:(?P<single>{_SINGLE})|(?P<double>{_DOUBLE})|(?P<bare>{_BARE}))"
)
_BETWEEN = re.compile(r"[ \t]*(?:,[ \t]*)*")


def headers_of(update: EnvironmentUpdate) -> Iterator[tuple[str, str]]:
    """The headers that say it."""
    for key, value in sorted(update.values.items()):
        yield SET, f"{key}={value if _IS_BARE.fullmatch(value) else json.dumps(value)}"
    if update.removes_all:
        yield REMOVE, ALL
    elif update.removed:
        yield REMOVE, ", ".join(update.removed)


def update_of(set_headers: Iterable[str], remove_headers: Iterable[str]) -> EnvironmentUpdate:
    """What headers of both kinds say. Raises ``DecodeError``, which shows no value."""
    values: dict[str, str] = {}
    for header in set_headers:
        for key, value in _assignments(header):
            if key in values:
                raise DecodeError(f"the header {SET} has {key} twice")
            if not is_name(key) or len(value.encode()) > VALUE_BYTES:
                raise DecodeError(f"the header {SET} has a name or a value that is too long")
            values[key] = value
    removed = [part for header in remove_headers for each in header.split(",") if (part := each.strip(" \t"))]
    if removed == [ALL]:
        return EnvironmentUpdate(values, removes_all=True)
    if not all(map(is_name, removed)):
        raise DecodeError(f"the header {REMOVE} has names with commas between them, or {ALL} alone")
    return EnvironmentUpdate(values, tuple(removed))


def _assignments(header: str) -> Iterator[tuple[str, str]]:
    at = _after(_BETWEEN, header, 0)
    while at < len(header):
        found = _ASSIGNMENT.match(header, at)
        if found is None:
            raise DecodeError(f"the header {SET} does not have KEY=VALUE")
        yield found["key"], _value(found.groupdict())
        at = _after(_BETWEEN, header, found.end())
        if at < len(header) and "," not in header[found.end() : at]:
            raise DecodeError(f"the header {SET} has a value that needs quotes")


def _value(found: Mapping[str, str | None]) -> str:
    if found["single"] is not None:
        return found["single"][1:-1]
    if found["double"] is None:
        return found["bare"] or ""
    value: str = json.loads(found["double"])
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DecodeError(f"the header {SET} has half of a character") from None
    return value


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()
