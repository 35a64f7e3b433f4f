"""Names of databases and of what is in them, as commands last saw them: what shells complete with.

A shell waits for each completion, so it is no time to ask a server. Whatever a command learns on its way
goes into a small file per server in the user's cache, which this module reads without importing what
takes long to import. It is never needed: what cannot be read or written is not there.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from stdbpy.project.paths import cache_dir

TYPE_CHECKING = False  # importing it from `typing` takes a tenth of the time that a shell has
if TYPE_CHECKING:
    from typing import Any

    from stdbpy.schema.model import ModuleSchema

LIFETIME = 15 * 60
"""Seconds after which a name is not believed any more."""

KINDS = ("table", "view", "reducer", "procedure")

_VERSION = 1
_MOST_DATABASES = 200
_MOST_NAMES = 5_000
_NAME = re.compile(r"[\w.:-]{1,200}")
"""Names come from servers and files, and go to shells: what could be anything but a word is left out."""


class KnownNames:
    """The names in the files of ``folder``, by default one in the user's cache."""

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        if folder is None:
            folder = cache_dir() / "names"
        self._folder = folder
        self._clock = clock

    def databases(self, server_url: str) -> list[str]:
        """The names of databases that somebody used or listed there."""
        return _words(self._read(server_url))

    def names(self, server_url: str, database: str, *kinds: str) -> list[str]:
        """The names in a database, of these of :data:`KINDS`."""
        known = self._read(server_url).get(database, {})
        of_kinds = [names for kind in kinds if isinstance(names := known.get(kind), list)]
        return _words(name for names in of_kinds for name in names)

    def remember_databases(self, server_url: str, databases: Iterable[str]) -> None:
        known = self._read(server_url)
        for database in _words(databases)[:_MOST_DATABASES]:
            known[database] = {**known.get(database, {}), "seen": self._clock()}
        self._write(server_url, known)

    def remember_schema(self, server_url: str, database: str, schema: ModuleSchema) -> None:
        """Remembers what clients can name in a database, and the database itself."""
        found: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for prefix, module in schema.walk():
            found["table"] += [prefix + table.name for table in module.tables]
            found["view"] += [prefix + view.name for view in module.views]
            found["reducer"] += [prefix + reducer.name for reducer in module.reducers if reducer.lifecycle is None]
            found["procedure"] += [prefix + procedure.name for procedure in module.procedures]
        known = self._read(server_url)
        if _NAME.fullmatch(database):
            known[database] = {kind: _words(names) for kind, names in found.items()} | {"seen": self._clock()}
            self._write(server_url, known)

    def forget(self, server_url: str, database: str) -> None:
        """To be called when the database is no more, or has another name."""
        known = self._read(server_url)
        if known.pop(database, None) is not None:
            self._write(server_url, known)

    # --- files -------------------------------------------------------------------------------

    def _path(self, server_url: str) -> Path:
        return self._folder / f"{quote(server_url.rstrip('/').lower(), safe='')}.json"

    def _read(self, server_url: str) -> dict[str, dict[str, Any]]:
        try:
            document = json.loads(self._path(server_url).read_bytes())
            if document["version"] != _VERSION or document["server"] != server_url.rstrip("/").lower():
                return {}
            now = self._clock()
            return {
                name: known for name, known in document["databases"].items() if 0 <= now - known["seen"] <= LIFETIME
            }
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return {}

    def _write(self, server_url: str, known: dict[str, dict[str, Any]]) -> None:
        newest = sorted(known, key=lambda name: known[name]["seen"], reverse=True)[:_MOST_DATABASES]
        document = {
            "version": _VERSION,
            "server": server_url.rstrip("/").lower(),
            "databases": {name: known[name] for name in newest},
        }
        from stdbpy.replacing import SECRET, replace_file  # who only reads does without

        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path(server_url), json.dumps(document).encode(), mode=SECRET, is_kept=False)


def _words(names: Iterable[object]) -> list[str]:
    return sorted({name for name in names if isinstance(name, str) and _NAME.fullmatch(name)})[:_MOST_NAMES]
