"""What to suggest when a name is unknown: asks the server what there is, only after a refusal.

These questions are asked to be helpful: if one fails in turn, there is simply no suggestion.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from stdbpy.api.answers import NOT_FOUND, OK, refusal, whose_rights
from stdbpy.api.exchange import Exchange, Request, Response, database_path, identity_path
from stdbpy.errors import ApiError, Forbidden, NotFound, NotSupported, SchemaError, StdbError, nearest

if TYPE_CHECKING:
    from stdbpy.schema.model import ModuleSchema

MOST_DATABASES_ASKED = 20

NO_FUNCTION = ("no such reducer", "no such procedure", "No such reducer", "No such procedure")


_NAME_WITHOUT_DATABASE = "No such database"
"""How servers begin to tell of a name or identity whose database was deleted, or never came to be."""


def expect_found(response: Response, database: str) -> Exchange[None]:
    """Raises :class:`NotFound` with the nearest name if the answer says that there is no such database."""
    if response.status != NOT_FOUND or response.text.startswith(NO_FUNCTION):
        return
    error = refusal(response)
    if not isinstance(error, NotFound):
        raise error
    suggestion = nearest(database, (yield from _names_of_callers_databases(response)))
    sentence = f"there is no database {database!r} on this server"
    if response.text.startswith(_NAME_WITHOUT_DATABASE):
        sentence = f"{_NAME_WITHOUT_DATABASE}: {database!r} was deleted from this server, or never came to be"
    raise NotFound(
        sentence,
        status=response.status,
        body=response.text,
        hint=suggestion or "Publish it first, or check the name and the server.",
    )


def expect_route(response: Response, doing: str, *, hint: str = "") -> Exchange[None]:
    """Raises :class:`NotSupported` if the answer says that the server has no such route at all."""
    if response.status == NOT_FOUND and response.caller is None and not response.body:
        version = yield from known_version()
        if version is not None:
            raise not_supported(version, doing, hint=hint)
        raise refusal(response)


def not_supported(version: str, doing: str, *, hint: str = "") -> NotSupported:
    return NotSupported(
        f"this server's version, {version}, does not {doing}", hint=hint or "Newer versions of SpacetimeDB do."
    )


def known_version() -> Exchange[str | None]:
    """The server's version, if it tells one."""
    health = _json((yield Request("GET", "/v1/health")))
    version = health.get("version") if isinstance(health, dict) else None
    return version if isinstance(version, str) else None


def unknown_function(response: Response, database: str, function: str) -> Exchange[ApiError]:
    """The error for a reducer or procedure that the database does not have, with the nearest one; or
    that it has for its owner alone."""
    schema = yield from known_schema(database)
    names: list[str] = []
    if schema is not None:
        names = [reducer.name for reducer in schema.reducers if reducer.lifecycle is None]
        names += [procedure.name for procedure in schema.procedures]
    if function in names:
        return Forbidden(
            f"{function!r} of the database {database!r} is private: only the database's owner can call it",
            status=response.status,
            body=response.text,
            hint=whose_rights(response),
        )
    return NotFound(
        f"the database {database!r} has no reducer or procedure {function!r}",
        status=response.status,
        body=response.text,
        hint=nearest(function, names) or listing("It has", names),
    )


def known_schema(database: str) -> Exchange[ModuleSchema | None]:
    """The schema, or ``None`` if the server does not give one that can be read."""
    # Only who asks for a schema waits until what reads one is imported; `stdbpy sql` does not.
    from stdbpy.schema.definition import schema_from_json

    for version in ("10", "9"):
        response = yield Request("GET", database_path(database, "schema"), {"version": version})
        definition = _json(response)
        if isinstance(definition, dict):
            try:
                return schema_from_json(definition, None)
            except (SchemaError, StdbError):
                return None
    return None


def _names_of_callers_databases(refused: Response) -> Exchange[list[str]]:
    if refused.caller is None:
        return []
    owned = _json((yield Request("GET", identity_path(refused.caller, "databases"))))
    names: list[str] = []
    identities = owned.get("identities", []) if isinstance(owned, dict) else []
    for identity in identities[:MOST_DATABASES_ASKED]:
        answer = _json((yield Request("GET", database_path(str(identity), "names"))))
        if isinstance(answer, dict):
            names += map(str, answer.get("names", []))
    return names


def _json(response: Response) -> Any:
    if response.status != OK:
        return None
    try:
        return msgspec.json.decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def listing(lead: str, names: Iterable[str]) -> str:
    """``lead`` with the first of the names, for a hint; nothing if there are none."""
    shown = sorted(names)
    if not shown:
        return ""
    rest = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
    return f"{lead} {', '.join(shown[:8])}{rest}."
