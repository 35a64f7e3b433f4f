"""What publishing does to the values of a database's environment: those that a module declares are taken from the
process's own environment, as the official program does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stdbpy.errors import UsageError
from stdbpy.project.programs import Program
from stdbpy.schema.environment import EnvironmentUpdate, is_name
from stdbpy.schema.model import EnvironmentValue

_READS = b"env_get"
"""The host function by which compiled modules read values."""


def environment_update(
    program: Program, process: Mapping[str, str], *, removed: Iterable[str] = (), replaces: bool = False
) -> EnvironmentUpdate:
    """The values that ``process`` has of those that the program declares are set, ``removed`` are removed, and all
    others, too, if it ``replaces`` them. Raises :class:`UsageError` for names that cannot be."""
    return update_of(_declared(program), process, removed=removed, replaces=replaces)


def update_of(
    declared: Iterable[EnvironmentValue],
    process: Mapping[str, str],
    *,
    removed: Iterable[str] = (),
    replaces: bool = False,
) -> EnvironmentUpdate:
    """As :func:`environment_update`, of what a module declares."""
    gone = tuple(dict.fromkeys(removed))
    for name in gone:
        if not is_name(name):
            raise UsageError(f"{name!r} is no name of a value: they have letters of English, digits and underscores")
    if replaces and gone:
        raise UsageError("--replace-env and --unset-env exclude one another")
    values = {each.name: process[each.name] for each in declared if each.name in process}
    both = next((name for name in gone if name in values), None)
    if both is not None:
        raise UsageError(
            f"{both} is to be unset, and the environment sets it", hint=f"Publish without it: env -u {both} stdbpy …"
        )
    return EnvironmentUpdate(values, gone, replaces)


def _declared(program: Program) -> tuple[EnvironmentValue, ...]:
    # Reading the definition of a compiled module takes long, and most declare nothing.
    if program.kind == "js" or (program.kind == "wasm" and _READS not in program.content):
        return ()
    return program.read_schema().environment
