"""Whether a database is the one that the code was generated for: asked over HTTP while the websocket opens."""

from __future__ import annotations

import logging
import time
from weakref import WeakKeyDictionary

from stdbpy.client.binding import ModuleBinding
from stdbpy.client.options import Settings
from stdbpy.client.token_store import server_key
from stdbpy.errors import NotFound, Problem, SchemaMismatch, StdbError
from stdbpy.schema.differences import Difference, compare
from stdbpy.schema.model import ModuleSchema

_NOT_FOUND = 404
GOOD_FOR = 2.0
"""Seconds for which the first connections of others need not ask again, where a schema was found to fit: a
program may connect hundreds of times at once."""

_found_to_fit: WeakKeyDictionary[ModuleBinding, dict[tuple[str, str], float]] = WeakKeyDictionary()
"""When, by module, and by server and database."""

log = logging.getLogger("stdbpy.client")


class Examination:
    """Compares the schema of the database with that of ``module``, each time that a connection is opened.

    ``module`` is ``None`` if nothing is to be compared.
    """

    def __init__(self, settings: Settings, module: ModuleBinding | None) -> None:
        self._settings = settings
        self._module = module
        self._is_first = True

    async def problem(self) -> SchemaMismatch | None:
        """What of the differences matters to the client; ``None`` too if the server does not tell its schema."""
        module = self._module
        if module is None:
            return None
        options = self._settings.session
        place = server_key(options.server), options.database
        found = _found_to_fit.setdefault(module, {})
        is_first, self._is_first = self._is_first, False
        if is_first and time.monotonic() - found.get(place, float("-inf")) < GOOD_FOR:
            return None
        from stdbpy.api.async_client import AsyncApiClient

        try:
            async with AsyncApiClient(server_key(options.server), timeout=self._settings.connect_timeout) as api:
                schema = await api.schema(options.database)
        except StdbError as error:
            log.debug("the schema of %r could not be compared: %s", options.database, error)
            return None
        mismatch = mismatch_between(module.schema, schema, options.database)
        if mismatch is None:
            found[place] = time.monotonic()
        return mismatch

    async def advice(self, status: int) -> str:
        """A hint for an HTTP status that refused the websocket: the nearest database name for 404."""
        if status != _NOT_FOUND:
            return ""
        from stdbpy.api.async_client import AsyncApiClient

        options = self._settings.session
        timeout = self._settings.connect_timeout
        try:
            async with AsyncApiClient(server_key(options.server), options.token, timeout=timeout) as api:
                await api.info(options.database)
        except NotFound as error:
            return error.hint
        except StdbError:
            return ""
        return ""


def mismatch_between(expected: ModuleSchema, found: ModuleSchema, database: str) -> SchemaMismatch | None:
    """The error for a database whose schema has other parts than a client expects; additions do not matter."""
    problems = [
        Problem("error", f"{each.kind} {each.name}", text)
        for each in compare(expected, found)
        if each.breaks_clients
        for text in _in_words(each)
    ]
    if not problems:
        return None
    shown = "; ".join(f"{problem.where} {problem.message}" for problem in problems[:3])
    more = f" and {len(problems) - 3} more differences" if len(problems) > 3 else ""
    return SchemaMismatch(
        f"the database {database!r} has another schema than this client was generated for: {shown}{more}",
        problems,
        hint="Run `stdbpy generate` again, or connect to the database that the client is for.",
    )


def _in_words(difference: Difference) -> list[str]:
    parts = [part for part in difference.parts if part.breaks_clients]
    if parts and not difference.breaks:
        return [f"({part.kind} {part.name})".replace(" )", ")") + f" {_change(part)}" for part in parts]
    return [_change(difference)]


def _change(difference: Difference) -> str:
    if difference.after is None:
        return "is not there any more"
    if difference.before is None:
        return f"is new: {difference.after}"
    return f"was {difference.before} and is {difference.after}"
