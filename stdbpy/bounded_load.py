"""Loading a module whose import may not come to an end."""

from __future__ import annotations

from stdbpy.errors import CallStopped, ModuleLoadError, Problem
from stdbpy.module.assembly.module import SchemaCheck
from stdbpy.module.load import LoadedModule, load
from stdbpy.module.package import ModuleSource
from stdbpy.time_limit import TimeLimit


def load_within(seconds: float, source: ModuleSource, also: SchemaCheck = lambda _: ()) -> LoadedModule:
    """As :func:`stdbpy.module.load.load`. What takes longer is stopped, if it is at a line of the author's, and is
    a problem at that line."""
    limit = TimeLimit(seconds, frozenset(source.paths))
    try:
        return limit.run("The import", load, source, also)
    except CallStopped as stopped:
        raise _as_problem(stopped, source) from stopped


def _as_problem(stopped: CallStopped, source: ModuleSource) -> ModuleLoadError:
    cause = stopped.__cause__
    places = [problem.where for problem in cause.problems] if isinstance(cause, ModuleLoadError) else []
    problem = Problem("error", next(iter(places), source.entry), stopped.message)
    return ModuleLoadError(f"the module {source.entry!r} cannot be imported", [problem])
