"""Which database on which server a command is about: what the user says, else the environment, else the project.

The rules are those of the official program 2.8.3 (``db_arg_resolution.rs``): a project that names one
database makes it the default; of several the user names one; a name that the project does not know is a
database outside of it, wherever it can be nothing else. ``STDBPY_DATABASE`` is a default that comes first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy.errors import NoSuchDatabase, NotFound, UsageError, nearest

if TYPE_CHECKING:
    from stdbpy.project.model import Target

VARIABLE = "STDBPY_DATABASE"


@dataclass(frozen=True, slots=True)
class ChosenDatabase:
    """A database, the server to look for it on, and what of the user's words is not its name."""

    database: str
    server: str | None = None
    """For :func:`stdbpy.cli.connection.connect`; ``None`` for the default server."""
    words: tuple[str, ...] = ()
    said_by: str = ""
    """Where the name comes from if it was not on the command line: a file, or the variable."""

    @property
    def hint(self) -> str:
        """For an error about the first of :attr:`words`, which the user may have meant as the database."""
        if not self.said_by:
            return ""
        way_out = f"unset {VARIABLE} to name" if self.said_by == VARIABLE else "--no-config to name"
        return f"The database is {self.database}, as {self.said_by} says; {way_out} another as the first word"


@contextmanager
def telling_who_named(chosen: ChosenDatabase, instead: str = "") -> Iterator[None]:
    """Says who named the database in the hint of an error about what the server does not have, if that was not
    the user; ``instead`` is the command with which the first word would be its name."""
    try:
        yield
    except (NotFound, NoSuchDatabase) as error:
        ours = f"{chosen.hint}: {instead}" if chosen.hint and instead and chosen.said_by != VARIABLE else chosen.hint
        if chosen.hint not in error.hint and not error.hint.endswith("?"):  # "Did you mean …?": it is but misspelt
            error.hint = ". ".join(hint.rstrip(".") for hint in (error.hint, ours) if hint)
        raise


def resolve_database(
    database: str | None, server: str | None, *, no_config: bool = False, env: str | None = None
) -> ChosenDatabase:
    """The database of a command whose ``DATABASE`` can be nothing else.

    ``database`` and ``server`` are what the user said; ``no_config`` leaves the project out, ``env`` names
    the layers of ``spacetime.json`` to read. Raises :class:`UsageError` if nothing names a database, and
    :class:`~stdbpy.errors.ConfigError` if a file of the project is broken.
    """
    known = _known(server, no_config=no_config, env=env)
    if database is None:
        return known.default()
    return known.named(database) or ChosenDatabase(database, server)


def resolve_words(
    words: Sequence[str],
    server: str | None,
    *,
    fall_through: bool = False,
    no_config: bool = False,
    env: str | None = None,
) -> ChosenDatabase:
    """The database of a command whose words are ``[DATABASE] WORD…``, and the words that are left.

    The first word is the database's name if the project knows it, if nothing else names a database, or with
    ``fall_through``: the caller has seen that it can be nothing else. Raises as :func:`resolve_database`.
    """
    known = _known(server, no_config=no_config, env=env)
    if not words:
        return known.default()
    first, *rest = words
    chosen = known.named(first)
    if chosen is None and (fall_through or known.is_empty):
        chosen = ChosenDatabase(first, server)
    if chosen is not None:
        return ChosenDatabase(chosen.database, chosen.server, tuple(rest))
    chosen = known.default(instead_of=first)
    return ChosenDatabase(chosen.database, chosen.server, tuple(words), chosen.said_by)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known besides the command line."""

    server: str | None
    targets: dict[str, Target]
    """By their databases' names."""
    variable: str | None

    @property
    def is_empty(self) -> bool:
        return not self.targets and self.variable is None

    def named(self, database: str) -> ChosenDatabase | None:
        """The database of that name if the project or the variable has it."""
        if database in self.targets:
            return ChosenDatabase(database, self.server or self.targets[database].server)
        return ChosenDatabase(database, self.server) if database == self.variable else None

    def default(self, *, instead_of: str | None = None) -> ChosenDatabase:
        if self.variable is not None:
            chosen = self.named(self.variable)
            assert chosen is not None
            return ChosenDatabase(chosen.database, chosen.server, said_by=VARIABLE)
        if not self.targets:
            raise UsageError(
                "DATABASE is missing",
                hint=f"Name it here, in {VARIABLE}, or as `database` in the project's configuration",
            )
        if len(self.targets) > 1:
            raise _ambiguous(list(self.targets), instead_of)
        ((database, target),) = self.targets.items()
        said_by = "the project" if target.origin is None else _shown(target.origin)
        return ChosenDatabase(database, self.server or target.server, said_by=said_by)


def _ambiguous(names: list[str], instead_of: str | None) -> UsageError:
    listed = ", ".join(names)
    if instead_of is None or any(map(str.isspace, instead_of)):  # a query; no database is called so
        return UsageError(f"which database? The project has {listed}", hint=f"Name one of them, or set {VARIABLE}")
    near = nearest(instead_of, names)
    return UsageError(
        f"{instead_of!r} is none of the project's databases: {listed}",
        hint=f"{near or 'Name one of them first.'} With --no-config the project does not count",
    )


def _known(server: str | None, *, no_config: bool, env: str | None) -> _Known:
    variable = os.environ.get(VARIABLE) or None
    if no_config:
        return _Known(server, {}, variable)
    from stdbpy.project.targets import load_targets

    project = load_targets(Path(), env)
    named: dict[str, Target] = {}
    for target in project.targets if project is not None else ():
        if target.database is not None:
            named.setdefault(target.database, target)
    return _Known(server, named, variable)


def _shown(path: Path) -> str:
    """A path as short as the user would write it."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
