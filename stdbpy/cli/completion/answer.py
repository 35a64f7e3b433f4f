"""``stdbpy __complete QUESTION [WORD…] -- [TYPED…]``: the names that a script asks for, a line each.

WORDs are the positional arguments before the cursor, TYPED is everything after the program's name: the
options in it say which server is meant. A shell waits for this: no server is asked, little is imported, and
what goes wrong ends in no names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from stdbpy.project.known_names import KnownNames
from stdbpy.project.surroundings import Surroundings, look_around

KINDS = ("table", "reducer", "procedure", "view", "type", "route", "rule")
"""What ``describe`` shows one of: :data:`stdbpy.schema.entities.KINDS`, whose import would take too long."""

_OPTIONS = {"--server": "server", "-s": "server", "--config-path": "config", "--root-dir": "root", "--env": "env"}
_FLAGS = {"--no-config": "no_config"}
_SHORT_FLAGS = set("fqyV")
"""Those that may stand before an ``s`` in one word: ``-qs SERVER``."""


def answer(arguments: list[str]) -> None:
    """Prints the names."""
    question, *rest = arguments or [""]
    split = rest.index("--") if "--" in rest else len(rest)
    for name in names_for(question, rest[:split], rest[split + 1 :]):
        print(name)


def names_for(question: str, words: list[str], typed: list[str]) -> list[str]:
    """The names that may stand behind ``words``, in order; ``question`` is one of :data:`QUESTIONS`."""
    ask = QUESTIONS.get(question)
    try:
        names = set() if ask is None else set(ask(_Known(_options(typed)), words))
    except (OSError, ValueError):
        return []
    # Files of strangers may name anything; a line each is all that a script relies on, it quotes what it gets.
    return sorted(name for name in names if name.isprintable())


def _options(typed: list[str]) -> dict[str, str]:
    """What the options say that matter here, wherever they stand."""
    said: dict[str, str] = {}
    words = iter(typed)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            break
        if name in _FLAGS:
            said[_FLAGS[name]] = name
        elif name in _OPTIONS:
            said[_OPTIONS[name]] = value if equals else next(words, "")
        elif not word.startswith("--"):
            flags, is_there, value = word.removeprefix("-").partition("s")
            if is_there and word.startswith("-") and set(flags) <= _SHORT_FLAGS:
                said["server"] = value or next(words, "")
    return said


class _Known:
    """What can be known without asking anybody."""

    def __init__(self, said: dict[str, str]) -> None:
        root = _path(said.get("root"))
        config = _path(said.get("config")) or (root and root / "config" / "cli.toml")
        self._server = said.get("server") or os.environ.get("STDBPY_SERVER")
        self.surroundings: Surroundings = look_around(
            Path.cwd(), cli_toml=config, env=said.get("env"), cache=root and root / "stdbpy"
        )
        self._names = KnownNames(root and root / "stdbpy" / "names")
        self.databases = {} if "no_config" in said else self.surroundings.databases
        """The project's, with their servers."""

    @property
    def database(self) -> str | None:
        """The one that is meant if none is named."""
        only = next(iter(self.databases)) if len(self.databases) == 1 else None
        return os.environ.get("STDBPY_DATABASE") or only

    def is_database(self, word: str) -> bool:
        """Whether a first word that could be something else is the name of a database."""
        return self.database is None or word in self.databases or word == os.environ.get("STDBPY_DATABASE")

    def all_databases(self) -> list[str]:
        urls = dict.fromkeys(map(self._url, (*self.databases, None)))
        return [*self.databases, *(name for url in urls for name in self._names.databases(url))]

    def names(self, database: str | None, *kinds: str) -> list[str]:
        return [] if database is None else self._names.names(self._url(database), database, *kinds)

    def _url(self, database: str | None) -> str:
        of_project = self.databases.get(database) if database is not None else None
        return self.surroundings.url(self._server or of_project)


def _path(word: str | None) -> Path | None:
    """Shells hand over what is typed, so ``~`` is still there."""
    return Path(word).expanduser() if word else None


def _databases(known: _Known, words: list[str]) -> Iterable[str]:
    del words
    return known.all_databases()


def _servers(known: _Known, words: list[str]) -> Iterable[str]:
    del words
    return known.surroundings.servers


def _functions(known: _Known, words: list[str]) -> Iterable[str]:
    """``[DATABASE] FUNCTION``: a first word may be either where something else says the database."""
    match words:
        case []:
            return (*known.all_databases(), *known.names(known.database, "reducer", "procedure"))
        case [word] if known.is_database(word) or word not in known.names(known.database, "reducer", "procedure"):
            return known.names(word, "reducer", "procedure")
    return ()


def _entities(known: _Known, words: list[str]) -> Iterable[str]:
    """``[DATABASE] [KIND NAME]``."""
    match words:
        case []:
            return (*known.all_databases(), *(KINDS if known.database is not None else ()))
        case [kind] if kind in KINDS and known.database is not None and kind not in known.databases:
            return known.names(known.database, kind)
        case [_]:
            return KINDS
        case [database, kind] if kind in KINDS:
            return known.names(database, kind)
    return ()


QUESTIONS = {"database": _databases, "server": _servers, "function": _functions, "entity": _entities}
"""What scripts ask for, by the position that they complete."""
