"""The rules of a module for who may read rows, looked at without loading SQL if there are none: most have none."""

from __future__ import annotations

from collections.abc import Iterable

from stdbpy.errors import Problem
from stdbpy.schema.model import ModuleSchema


def rule_problems(schema: ModuleSchema, *, is_update: bool = False) -> Iterable[Problem]:
    """As :func:`stdbpy.engine.sql.row_security.rule_problems`."""
    if not any(module.row_level_security for _, module in schema.walk()):
        return ()
    from stdbpy.engine.sql import row_security

    return row_security.rule_problems(schema, is_update=is_update)


def rule_faults(schema: ModuleSchema, *, is_update: bool = False) -> tuple[Problem, ...]:
    """Those of them for which a server refuses the module."""
    return tuple(problem for problem in rule_problems(schema, is_update=is_update) if problem.level == "error")
